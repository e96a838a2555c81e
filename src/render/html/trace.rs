//! The page of a trace: its verdict, the findings, and tables of connections, endings and failed attempts.

use super::{
    Page,
    markup::{explain, section, table, text},
};
use crate::{
    render::trace::{HEADER, attempt_cells, cells, end_cells, heading, hidden, shown},
    report::TraceReport,
};

/// Returns the page.
pub(in crate::render) fn of_trace(report: &TraceReport) -> Page {
    let word = report.verdict.map_or("UNKNOWN".to_owned(), |verdict| verdict.to_string().to_uppercase());
    let notes: Vec<_> = report.notes.iter().map(|note| vec![text(note)]).collect();
    let body = format!(
        "<a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n<header><b>redis-doctor trace</b><span>{}</span>\
         </header>\n<main>\n<h1>{word} {}</h1>\n<p>{}</p>\n{}{}{}{}{}</main>\n",
        text(&report.scope),
        text(&report.headline),
        text(&heading(report)),
        section("findings", "Findings", "", &findings(report)),
        section("connections", "Connections as of the last sample", "", &connections(report)),
        section("attempts", "Failed attempts to connect", "", &attempts(report)),
        section("ended", "Connections that ended", "", &ended(report)),
        section(
            "notes",
            "Notes",
            "",
            &if notes.is_empty() { String::new() } else { table("Notes", &["Note"], &[], &notes) }
        ),
    );
    Page { title: format!("{word} · trace · {}", report.scope), body }
}

fn findings(report: &TraceReport) -> String {
    let row = |finding: &crate::verdict::CheckFinding| {
        let code = finding.code.as_deref().map(explain).unwrap_or_default();
        let parts = [&finding.text, &finding.evidence, &finding.remedy].map(|part| text(part));
        [vec![finding.severity.to_string(), code], parts.to_vec()].concat()
    };
    let rows: Vec<_> = report.findings.iter().map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    table("Findings", &["Severity", "Code", "Finding", "Evidence", "Remedy"], &[], &rows)
}

fn connections(report: &TraceReport) -> String {
    let rows: Vec<_> = shown(&report.connections).into_iter().map(|row| escaped(&cells(row))).collect();
    if rows.is_empty() {
        return String::new();
    }
    let rest = hidden(&report.connections).map(|rest| format!("<p>{}</p>\n", text(&rest))).unwrap_or_default();
    format!("{}{rest}", table("Connections", &HEADER, &[], &rows))
}

fn attempts(report: &TraceReport) -> String {
    let rows: Vec<_> = report.attempts.iter().map(|row| escaped(&attempt_cells(row))).collect();
    if rows.is_empty() {
        return String::new();
    }
    table("Failed attempts", &["Server", "Refused", "Unanswered", "Dropped", "Busiest second"], &[1, 2, 3, 4], &rows)
}

fn ended(report: &TraceReport) -> String {
    let rows: Vec<_> = report.ended.iter().map(|row| escaped(&end_cells(row))).collect();
    if rows.is_empty() { String::new() } else { table("Endings", &["At", "Connection", "How"], &[], &rows) }
}

fn escaped(cells: &[String]) -> Vec<String> {
    cells.iter().map(|cell| text(cell)).collect()
}
