//! The tables of the text report.

use std::io::{self, Write};

use crate::{
    event::RefusalEnd,
    record::{ErrorRow, OutageKind},
    render::{
        Times,
        application::Naming,
        diagnosis, event_line, table,
        units::{clean, duration, percent, span},
    },
    report::{GateLevel, GateResult, Latency, OutageRow, RefusalRow, Report},
};

/// Maximum number of rows shown; `--format json` has all of them.
const ROWS: usize = 20;

/// The header of a table, its number columns, and its rows.
type Content<'a> = (&'a [&'a str], std::ops::Range<usize>, Vec<Vec<String>>);

/// Writes an empty line and a table, if it has rows.
fn write((header, numbers, rows): Content<'_>, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let shown = &rows[..rows.len().min(ROWS)];
    writeln!(out)?;
    table::lines(header, numbers, shown, columns).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    if rows.len() > ROWS {
        writeln!(out, "… and {} more", rows.len() - ROWS)?;
    }
    Ok(())
}

/// Puts the longest rows, as many as are shown, before the others, in their order.
fn longest_first_page<T>(rows: &[T], duration: impl Fn(&T) -> f64) -> Vec<&T> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| duration(&rows[*b]).total_cmp(&duration(&rows[*a])));
    let shown = order.len().min(ROWS);
    order[..shown].sort_unstable();
    order.into_iter().map(|index| &rows[index]).collect()
}

pub(super) fn latencies(report: &Report, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let named = [
        ("latency", &report.latency),
        ("round trip", &report.service),
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
    let header = ["", "count", "min", "mean", "p50", "p90", "p99", "p99.9", "max"];
    write((&header, 1..9, rows), columns, out)
}

pub(super) fn outages(report: &Report, times: Times, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let rows = longest_first_page(&report.outages.rows, |row| row.duration)
        .into_iter()
        .map(|row| outage(row, Naming::in_table(report, row.outage.run), times))
        .collect();
    let header = ["outage", "", "", "lasted", "failed", "outcome unknown", "lost", "end", "cause", "client error"];
    write((&header, 3..7, rows), columns, out)
}

/// Writes the slow stretches.
pub(super) fn slow(report: &Report, times: Times, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<_> = report.slow.rows.iter().filter_map(|row| stretch(row, times)).collect();
    let header = ["slow stretch", "lasted", "slow replies", "waiting", "longest", "usual", "end", "cause"];
    write((&header, 1..6, rows), columns, out)
}

fn stretch(row: &OutageRow, times: Times) -> Option<Vec<String>> {
    let slowness = row.outage.slowness?;
    let usual = slowness.baseline.map_or("–".into(), span);
    let over = if row.outage.restored.is_some() { "over" } else { "still slow" };
    let number = match row.outage.connection {
        0 => String::new(),
        number => format!(" #{number}"),
    };
    Some(vec![
        format!("{}{number}", times.of(row.outage.time)),
        duration(row.duration),
        if slowness.replies == 0 { "–".into() } else { slowness.replies.to_string() },
        span(slowness.waiting),
        span(slowness.latency),
        usual,
        over.to_owned(),
        diagnosis::named(&row.diagnosis),
    ])
}

/// Writes each cause of outages or slow stretches once, with its evidence; only the first piece unless `verbose`.
pub(super) fn causes(rows: &[OutageRow], times: Times, verbose: bool, out: &mut dyn Write) -> io::Result<()> {
    let key = |row: &OutageRow| (row.diagnosis.cause, row.diagnosis.confidence);
    let mut written = Vec::new();
    for row in rows {
        let key_of_row = key(row);
        if written.contains(&key_of_row) {
            continue;
        }
        if written.is_empty() {
            writeln!(out)?;
        }
        written.push(key_of_row);
        let alike: Vec<_> = rows.iter().filter(|other| key(other) == key_of_row).collect();
        for line in diagnosis::block(&alike, times, verbose) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn outage(row: &OutageRow, naming: Naming, times: Times) -> Vec<String> {
    let outage = &row.outage;
    let end = match (outage.restored, outage.by_itself) {
        (None, _) => "not recovered",
        (Some(_), Some(false)) => "new session",
        (Some(_), _) => "recovered",
    };
    let name = naming.name(outage.connection);
    let connection = name.map_or(outage.kind.to_string(), |name| format!("{} {name}", outage.kind));
    let reported = match (&outage.failure, outage.kind) {
        (Some(failure), _) => event_line::failure(failure),
        (None, OutageKind::Drop) => "none".into(),
        (None, OutageKind::Stall) => "none: no replies, connection still open".into(),
        (None, OutageKind::Slow) => "none: late replies".into(),
    };
    vec![
        outage.id.to_string(),
        times.of(outage.time),
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

/// Returns the cause of an outage and its confidence.
pub(super) fn cause(row: &OutageRow) -> String {
    diagnosis::named(&row.diagnosis)
}

pub(super) fn refusals(report: &Report, times: Times, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let rows = longest_first_page(&report.refusals.rows, |row| row.duration)
        .into_iter()
        .map(|row| refusal(row, times))
        .collect();
    let header = ["refusal", "", "code", "lasted", "commands", "first", "end", "reply"];
    write((&header, 3..5, rows), columns, out)
}

fn refusal(row: &RefusalRow, times: Times) -> Vec<String> {
    let refusal = &row.refusal;
    let class = match refusal.connection {
        0 => refusal.key.class.to_string(),
        number => format!("{} #{number}", refusal.key.class),
    };
    let end = match refusal.end {
        Some(RefusalEnd::Served) => "served again",
        Some(RefusalEnd::ConnectionLost) => "connection lost",
        Some(RefusalEnd::SlotsMoved) => "slots moved",
        Some(RefusalEnd::RunEnded) | None => "not over",
    };
    vec![
        times.of(refusal.time),
        class,
        refusal.code.to_owned(),
        duration(row.duration),
        refusal.count.map(|count| count.to_string()).unwrap_or_default(),
        clean(&refusal.command),
        end.to_owned(),
        clean(&refusal.text),
    ]
}

pub(super) fn errors(report: &Report, times: Times, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
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
                seen(row, times),
                clean(&row.example),
            ]
        })
        .collect();
    let header = ["error", "code", "count", "outcome unknown", "errno", "stage", "reported by", "seen", "example"];
    write((&header, 2..5, rows), columns, out)
}

/// `14:02:22.704`, `14:02:22.704 to 14:02:51.204`
fn seen(row: &ErrorRow, times: Times) -> String {
    let (first, last) = (times.of(row.first), times.of(row.last));
    if row.first == row.last { first } else { format!("{first} to {last}") }
}

pub(super) fn states(report: &Report, times: Times, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<_> =
        report.states.iter().map(|row| vec![times.of(row.time), row.state.to_string(), clean(&row.why)]).collect();
    write((&["state", "", ""], 0..0, rows), columns, out)
}

pub(super) fn gates(report: &Report, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<_> = report.gates.iter().map(gate).collect();
    write((&["gate", "", "value", ""], 2..3, rows), columns, out)
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

/// Returns the value of a gate's figure with its unit.
pub(in crate::render) fn value_of(result: &GateResult, value: f64) -> String {
    use crate::plan::Metric;
    match result.gate.metric {
        Metric::Availability | Metric::Service => percent(value),
        Metric::Errors if result.gate.is_share() => percent(value),
        Metric::Ambiguous
        | Metric::Desyncs
        | Metric::Duplicated
        | Metric::ElementsLost
        | Metric::Errors
        | Metric::Lost
        | Metric::RanTwice
        | Metric::ReconnectPeak
        | Metric::Reconnects
        | Metric::Reordered
        | Metric::Timeouts => value.to_string(),
        _ => duration(value),
    }
}
