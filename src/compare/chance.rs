//! The permutation test: how often chance alone makes a difference as large as the observed one.

use super::series::Block;
use crate::{event::Counters, fault::Random};

/// Number of random deals. Its reciprocal is the smallest probability that they can show.
const DEALS: usize = 2000;

/// Minimum number of blocks of each run for a statement about chance.
const FEWEST: usize = 6;

/// Any fixed number: the same two files have the same comparison.
const SEED: u64 = 20_260_101;

/// The sum of several blocks, without their durations.
#[derive(Default)]
pub(super) struct Sum {
    pub(super) seconds: f64,
    pub(super) counters: Counters,
}

impl Sum {
    fn of(cards: &[&Card<'_>]) -> Self {
        let mut sum = Self::default();
        for card in cards {
            sum.seconds += card.block.span.as_secs_f64();
            sum.counters += card.block.counters;
        }
        sum
    }
}

/// A block with its own numbers.
struct Card<'a> {
    block: &'a Block,
    /// That of each [`Statistic::Mean`]; of others, not a number.
    numbers: Vec<f64>,
}

/// A number of a run.
#[derive(Clone, Copy)]
pub(super) enum Statistic {
    /// Of the sum of its blocks.
    Total(fn(&Sum) -> f64),
    /// The mean over its blocks, without those that have no such number. A quantile needs it: of a deal that mixes two runs
    /// without an overlap, the total has the quantile of either run, so every deal would differ as much as the runs do.
    Mean(fn(&Block) -> f64),
}

/// Returns the mean of those that are numbers; not a number if there are none.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) =
        values.filter(|value| value.is_finite()).fold((0_u32, 0.0), |(n, sum), value| (n + 1, sum + value));
    sum / f64::from(count)
}

/// The reach of chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Chance {
    /// Probability of a difference at least as large as the observed one, if both runs are alike.
    pub(super) probability: f64,
    /// Difference that chance exceeds in one of 20 cases, in the unit of the statistic.
    pub(super) spread: f64,
}

/// Returns how far chance reaches for each statistic, whose difference between the runs is observed. `None` if there are too
/// few blocks, or a run has no such number.
pub(super) fn of(before: &[Block], after: &[Block], statistics: &[Statistic]) -> Vec<Option<Chance>> {
    if before.len() < FEWEST || after.len() < FEWEST {
        return vec![None; statistics.len()];
    }
    let number = |block| {
        move |statistic: &Statistic| match statistic {
            Statistic::Total(_) => f64::NAN,
            Statistic::Mean(of) => of(block),
        }
    };
    let card = |block| Card { block, numbers: statistics.iter().map(number(block)).collect() };
    let cards: Vec<_> = before.iter().chain(after).map(card).collect();
    let mut dealt: Vec<&Card<'_>> = cards.iter().collect();
    let differences = |cards: &[&Card<'_>]| -> Vec<f64> {
        let (one, other) = cards.split_at(before.len());
        let sums = [one, other].map(Sum::of);
        let difference = |(index, statistic): (usize, &Statistic)| {
            let [one, other] = match statistic {
                Statistic::Total(of) => sums.each_ref().map(of),
                Statistic::Mean(_) => [one, other].map(|side| mean(side.iter().map(|card| card.numbers[index]))),
            };
            (other - one).abs()
        };
        statistics.iter().enumerate().map(difference).collect()
    };
    let observed = differences(&dealt);
    let mut random = Random::from_seed(SEED);
    let mut by_chance = vec![Vec::with_capacity(DEALS); statistics.len()];
    for _ in 0..DEALS {
        // Fisher and Yates; only the first part decides who gets what.
        for place in 0..before.len() {
            let other = place + (random.unit() * (dealt.len() - place) as f64) as usize;
            dealt.swap(place, other);
        }
        for (all, difference) in by_chance.iter_mut().zip(differences(&dealt)) {
            all.push(difference);
        }
    }
    observed.into_iter().zip(by_chance).map(|(observed, all)| chance(observed, all)).collect()
}

fn chance(observed: f64, mut all: Vec<f64>) -> Option<Chance> {
    if observed.is_nan() {
        return None;
    }
    // A deal in which a side has no such number has no difference.
    all.iter_mut().filter(|difference| difference.is_nan()).for_each(|difference| *difference = 0.0);
    all.sort_unstable_by(f64::total_cmp);
    let as_large = all.iter().filter(|difference| **difference >= observed - 1e-12).count();
    Some(Chance { probability: (as_large + 1) as f64 / (all.len() + 1) as f64, spread: all[all.len() * 19 / 20] })
}
