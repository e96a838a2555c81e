//! One block for each incident: what happened, the client's error, the evidence in a line, the time it took, the remedy.

use std::io::{self, Write};

use crate::{
    render::{
        Times, diagnosis, event_line,
        units::{clean, count, duration},
    },
    report::{CauseOf, IncidentRow, OutageRow, Phase, PhaseRow, Report},
};

/// Maximum number of blocks; of more, the longest incidents are shown.
const BLOCKS: usize = 12;

/// Shortest outage whose parts are shown, in seconds: less is within the interval between two path probes.
const NOTEWORTHY: f64 = 0.1;

/// Smallest share of an outage that is shown as a part of it.
const VISIBLE: f64 = 0.01;

pub(super) fn write(report: &Report, times: Times, out: &mut dyn Write) -> io::Result<()> {
    let blocks = blocks(report, times);
    if !blocks.is_empty() {
        writeln!(out)?;
    }
    blocks.iter().flatten().try_for_each(|line| writeln!(out, "{line}"))
}

/// Returns the lines of each incident that is shown, and the number of the others.
pub(super) fn blocks(report: &Report, times: Times) -> Vec<Vec<String>> {
    let mut rows: Vec<&IncidentRow> = report.incidents.rows.iter().collect();
    // One that is not over is always shown.
    rows.sort_by(|one, other| {
        let key = |row: &IncidentRow| (row.incident.unresolved > 0, row.duration);
        key(other).partial_cmp(&key(one)).unwrap_or(std::cmp::Ordering::Equal)
    });
    rows.truncate(BLOCKS);
    rows.sort_by_key(|row| (row.incident.run, row.incident.began_at, row.incident.id));
    let of_cause = |row: &IncidentRow, cause: &CauseOf| {
        let mut outages = report.outages.rows.iter();
        outages.find(|outage| outage.outage.run == row.incident.run && outage.outage.id == cause.outage)
    };
    let shown = |row: &IncidentRow| {
        let example = row.cause.as_ref().and_then(|cause| of_cause(row, cause));
        block(row, example, times).iter().map(|line| clean(line)).collect()
    };
    let mut blocks: Vec<_> = rows.iter().map(|row| shown(row)).collect();
    let others = report.incidents.count - rows.len() as u64;
    blocks
        .extend((others > 0).then(|| vec![format!("… and {}; these are the longest", count(others, "more incident"))]));
    blocks
}

fn block(row: &IncidentRow, example: Option<&OutageRow>, times: Times) -> Vec<String> {
    let incident = &row.incident;
    let margin = " ".repeat(incident.id.to_string().len());
    let cause = example.map_or("not listed".to_owned(), |row| diagnosis::named_in_words(&row.diagnosis));
    let mut parts = vec![cause];
    parts.push(if incident.unresolved > 0 {
        format!("{}, not recovered", duration(row.duration))
    } else {
        duration(row.duration)
    });
    if incident.of > 1 {
        parts.push(format!("{} of {} connections", incident.connections, incident.of));
    }
    if incident.messages_lost > 0 {
        parts.push(format!("{} lost", count(incident.messages_lost, "message")));
    }
    parts.extend(incident.injected.as_ref().map(|fault| format!("injected: {fault}")));
    let mut lines = vec![format!("{}  {}  {}", incident.id, times.of(incident.time), parts.join(" · "))];
    let Some(example) = example else { return lines };
    let diagnosis = &example.diagnosis;
    let failure = example.outage.failure.as_ref().map(event_line::failure);
    lines.extend(failure.map(|failure| format!("{margin}  client error {failure}")));
    let why = diagnosis.evidence_for.first().or(diagnosis.missing.first());
    lines.extend(why.map(|why| format!("{margin}  {why}")));
    lines.extend(division(example).map(|parts| format!("{margin}  {parts}")));
    lines.push(format!("{margin}  → {}; see `redis-doctor explain {}`", diagnosis.remedy, diagnosis.code));
    lines
}

/// `1.07 s unnoticed (--watchdog) · 1.92 s away · 1.2 s waiting for the next attempt (--max-delay)`
fn division(row: &OutageRow) -> Option<String> {
    let part = |part: &PhaseRow| {
        let words = match part.phase {
            Phase::Undetected => "unnoticed",
            Phase::Held => "kept although silent",
            Phase::Away => "away",
            Phase::Waiting => "waiting for the next attempt",
            Phase::Connecting => "connecting",
            Phase::Unknown => "unexplained",
        };
        let flag = part.flag.map(|flag| format!(" ({flag})")).unwrap_or_default();
        format!("{} {words}{flag}", duration(part.duration))
    };
    let parts: Vec<_> = row.phases.iter().filter(|part| part.duration >= row.duration * VISIBLE).map(part).collect();
    (row.duration >= NOTEWORTHY && !parts.is_empty()).then(|| parts.join(" · "))
}
