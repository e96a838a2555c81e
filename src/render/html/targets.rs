//! The page of a run with several targets: the verdict, a row for each target, worst first, and the findings of all.

use super::{
    Page,
    markup::{count, figure, section, table, text, time},
    verdict,
};
use crate::{
    render::{
        units::{duration, percent},
        views::Table,
    },
    report::{ScopeReport, TargetFinding},
    verdict::Severity,
};

/// Findings listed; the JSON has all.
const FINDINGS: usize = 500;

/// Returns the page. The headline, the lines about the cluster and the cells of the table are plain text; the numbers are in
/// the columns from the third to the last but one.
pub(in crate::render) fn of_scope(
    report: &ScopeReport,
    headline: &str,
    cluster: &[(&str, String)],
    targets: &Table,
) -> Page {
    let decisive = report.findings.iter().filter(|found| found.finding.severity != Severity::Info);
    let items: Vec<_> = decisive.map(|found| verdict::item(&found.finding, &about(found, ": "))).collect();
    let command = report.targets.iter().find_map(|target| target.report.runs.last());
    let command = command.map(|run| run.started.plan.command.to_string()).unwrap_or_default();
    let rows: Vec<Vec<_>> = targets.rows.iter().map(|row| row.iter().map(|cell| text(cell)).collect()).collect();
    let numbers: Vec<_> = (2..targets.header.len().saturating_sub(1)).collect();
    let lead = "Worst first. The report of a run against a single target has a timeline and a card for each incident.";
    let body = format!(
        "<a class=\"skip\" href=\"#verdict\">Skip to the verdict</a>\n<header><b>redis-doctor {}</b>\
         <span>{} targets</span><span>{}</span></header>\n<main>\n{}{}{}{}{}</main>\n",
        text(&command),
        report.targets.len(),
        time("duration", report.duration),
        verdict::frame(Some(report.verdict), report.interim, &text(headline), &[], &items),
        figures(report),
        about_cluster(cluster),
        section("targets", "Targets", lead, &table("Targets", &targets.header, &numbers, &rows)),
        findings(report),
    );
    Page { title: format!("{} · {} targets", report.verdict.to_string().to_uppercase(), report.targets.len()), body }
}

fn figures(report: &ScopeReport) -> String {
    let outages = &report.outages;
    let of = |name: &str, value: String, remark: String| {
        format!("<div><dt>{name}</dt><dd>{value}<small>{remark}</small></dd></div>")
    };
    let mut cells = Vec::new();
    cells.extend(outages.worst_availability.map(|share| {
        let value = figure("outages.worst_availability", share, &percent(share));
        of("Lowest availability", value, "of the worst target".to_owned())
    }));
    if outages.drops + outages.stalls > 0 {
        let [drops, stalls] = [("drops", outages.drops), ("stalls", outages.stalls)]
            .map(|(name, number)| format!("{} {name}", count(&format!("outages.{name}"), number)));
        cells.push(of("Longest outage", time("outages.longest", outages.longest), format!("{drops}, {stalls}")));
    }
    cells.extend(report.probes.as_ref().map(|probes| {
        let late = count("probes.timed_out", probes.timed_out);
        let remark = format!("of {}, {late} timed out", count("probes.launched", probes.launched));
        of("Probes failed", count("probes.failed", probes.failed), remark)
    }));
    for (name, path, latency) in
        [("Latency p50", "latency", &report.latency), ("Message latency p50", "end_to_end", &report.end_to_end)]
    {
        cells.extend(latency.as_ref().map(|latency| {
            let remark = format!("p99 {}, max {}", text(&duration(latency.p99)), text(&duration(latency.max)));
            of(name, time(&format!("{path}.p50"), latency.p50), remark)
        }));
    }
    format!("<dl class=\"figures\">\n{}\n</dl>\n", cells.join("\n"))
}

fn about_cluster(lines: &[(&str, String)]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = lines.iter().map(|(name, line)| vec![text(name), text(line)]).collect();
    section("cluster", "Cluster", "", &table("Cluster", &["Part", "Figures"], &[], &rows))
}

/// Returns the target of a finding, with what follows it; nothing if it is about several.
fn about(found: &TargetFinding, after: &str) -> String {
    found.target.as_ref().map(|target| format!("<b>{}</b>{after}", text(target))).unwrap_or_default()
}

fn findings(report: &ScopeReport) -> String {
    let row = |found: &TargetFinding| {
        let severity = found.finding.severity.to_string();
        vec![format!("<b class=\"{severity}\">{severity}</b>"), about(found, ""), verdict::sentence(&found.finding)]
    };
    let rows: Vec<_> = report.findings.iter().take(FINDINGS).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let mut html = table("Findings", &["Severity", "Target", "Finding"], &[], &rows);
    let more = report.findings.len().saturating_sub(FINDINGS);
    if more > 0 {
        html.push_str(&format!("<p>… and {more} more, in the JSON.</p>\n"));
    }
    section("findings", "Findings", "", &html)
}
