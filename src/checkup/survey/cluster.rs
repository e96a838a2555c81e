//! The cluster as one of its nodes sees it, and whether the addresses that it announces can be reached from here.

use std::time::Duration;

use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::Serialize;

use super::{SIDE_LIMIT, Survey};
use crate::{
    classify::Failure,
    clock::{OptionalSeconds, within},
    dial::{
        RespStream, Value,
        reply::{Info, Text, text},
    },
    foreign::Foreign,
    plan::Address,
    topology::{self, Node},
};

/// At most this many announced addresses are dialed.
const DIALED: usize = 16;

/// The cluster that a node belongs to; what could not be asked is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ClusterFacts {
    /// `cluster_state`: `ok` or `fail`.
    pub state: Option<Foreign>,
    /// `cluster_slots_assigned`, of 16384.
    pub slots_assigned: Option<u64>,
    /// `cluster_slots_fail`: slots of failed nodes.
    pub slots_failed: Option<u64>,
    /// `cluster_known_nodes`
    pub known_nodes: Option<u64>,
    /// Slots of this node, or of its primary.
    pub own_slots: u64,
    /// Address that the cluster announces for this node.
    pub announced: Option<Foreign>,
    /// Primaries with slots.
    pub primaries: Vec<ClusterPrimary>,
}

/// A primary with the address that the cluster announces for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ClusterPrimary {
    /// Announced address.
    pub address: Foreign,
    /// Number of its slots.
    pub slots: u64,
    /// Time to connect to it or to fail; null if it was not dialed.
    #[serde(rename = "seconds", with = "OptionalSeconds")]
    pub took: Option<Duration>,
    /// The failure to connect, if any.
    pub failure: Option<String>,
    /// The same as host and port.
    #[serde(skip)]
    pub place: (String, u16),
}

impl Survey<'_> {
    /// Queries the cluster, and dials the primaries that it announces.
    pub(super) async fn query_cluster(&mut self, stream: &mut RespStream) -> Result<(), Failure> {
        if self.facts.server.mode.as_deref() != Some("cluster") {
            return Ok(());
        }
        let mut cluster = ClusterFacts::default();
        if let Some(info) = self.quietly(stream, &["CLUSTER", "INFO"]).await?.as_ref().and_then(text) {
            cluster.read_info(&info.part().info());
        }
        let own = self.quietly(stream, &["CLUSTER", "MYID"]).await?.as_ref().and_then(text);
        let Address::Tcp { host, .. } = &self.target.address else { return Ok(()) };
        if let Some(slots) = self.quietly(stream, &["CLUSTER", "SLOTS"]).await? {
            cluster.read_slots(&slots, own.as_ref(), host);
        }
        let dial = async |primary: &mut ClusterPrimary| {
            let since = self.clock.now();
            primary.failure = self.dial_beside(&primary.place).await;
            primary.took = Some(self.clock.now().since(since));
        };
        join_all(cluster.primaries.iter_mut().take(DIALED).map(dial)).await;
        self.facts.cluster = Some(cluster);
        Ok(())
    }

    /// Connects to another address, and returns the failure.
    pub(super) async fn dial_beside(&self, to: impl tokio::net::ToSocketAddrs) -> Option<String> {
        match within(SIDE_LIMIT, tokio::net::TcpStream::connect(to)).await {
            Some(Ok(_)) => None,
            Some(Err(error)) => Some(error.to_string()),
            None => Some(format!("no reply within {}", crate::units::span(SIDE_LIMIT))),
        }
    }
}

impl ClusterFacts {
    fn read_info(&mut self, info: &Info<'_>) {
        self.state = info.shown("cluster_state");
        self.slots_assigned = info.number("cluster_slots_assigned");
        self.slots_failed = info.number("cluster_slots_fail");
        self.known_nodes = info.number("cluster_known_nodes");
    }

    /// Reads `CLUSTER SLOTS`, as a client reads it that is connected to this host.
    fn read_slots(&mut self, reply: &Value, own: Option<&Text>, connected_to: &str) {
        for range in topology::ranges(reply, connected_to) {
            let slots = range.len();
            if let Some(node) = range.nodes.iter().find(|node| own.is_some() && node.id.as_ref() == own) {
                self.own_slots = self.own_slots.saturating_add(slots);
                self.announced = Some(node.address.clone());
            }
            let Some(Node { host, port, address, .. }) = range.nodes.into_iter().next() else { continue };
            match self.primaries.iter_mut().find(|known| known.address == address) {
                Some(known) => known.slots = known.slots.saturating_add(slots),
                None => {
                    let place = (host, port);
                    self.primaries.push(ClusterPrimary { address, slots, took: None, failure: None, place });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dial::reply::Part,
        fuzz::{self, Fuzz},
    };

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn range(first: i64, last: i64, nodes: &[(Value, i64, &str)]) -> Value {
        let node = |(host, port, id): &(Value, i64, &str)| {
            Value::Array(vec![host.clone(), Value::Int(*port), bulk(id), Value::Array(Vec::new())])
        };
        Value::Array([Value::Int(first), Value::Int(last)].into_iter().chain(nodes.iter().map(node)).collect())
    }

    #[test]
    fn slots_are_counted_by_primary_and_the_own_node_is_found_among_primaries_and_replicas() {
        let reply = Value::Array(vec![
            range(0, 5460, &[(bulk("10.0.0.1"), 6379, "a"), (bulk("10.0.0.4"), 6379, "d")]),
            range(5461, 10922, &[(bulk("fd00::2"), 6379, "b")]),
            range(10923, 16382, &[(Value::Nil, 7000, "c")]),
            range(16383, 16383, &[(bulk("10.0.0.1"), 6379, "a")]),
        ]);
        let read = |own: Option<&str>| {
            let mut cluster = ClusterFacts::default();
            cluster.read_slots(&reply, own.and_then(|own| text(&bulk(own))).as_ref(), "cache.example");
            cluster
        };
        let cluster = read(Some("a"));
        let primaries: Vec<_> = cluster.primaries.iter().map(|node| (&*node.address, node.slots)).collect();
        assert_eq!(primaries, [("10.0.0.1:6379", 5462), ("[fd00::2]:6379", 5462), ("cache.example:7000", 5460)]);
        assert_eq!((cluster.own_slots, cluster.announced.as_deref()), (5462, Some("10.0.0.1:6379")));
        let replica = read(Some("d"));
        assert_eq!((replica.own_slots, replica.announced.as_deref()), (5461, Some("10.0.0.4:6379")));
        for own in [Some("z"), None] {
            assert_eq!((read(own).own_slots, read(own).announced), (0, None));
        }
    }

    #[test]
    fn the_state_is_that_of_cluster_info() {
        let mut cluster = ClusterFacts::default();
        let info = "cluster_enabled:1\r\ncluster_state:fail\r\ncluster_slots_assigned:10\r\ncluster_slots_fail:4\r\n";
        cluster.read_info(&Part::from(info).info());
        assert_eq!((cluster.state.as_deref(), cluster.slots_assigned), (Some("fail"), Some(10)));
        assert_eq!((cluster.slots_failed, cluster.known_nodes), (Some(4), None));
    }

    #[test]
    fn fuzz_clusters() {
        Fuzz::new("info", &["cluster_slots_assigned:"]).run_on_text(|info| {
            ClusterFacts::default().read_info(&Part::from(info).info());
        });
        Fuzz::new("values", &["*3\r\n", ":0\r\n", ":16383\r\n", "$1\r\na\r\n", "_\r\n"]).run(|input| {
            if let Some(value) = fuzz::value(input) {
                ClusterFacts::default().read_slots(&value, text(&Value::SimpleString("a".into())).as_ref(), "host");
            }
        });
    }
}
