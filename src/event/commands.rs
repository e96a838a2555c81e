//! Commands that failed, and subscriptions that were confirmed.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    classify::FailureKey,
    clock::{Seconds, Stamp},
    foreign::Foreign,
};

/// Subscriptions wanted and confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Confirmations {
    /// Channels, patterns and shard channels to subscribe to.
    pub wanted: u64,
    /// Confirmations received from the server.
    pub confirmed: u64,
    /// Time from the loss (or the start of the session) to the last confirmation.
    #[serde(with = "Seconds")]
    pub after: Duration,
}

/// Failed commands of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CommandFailed {
    /// Row of the error table.
    #[serde(flatten)]
    pub key: FailureKey,
    /// Text of the first failure.
    pub text: Foreign,
    /// Failures since the last such event.
    pub count: u64,
    /// Failed commands whose outcome is unknown: they were sent and never answered.
    pub ambiguous: u64,
    /// Time of the first failure.
    pub first: Stamp,
    /// Time of the last failure.
    pub last: Stamp,
}
