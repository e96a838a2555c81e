//! The servers of a run that watches several.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Plan, Target};
use crate::{foreign, foreign::Foreign};

/// The servers that a run watches at the same time, each with its own sessions and figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    /// Servers under diagnosis, each with its own label.
    pub targets: Vec<Target>,
    /// Lines of the list of targets that could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<RejectedLine>,
    /// For each target, the hash tag of the keys that a workload writes there; empty outside a cluster.
    #[serde(skip)]
    pub tags: Vec<Option<String>>,
    /// For each target, hash tags in its slots for the keys of a cluster client; empty without one.
    #[serde(skip)]
    pub shards: Vec<Vec<String>>,
    /// Nodes of a cluster that are reached under another address than the cluster announces.
    #[serde(skip)]
    pub elsewhere: Vec<Elsewhere>,
}

/// A node of a cluster that is reached under another address than the cluster announces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// The announced address.
    pub announced: Foreign,
    /// The server as it was named by the user.
    pub target: Target,
}

/// A cluster whose nodes are the targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cluster {
    /// True if the replicas are targets, too.
    pub replicas: bool,
    /// Client of the commands; absent if there are only the direct connections to the nodes.
    #[serde(default, skip_serializing_if = "Via::is_direct")]
    pub via: Via,
}

/// The client through which a workload reaches a cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A direct connection to each node.
    #[default]
    Direct,
    /// The cluster client of redis-rs beside the direct connections, with the same workload.
    ClusterClient,
}

impl Via {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_direct(&self) -> bool {
        *self == Self::Direct
    }
}

/// The Sentinels that name the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sentinels {
    /// Name of the primary, as the Sentinels know it.
    #[serde(deserialize_with = "foreign::cleaned")]
    pub primary: String,
    /// The Sentinels: those that were named, then those that these know.
    pub sentinels: Vec<Target>,
    /// Configuration epoch in which they named the target; `None` until one of them has.
    #[serde(skip)]
    pub epoch: Option<u64>,
}

/// A line of the list of targets that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RejectedLine {
    /// Number of the line (from 1).
    #[schemars(range(min = 1))]
    pub line: usize,
    /// Problem and remedy, without the line itself, which may hold a password.
    #[serde(deserialize_with = "foreign::cleaned")]
    pub why: String,
}

impl Plan {
    /// Returns true if its connections go to another server after a failover. Where the replicas of a cluster are targets,
    /// each target is a node and stays it; and a fault proxy stays in front of its server.
    pub(crate) fn follows(&self) -> bool {
        let shards = self.cluster.is_some_and(|cluster| !cluster.replicas) && self.faults.is_empty();
        self.sentinels.is_some() || shards
    }

    /// Returns the plan for each target of the scope, with its label; none if the run has a single target.
    pub(crate) fn of_each_target(&self) -> impl Iterator<Item = (Foreign, Self)> {
        let targets = self.scope.iter().flat_map(|scope| &scope.targets);
        (0..).zip(targets).map(|(number, target)| (target.label().into(), self.of_target(number, target)))
    }

    /// Returns the plan for a target, given its number.
    pub(crate) fn of_target(&self, number: u64, target: &Target) -> Self {
        // Everything but the list of the others: the plan of a large scope must not hold it once for each target.
        Self {
            target: target.clone(),
            scope: None,
            sentinels: None,
            protocol: target.protocol.unwrap_or(self.protocol),
            policy: self.policy.clone(),
            probes: self.probes.clone(),
            subscription: self.subscription.clone(),
            faults: self.faults.clone(),
            fail_on: self.fail_on.clone(),
            warn_on: self.warn_on.clone(),
            command_line: self.command_line.clone(),
            application: None,
            trace: None,
            // Otherwise the first connections of all targets would make their attempts at the same moments.
            seed: self.seed.wrapping_add(number),
            ..*self
        }
    }
}
