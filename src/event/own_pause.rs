//! Times in which redis-doctor itself was paused.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::{Seconds, Stamp};

/// A time without CPU time for redis-doctor: it was stopped, or its machine was overloaded or suspended. Its measurements
/// of that time say nothing about the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnPause {
    /// Last time at which redis-doctor is known to have run before.
    pub since: Stamp,
    /// Time at which it ran again.
    pub until: Stamp,
    /// Time that the machine was suspended, which the other times do not include.
    #[serde(default, with = "Seconds", skip_serializing_if = "Duration::is_zero")]
    pub suspended: Duration,
}

impl OwnPause {
    /// Returns its length, with the time that the machine was suspended.
    pub fn length(&self) -> Duration {
        self.until.since(self.since) + self.suspended
    }
}
