//! Writes what others have computed: the report in every format, the header and the event lines, the live view and
//! the lines of `ping`.
//!
//! Nothing is computed here beyond units. A closed output comes back as [`io::ErrorKind::BrokenPipe`].

mod attempts;
mod check;
mod csv;
mod diagnosis;
mod drill;
mod event_line;
mod explain;
mod fit;
mod header;
mod idle;
mod json;
mod lines;
mod live;
mod messages;
mod nagios;
mod openmetrics;
mod outlet;
mod ping;
pub mod schema;
mod table;
mod tables;
mod terminal;
#[cfg(test)]
mod tests;
mod text;

use std::io::{self, Write};

pub use check::check;
pub use drill::{DrillProgress, drill};
pub use event_line::event_line;
pub use explain::{catalogue, explanation};
pub use fit::{fitted, stderr_columns, stdout_columns};
pub use idle::{IdleProgress, idle, idle_event};
pub use live::Live;
pub use messages::Messages;
pub use outlet::{Gapless, Outlet, Writer};
pub use ping::PingLines;
pub use terminal::obeys;

use crate::{output::Format, report::Report, units};

/// How to write to a terminal, or to something that is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Colours are wanted (the caller has looked at `--color`, NO_COLOR and the terminal).
    pub color: bool,
    /// It is a terminal: a progress bar can be drawn, and drawn over.
    pub terminal: bool,
    /// Only errors and the result are wanted.
    pub quiet: bool,
    /// Columns of the terminal; `None` when it is none.
    pub columns: Option<usize>,
}

/// Writes the report in a format; for people it is laid out for a terminal of so many columns, if it is one.
///
/// # Errors
/// Whatever writing returns.
pub fn report(report: &Report, format: Format, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::write(report, columns, false, out),
        Format::Json => json::document(report, out),
        Format::Ndjson => json::lines(report, out),
        Format::Csv => csv::write(report, out),
        Format::Openmetrics => openmetrics::write(report, out),
        Format::Nagios => nagios::write(report, out),
    }?;
    out.flush()
}

/// Writes the report for people below the header of its run, on the same terminal: what stands there is not repeated.
///
/// # Errors
/// Whatever writing returns.
pub fn report_below_its_header(report: &Report, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    text::write(report, columns, true, out)?;
    out.flush()
}

/// Writes, for a monitoring system, why there is no report.
///
/// # Errors
/// Whatever writing returns.
pub fn unknown(why: &str, out: &mut dyn Write) -> io::Result<()> {
    nagios::unknown(why, out)?;
    out.flush()
}
