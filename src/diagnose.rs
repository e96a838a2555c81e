//! What ended a connection: from an outage as it was recorded to a named cause.
//!
//! The diagnosis is a pure function of what the recorder kept, so a journal can be judged again by better rules. The
//! `rules` are a table: each looks at one thing and speaks for or against one cause. No cause is called certain
//! unless a rule that admits no other story says so; what could not be asked makes a verdict weaker, and is told.

mod argument;
mod causes;
mod diagnosis;
mod facts;
mod rules;
#[cfg(test)]
mod tests;
mod weigh;

pub use causes::Cause;
pub use diagnosis::{Confidence, Diagnosis};
use facts::Facts;

use crate::{
    event::{ClientState, Event, EventKind, Evidence},
    plan::Plan,
    record::{Figures, Outage, Recorder},
};

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
pub fn for_event(recorder: &Recorder, event: &Event) -> Option<(Outage, Diagnosis)> {
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
    weigh::weigh(&Facts::new(outage, plan, all))
}
