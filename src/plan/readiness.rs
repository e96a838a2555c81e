//! What a server is waited for to be.

use std::fmt;

/// What a server must be before a script goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Readiness {
    /// It answers commands, whatever its role.
    #[default]
    Ready,
    /// It is a primary.
    Primary,
    /// It is a replica whose link to its primary is up.
    Replica,
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ready => "ready",
            Self::Primary => "primary",
            Self::Replica => "replica",
        })
    }
}
