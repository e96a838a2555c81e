//! CSV (RFC 4180): a header line, then the rows of a document.
//!
//! A document without a table is written as `name,value`, one figure a line. The names are the paths of its JSON document
//! (`latency.p99`, `outages.rows.0.duration`), so one list of names serves both, and a spreadsheet can look a figure up.

use std::io::{self, Write};

use crate::render::{Style, document::Document, views::Table};
use csv::{ErrorKind, Terminator, WriterBuilder};

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let Table { header, rows } = document.rows()?;
    let mut csv = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    csv.write_record(header).map_err(into_io)?;
    rows.iter().try_for_each(|row| csv.write_record(row)).map_err(into_io)?;
    csv.flush()
}

/// The crate's own conversion hides a closed pipe.
fn into_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
