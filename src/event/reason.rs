//! Requests of the user, and reasons for the end of a session or a run.

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

/// A reason to replace a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplaceReason {
    /// PINGs of the policy's watchdog went unanswered. The watchdog is part of the client under test.
    Watchdog,
    /// A reply went to the wrong command: the watchdog, part of the client under test, drops such a connection.
    Desync,
    /// A demoted server refused a write: the policy replaces such a connection, and resolves the name again.
    Readonly,
    /// The Sentinels or the cluster named another primary: the connection goes to it.
    Failover,
    /// The client was in a state that it could not leave; the run continues with a new session.
    Terminal,
}

impl ReplaceReason {
    /// Returns true if the client under test did it.
    pub const fn is_policy(self) -> bool {
        matches!(self, Self::Watchdog | Self::Desync | Self::Readonly | Self::Failover)
    }
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
    /// The user pressed `q`.
    Key,
    /// A critical state was reached (`--stop-on-critical`).
    Critical,
    /// The reader of the output closed it.
    OutputClosed,
    /// The first connection failed.
    Unreachable,
    /// All slots of the target moved to other nodes of the cluster.
    Left,
    /// The application that redis-doctor started has ended.
    ApplicationEnded,
}
