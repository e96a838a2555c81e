//! Distributions of durations: HDR histograms with a fixed unit and a JSON form.
//!
//! Three significant digits from 128 ns to one hour; longer values count as one hour. In JSON it is the HDR V2 encoding in
//! base64, without its compression: that saves nothing on ten durations and a fifth on a hundred, and takes longer to undo
//! than all else that a report does. The compressed encoding of older journals is read, too.

mod hdr;
mod packed;
mod parts;

use std::{borrow::Cow, cell::RefCell, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
pub(crate) use hdr::Level;
use hdrhistogram::{Histogram, serialization::Deserializer};
use packed::{COOKIE, HEADER, Packed, inflated, number};
pub(crate) use parts::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::nanos;

const LOWEST: u64 = 128;
const HIGHEST: u64 = 3600 * 1_000_000_000;
const DIGITS: u8 = 3;

/// Maximum number of parts of a sum at rest.
const PARTS: usize = 32;

/// As many durations as take the memory of the smallest histogram.
const FEW: usize = 1 << 11;

/// A distribution of durations in nanoseconds: an HDR histogram, V2 encoding, in base64; compressed in older journals.
// A run has dozens of them, refilled each second, most of them with little or nothing. So a few durations are kept
// as they are, and only many are counted in a histogram, which takes at least 16 KB, and 8 KB more for each doubling of
// the longest duration: allocated and freed each second, such blocks would leave holes in the heap.
#[derive(Clone, JsonSchema)]
#[schemars(with = "String", extend("contentEncoding" = "base64"))]
pub struct Distribution(Counts);

#[derive(Clone)]
enum Counts {
    /// At most [`FEW`] durations in nanoseconds, in no order.
    Few(Vec<u64>),
    /// As they were read.
    Packed(Packed),
    /// One sum of many.
    Parts(Parts),
    Many(Histogram<u64>),
}

impl Default for Distribution {
    fn default() -> Self {
        Self(Counts::Few(Vec::new()))
    }
}

impl Distribution {
    /// Creates an empty distribution that takes little memory, however much is added up in it.
    pub fn at_rest() -> Self {
        Self(Counts::Parts(Parts::default()))
    }

    /// Adds one duration.
    #[inline]
    pub fn record(&mut self, duration: Duration) {
        let value = nanos(duration).min(HIGHEST);
        match &mut self.0 {
            // Cannot fail: the histogram grows as needed, and every value fits below the highest.
            Counts::Many(histogram) => _ = histogram.record(value),
            Counts::Few(values) if values.len() < FEW => values.push(value),
            Counts::Few(_) | Counts::Packed(_) | Counts::Parts(_) => _ = self.counted().record(value),
        }
    }

    /// Adds all durations of `other`.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (Counts::Parts(ours), _) => {
                ours.append(Parts::of(Some(other)));
                ours.compact(PARTS);
            }
            (_, Counts::Parts(theirs)) => {
                theirs.packed().into_iter().for_each(|theirs| theirs.add_to(self.counted()));
            }
            (Counts::Few(none), Counts::Packed(theirs)) if none.is_empty() => self.0 = Counts::Packed(theirs.clone()),
            (Counts::Few(ours), Counts::Few(theirs)) if ours.len() + theirs.len() <= FEW => ours.extend(theirs),
            (_, Counts::Few(theirs)) => count(self.counted(), theirs),
            (_, Counts::Packed(theirs)) => theirs.add_to(self.counted()),
            // Cannot fail: it grows as needed.
            (_, Counts::Many(theirs)) => _ = self.counted().add(theirs),
        }
    }

    /// Adds all durations of `other` to the sum of a run, which will have many: it becomes a histogram immediately, and so
    /// reaches most of its size within seconds, not after hours. A sum at rest stays small.
    pub fn add_up(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        if !matches!(self.0, Counts::Parts(_)) {
            self.counted();
        }
        self.merge(other);
    }

    /// Returns the same distribution, unpacked once for all figures that are read from it.
    pub(crate) fn unpacked(mut self) -> Self {
        self.counted();
        self
    }

    /// Returns true if it is as it was read.
    pub(crate) fn is_packed(&self) -> bool {
        matches!(self.0, Counts::Packed(_))
    }

    /// Returns the number of durations.
    pub fn count(&self) -> u64 {
        match &self.0 {
            Counts::Few(values) => values.len() as u64,
            Counts::Packed(packed) => packed.count(),
            Counts::Parts(parts) => parts.count(),
            Counts::Many(histogram) => histogram.len(),
        }
    }

    /// Returns true if there are no durations.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// Returns the duration that a share `quantile` (0 to 1) of all does not exceed; `None` if empty.
    pub fn quantile(&self, quantile: f64) -> Option<Duration> {
        self.some(|histogram| histogram.value_at_quantile(quantile))
    }

    /// Returns the smallest duration; `None` if empty.
    pub fn min(&self) -> Option<Duration> {
        self.some(Histogram::min)
    }

    /// Returns the largest duration; `None` if empty.
    pub fn max(&self) -> Option<Duration> {
        self.some(Histogram::max)
    }

    /// Returns the arithmetic mean; `None` if empty.
    pub fn mean(&self) -> Option<Duration> {
        self.some(|histogram| histogram.mean() as u64)
    }

    /// Returns the standard deviation; `None` if empty.
    pub fn deviation(&self) -> Option<Duration> {
        self.some(|histogram| histogram.stdev() as u64)
    }

    /// Returns each distinct duration, as far as the buckets distinguish them, with its number.
    pub fn counts(&self) -> Vec<(Duration, u64)> {
        let histogram = self.histogram();
        let buckets = histogram.iter_recorded();
        buckets.map(|bucket| (Duration::from_nanos(bucket.value_iterated_to()), bucket.count_at_value())).collect()
    }

    /// Passes on each duration with its number, in no order; a duration may come several times.
    pub fn visit(&self, mut visit: impl FnMut(Duration, u64)) {
        match &self.0 {
            // Without a histogram, which takes longer to make than these to read.
            Counts::Few(values) => values.iter().for_each(|value| visit(Duration::from_nanos(*value), 1)),
            Counts::Packed(_) | Counts::Parts(_) | Counts::Many(_) => {
                self.counts().into_iter().for_each(|(duration, number)| visit(duration, number));
            }
        }
    }

    fn some(&self, nanos: impl FnOnce(&Histogram<u64>) -> u64) -> Option<Duration> {
        (!self.is_empty()).then(|| Duration::from_nanos(nanos(&self.histogram())))
    }

    /// Reads an HDR V2 encoding, compressed or not.
    fn decoded(bytes: &[u8]) -> Result<Self, String> {
        inflated(bytes, |plain| match Packed::read(plain) {
            Some(packed) => Ok(Self(Counts::Packed(packed))),
            None => Self::foreign(plain),
        })?
    }

    /// Reads the HDR V2 encoding of another tool, whose values go into our buckets, or of an empty histogram.
    fn foreign(mut plain: &[u8]) -> Result<Self, String> {
        if !is_plausible(plain) {
            return Err("not a histogram in the HDR V2 encoding".to_owned());
        }
        let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut plain).map_err(|why| why.to_string())?;
        let values = histogram
            .iter_recorded()
            .map(|value| (histogram.lowest_equivalent(value.value_iterated_to()), value.count_at_value()));
        Ok(Packed::of_counted(values).map_or_else(Self::default, |packed| Self(Counts::Packed(packed))))
    }

    /// Converts to a histogram, regardless of the number of durations.
    fn counted(&mut self) -> &mut Histogram<u64> {
        match &self.0 {
            Counts::Few(values) => self.0 = Counts::Many(histogram_of(values)),
            Counts::Packed(packed) => self.0 = Counts::Many(packed.histogram()),
            Counts::Parts(parts) => self.0 = Counts::Many(histogram_in(parts)),
            Counts::Many(_) => {}
        }
        match &mut self.0 {
            Counts::Many(histogram) => histogram,
            Counts::Few(_) | Counts::Packed(_) | Counts::Parts(_) => unreachable!("they have just been counted"),
        }
    }

    /// Returns a histogram of all durations.
    fn histogram(&self) -> Cow<'_, Histogram<u64>> {
        match &self.0 {
            Counts::Few(values) => Cow::Owned(histogram_of(values)),
            Counts::Packed(packed) => Cow::Owned(packed.histogram()),
            Counts::Parts(parts) => Cow::Owned(histogram_in(parts)),
            Counts::Many(histogram) => Cow::Borrowed(histogram),
        }
    }
}

/// An empty histogram that grows with the values it gets.
fn histogram() -> Histogram<u64> {
    let mut histogram =
        Histogram::new_with_bounds(LOWEST, 2 * LOWEST, DIGITS).expect("constant bounds that the histogram accepts");
    histogram.auto(true);
    histogram
}

fn histogram_of(values: &[u64]) -> Histogram<u64> {
    let mut histogram = histogram();
    count(&mut histogram, values);
    histogram
}

fn histogram_in(parts: &Parts) -> Histogram<u64> {
    parts.packed().map_or_else(histogram, |packed| packed.histogram())
}

fn count(histogram: &mut Histogram<u64>, values: &[u64]) {
    // Cannot fail: it grows as needed.
    values.iter().for_each(|value| _ = histogram.record(*value));
}

/// The same counts in the same buckets, however far either has grown.
impl PartialEq for Distribution {
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.histogram(), other.histogram());
        let buckets = |histogram: &Histogram<u64>| {
            let recorded = histogram.iter_recorded();
            recorded.map(|bucket| (bucket.value_iterated_to(), bucket.count_at_value())).collect::<Vec<_>>()
        };
        self.count() == other.count() && buckets(&ours) == buckets(&theirs)
    }
}

impl std::fmt::Debug for Distribution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Distribution({} values, p50 {:?}, max {:?})", self.count(), self.quantile(0.5), self.max())
    }
}

impl Serialize for Distribution {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(Packed::encoding(Packed::of(self).as_ref())))
    }
}

thread_local! {
    /// The encoding that is being read: a journal has hundreds of thousands.
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A text, copied only if it must be.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        BYTES.with_borrow_mut(|bytes| {
            bytes.clear();
            STANDARD.decode_vec(text.as_bytes(), bytes).map_err(serde::de::Error::custom)?;
            Self::decoded(bytes).map_err(serde::de::Error::custom)
        })
    }
}

/// Checks the header, whose sizes the deserializer believes.
fn is_plausible(bytes: &[u8]) -> bool {
    let counts = bytes.get(HEADER..).unwrap_or_default();
    // A run of 2^63 zeros, whose length the deserializer cannot negate.
    let is_endless = |counts: &[u8]| counts.split(|byte| *byte != 0xff).any(|run| run.len() >= 9);
    number(bytes, 0) == Some(COOKIE)
        && number(bytes, 4).is_some_and(|length| length as usize <= counts.len())
        && number(bytes, 12).is_some_and(|digits| digits <= DIGITS.into())
        && !is_endless(counts)
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::{Serializer as _, V2Serializer};

    use super::*;
    use crate::fuzz::Fuzz;

    pub(super) fn of(nanos: impl IntoIterator<Item = u64>) -> Distribution {
        let mut distribution = Distribution::default();
        nanos.into_iter().for_each(|nanos| distribution.record(Duration::from_nanos(nanos)));
        distribution
    }

    /// Every figure that is shown.
    fn shown(distribution: &Distribution) -> String {
        let quantiles = [0.5, 0.9, 0.99, 0.999].map(|quantile| distribution.quantile(quantile));
        let figures = (distribution.count(), distribution.min(), distribution.mean(), distribution.deviation());
        format!("{figures:?} {quantiles:?} {:?} {}", distribution.max(), serde_json::to_string(distribution).unwrap())
    }

    #[test]
    fn the_uncompressed_encoding_of_older_journals_is_read() {
        let old = concat!(
            "\"",
            "HISTEwAAAK0AAAAAAAAAAwAAAAAAAACAAAAAAAA///8/8AAAAAAAAPUrAgInAisCAAQAAgACDQIDBA8CJQIDAg0CBQ",
            "QJAgUCAgIJAgICAwIAAgMCAwQAAgACAwIABAICAAIDAgcEBwQAAgkCBwICAAIJAgACAAIFAgcCAgACBwINAgMCEQID",
            "AgUCGQICCwIHBAIAAgIHAgACCQICDwIbAgkCEwIFAgUCIQITAg0CCwIZAjECEwJzAkkCEwICDQJNAgACAwQLAhUCbw",
            "J9AmsCzQMC0R4C",
            "\""
        );
        let read: Distribution = serde_json::from_str(old).unwrap();
        assert_eq!((read.count(), read.max().map(|max| max.as_millis())), (101, Some(3)));
        assert_eq!(serde_json::from_str::<Distribution>(&serde_json::to_string(&read).unwrap()).unwrap(), read);
    }

    #[test]
    fn the_compressed_encoding_of_older_journals_is_read() {
        let old =
            "\"HISTFAAAAD54nC3GoQ3AIBQG4Z9rqpqKpqkquyCZCI+ACRiGtdgAxOPMd760V9In69hmwykMu3lRT34SD4HITXcstH0GoQ==\"";
        let read: Distribution = serde_json::from_str(old).unwrap();
        assert_eq!((read.count(), read.max().map(|max| max.as_micros())), (9, Some(172)));
        assert!(read.is_packed());
        let new = serde_json::to_string(&read).unwrap();
        assert!(new.len() < old.len(), "{new}");
        assert_eq!(serde_json::from_str::<Distribution>(&new).unwrap(), read);
    }

    #[test]
    fn the_encoding_is_that_of_a_histogram() {
        for distribution in [of([]), of([1]), of([1000, 5000]), of((1..3000).map(|n| n * n * 1000))] {
            let bytes = Packed::encoding(Packed::of(&distribution).as_ref());
            let read: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
            assert_eq!(Distribution(Counts::Many(read)), distribution);
            let mut theirs = Vec::new();
            V2Serializer::new().serialize(&distribution.histogram(), &mut theirs).unwrap();
            let theirs = Distribution::decoded(&theirs).unwrap();
            assert_eq!((theirs.is_packed(), &theirs), (!distribution.is_empty(), &distribution));
        }
    }

    #[test]
    fn a_few_and_many_are_told_in_the_same_words() {
        let (mut few, mut many) = (of((1..100).map(|n| n * n * 1000)), of((1..100).map(|n| n * n * 1000)));
        many.counted();
        assert!(matches!(few.0, Counts::Few(_)) && matches!(many.0, Counts::Many(_)));
        assert_eq!((shown(&few), &few), (shown(&many), &many));
        few.merge(&of((0..FEW as u64).map(|n| n * 500)));
        many.merge(&of((0..FEW as u64).map(|n| n * 500)));
        assert!(matches!(few.0, Counts::Many(_)), "they are counted");
        assert_eq!((shown(&few), &few), (shown(&many), &many));
    }

    #[test]
    fn a_sum_is_counted_from_its_first_part_on() {
        let mut sum = Distribution::default();
        sum.add_up(&of([]));
        assert!(matches!(&sum.0, Counts::Few(none) if none.capacity() == 0), "nothing takes no memory");
        sum.add_up(&of([1000]));
        assert!(matches!(sum.0, Counts::Many(_)));
        assert_eq!(sum, of([1000]));
    }

    #[test]
    fn however_they_come_together_none_is_lost() {
        let parts = [0, 1, FEW - 1, FEW, FEW + 1, 3 * FEW].map(|length| of((0..length as u64).map(|n| n * 1000)));
        for (left, right) in parts.iter().flat_map(|left| parts.iter().map(move |right| (left, right))) {
            let mut both = left.clone();
            both.merge(right);
            assert_eq!(both.count(), left.count() + right.count());
            let mut other = right.clone();
            other.merge(left);
            assert_eq!(both, other);
        }
    }

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
        let json = serde_json::to_string(&distribution).unwrap();
        assert_eq!(serde_json::from_str::<Distribution>(&json).unwrap(), distribution);
    }

    proptest::proptest! {
        #[test]
        fn quantiles_agree_with_the_sorted_values(mut values in proptest::collection::vec(1_000u64..10_000_000_000, 1..200)) {
            let distribution = of(values.iter().copied());
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
            let of = |values: &[u32]| of(values.iter().copied().map(u64::from));
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let whole = of(&[left, right].concat());
            proptest::prop_assert_eq!(&merged, &whole);
            let json = serde_json::to_string(&whole).unwrap();
            proptest::prop_assert_eq!(serde_json::from_str::<Distribution>(&json).unwrap(), whole);
        }
    }

    #[test]
    fn fuzz_distributions() {
        let distributions = [of([]), of([1000]), of((1..3000).map(|n| n * n * 1000))];
        let encoded = |distribution: &Distribution| {
            let json = serde_json::to_string(distribution).unwrap();
            STANDARD.decode(json.trim_matches('"')).unwrap()
        };
        Fuzz::new("distribution", &["\u{1}", "\0\0\0"]).with(distributions.iter().map(encoded)).run(|bytes| {
            if let Ok(distribution) = Distribution::decoded(bytes) {
                assert_eq!(Distribution::decoded(&encoded(&distribution)).unwrap(), distribution);
                let _ = (distribution.quantile(0.99), distribution.mean(), distribution.deviation());
            }
        });
    }
}
