//! `redis-doctor report`: a report from journals.

use super::{Problem, deliver, exit_of};
use crate::{cli::ReportRequest, exit::Exit, journal, record::Recorder, render, report::Report};

/// Reads the journals and writes their report.
pub(super) fn replay(request: &ReportRequest) -> Result<Exit, Problem> {
    let mut recorder = Recorder::default();
    journal::replay(&request.files, &mut recorder).map_err(|error| error.to_string())?;
    let report = Report::judged(&recorder.figures(), &request.fail_on, &request.warn_on);
    let file = request.output.output.as_deref();
    let columns = render::stdout_columns().filter(|_| file.is_none());
    deliver(file, |out| render::report(&report, request.output.format, columns, out))?;
    Ok(exit_of(&report, &request.output))
}
