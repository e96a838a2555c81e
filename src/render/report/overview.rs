//! The report as Markdown for a ticket: the verdict, the incidents, the figures, the findings.

use super::{incidents, text, vantage};
use crate::{
    render::{
        Style, Times, application, header,
        units::duration,
        views::{Overview, Table, escaped},
    },
    report::{Finding, Latency, Report},
    verdict::Verdict,
};

pub(super) fn of(report: &Report, style: Style) -> Overview {
    let times = Times::of_report(report, style);
    let mut above = vec![verdict(report.verdict, &text::headline(report))];
    for run in &report.runs {
        let lines = [
            Some(header::target_line(&run.started)),
            header::policy_line(&run.started),
            Some(text::summary(run, times)),
        ];
        let lines: Vec<_> = lines.into_iter().flatten().map(|line| escaped(&line)).collect();
        above.push(lines.join("<br>\n"));
    }
    let items: Vec<_> = incidents::blocks(report, times).iter().map(|lines| item(lines)).collect();
    above.extend((!items.is_empty()).then(|| items.join("\n")));
    let seen: Vec<_> = vantage::lines(report, times).iter().map(|line| format!("- {}", escaped(line))).collect();
    above.extend((!seen.is_empty()).then(|| seen.join("\n")));
    let latencies = [
        ("latency", &report.latency),
        ("round trip", &report.service),
        ("failed", &report.failed_latency),
        ("waited", &report.waited),
        ("end to end", &report.end_to_end),
    ];
    let latencies = latencies.into_iter().filter_map(|(name, latency)| Some((name, percentiles(latency.as_ref()?))));
    let application = report.application.iter().flat_map(application::lines);
    let rows = application.chain(text::total_lines(report, times)).chain(latencies);
    let notes = report.notes.iter().map(|note| format!("note: {}", escaped(&note.text)));
    Overview {
        above,
        table: Table {
            header: vec!["figure", "value"],
            rows: rows.map(|(name, value)| vec![name.to_owned(), value]).collect(),
        },
        below: report.findings.iter().map(finding).chain(notes).collect(),
    }
}

/// `**CRITICAL** 2 drops · …`
pub(super) fn verdict(verdict: Verdict, reason: &str) -> String {
    format!("**{}** {}", verdict.to_string().to_uppercase(), escaped(reason))
}

pub(super) fn finding(finding: &Finding) -> String {
    let code = finding.code.map(|code| format!("{code} · ")).unwrap_or_default();
    format!("{}: {code}{}", finding.severity, escaped(&finding.text))
}

/// Returns the lines of an incident as one item of a list.
fn item(lines: &[String]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| escaped(line.trim())).collect();
    format!("- {}", lines.join("<br>\n  "))
}

fn percentiles(latency: &Latency) -> String {
    let of = [
        ("p50", latency.p50),
        ("p90", latency.p90),
        ("p99", latency.p99),
        ("p99.9", latency.p999),
        ("max", latency.max),
    ];
    of.map(|(name, value)| format!("{name} {}", duration(value))).join(" · ")
}
