//! The card of an incident: what was lost, where the time went, why, and what to do.

use std::fmt::Write as _;

use super::{attempts, example};
use crate::{
    event::AttemptEnd,
    render::{
        Times, event_line,
        html::{
            family::Family,
            markup::{explain, grouped, percent, text},
        },
        units::{clean, duration},
    },
    report::{IncidentRow, OutageRow, Phase, Report},
};

/// Shortest outage that is divided, in seconds: less is within the interval between two path probes.
const NOTEWORTHY: f64 = 0.1;

/// Smallest share of an outage that is shown as a part of it.
const VISIBLE: f64 = 0.01;

pub(super) fn write(report: &Report, row: &IncidentRow, times: Times, id: &str) -> String {
    let example = example(report, row);
    let cause = example.map(|row| row.diagnosis.cause);
    let family = Family::of(cause);
    let number = row.incident.id.number();
    let title = cause.map_or("Not listed".to_owned(), |cause| capitalized(&cause.words()));
    let mut html = format!(
        "<article class=\"card {}\" id=\"{id}\" tabindex=\"-1\" aria-labelledby=\"{id}-h\">\n<div class=\"what\">\
         <h3 id=\"{id}-h\"><span class=\"num {}\">{number}</span> {}</h3>\n",
        family.class(),
        family.class(),
        text(&title),
    );
    if let Some(row) = example {
        let _ = writeln!(html, "<p class=\"doubt\">{} · {}</p>", confidence(row), family.words());
    }
    html.push_str(&facts(report, row, times));
    html.push_str("</div>\n<div class=\"course\">\n");
    html.push_str(&example.map(|outage| course(report, row, outage)).unwrap_or_default());
    html.push_str("</div>\n<div class=\"reason\">\n");
    html.push_str(&example.map(reason).unwrap_or_default());
    html.push_str("</div>\n</article>\n");
    html
}

pub(in crate::render::html) fn capitalized(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// `●●○ likely`; a cause that is not known has no confidence.
fn confidence(row: &OutageRow) -> String {
    if row.diagnosis.cause == crate::report::Cause::Unknown {
        return "no cause found".into();
    }
    let word = row.diagnosis.confidence.to_string();
    let dots = match word.as_str() {
        "certain" => "●●●",
        "likely" => "●●○",
        _ => "●○○",
    };
    format!("<span class=\"dots\" aria-hidden=\"true\">{dots}</span> {word}")
}

fn facts(report: &Report, row: &IncidentRow, times: Times) -> String {
    let incident = &row.incident;
    let index = report.incidents.rows.iter().position(|other| std::ptr::eq(other, row)).unwrap_or_default();
    let place = |field: &str| format!("incidents.rows.{index}.{field}");
    let count = |field: &str, number: u64| super::super::markup::figure(&place(field), number, &grouped(number));
    let lasted = super::super::markup::time(&place("duration"), row.duration);
    let open = if incident.unresolved > 0 { " <span class=\"open\">not over</span>" } else { "" };
    let mut facts =
        vec![("lost at", format!("<time datetime=\"{}\">{}</time>", incident.time, text(&times.of(incident.time))))];
    if incident.of > 1 {
        let connections = count("connections", u64::from(incident.connections));
        facts.push(("on", format!("{connections} of {} connections", incident.of)));
    }
    if report.delivery.is_some() {
        facts.push(("messages", format!("{} lost", count("messages_lost", incident.messages_lost))));
    }
    facts.push(("commands", format!("{} failed", count("failed", incident.failed))));
    facts.extend(
        incident.injected.as_ref().map(|fault| ("injected", format!("<code>{}</code>", text(&fault.to_string())))),
    );
    let facts: Vec<_> =
        facts.iter().map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>")).collect();
    format!("<p class=\"lasted\">{lasted}{open}</p>\n<dl>{}</dl>\n", facts.join(""))
}

/// Where the time went, and the attempts on the schedule of the policy.
fn course(report: &Report, row: &IncidentRow, outage: &OutageRow) -> String {
    let shown = if row.incident.connections > 1 {
        format!(" of {} on connection {}", outage.outage.id, outage.outage.connection)
    } else {
        String::new()
    };
    if outage.duration < NOTEWORTHY || outage.phases.is_empty() {
        let end = match outage.outage.restored {
            Some(_) if row.incident.connections > 1 => {
                format!("Connection {} was back after {}.", outage.outage.connection, duration(outage.duration))
            }
            Some(_) => format!("The connection was back after {}.", duration(outage.duration)),
            None => "It had not come back at the end of the run.".to_owned(),
        };
        return format!("<h4>Where the time went</h4>\n<p>{}</p>\n", text(&end));
    }
    let mut bar = String::new();
    let mut list = String::new();
    for part in outage.phases.iter().filter(|part| part.duration >= outage.duration * VISIBLE) {
        let (class, words) = words(part.phase);
        let flag = part.flag.map(|flag| format!(" <code>{flag}</code> shortens it")).unwrap_or_default();
        let _ = write!(
            bar,
            "<i class=\"p-{class}\" style=\"width:{}\" title=\"{}\"></i>",
            percent(part.duration / outage.duration),
            text(&format!("{}: {}", duration(part.duration), words)),
        );
        let _ = write!(
            list,
            "<li><i class=\"p-{class}\"></i><b>{}</b><span>{words}{}</span></li>",
            text(&duration(part.duration)),
            if flag.is_empty() { String::new() } else { format!(";{flag}") },
        );
    }
    format!(
        "<h4>Where the {}{} went</h4>\n<div class=\"parts\" aria-hidden=\"true\">{bar}</div>\n<ul class=\"phases\">{list}</ul>\n{}",
        text(&duration(outage.duration)),
        text(&shown),
        attempts::write(report, outage),
    )
}

fn words(phase: Phase) -> (&'static str, &'static str) {
    match phase {
        Phase::Undetected => ("undetected", "not noticed"),
        Phase::Held => ("held", "noticed, connection kept"),
        Phase::Away => ("away", "server not reachable"),
        Phase::Waiting => ("waiting", "waiting for the next attempt"),
        Phase::Connecting => ("connecting", "connecting"),
        Phase::Unknown => ("unexplained", "not explained"),
    }
}

/// Returns the word for the end of a failed attempt.
pub(super) fn ended(end: AttemptEnd) -> &'static str {
    match end {
        AttemptEnd::Refused => "refused",
        AttemptEnd::Unanswered => "not answered",
        AttemptEnd::Dropped => "connected, then dropped",
    }
}

fn reason(row: &OutageRow) -> String {
    let diagnosis = &row.diagnosis;
    let mut html = format!(
        "<h4>What to do</h4>\n<p class=\"do\">{}<br>{}</p>\n",
        text(&capitalized(diagnosis.remedy)),
        explain(diagnosis.code)
    );
    if let Some(obstacle) = &diagnosis.obstacle {
        let _ = write!(
            html,
            "<h4>Obstacle to the reconnection</h4>\n<p>{}: {}<br>{}<br>{}</p>\n",
            text(&obstacle.name.to_string().replace('_', " ")),
            text(&obstacle.text),
            text(&capitalized(&obstacle.remedy)),
            explain(obstacle.code),
        );
    }
    let kinds = [
        ("for", "+", &diagnosis.evidence_for),
        ("against", "−", &diagnosis.evidence_against),
        ("missing", "?", &diagnosis.missing),
    ];
    let mut items = String::new();
    for (name, sign, sentences) in kinds {
        for sentence in sentences {
            let _ = write!(
                items,
                "<li class=\"e-{name}\"><span aria-hidden=\"true\">{sign}</span><span class=\"sr\">{name}: </span>{}</li>",
                text(sentence)
            );
        }
    }
    if !items.is_empty() {
        let _ = writeln!(html, "<h4>Evidence for, against and missing</h4>\n<ul class=\"evidence\">{items}</ul>");
    }
    let error = row.outage.failure.as_ref().map(|failure| clean(&event_line::failure(failure)));
    let error = error.unwrap_or_else(|| "no error: the library gave no reason".into());
    let _ = writeln!(html, "<h4>Client error</h4>\n<p class=\"error\">{}</p>", text(&error));
    html
}
