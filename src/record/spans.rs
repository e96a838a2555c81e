//! A set of spans of time, of which the oldest are only summed up.

use std::{collections::VecDeque, time::Duration};

use crate::clock::Stamp;

/// Spans kept.
const KEPT: usize = 256;

/// Disjoint spans of one run, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans {
    kept: VecDeque<(Stamp, Stamp)>,
    /// Length of those before `horizon`.
    folded: Duration,
    horizon: Stamp,
}

impl Spans {
    /// Adds a span, which may overlap others.
    pub(super) fn add(&mut self, from: Stamp, to: Stamp) {
        let (mut from, mut to) = (from.max(self.horizon), to);
        if to <= from {
            return;
        }
        let first = self.kept.partition_point(|span| span.1 < from);
        let after = self.kept.partition_point(|span| span.0 <= to);
        for span in self.kept.drain(first..after) {
            (from, to) = (from.min(span.0), to.max(span.1));
        }
        self.kept.insert(first, (from, to));
        if self.kept.len() > KEPT
            && let Some((from, to)) = self.kept.pop_front()
        {
            self.folded += to.since(from);
            self.horizon = to;
        }
    }

    /// Returns the part of a span that is in the set. Of a time before the horizon nothing but the sum is known, and the
    /// span is taken to include it.
    pub(super) fn within(&self, from: Stamp, to: Stamp) -> Duration {
        let parts = self.kept.iter().map(|span| span.1.min(to).since(span.0.max(from)));
        let before = if from < self.horizon { self.folded } else { Duration::ZERO };
        (parts.sum::<Duration>() + before).min(to.since(from))
    }

    /// Returns the part of the set in a span that is in no other set.
    pub(super) fn within_without(&self, from: Stamp, to: Stamp, other: &Self) -> Duration {
        let parts = self.kept.iter().map(|span| {
            let (from, to) = (span.0.max(from), span.1.min(to));
            to.since(from).saturating_sub(other.within(from, to))
        });
        let before = if from < self.horizon { self.folded } else { Duration::ZERO };
        parts.sum::<Duration>() + before
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Stamp {
        Stamp::START.after(Duration::from_secs(seconds))
    }

    proptest! {
        #[test]
        fn a_set_of_spans_is_a_set_of_seconds(
            spans in prop::collection::vec((0u64..60, 0u64..20), 0..30),
            others in prop::collection::vec((0u64..60, 0u64..20), 0..5),
            (from, length) in (0u64..60, 0u64..40),
        ) {
            let (mut set, mut other) = (Spans::default(), Spans::default());
            spans.iter().for_each(|(from, length)| set.add(at(*from), at(from + length)));
            others.iter().for_each(|(from, length)| other.add(at(*from), at(from + length)));
            let inside = |list: &[(u64, u64)], second: u64| {
                list.iter().any(|(from, length)| (*from..from + length).contains(&second))
            };
            let both: Vec<u64> = (from..from + length).filter(|second| inside(&spans, *second)).collect();
            prop_assert_eq!(set.within(at(from), at(from + length)), Duration::from_secs(both.len() as u64));
            let only = both.iter().filter(|second| !inside(&others, **second)).count() as u64;
            prop_assert_eq!(set.within_without(at(from), at(from + length), &other), Duration::from_secs(only));
        }
    }

    #[test]
    fn memory_is_bounded_and_the_sum_is_exact() {
        let mut set = Spans::default();
        (0..10_000).for_each(|n| set.add(at(n * 10), at(n * 10 + 1)));
        assert_eq!(set.kept.len(), KEPT);
        assert_eq!(set.within(at(0), at(100_000)), Duration::from_secs(10_000));
        assert_eq!(set.within(at(99_980), at(100_000)), Duration::from_secs(2));
    }
}
