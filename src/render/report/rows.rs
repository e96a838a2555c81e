//! The lists of a report as rows of CSV: times in UTC, durations in seconds, nothing for what is not known.

use std::{fmt::Display, io};

use crate::{
    output::Rows,
    record::ErrorRow,
    render::views::Table,
    report::{IntervalRow, OutageRow, Report},
};

const INTERVALS: [&str; 14] = [
    "run",
    "time",
    "span",
    "down",
    "ok",
    "failed",
    "timed_out",
    "received",
    "lost",
    "p50",
    "p99",
    "p999",
    "max",
    "end_to_end_p50",
];

const OUTAGES: [&str; 19] = [
    "run",
    "id",
    "incident",
    "connection",
    "generation",
    "kind",
    "time",
    "duration",
    "recovered",
    "by_itself",
    "same_process",
    "cause",
    "confidence",
    "code",
    "in_flight",
    "failed",
    "ambiguous",
    "messages_lost",
    "backoff",
];

const ERRORS: [&str; 10] =
    ["class", "stage", "errno", "origin", "code", "count", "ambiguous", "first", "last", "example"];

pub(super) fn table(report: &Report, of: Rows) -> io::Result<Table> {
    let rows = match of {
        Rows::Figures => return Ok(Table::of_figures(&serde_json::to_value(report)?)),
        Rows::Intervals => report.intervals.iter().map(interval).collect(),
        Rows::Outages => report.outages.rows.iter().map(outage).collect(),
        Rows::Errors => report.errors.iter().map(error).collect(),
    };
    Ok(Table { header: header(of), rows })
}

pub(super) fn header(of: Rows) -> Vec<&'static str> {
    match of {
        Rows::Figures => vec!["name", "value"],
        Rows::Intervals => INTERVALS.to_vec(),
        Rows::Outages => OUTAGES.to_vec(),
        Rows::Errors => ERRORS.to_vec(),
    }
}

fn interval(row: &IntervalRow) -> Vec<String> {
    vec![
        row.run.to_string(),
        row.time.to_string(),
        row.span.to_string(),
        row.down.to_string(),
        row.ok.to_string(),
        row.failed.to_string(),
        row.timed_out.to_string(),
        row.received.to_string(),
        row.lost.to_string(),
        known(row.p50),
        known(row.p99),
        known(row.p999),
        known(row.max),
        known(row.end_to_end_p50),
    ]
}

fn outage(row: &OutageRow) -> Vec<String> {
    let (outage, diagnosis) = (&row.outage, &row.diagnosis);
    vec![
        outage.run.to_string(),
        outage.id.to_string(),
        outage.incident.to_string(),
        outage.connection.to_string(),
        outage.generation.to_string(),
        outage.kind.to_string(),
        outage.time.to_string(),
        row.duration.to_string(),
        outage.restored.is_some().to_string(),
        known(outage.by_itself),
        known(outage.same_process),
        diagnosis.cause.to_string(),
        diagnosis.confidence.to_string(),
        diagnosis.code.to_owned(),
        outage.in_flight.to_string(),
        outage.failed.to_string(),
        outage.ambiguous.to_string(),
        outage.messages_lost.to_string(),
        known(row.backoff),
    ]
}

fn error(row: &ErrorRow) -> Vec<String> {
    vec![
        row.key.class.to_string(),
        row.key.stage.to_string(),
        known(row.key.errno),
        row.key.origin.to_string(),
        row.code.to_owned(),
        row.count.to_string(),
        row.ambiguous.to_string(),
        row.first.to_string(),
        row.last.to_string(),
        row.example.clone(),
    ]
}

fn known(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
