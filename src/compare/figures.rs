//! The figures of two runs, each with its judgment.

use super::{
    Side,
    chance::{self, Chance, Statistic, Sum},
    outages,
    saved::Saved,
    series::{self, Block},
};
use crate::report::{FigureRow, Judgment, Unit};

/// Probability below which a difference is more than chance. There are about ten such figures, so the chance that any of
/// them is wrong is at most one in 20.
const IMPROBABLE: f64 = 0.005;

/// The test that distinguishes a difference from chance.
enum Test {
    /// By dealing the blocks of the runs; the statistic is a logarithm if there is a smallest change that matters.
    Blocks { statistic: Statistic, least: Option<Least> },
    /// By the number of outages.
    Numbers,
    /// By the lengths of the outages.
    Lengths,
    /// By either.
    Outages,
}

struct Definition {
    name: &'static str,
    unit: Unit,
    /// More of it is better.
    more_is_better: bool,
    value: fn(&Saved) -> Option<f64>,
    test: Test,
}

/// The smallest change that matters. Equal runs on one machine differ with the placement of their threads and the phase
/// of their timers, which stay the same within a run, so the blocks of a run do not show it.
struct Least {
    /// Share of the value.
    share: f64,
    /// Amount, in the figure's unit.
    amount: f64,
    /// Share of the distance between the median and the 90th percentile: on a busy machine both are wide, and both move.
    spread: f64,
}

const MEDIAN: Least = Least { share: 0.1, amount: 30e-6, spread: 0.5 };
const TAIL: Least = Least { share: 0.25, amount: 60e-6, spread: 1.0 };
const RATE: Least = Least { share: 0.1, amount: 0.0, spread: 0.0 };

const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "drops",
        unit: Unit::Count,
        more_is_better: false,
        value: |saved| Some((saved.outages.drops + saved.outages.stalls) as f64),
        test: Test::Numbers,
    },
    Definition {
        name: "outage",
        unit: Unit::Seconds,
        more_is_better: false,
        value: |saved| Some(saved.outages.longest),
        test: Test::Lengths,
    },
    Definition {
        name: "availability",
        unit: Unit::Share,
        more_is_better: true,
        value: |saved| saved.outages.availability,
        test: Test::Outages,
    },
    messages("lost", |saved| Some(saved.delivery.as_ref()?.lost as f64), |sum| sum.counters.lost as f64 / sum.seconds),
    messages(
        "duplicated",
        |saved| Some(saved.delivery.as_ref()?.duplicated as f64),
        |sum| sum.counters.duplicated as f64 / sum.seconds,
    ),
    messages(
        "reordered",
        |saved| Some(saved.delivery.as_ref()?.reordered as f64),
        |sum| sum.counters.reordered as f64 / sum.seconds,
    ),
    Definition {
        name: "errors",
        unit: Unit::Share,
        more_is_better: false,
        value: |saved| saved.probes.as_ref()?.error_share,
        test: absolute(|sum| {
            let errors = sum.counters.failed + sum.counters.timed_out;
            errors as f64 / (sum.counters.ok + errors) as f64
        }),
    },
    Definition {
        name: "rate",
        unit: Unit::PerSecond,
        more_is_better: true,
        value: |saved| saved.probes.as_ref()?.rate,
        test: Test::Blocks {
            statistic: Statistic::Total(|sum| (sum.counters.ok as f64 / sum.seconds).ln()),
            least: Some(RATE),
        },
    },
    latency("p50", |saved| Some(saved.latency.as_ref()?.p50), |block| block.latency.quantile(0.5), MEDIAN),
    latency("p90", |saved| Some(saved.latency.as_ref()?.p90), |block| block.latency.quantile(0.9), TAIL),
    latency("p99", |saved| Some(saved.latency.as_ref()?.p99), |block| block.latency.quantile(0.99), TAIL),
    latency("p99.9", |saved| Some(saved.latency.as_ref()?.p999), |block| block.latency.quantile(0.999), TAIL),
    latency("max", |saved| Some(saved.latency.as_ref()?.max), |block| block.latency.quantile(1.0), TAIL),
    latency("e2e_p50", |saved| Some(saved.end_to_end.as_ref()?.p50), |block| block.end_to_end.quantile(0.5), MEDIAN),
    latency("e2e_p99", |saved| Some(saved.end_to_end.as_ref()?.p99), |block| block.end_to_end.quantile(0.99), TAIL),
];

const fn absolute(statistic: fn(&Sum) -> f64) -> Test {
    Test::Blocks { statistic: Statistic::Total(statistic), least: None }
}

/// A number of messages, of which none is best. The runs may differ in length, so the statistic is a rate.
const fn messages(name: &'static str, value: fn(&Saved) -> Option<f64>, statistic: fn(&Sum) -> f64) -> Definition {
    Definition { name, unit: Unit::Count, more_is_better: false, value, test: absolute(statistic) }
}

const fn latency(
    name: &'static str,
    value: fn(&Saved) -> Option<f64>,
    quantile: fn(&Block) -> f64,
    least: Least,
) -> Definition {
    let test = Test::Blocks { statistic: Statistic::Mean(quantile), least: Some(least) };
    Definition { name, unit: Unit::Seconds, more_is_better: false, value, test }
}

/// The names of all figures.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    DEFINITIONS.iter().map(|definition| definition.name)
}

/// The unit of a figure.
pub(super) fn unit(name: &str) -> Option<Unit> {
    DEFINITIONS.iter().find(|definition| definition.name == name).map(|definition| definition.unit)
}

/// Returns the rows of the figures that at least one run has.
pub(super) fn rows(before: &Side, after: &Side) -> Vec<FigureRow> {
    let statistics: Vec<_> = DEFINITIONS
        .iter()
        .filter_map(|definition| match definition.test {
            Test::Blocks { statistic, .. } => Some(statistic),
            Test::Numbers | Test::Lengths | Test::Outages => None,
        })
        .collect();
    let (blocks, others) = series::blocks(&before.series, &after.series);
    let mut by_blocks = chance::of(&blocks, &others, &statistics).into_iter();
    let rows = DEFINITIONS.iter().filter_map(|definition| {
        let chance = matches!(definition.test, Test::Blocks { .. }).then(|| by_blocks.next().flatten()).flatten();
        row(definition, &before.saved, &after.saved, chance)
    });
    rows.collect()
}

fn row(definition: &Definition, before: &Saved, after: &Saved, chance: Option<Chance>) -> Option<FigureRow> {
    let (one, other) = ((definition.value)(before), (definition.value)(after));
    if one.is_none() && other.is_none() {
        return None;
    }
    let change = one.zip(other).and_then(|(one, other)| change(definition.unit, one, other));
    // Of a rate of losses, chance is known, but not in the unit of their number.
    let noise = match (&definition.test, chance) {
        (Test::Blocks { least: Some(_), .. }, Some(chance)) => Some(chance.spread.exp_m1()),
        (Test::Blocks { least: None, .. }, Some(chance)) if definition.unit == Unit::Share => Some(chance.spread),
        _ => None,
    };
    Some(FigureRow {
        figure: definition.name,
        unit: definition.unit,
        before: one,
        after: other,
        change,
        noise,
        probability: chance.map(|chance| chance.probability),
        judgment: judge(definition, before, after, one.zip(other), chance),
    })
}

/// Returns the change as a fraction of the first value, for a share the difference.
fn change(unit: Unit, before: f64, after: f64) -> Option<f64> {
    match unit {
        Unit::Share => Some(after - before),
        Unit::Seconds | Unit::Count | Unit::PerSecond => {
            (before != 0.0).then(|| after / before - 1.0).or((after == before).then_some(0.0))
        }
    }
}

impl Least {
    fn is_reached(&self, one: f64, other: f64, spread: f64) -> bool {
        let amount = self.amount.max(self.spread * spread);
        (other / one).ln().abs() >= self.share.ln_1p() && (other - one).abs() >= amount
    }
}

/// Returns the seconds between the median and the 90th percentile of the latency.
fn spread(saved: &Saved) -> f64 {
    saved.latency.as_ref().map_or(0.0, |latency| latency.p90 - latency.p50)
}

fn judge(
    definition: &Definition,
    before: &Saved,
    after: &Saved,
    values: Option<(f64, f64)>,
    chance: Option<Chance>,
) -> Judgment {
    let Some((one, other)) = values else { return Judgment::Unknown };
    if one.to_bits() == other.to_bits() {
        return Judgment::Same;
    }
    let same_faults = before.has_faults() && before.workload_changes(after).is_empty();
    let differs = match definition.test {
        Test::Numbers => Some(outages::numbers_differ(before, after)),
        Test::Lengths => Some(outages::lengths_differ(before, after, same_faults)),
        Test::Outages => {
            Some(outages::numbers_differ(before, after) || outages::lengths_differ(before, after, same_faults))
        }
        Test::Blocks { ref least, .. } => {
            let spread = spread(before).max(spread(after));
            let matters = least.as_ref().is_none_or(|least| least.is_reached(one, other, spread));
            match chance {
                Some(chance) => Some(matters && chance.probability < IMPROBABLE),
                None if !matters => Some(false),
                None => None,
            }
        }
    };
    match differs {
        None => Judgment::Unknown,
        Some(false) => Judgment::Noise,
        Some(true) if (other > one) == definition.more_is_better => Judgment::Better,
        Some(true) => Judgment::Worse,
    }
}
