//! `redis-doctor report`: a report from journals.

use std::io::Write;

use super::{Problem, deliver, exit_of};
use crate::{
    cli::ReportRequest,
    exit::Exit,
    journal,
    record::Recorder,
    render::{self, Style},
    report::Report,
};

/// Reads the journals and writes their report.
pub(super) fn replay(request: &ReportRequest) -> Result<Exit, Problem> {
    let mut recorder = Recorder::default();
    journal::replay(&request.files, &mut recorder).map_err(|error| error.to_string())?;
    let report = Report::judged(&recorder.figures(), &request.fail_on, &request.warn_on);
    let write =
        |out: &mut dyn Write, columns| render::write(&report, request.output.format, Style::plain(columns), out);
    deliver(request.output.output.as_deref(), write)?;
    Ok(exit_of(&report, &request.output))
}
