//! The course of the runs: the counts and distributions of consecutive slices of time, in bounded memory.
//!
//! A slice is as long as the intervals that arrive, at least a second. When there are too many, neighbors are merged,
//! so that a fortnight takes no more memory than an hour. Distributions are merged, never averaged.

use std::time::Duration;

use crate::{
    clock::{Stamp, WallTime},
    distribution::{Distribution, Parts},
    event::{Counters, Event, Interval},
};

/// Maximum number of slices.
const SLICES: usize = 2_000;

/// The same for one of many targets.
const FEW_SLICES: usize = 200;

/// Width at which slices are no longer merged but forgotten, the oldest first: there are as many runs.
const WIDEST: Duration = Duration::from_secs(10 * 366 * 86_400);

/// Distributions of a slice that are kept as they are before they are added up: many of the slice that still grows, which
/// is one, and few of the others.
const GROWING: usize = 32;
const GROWN: usize = 4;

/// Lost messages and outages that wait for the slices in which they lie.
const WAITING: usize = 1_000;

/// A slice of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Slice {
    /// Number of its run (from 1).
    pub run: u32,
    /// Start on the wall clock.
    pub time: WallTime,
    /// Start and end on the clock of the run.
    pub from: Stamp,
    pub to: Stamp,
    pub counters: Counters,
    /// Numbered messages published in it that never arrived.
    pub lost: u64,
    /// Time in which connections were down, all connections together.
    pub down: Duration,
    latency: Parts,
    end_to_end: Parts,
}

impl Slice {
    /// Returns the latency of the probes that were answered in it.
    pub(crate) fn latency(&self) -> Distribution {
        self.latency.sum()
    }

    /// Returns the latency of the numbered messages that arrived in it.
    pub(crate) fn end_to_end(&self) -> Distribution {
        self.end_to_end.sum()
    }

    fn length(&self) -> Duration {
        self.to.since(self.from)
    }

    /// Returns true if both together are at most as long as `width`.
    fn has_room_for(&self, next: &Self, width: Duration) -> bool {
        // Each interval ends a little late.
        self.run == next.run && self.length() + next.length() <= width + width / 20
    }

    fn append(&mut self, next: Self) {
        self.to = next.to;
        self.counters += next.counters;
        self.lost += next.lost;
        self.down += next.down;
        self.latency.append(next.latency);
        self.end_to_end.append(next.end_to_end);
    }

    /// Keeps at most `most` parts of its distributions.
    fn compact(&mut self, most: usize) {
        self.latency.compact(most);
        self.end_to_end.compact(most);
    }
}

/// Something that lasted for a part of a run.
#[derive(Clone, Copy, Debug)]
enum Mark {
    Down { from: Stamp, to: Stamp },
    Lost { from: Stamp, to: Stamp, count: u64 },
}

/// The slices of all runs, in order.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    slices: Vec<Slice>,
    /// Maximum number of slices.
    most: usize,
    /// Longest slice that two neighbors are merged into.
    width: Duration,
    /// Index of the first slice of the current run.
    first: usize,
    waiting: Vec<Mark>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { slices: Vec::new(), most: SLICES, width: Duration::ZERO, first: 0, waiting: Vec::new() }
    }
}

impl Timeline {
    /// Creates the timeline of one of many targets, which takes a tenth of the memory.
    pub(super) fn of_many() -> Self {
        Self { most: FEW_SLICES, ..Self::default() }
    }

    /// Begins another run.
    pub(super) fn begin_run(&mut self) {
        self.place_marks(true);
        self.waiting.clear();
        self.first = self.slices.len();
    }

    /// Adds the interval that ended with this event.
    pub(super) fn add(&mut self, event: &Event, run: u32, interval: &Interval) {
        let nanos = u64::try_from(interval.span.as_nanos()).unwrap_or(u64::MAX);
        let from = Stamp::from_nanos(event.at.as_nanos().saturating_sub(nanos));
        let slice = Slice {
            run,
            time: event.wall_of(from),
            from,
            to: event.at,
            counters: interval.counters,
            latency: Parts::of(interval.latency.as_ref()),
            end_to_end: Parts::of(interval.end_to_end.as_ref()),
            ..Slice::default()
        };
        match self.slices.last_mut() {
            Some(last) if last.has_room_for(&slice, self.width) => {
                last.append(slice);
                last.compact(GROWING);
            }
            last => {
                last.into_iter().for_each(|grown| grown.compact(1));
                self.slices.push(slice);
            }
        }
        self.place_marks(false);
        while self.slices.len() > self.most {
            if self.width < WIDEST {
                self.width = (self.width * 2).max(Duration::from_secs(2));
                self.coarsen();
            } else {
                self.slices.remove(0);
                self.first = self.first.saturating_sub(1);
            }
        }
    }

    /// Records that a connection was down.
    pub(super) fn down(&mut self, from: Stamp, to: Stamp) {
        self.mark(Mark::Down { from, to });
    }

    /// Records numbered messages that were published in this time and never arrived.
    pub(super) fn lost(&mut self, from: Stamp, to: Stamp, count: u64) {
        self.mark(Mark::Lost { from, to, count });
    }

    /// Returns the slices, with everything that lies in them.
    pub(super) fn into_slices(mut self) -> Vec<Slice> {
        self.place_marks(true);
        self.slices
    }

    fn mark(&mut self, mark: Mark) {
        self.waiting.push(mark);
        if self.waiting.len() > WAITING {
            self.place_marks(true);
        }
    }

    /// Places what ended before the end of the last slice; with `all`, everything.
    fn place_marks(&mut self, all: bool) {
        let first = self.first.min(self.slices.len());
        let slices = &mut self.slices[first..];
        let Some(end) = slices.last().map(|last| last.to) else { return };
        self.waiting.retain(|mark| {
            let (Mark::Down { to, .. } | Mark::Lost { to, .. }) = *mark;
            let place = all || to <= end;
            if place {
                place_mark(*mark, slices);
            }
            !place
        });
    }

    /// Merges neighbors that have room for each other.
    fn coarsen(&mut self) {
        let (mut merged, mut first): (Vec<Slice>, usize) = (Vec::with_capacity(self.slices.len()), 0);
        for (index, slice) in std::mem::take(&mut self.slices).into_iter().enumerate() {
            if index == self.first {
                first = merged.len();
            }
            match merged.last_mut() {
                Some(last) if last.has_room_for(&slice, self.width) => {
                    last.append(slice);
                    last.compact(GROWN);
                }
                _ => merged.push(slice),
            }
        }
        self.first = if self.first == 0 { 0 } else { first };
        self.slices = merged;
    }
}

fn place_mark(mark: Mark, slices: &mut [Slice]) {
    let (Mark::Down { from, to } | Mark::Lost { from, to, .. }) = mark;
    let begin = slices.partition_point(|slice| slice.to <= from).min(slices.len() - 1);
    let end = slices.partition_point(|slice| slice.from < to).max(begin + 1).min(slices.len());
    let part = &mut slices[begin..end];
    match mark {
        Mark::Down { .. } => {
            part.iter_mut().for_each(|slice| slice.down += slice.to.min(to).since(slice.from.max(from)));
        }
        Mark::Lost { count, .. } => {
            // They were published at an even pace.
            let number = part.len() as u64;
            for (index, slice) in part.iter_mut().enumerate() {
                let index = index as u64;
                slice.lost += count * (index + 1) / number - count * index / number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture::{at, good, interval, secs, stamp};

    fn timeline(seconds: u32, span: f64) -> Timeline {
        let mut timeline = Timeline::default();
        for second in 1..=seconds {
            let event = at(f64::from(second) * span, interval(good(10), &[100 + u64::from(second % 7), 200]));
            let crate::event::EventKind::Interval(mut interval) = event.kind.clone() else { unreachable!() };
            interval.span = secs(span);
            timeline.add(&event, 1, &interval);
        }
        timeline
    }

    #[test]
    fn a_short_run_keeps_its_seconds() {
        let slices = timeline(600, 1.0).into_slices();
        assert_eq!(slices.len(), 600);
        assert_eq!((slices[7].from, slices[7].to, slices[7].counters), (stamp(7.0), stamp(8.0), good(10)));
        assert_eq!(slices[7].latency().count(), 2);
    }

    #[test]
    fn a_fortnight_is_bounded_and_nothing_is_lost() {
        let number = 14 * 24 * 30;
        let slices = timeline(number, 120.0).into_slices();
        assert!((SLICES / 2..=SLICES).contains(&slices.len()), "{}", slices.len());
        assert!(slices.is_sorted_by_key(|slice| slice.from));
        assert!(slices.windows(2).all(|pair| pair[0].to == pair[1].from), "there are no holes");
        let ok: u64 = slices.iter().map(|slice| slice.counters.ok).sum();
        let latencies: u64 = slices.iter().map(|slice| slice.latency().count()).sum();
        assert_eq!((ok, latencies), (u64::from(number) * 10, u64::from(number) * 2));
    }

    #[test]
    fn slices_are_about_as_long_however_long_the_run() {
        let number = 14 * 24 * 360;
        let slices = timeline(number, 10.0).into_slices();
        let longest = slices.iter().map(Slice::length).max().unwrap();
        assert!((SLICES / 2..=SLICES).contains(&slices.len()), "{}", slices.len());
        assert!(longest <= Duration::from_secs(u64::from(number) * 10 * 2 / SLICES as u64 * 2), "{longest:?}");
        assert_eq!(slices.iter().map(|slice| slice.latency().count()).sum::<u64>(), u64::from(number) * 2);
    }

    #[test]
    fn the_latest_of_thousands_of_runs_are_kept() {
        let mut timeline = Timeline::default();
        for run in 1..=2 * SLICES as u32 {
            timeline.begin_run();
            let event = at(1.0, interval(good(10), &[100, 200]));
            let crate::event::EventKind::Interval(interval) = &event.kind else { unreachable!() };
            timeline.add(&event, run, interval);
            timeline.down(stamp(0.5), stamp(1.0));
        }
        let slices = timeline.into_slices();
        assert_eq!((slices.len(), slices[0].run), (SLICES, SLICES as u32 + 1));
        assert!(slices.iter().all(|slice| slice.down == secs(0.5)));
    }

    #[test]
    fn an_outage_and_lost_messages_lie_where_they_were() {
        let mut timeline = timeline(10, 1.0);
        timeline.down(stamp(2.5), stamp(4.25));
        timeline.lost(stamp(2.1), stamp(3.9), 5);
        // Not yet in a slice.
        timeline.down(stamp(9.5), stamp(11.0));
        let slices = timeline.into_slices();
        let down: Vec<_> = slices.iter().map(|slice| slice.down.as_millis()).collect();
        assert_eq!(down, [0, 0, 500, 1000, 250, 0, 0, 0, 0, 500]);
        let lost: Vec<_> = slices.iter().map(|slice| slice.lost).collect();
        assert_eq!(lost, [0, 0, 2, 3, 0, 0, 0, 0, 0, 0]);
    }
}
