//! The parts of an outage by what the client was waiting for: each has its own remedy.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::Outage;
use crate::{
    clock::{Seconds, Stamp},
    event::Attempt,
};

/// The parts of an outage, in their order; they add up to its duration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Phases {
    /// Time until the client noticed the loss or the silence.
    #[serde(with = "Seconds")]
    pub undetected: Duration,
    /// Time for which the client then kept the dead connection.
    #[serde(with = "Seconds")]
    pub held: Duration,
    /// Time until the server was reachable again, as path probes or failed attempts show. Without a path probe that
    /// succeeded, it lasts until the successful attempt, or to the end.
    #[serde(with = "Seconds")]
    pub away: Duration,
    /// Time for which the client waited for its next attempt although the server was reachable.
    #[serde(with = "Seconds")]
    pub waiting: Duration,
    /// Time from the start of the successful attempt to the first good reply, as far as the server was reachable.
    #[serde(with = "Seconds")]
    pub connecting: Duration,
    /// Time after the end of the connection of which nothing shows what the client waited for.
    #[serde(with = "Seconds")]
    pub unknown: Duration,
}

impl Outage {
    /// Divides the time to the end, or until `now`.
    pub(crate) fn phases(&self, now: Stamp) -> Phases {
        let end = self.restored.unwrap_or(now).max(self.lost);
        let detected = self.detected.clamp(self.lost, end);
        // A stall that is over, or not over, ended no connection.
        let closed = self.circumstances.closed.unwrap_or(end).clamp(detected, end);
        let started = self.successful_attempt().map(|started| started.clamp(closed, end));
        let reachable = self.path_healthy_after.map(|after| self.lost.after(after).clamp(closed, end));
        // Where no attempt failed, nothing shows that the server was away.
        let first_attempt = self.circumstances.path_failures.is_empty() && !self.has_failed_attempts();
        let reachable = match (reachable, started) {
            (Some(reachable), _) => reachable,
            (None, Some(_)) if first_attempt => closed,
            (None, Some(started)) => started,
            (None, None) if first_attempt => {
                return Phases {
                    undetected: detected.since(self.lost),
                    held: closed.since(detected),
                    unknown: end.since(closed),
                    ..Phases::default()
                };
            }
            (None, None) => end,
        };
        let started = started.unwrap_or(end).max(reachable);
        Phases {
            undetected: detected.since(self.lost),
            held: closed.since(detected),
            away: reachable.since(closed),
            waiting: started.since(reachable),
            connecting: end.since(started),
            unknown: Duration::ZERO,
        }
    }

    /// Returns the start of the attempt that succeeded, if it is known.
    fn successful_attempt(&self) -> Option<Stamp> {
        let evidence = self.circumstances.evidence.as_ref()?;
        let succeeded = |attempt: &&Attempt| attempt.failure.is_none() && attempt.end.is_none();
        evidence.attempts.iter().rev().find(succeeded)?.started
    }

    fn has_failed_attempts(&self) -> bool {
        let evidence = self.circumstances.evidence.as_ref();
        evidence.is_some_and(|evidence| {
            evidence.tried.is_some_and(|tried| tried.all() > 0)
                || evidence.attempts.iter().any(|attempt| attempt.failure.is_some())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        event::{Event, Evidence},
        record::{OutageKind, fixture},
    };

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// An outage that began at 10 s.
    fn outage(
        detected: u64,
        closed: Option<u64>,
        healthy: Option<u64>,
        started: Option<u64>,
        end: Option<u64>,
    ) -> Outage {
        let event: Event = fixture::at(10.0, fixture::stalled(10.0));
        let mut outage = Outage::begun(OutageKind::Stall, (1, 0, 1), at(10_000), &event);
        outage.detected = at(detected);
        outage.restored = end.map(at);
        outage.path_healthy_after = healthy.map(ms);
        outage.circumstances.closed = closed.map(at);
        let attempts =
            started.map(|started| Attempt { started: Some(at(started)), at: at(started), end: None, failure: None });
        let attempts = attempts.into_iter().collect();
        outage.circumstances.evidence = Some(Arc::new(Evidence { attempts, ..Evidence::default() }));
        outage
    }

    fn parts(outage: &Outage) -> [u128; 6] {
        let phases = outage.phases(at(99_000));
        let unnoticed = [phases.undetected, phases.held];
        let noticed = [phases.away, phases.waiting, phases.connecting, phases.unknown];
        let all: Vec<_> = unnoticed.iter().chain(&noticed).map(Duration::as_millis).collect();
        all.try_into().unwrap()
    }

    #[test]
    fn each_part_is_what_the_client_waited_for() {
        // Silent, abandoned by the watchdog, the server back before the next attempt.
        let silent = outage(11_000, Some(12_000), Some(5_000), Some(16_000), Some(16_050));
        assert_eq!(parts(&silent), [1000, 1000, 3000, 1000, 50, 0]);
        // The attempt that succeeded was made while the server was still away.
        let hanging = outage(10_000, Some(10_000), Some(5_000), Some(14_000), Some(17_000));
        assert_eq!(parts(&hanging), [0, 0, 5000, 0, 2000, 0]);
        // A stall that recovered on the same connection.
        assert_eq!(parts(&outage(12_000, None, None, None, Some(15_000))), [2000, 3000, 0, 0, 0, 0]);
        // Killed, and back at the first attempt.
        assert_eq!(parts(&outage(10_000, Some(10_000), None, Some(10_000), Some(10_002))), [0, 0, 0, 0, 2, 0]);
        // Not over, and the server was not reachable.
        let mut away = outage(10_000, Some(10_000), None, None, None);
        away.circumstances.path_failures.push(fixture::reset());
        assert_eq!(parts(&away), [0, 0, 89_000, 0, 0, 0]);
        // Not over, for a reason that nothing shows.
        assert_eq!(parts(&outage(10_000, Some(10_000), None, None, None)), [0, 0, 0, 0, 0, 89_000]);
    }

    proptest! {
        #[test]
        fn the_parts_are_the_whole(
            detected in 9_000u64..30_000, closed in prop::option::of(9_000u64..30_000),
            healthy in prop::option::of(0u64..30_000), started in prop::option::of(9_000u64..30_000),
            end in prop::option::of(9_000u64..30_000),
        ) {
            let outage = outage(detected, closed, healthy, started, end);
            let end = outage.restored.unwrap_or(at(99_000)).max(outage.lost);
            prop_assert_eq!(parts(&outage).iter().sum::<u128>(), end.since(outage.lost).as_millis());
        }
    }
}
