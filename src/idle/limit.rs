//! A measured idle limit, and the tolerance of the timers that impose it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::Ending;
use crate::clock::Seconds;

/// Precision of a limit: one part in fifty.
pub(super) const PRECISION: f64 = 0.02;

/// Returns the possible delay of a timer of this length. Redis checks each client once a second and counts whole
/// seconds (`timeout.c`); other tables are also swept periodically.
pub(super) fn slack(limit: Duration) -> Duration {
    Duration::from_secs(2) + limit.mul_f64(PRECISION)
}

/// The idle limit, as far as it is known.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Limit {
    /// The longest silence survived; or the earliest end, if the ends are dated.
    #[serde(with = "Seconds")]
    pub at_least: Duration,
    /// The shortest silence not survived; or the latest end, if the ends are dated.
    #[serde(with = "Seconds")]
    pub at_most: Duration,
    /// The end of connections at the limit.
    #[schemars(extend("enum" = Ending::deaths()))]
    pub ending: Ending,
    /// True if the connections ended on their own, so that the time is known.
    pub dated: bool,
    /// Number of connections that ended at the limit.
    #[schemars(range(min = 1))]
    pub connections: usize,
}

impl Limit {
    /// Returns true if a timer of this length explains the limit: timers are checked periodically, so an end may be
    /// late by two seconds and one part in fifty.
    pub(super) fn agrees_with(&self, timer: Duration) -> bool {
        let late = slack(timer);
        let early = if self.dated { timer.mul_f64(0.01).max(Duration::from_millis(50)) } else { Duration::ZERO };
        self.at_least <= timer + late && self.at_most + early >= timer
    }
}
