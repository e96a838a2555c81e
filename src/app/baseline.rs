//! `soak --baseline`: an earlier run, with which this one is compared at its end.

use std::path::Path;

use super::{Problem, compare::side};
use crate::{
    compare::{Series, Side, Unreadable, compare},
    event::Interval,
    plan::Plan,
    report::{RunReport, Setting},
};

/// The present run, in a comparison.
const THIS_RUN: &str = "this run";

/// An earlier run, and the samples of the present one.
pub(super) struct Baseline {
    before: Side,
    series: Series,
}

impl Baseline {
    /// Reads the earlier run. Another workload than that of the plan is refused.
    pub(super) fn read(path: &Path, plan: &Plan) -> Result<Self, Problem> {
        let problem = |problem| Problem::Baseline { path: path.to_owned(), problem: Box::new(problem) };
        let before = side(path).map_err(problem)?;
        match before.workload_change(plan) {
            Some(Setting { name, before, after }) => {
                Err(Problem::OtherWorkload { path: path.to_owned(), name, before, after })
            }
            None => Ok(Self { before, series: Series::default() }),
        }
    }

    /// Adds the samples of an interval of the present run.
    pub(super) fn add(&mut self, interval: &Interval) {
        self.series.add(interval);
    }

    /// Compares the report of the present run.
    pub(super) fn judge(self, report: &mut RunReport) -> Result<(), Unreadable> {
        let RunReport::Lone(report) = report else { return Ok(()) };
        let after = Side::reported(THIS_RUN.to_owned(), report, self.series)?;
        report.compare(compare(&self.before, &after, &[]));
        Ok(())
    }
}
