//! Events of the Sentinels that name the target, and of the servers that they watch.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::role_name;
use crate::{clock::Stamp, foreign::Foreign};

/// An observation of the Sentinels, or of a server that they watch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "observation", rename_all = "snake_case")]
pub enum SentinelEvent {
    /// A Sentinel names the primary: its first reply, or another primary than before.
    Named {
        /// Address of the Sentinel.
        sentinel: Foreign,
        /// Address of the primary.
        primary: Foreign,
        /// Configuration epoch: each failover raises it.
        epoch: u64,
    },
    /// A Sentinel could not be queried.
    Lost {
        /// Address of the Sentinel.
        sentinel: Foreign,
        /// Failure of the query.
        why: Foreign,
    },
    /// A Sentinel published one of its events.
    Published {
        /// Address of the Sentinel.
        sentinel: Foreign,
        /// Name of the event: `+sdown`, `+switch-master` …
        name: Foreign,
        /// Address of the server or Sentinel that it is about; absent if it is about none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<Foreign>,
        /// Address of the new primary, for `+switch-master`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Foreign>,
    },
    /// A server of the set has a role: its first reply, or another role than before.
    Role {
        /// Address of the server.
        node: Foreign,
        /// `master` or `slave`; absent if it does not answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Foreign>,
        /// Address of the primary that a replica follows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        primary: Option<Foreign>,
        /// Latest time at which it had the role before; absent for its first role.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Stamp>,
    },
    /// The connections under test go to this primary from now on.
    Followed {
        /// Address of the primary before; absent for the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Foreign>,
        /// Address of the primary.
        to: Foreign,
    },
}

/// Name of the event of a Sentinel that a replica has become a primary.
pub(crate) const PROMOTED: &str = "+promoted-slave";

/// Name of the event of a Sentinel that a primary was replaced.
pub(crate) const SWITCHED: &str = "+switch-master";

impl fmt::Display for SentinelEvent {
    /// `127.0.0.1:26379: +sdown 127.0.0.1:6379`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named { sentinel, primary, epoch } => {
                write!(f, "Sentinel {sentinel} names the primary {primary} (configuration epoch {epoch})")
            }
            Self::Lost { sentinel, why } => write!(f, "Sentinel {sentinel} does not answer: {why}"),
            Self::Published { sentinel, name, node, to } => {
                write!(f, "Sentinel {sentinel}: {name}")?;
                node.as_ref().map_or(Ok(()), |node| write!(f, " {node}"))?;
                to.as_ref().map_or(Ok(()), |to| write!(f, " → {to}"))
            }
            Self::Role { node, role: None, .. } => write!(f, "{node} does not answer"),
            Self::Role { node, role: Some(role), primary, .. } => {
                write!(f, "{node} is a {}", role_name(role))?;
                primary.as_ref().map_or(Ok(()), |primary| write!(f, " of {primary}"))
            }
            Self::Followed { from, to } => {
                write!(f, "the connections go to {to}")?;
                from.as_ref().map_or(Ok(()), |from| write!(f, ", no longer to {from}"))
            }
        }
    }
}
