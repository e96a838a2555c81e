//! Events of the cluster whose nodes are the targets.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{foreign::Foreign, plan::Target};

/// Slots of every cluster (CLUSTER_SLOTS in cluster.h).
const SLOTS: u16 = 16_384;

/// An observation of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "observation", rename_all = "snake_case")]
pub enum ClusterEvent {
    /// A node of the cluster described all of them for the first time.
    Seen {
        /// Address of the node that described them.
        by: Foreign,
        /// All nodes.
        nodes: Vec<NodeState>,
        /// Number of slots whose primary works.
        covered: u16,
    },
    /// A node joined, or its role, its state or its number of slots changed.
    Node(NodeState),
    /// A node is no longer a member of the cluster.
    Gone {
        /// Address of the node.
        node: Foreign,
    },
    /// A replica took the place of its primary.
    Failover {
        /// Address of the primary before.
        from: Foreign,
        /// Address of the new primary.
        to: Foreign,
        /// Configuration epoch of the new primary.
        epoch: u64,
    },
    /// A primary got slots of another one.
    SlotsMoved {
        /// Address of the primary before.
        from: Foreign,
        /// Address of the primary that serves them now.
        to: Foreign,
        /// Number of slots.
        slots: u16,
    },
    /// A node that got slots during the run has become a target.
    Joined {
        /// Address of the node.
        node: Foreign,
        /// The new target; not named as the label of an event.
        server: Box<Target>,
    },
    /// The number of slots whose primary works has changed.
    Coverage {
        /// That number.
        covered: u16,
    },
    /// The connections of this target go to this node from now on.
    Followed {
        /// Address of the node before; absent for the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Foreign>,
        /// Address of the node.
        to: Foreign,
    },
    /// The cluster announces an address that cannot be reached from here.
    Unreachable {
        /// The announced address.
        node: Foreign,
        /// Address of the node that announces it.
        by: Foreign,
        /// Address under which the same node was reached; absent if none is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reached: Option<Foreign>,
    },
    /// A node does not admit the user of this run.
    Refused {
        /// Address of the node.
        node: Foreign,
        /// Error reply of the node.
        why: Foreign,
    },
    /// An ACL forbids the queries, so failovers are not followed.
    Unobserved {
        /// Error reply of a node.
        why: Foreign,
    },
}

/// The state of a node, as the cluster agrees on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NodeState {
    /// Address of the node.
    pub node: Foreign,
    /// Address of the primary that a replica follows; absent for a primary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<Foreign>,
    /// Number of slots that it serves as a primary.
    pub slots: u64,
    /// Configuration epoch of the node: each failover raises it.
    pub epoch: u64,
    /// True if the cluster has agreed that it is down.
    pub failed: bool,
}

fn count(slots: u64) -> String {
    format!("{slots} slot{}", if slots == 1 { "" } else { "s" })
}

impl fmt::Display for NodeState {
    /// `127.0.0.1:7000 is a primary of 5461 slots`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is ", self.node)?;
        match &self.primary {
            Some(primary) => write!(f, "a replica of {primary}")?,
            None => write!(f, "a primary of {}", count(self.slots))?,
        }
        f.write_str(if self.failed { ", and the cluster counts it as failed" } else { "" })
    }
}

impl fmt::Display for ClusterEvent {
    /// `127.0.0.1:7000 → 127.0.0.1:7003: a failover (configuration epoch 7)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seen { by, nodes, covered } => {
                let primaries = nodes.iter().filter(|node| node.primary.is_none()).count();
                let replicas = nodes.len() - primaries;
                write!(
                    f,
                    "primaries {primaries}, replicas {replicas}, {covered} of {SLOTS} slots served, as {by} describes it"
                )
            }
            Self::Node(node) => node.fmt(f),
            Self::Gone { node } => write!(f, "{node} is no longer a member"),
            Self::Failover { from, to, epoch } => {
                write!(f, "{from} → {to}: a replica took the place of its primary (configuration epoch {epoch})")
            }
            Self::SlotsMoved { from, to, slots } => write!(f, "{from} → {to}: {} moved", count(u64::from(*slots))),
            Self::Joined { node, .. } => write!(f, "{node} has got slots and has become a target"),
            Self::Coverage { covered } => write!(f, "{covered} of {SLOTS} slots are served"),
            Self::Followed { from, to } => {
                write!(f, "the connections go to {to}")?;
                from.as_ref().map_or(Ok(()), |from| write!(f, ", no longer to {from}"))
            }
            Self::Unreachable { node, by, reached } => {
                write!(f, "{by} announces {node}, which cannot be reached from here")?;
                reached.as_ref().map_or(Ok(()), |reached| write!(f, "; the node was reached as {reached}"))
            }
            Self::Unobserved { why } => write!(f, "the cluster cannot be observed: {why}"),
            Self::Refused { node, why } => write!(f, "{node} does not admit this user: {why}"),
        }
    }
}
