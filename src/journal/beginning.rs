//! The events that a further file of a journal repeats, so that it can be read on its own.

use std::collections::BTreeMap;

use crate::event::{Confirmations, Event, EventKind};

/// The start of a run, its first connection with its subscriptions, other connections whose subscriptions are
/// incomplete, and the outages that are not over.
#[derive(Default)]
pub(super) struct Beginning {
    started: Option<Event>,
    connected: Option<Event>,
    confirmed: BTreeMap<Option<u32>, Confirmations>,
    /// The loss or stall of each connection that is down; a stall that became a loss is both.
    down: BTreeMap<Option<u32>, Vec<Event>>,
}

impl Beginning {
    /// Keeps an event if it is one of these.
    pub(super) fn keep(&mut self, event: &Event) {
        match &event.kind {
            EventKind::RunStarted(_) => *self = Self { started: Some(event.clone()), ..Self::default() },
            EventKind::Connected(_) if self.connected.is_none() => self.connected = Some(event.clone()),
            EventKind::Subscribed(confirmations) | EventKind::Resubscribed(confirmations) => {
                let first = self.connected.as_ref().is_some_and(|first| first.connection == event.connection);
                if first || confirmations.confirmed < confirmations.wanted {
                    self.confirmed.insert(event.connection, *confirmations);
                } else {
                    self.confirmed.remove(&event.connection);
                }
            }
            EventKind::Stalled { .. } => _ = self.down.entry(event.connection).or_insert_with(|| vec![event.clone()]),
            EventKind::Disconnected(_) => {
                let down = self.down.entry(event.connection).or_default();
                if !down.iter().any(|known| matches!(known.kind, EventKind::Disconnected(_))) {
                    down.push(event.clone());
                }
            }
            EventKind::Resumed { .. } | EventKind::Reconnected(_) => _ = self.down.remove(&event.connection),
            // Other events change nothing about the beginning.
            _ => {}
        }
    }

    /// Returns true before the first connection.
    pub(super) fn is_connecting(&self) -> bool {
        self.connected.is_none()
    }

    /// Returns the events as of the given moment. Those of an outage keep their time, and so that it does not begin
    /// before its connection, the connection takes that time, too.
    pub(super) fn as_of(&self, now: &Event) -> Vec<Event> {
        let since = |connection| self.down.get(connection).and_then(|down| down.first()).unwrap_or(now);
        let moved = |event: &Event, to: &Event| Event { at: to.at, time: to.time, ..event.clone() };
        let started = self.started.iter().map(|event| moved(event, now));
        let connected = self.connected.iter().map(|event| moved(event, since(&event.connection)));
        let first = self.connected.as_ref().map(|event| event.connection);
        // Those of the first connection come first: they are an example of all that are not listed.
        let (own, others): (Vec<_>, Vec<_>) = self.confirmed.iter().partition(|(id, _)| Some(**id) == first);
        let confirmed = own.into_iter().chain(others).map(|(id, confirmations)| {
            let at = since(id);
            Event { at: at.at, time: at.time, connection: *id, kind: EventKind::Subscribed(*confirmations) }
        });
        started.chain(connected).chain(confirmed).chain(self.down.values().flatten().cloned()).collect()
    }
}
