//! The cluster client beside the direct connections: its counts, its errors, and its outages on the slots of each target.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use super::{Capped, ErrorRow, List, Summary, errors::ErrorTable};
use crate::{
    classify::Failure,
    clock::{Seconds, Stamp, WallTime},
    distribution::Distribution,
    event::{ClientCounts, ClientGap, ClusterClientEvent, Counters, Event, EventKind, RunStarted},
    foreign::Foreign,
    plan::Via,
};

/// The figures of the cluster client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClientFigures {
    /// Version of redis-rs.
    pub version: Foreign,
    /// Time from its first attempt until it was connected; `None` if it never was.
    pub connected: Option<Duration>,
    /// Failure of its first attempt to connect, if that failed.
    pub not_connected: Option<Failure>,
    pub counters: Counters,
    /// Latency of answered commands, from the intended start.
    pub latency: Option<Summary>,
    /// Latency of answered commands, from the real start.
    pub service: Option<Summary>,
    pub errors: Vec<ErrorRow>,
    /// Connections to nodes that it has lost.
    pub connections_lost: u64,
    /// The longest time without a good reply on the slots of a target.
    pub longest_gap: Option<LongestGap>,
    pub outages: List<ClientOutage>,
    /// Sum of the outages on the slots of all targets.
    pub down: Duration,
}

/// An outage of the cluster client on the slots of a target.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ClientOutage {
    /// Label of the target.
    pub shard: Foreign,
    /// Number of its run (from 1; merged journals have several).
    pub run: u32,
    /// Wall-clock time of its start.
    pub time: WallTime,
    /// Start of the first command that failed.
    #[serde(rename = "lost_at")]
    pub lost: Stamp,
    /// Time of the first good reply; null if there was none.
    #[serde(rename = "restored_at")]
    pub restored: Option<Stamp>,
    /// Duration in seconds; to the end of the run if it is not over.
    #[serde(with = "Seconds")]
    pub duration: Duration,
    /// Commands that failed in it; null if it is not over.
    pub failed: Option<u64>,
    /// Failure of the first command.
    pub why: Failure,
}

/// The longest time without a good reply on the slots of a target.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct LongestGap {
    /// Label of the target.
    pub shard: Foreign,
    /// Time of the good reply before.
    pub since: WallTime,
    /// Time to the next one, or to the end of the run, in seconds.
    #[serde(with = "Seconds")]
    pub duration: Duration,
}

/// The cluster client of the runs so far.
#[derive(Clone, Debug, Default)]
pub(super) struct ClusterClient {
    /// Version of redis-rs; `None` if no run had a cluster client.
    version: Option<Foreign>,
    run: u32,
    ended: Stamp,
    connected: Option<Duration>,
    not_connected: Option<Failure>,
    counters: Counters,
    latency: Distribution,
    service: Distribution,
    errors: ErrorTable,
    connections_lost: u64,
    longest_gap: Option<LongestGap>,
    outages: Capped<ClientOutage>,
    down: Duration,
    /// Outages that are not over, by target.
    open: BTreeMap<Foreign, ClientOutage>,
}

impl ClusterClient {
    /// Begins a run.
    pub(super) fn begin_run(&mut self, started: &RunStarted) {
        self.close_run();
        self.run += 1;
        self.ended = Stamp::START;
        if started.plan.cluster.is_some_and(|cluster| cluster.via == Via::ClusterClient) {
            self.version = Some(started.client_version.clone());
        }
    }

    pub(super) fn on_event(&mut self, event: &Event) {
        self.ended = self.ended.max(event.at);
        if let EventKind::ClusterClient(observed) = &event.kind {
            self.observe(event, observed);
        }
    }

    fn observe(&mut self, event: &Event, observed: &ClusterClientEvent) {
        match observed {
            ClusterClientEvent::Connected { after } => self.connected = Some(*after),
            ClusterClientEvent::NotConnected { why } => {
                self.not_connected.get_or_insert_with(|| why.clone());
            }
            ClusterClientEvent::Failing { shard, since, why } => {
                let outage = ClientOutage {
                    shard: shard.clone(),
                    run: self.run,
                    time: event.wall_of(*since),
                    lost: *since,
                    restored: None,
                    duration: Duration::ZERO,
                    failed: None,
                    why: why.clone(),
                };
                self.open.insert(shard.clone(), outage);
            }
            ClusterClientEvent::Recovered { shard, until, failed, .. } => {
                if let Some(outage) = self.open.remove(shard) {
                    let duration = until.since(outage.lost);
                    self.settle(ClientOutage { restored: Some(*until), failed: Some(*failed), duration, ..outage });
                }
            }
            ClusterClientEvent::Counted(counts) => self.count(event, counts),
        }
    }

    fn count(&mut self, event: &Event, counts: &ClientCounts) {
        let ClientCounts { interval, failures, connections_lost, longest_gap } = counts;
        self.counters += interval.counters;
        interval.latency.iter().for_each(|latency| self.latency.merge(latency));
        interval.service.iter().for_each(|service| self.service.merge(service));
        failures.iter().for_each(|failed| self.errors.add(event, failed));
        self.connections_lost = self.connections_lost.saturating_add(*connections_lost);
        if let Some(ClientGap { shard, since, length }) = longest_gap
            && self.longest_gap.as_ref().is_none_or(|longest| longest.duration < *length)
        {
            let (shard, since) = (shard.clone(), event.wall_of(*since));
            self.longest_gap = Some(LongestGap { shard, since, duration: *length });
        }
    }

    fn settle(&mut self, outage: ClientOutage) {
        self.down += outage.duration;
        self.outages.push(outage);
    }

    /// Files the outages that have lasted to the end of the run.
    fn close_run(&mut self) {
        for (_, outage) in std::mem::take(&mut self.open) {
            let duration = self.ended.since(outage.lost);
            self.settle(ClientOutage { duration, ..outage });
        }
    }

    /// Returns the figures; `None` without a cluster client.
    pub(super) fn figures(&self) -> Option<ClientFigures> {
        let version = self.version.clone()?;
        let mut closed = self.clone();
        closed.close_run();
        Some(ClientFigures {
            version,
            connected: closed.connected,
            not_connected: closed.not_connected,
            counters: closed.counters,
            latency: Summary::of(&closed.latency),
            service: Summary::of(&closed.service),
            errors: closed.errors.rows(),
            connections_lost: closed.connections_lost,
            longest_gap: closed.longest_gap,
            outages: closed.outages.to_list(),
            down: closed.down,
        })
    }
}
