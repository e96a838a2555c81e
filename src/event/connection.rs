//! The beginning, the loss and the return of a connection under test.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ServerIdentity, Succession};
use crate::{
    classify::Failure,
    clock::{OptionalSeconds, Seconds},
    foreign::Foreign,
};

/// The identity of a connection and of its server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Connected {
    /// Number of the physical connection (from 1).
    #[schemars(range(min = 1))]
    pub generation: u64,
    /// Client id of the connection at the server; null if the server does not report it.
    pub client_id: Option<u64>,
    /// Address of the client as the server sees it (`CLIENT INFO addr`).
    pub local: Option<Foreign>,
    /// Address of the server as it sees it (`CLIENT INFO laddr`).
    pub peer: Option<Foreign>,
    /// Server process that answered.
    pub server: ServerIdentity,
    /// RESP version in use.
    #[schemars(extend("enum" = [2, 3]))]
    pub resp: u8,
}

/// The loss of the connection under test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Disconnected {
    /// Number of the physical connection that was lost.
    pub generation: u64,
    /// Client id of that connection at the server, if known.
    pub client_id: Option<u64>,
    /// First failure that revealed the loss; null if the library only reported the loss, without a reason.
    pub failure: Option<Failure>,
    /// Commands in flight at the loss.
    pub in_flight: u64,
    /// Time from the last reply to the loss.
    #[serde(with = "Seconds")]
    pub idle: Duration,
}

/// The end of an outage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reconnected {
    /// Number of the physical connection now in use.
    pub generation: u64,
    /// Time from the loss to the first good reply.
    #[serde(with = "Seconds")]
    pub after: Duration,
    /// Commands that failed during the outage.
    pub failed: u64,
    /// Failed commands whose outcome is unknown: they were sent and may have run.
    pub ambiguous: u64,
    /// Client id before the loss.
    pub old_client_id: Option<u64>,
    /// Client id of the new connection.
    pub client_id: Option<u64>,
    /// Address of the client as the server sees it.
    pub local: Option<Foreign>,
    /// Address of the server as it sees it (`CLIENT INFO laddr`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Foreign>,
    /// Server process that answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Box<ServerIdentity>>,
    /// True if the same server process answers; null if unknown.
    pub same_process: Option<bool>,
    /// Relation of that process to the one before the loss; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succession: Option<Succession>,
    /// True if the client recovered on its own; false if redis-doctor had to start a new session.
    pub by_itself: bool,
    /// Time from the loss until the path probe found the server healthy again.
    #[serde(with = "OptionalSeconds")]
    pub path_healthy_after: Option<Duration>,
    /// The failure that ended the connection, if it became known only after the event of the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}
