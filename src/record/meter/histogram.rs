//! The histogram of a metric.

use std::{collections::BTreeMap, time::Duration};

use crate::{clock::nanos, distribution::Distribution};

/// The upper limits of the buckets of a histogram, in microseconds: few, because each target has them all.
pub(crate) const BUCKETS: [u64; 11] = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000];

/// The resolution of the fine buckets of a histogram, as Prometheus' native histograms and OTLP's exponential ones count it:
/// each limit is 2^(1/2^3) times the one before, so a quantile is off by 4.4 % at most.
pub(crate) const SCHEMA: i32 = 3;

/// A histogram, cumulative over time, with the few fixed buckets of a classic one and the fine ones of a native one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    counts: [u64; BUCKETS.len()],
    /// Number of durations by the index of their fine bucket: at most 340, because no duration exceeds an hour.
    fine: BTreeMap<i32, u64>,
    /// Durations of zero, which have no fine bucket.
    pub zeros: u64,
    /// Number of all durations, those above the last limit included.
    pub count: u64,
    /// Sum of all durations.
    pub sum: Duration,
}

impl Histogram {
    pub(super) fn add(&mut self, part: &Distribution) {
        part.visit(|duration, number| {
            let micros = nanos(duration).div_ceil(1000);
            let bucket = BUCKETS.partition_point(|limit| *limit < micros);
            if let Some(count) = self.counts.get_mut(bucket) {
                *count += number;
            }
            match fine_bucket(duration) {
                Some(index) => *self.fine.entry(index).or_default() += number,
                None => self.zeros += number,
            }
            self.count += number;
            self.sum += duration * u32::try_from(number).unwrap_or(u32::MAX);
        });
    }

    /// Returns the number of durations up to each limit of [`BUCKETS`].
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = u64> {
        self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        })
    }

    /// Returns the fine buckets that are not empty, in order: index, and number of durations.
    pub(crate) fn fine(&self) -> impl Iterator<Item = (i32, u64)> {
        self.fine.iter().map(|(index, count)| (*index, *count))
    }
}

/// Returns the index of the fine bucket of a duration: the limit of bucket 0 is a second, and belongs to it. `None` for zero.
fn fine_bucket(duration: Duration) -> Option<i32> {
    let steps = duration.as_secs_f64().log2() * f64::from(1 << SCHEMA);
    steps.is_finite().then(|| steps.ceil() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_in_the_bucket_of_its_upper_limit() {
        let mut part = Distribution::default();
        for micros in [1, 100, 101, 2_500_000, 2_500_001] {
            part.record(Duration::from_micros(micros));
        }
        let mut histogram = Histogram::default();
        histogram.add(&part);
        let cumulative: Vec<_> = histogram.cumulative().collect();
        assert_eq!((cumulative[0], cumulative[1], cumulative[BUCKETS.len() - 1]), (2, 3, 4));
        assert_eq!((histogram.count, histogram.sum), (5, Duration::from_micros(5_000_203)));
    }

    #[test]
    fn fine_buckets_have_their_upper_limit_and_hold_each_duration_once() {
        let index = |seconds: f64| fine_bucket(Duration::from_secs_f64(seconds));
        let expected = [(1.0, 0), (2.0, 8), (0.5, -8), (1.000_001, 1), (0.999_999, 0), (0.25, -16), (3600.0, 95)];
        expected.into_iter().for_each(|(seconds, expected)| assert_eq!(index(seconds), Some(expected), "{seconds}"));
        assert_eq!((index(0.0), fine_bucket(Duration::from_nanos(1))), (None, Some(-239)));
        for duration in (0..30).map(|bit| Duration::from_nanos((1 << bit) + (1 << bit) / 3)) {
            let limit = f64::from(fine_bucket(duration).unwrap());
            let limits = [limit - 1.0, limit].map(|steps| (steps / f64::from(1 << SCHEMA)).exp2());
            assert!(limits[0] < duration.as_secs_f64() && duration.as_secs_f64() <= limits[1], "{duration:?}");
        }
        let mut histogram = Histogram::default();
        let mut part = Distribution::default();
        [0, 150, 150_000, 151_000, 2_000_000_000].into_iter().map(Duration::from_nanos).for_each(|it| part.record(it));
        histogram.add(&part);
        let fine: u64 = histogram.fine().map(|(_, count)| count).sum();
        assert_eq!((fine + histogram.zeros, histogram.zeros, histogram.fine().count()), (histogram.count, 1, 3));
    }
}
