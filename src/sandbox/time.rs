//! The sandbox's sense of time: one monotonic clock, and one wall-clock reading taken when the server started.

use std::time::Duration;

use tokio::time::Instant;

/// Time since the server started, and the wall clock derived from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    started: Instant,
    started_at: Duration,
}

impl Time {
    pub(super) fn start() -> Self {
        Self {
            started: now(),
            started_at: wall_now(),
        }
    }

    /// Time since the server started.
    pub(super) fn elapsed(&self) -> Duration {
        now().duration_since(self.started)
    }

    /// Time since the Unix epoch.
    pub(super) fn wall(&self) -> Duration {
        self.started_at + self.elapsed()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox's single reading of the monotonic clock"
)]
fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_types,
    reason = "the sandbox's single reading of the wall clock, for TIME and EXPIREAT"
)]
fn wall_now() -> Duration {
    use std::time::SystemTime;
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}
