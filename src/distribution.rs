//! A distribution of durations: an HDR histogram that knows its unit and travels through JSON.
//!
//! Three significant digits from 128 ns to one hour; longer values count as one hour. In JSON it is the HDR V2
//! encoding in base64, the form that other HDR tools read.

use std::{borrow::Cow, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer, Serializer, V2Serializer},
};
use serde::{Deserialize, Serialize};

use crate::clock::nanos;

const LOWEST: u64 = 128;
const HIGHEST: u64 = 3600 * 1_000_000_000;
const DIGITS: u8 = 3;

/// Durations, counted in buckets: as many as the longest needs (16 KB for a quarter of a millisecond, 112 KB for a
/// second), and none while it is empty.
#[derive(Clone, Default)]
pub struct Distribution(Option<Histogram<u64>>);

impl Distribution {
    /// Counts one duration.
    #[inline]
    pub fn record(&mut self, duration: Duration) {
        // Cannot fail: it grows as far as HIGHEST needs.
        let _ = self.0.get_or_insert_with(empty).record(nanos(duration).min(HIGHEST));
    }

    /// Adds all that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (_, None) => {}
            // Cannot fail: it grows as far as needed.
            (Some(ours), Some(theirs)) => _ = ours.add(theirs),
            (ours, theirs) => ours.clone_from(theirs),
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::len)
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(Histogram::is_empty)
    }

    /// The duration that a share `quantile` (0 to 1) of all stays at or below; `None` when empty.
    pub fn quantile(&self, quantile: f64) -> Option<Duration> {
        self.some(|counts| counts.value_at_quantile(quantile))
    }

    /// The smallest; `None` when empty.
    pub fn min(&self) -> Option<Duration> {
        self.some(Histogram::min)
    }

    /// The largest; `None` when empty.
    pub fn max(&self) -> Option<Duration> {
        self.some(Histogram::max)
    }

    /// The arithmetic mean; `None` when empty.
    pub fn mean(&self) -> Option<Duration> {
        self.some(|counts| counts.mean() as u64)
    }

    /// The standard deviation; `None` when empty.
    pub fn deviation(&self) -> Option<Duration> {
        self.some(|counts| counts.stdev() as u64)
    }

    fn some(&self, nanos: impl FnOnce(&Histogram<u64>) -> u64) -> Option<Duration> {
        self.0.as_ref().filter(|counts| !counts.is_empty()).map(|counts| Duration::from_nanos(nanos(counts)))
    }
}

fn empty() -> Histogram<u64> {
    let histogram = Histogram::new_with_bounds(LOWEST, 2 * LOWEST, DIGITS);
    let mut histogram = histogram.expect("constant bounds that the histogram accepts");
    histogram.auto(true);
    histogram
}

impl PartialEq for Distribution {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(ours), Some(theirs)) => {
                // Not the library's comparison, for which one that has grown more is another.
                let counted = |counts: &Histogram<u64>| -> Vec<_> {
                    counts.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value())).collect()
                };
                counted(ours) == counted(theirs)
            }
            _ => self.is_empty() && other.is_empty(),
        }
    }
}

impl std::fmt::Debug for Distribution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Distribution({} values, p50 {:?}, max {:?})", self.count(), self.quantile(0.5), self.max())
    }
}

impl Serialize for Distribution {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        let counts = self.0.as_ref().map_or_else(|| Cow::Owned(empty()), Cow::Borrowed);
        V2Serializer::new().serialize(&counts, &mut bytes).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&STANDARD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text.as_bytes()).map_err(serde::de::Error::custom)?;
        let histogram: Histogram<u64> =
            Deserializer::new().deserialize(&mut bytes.as_slice()).map_err(serde::de::Error::custom)?;
        // Another tool's bounds are welcome: what it counted is counted anew in ours.
        let mut counts = empty();
        counts.add(&histogram).map_err(serde::de::Error::custom)?;
        Ok(Self(Some(counts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_distribution_has_no_figures() {
        let empty = Distribution::default();
        assert_eq!((empty.quantile(0.5), empty.max(), empty.mean()), (None, None, None));
    }

    #[test]
    fn hours_are_counted_as_the_longest_duration() {
        let mut distribution = Distribution::default();
        distribution.record(Duration::from_secs(86_400));
        assert_eq!(distribution.count(), 1);
        assert!(distribution.max().unwrap() >= Duration::from_secs(3600));
    }

    proptest::proptest! {
        #[test]
        fn quantiles_agree_with_the_sorted_values(mut values in proptest::collection::vec(1_000u64..10_000_000_000, 1..200)) {
            let mut distribution = Distribution::default();
            values.iter().for_each(|value| distribution.record(Duration::from_nanos(*value)));
            values.sort_unstable();
            for quantile in [0.5, 0.9, 0.99, 1.0] {
                let rank = ((values.len() as f64 * quantile).ceil() as usize).max(1) - 1;
                let exact = values[rank] as f64;
                let found = distribution.quantile(quantile).unwrap().as_nanos() as f64;
                proptest::prop_assert!((found - exact).abs() <= exact * 0.001 + 256.0, "{quantile}: {found} {exact}");
            }
        }

        #[test]
        fn merging_parts_equals_one_pass_and_json_keeps_all(left: Vec<u32>, right: Vec<u32>) {
            let of = |values: &[u32]| {
                let mut distribution = Distribution::default();
                values.iter().for_each(|value| distribution.record(Duration::from_nanos(u64::from(*value))));
                distribution
            };
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let whole = of(&[left, right].concat());
            proptest::prop_assert_eq!(&merged, &whole);
            let json = serde_json::to_string(&whole).unwrap();
            proptest::prop_assert_eq!(serde_json::from_str::<Distribution>(&json).unwrap(), whole);
        }
    }
}
