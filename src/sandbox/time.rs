//! The sandbox's sense of time: how long it has been up, and the wall clock derived from that.

use std::time::Duration;

use crate::clock::Clock;

/// Time since the server started, and the wall clock derived from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time(Clock);

impl Time {
    pub(super) fn start() -> Self {
        Self(Clock::start())
    }

    /// Time since the server started.
    pub(super) fn elapsed(&self) -> Duration {
        self.0.now().elapsed()
    }

    /// Time since the Unix epoch.
    pub(super) fn wall(&self) -> Duration {
        Duration::from_nanos(self.0.wall(self.0.now()).unix_nanos())
    }
}
