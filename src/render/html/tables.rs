//! The tables below the drawings: slow stretches, refusals, connections, errors, states, gates, findings and notes.

use super::{
    markup::{count, explain, figure, grouped, section, table, text, time},
    verdict::sentence,
};
use crate::{
    event::RefusalEnd,
    render::{
        Times,
        application::{self, Naming},
        diagnosis,
        report::{steps, value_of},
        units::{duration, span},
    },
    report::{GateLevel, Report},
};

/// Rows of a table in the page; the JSON has all.
const ROWS: usize = 100;

/// A header, the columns of numbers, and the rows.
type Content = (&'static [&'static str], &'static [usize], Vec<Vec<String>>);

pub(super) fn write(report: &Report, times: Times) -> String {
    let parts: [(&str, &str, Content); 10] = [
        ("application", "Application", application(report)),
        ("gates", "Gates", gates(report)),
        ("findings", "Findings", findings(report)),
        ("failovers", "Failovers", failovers(report, times)),
        ("slow", "Slow stretches", slow(report, times)),
        ("refusals", "Refusals", refusals(report, times)),
        ("errors", "Errors", errors(report, times)),
        ("states", "Client states", states(report, times)),
        ("connections", "Connections", connections(report)),
        ("notes", "Notes", notes(report, times)),
    ];
    let part = |(id, title, (header, numbers, mut rows)): (&str, &str, Content)| {
        if rows.is_empty() {
            return String::new();
        }
        let more = rows.len().saturating_sub(ROWS);
        rows.truncate(ROWS);
        let mut html = table(title, header, numbers, &rows);
        if more > 0 {
            html.push_str(&format!("<p>… and {more} more, in the JSON.</p>\n"));
        }
        section(id, title, "", &html)
    };
    parts.into_iter().map(part).collect()
}

fn code(code: &str) -> String {
    format!("<code>{}</code>", text(code))
}

fn application(report: &Report) -> Content {
    let lines = report.application.iter().flat_map(application::lines);
    (&["", ""], &[], lines.map(|(label, line)| vec![label.to_owned(), text(&line)]).collect())
}

fn gates(report: &Report) -> Content {
    let row = |(index, result): (usize, &crate::report::GateResult)| {
        let level = match result.level {
            GateLevel::Fail => "fail on",
            GateLevel::Warn => "warn on",
        };
        let value = result
            .value
            .map_or("no data".into(), |value| figure(&format!("gates.{index}.value"), value, &value_of(result, value)));
        let outcome = if result.tripped { "<b class=\"bad\">tripped</b>" } else { "passed" };
        vec![level.to_owned(), code(&result.gate.to_string()), value, outcome.to_owned()]
    };
    (&["Level", "Gate", "Value", "Result"], &[2], report.gates.iter().enumerate().map(row).collect())
}

fn findings(report: &Report) -> Content {
    let row = |finding: &crate::report::Finding| {
        let severity = finding.severity.to_string();
        vec![format!("<b class=\"{severity}\">{severity}</b>"), sentence(finding)]
    };
    (&["Severity", "Finding"], &[], report.findings.iter().map(row).collect())
}

fn failovers(report: &Report, times: Times) -> Content {
    let rows = report.failovers.iter().flat_map(steps).map(|(time, step)| vec![text(&times.of(time)), text(&step)]);
    (&["Time (UTC)", "Step"], &[], rows.collect())
}

fn slow(report: &Report, times: Times) -> Content {
    let row = |row: &crate::report::OutageRow| {
        let slowness = row.outage.slowness?;
        let usual = slowness.baseline.map_or("–".into(), span);
        let end = if row.outage.restored.is_some() { "over" } else { "still slow" };
        Some(vec![
            row.outage.id.to_string(),
            text(&times.of(row.outage.time)),
            text(&duration(row.duration)),
            grouped(slowness.replies),
            text(&span(slowness.latency)),
            text(&usual),
            end.to_owned(),
            text(&diagnosis::named_in_words(&row.diagnosis)),
            text(row.diagnosis.evidence_for.first().map_or("", String::as_str)),
        ])
    };
    let header = &["", "Time (UTC)", "Duration", "Slow replies", "Longest", "Usual", "End", "Cause", "Evidence"];
    (header, &[2, 3, 4, 5], report.slow.rows.iter().filter_map(row).collect())
}

fn refusals(report: &Report, times: Times) -> Content {
    let row = |row: &crate::report::RefusalRow| {
        let refusal = &row.refusal;
        let end = match refusal.end {
            Some(RefusalEnd::Served) => "served again",
            Some(RefusalEnd::ConnectionLost) => "connection lost",
            Some(RefusalEnd::SlotsMoved) => "slots moved",
            Some(RefusalEnd::RunEnded) | None => "not over",
        };
        vec![
            text(&times.of(refusal.time)),
            text(&refusal.key.class.to_string()),
            text(&duration(row.duration)),
            refusal.count.map(grouped).unwrap_or_default(),
            code(&refusal.command),
            end.to_owned(),
            text(&refusal.text),
            explain(refusal.code),
        ]
    };
    let header = &["Time (UTC)", "Refusal", "Duration", "Commands", "First", "End", "Reply", "Explanation"];
    (header, &[2, 3], report.refusals.rows.iter().map(row).collect())
}

fn errors(report: &Report, times: Times) -> Content {
    let row = |(index, row): (usize, &crate::record::ErrorRow)| {
        let (first, last) = (times.of(row.first), times.of(row.last));
        let seen = if row.first == row.last { first } else { format!("{first} to {last}") };
        vec![
            text(&row.key.class.to_string().replace('_', " ")),
            count(&format!("errors.{index}.count"), row.count),
            count(&format!("errors.{index}.ambiguous"), row.ambiguous),
            row.key.errno.map(|errno| errno.to_string()).unwrap_or_default(),
            text(&row.key.stage.to_string().replace('_', " ")),
            row.key.origin.to_string(),
            text(&seen),
            text(&row.example),
            explain(row.code),
        ]
    };
    let header =
        &["Error", "Count", "Outcome unknown", "Errno", "Stage", "Reported by", "Seen (UTC)", "Example", "Explanation"];
    (header, &[1, 2, 3], report.errors.iter().enumerate().map(row).collect())
}

fn states(report: &Report, times: Times) -> Content {
    let row = |row: &crate::record::StateRow| {
        let name = text(&row.state.to_string().replace('_', " "));
        let state = if row.terminal { format!("<b class=\"bad\">{name}</b>") } else { name };
        let name = Naming::in_table(report, row.run).name(row.connection).unwrap_or_else(|| "#0".to_owned());
        vec![text(&times.of(row.time)), name, state, text(&row.why)]
    };
    (&["Time (UTC)", "Connection", "State", "Evidence"], &[], report.states.iter().map(row).collect())
}

fn connections(report: &Report) -> Content {
    if report.connections.len() < 2 {
        return (&[], &[], Vec::new());
    }
    let row = |(index, row): (usize, &crate::record::ConnectionRow)| {
        let of = |field: &str| format!("connections.{index}.{field}");
        let probes = row.probes.map(|probes| probes.ok);
        vec![
            format!("#{}", row.connection),
            count(&of("outages"), row.outages),
            time(&of("down"), row.down.as_secs_f64()),
            time(&of("longest"), row.longest.as_secs_f64()),
            count(&of("messages_lost"), row.messages_lost),
            probes.map(grouped).unwrap_or_else(|| "–".into()),
        ]
    };
    let header = &["Connection", "Outages", "Down", "Longest", "Messages lost", "Answered"];
    (header, &[1, 2, 3, 4, 5], report.connections.iter().enumerate().map(row).collect())
}

fn notes(report: &Report, times: Times) -> Content {
    let row = |row: &crate::record::NoteRow| vec![text(&times.of(row.time)), text(&row.text)];
    (&["Time (UTC)", "Note"], &[], report.notes.iter().map(row).collect())
}
