//! `redis-doctor report`: a report from journals.

use std::io::Write;

use super::{Problem, Work, deliver, exit_of};
use crate::{
    cli::commands::report::ReportRequest,
    exit::Exit,
    journal,
    output::Format,
    record::Recorder,
    render::{self, Style},
    report::Report,
};

impl Work for ReportRequest {
    fn format(&self) -> Format {
        self.output.format
    }

    /// Reads the journals and writes their report.
    fn perform(self) -> Result<Exit, Problem> {
        let mut recorder = Recorder::default();
        journal::replay(&self.files, &mut recorder)?;
        let report = Report::replayed(&recorder.figures(), &self.fail_on, &self.warn_on);
        let write =
            |out: &mut dyn Write, columns| render::write(&report, self.output.format, Style::plain(columns), out);
        deliver(self.output.output.as_deref(), write)?;
        Ok(exit_of(&report, &self.output))
    }
}
