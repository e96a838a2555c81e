//! The sections of a report, as plain numbers.

use std::time::Duration;

use serde::Serialize;

use crate::{
    clock::{Stamp, WallTime},
    diagnose::Diagnosis,
    event::{Connected, RunStarted, StopReason},
    record::{Figures, Outage, RunFigures, Summary},
};

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// The plan, the versions and the reconnect schedule.
    #[serde(flatten)]
    pub started: RunStarted,
    /// Start of the run.
    pub time: WallTime,
    /// Duration so far (seconds).
    pub duration: f64,
    /// Reason for the end; `null` if the run continues or was cut off.
    pub stopped: Option<StopReason>,
    /// The first connection; `null` if there was none.
    pub connected: Option<Connected>,
}

impl Run {
    pub(super) fn new(run: &RunFigures) -> Self {
        Self {
            started: run.started.clone(),
            time: run.time,
            duration: run.elapsed.as_secs_f64(),
            stopped: run.stopped,
            connected: run.connected.clone(),
        }
    }
}

/// Repeated commands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Probes {
    /// Probes started.
    pub launched: u64,
    /// Probes with the right reply.
    pub ok: u64,
    /// Probes that failed with an error, an error reply or a wrong reply.
    pub failed: u64,
    /// Probes without a reply before their deadline.
    pub timed_out: u64,
    /// Probes without a known end: `launched − ok − failed − timed_out`, 0 after a complete run.
    pub unfinished: u64,
    /// Intended starts skipped because earlier probes were still in flight.
    pub skipped: u64,
    /// Failed or timed-out probes whose outcome is unknown: they may have run.
    pub ambiguous: u64,
    /// Replies to other commands.
    pub desynced: u64,
    /// Failed and timed-out probes as a share of all that ended (0 to 1); `null` if none did.
    pub error_share: Option<f64>,
    /// Answered probes per second.
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
            unfinished: unfinished(figures),
            skipped: counters.skipped,
            ambiguous: counters.ambiguous,
            desynced: figures.tally.desynced,
            error_share: error_share(figures),
            rate: (seconds > 0.0).then(|| counters.ok as f64 / seconds),
        }
    }
}

/// Failed and timed-out probes as a share of all that ended; `None` if none did.
pub(super) fn error_share(figures: &Figures) -> Option<f64> {
    let errors = figures.counters.failed + figures.counters.timed_out;
    let ended = figures.counters.ok + errors;
    (ended > 0).then(|| errors as f64 / ended as f64)
}

/// Probes without a counted end.
pub(super) fn unfinished(figures: &Figures) -> u64 {
    let counters = figures.counters;
    counters.launched.saturating_sub(counters.ok + counters.failed + counters.timed_out)
}

/// Statistics of a distribution (seconds).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// Number of samples.
    pub count: u64,
    /// Sum of the samples.
    pub sum: f64,
    /// The smallest.
    pub min: f64,
    /// The arithmetic mean.
    pub mean: f64,
    /// The standard deviation.
    pub deviation: f64,
    /// The median.
    pub p50: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The 99.9th percentile.
    pub p999: f64,
    /// The largest.
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

/// Losses of the connection and stalls.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outages {
    /// Share of the watched time with service (0 to 1), all connections together.
    pub availability: Option<f64>,
    /// Losses of a connection.
    pub drops: u64,
    /// Stalls that recovered on the same connection, or have not ended.
    pub stalls: u64,
    /// Outages that are not over.
    pub unresolved: u64,
    /// Losses after which the connection came back.
    pub reconnects: u64,
    /// Outages that ended only because redis-doctor started a new session.
    pub not_by_itself: u64,
    /// Time without service (seconds, all connections together).
    pub total: f64,
    /// The longest outage (seconds).
    pub longest: f64,
    /// Mean time to repair (seconds).
    pub mean_repair: Option<f64>,
    /// The longest time without an outage (seconds).
    pub longest_up: f64,
    /// The first 200, the last 100 and the longest 20 of those between.
    pub rows: Vec<OutageRow>,
    /// Number of outages missing from that list.
    pub omitted: u64,
}

/// One outage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutageRow {
    /// The recorded outage.
    #[serde(flatten)]
    pub outage: Outage,
    /// From the loss to the first good reply, or to the end of the run (seconds).
    pub duration: f64,
    /// Time from the first healthy path probe to the return of the client (seconds); `null` without a path probe, or if
    /// the client did not come back on its own.
    pub backoff: Option<f64>,
    /// The cause of the loss or the silence.
    pub diagnosis: Diagnosis,
}

impl OutageRow {
    /// Makes a row as of `now`.
    pub fn new(outage: Outage, diagnosis: Diagnosis, now: Stamp) -> Self {
        let backoff = outage.backoff().map(|backoff| backoff.as_secs_f64());
        Self { duration: outage.duration(now).as_secs_f64(), outage, backoff, diagnosis }
    }
}

impl Outages {
    pub(super) fn new(figures: &Figures, diagnoses: Vec<Diagnosis>) -> Self {
        let downtime = figures.downtime;
        let row = |(outage, diagnosis): (&Outage, Diagnosis)| {
            let run = figures.runs.get(outage.run.saturating_sub(1) as usize);
            let end = run.map_or(Stamp::START, |run| Stamp::START.after(run.elapsed));
            OutageRow::new(outage.clone(), diagnosis, end)
        };
        Self {
            availability: downtime.availability(),
            drops: downtime.drops,
            stalls: downtime.stalls,
            unresolved: downtime.unresolved,
            reconnects: downtime.reconnects,
            not_by_itself: downtime.not_by_itself,
            total: downtime.total.as_secs_f64(),
            longest: downtime.longest.as_secs_f64(),
            mean_repair: downtime.mean_repair().map(|repair| repair.as_secs_f64()),
            longest_up: downtime.longest_up.as_secs_f64(),
            rows: figures.outages.kept.iter().zip(diagnoses).map(row).collect(),
            omitted: figures.outages.omitted(),
        }
    }
}

/// Sessions and path probes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sessions {
    /// Connections that the library replaced immediately after making them.
    pub superseded: u64,
    /// Sessions that the policy's watchdog replaced.
    pub replaced_by_watchdog: u64,
    /// Sessions that the policy replaced because replies went to the wrong commands.
    pub replaced_desync: u64,
    /// Sessions replaced because the client was in an unrecoverable state.
    pub replaced_terminal: u64,
    /// Watchdog PINGs answered.
    pub watchdog_ok: u64,
    /// Watchdog PINGs not answered in time.
    pub watchdog_missed: u64,
    /// Path probes.
    pub path_probes: u64,
    /// Path probes that failed.
    pub path_failures: u64,
}

impl Sessions {
    pub(super) fn new(figures: &Figures) -> Self {
        let tally = &figures.tally;
        Self {
            superseded: tally.superseded,
            replaced_by_watchdog: tally.replaced_by_watchdog,
            replaced_desync: tally.replaced_desync,
            replaced_terminal: tally.replaced_terminal,
            watchdog_ok: figures.counters.watchdog_ok,
            watchdog_missed: figures.counters.watchdog_missed,
            path_probes: tally.path_probes,
            path_failures: tally.path_failures,
        }
    }
}
