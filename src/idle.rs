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
mod run;
mod search;
mod suspects;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use strum::VariantArray;

pub(crate) use self::{
    ladder::Steps,
    limit::Limit,
    report::{Advice, IdleReport, Outcome, RefusedConnections, SearchContext, ServerSummary},
    run::{IdlePlan, SearchObserver, run},
    search::Search,
    suspects::Suspect,
};
use crate::clock::Seconds;
pub(crate) use crate::middlebox::Cloud;

/// The end of a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    /// The PING after the silence was answered: the connection survived.
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

impl Ending {
    /// Returns true if the connection is gone.
    pub(crate) fn is_death(self) -> bool {
        matches!(self, Self::Closed | Self::Reset | Self::Unanswered)
    }

    /// The endings that a limit can have.
    fn deaths() -> Vec<Self> {
        Self::VARIANTS.iter().copied().filter(|ending| ending.is_death()).collect()
    }
}

/// A connection that was left silent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Silence {
    /// Number of the round (from 1).
    #[schemars(range(min = 1))]
    pub round: u32,
    /// Planned silence.
    #[serde(with = "Seconds")]
    pub planned: Duration,
    /// Actual silence: to the PING, or to the end that came first.
    #[serde(with = "Seconds")]
    pub lasted: Duration,
    /// Kind of end.
    pub ending: Ending,
    /// True if the end came before the PING: its time is known.
    pub dated: bool,
}

impl Silence {
    /// Returns true if the connection is gone.
    pub(crate) fn died(&self) -> bool {
        self.ending.is_death()
    }
}

/// The progress of a search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "event")]
pub(crate) enum Progress {
    /// Several connections begin their silence together.
    #[serde(rename = "round_started")]
    Round {
        /// Number of the round (from 1).
        #[serde(rename = "round")]
        #[schemars(range(min = 1))]
        number: u32,
        /// Number of connections.
        #[schemars(range(min = 1))]
        connections: usize,
        /// Shortest planned silence.
        #[serde(with = "Seconds")]
        shortest: Duration,
        /// Longest planned silence, and so the longest duration of the round.
        #[serde(with = "Seconds")]
        longest: Duration,
    },
    /// A silence ended.
    #[serde(rename = "silence_ended")]
    Ended(Silence),
    /// A connection could not be opened.
    #[serde(rename = "not_opened")]
    NotOpened,
}
