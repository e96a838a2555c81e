//! The events of `--watch`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::losses::EndedRow;
use crate::{clock::OptionalSeconds, event::AttemptEnd, verdict::Severity};

/// Something that happened during `--watch`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum News {
    /// The watch has begun; the kernel reports endings from now on.
    Watching {
        /// Connections in the first sample.
        connections: u64,
        /// Servers at their other ends.
        servers: u64,
    },
    /// A finding that was not there in the sample before.
    Found {
        /// Severity of the finding.
        severity: Severity,
        /// Code for `redis-doctor explain`.
        code: &'static str,
        /// Address of the server.
        server: String,
        /// Text of the finding.
        text: String,
    },
    /// A finding is no longer there.
    Cleared {
        /// Code of the finding.
        code: &'static str,
        /// Address of the server.
        server: String,
    },
    /// A connection ended, unless its client closed it and nothing is in doubt.
    Ended(EndedRow),
    /// An attempt to connect failed.
    AttemptFailed {
        /// Address of the server.
        peer: String,
        /// The way in which it failed.
        how: AttemptEnd,
        /// Retransmissions of its SYN.
        syn_retries: u32,
        /// Time since the failed attempt before; null for the first.
        #[serde(rename = "after_seconds", with = "OptionalSeconds")]
        after: Option<Duration>,
    },
    /// The first connection to a server after one was lost or an attempt failed.
    Connected {
        /// Address of the client.
        local: String,
        /// Address of the server.
        peer: String,
        /// Time since the first loss or failed attempt.
        #[serde(rename = "after_seconds", with = "OptionalSeconds")]
        after: Option<Duration>,
    },
}
