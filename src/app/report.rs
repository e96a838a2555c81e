//! `redis-doctor report`: a report from journals.

use std::io::Write;

use super::{Problem, Work, check_writable, deliver, exit_of};
use crate::{
    cli::commands::report::ReportRequest,
    exit::Exit,
    journal,
    output::Format,
    record::{Recorder, RunFigures},
    render::{self, Style},
    report::Report,
};

impl Work for ReportRequest {
    fn format(&self) -> Format {
        self.output.format
    }

    /// Reads the journals and writes their report.
    fn perform(self) -> Result<Exit, Problem> {
        check_writable(self.output.output.as_deref())?;
        let mut recorder = Recorder::default();
        journal::replay(&self.files, self.strict, &mut recorder)?;
        let figures = recorder.figures();
        if figures.runs.iter().all(RunFigures::is_undecided) {
            let after = figures.elapsed.as_secs_f64();
            return Err(Problem::CutOff { after });
        }
        let report = Report::replayed(&figures, &self.fail_on, &self.warn_on);
        let write =
            |out: &mut dyn Write, columns| render::write(&report, self.output.format, Style::plain(columns), out);
        deliver(self.output.output.as_deref(), write)?;
        Ok(exit_of(&report, &self.output))
    }
}
