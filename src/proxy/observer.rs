//! An application behind the proxy: who it is, when one of its roles is lost and works again, and what the loss of a
//! connection did to its commands.
//!
//! A command *ran twice* if the server has answered it on two connections, and the client had left the first one before that
//! answer was delivered. An application may also send the same bytes as a new command, so this is certain only of a command
//! of which the application has sent several, and never the same twice; of others it is likely at most, and only among the
//! first commands of a newer connection.

mod channels;
pub(super) mod command;
mod ends;
pub(super) mod ledger;
mod pace;
mod repeats;
mod role;
mod sums;
mod unanswered;
pub(in crate::proxy) mod view;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    net::SocketAddr,
    rc::Rc,
    time::Duration,
};

pub(in crate::proxy) use self::ends::Ended;
use self::{
    ledger::{Answered, Ledger},
    repeats::{Again, Repeats},
    role::Role,
    sums::Sums,
};
use crate::{
    clock::Stamp,
    event::{Connected, EventKind, FlowRole, Identified, Left, Observed, RanTwice},
    foreign::Foreign,
};

/// Time without a reply after which a role is silent, and after which a connection that is left in a state is reported.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time without a reply after which a client that closes a connection has given it up.
const IMPATIENCE: Duration = Duration::from_millis(250);

/// An event, and the number of the role that it is about.
pub(in crate::proxy) type News = (Option<u32>, EventKind);

/// The observer of an application.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Observer(RefCell<Application>);

#[derive(Debug, Default)]
struct Application {
    roles: BTreeMap<FlowRole, Role>,
    /// Open connections.
    flows: BTreeMap<u64, Rc<Cell<Vital>>>,
    repeats: Repeats,
    sums: Sums,
    /// Connections so far.
    opened: u64,
    /// Commands that faults refused with an error.
    refused: u64,
}

/// The part of a connection's state that concerns others.
#[derive(Clone, Copy, Debug, Default)]
struct Vital {
    role: Option<FlowRole>,
    opened: Stamp,
    /// Time of its latest good reply, and of any.
    good: Option<Stamp>,
    replied: Stamp,
    /// Time at which the oldest unanswered command was sent, and the number of all.
    oldest: Option<Stamp>,
    unanswered: u64,
    /// Time since which something has arrived that is not passed on.
    held: Option<Stamp>,
    /// Number of channels that are confirmed.
    channels: u64,
    /// True if it will never be passed on.
    forgotten: bool,
    /// Time at which the client has abandoned it, as far as its role is concerned.
    gone: Option<Stamp>,
    /// Earliest time at which the client can have ended its stream, once it is known that it has.
    left: Option<Stamp>,
    /// Time at which the end of the stream was passed to the client.
    closed: Option<Stamp>,
    /// Time since which the client has read nothing of what waits.
    unread: Option<Stamp>,
    /// States that have been reported: closed, unread.
    reported: [bool; 2],
}

/// The notes of the observer about a connection.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Watched {
    vital: Rc<Cell<Vital>>,
    again: Vec<Again>,
}

/// The connection that is observed.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Whose {
    pub(in crate::proxy) flow: u64,
    pub(in crate::proxy) client: Option<SocketAddr>,
    /// The proxy's end of the connection to the server.
    pub(in crate::proxy) outgoing: Option<SocketAddr>,
}

impl Watched {
    fn update(&self, change: impl FnOnce(&mut Vital)) {
        let mut vital = self.vital.get();
        change(&mut vital);
        self.vital.set(vital);
    }

    /// Returns the command of an answer on this connection if it has run before.
    fn again(&mut self, answered: &Answered) -> Option<Again> {
        let place = self.again.iter().position(|again| again.entry.is_same(&answered.entry))?;
        Some(self.again.remove(place)).filter(|_| answered.good)
    }

    /// True if something has arrived that may still be passed on.
    pub(in crate::proxy) fn is_held(&self) -> bool {
        let vital = self.vital.get();
        vital.held.is_some() && !vital.forgotten
    }

    /// Something has arrived and is not passed on, or nothing has.
    pub(in crate::proxy) fn holds(&self, holds: bool, now: Stamp) {
        self.update(|vital| {
            if holds {
                vital.held = vital.held.or(Some(now));
            } else if !vital.forgotten {
                vital.held = None;
            }
        });
    }

    /// Something has arrived and is lost.
    pub(in crate::proxy) fn drops(&self, now: Stamp) {
        self.update(|vital| (vital.held, vital.forgotten) = (vital.held.or(Some(now)), true));
    }

    /// The end of the stream was passed to the client.
    pub(in crate::proxy) fn closed(&self, now: Stamp) {
        self.update(|vital| vital.closed = vital.closed.or(Some(now)));
    }

    /// The client takes what is sent to it, or does not.
    pub(in crate::proxy) fn reads(&self, reads: bool, now: Stamp) {
        self.update(|vital| vital.unread = if reads { None } else { vital.unread.or(Some(now)) });
    }
}

impl Vital {
    /// Time since which the client waits.
    fn waits(&self) -> Option<Stamp> {
        [self.oldest, self.held].into_iter().flatten().min()
    }

    fn is_silent(&self, now: Stamp) -> bool {
        self.waits().is_some_and(|since| now.since(since) >= PATIENCE)
    }

    /// True if the connection had been idle since before the latest outage of its role.
    fn is_stale(&self, role: &Role) -> bool {
        role.outage.is_some_and(|outage| self.opened < outage && self.good.is_none_or(|good| good < outage))
    }
}

impl Observer {
    /// Takes a new connection.
    pub(in crate::proxy) fn opened(&self, flow: u64, now: Stamp) -> Watched {
        let mut application = self.0.borrow_mut();
        application.opened += 1;
        let vital = Rc::new(Cell::new(Vital { opened: now, replied: now, ..Vital::default() }));
        application.flows.insert(flow, Rc::clone(&vital));
        Watched { vital, again: Vec::new() }
    }

    /// Takes what has happened on a connection since the last look, and returns what follows from it.
    pub(in crate::proxy) fn look(&self, whose: Whose, ledger: &mut Ledger, watched: &mut Watched) -> Vec<News> {
        let mut application = self.0.borrow_mut();
        let application = &mut *application;
        let fresh = std::mem::take(&mut ledger.fresh);
        let Whose { flow, client, .. } = whose;
        let now = ledger.now;
        let mut out = Vec::new();
        application.sums.add(&fresh, ledger);
        application.refused += fresh.refused;
        watched.update(|vital| {
            (vital.role, vital.oldest) = (ledger.role, ledger.oldest());
            vital.unanswered = ledger.unanswered.len();
            vital.channels = ledger.channels.count();
            if fresh.ok > 0 || !fresh.errors.is_empty() || fresh.confirmed {
                vital.replied = now;
            }
            if fresh.good || fresh.confirmed {
                vital.good = Some(now);
            }
        });
        let Some(role) = ledger.role else { return out };
        if fresh.identified {
            out.push(observed(Observed::Identified(identified(whose, role, ledger))));
        }
        let Vital { opened, left, .. } = watched.vital.get();
        for sent in &fresh.sent {
            watched.again.extend(match left {
                Some(left) => application.repeats.late(flow, left, &sent.1),
                None => application.repeats.sent((flow, client), opened, sent),
            });
        }
        let twice = fresh.answered.iter().filter_map(|answered| {
            let again = watched.again(answered);
            again.or_else(|| application.repeats.answered(flow, &answered.entry, answered.good))
        });
        out.extend(twice.map(|again| ran_twice(flow, again)));
        let known = application.roles.entry(role).or_insert_with(|| Role::new(role));
        out.extend(known.heard(flow, now, watched.vital.get().waits()));
        let begins = || Connected {
            generation: flow,
            local: client.map(|client| Foreign::new(&client.to_string())),
            resp: if ledger.resp3 { 3 } else { 2 },
            ..Connected::default()
        };
        fresh.heard.into_iter().for_each(|(name, count)| known.heard.note(name, count, now));
        if role == FlowRole::Subscriber {
            if fresh.confirmed {
                out.extend(known.confirmed(flow, now, &ledger.channels, begins));
            }
        } else if fresh.good {
            out.extend(known.answered(flow, now, begins));
        }
        out
    }

    /// Returns what follows from the passage of time, and the failures and counts since the last call; with `totals`, also
    /// the figures since the start.
    pub(in crate::proxy) fn sample(&self, now: Stamp, totals: bool) -> Vec<News> {
        let mut application = self.0.borrow_mut();
        let Application { roles, flows, sums, opened, .. } = &mut *application;
        let mut out = Vec::new();
        for (flow, cell) in &*flows {
            let mut vital = cell.get();
            if let (Some(since), Some(known)) =
                (vital.waits().filter(|_| vital.is_silent(now)), vital.role.and_then(|role| roles.get_mut(&role)))
                && known.good < since
                && vital.good.is_some()
                && !vital.is_stale(known)
            {
                out.extend(known.silent(*flow, since, vital.unanswered.max(1), *opened));
            }
            for (which, since) in [vital.closed, vital.unread].into_iter().enumerate() {
                let Some(since) = since.map(|since| now.since(since)).filter(|since| *since >= PATIENCE) else {
                    continue;
                };
                if !std::mem::replace(&mut vital.reported[which], true) {
                    let left = Left { flow: *flow, role: vital.role, since };
                    let state = if which == 0 { Observed::HalfClosed(left) } else { Observed::Unread(left) };
                    out.push(observed(state));
                }
            }
            cell.set(vital);
        }
        let (failures, interval) = sums.take(now);
        out.extend(failures.into_iter().map(|failed| (None, EventKind::CommandFailed(failed))));
        out.push((None, EventKind::Interval(Box::new(interval))));
        out.extend(totals.then(|| observed(Observed::Totals(sums.totals()))));
        out
    }

    /// Returns what the end of the run leaves open.
    pub(in crate::proxy) fn conclude(&self, now: Stamp) -> Vec<News> {
        let application = self.0.borrow();
        let opened = application.opened;
        application.roles.values().filter(|role| role.is_down()).flat_map(|role| role.conclude(now, opened)).collect()
    }
}

fn observed(observed: Observed) -> News {
    (None, EventKind::Observed(Box::new(observed)))
}

/// Returns the event of a command that has run on this connection, and on another one.
fn ran_twice(flow: u64, Again { entry, flow: first, again, after, certain }: Again) -> News {
    let command = Foreign::new(&entry.name.to_string());
    let twice = RanTwice { command, flow: first, again: again.unwrap_or(flow), after };
    observed(if certain { Observed::RanTwice(twice) } else { Observed::ProbablyRanTwice(twice) })
}

fn identified(Whose { flow, client, outgoing }: Whose, role: FlowRole, ledger: &Ledger) -> Identified {
    let identity = &ledger.identity;
    let library = identity.library.as_ref().map(|library| match &identity.version {
        Some(version) => Foreign::new(&format!("{library} {version}")),
        None => library.clone(),
    });
    let address = client.map_or_else(|| "unknown".to_owned(), |client| client.to_string());
    let (name, user) = (identity.name.clone(), identity.user.clone());
    let outgoing = outgoing.map(|address| Foreign::new(&address.to_string()));
    Identified { flow, client: Foreign::new(&address), outgoing, role, library, name, user }
}
