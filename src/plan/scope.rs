//! The servers of a run that watches several.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Plan, Target};
use crate::{foreign, foreign::Foreign};

/// The servers that a run watches at the same time, each with its own sessions and figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    /// Servers under diagnosis, each with its own label.
    pub targets: Vec<Target>,
    /// Lines of the list of targets that could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<RejectedLine>,
    /// For each target, the hash tag of the keys that a workload writes there; empty outside a cluster.
    #[serde(skip)]
    pub tags: Vec<Option<String>>,
}

/// A cluster whose nodes are the targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cluster {
    /// True if the replicas are targets, too.
    pub replicas: bool,
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
    /// Returns the plan for each target of the scope, with its label; none if the run has a single target.
    pub(crate) fn of_each_target(&self) -> impl Iterator<Item = (Foreign, Self)> {
        let targets = self.scope.iter().flat_map(|scope| &scope.targets);
        (0..).zip(targets).map(|(number, target)| {
            let protocol = target.protocol.unwrap_or(self.protocol);
            // Everything but the list of the others: the plan of a large scope must not hold it once for each target.
            let plan = Self {
                target: target.clone(),
                scope: None,
                sentinels: None,
                protocol,
                policy: self.policy.clone(),
                probes: self.probes.clone(),
                subscription: self.subscription.clone(),
                faults: self.faults.clone(),
                fail_on: self.fail_on.clone(),
                warn_on: self.warn_on.clone(),
                command_line: self.command_line.clone(),
                application: None,
                // Otherwise the first connections of all targets would make their attempts at the same moments.
                seed: self.seed.wrapping_add(number),
                ..*self
            };
            (target.label().into(), plan)
        })
    }
}
