//! Waiting for a condition that has no event of its own: looked at often, and never for longer than asked.

use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_millis(2);

/// Returns as soon as `condition` holds; fails the test, naming `what`, when it does not hold `within` the limit.
#[track_caller]
pub(crate) fn eventually(what: &str, within: Duration, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + within;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {within:?}: {what}");
        std::thread::sleep(INTERVAL);
    }
}
