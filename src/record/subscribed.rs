//! The subscriptions of one connection: how many are confirmed, and the times in which some were missing.

use std::time::Duration;

use crate::{clock::Stamp, event::Confirmations};

/// The subscriptions of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Subscribed {
    /// The latest report; `None` if there are no subscriptions.
    pub(super) latest: Option<Confirmations>,
    /// Loss of a connection whose subscriptions are not complete again.
    missing_since: Option<Stamp>,
    /// Times in which subscriptions were missing, for the recorder to collect.
    pub(super) gaps: Vec<(Stamp, Stamp)>,
}

impl Subscribed {
    /// Returns true if at least one was ever confirmed.
    pub(super) fn any(&self) -> bool {
        self.latest.is_some_and(|latest| latest.confirmed > 0)
    }

    /// Returns true if the connection was lost and its subscriptions are not complete again.
    pub(super) fn are_missing(&self) -> bool {
        self.missing_since.is_some()
    }

    pub(super) fn confirmed(&mut self, at: Stamp, confirmations: Confirmations) {
        self.latest = Some(confirmations);
        if confirmations.confirmed >= confirmations.wanted {
            self.gaps.extend(self.missing_since.take().map(|since| (since, at)));
        }
    }

    /// The connection was lost, and its subscriptions with it.
    pub(super) fn lost(&mut self, at: Stamp) {
        if self.latest.is_some_and(|latest| latest.wanted > 0) {
            self.missing_since.get_or_insert(at);
        }
    }

    /// The server ended one of the subscriptions, and the connection stays.
    pub(super) fn ended(&mut self, at: Stamp, wanted: u64, confirmed: u64) {
        self.latest = Some(Confirmations { wanted, confirmed, after: Duration::ZERO });
        self.lost(at);
    }

    /// Ends the time in which subscriptions were missing with the run.
    pub(super) fn close(&mut self, end: Stamp) {
        self.gaps.extend(self.missing_since.take().map(|since| (since, end)));
    }
}
