//! The outages of all connections: exact totals and a bounded list.

use std::{collections::VecDeque, time::Duration};

use super::outage::{Outage, OutageKind};
use crate::{clock::Stamp, event::Evidence};

const FIRST: usize = 200;
const LAST: usize = 100;
const LONGEST: usize = 20;

/// The totals of all outages.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Downtime {
    /// Losses of a connection.
    pub drops: u64,
    /// Stalls that recovered on the same connection.
    pub stalls: u64,
    /// Outages that have not ended.
    pub unresolved: u64,
    /// Losses after which the client came back: one for each, regardless of what the library did.
    pub reconnects: u64,
    /// Outages that ended only because redis-doctor started a new session.
    pub not_by_itself: u64,
    /// Total duration of the outages of all connections. This and all other times are without those in which redis-doctor
    /// itself was paused.
    pub total: Duration,
    /// The longest outage.
    pub longest: Duration,
    /// Total time to repair of the ended outages.
    pub repair: Duration,
    /// Outages that have ended.
    pub repaired: u64,
    /// Total time for which the connections were watched.
    pub watched: Duration,
    /// Total time in which the connections were not served: outages, refusals, missing subscriptions.
    pub unserved: Duration,
    /// The longest time without an outage.
    pub longest_up: Duration,
}

impl Downtime {
    /// Returns the share of the watched time without an outage (0 to 1); `None` if no time was watched.
    pub(crate) fn availability(&self) -> Option<f64> {
        self.share_without(self.total)
    }

    /// Returns the share of the watched time in which the workload was answered well (0 to 1); `None` if no time was
    /// watched.
    pub(crate) fn service(&self) -> Option<f64> {
        self.share_without(self.unserved)
    }

    fn share_without(&self, part: Duration) -> Option<f64> {
        let watched = self.watched.as_secs_f64();
        (watched > 0.0).then(|| (1.0 - part.as_secs_f64() / watched).clamp(0.0, 1.0))
    }

    /// Counts the time of a connection that never was up.
    pub(super) fn never_up(&mut self, time: Duration) {
        self.watched += time;
        self.total += time;
        self.unserved += time;
    }

    /// Returns the mean time to repair; `None` without an ended outage.
    pub(crate) fn mean_repair(&self) -> Option<Duration> {
        (self.repaired > 0).then(|| Duration::from_secs_f64(self.repair.as_secs_f64() / self.repaired as f64))
    }
}

/// The ended outages.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    pub(super) downtime: Downtime,
    pub(super) kept: Kept,
}

/// A bounded list of outages: the first, the last and the longest are kept in full.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    first: Vec<Outage>,
    longest: Vec<Outage>,
    last: VecDeque<Outage>,
}

impl History {
    /// Adds an outage of a run that has lasted until `now`; for the time `paused` of it redis-doctor itself was paused.
    pub(super) fn add(&mut self, outage: Outage, now: Stamp, paused: Duration) {
        let duration = outage.duration(now) - paused;
        let totals = &mut self.downtime;
        match outage.kind {
            OutageKind::Drop => totals.drops += 1,
            OutageKind::Stall => totals.stalls += 1,
            // No outage: kept by `slow::History`.
            OutageKind::Slow => return,
        }
        totals.total += duration;
        totals.longest = totals.longest.max(duration);
        if outage.restored.is_some() {
            totals.repaired += 1;
            totals.repair += duration;
            totals.reconnects += u64::from(outage.kind == OutageKind::Drop);
        } else {
            totals.unresolved += 1;
        }
        totals.not_by_itself += u64::from(outage.by_itself == Some(false));
        self.kept.keep(outage);
    }
}

impl Kept {
    /// Returns the kept outages in order.
    pub(super) fn rows(&self) -> Vec<Outage> {
        let mut rows: Vec<_> = self.iter().cloned().collect();
        rows.sort_by_key(|outage| (outage.run, outage.lost, outage.connection));
        rows
    }

    /// Returns the kept outages in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Outage> {
        self.first.iter().chain(&self.longest).chain(&self.last)
    }

    /// Returns the latest outage that the evidence is about.
    pub(super) fn for_evidence(&mut self, run: u32, connection: u32, evidence: &Evidence) -> Option<&mut Outage> {
        let all = self.first.iter_mut().chain(&mut self.longest).chain(&mut self.last);
        all.rev().find(|outage| outage.run == run && outage.connection == connection && outage.matches(evidence))
    }

    pub(super) fn keep(&mut self, outage: Outage) {
        if self.first.len() < FIRST {
            // In one step, so that growth leaves no smaller tables as holes; unused pages take no memory.
            self.first.reserve_exact(FIRST - self.first.len());
            self.first.push(outage);
            return;
        }
        self.last.reserve_exact(LAST + 1 - self.last.len());
        self.last.push_back(outage);
        if self.last.len() <= LAST {
            return;
        }
        self.longest.extend(self.last.pop_front());
        if self.longest.len() > LONGEST {
            // All of them are over: an outage that is not over is the last one of its connection.
            self.longest.sort_by_key(|outage| std::cmp::Reverse(outage.duration(outage.lost)));
            self.longest.truncate(LONGEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::outage::Track, *};
    use crate::event::{Event, EventKind};

    fn outage(at: u64, lasting: u64) -> Outage {
        let mut track = Track::new(1, 0, Duration::ZERO);
        let since = Stamp::from_nanos(at * 1_000_000_000);
        track.on_event(&Event {
            at: since,
            time: crate::clock::WallTime::default(),
            target: None,
            connection: Some(0),
            kind: EventKind::Stalled { since, unanswered: 1, flow: None },
        });
        let mut outage = track.latest.unwrap();
        outage.restored = Some(since.after(Duration::from_secs(lasting)));
        outage
    }

    #[test]
    fn memory_is_bounded_and_totals_are_exact() {
        let mut history = History::default();
        (0..10_000)
            .for_each(|n| history.add(outage(n * 10, if n == 5_000 { 9 } else { 1 }), Stamp::START, Duration::ZERO));
        assert_eq!(history.downtime.stalls, 10_000);
        assert_eq!(history.downtime.total, Duration::from_secs(10_008));
        assert_eq!(history.downtime.longest, Duration::from_secs(9));
        let rows = history.kept.rows();
        assert_eq!(rows.len(), FIRST + LAST + LONGEST);
        assert!(rows.iter().any(|row| row.duration(Stamp::START) == Duration::from_secs(9)));
        assert!(rows.is_sorted_by_key(|row| row.lost));
    }
}
