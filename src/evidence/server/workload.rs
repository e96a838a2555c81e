//! The work of a server while it was silent or slow: its slow log and its latency monitor. Names only: the arguments of
//! a command can be secret.

use super::Query;
use crate::{
    clock::Stamp,
    dial::{
        Value,
        slowness::{latency_event, slow_command},
    },
    event::{LatencyEvent, Missing, SlowCommand},
};

use std::time::Duration;

/// Entries of the slow log requested, the latest first.
const ENTRIES: &str = "32";

/// Slow commands and latency events named in the evidence.
const NAMED: usize = 8;

/// The server may have answered this long after its clock was read.
const SLACK: Duration = Duration::from_millis(100);

/// The slow commands and latency events of a server.
#[derive(Clone, Debug, Default)]
pub(in crate::evidence) struct Workload {
    /// The server's clock in microseconds since 1970, and our time when it was read.
    pub(super) clock: Option<(u64, Stamp)>,
    slow_commands: Vec<SlowCommand>,
    latency_events: Vec<LatencyEvent>,
    /// Questions without an answer, and why.
    pub(in crate::evidence) missing: Vec<Missing>,
}

impl Workload {
    /// Returns the slow commands that ran for at least half of their time between two moments, the longest first.
    pub(in crate::evidence) fn slow_commands(&self, from: Stamp, to: Stamp) -> Vec<SlowCommand> {
        let mut within: Vec<_> = self
            .slow_commands
            .iter()
            .filter(|command| self.is_within(command.unix_time, command.time, from, to))
            .cloned()
            .collect();
        within.sort_by_key(|command| std::cmp::Reverse(command.time));
        within.truncate(NAMED);
        within
    }

    /// Returns the latency events that fell for at least half of their time between two moments.
    pub(in crate::evidence) fn latency_events(&self, from: Stamp, to: Stamp) -> Vec<LatencyEvent> {
        let within = |event: &&LatencyEvent| self.is_within(event.unix_time, event.time, from, to);
        self.latency_events.iter().filter(within).take(NAMED).cloned().collect()
    }

    /// Returns true if its entries cannot be dated because the server's clock is unknown.
    pub(super) fn wants_clock(&self) -> bool {
        self.clock.is_none() && !(self.slow_commands.is_empty() && self.latency_events.is_empty())
    }

    /// Returns true if something that lasted `time` and ended in the second `unix_time` of the server's clock can have
    /// fallen for at least half of its time between two moments.
    fn is_within(&self, unix_time: u64, time: Duration, from: Stamp, to: Stamp) -> bool {
        let Some((micros, read)) = self.clock else { return false };
        // Our time of the server's moment; a moment before our start counts as the start.
        let ours = |second: u64| {
            let ago = micros.saturating_sub(second.saturating_mul(1_000_000));
            let ahead = second.saturating_mul(1_000_000).saturating_sub(micros);
            read.before(Duration::from_micros(ago)).after(Duration::from_micros(ahead))
        };
        let (earliest, latest) = (ours(unix_time), ours(unix_time.saturating_add(1)));
        latest >= from.after(time / 2) && earliest <= to.after(time / 2 + SLACK)
    }
}

impl Query {
    /// Asks for the slow log and the latency monitor.
    pub(super) async fn workload(&mut self) {
        match self.query::<Vec<Vec<Value>>>(&["SLOWLOG", "GET", ENTRIES]).await {
            Ok(entries) => {
                self.workload.slow_commands = entries.iter().filter_map(|entry| slow_command(entry)).collect();
            }
            Err(failure) => self.miss_workload("SLOWLOG", &failure),
        }
        match self.query::<Vec<Vec<Value>>>(&["LATENCY", "LATEST"]).await {
            Ok(events) => {
                self.workload.latency_events = events.iter().filter_map(|event| latency_event(event)).collect();
            }
            Err(failure) => self.miss_workload("LATENCY", &failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dial::slowness::{latency_events, slow_commands},
        fuzz::{self, Fuzz, assert_clean},
    };

    fn at(seconds: f64) -> Stamp {
        Stamp::START.after(Duration::from_secs_f64(seconds))
    }

    #[test]
    fn only_commands_that_ran_in_the_silence_are_its_reason() {
        let workload = |time: f64| Workload {
            // Our 10 s are 1000.5 s of the server.
            clock: Some((1_000_500_000, at(10.0))),
            slow_commands: vec![SlowCommand {
                unix_time: 998,
                name: "keys".into(),
                time: Duration::from_secs_f64(time),
                client: None,
            }],
            ..Workload::default()
        };
        // It ended between 7.5 and 8.5 s of our time.
        let found = |time, from, to| workload(time).slow_commands(at(from), at(to)).len();
        assert_eq!(found(1.2, 6.6, 7.9), 1);
        assert_eq!(found(0.2, 8.3, 9.0), 1, "it may have");
        assert_eq!(found(1.2, 8.3, 9.9), 0, "most of it was before");
        assert_eq!(found(0.2, 8.6, 9.9), 0, "it was over");
        assert_eq!(found(0.2, 2.0, 7.0), 0, "it had not begun");
        let unknown = Workload { clock: None, ..workload(1.2) };
        assert_eq!(unknown.slow_commands(at(6.6), at(7.9)), [], "the clocks cannot be compared");
    }

    #[test]
    fn fuzz_workloads() {
        Fuzz::new("values", &["*2\r\n", "$6\r\nclient\r\n", ":9223372036854775807\r\n"]).run(|input| {
            let Some(value) = fuzz::value(input) else { return };
            let workload = Workload {
                clock: Some((u64::MAX, at(1.0))),
                slow_commands: slow_commands(&value),
                latency_events: latency_events(&value),
                ..Workload::default()
            };
            let commands = workload.slow_commands(at(0.0), at(2.0));
            commands.iter().for_each(|command| assert_clean(&command.name));
            let _ = workload.latency_events(at(0.0), at(2.0));
        });
    }
}
