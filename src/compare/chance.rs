//! The permutation test: how often chance alone makes a difference as large as the observed one.

use std::collections::BTreeSet;

use super::series::{Block, Durations, logarithm};
use crate::{event::Counters, fault::Random};

/// Number of random deals. Its reciprocal is the smallest probability that they can show.
const DEALS: usize = 2000;

/// Minimum number of blocks of each run for a statement about chance.
const FEWEST: usize = 6;

/// Any fixed number: the same two files have the same comparison.
const SEED: u64 = 20_260_101;

/// The sum of several blocks.
pub(super) struct Sum<'a> {
    pub(super) seconds: f64,
    pub(super) counters: Counters,
    pub(super) latency: Counts<'a>,
    pub(super) end_to_end: Counts<'a>,
}

/// Durations, counted by those buckets that occur in either run.
pub(super) struct Counts<'a> {
    buckets: &'a [u16],
    counts: Vec<u64>,
}

impl<'a> Counts<'a> {
    fn none(buckets: &'a [u16]) -> Self {
        Self { buckets, counts: vec![0; buckets.len()] }
    }

    fn add(&mut self, places: &[(usize, u64)]) {
        places.iter().for_each(|(place, count)| self.counts[*place] += count);
    }

    /// Returns the logarithm of a quantile; not a number if there are no durations.
    pub(super) fn quantile(&self, quantile: f64) -> f64 {
        let total: u64 = self.counts.iter().sum();
        let wanted = ((total as f64 * quantile).ceil() as u64).max(1);
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        found.map_or(f64::NAN, |place| logarithm(self.buckets[place]))
    }
}

/// A block whose durations are counted by the places of their buckets, so that a sum of blocks takes no search.
struct Card {
    seconds: f64,
    counters: Counters,
    latency: Vec<(usize, u64)>,
    end_to_end: Vec<(usize, u64)>,
}

/// The buckets that occur.
struct Buckets {
    latency: Vec<u16>,
    end_to_end: Vec<u16>,
}

impl Buckets {
    fn of(blocks: &[&Block]) -> Self {
        let all = |durations: fn(&Block) -> &Durations| -> Vec<u16> {
            let buckets = blocks.iter().flat_map(|block| durations(block).counts()).map(|(bucket, _)| *bucket);
            buckets.collect::<BTreeSet<_>>().into_iter().collect()
        };
        Self { latency: all(|block| &block.latency), end_to_end: all(|block| &block.end_to_end) }
    }

    fn card(&self, block: &Block) -> Card {
        let places = |buckets: &[u16], durations: &Durations| {
            let counts = durations.counts().iter();
            counts.map(|(bucket, count)| (buckets.partition_point(|known| known < bucket), u64::from(*count))).collect()
        };
        Card {
            seconds: block.span.as_secs_f64(),
            counters: block.counters,
            latency: places(&self.latency, &block.latency),
            end_to_end: places(&self.end_to_end, &block.end_to_end),
        }
    }

    fn sum(&self, cards: &[&Card]) -> Sum<'_> {
        let mut sum = Sum {
            seconds: 0.0,
            counters: Counters::default(),
            latency: Counts::none(&self.latency),
            end_to_end: Counts::none(&self.end_to_end),
        };
        for card in cards {
            sum.seconds += card.seconds;
            sum.counters += card.counters;
            sum.latency.add(&card.latency);
            sum.end_to_end.add(&card.end_to_end);
        }
        sum
    }
}

/// A number of a run.
#[derive(Clone, Copy)]
pub(super) enum Statistic {
    /// Of the sum of its blocks.
    Total(fn(&Sum<'_>) -> f64),
    /// The mean over its blocks, without those that have no such number. A quantile needs it: of a deal that mixes two runs
    /// without an overlap, the total has the quantile of either run, so every deal would differ as much as the runs do.
    Mean(fn(&Sum<'_>) -> f64),
}

impl Statistic {
    const fn of(&self) -> fn(&Sum<'_>) -> f64 {
        match self {
            Self::Total(of) | Self::Mean(of) => *of,
        }
    }
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

/// Returns how far chance reaches for each statistic, whose difference between the runs is observed. `None` if there are too few blocks, or a run has no such number.
pub(super) fn of(before: &[Block], after: &[Block], statistics: &[Statistic]) -> Vec<Option<Chance>> {
    if before.len() < FEWEST || after.len() < FEWEST {
        return vec![None; statistics.len()];
    }
    let blocks: Vec<&Block> = before.iter().chain(after).collect();
    let buckets = Buckets::of(&blocks);
    let cards: Vec<_> = blocks.into_iter().map(|block| buckets.card(block)).collect();
    let numbers = |card| {
        let alone = buckets.sum(&[card]);
        statistics.iter().map(|statistic| statistic.of()(&alone)).collect()
    };
    let cards: Vec<(&Card, Vec<f64>)> = cards.iter().map(|card| (card, numbers(card))).collect();
    let mut dealt: Vec<_> = cards.iter().collect();
    let differences = |cards: &[&(&Card, Vec<f64>)]| -> Vec<f64> {
        let sides = cards.split_at(before.len());
        let total = |side: &[&(&Card, Vec<f64>)]| buckets.sum(&side.iter().map(|(card, _)| *card).collect::<Vec<_>>());
        let (one, other) = (total(sides.0), total(sides.1));
        let difference = |(index, statistic): (usize, &Statistic)| match statistic {
            Statistic::Total(of) => of(&other) - of(&one),
            Statistic::Mean(_) => {
                let [one, other] = [sides.0, sides.1].map(|side| mean(side.iter().map(|(_, numbers)| numbers[index])));
                other - one
            }
        };
        statistics.iter().enumerate().map(difference).map(f64::abs).collect()
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
