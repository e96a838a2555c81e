//! The diagnosis of each outage: a named cause with evidence.
//!
//! A diagnosis is a pure function of the record, so better rules can judge an old journal again. Each rule looks at a few
//! facts and argues for or against one cause. A cause is certain only if a rule proves it and a known fact excludes every
//! other cause; what is unknown counts against a cause, and is listed. What then kept the client out is a second thing,
//! the obstacle. Imports point one way: facts, arguments, rules and causes, weighing.

mod advice;
mod argument;
mod causes;
mod diagnosis;
mod facts;
mod obstacle;
mod rules;
#[cfg(test)]
mod tests;
mod weigh;

pub(crate) use advice::{ACCEPTED_THEN_CLOSED, MTU, on_cluster_reply, on_connecting, on_error_reply};
pub(crate) use causes::Cause;
pub(crate) use diagnosis::{Confidence, Diagnosis};
use facts::Facts;
pub(crate) use obstacle::Obstacle;

use crate::{
    event::{ClientState, Evidence},
    record::{Outage, Outages},
};

/// Diagnoses every outage, in their order.
pub(crate) fn all(outages: &Outages<'_>) -> Vec<Diagnosis> {
    outages.list().iter().map(|outage| one(outage, outages)).collect()
}

/// Returns the outage that the evidence of a connection belongs to, with its diagnosis so far. The recorder must have
/// seen the evidence.
pub(crate) fn for_event(
    outages: &Outages<'_>,
    connection: Option<u32>,
    evidence: &Evidence,
) -> Option<(Outage, Diagnosis)> {
    let about = |outage: &&&Outage| {
        let own = outage.circumstances.evidence.as_deref();
        own.is_some_and(|own: &Evidence| own.generation == evidence.generation && own.lost == evidence.lost)
            && connection.is_none_or(|connection| connection == outage.connection)
    };
    // In a merged journal, each run counts its connections and generations from the start.
    let outage = *outages.list().iter().filter(about).max_by_key(|outage| outage.run)?;
    Some((outage.clone(), one(outage, outages)))
}

/// Returns the cause of a state that needs no outage: a demoted server closes no connection.
pub(crate) fn of_state(state: ClientState) -> Option<Cause> {
    (state == ClientState::Pinned).then_some(Cause::Failover)
}

/// Diagnoses one outage among all of them.
fn one(outage: &Outage, all: &Outages<'_>) -> Diagnosis {
    weigh::weigh(&Facts::new(outage, all))
}
