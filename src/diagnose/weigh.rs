//! Weighs the arguments of all rules into one diagnosis.
//!
//! Less knowledge never makes a diagnosis surer. An argument for a cause counts in full only if all its facts are known;
//! an objection or an exclusion counts unless its facts are known and it does not hold; and only exclusions that are
//! known to hold make room for certainty.

use std::cmp::Reverse;

use super::{
    argument::{Argument, Weight},
    causes::Cause,
    diagnosis::{Confidence, Diagnosis},
    facts::Facts,
    obstacle,
    rules::wait,
};
use crate::event::SocketEnd;

/// A cause with the arguments of all its rules.
struct Candidate {
    cause: Cause,
    /// 0 is ruled out or without support, 3 is proved.
    level: u32,
    /// Decides between causes of one level.
    score: u32,
    /// A known fact rules it out.
    excluded: bool,
    arguments: Vec<Argument>,
}

/// Worth of an argument whose facts are not all known.
const HINT: u32 = 1;

fn worth(weight: Weight) -> u32 {
    match weight {
        Weight::Proves => 3,
        Weight::Supports => 2,
        Weight::Suggests => HINT,
        Weight::Qualifies | Weight::Weakens | Weight::Refutes => 0,
    }
}

impl Candidate {
    fn new(cause: Cause, facts: &Facts<'_>) -> Self {
        let def = cause.def();
        let (mut arguments, mut best, mut score) = (Vec::new(), 0, 0);
        for ruling in def.rules.iter().map(|rule| facts.judge(*rule)) {
            let Some(mut argument) = ruling.argument else { continue };
            score += worth(argument.weight);
            if !ruling.known && argument.weight > Weight::Suggests {
                argument.weight = Weight::Suggests;
            }
            best = best.max(worth(argument.weight));
            arguments.push(argument);
        }
        let (mut weakened, mut doubted, mut excluded, mut open) = (false, false, false, false);
        for ruling in def.objections.iter().chain(def.exclusions).map(|rule| facts.judge(*rule)) {
            let weight = ruling.argument.as_ref().map(|argument| argument.weight);
            open |= !ruling.known;
            weakened |= ruling.known && weight == Some(Weight::Weakens);
            doubted |= weight == Some(Weight::Weakens);
            excluded |= ruling.known && weight == Some(Weight::Refutes);
            arguments.extend(ruling.argument);
        }
        arguments.sort_by_key(|argument| Reverse(argument.weight));
        let level = match best {
            _ if excluded => 0,
            best if weakened => best.saturating_sub(1),
            best => best,
        };
        score = score.saturating_sub(u32::from(doubted));
        Self { cause, level: if open { level.min(HINT) } else { level }, score, excluded, arguments }
    }

    /// True if it is a more particular account of the other cause.
    fn refines(&self, other: Cause) -> bool {
        self.cause.def().refines.contains(&other)
    }

    fn whys(&self, wanted: impl Fn(Weight) -> bool) -> Vec<String> {
        let wanted: Vec<_> =
            self.arguments.iter().filter(|argument| wanted(argument.weight)).map(|argument| &argument.why).collect();
        // A sentence that another sentence starts with adds nothing.
        let repeated = |why: &str| wanted.iter().any(|other| other.len() > why.len() && other.starts_with(why));
        wanted.iter().filter(|why| !repeated(why)).map(|why| (*why).clone()).collect()
    }
}

/// A slow stretch has lost and silenced nothing: only what makes replies late can be its cause.
fn candidates(facts: &Facts<'_>) -> Vec<Candidate> {
    let causes = Cause::ALL.iter().filter(|cause| !wait::is_slow(facts) || cause.slows());
    causes.map(|cause| Candidate::new(*cause, facts)).collect()
}

/// True if a cause is proved and known facts exclude every other.
fn is_certain(candidate: &Candidate, all: &[Candidate]) -> bool {
    let excluded = |other: &Candidate| other.excluded || [candidate.cause, Cause::Unknown].contains(&other.cause);
    candidate.level == 3 && all.iter().all(excluded)
}

/// The level of each cause, and the causes that are certain.
#[cfg(test)]
pub(super) fn levels(facts: &Facts<'_>) -> (Vec<(Cause, u32)>, Vec<Cause>) {
    let all = candidates(facts);
    let certain = all.iter().filter(|candidate| is_certain(candidate, &all)).map(|candidate| candidate.cause);
    (all.iter().map(|candidate| (candidate.cause, candidate.level)).collect(), certain.collect())
}

/// Weighs every cause by its rules and names the one that is supported best.
pub(super) fn weigh(facts: &Facts<'_>) -> Diagnosis {
    if left_for_its_state(facts) {
        return left(facts);
    }
    let all = candidates(facts);
    let mut candidates: Vec<&Candidate> = all.iter().filter(|candidate| candidate.level > 0).collect();
    let refined = |one: &Candidate| {
        let better = |other: &&Candidate| other.level > HINT && other.level >= one.level && other.refines(one.cause);
        all.iter().any(|other| better(&other))
    };
    candidates.retain(|candidate| !refined(candidate));
    // The sort is stable: of two equal candidates, the more particular cause comes first.
    candidates.sort_by_key(|candidate| Reverse((candidate.level, candidate.score)));
    let Some(best) = candidates.first() else { return unknown(facts) };
    let mut against = best.whys(|weight| weight < Weight::Suggests);
    let rival = candidates.get(1).filter(|rival| rival.level == best.level);
    against.extend(rival.map(|rival| {
        let why = rival.arguments.first().map_or("", |argument| &argument.why);
        format!("{} is possible, too: {why}", rival.cause.words())
    }));
    let confidence = match best.level {
        3 if is_certain(best, &all) => Confidence::Certain,
        2.. => Confidence::Likely,
        _ => Confidence::Possible,
    };
    diagnosis(best.cause, confidence, best.whys(|weight| weight >= Weight::Suggests), against, facts)
}

fn unknown(facts: &Facts<'_>) -> Diagnosis {
    let verdict = diagnosis(Cause::Unknown, Confidence::Possible, Vec::new(), Vec::new(), facts);
    let evidence = facts.circumstances().evidence.as_deref();
    let refused = evidence.is_some_and(|evidence| evidence.missing.iter().any(|gap| gap.refused));
    let not_asked = evidence.is_none() && facts.plan.is_some_and(|plan| !plan.evidence);
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
    facts.left_for_its_state() && !facts.silent() && matches!(facts.end(), None | Some(SocketEnd::Local))
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
    let particular = cause.def().particular.iter().find_map(|remedy| remedy(facts));
    Diagnosis {
        cause,
        confidence,
        code: cause.code(),
        evidence_for,
        evidence_against,
        missing: facts.missing(),
        remedy: particular.unwrap_or(cause.remedy()),
        obstacle: obstacle::of(facts, cause),
    }
}
