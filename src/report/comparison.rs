//! The comparison of two runs as data, and what it adds to the report of the second one.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Finding, GateLevel, Report};
use crate::{
    event::SCHEMA_VERSION,
    units::{self, count, three_digits},
    verdict::{Severity, Verdict},
};

/// The comparison of two runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Comparison {
    /// Version of this JSON.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: u32,
    /// Result: degraded if a figure is worse or a problem is new, critical if a `--fail-on` condition is true.
    pub verdict: Verdict,
    /// First run.
    pub before: Summary,
    /// Second run.
    pub after: Summary,
    /// Differences of plan, policy and server.
    pub changes: Vec<Setting>,
    /// Differences of the workload, because of which the figures do not compare well.
    pub workload: Vec<Setting>,
    /// Figures that at least one of the runs has.
    pub figures: Vec<FigureRow>,
    /// Codes of problems that only the first run has.
    pub fixed: Vec<Problem>,
    /// Codes of problems that only the second run has.
    pub new: Vec<Problem>,
    /// Results of `--fail-on`.
    pub gates: Vec<GateOutcome>,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Summary {
    /// File, or `this run`.
    pub name: String,
    /// Start of the first run, as wall-clock time in UTC.
    pub time: String,
    /// Total duration in seconds.
    pub duration: f64,
    /// Verdict of its report.
    pub verdict: Verdict,
    /// True if it has no intervals (a JSON report), so the noise of its figures is not known.
    pub without_intervals: bool,
}

/// A setting with different values.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Setting {
    /// Name of the setting.
    pub name: String,
    /// Value in the first run.
    pub before: String,
    /// Value in the second run.
    pub after: String,
}

/// A problem of one of the runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Problem {
    /// Code for `redis-doctor explain`.
    pub code: String,
    /// Text of the finding.
    pub text: String,
}

/// The result of one condition.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct GateOutcome {
    /// Condition, as `--fail-on` takes it.
    pub condition: String,
    /// Measured change in the form of the condition; null if a run lacks the figure.
    pub change: Option<f64>,
    /// True if the change is past the limit and more than noise.
    pub tripped: bool,
}

/// The judgment of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Judgment {
    /// The values are equal.
    Same,
    /// Chance, or too small to matter.
    Noise,
    /// Better by more than chance.
    Better,
    /// Worse by more than chance.
    Worse,
    /// The noise is not known: a run is too short, or only its report was saved.
    Unknown,
}

/// The unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// Seconds.
    Seconds,
    /// A count.
    Count,
    /// A fraction of 1.
    Share,
    /// Per second.
    PerSecond,
}

/// A figure of both runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct FigureRow {
    /// Name of the figure, as `--fail-on` takes it.
    pub figure: &'static str,
    /// Unit of its values.
    pub unit: Unit,
    /// Value in the first run; null if it has none.
    pub before: Option<f64>,
    /// Value in the second run; null if it has none.
    pub after: Option<f64>,
    /// Change as a fraction of the first value, for shares the difference; null if it cannot be computed.
    pub change: Option<f64>,
    /// Change that chance exceeds in one of 20 pairs of equal runs, in the same unit; null if it is not known.
    pub noise: Option<f64>,
    /// Probability of such a change between equal runs; null if it is not known.
    pub probability: Option<f64>,
    /// Judgment of the difference.
    pub judgment: Judgment,
}

impl Unit {
    /// Formats a value with its unit.
    pub(crate) fn shown(self, value: f64) -> String {
        match self {
            Self::Seconds => units::duration(value),
            Self::Count => value.to_string(),
            Self::Share => units::percent(value),
            Self::PerSecond => format!("{}/s", three_digits(value)),
        }
    }
}

impl Comparison {
    /// Returns the figures with a judgment.
    pub(crate) fn judged(&self, judgment: Judgment) -> impl Iterator<Item = &FigureRow> {
        self.figures.iter().filter(move |row| row.judgment == judgment)
    }
}

impl Report {
    /// Adds the comparison with an earlier run, with a finding for each figure that is worse.
    pub(crate) fn compare(&mut self, comparison: Comparison) {
        let value = |unit: Unit, value: Option<f64>| value.map_or("none".to_owned(), |value| unit.shown(value));
        let finding = |row: &FigureRow| {
            let (before, after) = (value(row.unit, row.before), value(row.unit, row.after));
            let text =
                format!("{} is worse than in {}: {before} before, {after} now", row.figure, comparison.before.name);
            Finding { severity: Severity::Warning, code: None, text }
        };
        self.findings.extend(comparison.judged(Judgment::Worse).map(finding));
        self.findings.sort_by_key(|finding| Reverse(finding.severity));
        self.verdict = Verdict::worst(self.findings.iter().map(|finding| finding.severity));
        self.comparison = Some(comparison);
    }

    /// Returns the verdict that decides the exit code: healthy if an earlier run is no better, whatever problems both have.
    pub(crate) fn outcome(&self) -> Verdict {
        let is_no_worse = self.comparison.as_ref().is_some_and(|comparison| comparison.verdict == Verdict::Healthy);
        let tripped = |level| self.gates.iter().any(|gate| gate.tripped && gate.level == level);
        match is_no_worse {
            true if tripped(GateLevel::Fail) => Verdict::Critical,
            true if tripped(GateLevel::Warn) => Verdict::Degraded,
            true => Verdict::Healthy,
            false => self.verdict,
        }
    }

    /// Returns the figures that are worse than in an earlier run: `worse than before.ndjson: p99, rate`.
    pub(crate) fn change(&self) -> Option<String> {
        let comparison = self.comparison.as_ref()?;
        let worse: Vec<_> = comparison.judged(Judgment::Worse).map(|row| row.figure).collect();
        let name = &comparison.before.name;
        Some(match (worse.as_slice(), comparison.new.len() as u64) {
            ([], 0) => format!("no worse than {name}"),
            ([], new) => format!("{} that {name} does not have", count(new, "problem")),
            (worse, _) => format!("worse than {name}: {}", worse.join(", ")),
        })
    }
}
