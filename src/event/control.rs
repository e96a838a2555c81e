//! Requests of the user to a run, and the reasons for which a run ends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A request of the user to a run in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// End the run and report.
    Stop(StopReason),
    /// Show interim figures and continue.
    Interim,
}

/// A reason for the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// `--count` was reached.
    Count,
    /// `--duration` was reached.
    Duration,
    /// SIGINT or SIGTERM arrived.
    Signal,
    /// A critical state was reached (`--stop-on-critical`).
    Critical,
    /// The reader of the output closed it.
    OutputClosed,
    /// The first connection failed.
    Unreachable,
}
