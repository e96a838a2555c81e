//! Two runs side by side: what changed between them, and which differences of their figures are more than chance.
//!
//! The noise of a figure is taken from the runs themselves, without an assumption about its distribution. Each run is cut
//! into blocks of equal length. If the two runs differ by chance only, a block could be of either, so the blocks are dealt
//! to two new runs at random, thousands of times; the share of deals with a difference at least as large as the observed
//! one is its probability (a permutation test: Fisher, "The Design of Experiments", 1935; Good, "Permutation, Parametric
//! and Bootstrap Tests of Hypotheses", 2005). Blocks, not single samples, are dealt because neighbors are alike.
//! A difference is reported as better or worse only if chance is improbable *and* it is large enough to matter, because
//! two runs on one machine differ by a few percent for reasons that neither of them shows.

mod chance;
mod figures;
mod gate;
mod outages;
mod saved;
mod series;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use self::{
    figures::{FigureRow, Judgment, Unit},
    gate::ChangeGate,
    saved::Unreadable,
};
use self::{saved::Saved, series::Series};
use crate::{
    event::{Event, EventKind, EventSink, SCHEMA_VERSION},
    record::Recorder,
    report::Report,
    verdict::Verdict,
};

/// A run, or several, read from journals or as it happens.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    pub(crate) recorder: Recorder,
    series: Series,
    /// True if a run has several targets: the record of a single one does not fit them.
    several: bool,
}

impl EventSink for Recording {
    fn on_event(&mut self, event: &Event) {
        self.several |= matches!(&event.kind, EventKind::RunStarted(started) if started.plan.scope.is_some());
        self.recorder.on_event(event);
        if let EventKind::Interval(interval) = &event.kind {
            self.series.add(interval);
        }
    }
}

/// One of the two sides of a comparison.
#[derive(Debug)]
pub(crate) struct Side {
    name: String,
    saved: Saved,
    /// Empty if only a report was saved: its figures have no known noise.
    series: Series,
}

impl Side {
    /// Makes a side from the events of its runs.
    ///
    /// # Errors
    /// If there are no runs, or some with several targets.
    pub(crate) fn recorded(name: String, recording: Recording) -> Result<Self, Unreadable> {
        if recording.several {
            return Err(Unreadable::SeveralTargets);
        }
        let report = Report::replayed(&recording.recorder.figures(), &[], &[]);
        Ok(Self { name, saved: Saved::of(&report)?, series: recording.series })
    }

    /// Makes a side from the text of a JSON report.
    ///
    /// # Errors
    /// If it is not the report of a run, or another version of its JSON.
    pub(crate) fn saved(name: String, report: &str) -> Result<Self, Unreadable> {
        Ok(Self { name, saved: Saved::read(report)?, series: Series::default() })
    }
}

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

/// Compares two sides.
pub(crate) fn compare(before: &Side, after: &Side, gates: &[ChangeGate]) -> Comparison {
    let figures = figures::rows(before, after);
    let problems = |side: &Side, other: &Side| {
        let known: BTreeSet<_> = other.saved.problems().filter_map(|finding| finding.code.clone()).collect();
        let own = side.saved.problems().filter_map(|finding| Some((finding.code.clone()?, finding.text.clone())));
        let own = own.filter(|(code, _)| !known.contains(code));
        own.map(|(code, text)| Problem { code, text }).collect::<Vec<_>>()
    };
    let new = problems(after, before);
    let gates: Vec<_> = gates.iter().map(|gate| gate.judge(&figures)).collect();
    let worse = figures.iter().any(|row| row.judgment == Judgment::Worse);
    let verdict = match () {
        () if gates.iter().any(|gate| gate.tripped) => Verdict::Critical,
        () if worse || !new.is_empty() => Verdict::Degraded,
        () => Verdict::Healthy,
    };
    Comparison {
        schema_version: SCHEMA_VERSION,
        verdict,
        before: summary(before),
        after: summary(after),
        changes: before.saved.changes(&after.saved),
        workload: before.saved.workload_changes(&after.saved),
        figures,
        fixed: problems(before, after),
        new,
        gates,
    }
}

fn summary(side: &Side) -> Summary {
    Summary {
        name: side.name.clone(),
        time: side.saved.time(),
        duration: side.saved.duration,
        verdict: side.saved.verdict,
        without_intervals: side.series.is_empty(),
    }
}
