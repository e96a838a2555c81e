//! The sums of the samples of all runs.

use crate::{
    distribution::Distribution,
    event::{Counters, Interval},
};

/// The sums of the samples.
#[derive(Debug, Default)]
pub(super) struct Samples {
    pub(super) counters: Counters,
    pub(super) latency: Distribution,
    pub(super) service: Distribution,
    pub(super) failed_latency: Distribution,
    pub(super) waited: Distribution,
    pub(super) end_to_end: Distribution,
}

impl Samples {
    /// Creates the sums of one of many targets, which take little memory.
    pub(super) fn of_many() -> Self {
        let [latency, service, failed_latency, waited, end_to_end] = std::array::from_fn(|_| Distribution::at_rest());
        Self { counters: Counters::default(), latency, service, failed_latency, waited, end_to_end }
    }

    pub(super) fn add(&mut self, interval: &Interval) {
        self.counters += interval.counters;
        for (sum, part) in [
            (&mut self.latency, &interval.latency),
            (&mut self.service, &interval.service),
            (&mut self.failed_latency, &interval.failed_latency),
            (&mut self.waited, &interval.waited),
            (&mut self.end_to_end, &interval.end_to_end),
        ] {
            if let Some(part) = part {
                sum.add_up(part);
            }
        }
    }
}
