//! Times in which redis-doctor itself was paused.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::{Seconds, Stamp};

/// Shortest CPU time of one turn that makes redis-doctor busy; a turn without trouble takes a few milliseconds.
const SHORTEST_TURN: Duration = Duration::from_millis(200);

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
    /// CPU time of the thread that reads the replies.
    #[serde(default, with = "Seconds", skip_serializing_if = "Duration::is_zero")]
    pub busy: Duration,
}

impl OwnPause {
    /// Returns its length, with the time that the machine was suspended.
    pub fn length(&self) -> Duration {
        self.until.since(self.since) + self.suspended
    }

    /// Returns true if redis-doctor was busy. On a crowded machine its thread has the CPU for a part of the time only.
    pub fn is_busy(&self) -> bool {
        self.busy >= SHORTEST_TURN && self.busy * 5 >= self.length()
    }
}
