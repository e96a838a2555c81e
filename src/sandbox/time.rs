//! The sandbox's uptime, and the wall clock derived from it.

use std::time::Duration;

use crate::clock::Clock;

/// Time since the server started, and the wall clock derived from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time(Clock);

impl Time {
    pub(super) fn start() -> Self {
        Self(Clock::start())
    }

    /// Returns the time since the server started.
    pub(super) fn elapsed(&self) -> Duration {
        self.0.now().elapsed()
    }

    /// Returns the time since the Unix epoch.
    pub(super) fn wall(&self) -> Duration {
        Duration::from_nanos(self.0.wall(self.0.now()).unix_nanos())
    }
}
