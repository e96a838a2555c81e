//! The sums of the samples of all runs.

use super::Summary;
use crate::{
    distribution::{Distribution, Parts},
    event::{Counters, Interval},
};

/// Distributions of a journal that wait to be added up together.
const WAITING: usize = 32;

/// The sums of the samples.
#[derive(Debug, Default)]
pub(super) struct Samples {
    pub(super) counters: Counters,
    pub(super) latency: Total,
    pub(super) service: Total,
    pub(super) failed_latency: Total,
    pub(super) waited: Total,
    pub(super) end_to_end: Total,
}

/// The sum of distributions.
#[derive(Debug, Default)]
pub(super) struct Total {
    sum: Distribution,
    waiting: Parts,
}

impl Samples {
    /// Creates the sums of one of many targets, which take little memory.
    pub(super) fn of_many() -> Self {
        let at_rest = || Total { sum: Distribution::at_rest(), waiting: Parts::default() };
        let [latency, service, failed_latency, waited, end_to_end] = std::array::from_fn(|_| at_rest());
        Self { counters: Counters::default(), latency, service, failed_latency, waited, end_to_end }
    }

    pub(super) fn add(&mut self, interval: &Interval) {
        self.counters += interval.counters;
        for (total, part) in [
            (&mut self.latency, &interval.latency),
            (&mut self.service, &interval.service),
            (&mut self.failed_latency, &interval.failed_latency),
            (&mut self.waited, &interval.waited),
            (&mut self.end_to_end, &interval.end_to_end),
        ] {
            if let Some(part) = part {
                total.add(part);
            }
        }
    }
}

impl Total {
    fn add(&mut self, part: &Distribution) {
        if !part.is_packed() {
            return self.sum.add_up(part);
        }
        self.waiting.append(Parts::of(Some(part)));
        if self.waiting.number() == WAITING {
            self.sum.add_up(&std::mem::take(&mut self.waiting).sum());
        }
    }

    /// Returns the figures of the sum; `None` if it is empty.
    pub(super) fn summary(&self) -> Option<Summary> {
        if self.waiting.number() == 0 {
            return Summary::of(&self.sum);
        }
        let mut sum = self.sum.clone();
        sum.add_up(&self.waiting.sum());
        Summary::of(&sum)
    }
}
