//! CSV (RFC 4180): a header line, then the rows of a document.
//!
//! A document without a table is written as `name,value`, one figure a line. The names are the paths of its JSON document
//! (`latency.p99`, `outages.rows.0.duration`), so one list of names serves both, and a spreadsheet can look a figure up.

use std::io::{self, Write};

use crate::render::{Style, document::Document, units::clean, views::Table};
use csv::{ErrorKind, Terminator, WriterBuilder};

pub(super) fn write<D: Document + ?Sized>(document: &D, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Table { header, rows } = document.rows(style.rows)?;
    let mut csv = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    csv.write_record(header).map_err(into_io)?;
    rows.iter().try_for_each(|row| csv.write_record(row.iter().map(|field| inert(field)))).map_err(into_io)?;
    csv.flush()
}

/// Returns a field that a spreadsheet does not run as a formula, and a terminal shows as it is. Source: OWASP, "CSV
/// Injection".
fn inert(field: &str) -> String {
    // A quoted field may have lines.
    let field = field.split('\n').map(clean).collect::<Vec<_>>().join("\n");
    let is_formula = field.starts_with(['=', '+', '-', '@']) && field.parse::<f64>().is_err();
    if is_formula { format!("'{field}") } else { field }
}

/// The crate's own conversion hides a closed pipe.
fn into_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_never_a_formula_nor_a_command_to_a_terminal() {
        for (field, shown) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-ERR unknown", "'-ERR unknown"),
            ("+OK", "'+OK"),
            ("-1.5", "-1.5"),
            ("+3", "+3"),
            ("a=b", "a=b"),
            ("\x1b[31m", "\\u{1b}[31m"),
            ("\t=1", " =1"),
        ] {
            assert_eq!(inert(field), shown);
        }
    }
}
