//! The metric families of a cluster.

use super::{Family, Labels, Sample, Value};
use crate::{
    clock::Stamp,
    record::{ClientMetrics, ClusterMetrics},
};

pub(super) fn families(cluster: &ClusterMetrics, now: Stamp) -> Vec<Family<'_>> {
    let mut families = Vec::new();
    if let Some(served) = cluster.slots_served {
        let help = "Slots of the cluster whose primary works, of 16384.";
        families.push(Family::gauge("cluster_slots_served", help, f64::from(served)));
        let help = "Replicas of the cluster that took the place of their primary.";
        families.push(Family::counter("cluster_failovers", help, cluster.failovers as f64));
    }
    families.extend(cluster.client.iter().flat_map(|client| of_client(client, now)));
    families
}

fn of_client(client: &ClientMetrics, now: Stamp) -> [Family<'_>; 7] {
    let ClientMetrics { counters, latency, outages: (over, total), failing, connections_lost } = client;
    let outcomes = [("ok", counters.ok), ("failed", counters.failed), ("timed_out", counters.timed_out)];
    let mut histogram = Family::new(
        "cluster_client_latency_seconds",
        "histogram",
        "Latency of the cluster client, from the intended start.",
    );
    histogram.samples.push(Sample { suffix: "", labels: Labels::new(), value: Value::Histogram(latency) });
    let longest = failing.values().map(|since| now.since(*since)).max().unwrap_or_default();
    [
        Family::counters("cluster_client_probes", "Commands of the cluster client by outcome.", "outcome", &outcomes),
        histogram,
        Family::counter("cluster_client_outages", "Outages of the cluster client that are over.", *over as f64),
        Family::counter(
            "cluster_client_outage_seconds",
            "Total time of the outages of the cluster client that are over.",
            total.as_secs_f64(),
        ),
        Family::gauge(
            "cluster_client_failing",
            "Targets on whose slots the cluster client fails.",
            failing.len() as f64,
        ),
        Family::gauge(
            "cluster_client_outage_open_seconds",
            "Duration so far of the longest outage of the cluster client that is not over.",
            longest.as_secs_f64(),
        ),
        Family::counter(
            "cluster_client_connections_lost",
            "Connections to nodes that the cluster client has lost.",
            *connections_lost as f64,
        ),
    ]
}
