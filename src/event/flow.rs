//! Events of connections through the fault proxy.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{clock::Seconds, foreign::Foreign};

/// The start of a proxied connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlowOpened {
    /// Number of the proxied connection (from 1).
    #[schemars(range(min = 1))]
    pub flow: u64,
    /// Address of the client.
    pub client: Foreign,
}

/// The end of a proxied connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FlowClosed {
    /// Number of the proxied connection (from 1).
    #[schemars(range(min = 1))]
    pub flow: u64,
    /// Address of the client.
    pub client: Foreign,
    /// Kind of end.
    pub how: FlowEnd,
    /// Duration of the connection.
    #[serde(with = "Seconds")]
    pub after: Duration,
    /// Bytes received from the client.
    pub up: u64,
    /// Bytes received from the server.
    pub down: u64,
}

/// The end of a proxied connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowEnd {
    /// Both sides closed the connection.
    Closed,
    /// The client reset the connection.
    ClientReset,
    /// The server reset the connection.
    ServerReset,
    /// An injected fault ended the connection.
    Fault,
    /// The proxy could not reach the server.
    Unreachable,
}
