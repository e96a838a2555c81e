//! The look at the clients of a stall while it lasts.

use super::{Casebook, PAUSE};
use crate::{
    clock::Stamp,
    evidence::server::{Clients, Wanted},
};

impl Casebook {
    /// Returns true if a stall has lasted long enough to look at: what a client waits for shows only while it waits.
    pub(in crate::evidence) fn wants_look(&self, now: Stamp) -> bool {
        let rested = self.last_query.is_none_or(|(last, _)| now.since(last) >= PAUSE);
        rested && self.open.values().any(|case| case.is_worth_a_look(now))
    }

    /// Takes the clients of the stalls to look at, each once.
    pub(in crate::evidence) fn begin_look(&mut self, now: Stamp) -> Wanted {
        let mut clients = Wanted::default();
        if !self.wants_look(now) {
            return clients;
        }
        self.last_query = Some((now, true));
        for case in self.open.values_mut().filter(|case| case.is_worth_a_look(now)) {
            case.looked_at = true;
            case.look_up(&mut clients);
        }
        clients
    }

    /// Stores the clients that were looked at.
    pub(in crate::evidence) fn finish_look(&mut self, clients: &Clients) {
        for case in self.open.values_mut().map(Box::as_mut).chain(&mut self.over) {
            case.looked_up(clients);
        }
    }
}
