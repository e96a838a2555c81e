//! Counts that workers keep in place, handed over as one [`Interval`] a second.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    classify::{Failure, FailureKey},
    clock::Stamp,
    distribution::Distribution,
    event::{CommandFailed, ConnectionCounts, Counters, Interval},
};

/// Connections whose ended probes are counted separately; with more of them, an interval would be mostly that.
const SEPARATE: std::ops::RangeInclusive<u32> = 2..=32;

/// Counts of a run since the last handover, shared by all its workers.
#[derive(Default)]
pub(crate) struct Samples(Mutex<Sums>);

/// The counts.
#[derive(Default)]
pub(crate) struct Sums {
    pub(super) counters: Counters,
    pub(super) latency: Distribution,
    pub(super) service: Distribution,
    pub(super) failed_latency: Distribution,
    pub(super) waited: Distribution,
    pub(super) end_to_end: Distribution,
    /// Ended probes of each connection; empty if they are not counted separately.
    connections: Vec<ConnectionCounts>,
    failures: HashMap<FailureKey, Burst>,
}

/// Failures of one kind since the last handover. The first is reported immediately and not counted here, so that
/// nothing is counted twice.
struct Burst {
    pending: Option<CommandFailed>,
}

impl Samples {
    /// Creates the counts of a run with this number of connections.
    pub(crate) fn of(connections: u32) -> Self {
        let separate = if SEPARATE.contains(&connections) { connections as usize } else { 0 };
        Self(Mutex::new(Sums { connections: vec![ConnectionCounts::default(); separate], ..Sums::default() }))
    }

    /// Locks the counts for an update. Everything runs on one thread, so the lock is never contended.
    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, Sums> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the counts of the last `span`, and the failures not yet reported.
    pub(crate) fn take(&self, span: Duration) -> (Interval, Vec<CommandFailed>) {
        let mut sums = self.lock();
        let connections = vec![ConnectionCounts::default(); sums.connections.len()];
        let sums = std::mem::replace(&mut *sums, Sums { connections, ..Sums::default() });
        let some = |distribution: Distribution| (!distribution.is_empty()).then_some(distribution);
        let interval = Interval {
            span,
            counters: sums.counters,
            latency: some(sums.latency),
            service: some(sums.service),
            failed_latency: some(sums.failed_latency),
            waited: some(sums.waited),
            end_to_end: some(sums.end_to_end),
            connections: sums.connections,
        };
        let mut failures: Vec<_> = sums.failures.into_values().filter_map(|burst| burst.pending).collect();
        failures.sort_by_key(|failed| failed.first);
        (interval, failures)
    }
}

impl Sums {
    /// Counts an ended probe of a connection, if each is counted separately.
    #[inline]
    pub(super) fn ended(&mut self, connection: u32, ended: ConnectionCounts) {
        if let Some(counts) = self.connections.get_mut(connection as usize) {
            *counts += ended;
        }
    }

    /// Counts a failure. Returns it if it is the first of its kind since the last handover, to be reported immediately.
    pub(super) fn failure(&mut self, failure: &Failure, at: Stamp, ambiguous: bool) -> Option<CommandFailed> {
        let ambiguous = u64::from(ambiguous);
        let first =
            || CommandFailed { key: failure.key, text: failure.text.clone(), count: 1, ambiguous, first: at, last: at };
        let Some(burst) = self.failures.get_mut(&failure.key) else {
            self.failures.insert(failure.key, Burst { pending: None });
            return Some(first());
        };
        match &mut burst.pending {
            Some(pending) => {
                pending.count += 1;
                pending.ambiguous += ambiguous;
                pending.last = at;
            }
            none => *none = Some(first()),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::classify::Stage;

    #[test]
    fn a_burst_is_reported_as_its_first_failure_and_one_sum() {
        let samples = Samples::default();
        let failure = Failure::io(Stage::Command, &io::Error::from_raw_os_error(104));
        let at = Stamp::from_nanos;
        let reported: Vec<_> =
            (1..=5).filter_map(|n| samples.lock().failure(&failure, at(n), true)).map(|failed| failed.count).collect();
        assert_eq!(reported, [1]);
        let (_, rest) = samples.take(Duration::from_secs(1));
        assert_eq!(rest.len(), 1);
        assert_eq!((rest[0].count, rest[0].ambiguous, rest[0].first, rest[0].last), (4, 4, at(2), at(5)));
        let (_, none) = samples.take(Duration::from_secs(1));
        assert!(none.is_empty());
    }
}
