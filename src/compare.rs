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

use self::saved::Saved;
pub(crate) use self::{gate::ChangeGate, saved::Unreadable, series::Series};
use crate::{
    event::{Event, EventKind, EventSink, SCHEMA_VERSION},
    plan::Plan,
    record::Recorder,
    report::{Comparison, Judgment, Problem, Report, Setting, Summary},
    verdict::Verdict,
};

/// A run, or several, read from journals or as it happens.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    pub(crate) recorder: Recorder,
    series: Series,
    /// True if a run has several targets: the record of a single one does not fit them.
    several: bool,
    /// True if a run is a trace.
    traced: bool,
}

impl EventSink for Recording {
    fn on_event(&mut self, event: &Event) {
        if let EventKind::RunStarted(started) = &event.kind {
            self.several |= started.plan.scope.is_some();
            self.traced |= started.plan.trace.is_some();
        }
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
    /// If there are no runs, or some with several targets, or a trace.
    pub(crate) fn recorded(name: String, recording: Recording) -> Result<Self, Unreadable> {
        if recording.several {
            return Err(Unreadable::SeveralTargets);
        }
        if recording.traced {
            return Err(Unreadable::Trace);
        }
        Self::reported(name, &Report::replayed(&recording.recorder.figures(), &[], &[]), recording.series)
    }

    /// Makes a side from a report and the samples of its run.
    ///
    /// # Errors
    /// If there is no run.
    pub(crate) fn reported(name: String, report: &Report, series: Series) -> Result<Self, Unreadable> {
        Ok(Self { name, saved: Saved::of(report)?, series })
    }

    /// Makes a side from the text of a JSON report.
    ///
    /// # Errors
    /// If it is not the report of a run, or another version of its JSON.
    pub(crate) fn saved(name: String, report: &str) -> Result<Self, Unreadable> {
        Ok(Self { name, saved: Saved::read(report)?, series: Series::default() })
    }

    /// Returns the first setting of the workload in which a plan differs.
    pub(crate) fn workload_change(&self, plan: &Plan) -> Option<Setting> {
        self.saved.workload_changes_to(plan).into_iter().next()
    }
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
