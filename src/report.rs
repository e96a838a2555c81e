//! The report of a run, derived once from the [`Figures`] and then only formatted.
//!
//! It is plain data with stable names: durations in seconds, shares as fractions of 1, times in UTC. The verdict is the
//! worst of the findings, so they show what decided it.

mod application;
mod causes;
mod clocks;
mod cluster;
mod cluster_client;
mod comparison;
mod finding;
mod findings;
mod gates;
mod hdr;
mod herd;
mod incidents;
mod intervals;
mod messages;
mod phases;
mod picture;
mod refusals;
mod regularity;
mod sections;
mod sentinels;
mod servers;
mod slow;
mod targets;
#[cfg(test)]
mod tests;
mod trace;

use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use clocks::Clocks;
pub(crate) use cluster_client::ClusterClient;
pub(crate) use comparison::{Comparison, FigureRow, GateOutcome, Judgment, Problem, Setting, Summary, Unit};
pub(crate) use finding::Finding;
pub(crate) use gates::{GateLevel, GateResult};
pub(crate) use hdr::{Log, Percentiles};
pub(crate) use herd::together;
pub(crate) use incidents::{CauseOf, IncidentRow, Incidents};
pub(crate) use intervals::{Column, IntervalRow};
pub(crate) use messages::{Delivery, Subscriptions};
pub(crate) use phases::{Phase, PhaseRow};
pub(crate) use picture::{Axis, Point};
pub(crate) use refusals::{RefusalRow, Refusals};
pub(crate) use regularity::RegularityRow;
pub(crate) use sections::{Latency, OutageRow, Outages, OwnPauses, Probes, Run, Sessions, SlowStretches};
pub(crate) use servers::several;
pub(crate) use targets::{RunReport, ScopeReport, TargetFinding, TargetReport, lost_together};
pub(crate) use trace::TraceReport;

pub(crate) use crate::diagnose::{ACCEPTED_THEN_CLOSED, Cause, Diagnosis, MTU, Obstacle, on_connecting};
pub(crate) use crate::record::{AttemptsRow, ClusterFigures, EndedRow, Extent, Failover, VantageIncident};
use crate::{
    clock::Seconds,
    diagnose,
    event::{Event, SCHEMA_VERSION},
    plan::Gate,
    record::{
        Application, ConnectionRow, ErrorRow, FaultRow, Figures, LedgerFigures, NoteRow, ReconnectPeak, SentinelSet,
        Servers, StateRow, TraceFigures, VantagePoints,
    },
    verdict::{Severity, Verdict},
};

/// The result of one run, or of several merged runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Report {
    /// Version of this JSON.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: u32,
    /// Version of redis-doctor.
    pub version: String,
    /// Verdict of the worst finding.
    pub verdict: Verdict,
    /// True if every run is there from its beginning to its end.
    pub complete: bool,
    /// True if the report was requested during the run.
    pub interim: bool,
    /// Total duration of the runs in seconds.
    #[schemars(with = "Seconds")]
    pub duration: f64,
    /// Runs, in order.
    pub runs: Vec<Run>,
    /// Counts of the repeated commands; null if the run only subscribed.
    pub probes: Option<Probes>,
    /// Latency of answered probes from the intended start (no coordinated omission), without the wait for a connection.
    pub latency: Option<Latency>,
    /// Round trip: latency of answered probes from the real start. The share of time with good service is
    /// `outages.service`.
    pub service: Option<Latency>,
    /// Latency of failed probes, from the real start to the failure.
    pub failed_latency: Option<Latency>,
    /// Time that probes waited for a connection.
    pub waited: Option<Latency>,
    /// Latency of numbered messages, from PUBLISH to receipt.
    pub end_to_end: Option<Latency>,
    /// Outages: losses of the connection and stalls.
    pub outages: Outages,
    /// Incidents: outages that began together, with their causes.
    pub incidents: Incidents,
    /// Faults that redis-doctor injected: the first 200.
    pub faults: Vec<FaultRow>,
    /// Totals of each connection; of many, the hundred that were down longest.
    pub connections: Vec<ConnectionRow>,
    /// Figures of consecutive intervals: of a second, or longer in a long run.
    pub intervals: Vec<IntervalRow>,
    /// Outages and refusals that repeat after the same time, age or silence.
    pub regularities: Vec<RegularityRow>,
    /// Slow stretches: every command was answered, but late.
    pub slow: SlowStretches,
    /// Times in which the server answered commands with an error.
    pub refusals: Refusals,
    /// Times in which redis-doctor itself was paused; they count in no other figure.
    pub own_pauses: OwnPauses,
    /// Largest number of connections that came back within 100 ms; null if none did.
    pub reconnect_peak: Option<ReconnectPeak>,
    /// Counts of replaced sessions, watchdog PINGs and path probes.
    pub sessions: Sessions,
    /// Counts of subscriptions; null if the run had none.
    pub subscriptions: Option<Subscriptions>,
    /// Counts of messages; null if the run had no subscription.
    pub delivery: Option<Delivery>,
    /// Errors by kind, most frequent first.
    pub errors: Vec<ErrorRow>,
    /// States that the client entered: the first and the last hundred.
    pub states: Vec<StateRow>,
    /// Number of states missing from that list.
    pub states_omitted: u64,
    /// Servers that the address led to, as far as there were several or one changed.
    pub servers: Servers,
    /// Comparison with the run of `--baseline`; null without it.
    pub comparison: Option<Comparison>,
    /// Sentinels that named the target, and their failovers; null without them.
    pub sentinels: Option<SentinelSet>,
    /// Failovers of the Sentinels, or of the cluster that the target is a node of: the first hundred.
    pub failovers: Vec<Failover>,
    /// Outages of one server that several runs watched; absent unless journals of several are merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vantage: Option<VantagePoints>,
    /// Acknowledged writes that were read back; null without the ledger workload.
    pub ledger: Option<LedgerFigures>,
    /// The application that was observed; absent if redis-doctor's own client was under test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<Application>,
    /// Results of `--fail-on` and `--warn-on`.
    pub gates: Vec<GateResult>,
    /// Problems and other remarks, worst first.
    pub findings: Vec<Finding>,
    /// Notes made during the run: the first and the last hundred.
    pub notes: Vec<NoteRow>,
    /// Changes that `watch` showed: the first and the last hundred; absent for other commands, and for one of several
    /// targets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Event>,
}

impl Report {
    /// Returns true if a run had a connection. In a journal that lacks the event, the replies show it.
    pub(crate) fn ever_connected(&self) -> bool {
        self.runs.iter().any(|run| run.connected.is_some()) || self.probes.as_ref().is_some_and(|probes| probes.ok > 0)
    }

    /// Judges the figures by the gates of the (last) run's own plan.
    pub(crate) fn new(figures: &Figures) -> Self {
        let (fail_on, warn_on) = figures.gates();
        Self::judged(figures, fail_on, warn_on)
    }

    /// Judges the figures of journals by the given gates; without any, by those of their plans, if all agree.
    pub(crate) fn replayed(figures: &Figures, fail_on: &[Gate], warn_on: &[Gate]) -> Self {
        let mut plans = figures.runs.iter().map(|run| &run.started.plan);
        let own = plans.next().map_or((&[][..], &[][..]), |plan| (&plan.fail_on[..], &plan.warn_on[..]));
        if !(fail_on.is_empty() && warn_on.is_empty()) {
            return Self::judged(figures, fail_on, warn_on);
        }
        if plans.all(|plan| (&plan.fail_on[..], &plan.warn_on[..]) == own) {
            return Self::judged(figures, own.0, own.1);
        }
        let mut report = Self::judged(figures, &[], &[]);
        let text = "the runs have different gates, so none applies: set --fail-on or --warn-on for the merged report";
        report.findings.push(Finding { severity: Severity::Info, code: None, text: text.to_owned() });
        report
    }

    /// Judges the figures by the given gates instead of the plan's.
    pub(crate) fn judged(figures: &Figures, fail_on: &[Gate], warn_on: &[Gate]) -> Self {
        let plans = || figures.runs.iter().map(|run| &run.started.plan);
        let subscribes = plans().any(|plan| plan.subscription.is_some());
        let gates = gates::evaluate(figures, fail_on, warn_on);
        let diagnoses = diagnose::all(&figures.outages());
        let regularities = regularity::rows(figures);
        let slow = diagnose::all(&figures.slow_stretches());
        let findings = findings::all(figures, &diagnoses, &slow, &regularities, &gates);
        Self {
            schema_version: SCHEMA_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            verdict: Verdict::worst(findings.iter().map(|finding| finding.severity)),
            complete: figures.runs.iter().all(|run| run.stopped.is_some() && !run.started.continued),
            interim: figures.interim,
            duration: figures.elapsed.as_secs_f64(),
            runs: figures.runs.iter().map(Run::new).collect(),
            probes: plans().any(|plan| plan.probes.is_some()).then(|| Probes::new(figures)),
            latency: figures.latency.map(Latency::new),
            service: figures.service.map(Latency::new),
            failed_latency: figures.failed_latency.map(Latency::new),
            waited: figures.waited.map(Latency::new),
            end_to_end: figures.end_to_end.map(Latency::new),
            incidents: Incidents::new(figures, &diagnoses),
            faults: figures.faults.clone(),
            connections: figures.connections.clone(),
            intervals: intervals::rows(figures),
            outages: Outages::new(figures, diagnoses),
            regularities,
            slow: SlowStretches::new(figures, slow),
            refusals: Refusals::new(figures),
            own_pauses: OwnPauses::new(figures),
            reconnect_peak: figures.reconnect_peak,
            sessions: Sessions::new(figures),
            subscriptions: subscribes.then(|| Subscriptions::new(figures)),
            delivery: subscribes.then(|| Delivery::new(figures)),
            errors: figures.errors.clone(),
            states: figures.states.kept.clone(),
            states_omitted: figures.states.omitted(),
            servers: figures.servers.clone(),
            comparison: None,
            sentinels: figures.sentinels.clone(),
            failovers: figures.failovers.clone(),
            vantage: figures.vantage.clone(),
            ledger: figures.ledger.clone(),
            application: figures.application.clone(),
            gates,
            findings,
            notes: figures.notes.kept.clone(),
            changes: figures.changes.kept.clone(),
        }
    }
}
