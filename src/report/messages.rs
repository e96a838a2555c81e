//! Subscriptions and messages in a report.

use serde::Serialize;

use crate::record::Figures;

/// Subscriptions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Subscriptions {
    /// Subscriptions expected at the end.
    pub wanted: u64,
    /// Subscriptions confirmed by the server.
    pub confirmed: u64,
    /// Subscriptions renewed after a reconnect.
    pub resubscriptions: u64,
    /// Resubscriptions that were incomplete when reported.
    pub incomplete: u64,
    /// Silence alarms (`--expect-every`).
    pub silences: u64,
    /// The longest silence that raised one (seconds).
    pub longest_silence: f64,
}

impl Subscriptions {
    pub(super) fn new(figures: &Figures) -> Self {
        let tally = &figures.tally;
        Self {
            wanted: tally.subscriptions_wanted,
            confirmed: tally.subscriptions_confirmed,
            resubscriptions: tally.resubscriptions,
            incomplete: tally.incomplete_resubscriptions,
            silences: tally.silences,
            longest_silence: tally.longest_silence.as_secs_f64(),
        }
    }
}

/// Messages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Delivery {
    /// Numbered messages were published and accounted for.
    pub verified: bool,
    /// Verification messages that the server accepted.
    pub published: u64,
    /// Verification messages whose PUBLISH failed or was never answered.
    pub publish_failed: u64,
    /// Verification messages that the server accepted and that had no receiver.
    pub published_to_nobody: u64,
    /// Verification messages received for the first time.
    pub received: u64,
    /// Verification messages that the server accepted and that never arrived.
    pub lost: u64,
    /// Lost messages attributed to an outage.
    pub lost_in_outages: u64,
    /// Verification messages received again.
    pub duplicated: u64,
    /// Verification messages received after a later one.
    pub reordered: u64,
    /// Messages of other publishers on the subscribed channels.
    pub messages: u64,
    /// Bytes of their payloads.
    pub message_bytes: u64,
    /// Messages received but not shown, because the output was slower than they came.
    pub messages_not_shown: u64,
    /// Pushes of a connection that had already been replaced.
    pub stale_pushes: u64,
}

impl Delivery {
    pub(super) fn new(figures: &Figures) -> Self {
        let (counters, tally) = (figures.counters, &figures.tally);
        Self {
            verified: verifies(figures),
            published: counters.published,
            publish_failed: counters.publish_failed,
            published_to_nobody: counters.published_to_nobody,
            received: counters.received,
            lost: tally.lost,
            lost_in_outages: tally.lost_in_outages,
            duplicated: tally.duplicated,
            reordered: tally.reordered,
            messages: counters.messages,
            message_bytes: counters.message_bytes,
            messages_not_shown: counters.messages_not_shown,
            stale_pushes: counters.stale_pushes,
        }
    }
}

/// Whether any run published numbered messages.
pub(super) fn verifies(figures: &Figures) -> bool {
    figures
        .runs
        .iter()
        .filter_map(|run| run.started.plan.subscription.as_ref())
        .any(|subscription| subscription.verify.is_some())
}
