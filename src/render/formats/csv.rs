//! CSV (RFC 4180): a header line, then the rows of a document.
//!
//! A document that is no table is written as `name,value`, one figure a line. The names are the paths of its JSON
//! document (`latency.p99`, `outages.rows.0.duration`), so both can be read with one list of names, and a spreadsheet can
//! look a figure up.

use std::io::{self, Write};

use csv::{ErrorKind, Terminator, WriterBuilder};
use serde_json::Value;

use super::Table;
use crate::render::{Style, document::Document};

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

/// Returns each figure of a JSON document with its path.
pub(in crate::render) fn figures(root: &Value) -> io::Result<Table> {
    let mut rows = Vec::new();
    collect(String::new(), root, &mut rows);
    Ok(Table { header: &["name", "value"], rows })
}

fn collect(name: String, of: &Value, rows: &mut Vec<Vec<String>>) {
    let below = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    match of {
        Value::Object(fields) => fields.iter().for_each(|(key, of)| collect(below(key), of, rows)),
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(number, of)| collect(below(&number.to_string()), of, rows));
        }
        Value::Null => rows.push(vec![name, String::new()]),
        Value::String(text) => rows.push(vec![name, text.clone()]),
        Value::Bool(_) | Value::Number(_) => rows.push(vec![name, of.to_string()]),
    }
}
