//! The events that change what a target is: its server, its role, its connections. `watch` shows them.

use super::{ClusterClientEvent, EventKind, Traced};

impl EventKind {
    /// Returns true for a change of the server behind a target, of its role, or of what its connections get.
    pub(crate) fn is_change(&self) -> bool {
        match self {
            Self::Connected(_)
            | Self::Disconnected(_)
            | Self::Stalled { .. }
            | Self::Resumed { .. }
            | Self::Reconnected(_)
            | Self::Unsubscribed { .. }
            | Self::RefusalBegan(_)
            | Self::RefusalEnded(_)
            | Self::OwnPause(_)
            | Self::StateEntered { .. }
            | Self::StateLeft { .. }
            | Self::Announced { .. }
            | Self::ServersFound { .. }
            | Self::AddressMoved(_)
            | Self::RoleChanged(_)
            | Self::NewProcess(_)
            | Self::LedgerRead(_)
            | Self::Sentinel(_)
            | Self::Cluster(_)
            | Self::SessionReplaced { .. }
            | Self::FaultInjected { .. }
            | Self::FaultCleared { .. }
            | Self::JournalGap { .. }
            | Self::Note { .. }
            | Self::RunFinished { .. } => true,
            Self::Traced(traced) => {
                !matches!(**traced, Traced::Sampled(_) | Traced::Standing(_) | Traced::Connection(_))
            }
            Self::ClusterClient(observed) => !matches!(**observed, ClusterClientEvent::Counted(_)),
            Self::RunStarted(_)
            | Self::Slowed { .. }
            | Self::SpedUp { .. }
            | Self::Superseded { .. }
            | Self::Subscribed(_)
            | Self::Resubscribed(_)
            | Self::CommandFailed(_)
            | Self::MessagesMissed { .. }
            | Self::Duplicated { .. }
            | Self::Reordered { .. }
            | Self::Silent { .. }
            | Self::Desynced { .. }
            | Self::Evidence(_)
            | Self::ServerClock(_)
            | Self::PathProbed(_)
            | Self::FlowOpened(_)
            | Self::FlowClosed(_)
            | Self::Observed(_)
            | Self::Interval(_)
            | Self::SubscriptionDropped { .. } => false,
        }
    }
}
