//! `redis-doctor report`: a report from journals.

use std::{io, path::Path};

use super::{Problem, exit_of, forgive_closed};
use crate::{cli::ReportRequest, exit::Exit, journal, output::Format, record::Recorder, render, report::Report};

/// Reads the journals and writes their report.
pub(super) fn replay(request: &ReportRequest) -> Result<Exit, Problem> {
    let mut recorder = Recorder::default();
    journal::replay(&request.files, &mut recorder).map_err(|error| error.to_string())?;
    let report = Report::judged(&recorder.figures(), &request.fail_on, &request.warn_on);
    match &request.output.output {
        Some(path) => write_file(&report, request.output.format, path)?,
        None => {
            let written = render::report(&report, request.output.format, &mut io::stdout().lock());
            forgive_closed(written).map_err(|error| format!("cannot write the report: {error}"))?;
        }
    }
    Ok(exit_of(&report, &request.output))
}

/// Writes the report into a file, replacing what is there.
fn write_file(report: &Report, format: Format, path: &Path) -> Result<(), Problem> {
    let write = || render::report(report, format, &mut io::BufWriter::new(std::fs::File::create(path)?));
    write().map_err(|error| format!("--output: cannot write {}: {error}", path.display()))
}
