//! The herd: the largest number of connections that came back within 100 ms.
//!
//! Returns are counted, each at its first good reply: failed attempts are visible only to the server. A connection
//! counts once within a window, regardless of how often it comes back, and not at all if redis-doctor restarted it.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    clock::{OptionalSeconds, Seconds, Stamp, WallTime},
    event::{Event, EventKind, RunStarted},
};

/// Width of the window in which returns are counted together.
pub(crate) const WINDOW: Duration = Duration::from_millis(WINDOW_MILLIS);

const WINDOW_MILLIS: u64 = 100;

/// Returns arrive in the order in which the connections were identified, and that may take this long.
const KEPT_MILLIS: u64 = 10_000;

/// The largest number of connections that came back within 100 ms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ReconnectPeak {
    /// Number of connections that came back.
    #[schemars(range(min = 1))]
    pub connections: u32,
    /// Number of connections under test in that run.
    #[schemars(range(min = 1))]
    pub of: u32,
    /// Number of the run (from 1).
    #[schemars(range(min = 1))]
    pub run: u32,
    /// Time of the first return.
    pub time: WallTime,
    /// Shortest time from a loss to a return.
    #[serde(with = "Seconds")]
    pub after: Duration,
    /// Start of the matching attempt in the reconnect schedule, counted from the loss; null if none matches.
    #[serde(with = "OptionalSeconds")]
    pub attempt: Option<Duration>,
}

/// The returns of one run after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Herd {
    run: u32,
    of: u32,
    schedule: Vec<Duration>,
    /// Returns by the millisecond of the run, of the last ten seconds.
    recent: BTreeMap<u64, Returns>,
    /// The millisecond in which each connection was last counted.
    counted: BTreeMap<u32, u64>,
    pub(super) peak: Option<ReconnectPeak>,
}

/// The returns of one millisecond.
#[derive(Clone, Copy, Debug)]
struct Returns {
    count: u32,
    time: WallTime,
    after: Duration,
}

impl Herd {
    pub(super) fn on_event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::RunStarted(started) => self.begin_run(started),
            // The roles of an application are not connections.
            EventKind::Reconnected(reconnected) if reconnected.by_itself && self.of > 0 => {
                self.returned(event, event.connection.unwrap_or_default(), reconnected.after);
            }
            _ => {}
        }
    }

    fn begin_run(&mut self, started: &RunStarted) {
        *self = Self {
            run: self.run + 1,
            of: started.plan.connections,
            schedule: common_schedule(started),
            peak: self.peak,
            ..Self::default()
        };
    }

    fn returned(&mut self, event: &Event, connection: u32, after: Duration) {
        let at = millisecond(event.at);
        let before = self.counted.get(&connection);
        if before.is_some_and(|before| before.abs_diff(at) < WINDOW_MILLIS) {
            return;
        }
        self.counted.insert(connection, at);
        let returns = self.recent.entry(at).or_insert(Returns { count: 0, time: event.time, after });
        returns.count += 1;
        returns.time = returns.time.min(event.time);
        returns.after = returns.after.min(after);
        let newest = self.recent.last_key_value().map_or(at, |(newest, _)| *newest);
        self.recent = self.recent.split_off(&newest.saturating_sub(KEPT_MILLIS));
        self.find_peak(at);
    }

    /// Checks every window that a return at `at` has changed.
    fn find_peak(&mut self, at: u64) {
        for (start, first) in self.recent.range(at.saturating_sub(WINDOW_MILLIS - 1)..=at) {
            let window = || self.recent.range(start..&(start + WINDOW_MILLIS)).map(|(_, returns)| returns);
            let connections = window().map(|returns| returns.count).sum();
            if self.peak.is_some_and(|peak| peak.connections >= connections) {
                continue;
            }
            let after = window().map(|returns| returns.after).min().unwrap_or(first.after);
            let attempt = self.schedule.iter().rfind(|attempt| **attempt <= after).copied();
            self.peak = Some(ReconnectPeak {
                connections,
                of: self.of,
                run: self.run,
                time: first.time,
                after,
                attempt: attempt.filter(|attempt| after - *attempt < WINDOW),
            });
        }
    }
}

/// Returns the attempts that all connections make at the same time after a loss: if they are spread, only the first.
fn common_schedule(started: &RunStarted) -> Vec<Duration> {
    let spread = !started.plan.policy.spread.is_zero();
    started.schedule.iter().take(if spread { 1 } else { usize::MAX }).copied().collect()
}

fn millisecond(at: Stamp) -> u64 {
    at.as_nanos() / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture::{at, connected, disconnected, plan, reconnected, secs, started};

    /// A run of `connections`, with returns: the connection, the second of its return, and the seconds since its loss.
    fn herd(connections: u32, returns: &[(u32, f64, f64)]) -> Herd {
        let mut herd = Herd::default();
        let mut plan = plan();
        plan.connections = connections;
        herd.on_event(&started(plan));
        for (connection, seconds, after) in returns {
            herd.on_event(&Event { connection: Some(*connection), ..at(*seconds, reconnected(2, *after)) });
        }
        herd
    }

    fn peak(connections: u32, returns: &[(u32, f64, f64)]) -> ReconnectPeak {
        herd(connections, returns).peak.unwrap()
    }

    #[test]
    fn the_fullest_window_is_found_wherever_it_begins_and_in_any_order_of_the_returns() {
        let returns = [(0, 9.0, 1.0), (1, 9.399, 4.319), (2, 9.3, 4.33), (3, 9.35, 4.32), (4, 9.4, 4.34)];
        let found = peak(5, &returns);
        assert_eq!((found.connections, found.of, found.run), (3, 5, 1));
        assert_eq!(found.time, at(9.3, connected(1)).time);
        assert_eq!(found.after, secs(4.319));
        let attempt = found.attempt.unwrap().as_secs_f64();
        assert!((4.31..4.32).contains(&attempt), "{attempt}");
        let backwards: Vec<_> = returns.into_iter().rev().collect();
        assert_eq!(peak(5, &backwards), found);
    }

    #[test]
    fn a_connection_counts_once_in_a_window() {
        let flapping: Vec<_> = (0..50).map(|n| (0, 5.0 + f64::from(n) / 1000.0, 0.0)).collect();
        assert_eq!(peak(2, &flapping).connections, 1);
        assert_eq!(peak(2, &[&flapping[..], &[(1, 5.0, 0.0)]].concat()).connections, 2);
    }

    #[test]
    fn what_fits_no_attempt_is_put_down_to_none() {
        // The hardened schedule has attempts at 1.149 and 2.444 s.
        assert_eq!(peak(1, &[(0, 9.0, 2.0)]).attempt, None);
        assert_eq!(peak(1, &[(0, 9.0, 0.001)]).attempt, Some(Duration::ZERO));
        assert!(peak(1, &[(0, 9.0, 2.45)]).attempt.is_some());
        let mut plan = plan();
        plan.policy.spread = secs(0.1);
        let EventKind::RunStarted(spread) = started(plan).kind else { unreachable!() };
        assert_eq!(common_schedule(&spread), [Duration::ZERO]);
    }

    #[test]
    fn a_fresh_session_of_ours_is_no_return() {
        let mut herd = herd(1, &[]);
        let mut event = at(9.0, reconnected(2, 1.0));
        let EventKind::Reconnected(reconnected) = &mut event.kind else { unreachable!() };
        reconnected.by_itself = false;
        herd.on_event(&event);
        herd.on_event(&at(9.1, disconnected(2, None)));
        assert_eq!(herd.peak, None);
    }

    #[test]
    fn memory_is_bounded_and_the_highest_peak_of_all_runs_stays() {
        let mut herd = herd(3, &[(0, 1.0, 0.0), (1, 1.0, 0.0), (2, 1.0, 0.0)]);
        for n in 0..100_000 {
            herd.on_event(&Event { connection: Some(n % 3), ..at(2.0 + f64::from(n) / 10.0, reconnected(2, 0.0)) });
        }
        assert!(herd.recent.len() <= KEPT_MILLIS as usize && herd.counted.len() == 3);
        herd.on_event(&started(plan()));
        herd.on_event(&at(1.0, reconnected(2, 0.0)));
        let peak = herd.peak.unwrap();
        assert_eq!((peak.connections, peak.run), (3, 1));
    }
}
