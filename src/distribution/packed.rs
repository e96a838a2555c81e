//! Distributions at rest: only the buckets that hold something, as bytes.
//!
//! Nearly all of a journal is histograms, and a histogram takes at least 16 KB in memory. So one that is read stays packed
//! until its counts are added to a sum, which needs neither a separate histogram nor the buckets without a count.

use std::{cell::RefCell, sync::Arc};

use flate2::{Decompress, FlushDecompress, Status};
use hdrhistogram::{
    Histogram,
    serialization::{Serializer, V2Serializer},
};

use super::{Counts, DIGITS, Distribution, HIGHEST, LOWEST, histogram};

/// Buckets of each doubling of the duration, as follows from the number of digits; the first doubling has twice as many.
const HALF: u64 = 1024;

/// Number of buckets up to one hour.
const BUCKETS: u64 = 26 * HALF;

/// Bytes of an encoding before its counts: a cookie, the length of the counts, an offset and the number of digits, each of
/// 4 bytes, and the bounds and a ratio, each of 8.
pub(super) const HEADER: usize = 40;

/// First number of an encoding.
pub(super) const COOKIE: u32 = 0x1c84_9313;

/// First number of a compressed encoding, which is followed by the length and a zlib stream.
const COMPRESSED_COOKIE: u32 = 0x1c84_9314;
const COMPRESSED_HEADER: usize = 8;

/// Maximum size of an inflated encoding in bytes: one takes at most 9 bytes for each bucket.
const INFLATED: usize = 1 << 19;

/// A distribution at rest: a few hundred bytes, where a histogram takes at least 16 KB.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    /// Number of durations, at least one.
    count: u64,
    /// The last bucket that holds any.
    last: u64,
    /// The counts of the HDR V2 encoding: a number of durations for each bucket from the first on, or negative a number of
    /// buckets without any, as variable-length integers.
    bytes: Arc<[u8]>,
}

impl Packed {
    /// Packs a distribution; `None` if it is empty.
    pub(crate) fn of(distribution: &Distribution) -> Option<Self> {
        match &distribution.0 {
            Counts::Packed(packed) => Some(packed.clone()),
            Counts::Few(values) => Self::of_counted(values.iter().map(|value| (*value, 1))),
            Counts::Parts(parts) => parts.packed(),
            Counts::Many(histogram) => Self::of_histogram(histogram),
        }
    }

    /// Packs durations in nanoseconds with their counts, in any order; `None` if there are none.
    pub(super) fn of_counted(durations: impl Iterator<Item = (u64, u64)>) -> Option<Self> {
        summed(durations.map(|(nanos, count)| (bucket_of(nanos.min(HIGHEST)), count)))
    }

    /// Adds distributions up; `None` if there are none.
    pub(crate) fn sum(parts: &[Self]) -> Option<Self> {
        if let [one] = parts {
            return Some(one.clone());
        }
        summed(parts.iter().flat_map(Self::buckets))
    }

    /// Returns the HDR V2 encoding of a distribution, empty or not.
    pub(super) fn encoding(of: Option<&Self>) -> Vec<u8> {
        let counts = of.map_or(&[][..], |packed| &packed.bytes);
        // The highest duration of the last doubling.
        let high = upper(of.map_or(0, |packed| packed.last) | (HALF - 1));
        let mut bytes = Vec::with_capacity(HEADER + counts.len());
        for number in [COOKIE, counts.len() as u32, 0, DIGITS.into()] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend([LOWEST.to_be_bytes(), high.to_be_bytes(), 1_f64.to_be_bytes()].as_flattened());
        bytes.extend(counts);
        bytes
    }

    /// Returns the number of durations.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn histogram(&self) -> Histogram<u64> {
        let mut histogram = histogram();
        self.add_to(&mut histogram);
        histogram
    }

    /// Adds the counts to a histogram.
    pub(super) fn add_to(&self, histogram: &mut Histogram<u64>) {
        // The largest duration of a histogram is the upper bound of its last bucket. Both cannot fail: the histogram grows as
        // needed, here once for all.
        _ = histogram.record_n(upper(self.last), 0);
        self.buckets().for_each(|(bucket, count)| _ = histogram.record_n(lower(bucket), count));
    }

    /// Reads an encoding, compressed or not. `None` if it is of another form than those of redis-doctor, or empty.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (low, ratio) = (LOWEST.to_be_bytes(), 1_f64.to_be_bytes());
        let is_ours = number(bytes, 0) == Some(COOKIE)
            && number(bytes, 8) == Some(0)
            && number(bytes, 12) == Some(DIGITS.into())
            && bytes.get(16..24) == Some(&low)
            && bytes.get(32..HEADER) == Some(&ratio);
        let counts = bytes.get(HEADER..)?;
        let length = number(bytes, 4)? as usize;
        let high = u64::from_be_bytes(bytes.get(24..32)?.try_into().ok()?);
        // The buckets of a doubling come together, and those of the first two always.
        let end = bucket_of(high).max(HALF) / HALF;
        Self::of_counts(counts.get(..length)?).filter(|packed| is_ours && packed.last / HALF <= end)
    }

    fn of_histogram(histogram: &Histogram<u64>) -> Option<Self> {
        let mut bytes = Vec::new();
        V2Serializer::new().serialize(histogram, &mut bytes).ok()?;
        Self::of_counts(bytes.get(HEADER..)?)
    }

    /// Returns `None` for counts that are damaged, or none.
    fn of_counts(bytes: &[u8]) -> Option<Self> {
        let mut buckets = Buckets { bytes, next: 0 };
        let (mut count, mut last) = (0_u64, None);
        for (bucket, more) in &mut buckets {
            count = count.saturating_add(more);
            last = Some(bucket);
        }
        let last = last.filter(|last| *last < BUCKETS && buckets.bytes.is_empty())?;
        Some(Self { count, last, bytes: bytes.into() })
    }

    fn buckets(&self) -> Buckets<'_> {
        Buckets { bytes: &self.bytes, next: 0 }
    }
}

/// The same counts: an empty bucket can be written in two ways.
impl PartialEq for Packed {
    fn eq(&self, other: &Self) -> bool {
        self.buckets().eq(other.buckets())
    }
}

/// Maximum of a count, so that it has a place in the encoding.
const MOST: u64 = 1 << 62;

thread_local! {
    static SUM: RefCell<Sum> = RefCell::new(Sum {
        counts: vec![0; BUCKETS as usize],
        used: vec![0; BUCKETS.div_ceil(64) as usize],
        bytes: Vec::new(),
    });
}

/// Adds up the counts of buckets, in any order; `None` if there are none.
fn summed(buckets: impl Iterator<Item = (u64, u64)>) -> Option<Packed> {
    SUM.with_borrow_mut(|sum| {
        buckets.for_each(|(bucket, count)| sum.add(bucket as usize, count));
        sum.take()
    })
}

/// The counts of all buckets while distributions are added up. There are far more buckets than hold something, so those
/// that do are marked, and only they are read and cleared.
struct Sum {
    counts: Vec<u64>,
    /// A bit for each bucket.
    used: Vec<u64>,
    /// Room for the encoding.
    bytes: Vec<u8>,
}

impl Sum {
    #[inline]
    fn add(&mut self, bucket: usize, count: u64) {
        let sum = &mut self.counts[bucket];
        *sum = sum.saturating_add(count).min(MOST);
        self.used[bucket / 64] |= 1 << (bucket % 64);
    }

    /// Returns the counts, and clears them.
    fn take(&mut self) -> Option<Packed> {
        let Self { counts, used, bytes } = self;
        bytes.clear();
        let (mut total, mut next) = (0_u64, 0_u64);
        for (index, bits) in used.iter_mut().enumerate() {
            while *bits != 0 {
                let bucket = index as u64 * 64 + u64::from(bits.trailing_zeros());
                *bits &= *bits - 1;
                let count = std::mem::take(&mut counts[bucket as usize]);
                if bucket > next {
                    write_varint(bytes, ((bucket - next) << 1) - 1);
                }
                write_varint(bytes, count << 1);
                total = total.saturating_add(count);
                next = bucket + 1;
            }
        }
        let last = next.checked_sub(1)?;
        Some(Packed { count: total, last, bytes: bytes.as_slice().into() })
    }
}

/// The buckets that hold something, in order, with their numbers of durations.
struct Buckets<'a> {
    bytes: &'a [u8],
    next: u64,
}

impl Iterator for Buckets<'_> {
    type Item = (u64, u64);

    #[inline]
    fn next(&mut self) -> Option<(u64, u64)> {
        loop {
            if let Some((empty, count, rest)) = short_pair(self.bytes) {
                let bucket = self.next.saturating_add(empty);
                (self.next, self.bytes) = (bucket.saturating_add(1), rest);
                return Some((bucket, count));
            }
            let number = varint(&mut self.bytes)?;
            // The sign is the lowest bit.
            if number & 1 == 1 {
                self.next = self.next.saturating_add((number >> 1) + 1);
                continue;
            }
            let bucket = self.next;
            self.next = bucket.saturating_add(1);
            if number > 0 {
                return Some((bucket, number >> 1));
            }
        }
    }
}

/// Takes a number of buckets without any, of at most two bytes, and the count of the bucket after them, of one: as nearly
/// all are. Without a branch for either length, which could not be predicted.
#[inline]
fn short_pair(bytes: &[u8]) -> Option<(u64, u64, &[u8])> {
    let [low, high, third, ..] = *bytes else { return None };
    let is_long = low >> 7;
    let empty = u64::from(low & 0x7f) | ((u64::from(high) << 7) * u64::from(is_long));
    let count = if is_long == 1 { third } else { high };
    let is_short = (is_long == 0) | (high < 0x80);
    let is_pair = (empty & 1 == 1) & (count & 1 == 0) & (1..0x80).contains(&count);
    (is_short && is_pair).then(|| ((empty >> 1) + 1, u64::from(count >> 1), &bytes[2 + usize::from(is_long)..]))
}

/// Takes a variable-length integer: seven bits of each byte, from the lowest on, and all eight of the ninth. `None` leaves
/// bytes that are not one.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(9).enumerate() {
        let is_last = place == 8;
        let bits = if is_last { *byte } else { byte & 0x7f };
        value |= u64::from(bits) << (7 * place);
        if is_last || *byte < 0x80 {
            *bytes = &bytes[place + 1..];
            return Some(value);
        }
    }
    None
}

/// Appends an integer of at most 63 bits.
fn write_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Returns the bucket of a duration in nanoseconds.
fn bucket_of(nanos: u64) -> u64 {
    let units = nanos / LOWEST;
    let doublings = u64::from((units / HALF).checked_ilog2().unwrap_or(0));
    doublings * HALF + (units >> doublings)
}

/// Returns the number of doublings of the unit in a bucket, and the place of the bucket among those of its size.
fn place(bucket: u64) -> (u64, u64) {
    let doublings = (bucket / HALF).saturating_sub(1);
    (doublings, bucket - doublings * HALF)
}

/// Returns the smallest duration of a bucket in nanoseconds.
#[inline]
fn lower(bucket: u64) -> u64 {
    let (doublings, place) = place(bucket);
    (place * LOWEST) << doublings
}

/// Returns the largest duration of a bucket in nanoseconds.
fn upper(bucket: u64) -> u64 {
    let (doublings, place) = place(bucket);
    (((place + 1) * LOWEST) << doublings) - 1
}

thread_local! {
    static INFLATER: RefCell<Inflater> =
        RefCell::new(Inflater { zlib: Decompress::new(true), plain: vec![0; INFLATED].into() });
}

/// The state of a decompression, which takes longer to set up than to use.
struct Inflater {
    zlib: Decompress,
    /// Room for the result, never cleared: that would take longer than all the rest.
    plain: Box<[u8]>,
}

/// Hands the encoding to `read`, inflated if it is compressed.
pub(super) fn inflated<T>(bytes: &[u8], read: impl FnOnce(&[u8]) -> T) -> Result<T, String> {
    let compressed = match bytes.split_at_checked(COMPRESSED_HEADER) {
        Some((header, compressed)) if number(header, 0) == Some(COMPRESSED_COOKIE) => compressed,
        _ => return Ok(read(bytes)),
    };
    INFLATER.with_borrow_mut(|Inflater { zlib, plain }| {
        zlib.reset(true);
        match zlib.decompress(compressed, plain, FlushDecompress::Finish) {
            Ok(Status::StreamEnd) => Ok(read(&plain[..zlib.total_out() as usize])),
            Ok(Status::Ok | Status::BufError) => Err("not a histogram: cut off, or too long".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    })
}

/// Returns the number of 4 bytes at a place.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::of, *};

    #[test]
    fn a_distribution_at_rest_is_small_and_the_same() {
        assert_eq!(Packed::of(&of([])), None);
        let distribution = of((0..6_000).map(|n| 150_000 + (n * 7919) % 90_000));
        let packed = Packed::of(&distribution).unwrap();
        assert!(packed.bytes.len() < 3_000, "{}", packed.bytes.len());
        assert_eq!(Distribution(Counts::Packed(packed)), distribution);
    }

    #[test]
    fn the_buckets_are_those_of_a_histogram() {
        let mut histogram = histogram();
        let edges = (0..42).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + (1 << bit) / 3]);
        for nanos in edges.filter(|nanos| *nanos <= crate::distribution::HIGHEST) {
            let bucket = bucket_of(nanos);
            assert!((lower(bucket)..=upper(bucket)).contains(&nanos), "{nanos}: {bucket}");
            histogram.record(nanos).unwrap();
            let bounds = (histogram.lowest_equivalent(nanos), histogram.highest_equivalent(nanos));
            assert_eq!((lower(bucket), upper(bucket)), bounds, "{nanos}");
        }
        assert!(bucket_of(crate::distribution::HIGHEST) < BUCKETS);
        assert_eq!(Packed::of_histogram(&histogram).unwrap().count(), histogram.len());
    }

    #[test]
    fn damaged_counts_are_refused() {
        let one_in = |bucket: u64, count: u64| {
            let mut bytes = Vec::new();
            [(bucket << 1) - 1, count << 1].into_iter().for_each(|number| write_varint(&mut bytes, number));
            bytes
        };
        let beyond = one_in(BUCKETS, 1);
        let endless = [[0xff; 9].as_slice(), &[2]].concat();
        for damaged in [&[][..], &[0x80], &[2, 0xff], &[1], &beyond, &endless] {
            assert_eq!(Packed::of_counts(damaged), None, "{damaged:?}");
        }
        assert_eq!(Packed::of_counts(&one_in(BUCKETS - 1, MOST)).unwrap().count(), MOST);
    }

    proptest::proptest! {
        #[test]
        fn sums_of_parts_are_those_of_histograms(parts: Vec<Vec<u32>>) {
            let parts: Vec<_> = parts.iter().map(|part| of(part.iter().copied().map(u64::from))).collect();
            let mut sum = histogram();
            parts.iter().for_each(|part| sum.add(&*part.histogram()).unwrap());
            let packed: Vec<_> = parts.iter().filter_map(Packed::of).collect();
            let found = Packed::sum(&packed);
            proptest::prop_assert_eq!(found.as_ref().map_or(0, Packed::count), sum.len());
            proptest::prop_assert_eq!(&found, &Packed::of_histogram(&sum));
            let found = found.map(|found| found.histogram()).unwrap_or_else(histogram);
            // A histogram takes the largest duration of another as it is if that has no fewer buckets.
            let bounds = |of: &Histogram<u64>| (of.min_nz(), of.highest_equivalent(of.max()), of.len());
            proptest::prop_assert_eq!(bounds(&found), bounds(&sum));
        }
    }
}
