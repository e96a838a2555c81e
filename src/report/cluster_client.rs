//! The cluster client beside the direct connections: its figures, and the findings about it.
//!
//! It is judged by what it can be blamed for. It did not come back if the direct connections to the same slots were answered
//! for some time, and its commands still failed.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Finding, Latency, TargetReport, finding::List, targets::ProbeSums};
use crate::{
    classify::ErrorClass,
    clock::{OptionalSeconds, Seconds, Stamp},
    record::{ClientFigures, ClientOutage, ClusterFigures, ErrorRow, LongestGap},
    units::{count, span},
    verdict::{Severity, Verdict},
};

/// Slots of every cluster (CLUSTER_SLOTS in cluster.h).
const SLOTS: u16 = 16_384;

/// The cluster client did not come back, or later than the direct connections.
const LATER: &str = "RD164";

/// Time in which a client may notice that the slots are served again, in seconds.
const GRACE: f64 = 3.0;

/// Difference between two outages that is worth a code, in seconds.
const LATE: f64 = 1.0;

/// The cluster client of a report.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ClusterClient {
    /// The library and its version.
    pub library: String,
    /// Verdict on the client alone.
    pub verdict: Verdict,
    /// Time from its first attempt until it was connected, in seconds; null if it never was.
    #[schemars(with = "OptionalSeconds")]
    pub connected_after: Option<f64>,
    /// Counts of its commands.
    pub probes: ProbeSums,
    /// Latency of answered commands from the intended start.
    pub latency: Option<Latency>,
    /// Latency of answered commands from the real start.
    pub service: Option<Latency>,
    /// Failed commands by kind, most frequent first.
    pub errors: Vec<ErrorRow>,
    /// Connections to nodes that it has lost.
    pub connections_lost: u64,
    /// The longest time without a good reply on the slots of a target; null if no command was answered.
    pub longest_gap: Option<LongestGap>,
    /// Number of its outages.
    pub outages: u64,
    /// Outages that were not over at the end.
    pub unresolved: u64,
    /// Sum of its outages on the slots of all targets, in seconds.
    #[schemars(with = "Seconds")]
    pub down: f64,
    /// Outages in order of their end: the first and the last hundred.
    pub rows: Vec<ClientOutage>,
}

impl ClusterClient {
    pub(super) fn new(figures: &ClientFigures, findings: &[Finding]) -> Self {
        let counters = &figures.counters;
        Self {
            library: format!("redis-rs {}", figures.version),
            verdict: Verdict::worst(findings.iter().map(|finding| finding.severity)),
            connected_after: figures.connected.map(|after| after.as_secs_f64()),
            probes: ProbeSums {
                launched: counters.launched,
                ok: counters.ok,
                failed: counters.failed,
                timed_out: counters.timed_out,
            },
            latency: figures.latency.map(Latency::new),
            service: figures.service.map(Latency::new),
            errors: figures.errors.clone(),
            connections_lost: figures.connections_lost,
            longest_gap: figures.longest_gap.clone(),
            outages: figures.outages.total,
            unresolved: figures.outages.kept.iter().filter(|outage| outage.restored.is_none()).count() as u64,
            down: figures.down.as_secs_f64(),
            rows: figures.outages.kept.clone(),
        }
    }
}

/// Judges the cluster client beside the direct connections to the targets.
pub(super) fn findings(
    client: &ClientFigures,
    cluster: Option<&ClusterFigures>,
    targets: &[TargetReport],
) -> Vec<Finding> {
    let mut list = List(Vec::new());
    let served = cluster.is_none_or(|cluster| cluster.nodes.is_empty() || cluster.slots_covered == SLOTS);
    let (lasting, over): (Vec<_>, Vec<_>) = client.outages.kept.iter().partition(|outage| outage.restored.is_none());
    for outage in lasting {
        let direct = targets.iter().find(|target| target.target == outage.shard);
        list.0.push(on_lasting(client, outage, direct.filter(|_| served)));
    }
    if let Some(longest) = over.iter().max_by_key(|outage| outage.duration) {
        let direct = targets.iter().find(|target| target.target == longest.shard);
        list.0.push(on_over(client, longest, over.len() as u64, direct));
    }
    let unexpected = client.counters.failed + client.counters.timed_out;
    if client.outages.total == 0 && unexpected > 0 {
        let example = client.errors.first().map(|row| format!(": {}", row.example)).unwrap_or_default();
        list.warning(format!("{} of the cluster client failed{example}", count(unexpected, "command")));
    }
    list.0
}

/// Returns the finding about an outage that was not over at the end.
fn on_lasting(client: &ClientFigures, outage: &ClientOutage, direct: Option<&TargetReport>) -> Finding {
    let ClientOutage { shard, duration, why, .. } = outage;
    let (lasted, why) = (span(*duration), format!("{}: {}", why.key.class, why.text));
    let what = format!("the cluster client (redis-rs {}) fails on the slots of {shard} for {lasted}", client.version);
    if outage.why.key.class == ErrorClass::NoPerm {
        let text = format!("{what}: {why}; grant its user GET and SET on redis-doctor:*, or omit --via");
        return Finding { severity: Severity::Warning, code: Some(outage.why.key.code()), text };
    }
    let Some((direct, answered)) = direct.and_then(|direct| Some((direct, answered_since(direct, outage)?))) else {
        let text = format!("{what}, and so do the direct connections, or the slots are not served: {why}");
        return Finding { severity: Severity::Warning, code: Some(outage.why.key.code()), text };
    };
    let end = outage.lost.after(*duration);
    let since = end.since(answered);
    if since.as_secs_f64() < GRACE {
        let text = format!("{what}, {} after the direct connections were answered: {why}", span(since));
        return Finding { severity: Severity::Warning, code: Some(outage.why.key.code()), text };
    }
    let text = format!(
        "{what} and has not come back, although the direct connections to them have been answered for {} ({} commands): \
         {why}",
        span(since),
        direct.report.probes.as_ref().map_or(0, |probes| probes.ok),
    );
    Finding { severity: Severity::Critical, code: Some(LATER), text }
}

/// Returns the time since which the direct connections of a target were answered without an outage or a refusal; `None` if
/// they were not at the end.
fn answered_since(direct: &TargetReport, outage: &ClientOutage) -> Option<Stamp> {
    let report = &direct.report;
    let well = report.outages.unresolved == 0
        && report.refusals.unresolved == 0
        && report.probes.as_ref().is_some_and(|probes| probes.ok > 0);
    if !well {
        return None;
    }
    let outages = report.outages.rows.iter().map(|row| &row.outage).filter(|direct| direct.run == outage.run);
    let restored = outages.filter_map(|outage| outage.restored).max();
    Some(restored.map_or(outage.lost, |restored| restored.max(outage.lost)))
}

/// Returns the finding about outages that are over.
fn on_over(client: &ClientFigures, longest: &ClientOutage, number: u64, direct: Option<&TargetReport>) -> Finding {
    let ClientOutage { shard, duration, why, failed, lost, .. } = longest;
    let until = lost.after(*duration);
    let rows = direct.into_iter().flat_map(|direct| &direct.report.outages.rows);
    let same = rows.filter(|row| {
        let began = row.outage.lost;
        row.outage.run == longest.run && began < until && row.outage.restored.is_none_or(|restored| restored > *lost)
    });
    let own = same.map(|row| row.duration).fold(0.0, f64::max);
    let late = duration.as_secs_f64() - own > LATE;
    let beside = match own {
        0.0 => "the direct connections to them had no outage then".to_owned(),
        own => format!("the direct connections to them were out for {own:.2} s"),
    };
    let more = if number > 1 { format!(", the longest of {number} outages") } else { String::new() };
    let text = format!(
        "the cluster client (redis-rs {}) failed on the slots of {shard} for {}{more} ({}: {}: {}), and came back on its \
         own; {beside}",
        client.version,
        span(*duration),
        count(failed.unwrap_or_default(), "command"),
        why.key.class,
        why.text,
    );
    Finding { severity: Severity::Warning, code: Some(if late { LATER } else { why.key.code() }), text }
}
