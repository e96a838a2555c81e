//! The clock of a server beside the clock of a run.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    clock::{Seconds, Stamp, WallTime},
    foreign::Foreign,
};

/// A reading of a server's clock (`TIME`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerClock {
    /// `run_id` of the process that answered.
    pub run_id: Foreign,
    /// Time on the clock of the server.
    pub server_time: WallTime,
    /// The middle of the round trip, on the clock of the run.
    pub read_at: Stamp,
    /// Time from the command to its reply; the server's time is that of `read_at`, give or take half of it.
    #[serde(with = "Seconds")]
    pub round_trip: Duration,
}

/// The clock of a run, compared with the clock of a server that other runs have read, too. Only known where journals are
/// merged.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RunClock {
    /// Journal of the run.
    pub journal: Foreign,
    /// `run_id` of the server whose clock is the common one.
    pub server: Foreign,
    /// Time on the clock of the run minus time on the clock of the server, in seconds.
    pub offset: f64,
    /// Largest error of the offset in seconds.
    #[schemars(with = "Seconds")]
    pub error: f64,
    /// Change of the offset from the first reading to the last, in seconds; 0 if the readings agree.
    pub drift: f64,
    /// Number of readings.
    pub readings: u64,
    /// True if the times of the run were shifted to the clock of the server.
    pub shifted: bool,
}
