//! The states a client can get into: the names for what a reconnect policy leads to.

use serde::{Deserialize, Serialize};

/// A state a client can get into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientState {
    /// A connection that never reconnects was lost: every command fails for ever.
    Dead,
    /// Replies go to the wrong questions.
    Desync,
    /// The retry budget is spent; nothing tries to reconnect until a command is sent.
    Exhausted,
    /// The flow is dead and nobody has noticed: commands time out while new connections work.
    HalfOpen,
    /// Set-up errors are hidden behind a bare "broken pipe".
    Masked,
    /// Still connected to a server that was demoted.
    Pinned,
    /// A reconnect cycle is running.
    Retrying,
    /// A command got an old error although the server was healthy again.
    StaleError,
    /// Connected, but the subscription is gone.
    SubscriptionLost,
    /// The last reconnect attempt failed with an error after which the library never tries again.
    Wedged,
}

impl ClientState {
    /// Whether no client can leave this state by itself. (Whether a client leaves [`Self::Exhausted`] depends on its
    /// commands: the next one starts another cycle, and a mere subscriber sends none.)
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Dead | Self::SubscriptionLost | Self::Wedged)
    }
}

/// The stable name, as JSON has it.
impl std::fmt::Display for ClientState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Dead => "dead",
            Self::Desync => "desync",
            Self::Exhausted => "exhausted",
            Self::HalfOpen => "half_open",
            Self::Masked => "masked",
            Self::Pinned => "pinned",
            Self::Retrying => "retrying",
            Self::StaleError => "stale_error",
            Self::SubscriptionLost => "subscription_lost",
            Self::Wedged => "wedged",
        })
    }
}
