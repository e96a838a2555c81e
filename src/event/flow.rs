//! Connections through the fault proxy, as events.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::seconds;

/// The beginning of a proxied connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowOpened {
    /// Number of the proxied connection (from 1).
    pub flow: u64,
    /// The client's address.
    pub client: String,
}

/// The end of a proxied connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowClosed {
    /// Number of the proxied connection (from 1).
    pub flow: u64,
    /// The client's address.
    pub client: String,
    /// How it ended.
    pub how: FlowEnd,
    /// How long it lasted.
    #[serde(with = "seconds")]
    pub after: Duration,
    /// Bytes received from the client.
    pub up: u64,
    /// Bytes received from the server.
    pub down: u64,
}

/// How a proxied connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowEnd {
    /// Both sides closed it.
    Closed,
    /// The client reset it.
    ClientReset,
    /// The server reset it.
    ServerReset,
    /// A fault did.
    Fault,
    /// The server could not be reached.
    Unreachable,
}
