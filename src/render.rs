//! All output: the report in every format, the header and the event lines, the live view and the lines of `ping`.
//!
//! Nothing is computed here beyond units. A closed output is an error of kind [`io::ErrorKind::BrokenPipe`].

mod application;
mod attempts;
mod check;
mod check_targets;
mod compare;
mod diagnosis;
mod document;
mod drill;
mod event_line;
mod explain;
mod exposition;
mod fit;
mod formats;
mod header;
mod html;
mod idle;
mod lines;
mod live;
mod messages;
mod meter;
mod otlp;
mod ping;
mod protobuf;
mod report;
mod scale;
pub mod schema;
mod stdout;
mod survival;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod timeline;
mod times;
mod trace;
mod views;

use std::io::{self, Write};

pub(crate) use document::Document;
pub(crate) use drill::DrillProgress;
pub(crate) use event_line::event_line;
pub(crate) use exposition::page;
pub(crate) use fit::{fitted, stderr_columns, stdout_columns};
pub(crate) use idle::{IdleProgress, idle_event};
pub(crate) use lines::Pause;
pub(crate) use live::Live;
pub(crate) use messages::Messages;
pub(crate) use meter::metrics;
pub(crate) use otlp::{Export, otlp_metrics, otlp_span, otlp_traces};
pub(crate) use ping::PingLines;
pub(crate) use stdout::{BufferedStdout, Gapless, StdoutWriter};
pub(crate) use terminal::is_capable_terminal;
pub(crate) use timeline::TimelineLines;
use times::Times;
pub(crate) use times::has_local_zone;

use crate::{
    output::{Format, Rows},
    units,
};

/// The style of text, for a terminal or anything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// Use color (the caller has checked `--color`, NO_COLOR and the terminal).
    pub color: bool,
    /// It is a terminal, on which a progress bar can be redrawn.
    pub terminal: bool,
    /// Write only errors and the result.
    pub quiet: bool,
    /// The header of the run is above, on the same terminal, and is not repeated.
    pub below_header: bool,
    /// Rows of CSV.
    pub rows: Rows,
    /// Write every section of a report.
    pub verbose: bool,
    /// Show times in the local time zone instead of UTC.
    pub local_time: bool,
    /// Columns of the terminal; `None` if it is not one.
    pub columns: Option<usize>,
}

impl Style {
    /// Returns the style of text without color, laid out for this width.
    pub(crate) fn plain(columns: Option<usize>) -> Self {
        Self { columns, ..Self::default() }
    }
}

/// Writes a result in a format.
///
/// # Errors
/// If the output fails; [`io::ErrorKind::Unsupported`] if the result does not have this format.
pub(crate) fn write<D: Document + ?Sized>(
    document: &D,
    format: Format,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    // Stdout is flushed after each line, and a document can have a hundred thousand.
    let mut out = io::BufWriter::new(out);
    formats::write(document, format, style, &mut out)?;
    out.flush()
}

/// Writes the reason for a missing report in the form of a monitoring plugin.
///
/// # Errors
/// If writing fails.
pub(crate) fn unknown(why: &str, out: &mut dyn Write) -> io::Result<()> {
    formats::unknown(why, out)?;
    out.flush()
}
