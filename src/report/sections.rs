//! The sections of a report as plain numbers.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::phases::{self, PhaseRow};
use crate::{
    clock::{OptionalSeconds, Seconds, Stamp, WallTime},
    diagnose::Diagnosis,
    event::{Connected, RunClock, RunStarted, StopReason},
    plan::ReconnectPolicy,
    record::{Figures, Outage, OutageKind, RunFigures, Summary},
};

/// One run of a report.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Run {
    /// Start of the run: the plan, the versions, the reconnect schedule.
    #[serde(flatten)]
    pub started: RunStarted,
    /// Its clock; absent unless journals are merged and another run has read the clock of the same server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<RunClock>,
    /// Start time.
    pub time: WallTime,
    /// Duration in seconds, so far if the run continues.
    #[schemars(with = "Seconds")]
    pub duration: f64,
    /// Reason for the end; null if the run continues or was cut off.
    pub stopped: Option<StopReason>,
    /// First connection; null if there was none.
    pub connected: Option<Connected>,
}

impl Run {
    pub(super) fn new(run: &RunFigures) -> Self {
        Self {
            clock: run.started.clock.as_deref().cloned(),
            started: run.started.clone(),
            time: run.time,
            duration: run.elapsed.as_secs_f64(),
            stopped: run.stopped,
            connected: run.connected.clone(),
        }
    }
}

/// The probe counts of a report.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Probes {
    /// Probes started.
    pub launched: u64,
    /// Probes with the right reply.
    pub ok: u64,
    /// Probes that failed with an error, an error reply or a wrong reply.
    pub failed: u64,
    /// Probes without a reply before their deadline.
    pub timed_out: u64,
    /// Probes without a reply because redis-doctor itself was paused: they count as neither failed nor timed out.
    pub paused: u64,
    /// Answered probes whose time is in no latency: an outage, a stall or a pause of redis-doctor itself fell into it.
    pub untimed: u64,
    /// Probes without a known end: `launched − ok − failed − timed_out − paused`; 0 after a complete run.
    pub unfinished: u64,
    /// Intended starts that were skipped because earlier probes were still in flight.
    pub skipped: u64,
    /// Failed or timed-out probes whose outcome is unknown: they were sent and may have run.
    pub ambiguous: u64,
    /// Replies to another command.
    pub desynced: u64,
    /// Failed and timed-out probes as a share of all ended probes (0 to 1); null if none has ended.
    #[schemars(range(min = 0, max = 1))]
    pub error_share: Option<f64>,
    /// Answered probes a second; null if the run took no time.
    #[schemars(range(min = 0))]
    pub rate: Option<f64>,
}

impl Probes {
    pub(super) fn new(figures: &Figures) -> Self {
        let counters = figures.counters;
        let seconds = figures.elapsed.as_secs_f64();
        Self {
            launched: counters.launched,
            ok: counters.ok,
            failed: counters.failed,
            timed_out: counters.timed_out,
            paused: counters.paused,
            untimed: counters.untimed,
            unfinished: unfinished(figures),
            skipped: counters.skipped,
            ambiguous: counters.ambiguous,
            desynced: figures.tally.desynced,
            error_share: error_share(figures),
            rate: (seconds > 0.0).then(|| counters.ok as f64 / seconds),
        }
    }
}

/// Returns failed and timed-out probes as a share of all ended probes; `None` if none has ended.
pub(super) fn error_share(figures: &Figures) -> Option<f64> {
    let errors = figures.counters.failed + figures.counters.timed_out;
    let ended = figures.counters.ok + errors;
    (ended > 0).then(|| errors as f64 / ended as f64)
}

/// Returns the number of probes whose end was not counted.
pub(super) fn unfinished(figures: &Figures) -> u64 {
    let counters = figures.counters;
    counters.launched.saturating_sub(counters.ok + counters.failed + counters.timed_out + counters.paused)
}

/// The figures of a distribution of durations, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Latency {
    /// Number of measured durations.
    pub count: u64,
    /// Sum of all durations.
    #[schemars(with = "Seconds")]
    pub sum: f64,
    /// Smallest duration.
    #[schemars(with = "Seconds")]
    pub min: f64,
    /// Arithmetic mean.
    #[schemars(with = "Seconds")]
    pub mean: f64,
    /// Standard deviation.
    #[schemars(with = "Seconds")]
    pub deviation: f64,
    /// Median.
    #[schemars(with = "Seconds")]
    pub p50: f64,
    /// 90th percentile.
    #[schemars(with = "Seconds")]
    pub p90: f64,
    /// 99th percentile.
    #[schemars(with = "Seconds")]
    pub p99: f64,
    /// 99.9th percentile.
    #[schemars(with = "Seconds")]
    pub p999: f64,
    /// Largest duration.
    #[schemars(with = "Seconds")]
    pub max: f64,
}

impl Latency {
    pub(super) fn new(summary: Summary) -> Self {
        let seconds = |duration: Duration| duration.as_nanos() as f64 / 1e9;
        Self {
            count: summary.count,
            sum: seconds(summary.sum),
            min: seconds(summary.min),
            mean: seconds(summary.mean),
            deviation: seconds(summary.deviation),
            p50: seconds(summary.p50),
            p90: seconds(summary.p90),
            p99: seconds(summary.p99),
            p999: seconds(summary.p999),
            max: seconds(summary.max),
        }
    }
}

/// The outages of a report: losses of the connection and stalls.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Outages {
    /// Share of the watched time without an outage (0 to 1), all connections together; null if no time was watched.
    #[schemars(range(min = 0, max = 1))]
    pub availability: Option<f64>,
    /// Share of the watched time in which the workload was answered well (0 to 1): no outage, no refusal, no missing
    /// subscription; null if no time was watched.
    #[schemars(range(min = 0, max = 1))]
    pub service: Option<f64>,
    /// Losses of a connection.
    pub drops: u64,
    /// Stalls that recovered on the same connection, or have not ended.
    pub stalls: u64,
    /// Outages that have not ended.
    pub unresolved: u64,
    /// Losses after which the connection came back.
    pub reconnects: u64,
    /// Outages that ended only because redis-doctor started a new session.
    pub not_by_itself: u64,
    /// Total duration of the outages of all connections, in seconds.
    #[schemars(with = "Seconds")]
    pub total: f64,
    /// Longest outage in seconds.
    #[schemars(with = "Seconds")]
    pub longest: f64,
    /// Mean time to repair in seconds; null if no outage ended.
    #[schemars(with = "OptionalSeconds")]
    pub mean_repair: Option<f64>,
    /// Longest time without an outage, in seconds.
    #[schemars(with = "Seconds")]
    pub longest_up: f64,
    /// Outages in order: the first 200, the last 100 and the longest 20 in between.
    pub rows: Vec<OutageRow>,
    /// Number of outages missing from that list.
    pub omitted: u64,
}

/// One outage of a report.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct OutageRow {
    /// Recorded facts.
    #[serde(flatten)]
    pub outage: Outage,
    /// Time from the loss to the first good reply or to the end of the run, in seconds.
    #[schemars(with = "Seconds")]
    pub duration: f64,
    /// Time from the server being found healthy to the client's return, in seconds; null if no path probe found it, or the
    /// client did not come back on its own.
    #[schemars(with = "OptionalSeconds")]
    pub backoff: Option<f64>,
    /// Parts of the outage that took time, in their order, each with the flag that shortens it; none for a slow stretch.
    pub phases: Vec<PhaseRow>,
    /// Cause of the outage, with its evidence.
    pub diagnosis: Diagnosis,
}

impl OutageRow {
    /// Creates the row as of `now`; `policy` is that of its run.
    pub(crate) fn new(outage: Outage, diagnosis: Diagnosis, policy: Option<&ReconnectPolicy>, now: Stamp) -> Self {
        let backoff = outage.backoff().map(|backoff| backoff.as_secs_f64());
        let phases = if outage.kind == OutageKind::Slow { Vec::new() } else { phases::of(&outage, policy, now) };
        Self { duration: outage.duration(now).as_secs_f64(), outage, backoff, phases, diagnosis }
    }
}

/// The slow stretches of a report: every command was answered, but late. They cost no availability.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct SlowStretches {
    /// Number of slow stretches.
    pub stretches: u64,
    /// Time in which a slow reply was awaited, all connections together, in seconds.
    #[schemars(with = "Seconds")]
    pub waiting: f64,
    /// Longest time to a reply in a slow stretch, in seconds; 0 without one.
    #[schemars(with = "Seconds")]
    pub latency: f64,
    /// Slow stretches in order: the first 200, the last 100 and the longest 20 in between.
    pub rows: Vec<OutageRow>,
    /// Number of slow stretches missing from that list.
    pub omitted: u64,
}

impl SlowStretches {
    pub(super) fn new(figures: &Figures, diagnoses: Vec<Diagnosis>) -> Self {
        let slow = &figures.slow;
        Self {
            stretches: slow.totals.count,
            waiting: slow.totals.waiting.as_secs_f64(),
            latency: slow.totals.latency.as_secs_f64(),
            rows: rows(figures, &slow.stretches.kept, diagnoses),
            omitted: slow.stretches.omitted(),
        }
    }
}

fn run(figures: &Figures, number: u32) -> Option<&RunFigures> {
    figures.runs.get(number.saturating_sub(1) as usize)
}

/// Returns the end of a run, or the start if it is unknown.
pub(super) fn end_of(figures: &Figures, number: u32) -> Stamp {
    run(figures, number).map_or(Stamp::START, RunFigures::end)
}

/// Returns outages or slow stretches with their diagnoses, as of the ends of their runs.
fn rows(figures: &Figures, outages: &[Outage], diagnoses: Vec<Diagnosis>) -> Vec<OutageRow> {
    let row = |(outage, diagnosis): (&Outage, Diagnosis)| {
        let policy = run(figures, outage.run).and_then(|run| run.started.plan.known_policy());
        OutageRow::new(outage.clone(), diagnosis, policy, end_of(figures, outage.run))
    };
    outages.iter().zip(diagnoses).map(row).collect()
}

impl Outages {
    pub(super) fn new(figures: &Figures, diagnoses: Vec<Diagnosis>) -> Self {
        let downtime = figures.downtime;
        Self {
            availability: downtime.availability(),
            service: downtime.service(),
            drops: downtime.drops,
            stalls: downtime.stalls,
            unresolved: downtime.unresolved,
            reconnects: downtime.reconnects,
            not_by_itself: downtime.not_by_itself,
            total: downtime.total.as_secs_f64(),
            longest: downtime.longest.as_secs_f64(),
            mean_repair: downtime.mean_repair().map(|repair| repair.as_secs_f64()),
            longest_up: downtime.longest_up.as_secs_f64(),
            rows: rows(figures, &figures.outages.kept, diagnoses),
            omitted: figures.outages.omitted(),
        }
    }
}

/// The times in which redis-doctor itself was paused: no CPU time, stopped, or the machine was suspended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct OwnPauses {
    /// Number of pauses.
    pub count: u64,
    /// Total length in seconds.
    #[schemars(with = "Seconds")]
    pub total: f64,
    /// Longest pause in seconds.
    #[schemars(with = "Seconds")]
    pub longest: f64,
    /// Total time in seconds in which redis-doctor was busy, such as with an enormous reply, and read nothing else. It
    /// counts in no latency, but excuses no missing reply.
    #[schemars(with = "Seconds")]
    pub busy: f64,
}

impl OwnPauses {
    pub(super) fn new(figures: &Figures) -> Self {
        let pauses = figures.own_pauses;
        Self {
            count: pauses.count,
            total: pauses.total.as_secs_f64(),
            longest: pauses.longest.as_secs_f64(),
            busy: pauses.busy.as_secs_f64(),
        }
    }
}

/// The counts of replaced sessions, watchdog PINGs and path probes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Sessions {
    /// Connections that the library replaced immediately after making them.
    pub superseded: u64,
    /// Sessions that the policy's watchdog replaced.
    pub replaced_by_watchdog: u64,
    /// Sessions that the policy replaced because replies went to the wrong commands.
    pub replaced_desync: u64,
    /// Sessions that the policy replaced because a demoted server refused a write.
    pub replaced_readonly: u64,
    /// Sessions that went to the new primary that the Sentinels named.
    pub replaced_failover: u64,
    /// Sessions that redis-doctor replaced because the client was in a state that it could not leave.
    pub replaced_terminal: u64,
    /// Watchdog PINGs answered.
    pub watchdog_ok: u64,
    /// Watchdog PINGs not answered in time.
    pub watchdog_missed: u64,
    /// Path probes.
    pub path_probes: u64,
    /// Independent connection attempts that failed.
    pub path_failures: u64,
}

impl Sessions {
    pub(super) fn new(figures: &Figures) -> Self {
        let tally = &figures.tally;
        Self {
            superseded: tally.superseded,
            replaced_by_watchdog: tally.replaced_by_watchdog,
            replaced_desync: tally.replaced_desync,
            replaced_readonly: tally.replaced_readonly,
            replaced_failover: tally.replaced_failover,
            replaced_terminal: tally.replaced_terminal,
            watchdog_ok: figures.counters.watchdog_ok,
            watchdog_missed: figures.counters.watchdog_missed,
            path_probes: tally.path_probes,
            path_failures: tally.path_failures,
        }
    }
}
