//! Properties of events that decide what an event changes.

use std::time::Duration;

use crate::{
    classify::Failure,
    event::{CommandFailed, Event, EventKind},
    plan::Plan,
};

/// Returns the time after the end of an outage in which a missing message is still attributed to it: it is noticed when a
/// later one arrives, so this covers resubscription, the pace of numbered messages and the grace for late messages.
pub(super) fn settling(plan: &Plan) -> Duration {
    let pace = plan.subscription.as_ref().and_then(|subscription| subscription.verify);
    Duration::from_secs(10) + pace.and_then(|pace| pace.due(2)).unwrap_or_default()
}

/// Converts a single failure to the form of the error table.
pub(super) fn once(event: &Event, failure: &Failure) -> CommandFailed {
    let Failure { key, text } = failure.clone();
    CommandFailed { key, text, count: 1, ambiguous: 0, first: event.at, last: event.at }
}

pub(super) fn begins_an_outage(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Stalled { .. } | EventKind::Disconnected(_))
}

pub(super) fn concerns_a_connection(kind: &EventKind) -> bool {
    !matches!(
        kind,
        EventKind::RunStarted(_)
            | EventKind::RunFinished { .. }
            | EventKind::Interval(_)
            | EventKind::JournalGap { .. }
            | EventKind::Note { .. }
            | EventKind::SubscriptionDropped { .. }
            | EventKind::PathProbed(_)
            | EventKind::Announced { .. }
            | EventKind::Evidence(_)
            | EventKind::ServersFound { .. }
            | EventKind::AddressMoved(_)
            | EventKind::RoleChanged(_)
            | EventKind::NewProcess(_)
            | EventKind::Sentinel(_)
            | EventKind::Cluster(_)
            | EventKind::ClusterClient(_)
            | EventKind::LedgerRead(_)
            | EventKind::ServerClock(_)
            | EventKind::OwnPause(_)
            | EventKind::RefusalBegan(_)
            | EventKind::RefusalEnded(_)
            | EventKind::FaultInjected { .. }
            | EventKind::FaultCleared { .. }
            | EventKind::FlowOpened(_)
            | EventKind::FlowClosed(_)
            | EventKind::Observed(_)
            | EventKind::Traced(_)
    )
}
