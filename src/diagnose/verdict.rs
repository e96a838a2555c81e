//! From what the rules say to one verdict.

use std::cmp::Reverse;

use super::{Cause, Confidence, Diagnosis, Facts, rules};
use crate::event::{ReplaceReason, SocketEnd};

/// What a rule has to say about its cause, and why.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    pub(super) weight: Weight,
    pub(super) why: String,
}

/// How much a rule's word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// It was something else.
    Excludes,
    /// Another story fits better: one level less.
    Doubts,
    /// Another story remains, but no less likely than before.
    Remarks,
    /// Points to it: possible.
    Hints,
    /// Fits it well: likely.
    Speaks,
    /// Allows nothing else: certain, unless another rule objects.
    Decides,
}

impl Word {
    pub(super) fn new(weight: Weight, why: impl Into<String>) -> Option<Self> {
        Some(Self { weight, why: why.into() })
    }

    /// Nothing, unless the condition holds.
    pub(super) fn when(holds: bool, weight: Weight, why: impl Into<String>) -> Option<Self> {
        holds.then(|| Self { weight, why: why.into() })
    }
}

/// What all rules for one cause amount to.
struct Case {
    cause: Cause,
    /// 0 is nothing, 3 is certain.
    level: u32,
    score: u32,
    words: Vec<Word>,
}

impl Case {
    fn new(cause: Cause, facts: &Facts<'_>) -> Self {
        let mut words: Vec<Word> =
            rules::RULES.iter().filter(|(about, _)| *about == cause).filter_map(|(_, rule)| rule(facts)).collect();
        words.sort_by_key(|word| Reverse(word.weight));
        let worth = |word: &Word| match word.weight {
            Weight::Decides => 3,
            Weight::Speaks => 2,
            Weight::Hints => 1,
            Weight::Remarks | Weight::Doubts | Weight::Excludes => 0,
        };
        let has = |weight| words.iter().any(|word| word.weight == weight);
        let best = words.iter().map(worth).max().unwrap_or(0);
        let level = if has(Weight::Excludes) { 0 } else { u32::saturating_sub(best, u32::from(has(Weight::Doubts))) };
        let score = words.iter().map(worth).sum();
        Self { cause, level, score, words }
    }

    fn whys(&self, wanted: impl Fn(Weight) -> bool) -> Vec<String> {
        let wanted: Vec<_> = self.words.iter().filter(|word| wanted(word.weight)).map(|word| &word.why).collect();
        // A sentence that another one begins with adds nothing.
        let told = |why: &str| wanted.iter().any(|other| other.len() > why.len() && other.starts_with(why));
        wanted.iter().filter(|why| !told(why)).map(|why| (*why).clone()).collect()
    }
}

/// Asks every rule, and names the cause that most speaks for.
pub(super) fn reach(facts: &Facts<'_>) -> Diagnosis {
    if left_for_its_state(facts) {
        return left(facts);
    }
    let mut cases: Vec<Case> = rules::PRECEDENCE.iter().map(|cause| Case::new(*cause, facts)).collect();
    cases.retain(|case| case.level > 0);
    // The sort is stable: where two are alike, the more particular cause comes first.
    cases.sort_by_key(|case| Reverse((case.level, case.score)));
    let Some(best) = cases.first() else { return unknown(facts) };
    let mut against = best.whys(|weight| weight < Weight::Hints);
    let rival = cases.get(1).filter(|rival| rival.level == best.level);
    against.extend(rival.map(|rival| {
        let why = rival.words.first().map_or("", |word| &word.why);
        format!("{} is possible, too: {why}", rival.cause.name().replace('_', " "))
    }));
    let confidence = match (best.level, rival) {
        // Two certainties cannot both be.
        (3, None) => Confidence::Certain,
        (2 | 3, _) => Confidence::Likely,
        _ => Confidence::Possible,
    };
    diagnosis(best.cause, confidence, best.whys(|weight| weight >= Weight::Hints), against, facts)
}

fn unknown(facts: &Facts<'_>) -> Diagnosis {
    let verdict = diagnosis(Cause::Unknown, Confidence::Possible, Vec::new(), Vec::new(), facts);
    let refused = facts.evidence().is_some_and(|evidence| evidence.missing.iter().any(|gap| gap.refused));
    let not_asked = facts.evidence().is_none() && facts.plan.is_some_and(|plan| !plan.evidence);
    let remedy = match (refused, not_asked) {
        (true, _) => {
            "permit INFO, CLIENT LIST and CONFIG GET to the user, and keep a --journal: the next one will tell more"
        }
        (_, true) => "run it without --no-evidence, and keep a --journal: the next one will tell more",
        _ => verdict.remedy,
    };
    Diagnosis { remedy, ..verdict }
}

/// redis-doctor ended it itself, open as it was: the client had got into a state before that it cannot leave.
fn left_for_its_state(facts: &Facts<'_>) -> bool {
    let open = facts.failure().is_none() && matches!(facts.end(), None | Some(SocketEnd::Local));
    // A connection that was lost gets into its state afterwards.
    let lost_first = facts.circumstances().states.iter().any(|state| state.is_terminal());
    facts.outage.replaced == Some(ReplaceReason::Terminal) && open && !lost_first && !facts.silent()
}

/// Nobody ended it but us: the state that made us do so is what is to be looked into.
fn left(facts: &Facts<'_>) -> Diagnosis {
    let why = "redis-doctor left it for a fresh session: the client had got into a state that it cannot leave";
    let remedy = "look up that state: it is listed with its moment, and why";
    let verdict = diagnosis(Cause::Unknown, Confidence::Possible, vec![why.to_owned()], Vec::new(), facts);
    Diagnosis { remedy, ..verdict }
}

fn diagnosis(
    cause: Cause,
    confidence: Confidence,
    evidence_for: Vec<String>,
    evidence_against: Vec<String>,
    facts: &Facts<'_>,
) -> Diagnosis {
    Diagnosis {
        cause,
        confidence,
        code: cause.code(),
        evidence_for,
        evidence_against,
        missing: facts.missing(),
        remedy: cause.remedy(),
    }
}
