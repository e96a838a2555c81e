//! A diagnosis as text: below the lines of its outage in the live view, and in the report.

use super::{
    Times, attempts, event_line,
    units::{clean, duration},
};
use crate::report::{Cause, Diagnosis, Obstacle, OutageRow};

/// The margin of a label in a live view, as wide as the time of an event line.
const LIVE: &str = "              ";

/// `network_reset, certain`
pub(super) fn named(diagnosis: &Diagnosis) -> String {
    match diagnosis.cause {
        Cause::Unknown => diagnosis.cause.to_string(),
        cause => format!("{cause}, {}", diagnosis.confidence),
    }
}

/// `network reset, certain`
pub(super) fn named_in_words(diagnosis: &Diagnosis) -> String {
    sentence_alone(diagnosis)
}

/// Returns the lines of a live view; `connection` names the connections that were lost, where there are several.
pub(super) fn lines(target: Option<&str>, connection: &str, row: &OutageRow) -> Vec<String> {
    let target = event_line::of_target(target);
    let line = |label: &str, text: &str| format!("{LIVE}{label:<12}  {target}{connection}{}", clean(text));
    let mut lines = vec![line("cause", &sentence(&row.diagnosis))];
    lines.extend(then(row).map(|text| line("then", &text)));
    lines.extend(attempts::line(row).map(|text| line("attempts", &text)));
    lines.extend(lag(row).map(|text| line("backoff", &text)));
    lines.push(line("advice", &advice(&row.diagnosis)));
    lines
}

/// Returns a line of a live view about more than one outage.
pub(super) fn detail(label: &str, text: &str) -> String {
    format!("{LIVE}{label:<12}  {}", clean(text))
}

/// Times of outages that are listed: the first ones, and the last.
const MOMENTS: usize = 5;

/// Sentences of evidence added from other outages than the one shown.
const ADDITIONS: usize = 3;

/// Returns the lines of a report about outages with the same cause and confidence: their times, and the evidence for and
/// against the cause; unless `verbose`, only the first piece of it. The evidence is that of the outage with the most of it, each with the share of outages that have
/// the same; a few sentences that only other outages have are added. The remedy is a finding.
pub(super) fn block(alike: &[&OutageRow], times: Times, verbose: bool) -> Vec<String> {
    let best = alike.iter().min_by_key(|row| {
        let Diagnosis { evidence_for, missing, .. } = &row.diagnosis;
        (std::cmp::Reverse(evidence_for.len()), missing.len())
    });
    let Some(best) = best else { return Vec::new() };
    let mut parts = vec![("cause", format!("{} ({})", sentence_alone(&best.diagnosis), moments(alike, best, times)))];
    let kinds: [(&str, Words); 3] = [
        ("for", |diagnosis| &diagnosis.evidence_for),
        ("against", |diagnosis| &diagnosis.evidence_against),
        ("missing", |diagnosis| &diagnosis.missing),
    ];
    for (label, words) in kinds {
        let own = words(&best.diagnosis);
        parts.extend(own.iter().map(|text| (label, format!("{text}{}", share(text, words, alike)))));
        parts.extend(additions(best, words, alike, times).into_iter().map(|text| (label, text)));
    }
    parts.extend(then(best).map(|text| ("then", text)));
    parts.extend(attempts::line(best).map(|text| ("attempts", text)));
    parts.extend(lag(best).map(|text| ("backoff", text)));
    if !verbose {
        parts.truncate(2);
    }
    let line = |(label, text): (&str, String)| format!("{label:<10}{}", clean(&text));
    parts.into_iter().map(line).collect()
}

/// One of the lists of sentences of a diagnosis.
type Words = fn(&Diagnosis) -> &Vec<String>;

/// `at 14:02:22.704`, `3 outages: 14:02:22.704, 14:02:30.404, 14:02:51.204`; of many, the first and the last.
fn moments(alike: &[&OutageRow], best: &OutageRow, times: Times) -> String {
    let of = |row: &OutageRow| times.of(row.outage.time);
    let [first, .., last] = alike else { return format!("at {}", of(best)) };
    let shown: Vec<_> = alike.iter().take(MOMENTS).map(|row| of(row)).collect();
    let more = if alike.len() > MOMENTS { format!(" … {}", of(last)) } else { String::new() };
    let whose = if of(first) == of(best) { String::new() } else { format!("; evidence from {}", of(best)) };
    format!("{} outages: {}{more}{whose}", alike.len(), shown.join(", "))
}

/// Returns the share of the outages that have such a sentence: ` [2 of 3]`; empty if all do.
fn share(text: &str, words: Words, alike: &[&OutageRow]) -> String {
    let has = |row: &&&OutageRow| words(&row.diagnosis).iter().any(|other| shape(other) == shape(text));
    let count = alike.iter().filter(has).count();
    if count == alike.len() { String::new() } else { format!(" [{count} of {}]", alike.len()) }
}

/// Returns sentences of other outages that the one shown does not have.
fn additions(best: &OutageRow, words: Words, alike: &[&OutageRow], times: Times) -> Vec<String> {
    let mut known: Vec<String> = words(&best.diagnosis).iter().map(|text| shape(text)).collect();
    let mut added = Vec::new();
    for row in alike {
        for text in words(&row.diagnosis) {
            if added.len() < ADDITIONS && !known.contains(&shape(text)) {
                known.push(shape(text));
                let when = times.of(row.outage.time);
                added.push(format!("{text}{} (at {when})", share(text, words, alike)));
            }
        }
    }
    added
}

/// Returns a sentence without its figures, which differ between outages.
fn shape(text: &str) -> String {
    text.chars().filter(|char| !char.is_ascii_digit() && *char != '.').collect()
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
    let cause = diagnosis.cause.words();
    if diagnosis.cause == Cause::Unknown { cause } else { format!("{cause}, {}", diagnosis.confidence) }
}

/// `RD011 · look at …; see \`redis-doctor explain RD011\``
fn advice(diagnosis: &Diagnosis) -> String {
    let Diagnosis { code, remedy, .. } = diagnosis;
    format!("{code} · {remedy}; see `redis-doctor explain {code}`")
}

/// `tls kept the client out for 3.1 s: certificate expired; check …`
fn then(row: &OutageRow) -> Option<String> {
    let obstacle = row.diagnosis.obstacle.as_ref()?;
    let span = duration(obstacle.to.since(obstacle.from).as_secs_f64());
    let Obstacle { name, text, remedy, code, .. } = obstacle;
    Some(format!("{code} · {name} kept the client out for {span}: {text}; {remedy}"))
}

/// Minimum backoff shown, in seconds; less is within the interval between two path probes.
const NOTEWORTHY: f64 = 0.1;

/// `server reachable after 3.1 s, client back after 5 s (1.9 s backoff)`
fn lag(row: &OutageRow) -> Option<String> {
    let backoff = row.backoff.filter(|backoff| *backoff >= NOTEWORTHY)?;
    let healthy = row.outage.path_healthy_after?.as_secs_f64();
    let back = duration(healthy + backoff);
    let (healthy, backoff) = (duration(healthy), duration(backoff));
    let at_first = row.outage.circumstances.path_failures.is_empty();
    let when = if at_first { format!("when first tried ({healthy})") } else { format!("after {healthy}") };
    Some(format!("server reachable {when}, client back after {back} ({backoff} backoff)"))
}
