//! Times in which redis-doctor itself was paused.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::{Seconds, Stamp};

/// A time in which redis-doctor read nothing. Mostly it had no CPU time: it was stopped, or its machine was overloaded or
/// suspended. Its measurements of that time say nothing about the server. Or it was busy in a single turn: it decoded an
/// enormous reply, for instance. That excuses a late reply, but not a missing one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnPause {
    /// Last time at which redis-doctor is known to have run before.
    pub since: Stamp,
    /// Time at which it ran again.
    pub until: Stamp,
    /// Time that the machine was suspended, which the other times do not include.
    #[serde(default, with = "Seconds", skip_serializing_if = "Duration::is_zero")]
    pub suspended: Duration,
    /// CPU time of the turn, if redis-doctor was busy.
    #[serde(default, with = "Seconds", skip_serializing_if = "Duration::is_zero")]
    pub busy: Duration,
}

impl OwnPause {
    /// Returns its length, with the time that the machine was suspended.
    pub fn length(&self) -> Duration {
        self.until.since(self.since) + self.suspended
    }

    /// Returns true if redis-doctor was busy.
    pub fn is_busy(&self) -> bool {
        !self.busy.is_zero()
    }
}
