//! The conditions that `wait` waits for.

use strum::Display;

/// A condition that a server must meet before a script continues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Display)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Readiness {
    /// The server answers commands, in any role.
    #[default]
    Ready,
    /// The server is a primary.
    Primary,
    /// The server is a replica whose link to its primary is up.
    Replica,
}
