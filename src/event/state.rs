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
    /// The retries are spent; the client does not reconnect until a command is sent.
    Exhausted,
    /// The connection is dead and nothing has noticed: commands time out while new connections work.
    HalfOpen,
    /// Errors of the connection setup are hidden behind a bare "broken pipe".
    Masked,
    /// Still connected to a server that was demoted.
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
    /// Returns true if no client leaves this state on its own. ([`Self::Exhausted`] depends on the commands: the next
    /// one starts another cycle, but a mere subscriber sends none.)
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Dead | Self::SubscriptionLost | Self::Wedged)
    }
}
