//! What ended a connection: from an outage as it was recorded to a named cause.
//!
//! The diagnosis is a pure function of what the recorder kept, so a journal can be judged again by better rules. The
//! `rules` are a table: each looks at one thing and speaks for or against one cause. No cause is called certain
//! unless a rule that admits no other story says so; what could not be asked makes a verdict weaker, and is told.

mod cause;
mod facts;
mod rules;
#[cfg(test)]
mod tests;
mod verdict;

use schemars::JsonSchema;
use serde::Serialize;

pub use cause::Cause;
use facts::Facts;

use crate::{
    event::{ClientState, Event, EventKind, Evidence},
    plan::Plan,
    record::{Figures, Outage, Recorder},
};

/// How sure a diagnosis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Something points to it.
    Possible,
    /// The facts fit it, and fit nothing else as well.
    Likely,
    /// The facts allow nothing else.
    Certain,
}

/// The stable name, as JSON has it.
impl std::fmt::Display for Confidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        })
    }
}

/// What ended a connection, or silenced it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Diagnosis {
    /// The cause.
    pub cause: Cause,
    /// How sure it is.
    pub confidence: Confidence,
    /// The cause's code, for `redis-doctor explain`.
    #[schemars(extend("enum" = Cause::ALL.map(Cause::code)))]
    pub code: &'static str,
    /// What speaks for it, the strongest first.
    pub evidence_for: Vec<String>,
    /// What speaks against it, and what else it might have been.
    pub evidence_against: Vec<String>,
    /// What was asked for and could not be had.
    pub missing: Vec<String>,
    /// What can be done.
    pub remedy: &'static str,
}

/// The diagnosis of each of the outages that the figures list, in their order.
pub fn all(figures: &Figures) -> Vec<Diagnosis> {
    let outages: Vec<&Outage> = figures.outages.kept.iter().collect();
    let plan_of = |outage: &Outage| {
        let run = figures.runs.get((outage.run as usize).saturating_sub(1));
        run.map(|run| &run.started.plan)
    };
    outages.iter().map(|outage| one(outage, plan_of(outage), &outages)).collect()
}

/// The outage that an evidence event is about, with its diagnosis as of now. The recorder must have seen the event.
pub fn told_of(recorder: &Recorder, event: &Event) -> Option<(Outage, Diagnosis)> {
    let EventKind::Evidence(evidence) = &event.kind else { return None };
    let outages = recorder.outages();
    let about = |outage: &&&Outage| {
        let own = outage.circumstances.evidence.as_deref();
        own.is_some_and(|own: &Evidence| own.generation == evidence.generation && own.lost == evidence.lost)
            && event.connection.is_none_or(|connection| connection == outage.connection)
    };
    // A merged journal counts each run's connections and generations from the beginning.
    let outage = outages.iter().filter(about).max_by_key(|outage| outage.run)?;
    Some(((*outage).clone(), one(outage, recorder.plan(), &outages)))
}

/// The cause that a state tells of without an outage: a server that was demoted closes nothing.
pub fn of_state(state: ClientState) -> Option<Cause> {
    (state == ClientState::Pinned).then_some(Cause::Failover)
}

/// The diagnosis of one outage, among all of them.
fn one(outage: &Outage, plan: Option<&Plan>, all: &[&Outage]) -> Diagnosis {
    verdict::reach(&Facts::new(outage, plan, all))
}
