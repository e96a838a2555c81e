//! The view that the observer of an application has of a connection.

use super::{End, Flow};
use crate::{
    clock::Stamp,
    event::{EventKind, FlowEnd, Observed},
    fault::Direction,
};

impl Flow {
    /// Prepares the ledger for a chunk; true if the application is observed.
    pub(super) fn begin_look(&mut self, now: Stamp) -> bool {
        let down = &self.pipes[Direction::Down as usize];
        let from = down.sent + down.queued as u64;
        let Some(ledger) = &mut self.dialogue.ledger else { return false };
        (ledger.now, ledger.from) = (now, from);
        true
    }

    /// Reports what follows from a chunk.
    pub(super) fn end_look(&mut self) {
        let (Some(ledger), Some(observer)) = (&mut self.dialogue.ledger, &self.state.observer) else { return };
        ledger.delivered(self.pipes[Direction::Down as usize].sent);
        let observed = observer.look((self.number, self.slot.client), ledger, &mut self.watched);
        self.report(observed);
    }

    /// Reports what follows from the end of the connection.
    pub(super) fn conclude(&mut self, end: End) {
        self.look_at_undelivered();
        let now = self.state.clock().now();
        let [up, down] = &self.pipes;
        let first =
            |one: Option<Stamp>, other: Option<Stamp>| one.is_some_and(|one| other.is_none_or(|other| one <= other));
        let by_client = match end.how() {
            FlowEnd::ClientReset => true,
            FlowEnd::Closed => first(up.ended, down.ended),
            FlowEnd::ServerReset | FlowEnd::Fault | FlowEnd::Unreachable => false,
        };
        let delivered = down.sent;
        let (Some(ledger), Some(observer)) = (&mut self.dialogue.ledger, &self.state.observer) else { return };
        let whose = (self.number, self.slot.client);
        let observed = observer.ended(whose, (end.how(), by_client), (ledger, &self.watched), (now, delivered));
        self.report(observed);
    }

    /// Takes the replies of the last chunk, which the end of the connection has kept from the client.
    fn look_at_undelivered(&mut self) {
        let (Some(ledger), Some(observer)) = (&mut self.dialogue.ledger, &self.state.observer) else { return };
        (ledger.fresh.good, ledger.fresh.confirmed) = (false, false);
        let observed = observer.look((self.number, self.slot.client), ledger, &mut self.watched);
        self.report(observed);
    }

    fn report(&self, observed: Vec<Observed>) {
        for observed in observed {
            self.state.emit(EventKind::Observed(Box::new(observed)));
        }
    }
}
