//! The subscription and message counts of a report.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{clock::Seconds, record::Figures};

/// The subscription counts of a report.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Subscriptions {
    /// Subscriptions wanted at the end.
    pub wanted: u64,
    /// Subscriptions confirmed by the server.
    pub confirmed: u64,
    /// Resubscriptions after a reconnect.
    pub resubscriptions: u64,
    /// Resubscriptions that were incomplete when reported.
    pub incomplete: u64,
    /// Silence alarms (`--expect-every`).
    pub silences: u64,
    /// Longest silence that raised an alarm, in seconds.
    #[schemars(with = "Seconds")]
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

/// The message counts of a report.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Delivery {
    /// True if numbered messages were published and accounted for.
    pub verified: bool,
    /// Numbered messages that the server accepted.
    pub published: u64,
    /// Numbered messages whose PUBLISH failed or was never answered.
    pub publish_failed: u64,
    /// Numbered messages that the server accepted and delivered to no subscriber.
    pub published_to_nobody: u64,
    /// Numbered messages received for the first time.
    pub received: u64,
    /// Numbered messages that the server accepted and that never arrived.
    pub lost: u64,
    /// Lost messages that are attributed to an outage.
    pub lost_in_outages: u64,
    /// Numbered messages received again.
    pub duplicated: u64,
    /// Numbered messages received after a later one.
    pub reordered: u64,
    /// Messages of other publishers on the subscribed channels.
    pub messages: u64,
    /// Payload bytes of the messages of other publishers.
    pub message_bytes: u64,
    /// Messages received but not shown because the output was too slow.
    pub messages_not_shown: u64,
    /// Push messages from a connection that had already been replaced.
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

/// Returns true if any run published numbered messages.
pub(super) fn verifies(figures: &Figures) -> bool {
    figures
        .runs
        .iter()
        .filter_map(|run| run.started.plan.subscription.as_ref())
        .any(|subscription| subscription.verify.is_some())
}
