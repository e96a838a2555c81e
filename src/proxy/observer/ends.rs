//! The end of a connection: what it means for its role, and for the commands whose answers the client did not get.

use std::time::Duration;

use super::{
    IMPATIENCE, News, Observer, Watched, Whose,
    channels::Channels,
    command::{Entry, Kind},
    ledger::{Answered, Ledger},
    observed, ran_twice, repeats,
    role::{self, Role},
};
use crate::{
    classify::Failure,
    event::{FlowRole, Observed, OutcomeUnknown, Stale, Undelivered},
    foreign::Foreign,
};

/// A client that leaves sooner after its last command does not want the answer.
const WANTED: Duration = Duration::from_millis(10);

/// Commands of a connection that its client has left, of which it is remembered that they may run.
const PENDING: usize = 1024;

/// The end of a connection.
#[derive(Debug)]
pub(in crate::proxy) struct Ended {
    /// True if the client ended it.
    pub(in crate::proxy) by_client: bool,
    /// The failure that the client gets for it.
    pub(in crate::proxy) failure: Option<Failure>,
    /// Bytes that were written to the client.
    pub(in crate::proxy) delivered: u64,
    /// True if the client had closed its socket when the last ones arrived.
    pub(in crate::proxy) refused: bool,
}

impl Observer {
    /// Takes the end of a client's stream: it may have left before its commands are answered. `ours` is true if the proxy had
    /// ended the stream to it before.
    pub(in crate::proxy) fn left(&self, whose: Whose, ledger: &mut Ledger, watched: &Watched, ours: bool) {
        let (now, vital) = (ledger.now, watched.vital.get());
        if vital.left.is_some() {
            return;
        }
        // While a fault keeps the proxy from reading, the end of the stream is noticed late.
        let left = vital.held.unwrap_or(now);
        watched.update(|vital| vital.left = Some(left));
        let waited = ledger.latest().is_some_and(|sent| now.since(sent) >= WANTED);
        ledger.leave(ours || waited);
        let undelivered = ledger.undelivered.iter().filter(|answered| answered.good).map(|answered| answered.entry);
        let additive = |entry: &Entry| entry.kind == Kind::Additive;
        let pending = undelivered.chain(ledger.unanswered.iter()).filter(additive).take(PENDING);
        self.0.borrow_mut().repeats.left(repeats::Loss {
            flow: whose.flow,
            client: whose.client.map(|client| client.ip()),
            at: left,
            most: ledger.unanswered.len() + ledger.undelivered.len() as u64,
            answered: Vec::new(),
            pending: pending.collect(),
        });
    }

    /// Takes the end of a connection, and returns what follows from it.
    pub(in crate::proxy) fn ended(&self, whose: Whose, ledger: &Ledger, watched: &Watched, end: Ended) -> Vec<News> {
        let (Whose { flow, client, .. }, now) = (whose, ledger.now);
        let mut out = Vec::new();
        let left = watched.vital.get().left;
        let unwritten = |answered: &&Answered| answered.from >= end.delivered;
        // What was written after the client had left is lost if its socket was closed.
        let is_lost = |answered: &&Answered| unwritten(answered) || end.refused && left.is_some();
        let lost: Vec<_> = ledger.undelivered.iter().filter(is_lost).copied().collect();
        let missed: Vec<_> = lost.iter().filter(|answered| unwritten(answered) || ledger.wants_answers()).collect();
        out.extend(missed.iter().filter(|answered| answered.good).filter_map(|answered| consequence(flow, answered)));
        let in_doubt = ledger.unanswered.followed() + missed.len() as u64;
        if in_doubt > 0 {
            let answered = missed.len() as u64;
            out.push(observed(Observed::OutcomeUnknown(OutcomeUnknown { flow, commands: in_doubt, answered })));
        }
        let repeatable = |answered: &&Answered| answered.good && answered.entry.kind == Kind::Additive;
        let mut application = self.0.borrow_mut();
        let twice = application.repeats.lost(repeats::Loss {
            flow,
            client: client.map(|client| client.ip()),
            at: left.unwrap_or(now),
            most: ledger.unanswered.len() + lost.len() as u64,
            answered: lost.iter().filter(repeatable).map(|answered| answered.entry).collect(),
            pending: Vec::new(),
        });
        out.extend(twice.into_iter().map(|again| ran_twice(flow, again)));
        if let Some(role) = ledger.role {
            application.roles.entry(role).or_insert_with(|| Role::new(role)).in_doubt(in_doubt);
        }
        drop(application);
        out.extend(self.gone(whose, ledger, watched, end));
        out
    }

    /// Takes the end of a connection as far as it concerns its role; once, although its end may be noticed twice.
    pub(in crate::proxy) fn gone(&self, whose: Whose, ledger: &Ledger, watched: &Watched, end: Ended) -> Vec<News> {
        let (Whose { flow, .. }, now) = (whose, ledger.now);
        let mut out = Vec::new();
        let mut application = self.0.borrow_mut();
        let application = &mut *application;
        let vital = watched.vital.get();
        watched.update(|vital| vital.gone = vital.gone.or(Some(now)));
        application.flows.remove(&flow);
        let Some(role) = ledger.role.filter(|_| vital.gone.is_none()) else { return out };
        let others = application.flows.values().map(|other| other.get());
        let mut healthy =
            others.filter(|other| other.role == Some(role) && other.good.is_some() && !other.is_silent(now));
        let subscriber = role == FlowRole::Subscriber;
        let last = subscriber || healthy.next().is_none();
        let known = application.roles.entry(role).or_insert_with(|| Role::new(role));
        let silent = vital.waits().filter(|since| now.since(*since) >= IMPATIENCE);
        if end.by_client && silent.is_none() || vital.good.is_none() {
            return out;
        }
        let works = known.works() && !subscriber;
        if works && (vital.is_stale(known) || !last && silent.is_some()) {
            let waited = silent.map_or(Duration::ZERO, |since| now.since(since));
            out.push(observed(Observed::StaleConnection(Stale { flow, role, waited })));
        } else if last {
            let idle = now.since(vital.replied);
            let flows = application.opened;
            let in_flight = ledger.unanswered.len() + ledger.undelivered.len() as u64;
            let loss = role::Loss { flow, silent, failure: end.failure, in_flight, idle, flows };
            let none = Channels::default();
            out.extend(known.lost(now, loss, if subscriber { &ledger.channels } else { &none }));
        }
        out
    }
}

/// The certain consequence of the loss of a reply.
fn consequence(flow: u64, answered: &Answered) -> Option<News> {
    let lost = Undelivered { command: Foreign::new(&answered.entry.name.to_string()), flow };
    match answered.entry.kind {
        Kind::Removing => Some(observed(Observed::ElementLost(lost))),
        Kind::Locking => Some(observed(Observed::LockOrphaned(lost))),
        Kind::Claiming => Some(observed(Observed::LeftPending(lost))),
        Kind::Additive | Kind::Handshake | Kind::Repeatable => None,
    }
}
