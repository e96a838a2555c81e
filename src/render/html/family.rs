//! Families of causes: the family says whom to call. Each has a color and a pattern.

use crate::report::Cause;

/// The place where the cause of an incident lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Server,
    Network,
    Limit,
    Machine,
    Unknown,
}

impl Family {
    /// Returns the family of a cause.
    pub(super) fn of(cause: Option<Cause>) -> Self {
        match cause {
            None | Some(Cause::Unknown) => Self::Unknown,
            Some(
                Cause::ProtocolError
                | Cause::Failover
                | Cause::ServerCrashed
                | Cause::ServerRestarted
                | Cause::BlockingCommand
                | Cause::SlowCommand
                | Cause::SlowDisk
                | Cause::ForkStall
                | Cause::SlowServer
                | Cause::AcceptQueueFull
                | Cause::ServerFrozen,
            ) => Self::Server,
            Some(
                Cause::DnsMoved
                | Cause::MiddleboxIdleLimit
                | Cause::SlowNetwork
                | Cause::PathLost
                | Cause::NetworkReset
                | Cause::ProxyClosed,
            ) => Self::Network,
            Some(
                Cause::PlannedMaintenance
                | Cause::AuthenticationChanged
                | Cause::MaxClients
                | Cause::ServerIdleTimeout
                | Cause::ClientEvicted
                | Cause::OutputBufferLimit
                | Cause::QueryBufferLimit
                | Cause::ClientKilled
                | Cause::ClientsPaused
                | Cause::OversizedReply,
            ) => Self::Limit,
            Some(Cause::ClientStall) => Self::Machine,
        }
    }

    /// Returns its name.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Network => "network",
            Self::Limit => "operator or limit",
            Self::Machine => "this machine",
            Self::Unknown => "not known",
        }
    }

    /// Returns its class in the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Server => "f-server",
            Self::Network => "f-network",
            Self::Limit => "f-limit",
            Self::Machine => "f-machine",
            Self::Unknown => "f-unknown",
        }
    }
}
