//! The test that the outages of two runs differ by more than chance.

use super::saved::{OutageRow, Saved};

/// Probability below which outages differ by more than chance.
const IMPROBABLE: f64 = 0.05;

/// Difference of two lengths, in seconds, that no user notices.
const UNNOTICED: f64 = 0.1;

/// Minimum number of outages in each run for a statement about their lengths.
const FEWEST: usize = 4;

/// Returns true if the numbers of incidents are more different than chance makes them, given the durations of the runs. Each
/// incident falls into either run with a probability in proportion to its length, so the number in one of them is binomial.
pub(super) fn numbers_differ(before: &Saved, after: &Saved) -> bool {
    let (one, other) = (before.incidents.count, after.incidents.count);
    let share = before.duration / (before.duration + after.duration);
    binomial_tail(one, one + other, share) < IMPROBABLE
}

/// Returns the probability of `count` or a less probable number among `of` trials.
fn binomial_tail(count: u64, of: u64, share: f64) -> f64 {
    let logs = |number: u64| -> f64 {
        let choose: f64 = (1..=number).map(|n| ((of - number + n) as f64 / n as f64).ln()).sum();
        choose + number as f64 * share.ln() + (of - number) as f64 * (1.0 - share).ln()
    };
    let observed = logs(count) + 1e-9;
    (0..=of).map(logs).filter(|log| *log <= observed).map(f64::exp).sum()
}

/// Returns true if the lengths of the outages are more different than chance makes them: the difference of their mean
/// logarithms, in all the ways to deal the outages to the runs. With the same faults in both runs, one outage of each is
/// enough, if one is twice as long as the other.
pub(super) fn lengths_differ(before: &Saved, after: &Saved, same_faults: bool) -> bool {
    let (one, other) = (before.outages.longest, after.outages.longest);
    if (one - other).abs() < UNNOTICED {
        return false;
    }
    if same_faults {
        return one.max(other) >= 2.0 * one.min(other);
    }
    let lengths = |rows: &[OutageRow]| rows.iter().map(|row| row.duration.max(1e-6).ln()).collect::<Vec<_>>();
    let (one, other) = (lengths(&before.outages.rows), lengths(&after.outages.rows));
    one.len() >= FEWEST && other.len() >= FEWEST && rank_probability(&one, &other) < IMPROBABLE
}

/// Returns the probability of such a difference of ranks by chance (Mann and Whitney, "On a test of whether one of two
/// random variables is stochastically larger than the other", 1947), with the normal approximation and correction for
/// continuity; ties count half.
fn rank_probability(one: &[f64], other: &[f64]) -> f64 {
    let greater = |x: &f64, y: &f64| match x.total_cmp(y) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    };
    let wins: f64 = one.iter().flat_map(|x| other.iter().map(move |y| greater(x, y))).sum();
    let (count, others) = (one.len() as f64, other.len() as f64);
    let deviation = (count * others * (count + others + 1.0) / 12.0).sqrt();
    let score = ((wins - count * others / 2.0).abs() - 0.5).max(0.0) / deviation;
    2.0 * upper_tail(score)
}

/// Returns the probability that a standard normal variable exceeds `score` (Abramowitz and Stegun, "Handbook of
/// Mathematical Functions", 26.2.17; error below 7.5e-8).
fn upper_tail(score: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * score);
    let polynomial =
        t * (0.319_381_530 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    (-score * score / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * polynomial
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fair_coin_has_the_probabilities_of_the_textbook() {
        assert!((binomial_tail(0, 4, 0.5) - 0.125).abs() < 1e-9, "0 of 4, or 4 of 4");
        assert!((binomial_tail(2, 4, 0.5) - 1.0).abs() < 1e-9);
        assert!((binomial_tail(0, 8, 0.5) - 2.0 / 256.0).abs() < 1e-9);
        assert!((binomial_tail(0, 0, 0.5) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_normal_tail_is_that_of_the_tables() {
        for (score, tail) in [(0.0, 0.5), (1.0, 0.158_655_25), (1.96, 0.024_997_9), (3.0, 0.001_349_9)] {
            assert!((upper_tail(score) - tail).abs() < 1e-6, "{score}");
        }
    }

    #[test]
    fn lengths_that_do_not_overlap_differ_and_mixed_ones_do_not() {
        let (short, long) = ([0.1, 0.2, 0.3, 0.4, 0.5], [5.1, 5.2, 5.3, 5.4, 5.5]);
        assert!(rank_probability(&short, &long) < 0.05);
        assert!(rank_probability(&[1.0, 3.0, 5.0, 7.0], &[2.0, 4.0, 6.0, 8.0]) > 0.5);
    }
}
