//! The cluster of a report: its nodes and slots in a line, the cluster client, and the node that the connections of a target
//! went to.

use super::metrics::latency_summary;
use crate::{
    foreign::Foreign,
    render::{
        units::{clean, count, duration, span},
        views::Family,
    },
    report::{ClusterClient, ClusterFigures, Report, ScopeReport},
};

/// Returns the lines about the cluster and its client, as far as the run had them.
pub(super) fn lines(report: &ScopeReport) -> Vec<(&'static str, String)> {
    let cluster = report.cluster.as_ref().map(|cluster| ("cluster", summary(cluster)));
    cluster.into_iter().chain(report.cluster_client.as_ref().map(|of| ("client", client(of)))).collect()
}

/// Returns the metric families of the cluster and its client.
pub(super) fn families(report: &ScopeReport) -> Vec<Family<'_>> {
    let mut families = Vec::new();
    if let Some(cluster) = report.cluster.as_ref().filter(|cluster| !cluster.nodes.is_empty()) {
        let help = "Slots of the cluster whose primary works, of 16384.";
        families.push(Family::gauge("cluster_slots_served", help, f64::from(cluster.slots_covered)));
        let help = "Replicas of the cluster that took the place of their primary.";
        families.push(Family::counter("cluster_failovers", help, cluster.failovers.len() as f64));
    }
    families.extend(report.cluster_client.iter().flat_map(families_of_client));
    families
}

fn families_of_client(client: &ClusterClient) -> Vec<Family<'_>> {
    let ClusterClient { probes, latency, .. } = client;
    let outcomes = [("ok", probes.ok), ("failed", probes.failed), ("timed_out", probes.timed_out)];
    let outcomes =
        Family::counters("cluster_client_probes", "Commands of the cluster client by outcome.", "outcome", &outcomes);
    let help = "Latency of the cluster client, from the intended start.";
    let latency = latency.as_ref().map(|latency| latency_summary("cluster_client_latency_seconds", help, latency));
    let lost = client.connections_lost as f64;
    let others = [
        Family::counter("cluster_client_outages", "Outages of the cluster client.", client.outages as f64),
        Family::gauge(
            "cluster_client_failing",
            "Targets on whose slots the cluster client failed at the end.",
            client.unresolved as f64,
        ),
        Family::counter(
            "cluster_client_outage_seconds",
            "Total time of the outages of the cluster client.",
            client.down,
        ),
        Family::counter(
            "cluster_client_connections_lost",
            "Connections to nodes that the cluster client has lost.",
            lost,
        ),
    ];
    [outcomes].into_iter().chain(latency).chain(others).collect()
}

/// `16384 of 16384 slots served · 3 primaries · 3 replicas · 1 failover`
fn summary(cluster: &ClusterFigures) -> String {
    if cluster.nodes.is_empty() {
        return "not described by any of its nodes".to_owned();
    }
    let primaries = cluster.nodes.iter().filter(|node| node.primary.is_none() && node.slots > 0).count() as u64;
    let replicas = cluster.nodes.iter().filter(|node| node.primary.is_some()).count() as u64;
    let failed = cluster.nodes.iter().filter(|node| node.failed).count() as u64;
    let moved: u64 = cluster.slot_moves.iter().map(|moved| moved.slots).sum();
    let mut parts = vec![format!("{} of 16384 slots served", cluster.slots_covered)];
    parts.push(if primaries == 1 { "1 primary".to_owned() } else { format!("{primaries} primaries") });
    parts.push(count(replicas, "replica"));
    parts.extend((failed > 0).then(|| format!("{} failed", count(failed, "node"))));
    parts.push(count(cluster.failovers.len() as u64, "failover"));
    parts.extend((moved > 0).then(|| format!("{} moved", count(moved, "slot"))));
    parts.extend((!cluster.uncovered.is_zero()).then(|| format!("incomplete for {}", span(cluster.uncovered))));
    parts.join(" · ")
}

/// `redis-rs 1.8.1 cluster client · healthy · 300 answered · p50 0.2 ms, p99 1 ms, max 9 ms · longest gap 0.11 s`
fn client(client: &ClusterClient) -> String {
    let ClusterClient { probes, latency, .. } = client;
    let mut parts = vec![format!("{} cluster client", client.library), client.verdict.to_string()];
    parts.push(if client.connected_after.is_some() {
        format!("{} answered", probes.ok)
    } else {
        "never connected".to_owned()
    });
    parts.extend((probes.failed > 0).then(|| format!("{} failed", probes.failed)));
    parts.extend((probes.timed_out > 0).then(|| format!("{} timed out", probes.timed_out)));
    if let Some(latency) = latency {
        let [p50, p99, max] = [latency.p50, latency.p99, latency.max].map(duration);
        parts.push(format!("p50 {p50}, p99 {p99}, max {max}"));
    }
    if client.outages > 0 {
        let lasting = if client.unresolved > 0 { format!(" ({} not over)", client.unresolved) } else { String::new() };
        parts.push(format!("{}{lasting}, {} in total", count(client.outages, "outage"), duration(client.down)));
    }
    parts.extend(
        (client.connections_lost > 0).then(|| format!("{} lost", count(client.connections_lost, "connection"))),
    );
    if let Some(longest) = &client.longest_gap {
        parts.push(format!("longest time without a reply {} ({})", span(longest.duration), clean(&longest.shard)));
    }
    parts.join(" · ")
}

/// `10.0.0.1:6379 → 10.0.0.4:6379`: a target, and the server that its connections went to.
pub(super) fn followed(target: &Foreign, report: &Report) -> String {
    let follows = report.runs.last().is_some_and(|run| run.started.plan.follows());
    let last = report.failovers.last().filter(|failover| follows && failover.epoch.is_some());
    match last {
        Some(failover) if failover.to != *target => format!("{} → {}", clean(target), clean(&failover.to)),
        _ => clean(target),
    }
}
