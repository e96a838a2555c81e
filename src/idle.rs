//! The idle limit of a path: the silence after which the server, or something between the client and the server, drops
//! a connection.
//!
//! All but `probe` works without a socket: the silences to try (`ladder`), the interpretation of their ends and the
//! next silences (`search`), the likely owner of a limit (`suspects`), and the result (`report`). `probe` holds the
//! connections.

mod ladder;
mod limit;
mod probe;
mod report;
mod search;
mod suspects;

use std::time::Duration;

use serde::Serialize;

pub use self::{
    ladder::Steps,
    limit::Limit,
    probe::IdleProbe,
    report::{Advice, IdleReport, Outcome, RefusedConnections, SearchContext, ServerSummary},
    search::Search,
    suspects::Suspect,
};
use crate::clock::seconds;
pub use crate::middlebox::Cloud;

/// The end of a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The PING after it was answered: the connection survived.
    Answered,
    /// The connection was closed (FIN).
    Closed,
    /// The connection was reset (RST).
    Reset,
    /// The PING after it was never answered: something dropped the connection silently.
    Unanswered,
    /// The server sent something on its own, which ended the silence but not the connection.
    Interrupted,
}

/// A connection that was left idle.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Silence {
    /// Round in which it was tried, from 1.
    pub round: u32,
    /// Planned duration.
    #[serde(with = "seconds")]
    pub planned: Duration,
    /// Actual duration: until the PING, or until an earlier end.
    #[serde(with = "seconds")]
    pub lasted: Duration,
    /// Its end.
    pub ending: Ending,
    /// True if the connection ended on its own, before the PING: the time of the end is known.
    pub dated: bool,
}

impl Silence {
    /// Returns true if the connection is gone.
    pub fn died(&self) -> bool {
        matches!(self.ending, Ending::Closed | Ending::Reset | Ending::Unanswered)
    }
}

/// Progress of a search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(tag = "event")]
pub enum Progress {
    /// A round begins: its connections fall silent together.
    #[serde(rename = "round_started")]
    Round {
        /// Number of the round, from 1.
        #[serde(rename = "round")]
        number: u32,
        /// Number of connections.
        connections: usize,
        /// The shortest silence.
        #[serde(with = "seconds")]
        shortest: Duration,
        /// The longest silence, and so the longest duration of the round.
        #[serde(with = "seconds")]
        longest: Duration,
    },
    /// A silence ended.
    #[serde(rename = "silence_ended")]
    Ended(Silence),
    /// A connection could not be opened.
    #[serde(rename = "not_opened")]
    NotOpened,
}
