//! The subscriptions of one connection: how many are confirmed, and the times in which some were missing.

use std::time::Duration;

use crate::{clock::Stamp, event::Confirmations};

/// Time after a reconnect in which the library has renewed its subscriptions, if it can.
const RESUBSCRIBING: Duration = Duration::from_secs(1);

/// The subscriptions of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Subscribed {
    /// The latest report; `None` if there are no subscriptions.
    pub(super) latest: Option<Confirmations>,
    /// Loss of a connection whose subscriptions are not complete again.
    missing_since: Option<Stamp>,
    /// Subscriptions confirmed since that loss.
    again: u64,
    /// Times in which subscriptions were missing, for the recorder to collect.
    pub(super) gaps: Vec<(Stamp, Stamp)>,
}

impl Subscribed {
    /// Returns true if at least one was ever confirmed.
    pub(super) fn any(&self) -> bool {
        self.latest.is_some_and(|latest| latest.confirmed > 0)
    }

    pub(super) fn confirmed(&mut self, at: Stamp, confirmations: Confirmations) {
        (self.latest, self.again) = (Some(confirmations), confirmations.confirmed);
        if confirmations.confirmed >= confirmations.wanted {
            self.gaps.extend(self.missing_since.take().map(|since| (since, at)));
        }
    }

    /// The connection was lost, and its subscriptions with it.
    pub(super) fn lost(&mut self, at: Stamp) {
        if self.latest.is_some_and(|latest| latest.wanted > 0) {
            self.missing_since.get_or_insert(at);
            self.again = 0;
        }
    }

    /// Accounts for those that are missing at the end of the run, on a connection that has been up since `up_since`.
    pub(super) fn close(&mut self, up_since: Option<Stamp>, end: Stamp) {
        let Some(since) = self.missing_since else { return };
        self.gaps.push((since, end));
        // A library resubscribes within milliseconds: it has failed, even if nothing reported that.
        let had_time = up_since.is_some_and(|up| end.since(up) >= RESUBSCRIBING);
        if let Some(latest) = self.latest.as_mut().filter(|_| had_time) {
            latest.confirmed = latest.confirmed.min(self.again);
        }
    }
}
