//! The commands of a cluster client on the slots of one target.

use std::{sync::Arc, time::Duration};

use redis::{Cmd, RedisResult, Value, cluster_async::ClusterConnection};

use super::Shared;
use crate::{
    classify::{ErrorClass, Failure, Origin, Stage, client},
    clock::{Stamp, within},
    plan::ProbeKind,
    session::{
        request::{is_value, summary},
        worker::{KEY_TTL, Schedule, write},
    },
    units::span,
};

/// Pause after an immediate failure, so that an unpaced worker does not spin.
const AFTER_INSTANT_FAILURE: Duration = Duration::from_millis(10);

/// A worker with at most one command in flight.
pub(super) struct Worker {
    shared: Arc<Shared>,
    /// Place of its target in the list.
    target: usize,
    schedule: Arc<Schedule>,
    connection: ClusterConnection,
    /// Distinguishes its keys and values from those of the others.
    name: String,
    turn: u64,
    /// The key and the value that are being written, and those that have been.
    writing: Option<(String, Vec<u8>)>,
    written: Option<(String, Vec<u8>)>,
}

/// The reply that a command must have.
enum Expected {
    /// None of redis-doctor's keys has the name.
    Nothing,
    Acknowledgement,
    Value(Vec<u8>),
}

impl Worker {
    pub(super) fn new(
        shared: Arc<Shared>,
        target: usize,
        schedule: Arc<Schedule>,
        connection: ClusterConnection,
        name: String,
    ) -> Self {
        Self { shared, target, schedule, connection, name, turn: 0, writing: None, written: None }
    }

    /// Sends commands until it is aborted.
    pub(super) async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        loop {
            let now = shared.clock.now();
            let (due, skipped) = self.schedule.take(now, shared.process.pauses.resumed(now));
            shared.samples.lock().counters.skipped += skipped;
            let mut intended = due;
            if due > now {
                shared.clock.sleep_until(due).await;
                intended = shared.clock.now();
            }
            let (command, expected) = self.command();
            let launched = shared.clock.now();
            let replied = within(self.shared.probes.timeout, command.query_async::<Value>(&mut self.connection)).await;
            let done = shared.clock.now();
            let outcome = self.check(replied, expected);
            if self.account(intended, (launched, done), outcome) && done.since(launched) < AFTER_INSTANT_FAILURE {
                shared.clock.sleep_until(done.after(AFTER_INSTANT_FAILURE)).await;
            }
        }
    }

    /// Returns the next command. PING concerns no slot, so a GET of a key that does not exist takes its place.
    fn command(&mut self) -> (Cmd, Expected) {
        let shared = &self.shared;
        self.turn += 1;
        let tags = &shared.targets[self.target].tags;
        let writes = match shared.probes.kind {
            ProbeKind::Ping => false,
            ProbeKind::Kv | ProbeKind::Ledger => true,
            ProbeKind::Mixed => self.turn.is_multiple_of(2) || self.written.is_some(),
        };
        // The slots take turns; a key that was written is read in the next turn.
        let tag = &tags[(self.turn / 2) as usize % tags.len()];
        let key = |what: &str| format!("redis-doctor:{}:{what}{{{tag}}}:{}", shared.run_id, self.name);
        let get = |key: String| {
            let mut command = redis::cmd("GET");
            command.arg(key);
            command
        };
        if !writes {
            return (get(key("none")), Expected::Nothing);
        }
        if let Some((key, value)) = self.written.take() {
            return (get(key), Expected::Value(value));
        }
        let key = key("client");
        let mut value = format!("{}:{}:{}", shared.run_id, self.name, self.turn).into_bytes();
        value.resize(value.len() + shared.probes.payload, b'.');
        let command = write(key.clone(), &value, KEY_TTL).command;
        self.writing = Some((key, value));
        (command, Expected::Acknowledgement)
    }

    fn check(&mut self, replied: Option<RedisResult<Value>>, expected: Expected) -> Result<(), Failure> {
        let writing = self.writing.take();
        let reply = match replied {
            Some(Ok(reply)) => reply,
            Some(Err(error)) => return Err(client::failure(Stage::Command, &error)),
            None => {
                let text = format!("no reply within {}", span(self.shared.probes.timeout));
                return Err(Failure::doctor(ErrorClass::ResponseTimeout, Stage::Command, text));
            }
        };
        let is_right = match (expected, &reply) {
            (Expected::Nothing, Value::Nil) | (Expected::Acknowledgement, Value::Okay) => true,
            (Expected::Value(value), reply) => is_value(reply, &value),
            (Expected::Nothing | Expected::Acknowledgement, _) => false,
        };
        if is_right {
            self.written = writing;
            return Ok(());
        }
        let text = format!("unexpected reply: {}", summary(&reply));
        Err(Failure::doctor(ErrorClass::Other, Stage::Command, text))
    }

    /// Counts the outcome of a command; returns true if it failed.
    fn account(&self, intended: Stamp, (launched, done): (Stamp, Stamp), outcome: Result<(), Failure>) -> bool {
        let shared = &self.shared;
        let pauses = &shared.process.pauses;
        let mut slots = shared.targets[self.target].lock();
        let mut sums = shared.samples.lock();
        sums.counters.launched += 1;
        let Err(failure) = outcome else {
            let paused = pauses.overlap(intended, done);
            sums.counters.ok += 1;
            if slots.on_reply(launched, done, paused) && !paused {
                sums.latency.record(done.since(intended));
                sums.service.record(done.since(launched));
            } else {
                sums.counters.untimed += 1;
            }
            return false;
        };
        let class = failure.key.class;
        if class.is_timeout() && pauses.excuse(launched, done) {
            sums.counters.paused += 1;
            return true;
        }
        let is_answered = class == ErrorClass::Other && failure.key.origin == Origin::Doctor;
        if is_answered {
            // Though not with the value: a failover can lose an acknowledged write.
            slots.on_reply(launched, done, true);
        } else {
            slots.on_failure(launched, done, &failure);
        }
        *(if class.is_timeout() { &mut sums.counters.timed_out } else { &mut sums.counters.failed }) += 1;
        let ambiguous = !class.is_server_reply() && !is_answered;
        sums.counters.ambiguous += u64::from(ambiguous);
        let first = sums.failure(&failure, done, ambiguous);
        shared.lock().failures.extend(first);
        true
    }
}
