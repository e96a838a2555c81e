//! The tables of the text report.

use std::io::{self, Write};

use comfy_table::{Cell, CellAlignment, Table, presets};

use super::{
    diagnosis, event_line,
    units::{clean, duration},
};
use crate::{
    record::OutageKind,
    report::{GateLevel, GateResult, Latency, OutageRow, Report},
};

/// More rows than this are a file's business (`--format json`).
const ROWS: usize = 20;

/// Writes a title and a table; numbers are aligned to the right, from column `numbers.start` to `numbers.end`.
fn write(
    out: &mut dyn Write,
    header: &[&str],
    numbers: std::ops::Range<usize>,
    rows: &[Vec<String>],
) -> io::Result<()> {
    let cells = |row: Vec<String>| {
        row.into_iter().enumerate().map(|(column, text)| {
            let alignment = if numbers.contains(&column) { CellAlignment::Right } else { CellAlignment::Left };
            Cell::new(text).set_alignment(alignment)
        })
    };
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(cells(header.iter().map(|name| (*name).to_owned()).collect()).collect::<Vec<_>>());
    for row in rows.iter().take(ROWS) {
        table.add_row(cells(row.clone()).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    writeln!(out)?;
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    if rows.len() > ROWS {
        writeln!(out, "… and {} more", rows.len() - ROWS)?;
    }
    Ok(())
}

pub(super) fn latencies(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let named = [
        ("latency", &report.latency),
        ("service", &report.service),
        ("failed", &report.failed_latency),
        ("waited", &report.waited),
        ("end to end", &report.end_to_end),
    ];
    let row = |name: &str, latency: &Latency| {
        let times = [latency.min, latency.mean, latency.p50, latency.p90, latency.p99, latency.p999, latency.max];
        let figures = times.into_iter().map(duration);
        [name.to_owned(), latency.count.to_string()].into_iter().chain(figures).collect()
    };
    let rows: Vec<Vec<String>> =
        named.into_iter().filter_map(|(name, latency)| latency.as_ref().map(|latency| row(name, latency))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let header = ["", "count", "min", "mean", "p50", "p90", "p99", "p99.9", "max"];
    write(out, &header, 1..9, &rows)
}

pub(super) fn outages(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.outages.rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = report.outages.rows.iter().map(outage).collect();
    let header = ["outage", "", "lasted", "failed", "ambiguous", "lost", "end", "cause", "reported as"];
    write(out, &header, 2..6, &rows)
}

/// Each cause once, with the outages that it ended and their evidence.
pub(super) fn causes(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let key = |row: &OutageRow| (row.diagnosis.cause, row.diagnosis.confidence);
    let mut told = Vec::new();
    for row in &report.outages.rows {
        let key_of_row = key(row);
        if told.contains(&key_of_row) {
            continue;
        }
        if told.is_empty() {
            writeln!(out)?;
        }
        told.push(key_of_row);
        let alike: Vec<_> = report.outages.rows.iter().filter(|other| key(other) == key_of_row).collect();
        for line in diagnosis::block(&alike) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn outage(row: &OutageRow) -> Vec<String> {
    let outage = &row.outage;
    let kind = match outage.kind {
        OutageKind::Drop => "drop",
        OutageKind::Stall => "stall",
    };
    let end = match (outage.restored, outage.by_itself) {
        (None, _) => "not over",
        (Some(_), Some(false)) => "fresh session",
        (Some(_), _) => "recovered",
    };
    let connection = match outage.connection {
        0 => kind.to_owned(),
        number => format!("{kind} #{number}"),
    };
    let reported = match (&outage.failure, outage.kind) {
        (Some(failure), _) => event_line::failure(failure),
        (None, OutageKind::Drop) => "no cause was given".into(),
        (None, OutageKind::Stall) => "no answers; nothing was closed".into(),
    };
    vec![
        outage.time.time_of_day(),
        connection,
        duration(row.duration),
        outage.failed.to_string(),
        outage.ambiguous.to_string(),
        outage.messages_lost.to_string(),
        end.to_owned(),
        diagnosis::named(&row.diagnosis),
        clean(&reported),
    ]
}

pub(super) fn errors(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.errors.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = report
        .errors
        .iter()
        .map(|row| {
            vec![
                row.key.class.to_string(),
                row.code.to_owned(),
                row.count.to_string(),
                row.ambiguous.to_string(),
                row.key.errno.map(|errno| errno.to_string()).unwrap_or_default(),
                row.key.stage.to_string(),
                row.key.origin.to_string(),
                row.first.time_of_day(),
                row.last.time_of_day(),
                clean(&row.example),
            ]
        })
        .collect();
    let header = ["error", "code", "count", "ambiguous", "errno", "stage", "said by", "first", "last", "example"];
    write(out, &header, 2..5, &rows)
}

pub(super) fn states(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.states.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> =
        report.states.iter().map(|row| vec![row.time.time_of_day(), row.state.to_string(), clean(&row.why)]).collect();
    write(out, &["state", "", ""], 0..0, &rows)
}

pub(super) fn gates(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.gates.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = report.gates.iter().map(gate).collect();
    write(out, &["gate", "", "value", ""], 2..3, &rows)
}

fn gate(result: &GateResult) -> Vec<String> {
    let level = match result.level {
        GateLevel::Fail => "fail on",
        GateLevel::Warn => "warn on",
    };
    let outcome = if result.tripped { "tripped" } else { "passed" };
    let value = result.value.map_or("no data".into(), |value| value_of(result, value));
    vec![level.to_owned(), result.gate.to_string(), value, outcome.to_owned()]
}

fn value_of(result: &GateResult, value: f64) -> String {
    use crate::plan::Metric;
    match result.gate.metric {
        Metric::Availability => super::units::percent(value),
        Metric::Errors if result.gate.is_share() => super::units::percent(value),
        Metric::Ambiguous
        | Metric::Desyncs
        | Metric::Duplicated
        | Metric::Errors
        | Metric::Lost
        | Metric::ReconnectPeak
        | Metric::Reconnects
        | Metric::Reordered
        | Metric::Timeouts => value.to_string(),
        _ => duration(value),
    }
}
