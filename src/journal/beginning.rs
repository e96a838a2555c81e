//! The events that a further file of a journal repeats, so that it can be read on its own.

use std::{collections::BTreeMap, time::Duration};

use crate::event::{ClusterEvent, Confirmations, Event, EventKind};
use crate::foreign::Foreign;

/// The start of a run, and the state of each of its targets.
#[derive(Default)]
pub(super) struct Beginning {
    started: Option<Event>,
    /// The nodes of a cluster that became targets during the run.
    joined: Vec<Event>,
    /// The state of each target, without a label if there is a single one.
    targets: BTreeMap<Option<Foreign>, State>,
}

/// The first connection of a target with its subscriptions, other connections whose subscriptions are incomplete, and the
/// outages that are not over.
#[derive(Default)]
struct State {
    connected: Option<Event>,
    confirmed: BTreeMap<Option<u32>, Confirmations>,
    /// The loss or stall of each connection that is down; a stall that became a loss is both.
    down: BTreeMap<Option<u32>, Vec<Event>>,
    /// The end of the run of this target, which can come before that of the others.
    finished: Option<Event>,
}

impl Beginning {
    /// Keeps an event if it is one of these.
    pub(super) fn keep(&mut self, event: &Event) {
        if let EventKind::RunStarted(_) = event.kind {
            *self = Self { started: Some(event.clone()), ..Self::default() };
        } else if matches!(&event.kind, EventKind::Cluster(seen) if matches!(**seen, ClusterEvent::Joined { .. })) {
            self.joined.push(event.clone());
        } else if begins(&event.kind) {
            self.targets.entry(event.target.clone()).or_default().keep(event);
        }
    }

    /// Returns true before the first connection.
    pub(super) fn is_connecting(&self) -> bool {
        self.targets.values().all(|state| state.connected.is_none())
    }

    /// Returns the events as of the given moment. Those of an outage keep their time, and so that it does not begin
    /// before its connection, the connection takes that time, too.
    pub(super) fn as_of(&self, now: &Event) -> Vec<Event> {
        let started = self.started.iter().chain(&self.joined).map(|event| moved(event, now));
        let states = self.targets.iter().flat_map(|(target, state)| state.as_of(target.as_ref(), now));
        started.chain(states).collect()
    }
}

/// Returns true for an event that changes a state.
fn begins(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Connected(_)
            | EventKind::Subscribed(_)
            | EventKind::Resubscribed(_)
            | EventKind::Unsubscribed { .. }
            | EventKind::Stalled { .. }
            | EventKind::Disconnected(_)
            | EventKind::Resumed { .. }
            | EventKind::Reconnected(_)
            | EventKind::RunFinished { .. }
    )
}

impl State {
    fn keep(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Connected(_) if self.connected.is_none() => self.connected = Some(event.clone()),
            EventKind::Subscribed(confirmations) | EventKind::Resubscribed(confirmations) => {
                let first = self.connected.as_ref().is_some_and(|first| first.connection == event.connection);
                if first || confirmations.confirmed < confirmations.wanted {
                    self.confirmed.insert(event.connection, *confirmations);
                } else {
                    self.confirmed.remove(&event.connection);
                }
            }
            EventKind::Unsubscribed { wanted, confirmed, .. } => {
                let left = Confirmations { wanted: *wanted, confirmed: *confirmed, after: Duration::ZERO };
                self.confirmed.insert(event.connection, left);
            }
            EventKind::Stalled { .. } => _ = self.down.entry(event.connection).or_insert_with(|| vec![event.clone()]),
            EventKind::Disconnected(_) => {
                let down = self.down.entry(event.connection).or_default();
                if !down.iter().any(|known| matches!(known.kind, EventKind::Disconnected(_))) {
                    down.push(event.clone());
                }
            }
            EventKind::Resumed { .. } | EventKind::Reconnected(_) => _ = self.down.remove(&event.connection),
            EventKind::RunFinished { .. } => self.finished = Some(event.clone()).filter(|end| end.target.is_some()),
            // Other events change nothing about the beginning.
            _ => {}
        }
    }

    fn as_of(&self, target: Option<&Foreign>, now: &Event) -> Vec<Event> {
        let since = |connection| self.down.get(connection).and_then(|down| down.first()).unwrap_or(now);
        let connected = self.connected.iter().map(|event| moved(event, since(&event.connection)));
        let first = self.connected.as_ref().map(|event| event.connection);
        // Those of the first connection come first: they are an example of all that are not listed.
        let (own, others): (Vec<_>, Vec<_>) = self.confirmed.iter().partition(|(id, _)| Some(**id) == first);
        let confirmed = own.into_iter().chain(others).map(|(id, confirmations)| {
            let (at, kind) = (since(id), EventKind::Subscribed(*confirmations));
            Event { at: at.at, time: at.time, target: target.cloned(), connection: *id, kind }
        });
        let down = self.down.values().flatten().cloned();
        let finished = self.finished.iter().map(|event| moved(event, now));
        connected.chain(confirmed).chain(down).chain(finished).collect()
    }
}

fn moved(event: &Event, to: &Event) -> Event {
    Event { at: to.at, time: to.time, ..event.clone() }
}
