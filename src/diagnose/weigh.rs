//! From the arguments of all rules to one diagnosis.

use std::cmp::Reverse;

use super::{
    argument::{Argument, Weight},
    causes::Cause,
    diagnosis::{Confidence, Diagnosis},
    facts::Facts,
};
use crate::event::{ReplaceReason, SocketEnd};

/// A cause with the arguments of all its rules.
struct Candidate {
    cause: Cause,
    /// 0 is nothing, 3 is certain.
    level: u32,
    score: u32,
    arguments: Vec<Argument>,
}

impl Candidate {
    fn new(cause: Cause, facts: &Facts<'_>) -> Self {
        let mut arguments: Vec<Argument> = cause.def().rules.iter().filter_map(|rule| rule(facts)).collect();
        arguments.sort_by_key(|argument| Reverse(argument.weight));
        let worth = |argument: &Argument| match argument.weight {
            Weight::Proves => 3,
            Weight::Supports => 2,
            Weight::Suggests => 1,
            Weight::Qualifies | Weight::Weakens | Weight::Refutes => 0,
        };
        let has = |weight| arguments.iter().any(|argument| argument.weight == weight);
        let best = arguments.iter().map(worth).max().unwrap_or(0);
        let level = if has(Weight::Refutes) { 0 } else { u32::saturating_sub(best, u32::from(has(Weight::Weakens))) };
        let score = arguments.iter().map(worth).sum();
        Self { cause, level, score, arguments }
    }

    fn whys(&self, wanted: impl Fn(Weight) -> bool) -> Vec<String> {
        let wanted: Vec<_> =
            self.arguments.iter().filter(|argument| wanted(argument.weight)).map(|argument| &argument.why).collect();
        // A sentence that another one begins with adds nothing.
        let told = |why: &str| wanted.iter().any(|other| other.len() > why.len() && other.starts_with(why));
        wanted.iter().filter(|why| !told(why)).map(|why| (*why).clone()).collect()
    }
}

/// Weighs every cause by its rules and names the one that is supported best.
pub(super) fn weigh(facts: &Facts<'_>) -> Diagnosis {
    if left_for_its_state(facts) {
        return left(facts);
    }
    let mut candidates: Vec<Candidate> = Cause::ALL.iter().map(|cause| Candidate::new(*cause, facts)).collect();
    candidates.retain(|candidate| candidate.level > 0);
    // The sort is stable: where two are alike, the more particular cause comes first.
    candidates.sort_by_key(|candidate| Reverse((candidate.level, candidate.score)));
    let Some(best) = candidates.first() else { return unknown(facts) };
    let mut against = best.whys(|weight| weight < Weight::Suggests);
    let rival = candidates.get(1).filter(|rival| rival.level == best.level);
    against.extend(rival.map(|rival| {
        let why = rival.arguments.first().map_or("", |argument| &argument.why);
        format!("{} is possible, too: {why}", rival.cause.words())
    }));
    let confidence = match (best.level, rival) {
        // Two certainties cannot both be.
        (3, None) => Confidence::Certain,
        (2 | 3, _) => Confidence::Likely,
        _ => Confidence::Possible,
    };
    diagnosis(best.cause, confidence, best.whys(|weight| weight >= Weight::Suggests), against, facts)
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
