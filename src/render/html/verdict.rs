//! The verdict: how bad it was, when, where the cause lies, and what to do.

use std::collections::BTreeMap;

use super::{
    family::Family,
    incidents::{self, anchor, capitalized},
    markup::{count, explain, text, time},
};
use crate::{
    render::{
        report::Times,
        units::{self, duration, percent},
    },
    report::{Finding, IncidentRow, Report},
    verdict::{Severity, Verdict},
};

/// Findings listed below the verdict.
const FINDINGS: usize = 4;

pub(super) fn write(report: &Report, times: Times) -> String {
    let findings = report.findings.iter().filter(|finding| finding.severity != Severity::Info);
    let items = findings.map(|finding| item(finding, "")).collect::<Vec<_>>();
    frame(report.verdict, report.interim, &headline(report), &answers(report, times), &items)
}

/// Returns a finding as an item of the list below the verdict; `before` is HTML.
pub(super) fn item(finding: &Finding, before: &str) -> String {
    format!("<li class=\"{}\">{before}{}</li>", finding.severity, sentence(finding))
}

/// Returns the text of a finding, with the command that explains it unless the text has it.
pub(super) fn sentence(finding: &Finding) -> String {
    let code = finding.code.filter(|code| !finding.text.contains(code)).map(|code| format!(" {}", explain(code)));
    format!("{}{}", text(&finding.text), code.unwrap_or_default())
}

/// Returns the verdict with its headline, answers and findings, all of them HTML.
pub(super) fn frame(
    verdict: Verdict,
    interim: bool,
    headline: &str,
    answers: &[(&'static str, String)],
    items: &[String],
) -> String {
    let (class, icon) = match verdict {
        Verdict::Healthy => ("healthy", "<circle cx=\"12\" cy=\"12\" r=\"11\"/><path d=\"M6.5 12.5l3.6 3.6 7.4-8\"/>"),
        Verdict::Degraded => {
            ("degraded", "<path class=\"s\" d=\"M12 1.5 23.2 22H.8z\"/><path d=\"M12 9v6m0 2.6v.4\"/>")
        }
        Verdict::Critical => (
            "critical",
            "<path class=\"s\" d=\"M7.3.8h9.4l6.5 6.5v9.4l-6.5 6.5H7.3L.8 16.7V7.3z\"/><path d=\"M8 8l8 8m0-8l-8 8\"/>",
        ),
    };
    let interim = if interim { " so far" } else { "" };
    let answers: Vec<_> = answers
        .iter()
        .map(|(question, answer)| format!("<div><dt>{question}</dt><dd>{}</dd></div>", capitalized(answer)))
        .collect();
    let mut html = format!(
        "<section id=\"verdict\" class=\"verdict {class}\" aria-labelledby=\"verdict-h\">\n\
         <svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">{icon}</svg>\n\
         <div><h1 id=\"verdict-h\"><b>{}</b>{interim} {headline}</h1>\n<dl class=\"answers\">{}</dl>\n",
        verdict.to_string().to_uppercase(),
        answers.join("\n"),
    );
    if !items.is_empty() {
        let more = items.len().saturating_sub(FINDINGS);
        let more = if more > 0 {
            format!("<li class=\"more\"><a href=\"#findings\">{more} more</a></li>")
        } else {
            String::new()
        };
        html.push_str(&format!("<ul class=\"why\">{}{more}</ul>\n", items[..items.len().min(FINDINGS)].join("\n")));
    }
    html.push_str("</div>\n</section>\n");
    html
}

/// `4 incidents in 3 min 5 s, all recovered`
fn headline(report: &Report) -> String {
    let lasted = duration(report.duration);
    if !report.ever_connected() {
        return format!("not connected in {lasted}");
    }
    let (number, open) = (report.incidents.count, report.outages.unresolved);
    if number == 0 {
        return format!("no outage in {lasted}");
    }
    let end = match (open, report.outages.not_by_itself) {
        (0, 0) => "all recovered".to_owned(),
        (0, restarts) => format!("{restarts} only with a new session"),
        (open, _) => format!("{} not over", units::count(open, "outage")),
    };
    let word = if number == 1 { "incident" } else { "incidents" };
    format!("{} {word} in {lasted}, {end}", count("incidents.count", number))
}

fn answers(report: &Report, times: Times) -> Vec<(&'static str, String)> {
    let question = if report.verdict == Verdict::Healthy { "Figures" } else { "How bad" };
    let mut answers = vec![(question, how_bad(report))];
    answers.extend(when(report, times).map(|when| ("When", when)));
    answers.extend(place(report).map(|place| ("Where", place)));
    answers.extend(remedy(report).map(|remedy| ("What to do", remedy)));
    answers
}

fn how_bad(report: &Report) -> String {
    let outages = &report.outages;
    let mut parts = Vec::new();
    if report.incidents.count > 0 {
        parts.push(format!("longest outage {}", time("outages.longest", outages.longest)));
    }
    if let Some(delivery) = report.delivery.as_ref().filter(|delivery| delivery.lost > 0) {
        parts.push(format!(
            "{} of {} messages lost",
            count("delivery.lost", delivery.lost),
            count("delivery.published", delivery.published)
        ));
    }
    if let Some(probes) = report.probes.as_ref().filter(|probes| probes.failed + probes.timed_out > 0) {
        parts.push(format!(
            "of the probes, {} failed and {} timed out",
            count("probes.failed", probes.failed),
            count("probes.timed_out", probes.timed_out)
        ));
    }
    if report.slow.stretches > 0 {
        parts.push(format!("replies took up to {}", time("slow.latency", report.slow.latency)));
    }
    if parts.is_empty() && report.ever_connected() {
        let share = outages.availability.map(|share| format!("{} available", percent(share)));
        parts.extend(share.map(|share| text(&share)));
        parts.extend(report.latency.as_ref().map(|latency| format!("p50 {}", time("latency.p50", latency.p50))));
    }
    if parts.is_empty() { "no reply".into() } else { parts.join("; ") }
}

fn when(report: &Report, times: Times) -> Option<String> {
    let rows = &report.incidents.rows;
    let (first, last) = (rows.first()?, rows.last()?);
    let link = |row: &IncidentRow| {
        format!("<a href=\"#{}\">{}</a>", anchor(report, row), text(&times.to_the_second(row.incident.time)))
    };
    let open = rows.iter().find(|row| row.incident.unresolved > 0);
    Some(match open {
        Some(open) => format!("since {} UTC, not over", link(open)),
        None if rows.len() == 1 => format!("{} UTC, for {}", link(first), text(&duration(first.duration))),
        None => format!("first {}, last {} UTC", link(first), link(last)),
    })
}

/// The families of the causes, the costliest first.
fn place(report: &Report) -> Option<String> {
    let mut costs: BTreeMap<Family, (u64, f64)> = BTreeMap::new();
    for row in &report.incidents.rows {
        let cost = costs.entry(Family::of(row.cause.as_ref().map(|cause| cause.cause))).or_default();
        *cost = (cost.0 + 1, cost.1 + row.duration);
    }
    let mut costs: Vec<_> = costs.into_iter().collect();
    costs.sort_by(|(_, one), (_, other)| other.1.total_cmp(&one.1));
    let parts: Vec<_> = costs
        .iter()
        .map(|(family, (number, total))| {
            let number = if report.incidents.rows.len() > 1 {
                format!(" ({number}×, {})", duration(*total))
            } else {
                String::new()
            };
            format!("<span class=\"key {}\"><i></i>{}{}</span>", family.class(), family.words(), text(&number))
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The remedy of the longest incident, or of the worst finding that has one.
fn remedy(report: &Report) -> Option<String> {
    let longest = report.incidents.rows.iter().max_by(|one, other| {
        let key = |row: &IncidentRow| (row.incident.unresolved > 0, row.duration);
        key(one).partial_cmp(&key(other)).unwrap_or(std::cmp::Ordering::Equal)
    });
    if let Some(outage) = longest.and_then(|row| incidents::example(report, row)) {
        let diagnosis = &outage.diagnosis;
        return Some(format!("{} {}", text(&capitalized(diagnosis.remedy)), explain(diagnosis.code)));
    }
    // The first remark on a run that never connected is the advice on its obstacle.
    let remark = report.findings.iter().find(|finding| finding.severity == Severity::Info && finding.code.is_none());
    if let Some(remark) = remark.filter(|_| !report.ever_connected()) {
        return Some(text(&capitalized(&remark.text)));
    }
    let advised =
        report.findings.iter().find(|finding| finding.code.is_some() && finding.severity != Severity::Info)?;
    Some(advised.code.map(explain).unwrap_or_default())
}
