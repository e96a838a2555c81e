//! The engine: runs a plan as one event stream into one sink, from the preflight to the final figures. A plan with several
//! targets is a run for each of them, whose streams are merged.

mod ledger;
mod preflight;
mod proxies;
mod run;
mod scope;
mod trace;

use std::sync::Arc;

use tokio::sync::mpsc;

use self::run::Run;
pub(crate) use self::{
    run::application::{ApplicationError, observe},
    trace::trace,
};
use crate::{
    clock::Clock,
    event::{Control, EventKind, EventSink, MessageSink, RunStarted, SCHEMA_VERSION, StopReason},
    fault::Random,
    plan::Plan,
};
pub(crate) use crate::{
    cluster::{ClusterError, find_nodes},
    sentinel::{SentinelError, find_primary},
};

/// Attempts shown of the reconnect schedule.
const SCHEDULE_SHOWN: usize = 12;

/// The inputs and outputs of a run.
pub(crate) struct RunIo<'a> {
    /// The run's clock.
    pub clock: Clock,
    /// Receives every event, in order.
    pub sink: &'a mut dyn EventSink,
    /// Receives the messages of `subscribe`.
    pub messages: Arc<dyn MessageSink>,
    /// Receives the user's requests.
    pub control: mpsc::UnboundedReceiver<Control>,
}

/// Runs a plan to its end and returns why it ended.
pub(crate) async fn run(plan: Plan, io: RunIo<'_>) -> StopReason {
    let run_id = run_id(plan.seed);
    if plan.scope.is_some() {
        return scope::run(plan, run_id, io).await;
    }
    let RunIo { clock, sink, messages, control } = io;
    let (mut run, faults) = Run::new(None, clock, sink, control);
    run.event(started(&plan, &run_id));
    if plan.sentinels.as_ref().is_some_and(|sentinels| sentinels.epoch.is_none()) {
        return run.no_sentinel(&plan).await;
    }
    run.run_target(plan, run_id, (messages, faults), None).await
}

fn started(plan: &Plan, run_id: &str) -> EventKind {
    EventKind::RunStarted(Box::new(RunStarted {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION").into(),
        client_version: CLIENT_VERSION.into(),
        run_id: run_id.to_owned().into(),
        plan: plan.clone(),
        schedule: plan.policy.schedule(SCHEDULE_SHOWN),
        continued: false,
        joined: false,
        clock: None,
    }))
}

/// The version of the redis crate, whose behavior is under test. A test compares it with Cargo.lock.
const CLIENT_VERSION: &str = "1.8.1";

/// Returns eight hexadecimal digits from the seed.
fn run_id(seed: u64) -> String {
    format!("{:08x}", Random::from_seed(seed).bits() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_version_is_the_one_in_use() {
        let lock = include_str!("../Cargo.lock");
        assert!(lock.contains(&format!("name = \"redis\"\nversion = \"{CLIENT_VERSION}\"")));
    }

    #[test]
    fn runs_with_adjacent_seeds_have_different_ids() {
        assert_ne!(run_id(1), run_id(2));
        assert_eq!(run_id(7).len(), 8);
    }
}
