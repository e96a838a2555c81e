//! `redis-doctor report`: a report from journals.

use std::io;

use super::{Problem, exit_of, forgive_closed, write_report};
use crate::{cli::ReportRequest, exit::Exit, journal, record::Recorder, render, report::Report};

/// Reads the journals and writes their report.
pub(super) fn replay(request: &ReportRequest) -> Result<Exit, Problem> {
    let mut recorder = Recorder::default();
    journal::replay(&request.files, &mut recorder).map_err(|error| error.to_string())?;
    let report = Report::judged(&recorder.figures(), &request.fail_on, &request.warn_on);
    match &request.output.output {
        Some(path) => write_report(&report, request.output.format, path)?,
        None => {
            let written = render::report(&report, request.output.format, &mut io::stdout().lock());
            forgive_closed(written).map_err(|error| format!("cannot write the report: {error}"))?;
        }
    }
    Ok(exit_of(&report, &request.output))
}
