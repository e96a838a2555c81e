//! The cluster of a report: its nodes and slots in a line, and the node that the connections of a target went to.

use crate::{
    foreign::Foreign,
    render::units::{clean, count, duration, span},
    report::{ClusterClient, ClusterFigures, Report},
};

/// `16384 of 16384 slots served · 3 primaries · 3 replicas · 1 failover`
pub(super) fn summary(cluster: &ClusterFigures) -> String {
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
pub(super) fn client(client: &ClusterClient) -> String {
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
