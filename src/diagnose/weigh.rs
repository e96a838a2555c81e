//! Weighs the arguments of all rules into one diagnosis.

use std::cmp::Reverse;

use super::{
    argument::{Argument, Weight},
    causes::Cause,
    diagnosis::{Confidence, Diagnosis},
    facts::Facts,
    rules::wait,
};
use crate::event::{ReplaceReason, SocketEnd};

/// A cause with the arguments of all its rules.
struct Candidate {
    cause: Cause,
    /// 0 is ruled out or without support, 3 is certain.
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
        // A sentence that another sentence starts with adds nothing.
        let repeated = |why: &str| wanted.iter().any(|other| other.len() > why.len() && other.starts_with(why));
        wanted.iter().filter(|why| !repeated(why)).map(|why| (*why).clone()).collect()
    }
}

/// Weighs every cause by its rules and names the one that is supported best.
pub(super) fn weigh(facts: &Facts<'_>) -> Diagnosis {
    if left_for_its_state(facts) {
        return left(facts);
    }
    // A slow stretch has lost and silenced nothing: only what makes replies late can be its cause.
    let causes = Cause::ALL.iter().filter(|cause| !wait::is_slow(facts) || cause.slows());
    let mut candidates: Vec<Candidate> = causes.map(|cause| Candidate::new(*cause, facts)).collect();
    candidates.retain(|candidate| candidate.level > 0);
    // The sort is stable: of two equal candidates, the more particular cause comes first.
    candidates.sort_by_key(|candidate| Reverse((candidate.level, candidate.score)));
    let Some(best) = candidates.first() else { return unknown(facts) };
    let mut against = best.whys(|weight| weight < Weight::Suggests);
    let rival = candidates.get(1).filter(|rival| rival.level == best.level);
    against.extend(rival.map(|rival| {
        let why = rival.arguments.first().map_or("", |argument| &argument.why);
        format!("{} is possible, too: {why}", rival.cause.words())
    }));
    let confidence = match (best.level, rival) {
        // Two causes cannot both be certain.
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
            "allow the user INFO, CLIENT LIST and CONFIG GET and keep a --journal: the next outage will show more"
        }
        (_, true) => "run without --no-evidence and keep a --journal: the next outage will show more",
        _ => verdict.remedy,
    };
    Diagnosis { remedy, ..verdict }
}

/// True if redis-doctor itself closed the open connection, because the client was in an unrecoverable state.
fn left_for_its_state(facts: &Facts<'_>) -> bool {
    let open = facts.failure().is_none() && matches!(facts.end(), None | Some(SocketEnd::Local));
    // A lost connection enters its state after the loss.
    let lost_first = facts.circumstances().states.iter().any(|state| state.is_terminal());
    facts.outage.replaced == Some(ReplaceReason::Terminal) && open && !lost_first && !facts.silent()
}

/// The diagnosis of a connection that redis-doctor closed itself: the state behind it needs attention.
fn left(facts: &Facts<'_>) -> Diagnosis {
    let why =
        "the client was in an unrecoverable state, so redis-doctor closed the connection and started a new session";
    let remedy = "look up that state: the report lists it with its time and reason";
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
