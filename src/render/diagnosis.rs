//! A diagnosis for people: below the lines of its outage, and in the text report.

use super::units::{clean, duration};
use crate::report::{Cause, Diagnosis, OutageRow};

/// Columns before the label in a live view: where the event lines have the time.
const LIVE: &str = "              ";

/// `network_reset, certain`
pub(super) fn named(diagnosis: &Diagnosis) -> String {
    match diagnosis.cause {
        Cause::Unknown => diagnosis.cause.to_string(),
        cause => format!("{cause}, {}", diagnosis.confidence),
    }
}

/// The lines of a live view.
pub(super) fn lines(row: &OutageRow) -> Vec<String> {
    let connection = match row.outage.connection {
        0 => String::new(),
        number => format!("#{number} "),
    };
    let line = |label: &str, text: &str| format!("{LIVE}{label:<12}  {connection}{}", clean(text));
    let mut lines = vec![line("cause", &sentence(&row.diagnosis))];
    lines.extend(lag(row).map(|text| line("backoff", &text)));
    lines.push(line("advice", &advice(&row.diagnosis)));
    lines
}

/// The lines of a report: the cause, and all that speaks for and against it. What can be done is a finding.
/// It speaks for the first of `alike` outages, and says so.
pub(super) fn block(row: &OutageRow, alike: usize) -> Vec<String> {
    let diagnosis = &row.diagnosis;
    let time = row.outage.time.time_of_day();
    let first = if alike > 1 { format!(", the first of {alike}") } else { String::new() };
    let mut parts = vec![("cause", format!("{} (at {time}{first})", sentence_alone(diagnosis)))];
    parts.extend(diagnosis.evidence_for.iter().map(|text| ("for", text.clone())));
    parts.extend(diagnosis.evidence_against.iter().map(|text| ("against", text.clone())));
    parts.extend(diagnosis.missing.iter().map(|text| ("missing", text.clone())));
    parts.extend(lag(row).map(|text| ("backoff", text)));
    let line = |(label, text): (&str, String)| format!("{label:<10}{}", clean(&text));
    parts.into_iter().map(line).collect()
}

/// `network reset, certain: the server still lists client 8123 as connected`
fn sentence(diagnosis: &Diagnosis) -> String {
    let why = diagnosis.evidence_for.first().or(diagnosis.missing.first());
    match why {
        Some(why) => format!("{}: {why}", sentence_alone(diagnosis)),
        None => sentence_alone(diagnosis),
    }
}

fn sentence_alone(diagnosis: &Diagnosis) -> String {
    let cause = diagnosis.cause.name().replace('_', " ");
    if diagnosis.cause == Cause::Unknown { cause } else { format!("{cause}, {}", diagnosis.confidence) }
}

/// `RD011 · look at …; see \`redis-doctor explain RD011\``
fn advice(diagnosis: &Diagnosis) -> String {
    let Diagnosis { code, remedy, .. } = diagnosis;
    format!("{code} · {remedy}; see `redis-doctor explain {code}`")
}

/// Below this, what the client stayed away is the distance between two path probes.
const WORTH_TELLING: f64 = 0.1;

/// `the path was healthy again at +3.1 s, the client back at +5 s: 1.9 s were backoff`
fn lag(row: &OutageRow) -> Option<String> {
    let backoff = row.backoff.filter(|backoff| *backoff >= WORTH_TELLING)?;
    let healthy = row.outage.path_healthy_after?.as_secs_f64();
    let back = duration(healthy + backoff);
    let (healthy, backoff) = (duration(healthy), duration(backoff));
    let again = if row.outage.circumstances.path_failures.is_empty() { "when first tried, at" } else { "again at" };
    Some(format!("the path was healthy {again} +{healthy}, the client back at +{back}: {backoff} were backoff"))
}
