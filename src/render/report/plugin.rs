//! The plugin line of a report. The gates appear as the thresholds of their figure.
//!
//! Counts have no unit: `c` is for a counter that keeps growing from one check to the next, and these are of one run.

use super::text::headline;
use crate::{
    plan::{Comparison, Metric},
    render::views::{Figure, PluginLine, rounded},
    report::{GateLevel, Report},
};

pub(super) fn line(report: &Report) -> PluginLine {
    PluginLine { verdict: Some(report.outcome()), text: headline(report), figures: figures(report) }
}

/// Returns the figures of several targets: of each figure the worst, which a gate on it would see.
pub(super) fn figures_of_the_worst<'a>(reports: impl Iterator<Item = &'a Report>) -> Vec<Figure> {
    let mut worst: Vec<Figure> = Vec::new();
    for figure in reports.flat_map(figures) {
        let lower_is_worse = figure.unit == "%";
        match worst.iter_mut().find(|known| known.label == figure.label) {
            Some(known) => {
                let is_worse = match (figure.value, known.value) {
                    (Some(new), Some(old)) => (new < old) == lower_is_worse && new != old,
                    (new, old) => new.is_some() && old.is_none(),
                };
                if is_worse {
                    *known = figure;
                }
            }
            None => worst.push(figure),
        }
    }
    worst
}

fn figures(report: &Report) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut add = |label: &'static str, metric: Option<Metric>, value: Option<f64>, unit: &'static str| {
        let scale = if unit == "%" { 100.0 } else { 1.0 };
        figures.push(Figure {
            warn: threshold(report, metric, GateLevel::Warn, scale),
            crit: threshold(report, metric, GateLevel::Fail, scale),
            max: if unit == "%" { "100".to_owned() } else { String::new() },
            ..Figure::new(label, value.map(|value| value * scale), unit)
        });
    };
    if let Some(probes) = &report.probes {
        let latency = report.latency.as_ref();
        add("p50", Some(Metric::P50), latency.map(|latency| latency.p50), "s");
        add("p99", Some(Metric::P99), latency.map(|latency| latency.p99), "s");
        add("max", Some(Metric::Max), latency.map(|latency| latency.max), "s");
        add("probes", None, Some(probes.launched as f64), "");
        add("errors", Some(Metric::Errors), Some((probes.failed + probes.timed_out) as f64), "");
    }
    let outages = &report.outages;
    add("availability", Some(Metric::Availability), outages.availability, "%");
    add("service", Some(Metric::Service), outages.service, "%");
    add("reconnects", Some(Metric::Reconnects), Some(outages.reconnects as f64), "");
    add("outage", Some(Metric::Outage), Some(outages.longest), "s");
    // One connection is not a herd.
    if report.runs.iter().any(|run| run.started.plan.connections > 1) {
        let peak = report.reconnect_peak.map_or(0, |peak| peak.connections);
        add("reconnect_peak", Some(Metric::ReconnectPeak), Some(f64::from(peak)), "");
    }
    if let Some(application) = &report.application {
        add("ran_twice", Some(Metric::RanTwice), Some(application.ran_twice_count as f64), "");
        add("elements_lost", Some(Metric::ElementsLost), Some(application.elements_lost_count as f64), "");
        add("ambiguous", Some(Metric::Ambiguous), Some(application.outcome_unknown as f64), "");
    }
    if let Some(delivery) = report.delivery.as_ref().filter(|delivery| delivery.verified) {
        add("lost", Some(Metric::Lost), Some(delivery.lost as f64), "");
        add("duplicated", Some(Metric::Duplicated), Some(delivery.duplicated as f64), "");
        let end_to_end = report.end_to_end.as_ref();
        add("e2e_p99", Some(Metric::E2eP99), end_to_end.map(|latency| latency.p99), "s");
    }
    figures
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
