//! The time in which the workload was not answered well, and the time in which redis-doctor itself was paused.
//!
//! A connection is not served during an outage or a refusal, while it waits for a slow reply, and while a subscription
//! that it had is missing. A time in which redis-doctor itself was paused is none of the connection's time.

use std::{collections::BTreeMap, time::Duration};

use super::{refusals::RefusalBook, spans::Spans};
use crate::{
    clock::Stamp,
    event::{Event, EventKind, OwnPause},
};

/// The pauses of redis-doctor itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct OwnPauses {
    /// Number of pauses.
    pub count: u64,
    /// Total length, with the time that the machine was suspended.
    pub total: Duration,
    /// The longest one.
    pub longest: Duration,
    /// Total time in which redis-doctor was busy; it is in none of the others.
    pub busy: Duration,
}

/// The service that the connections of the current run got, and totals of all runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Service {
    /// Times in which a connection was not served.
    unserved: BTreeMap<u32, Spans>,
    paused: Spans,
    pub(super) own_pauses: OwnPauses,
    pub(super) refusals: RefusalBook,
}

impl Service {
    /// Handles an event of a connection, or of the whole run.
    pub(super) fn on_event(&mut self, event: &Event, run: u32, connection: Option<u32>) {
        match (&event.kind, connection) {
            (EventKind::OwnPause(pause), _) => self.paused(pause),
            (EventKind::RefusalBegan(began), Some(id)) => self.refusals.began(event, run, id, began),
            (EventKind::RefusalEnded(ended), Some(id)) => {
                self.refusals.ended(id, ended);
                self.unserved(id, ended.since, ended.until);
            }
            _ => {}
        }
    }

    fn paused(&mut self, pause: &OwnPause) {
        let length = pause.length();
        if pause.is_busy() {
            self.own_pauses.busy += length;
            return;
        }
        self.own_pauses.count += 1;
        self.own_pauses.total += length;
        self.own_pauses.longest = self.own_pauses.longest.max(length);
        self.paused.add(pause.since, pause.until);
    }

    /// Records that a connection was not served.
    pub(super) fn unserved(&mut self, connection: u32, from: Stamp, to: Stamp) {
        self.unserved.entry(connection).or_default().add(from, to);
    }

    /// Returns the part of a time in which redis-doctor itself was paused.
    pub(super) fn paused_within(&self, from: Stamp, to: Stamp) -> Duration {
        self.paused.within(from, to)
    }

    /// Returns the time in which a connection was not served, without our own pauses.
    pub(super) fn unserved_within(&self, connection: u32, from: Stamp, to: Stamp) -> Duration {
        let spans = self.unserved.get(&connection);
        spans.map_or(Duration::ZERO, |spans| spans.within_without(from, to, &self.paused))
    }

    /// Files the refusals that have not ended.
    pub(super) fn close_refusals(&mut self, end: Stamp) {
        for (connection, since) in self.refusals.close_run(end) {
            self.unserved(connection, since, end);
        }
    }

    /// Forgets the times of the run.
    pub(super) fn end_run(&mut self) {
        self.unserved.clear();
        self.paused = Spans::default();
    }
}
