//! Slow stretches: every command was answered, but late. No outages, so they cost no availability.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Id,
    downtime::Kept,
    outage::{Outage, OutageKind},
};
use crate::{
    clock::{OptionalSeconds, Seconds, Stamp},
    event::{Event, EventKind, Evidence},
};

/// The replies of a slow stretch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Slowness {
    /// Longest time to a reply.
    #[serde(with = "Seconds")]
    pub latency: Duration,
    /// Median time to a reply before; null if the replies were slow from the start.
    #[serde(with = "OptionalSeconds")]
    pub baseline: Option<Duration>,
    /// Time in which a slow reply was awaited.
    #[serde(with = "Seconds")]
    pub waiting: Duration,
    /// Number of slow replies; 0 until it is over.
    pub replies: u64,
}

/// A wait for slow replies. Only its length is exact: fast replies may lie in between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Wait {
    pub(super) connection: u32,
    pub(super) from: Stamp,
    pub(super) to: Stamp,
}

/// The slow stretches of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct SlowHistory {
    pub(super) totals: SlowTotals,
    /// Those that are not over, by connection.
    open: BTreeMap<u32, Outage>,
    kept: Kept,
    /// Number of the stretches of the current run.
    number: u32,
}

/// The totals of all slow stretches.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct SlowTotals {
    /// Number of slow stretches.
    pub count: u64,
    /// Time in which a slow reply was awaited, all connections together.
    pub waiting: Duration,
    /// Longest time to a reply.
    pub latency: Duration,
}

impl SlowHistory {
    /// Handles an event of a connection, whose current physical connection is `generation`.
    pub(super) fn on_event(&mut self, event: &Event, run: u32, connection: u32, generation: u64) -> Option<Wait> {
        match &event.kind {
            EventKind::Slowed { since, latency, baseline } => {
                let before = self.end(connection, event.at);
                let begun = Outage::begun(OutageKind::Slow, (run, connection, generation), *since, event);
                let waiting = event.at.since(*since).min(*latency);
                let slowness = Slowness { latency: *latency, baseline: *baseline, waiting, replies: 0 };
                self.number += 1;
                let id = Id::stretch(self.number);
                self.open.insert(connection, Outage { id, slowness: Some(slowness), ..begun });
                before
            }
            EventKind::SpedUp { after, latency, waiting, slow } => {
                let mut stretch = self.open.remove(&connection)?;
                stretch.restored = Some(stretch.lost.after(*after).min(event.at));
                if let Some(slowness) = &mut stretch.slowness {
                    (slowness.latency, slowness.waiting, slowness.replies) = (*latency, *waiting, *slow);
                }
                Some(self.add(stretch))
            }
            // Other events concern no slow stretch.
            _ => None,
        }
    }

    /// Closes the run: what is still slow stays open in the list.
    pub(super) fn close_run(&mut self, end: Stamp) -> Vec<Wait> {
        let open = std::mem::take(&mut self.open);
        self.number = 0;
        let close = |(_, mut stretch): (u32, Outage)| {
            if let Some(slowness) = &mut stretch.slowness {
                // Its end was not reported, so its replies are all that is known.
                slowness.waiting = slowness.waiting.max(end.since(stretch.lost).min(slowness.latency));
            }
            self.add(stretch)
        };
        open.into_iter().map(close).collect()
    }

    fn end(&mut self, connection: u32, at: Stamp) -> Option<Wait> {
        let mut stretch = self.open.remove(&connection)?;
        stretch.restored = Some(at);
        Some(self.add(stretch))
    }

    /// Keeps a stretch; returns the time for which it made the workload wait.
    fn add(&mut self, stretch: Outage) -> Wait {
        let waiting = stretch.slowness.map_or(Duration::ZERO, |slowness| slowness.waiting);
        let wait = Wait { connection: stretch.connection, from: stretch.lost, to: stretch.lost.after(waiting) };
        if let Some(slowness) = stretch.slowness {
            self.totals.count += 1;
            self.totals.waiting += slowness.waiting;
            self.totals.latency = self.totals.latency.max(slowness.latency);
        }
        self.kept.keep(stretch);
        wait
    }

    /// Returns the kept stretches in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Outage> {
        self.kept.iter().chain(self.open.values())
    }

    /// Returns the kept stretches in order.
    pub(super) fn rows(&self) -> Vec<Outage> {
        self.kept.rows()
    }

    /// Returns the stretch that the evidence is about.
    pub(super) fn for_evidence(&mut self, run: u32, connection: u32, evidence: &Evidence) -> Option<&mut Outage> {
        let open = self.open.get_mut(&connection).filter(|stretch| stretch.matches(evidence));
        open.or_else(|| self.kept.for_evidence(run, connection, evidence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::EventSink,
        record::{
            Recorder,
            fixture::{at, connected, plan, secs, stamp, started},
        },
    };

    fn slowed(since: f64) -> EventKind {
        EventKind::Slowed { since: stamp(since), latency: secs(0.4), baseline: Some(secs(0.001)) }
    }

    fn sped_up(after: f64) -> EventKind {
        EventKind::SpedUp { after: secs(after), latency: secs(1.3), waiting: secs(2.0), slow: 7 }
    }

    fn recorded(events: Vec<Event>) -> Recorder {
        let mut recorder = Recorder::default();
        let first = [started(plan()), at(0.0, connected(1))];
        first.iter().chain(&events).for_each(|event| recorder.on_event(event));
        recorder
    }

    #[test]
    fn a_slow_stretch_is_listed_and_costs_no_availability() {
        let evidence = |lost: f64, slow| Evidence { generation: 1, lost: stamp(lost), slow, ..Evidence::default() };
        let told = |lost, slow| EventKind::Evidence(Box::new(evidence(lost, slow)));
        let figures = recorded(vec![
            at(11.0, slowed(10.0)),
            at(16.0, sped_up(4.0)),
            at(17.0, told(10.0, true)),
            at(18.0, told(10.0, false)),
        ])
        .interim(stamp(60.0));
        assert_eq!((figures.outages.total, figures.downtime.availability()), (0, Some(1.0)));
        assert_eq!(figures.slow.totals, SlowTotals { count: 1, waiting: secs(2.0), latency: secs(1.3) });
        let stretch = &figures.slow.stretches.kept[0];
        assert_eq!((stretch.lost, stretch.restored, stretch.kind), (stamp(10.0), Some(stamp(14.0)), OutageKind::Slow));
        assert_eq!(stretch.slowness.map(|slowness| slowness.replies), Some(7));
        assert_eq!(stretch.circumstances.evidence.as_deref(), Some(&evidence(10.0, true)));
    }

    #[test]
    fn one_that_lasts_to_the_end_is_listed_without_an_end() {
        let figures = recorded(vec![at(11.0, slowed(10.0))]).interim(stamp(60.0));
        let stretch = &figures.slow.stretches.kept[0];
        assert_eq!((figures.slow.totals.count, stretch.restored), (1, None));
        assert_eq!(figures.downtime.unresolved, 0);
    }
}
