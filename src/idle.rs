//! The idle limit of a path: after how much silence does something between the client and the server, or the server
//! itself, give a connection up?
//!
//! Here is what can be thought about without a socket: which silences to try (`ladder`), what their ends say and what
//! to try next (`search`), whose limit it may be (`suspects`), and the result (`report`). The connections
//! themselves are kept by `probe`.

mod ladder;
mod probe;
mod report;
mod search;
mod suspects;

use std::time::Duration;

use serde::Serialize;

pub use self::{
    ladder::Steps,
    probe::IdleProbe,
    report::{Advice, Circumstances, IdleReport, Outcome, Refused, ServerSays},
    search::{Limit, Search},
    suspects::Suspect,
};
use crate::clock::seconds;
pub use crate::middlebox::Cloud;

/// How a silence ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The PING after it was answered: the connection survived.
    Answered,
    /// Somebody closed the connection (FIN).
    Closed,
    /// Somebody reset the connection (RST).
    Reset,
    /// The PING after it was never answered: somebody has forgotten the connection and says nothing.
    Unanswered,
    /// The server said something by itself, which ended the silence but not the connection.
    Interrupted,
}

/// A connection that was left alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Silence {
    /// The round in which it was tried, from 1.
    pub round: u32,
    /// For how long it was to be left alone.
    #[serde(with = "seconds")]
    pub planned: Duration,
    /// For how long it was: to the PING, or to the end that came first.
    #[serde(with = "seconds")]
    pub lasted: Duration,
    /// How it ended.
    pub ending: Ending,
    /// Whether the end came by itself, before the PING. Then it is dated.
    pub dated: bool,
}

impl Silence {
    /// Whether the connection is gone.
    pub fn died(&self) -> bool {
        matches!(self.ending, Ending::Closed | Ending::Reset | Ending::Unanswered)
    }
}

/// Progress of a search, for whoever waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(tag = "event")]
pub enum Progress {
    /// Connections begin to be silent at once.
    #[serde(rename = "round_started")]
    Round {
        /// From 1.
        #[serde(rename = "round")]
        number: u32,
        /// How many connections.
        connections: usize,
        /// The shortest silence.
        #[serde(with = "seconds")]
        shortest: Duration,
        /// The longest: so long the round takes at most.
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
