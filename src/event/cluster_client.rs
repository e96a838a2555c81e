//! Events of the cluster client beside the direct connections to the nodes.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CommandFailed, Interval};
use crate::{
    classify::Failure,
    clock::{Seconds, Stamp},
    foreign::Foreign,
};

/// An observation of the cluster client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "observation", rename_all = "snake_case")]
pub enum ClusterClientEvent {
    /// The client is connected to the cluster.
    Connected {
        /// Time from its first attempt.
        #[serde(with = "Seconds")]
        after: Duration,
    },
    /// The client could not connect to the cluster; it tries again.
    NotConnected {
        /// Failure of the attempt.
        why: Failure,
    },
    /// Commands on the slots of a target fail: an outage of the client begins.
    Failing {
        /// Label of the target.
        shard: Foreign,
        /// Start of the first command that failed; not before the last good reply.
        since: Stamp,
        /// Failure of that command.
        why: Failure,
    },
    /// Commands on the slots of a target are answered again: the outage is over.
    Recovered {
        /// Label of the target.
        shard: Foreign,
        /// Start of the outage.
        since: Stamp,
        /// Time of the first good reply.
        until: Stamp,
        /// Commands that failed in the outage.
        failed: u64,
    },
    /// Counts and latencies since the last such event.
    Counted(Box<ClientCounts>),
}

/// The counts of the cluster client since the last such event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClientCounts {
    /// Counts and latencies of its commands.
    pub interval: Interval,
    /// Failed commands, by kind of failure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<CommandFailed>,
    /// Connections to nodes that it has lost.
    #[serde(default)]
    pub connections_lost: u64,
    /// The longest time without a good reply on the slots of a target; absent if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_gap: Option<ClientGap>,
}

/// A time in which a cluster client had no good reply on the slots of a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientGap {
    /// Label of the target.
    pub shard: Foreign,
    /// Time of the good reply before.
    pub since: Stamp,
    /// Time to the next one, or to the end.
    #[serde(with = "Seconds")]
    pub length: Duration,
}
