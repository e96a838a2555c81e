//! One line for Nagios and its kin: `REDIS-DOCTOR OK - text | 'label'=value[unit];warn;crit;min;max …`.
//!
//! The part before the pipe stays under 80 characters. The gates appear as the thresholds of their figure. The exit
//! code of the process is the verdict in Nagios' own terms.

use std::io::{self, Write};

use super::{text::headline, units::clean};
use crate::{
    plan::{Comparison, Metric},
    report::{GateLevel, Report},
    verdict::Verdict,
};

const WIDTH: usize = 79;

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let line = line(word(report.verdict), &headline(report));
    writeln!(out, "{line} | {}", perfdata(report).join(" "))
}

/// The verdict in Nagios' words.
pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "OK",
        Verdict::Degraded => "WARNING",
        Verdict::Critical => "CRITICAL",
    }
}

/// Nothing is known of the server, and there are no figures: wrong usage, a file that cannot be written.
pub(super) fn unknown(why: &str, out: &mut dyn Write) -> io::Result<()> {
    let why = why.lines().next().unwrap_or_default();
    writeln!(out, "{}", line("UNKNOWN", &clean(why.strip_prefix("error: ").unwrap_or(why))))
}

pub(super) fn line(word: &str, text: &str) -> String {
    // The pipe ends the text, and may therefore not be in it.
    let text = format!("REDIS-DOCTOR {word} - {text}").replace('|', "/");
    match text.char_indices().nth(WIDTH) {
        Some(_) => text.chars().take(WIDTH - 1).chain(['…']).collect(),
        None => text,
    }
}

fn perfdata(report: &Report) -> Vec<String> {
    let mut data = Vec::new();
    let mut add = |label: &str, metric: Option<Metric>, value: Option<f64>, unit: &str| {
        let scale = if unit == "%" { 100.0 } else { 1.0 };
        let value = value.map_or("U".into(), |value| format!("{}{unit}", rounded(value * scale)));
        let warn = threshold(report, metric, GateLevel::Warn, scale);
        let crit = threshold(report, metric, GateLevel::Fail, scale);
        let max = if unit == "%" { "100" } else { "" };
        data.push(format!("'{label}'={value};{warn};{crit};0;{max}"));
    };
    if let Some(probes) = &report.probes {
        let latency = report.latency.as_ref();
        add("p50", Some(Metric::P50), latency.map(|latency| latency.p50), "s");
        add("p99", Some(Metric::P99), latency.map(|latency| latency.p99), "s");
        add("max", Some(Metric::Max), latency.map(|latency| latency.max), "s");
        add("probes", None, Some(probes.launched as f64), "c");
        add("errors", Some(Metric::Errors), Some((probes.failed + probes.timed_out) as f64), "c");
    }
    let outages = &report.outages;
    add("availability", Some(Metric::Availability), outages.availability, "%");
    add("reconnects", Some(Metric::Reconnects), Some(outages.reconnects as f64), "c");
    add("outage", Some(Metric::Outage), Some(outages.longest), "s");
    // Of one connection there is no herd.
    if report.runs.iter().any(|run| run.started.plan.connections > 1) {
        let peak = report.reconnect_peak.map_or(0, |peak| peak.connections);
        add("reconnect_peak", Some(Metric::ReconnectPeak), Some(f64::from(peak)), "");
    }
    if let Some(delivery) = report.delivery.as_ref().filter(|delivery| delivery.verified) {
        add("lost", Some(Metric::Lost), Some(delivery.lost as f64), "c");
        add("duplicated", Some(Metric::Duplicated), Some(delivery.duplicated as f64), "c");
        let end_to_end = report.end_to_end.as_ref();
        add("e2e_p99", Some(Metric::E2eP99), end_to_end.map(|latency| latency.p99), "s");
    }
    data
}

/// The gate on this figure as a Nagios range: `5` alerts above, `99.9:` alerts below.
fn threshold(report: &Report, metric: Option<Metric>, level: GateLevel, scale: f64) -> String {
    let gate = report.gates.iter().map(|result| (result.level, &result.gate)).find(|(at, gate)| {
        *at == level && Some(gate.metric) == metric && !(gate.metric == Metric::Errors && gate.is_share())
    });
    gate.map_or(String::new(), |(_, gate)| {
        let limit = rounded(gate.limit * scale);
        match gate.comparison {
            Comparison::Above | Comparison::AtLeast => limit,
            Comparison::Below | Comparison::AtMost => format!("{limit}:"),
        }
    })
}

/// A number without the noise of binary fractions.
pub(super) fn rounded(value: f64) -> String {
    format!("{}", (value * 1e6).round() / 1e6)
}
