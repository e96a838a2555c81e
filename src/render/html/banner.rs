//! The head of the page: what was tested, and the figures that sum it up.

use super::markup::{count, figure, text, time};
use crate::{
    render::{
        Times,
        units::{self, duration},
    },
    report::{Latency, Report},
};

/// Returns the command and the target of the last run.
pub(super) fn subject(report: &Report) -> String {
    let Some(run) = report.runs.last() else { return "redis-doctor".into() };
    format!("redis-doctor {} {}", run.started.plan.command, run.started.plan.target)
}

/// Returns the header of the page.
pub(super) fn write(report: &Report, _: Times) -> String {
    let mut parts = Vec::new();
    if let Some(run) = report.runs.last() {
        parts.push(format!("<code>{}</code>", text(&run.started.plan.target.to_string())));
        let server = run.connected.as_ref().and_then(|connected| connected.server.introduction());
        parts.extend(server.map(|server| text(&server)));
    }
    if let Some(run) = report.runs.first() {
        let start = run.time.to_the_second();
        let shown = start.replace('T', " ").replace('Z', " UTC");
        parts.push(format!("<time datetime=\"{}\">{}</time>", text(&start), text(&shown)));
    }
    parts.push(time("duration", report.duration));
    match report.runs.as_slice() {
        [run] => parts.push(format!("run {}", text(&run.started.run_id))),
        runs => parts.push(units::count(runs.len() as u64, "run")),
    }
    let command = report.runs.last().map(|run| run.started.plan.command.to_string()).unwrap_or_default();
    let parts: Vec<_> = parts.into_iter().map(|part| format!("<span>{part}</span>")).collect();
    format!(
        "<a class=\"skip\" href=\"#verdict\">Skip to the verdict</a>\n\
         <header><b>redis-doctor {}</b>{}</header>\n",
        text(&command),
        parts.join(""),
    )
}

/// Returns the figures below the verdict.
pub(super) fn figures(report: &Report) -> String {
    let outages = &report.outages;
    let mut cells = Vec::new();
    let mut add = |name: &str, value: String, remark: String| {
        cells.push(format!("<div><dt>{name}</dt><dd>{value}<small>{remark}</small></dd></div>"));
    };
    if let Some(share) = outages.availability {
        let service = outages.service.filter(|service| share - service >= 0.001);
        let service =
            service.map(|share| format!("; service {}", figure("outages.service", share, &units::percent(share))));
        let down = format!("{} down{}", time("outages.total", outages.total), service.unwrap_or_default());
        add("Availability", figure("outages.availability", share, &units::percent(share)), down);
    }
    if report.incidents.count > 0 {
        let mean = outages.mean_repair.map(|mean| format!("mean {} of ", time("outages.mean_repair", mean)));
        let all = units::count(outages.drops + outages.stalls, "outage");
        let remark = format!("{}{all}", mean.unwrap_or_default());
        add("Longest outage", time("outages.longest", outages.longest), remark);
    }
    if let Some(delivery) = report.delivery.as_ref().filter(|delivery| delivery.verified) {
        let remark = format!("of {} published", count("delivery.published", delivery.published));
        add("Messages lost", count("delivery.lost", delivery.lost), remark);
    }
    if let Some(probes) = &report.probes {
        let some = |number: u64, before: &str, path: &str, after: &str| match number {
            0 => String::new(),
            number => format!("{before}{}{after}", count(path, number)),
        };
        let unknown = some(probes.ambiguous, "; ", "probes.ambiguous", " may have run");
        let late = some(probes.timed_out, ", ", "probes.timed_out", " timed out");
        let remark = format!("of {}{late}{unknown}", count("probes.launched", probes.launched));
        add("Probes failed", count("probes.failed", probes.failed), remark);
    }
    for (name, path, latency) in
        [("Latency", "latency", &report.latency), ("Message latency", "end_to_end", &report.end_to_end)]
    {
        if let Some(latency) = latency {
            let remark =
                format!("p99 {}, max {}", percentile(path, "p99", latency), time(&format!("{path}.max"), latency.max));
            add(&format!("{name} p50"), percentile(path, "p50", latency), remark);
        }
    }
    format!("<dl class=\"figures\">\n{}\n</dl>\n", cells.join("\n"))
}

/// Returns a percentile; a dash where there are too few durations for it.
pub(super) fn percentile(path: &str, name: &str, latency: &Latency) -> String {
    let (value, needed) = match name {
        "p50" => (latency.p50, 2),
        "p90" => (latency.p90, 10),
        "p99" => (latency.p99, 100),
        _ => (latency.p999, 1_000),
    };
    if latency.count < needed {
        return format!("<span title=\"{} of {needed} durations\">–</span>", latency.count);
    }
    figure(&format!("{path}.{name}"), value, &duration(value))
}
