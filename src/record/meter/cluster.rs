//! The metrics of a cluster: its slots, its failovers, and the cluster client beside the direct connections.

use std::{collections::BTreeMap, time::Duration};

use super::Histogram;
use crate::{
    clock::Stamp,
    event::{ClusterClientEvent, ClusterEvent, Counters},
    foreign::Foreign,
};

/// The metrics of a cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClusterMetrics {
    /// Number of slots whose primary works; `None` until the cluster has described itself.
    pub slots_served: Option<u16>,
    /// Replicas that took the place of their primary.
    pub failovers: u64,
    /// The cluster client; `None` without one.
    pub client: Option<ClientMetrics>,
}

/// The metrics of the cluster client.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientMetrics {
    /// Sums of the counters.
    pub counters: Counters,
    /// Latency of answered commands from the intended start.
    pub latency: Histogram,
    /// Outages that are over, and their total time.
    pub outages: (u64, Duration),
    /// Targets on whose slots commands fail, and since when.
    pub failing: BTreeMap<Foreign, Stamp>,
    /// Connections to nodes that it has lost.
    pub connections_lost: u64,
}

impl ClusterMetrics {
    pub(super) fn observe(&mut self, observed: &ClusterEvent) {
        match observed {
            ClusterEvent::Seen { covered, .. } | ClusterEvent::Coverage { covered } => {
                self.slots_served = Some(*covered);
            }
            ClusterEvent::Failover { .. } => self.failovers += 1,
            // No metric.
            _ => {}
        }
    }

    pub(super) fn observe_client(&mut self, observed: &ClusterClientEvent) {
        let client = self.client.get_or_insert_default();
        match observed {
            ClusterClientEvent::Failing { shard, since, .. } => {
                client.failing.insert(shard.clone(), *since);
            }
            ClusterClientEvent::Recovered { shard, since, until, .. } => {
                client.failing.remove(shard);
                client.outages.0 += 1;
                client.outages.1 += until.since(*since);
            }
            ClusterClientEvent::Counted(counts) => {
                client.counters += counts.interval.counters;
                counts.interval.latency.iter().for_each(|part| client.latency.add(part));
                client.connections_lost = client.connections_lost.saturating_add(counts.connections_lost);
            }
            // No metric.
            ClusterClientEvent::Connected { .. } | ClusterClientEvent::NotConnected { .. } => {}
        }
    }
}
