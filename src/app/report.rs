//! `redis-doctor report`: a report from journals.

use std::io::Write;

use super::{Problem, Work, check_writable, deliver, exit_of, styled, warn_without_zone};
use crate::{
    cli::commands::report::ReportRequest,
    exit::Exit,
    journal,
    output::Format,
    record::{Figures, Records, RunFigures},
    render,
    report::RunReport,
};

impl Work for ReportRequest {
    fn format(&self) -> Format {
        self.output.format
    }

    /// Reads the journals and writes their report.
    fn perform(self) -> Result<Exit, Problem> {
        check_writable(self.output.output.as_deref())?;
        let mut recorder = Records::default();
        journal::replay(&self.files, self.strict, &mut recorder)?;
        let figures = recorder.figures();
        if figures.of_all_targets().all(Figures::are_undecided) {
            let after = figures.of_all_targets().map(|figures| figures.elapsed).max().unwrap_or_default();
            return Err(Problem::CutOff { after: after.as_secs_f64() });
        }
        let mut runs = figures.of_all_targets().flat_map(|figures| &figures.runs);
        let traces = |run: &RunFigures| run.started.plan.trace.is_some();
        if figures.of_all_targets().any(|figures| figures.trace.is_some()) && !runs.all(traces) {
            return Err(Problem::MixedJournals);
        }
        let report = RunReport::replayed(&figures, &self.fail_on, &self.warn_on);
        warn_without_zone(&self.output);
        let style = |columns| styled(&self.output, columns);
        let write = |out: &mut dyn Write, columns| render::write(&report, self.output.format, style(columns), out);
        deliver(self.output.output.as_deref(), write)?;
        Ok(exit_of(&report, &self.output))
    }
}
