//! The results of gates (`--fail-on` and `--warn-on`) on the figures.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::{messages::verifies, sections::error_share};
use crate::{
    plan::{Gate, Metric},
    record::{AttemptsRow, Figures, Summary},
    verdict::Severity,
};

/// The result of a gate.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct GateResult {
    /// Condition as it was written.
    pub gate: Gate,
    /// Consequence if it trips.
    pub level: GateLevel,
    /// Value of the figure (seconds, a count or a fraction of 1); null if the run has no such figure.
    pub value: Option<f64>,
    /// True if the gate tripped. A gate without a figure trips: no evidence is not health.
    pub tripped: bool,
}

/// The consequence of a tripped gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GateLevel {
    /// `--fail-on`: the verdict is critical.
    Fail,
    /// `--warn-on`: the verdict is degraded.
    Warn,
}

impl GateResult {
    /// Returns the severity and the text of its finding; `None` if it did not trip.
    pub(super) fn finding(&self) -> Option<(Severity, String)> {
        let why = if self.value.is_none() { " (no data)" } else { "" };
        let (severity, flag) = match self.level {
            GateLevel::Fail => (Severity::Critical, "--fail-on"),
            GateLevel::Warn => (Severity::Warning, "--warn-on"),
        };
        self.tripped.then(|| (severity, format!("{flag} {}{why}", self.gate)))
    }
}

pub(super) fn evaluate(figures: &Figures, fail_on: &[Gate], warn_on: &[Gate]) -> Vec<GateResult> {
    let levels = [(GateLevel::Fail, fail_on), (GateLevel::Warn, warn_on)];
    let all = levels.into_iter().flat_map(|(level, gates)| gates.iter().map(move |gate| (level, gate)));
    all.map(|(level, gate)| {
        let value = value(figures, gate);
        GateResult { gate: gate.clone(), level, value, tripped: value.is_none_or(|value| gate.trips(value)) }
    })
    .collect()
}

/// The figure that a gate reads, in the metric's base unit; `None` if the run has none.
fn value(figures: &Figures, gate: &Gate) -> Option<f64> {
    let counters = figures.counters;
    let latency = |pick: fn(&Summary) -> Duration| figures.latency.as_ref().map(|summary| pick(summary).as_secs_f64());
    let of_probes = |count: u64| probed(figures).then_some(count as f64);
    let application = figures.application.as_ref();
    let trace = figures.trace.as_ref();
    let of_messages = |count: u64| verifies(figures).then_some(count as f64);
    match gate.metric {
        Metric::AttemptsFailed => trace.map(|it| it.attempts.iter().map(AttemptsRow::failed).sum::<u64>() as f64),
        Metric::BytesInDoubt => trace.map(|it| it.bytes_in_doubt as f64),
        Metric::ConnectionsLost => trace.map(|it| it.lost.values().sum::<u64>() as f64),
        // A trace sees connections, not what is sent on them.
        _ if trace.is_some() => None,
        Metric::Availability => figures.downtime.availability(),
        Metric::Ambiguous if application.is_some() => application.map(|it| it.outcome_unknown as f64),
        Metric::Ambiguous => of_probes(counters.ambiguous),
        Metric::Desyncs => of_probes(figures.tally.desynced),
        Metric::Duplicated => of_messages(figures.tally.duplicated),
        Metric::ElementsLost => application.map(|it| it.elements_lost_count as f64),
        Metric::E2eP99 => figures.end_to_end.map(|summary| summary.p99.as_secs_f64()),
        Metric::Errors if gate.is_share() => error_share(figures),
        Metric::Errors if application.is_some() => Some(counters.failed as f64),
        Metric::Errors => of_probes(counters.failed + counters.timed_out),
        Metric::Lost => of_messages(figures.tally.lost),
        Metric::Max => latency(|summary| summary.max),
        Metric::Mean => latency(|summary| summary.mean),
        Metric::Outage => Some(figures.downtime.longest.as_secs_f64()),
        Metric::P50 => latency(|summary| summary.p50),
        Metric::P90 => latency(|summary| summary.p90),
        Metric::P99 => latency(|summary| summary.p99),
        Metric::P999 => latency(|summary| summary.p999),
        Metric::RanTwice => application.map(|it| it.ran_twice_count as f64),
        Metric::ReconnectPeak if application.is_some() => application.map(|it| it.attempt_peak as f64),
        Metric::ReconnectPeak => Some(figures.reconnect_peak.map_or(0.0, |peak| f64::from(peak.connections))),
        Metric::Reconnects => Some(figures.downtime.reconnects as f64),
        Metric::Reordered => of_messages(figures.tally.reordered),
        Metric::Service => figures.downtime.service(),
        Metric::Timeouts => of_probes(counters.timed_out),
    }
}

/// True if any run had probes.
pub(super) fn probed(figures: &Figures) -> bool {
    figures.runs.iter().any(|run| run.started.plan.probes.is_some())
}
