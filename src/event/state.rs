//! The named states of a client after a loss.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, VariantArray};

/// A named state of a client.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Display, VariantArray, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ClientState {
    /// A connection that never reconnects was lost: every command fails from now on.
    Dead,
    /// Replies go to the wrong commands.
    Desync,
    /// The retries are exhausted; the client does not reconnect until a command is sent.
    Exhausted,
    /// One reply passed the limit of its size, and the connection was ended.
    Flooded,
    /// The connection is dead and nothing has noticed: commands time out while new connections work.
    HalfOpen,
    /// Errors of the connection setup are hidden behind a bare "broken pipe".
    Masked,
    /// Still connected to a demoted server.
    Pinned,
    /// A reconnect cycle is running.
    Retrying,
    /// A command failed with an old error although the server was healthy again.
    StaleError,
    /// Connected, but the subscription is gone.
    SubscriptionLost,
    /// The last reconnect attempt failed with an error after which the library never tries again.
    Wedged,
}

impl ClientState {
    /// Returns the code of its entry in the knowledge base.
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// Returns true if no client can leave this state on its own. [`Self::Exhausted`] is not one of them: the next
    /// command starts another cycle, although a client that only subscribes sends none.
    pub fn is_terminal(self) -> bool {
        self.row().1
    }

    fn row(self) -> (&'static str, bool) {
        match self {
            Self::Dead => ("RD026", true),
            Self::Desync => ("RD025", false),
            Self::Exhausted => ("RD021", false),
            Self::Flooded => ("RD206", false),
            Self::HalfOpen => ("RD023", false),
            Self::Masked => ("RD028", false),
            Self::Pinned => ("RD027", false),
            Self::Retrying => ("RD030", false),
            Self::StaleError => ("RD029", false),
            Self::SubscriptionLost => ("RD024", true),
            Self::Wedged => ("RD022", true),
        }
    }
}
