//! Writes what others have computed: the report in every format, the header and the event lines, the live view and
//! the lines of `ping`.
//!
//! Nothing is computed here beyond units. A closed output comes back as [`io::ErrorKind::BrokenPipe`].

mod attempts;
mod check;
mod diagnosis;
mod document;
mod drill;
mod event_line;
mod explain;
mod fit;
mod formats;
mod header;
mod idle;
mod lines;
mod live;
mod messages;
mod ping;
mod report;
pub mod schema;
mod stdout;
mod table;
mod terminal;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use document::Document;
pub(crate) use drill::DrillProgress;
pub(crate) use event_line::event_line;
pub(crate) use fit::{fitted, stderr_columns, stdout_columns};
pub(crate) use idle::{IdleProgress, idle_event};
pub(crate) use live::Live;
pub(crate) use messages::Messages;
pub(crate) use ping::PingLines;
pub(crate) use stdout::{BufferedStdout, Gapless, StdoutWriter};
pub(crate) use terminal::is_capable_terminal;

use crate::{output::Format, units};

/// How to write to a terminal, or to something that is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// Color is wanted (the caller has checked `--color`, NO_COLOR and the terminal).
    pub color: bool,
    /// It is a terminal: a progress bar can be drawn, and drawn over.
    pub terminal: bool,
    /// Only errors and the result are wanted.
    pub quiet: bool,
    /// The header of the run stands above, on the same terminal, and is not repeated.
    pub below_header: bool,
    /// Columns of the terminal; `None` when it is none.
    pub columns: Option<usize>,
}

impl Style {
    /// Text without color, laid out for so many columns.
    pub(crate) fn plain(columns: Option<usize>) -> Self {
        Self { columns, ..Self::default() }
    }
}

/// Writes a result in a format.
///
/// # Errors
/// The error of the output; [`io::ErrorKind::Unsupported`] where the result cannot be written in this format.
pub(crate) fn write<D: Document + ?Sized>(
    document: &D,
    format: Format,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    formats::write(document, format, style, out)?;
    out.flush()
}

/// Writes, for a monitoring system, why there is no report.
///
/// # Errors
/// Whatever writing returns.
pub(crate) fn unknown(why: &str, out: &mut dyn Write) -> io::Result<()> {
    formats::unknown(why, out)?;
    out.flush()
}
