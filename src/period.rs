//! The period of a series: a length that repeats, distinguished from chance.
//!
//! Random events also have gaps, and some of them are alike. A period therefore needs several lengths within
//! [`TOLERANCE`] of each other and few others: random (Poisson) series have one in less than one case in a hundred, which
//! the tests measure.

use std::time::Duration;

use crate::clock::Stamp;

/// Maximum deviation from a period, as a share of it.
const TOLERANCE: f64 = 0.02;

/// Maximum share to which the resolution of the times may widen the tolerance.
const WIDEST: f64 = 0.05;

/// Number of equal lengths that make a period.
const ENOUGH: usize = 3;

/// Number of lengths for each anomaly (an event too many or too few) that a longer series may have.
const PER_ANOMALY: usize = 8;

/// Maximum deviation of two lengths that have no third to confirm them, as a share: by chance one pair in 500 is so close.
const CLOSE: f64 = 0.002;

/// A length that repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    /// Mean of the lengths that agree.
    pub(crate) length: Duration,
    /// Largest deviation of one of them from the mean.
    pub(crate) spread: Duration,
    /// Number of lengths that agree: at least three, or two that are all but equal.
    pub(crate) count: usize,
}

impl Period {
    /// Returns true if enough lengths agree; otherwise another fact has to confirm it.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.count >= ENOUGH
    }

    /// Returns true if a length is this period, within the tolerance.
    pub(crate) fn agrees_with(&self, length: Duration) -> bool {
        length.abs_diff(self.length) <= self.length.mul_f64(TOLERANCE).max(self.spread)
    }
}

/// Returns the length that nearly all of these are within `resolution`, the precision of the measurement. One stray
/// length is accepted, and more in a long series.
pub(crate) fn of_lengths(lengths: &[Duration], resolution: Duration) -> Option<Period> {
    let alike = most_alike(lengths, resolution)?;
    let strays = lengths.iter().filter(|length| !alike.contains(**length)).count();
    if let [one, other] = lengths {
        let close = one.abs_diff(*other).as_secs_f64() <= one.max(other).as_secs_f64() * CLOSE;
        return close.then(|| alike.period());
    }
    (alike.members.len() >= ENOUGH && strays <= anomalies(lengths.len())).then(|| alike.period())
}

/// Returns the period of events at these times, in order. One event too many or too few is accepted, and more in a long
/// series.
pub(crate) fn of_times(times: &[Stamp], resolution: Duration) -> Option<Period> {
    let gaps: Vec<Duration> = times.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    if gaps.len() <= ENOUGH {
        return of_lengths(&gaps, resolution).filter(|period| period.count == gaps.len());
    }
    let alike = most_alike(&gaps, resolution)?;
    let period = alike.period();
    // An event too many divides a period, so the parts add up; one too few leaves a longer gap.
    let odd = gaps.split(|gap| alike.contains(*gap)).filter(|run| !run.is_empty());
    let explained = |run: &[Duration]| run.len() == 1 || period.divides(run.iter().sum(), resolution);
    let mut odd = odd.map(explained).collect::<Vec<_>>().into_iter();
    let count = odd.len();
    (period.count >= ENOUGH && odd.all(|explained| explained) && count <= anomalies(gaps.len())).then_some(period)
}

impl Period {
    /// True if this length is the period or a multiple of it.
    fn divides(&self, length: Duration, resolution: Duration) -> bool {
        let ratio = length.as_secs_f64() / self.length.as_secs_f64().max(f64::MIN_POSITIVE);
        let off = (ratio - ratio.round()).abs() * self.length.as_secs_f64();
        ratio.round() >= 1.0 && off <= tolerance(self.length, resolution).as_secs_f64()
    }
}

/// Returns the number of anomalies that a series of this many lengths may have.
fn anomalies(lengths: usize) -> usize {
    (lengths / PER_ANOMALY).max(usize::from(lengths > ENOUGH))
}

/// Returns the maximum deviation from a period.
fn tolerance(period: Duration, resolution: Duration) -> Duration {
    period.mul_f64(TOLERANCE).max(resolution.min(period.mul_f64(WIDEST)))
}

/// Lengths that are alike.
struct Alike {
    members: Vec<Duration>,
}

impl Alike {
    fn contains(&self, length: Duration) -> bool {
        self.members.first().is_some_and(|first| *first <= length)
            && self.members.last().is_some_and(|last| *last >= length)
    }

    fn period(&self) -> Period {
        let length = self.members.iter().sum::<Duration>() / self.members.len().max(1) as u32;
        let spread = self.members.iter().map(|member| member.abs_diff(length)).max().unwrap_or_default();
        Period { length, spread, count: self.members.len() }
    }
}

/// Returns the largest group of lengths within the tolerance of their middle.
fn most_alike(lengths: &[Duration], resolution: Duration) -> Option<Alike> {
    let mut sorted: Vec<Duration> = lengths.iter().copied().filter(|length| !length.is_zero()).collect();
    sorted.sort_unstable();
    let mut first = 0;
    let mut best = 0..0;
    for last in 0..sorted.len() {
        let narrow = |first: usize| {
            let middle = (sorted[first] + sorted[last]) / 2;
            sorted[last] - middle <= tolerance(middle, resolution)
        };
        while !narrow(first) {
            first += 1;
        }
        if last + 1 - first > best.len() {
            best = first..last + 1;
        }
    }
    (!best.is_empty()).then(|| Alike { members: sorted[best].to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn at(seconds: &[f64]) -> Vec<Stamp> {
        seconds.iter().map(|at| Stamp::START.after(Duration::from_secs_f64(*at))).collect()
    }

    fn period(seconds: &[f64]) -> Option<(u128, usize)> {
        of_times(&at(seconds), Duration::ZERO).map(|period| (period.length.as_millis(), period.count))
    }

    #[test]
    fn three_equal_gaps_are_a_period_and_two_are_one_only_if_they_are_all_but_equal() {
        assert_eq!(period(&[3.0, 33.0, 63.1, 93.0]), Some((30_000, 3)));
        assert_eq!(period(&[3.0, 33.0, 64.0, 94.0]), Some((30_333, 3)), "within 2 %");
        assert_eq!(period(&[3.0, 33.0, 65.0, 95.0]), None, "beyond");
        let pair = of_times(&at(&[11.1, 23.305, 35.504]), Duration::ZERO).unwrap();
        assert!(!pair.is_confirmed() && pair.length == Duration::from_nanos(12_202_000_000), "{pair:?}");
        assert_eq!(period(&[11.1, 23.3, 35.6]), None);
        assert_eq!(period(&[11.1, 23.3]), None);
    }

    #[test]
    fn one_event_may_be_missing_or_too_many() {
        assert_eq!(period(&[0.0, 30.0, 60.0, 120.0, 150.0]), Some((30_000, 3)), "one is missing");
        assert_eq!(period(&[0.0, 30.0, 60.0, 71.0, 90.0, 120.0]), Some((30_000, 3)), "one is too many");
        assert_eq!(period(&[0.0, 30.0, 60.0, 71.0, 101.0, 131.0]), Some((30_000, 4)), "the count starts over");
        assert_eq!(period(&[0.0, 30.0, 41.0, 60.0, 75.0, 90.0, 120.0]), None, "two are too many");
    }

    #[test]
    fn the_resolution_widens_the_tolerance_within_limits() {
        let times = at(&[0.0, 2.0, 4.08, 6.0, 8.0]);
        assert_eq!(of_times(&times, Duration::ZERO).map(|period| period.count), Some(3));
        assert_eq!(of_times(&times, ms(100)).map(|period| period.count), Some(4));
        let times = at(&[0.0, 1.0, 2.2, 3.0, 4.0]);
        assert_eq!(of_times(&times, ms(1000)), None);
    }

    #[test]
    fn lengths_agree_with_one_stray() {
        let lengths = [ms(5_000), ms(5_010), ms(1_234), ms(4_995)];
        let period = of_lengths(&lengths, Duration::ZERO).unwrap();
        assert_eq!((period.count, period.length.as_millis(), period.spread < ms(10)), (3, 5_001, true));
        assert!(period.agrees_with(ms(5_050)) && !period.agrees_with(ms(5_200)));
        assert_eq!(of_lengths(&[ms(5_000), ms(5_010), ms(1_234)], Duration::ZERO), None);
        assert_eq!(of_lengths(&[], Duration::ZERO), None);
    }

    /// A fixed sequence of numbers in [0, 1): the result of this test does not depend on luck.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }

        fn gap(&mut self, mean: f64) -> f64 {
            -mean * (1.0 - self.roll()).ln()
        }
    }

    #[test]
    #[expect(clippy::print_stdout, reason = "the figures are shown with --nocapture")]
    fn random_events_have_a_period_in_at_most_one_case_in_a_hundred() {
        let mut dice = Dice(20_261_128);
        let series = 1000;
        for events in [3, 4, 5, 6, 7, 9, 12, 17, 25, 50, 200] {
            let mut alarms = [0, 0];
            for _ in 0..series {
                let mean = 1.0 + 60.0 * dice.roll();
                let gaps: Vec<f64> = (0..events).map(|_| dice.gap(mean)).collect();
                let mut at_last = 0.0;
                let mut next = |gap: &f64| {
                    at_last += gap;
                    at_last
                };
                let times: Vec<f64> = gaps.iter().map(&mut next).collect();
                let lengths: Vec<Duration> = gaps.iter().map(|gap| Duration::from_secs_f64(*gap)).collect();
                alarms[0] += usize::from(of_times(&at(&times), ms(100)).is_some());
                alarms[1] += usize::from(of_lengths(&lengths, Duration::ZERO).is_some());
            }
            println!("of {series} random series of {events}, {} have a period and {} a length", alarms[0], alarms[1]);
            assert!(alarms.iter().all(|alarms| alarms * 100 <= series), "{events} events: {alarms:?}");
        }
    }

    #[test]
    #[expect(clippy::print_stdout, reason = "the figures are shown with --nocapture")]
    fn regular_events_are_found_with_jitter_and_an_anomaly() {
        let mut dice = Dice(7);
        let (mut found, series) = (0, 1000);
        for number in 0..series {
            let events = 6 + number % 40;
            let length = 2.0 + 60.0 * dice.roll();
            let mut times: Vec<f64> =
                (0..events).map(|nth| length * (10.0 + nth as f64 + 0.008 * (dice.roll() - 0.5))).collect();
            match number % 3 {
                0 => _ = times.remove(2 + number % (events - 4)),
                1 => times.insert(3, times[2] + length * (0.1 + 0.8 * dice.roll())),
                _ => {}
            }
            let period = of_times(&at(&times), Duration::ZERO);
            found += usize::from(period.is_some_and(|found| found.agrees_with(Duration::from_secs_f64(length))));
        }
        println!("{found} of {series} regular series are found");
        assert!(found * 100 >= series * 99, "{found}");
    }
}
