//! JSON: one document, or one line for each record.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use crate::report::Report;

pub(super) fn document(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}

/// The report without its lists as `summary`, then each entry of each list: `run`, `outage`, `error`, `state`, `gate`,
/// `finding`, `note`.
pub(super) fn lines(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    summary(report, out)?;
    each("run", &report.runs, out)?;
    each("outage", &report.outages.rows, out)?;
    each("error", &report.errors, out)?;
    each("state", &report.states, out)?;
    each("gate", &report.gates, out)?;
    each("finding", &report.findings, out)?;
    each("note", &report.notes, out)
}

/// A result without its lists.
pub(super) fn summary(report: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut summary = serde_json::to_value(report)?;
    if let Value::Object(fields) = &mut summary {
        fields.retain(|_, value| !value.is_array());
    }
    if let Some(Value::Object(outages)) = summary.get_mut("outages") {
        outages.remove("rows");
    }
    line("summary", &summary, out)
}

pub(super) fn each<T: Serialize>(kind: &str, records: &[T], out: &mut dyn Write) -> io::Result<()> {
    records.iter().try_for_each(|record| line(kind, record, out))
}

pub(super) fn line<T: Serialize>(kind: &str, record: &T, out: &mut dyn Write) -> io::Result<()> {
    // Not flattened into a type of its own, which would be code for every type of record once more. None is empty.
    let record = serde_json::to_vec(record)?;
    let fields = record.strip_prefix(b"{").unwrap_or(&record);
    write!(out, "{{\"type\":\"{kind}\",")?;
    out.write_all(fields)?;
    out.write_all(b"\n")
}
