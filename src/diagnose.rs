//! The diagnosis of each outage: a named cause with evidence.
//!
//! A diagnosis is a pure function of the record, so better rules can judge an old journal again. Each rule looks at one
//! fact and argues for or against one cause. A cause is certain only if a rule proves it and no rule objects; missing
//! evidence weakens a diagnosis and is listed. Imports point one way: facts, arguments, rules and causes, weighing.

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

/// Diagnoses every outage that the figures list, in their order.
pub fn all(figures: &Figures) -> Vec<Diagnosis> {
    let outages: Vec<&Outage> = figures.outages.kept.iter().collect();
    let plan_of = |outage: &Outage| {
        let run = figures.runs.get((outage.run as usize).saturating_sub(1));
        run.map(|run| &run.started.plan)
    };
    outages.iter().map(|outage| one(outage, plan_of(outage), &outages)).collect()
}

/// Returns the outage that an evidence event belongs to, with its diagnosis so far. The recorder must have seen the event.
pub fn for_event(recorder: &Recorder, event: &Event) -> Option<(Outage, Diagnosis)> {
    let EventKind::Evidence(evidence) = &event.kind else { return None };
    let outages = recorder.outages();
    let about = |outage: &&&Outage| {
        let own = outage.circumstances.evidence.as_deref();
        own.is_some_and(|own: &Evidence| own.generation == evidence.generation && own.lost == evidence.lost)
            && event.connection.is_none_or(|connection| connection == outage.connection)
    };
    // In a merged journal, each run counts its connections and generations from the start.
    let outage = outages.iter().filter(about).max_by_key(|outage| outage.run)?;
    Some(((*outage).clone(), one(outage, recorder.plan(), &outages)))
}

/// Returns the cause of a state that needs no outage: a demoted server closes no connection.
pub fn of_state(state: ClientState) -> Option<Cause> {
    (state == ClientState::Pinned).then_some(Cause::Failover)
}

/// Diagnoses one outage among all of them.
fn one(outage: &Outage, plan: Option<&Plan>, all: &[&Outage]) -> Diagnosis {
    weigh::weigh(&Facts::new(outage, plan, all))
}
