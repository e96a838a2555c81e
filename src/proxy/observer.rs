//! An application behind the proxy: who it is, when one of its roles is lost and works again, and what the loss of a
//! connection did to its commands.
//!
//! A command *ran twice* if the server had answered it, that answer was not delivered, and the same bytes are among the
//! first commands of a newer connection. An application may also send the same bytes as a new command, so this is claimed
//! only of a command of which the application has sent several, and never the same twice.

pub(super) mod command;
pub(super) mod ledger;

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use self::{
    command::{Entry, Kind, Name},
    ledger::{Answered, Ledger},
};
use crate::{
    clock::Stamp,
    distribution::Distribution,
    event::{
        FlowEnd, FlowRole, Identified, Observed, OutcomeUnknown, RanTwice, RoleLost, RoleRecovered, Totals, Undelivered,
    },
    foreign::Foreign,
};

/// Time without a reply after which a role counts as lost.
const PATIENCE: Duration = Duration::from_secs(2);
/// Losses whose commands may be sent again, and the time for which they are expected.
const LOSSES: usize = 64;
const EXPECTED: Duration = Duration::from_secs(120);
/// Commands of a name from which the habit of an application is known.
const HABIT: u64 = 8;
/// Number of different commands after which the older ones are forgotten.
const REMEMBERED: usize = 16_384;

/// The observer of an application.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Observer(RefCell<Application>);

#[derive(Debug, Default)]
struct Application {
    roles: BTreeMap<FlowRole, Role>,
    losses: VecDeque<Loss>,
    habits: Habits,
    totals: Totals,
    server: Distribution,
    application: Distribution,
    /// Connections so far.
    flows: u64,
}

#[derive(Debug, Default)]
struct Role {
    open: u64,
    /// Channels of subscribers whose connection was lost.
    channels: u64,
    lost: Option<Lost>,
}

#[derive(Clone, Copy, Debug)]
struct Lost {
    at: Stamp,
    /// Connections of the application at that time.
    flows: u64,
}

/// A connection that was lost with commands whose answers were not delivered.
#[derive(Debug)]
struct Loss {
    flow: u64,
    client: Option<std::net::IpAddr>,
    at: Stamp,
    /// Number of commands in flight.
    most: u64,
    answered: Vec<Entry>,
}

/// The commands that an application sends, and repeats.
#[derive(Debug, Default)]
struct Habits {
    names: HashMap<Name, Habit>,
    /// The latest commands, and those before them.
    commands: [HashSet<(u64, u64)>; 2],
}

#[derive(Debug, Default)]
struct Habit {
    sent: u64,
    /// True if a command of this name was sent twice.
    repeats: bool,
}

/// A command that may be the repetition of a lost one.
#[derive(Debug)]
pub(in crate::proxy) struct Again {
    entry: Entry,
    flow: u64,
    after: Duration,
}

/// The notes of the observer about a connection.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Watched {
    /// Time at which the connection was made.
    opened: Stamp,
    again: Vec<Again>,
    counted: bool,
    /// True if its role works on this connection.
    works: bool,
}

impl Watched {
    /// A connection that is made now.
    pub(in crate::proxy) fn new(opened: Stamp) -> Self {
        Self { opened, ..Self::default() }
    }
}

impl Habits {
    /// Returns true if the application never sends such a command twice on purpose.
    fn are_unique(&self, name: &Name) -> bool {
        self.names.get(name).is_some_and(|habit| !habit.repeats && habit.sent >= HABIT)
    }

    fn note(&mut self, entry: &Entry) {
        let habit = self.names.entry(entry.name).or_default();
        habit.sent += 1;
        let command = (entry.hash, entry.length);
        habit.repeats |= self.commands.iter().any(|some| some.contains(&command));
        let [latest, before] = &mut self.commands;
        if latest.len() >= REMEMBERED {
            *before = std::mem::take(latest);
        }
        latest.insert(command);
    }
}

impl Observer {
    pub(in crate::proxy) fn opened(&self) {
        self.0.borrow_mut().flows += 1;
    }

    /// Takes what has happened on a connection since the last look, and returns what follows from it.
    pub(in crate::proxy) fn look(
        &self,
        (flow, client): (u64, Option<SocketAddr>),
        ledger: &mut Ledger,
        watched: &mut Watched,
    ) -> Vec<Observed> {
        let mut application = self.0.borrow_mut();
        let fresh = std::mem::take(&mut ledger.fresh);
        let mut out = Vec::new();
        application.totals.commands += fresh.commands;
        application.totals.errors += fresh.errors;
        application.totals.incomplete |= ledger.overflown;
        for [server, own] in fresh.times {
            server.into_iter().for_each(|nanos| application.server.record(Duration::from_nanos(nanos)));
            own.into_iter().for_each(|nanos| application.application.record(Duration::from_nanos(nanos)));
        }
        let Some(role) = ledger.role else { return out };
        if fresh.identified {
            if !watched.counted {
                application.roles.entry(role).or_default().open += 1;
                watched.counted = true;
            }
            out.push(Observed::Identified(identified(flow, client, role, ledger)));
        }
        for (place, entry) in &fresh.sent {
            let again = application.again(client, watched.opened, *place, entry);
            match again {
                Some(again) => watched.again.push(again),
                None => application.habits.note(entry),
            }
        }
        for answered in &fresh.answered {
            let place = watched.again.iter().position(|again| again.entry.is_same(&answered.entry));
            if let Some(place) = place {
                let Again { entry, flow: first, after } = watched.again.remove(place);
                if answered.good {
                    let command = Foreign::new(&entry.name.to_string());
                    out.push(Observed::RanTwice(RanTwice { command, flow: first, again: flow, after }));
                }
            }
        }
        let works = if role == FlowRole::Subscriber {
            let wanted = application.roles.get(&role).map_or(0, |role| role.channels);
            fresh.confirmed && ledger.channels[0] >= wanted.max(1)
        } else {
            fresh.good
        };
        if works {
            watched.works = true;
            out.extend(application.recovered(role, flow, ledger.now));
        }
        out
    }

    /// Takes the end of a connection, and returns what follows from it. `delivered` is the number of bytes that were
    /// written to the client.
    pub(in crate::proxy) fn ended(
        &self,
        (flow, client): (u64, Option<SocketAddr>),
        (how, by_client): (FlowEnd, bool),
        (ledger, watched): (&mut Ledger, &Watched),
        (now, delivered): (Stamp, u64),
    ) -> Vec<Observed> {
        let mut out = Vec::new();
        let lost: Vec<_> = ledger.undelivered.iter().filter(|answered| answered.from >= delivered).copied().collect();
        out.extend(lost.iter().filter(|answered| answered.good).filter_map(|answered| consequence(flow, answered)));
        let unanswered = ledger.unanswered.iter().filter(|entry| entry.kind.is_followed()).count();
        let in_doubt = (unanswered + lost.len()) as u64;
        if in_doubt > 0 {
            let answered = lost.len() as u64;
            out.push(Observed::OutcomeUnknown(OutcomeUnknown { flow, commands: in_doubt, answered }));
        }
        let mut application = self.0.borrow_mut();
        let oldest = ledger.unanswered.front().map(|entry| entry.at);
        let answered: Vec<_> = lost
            .iter()
            .filter(|answered| answered.good && answered.entry.kind == Kind::Additive)
            .map(|answered| answered.entry)
            .collect();
        if !answered.is_empty() {
            let most = (ledger.unanswered.len() + ledger.undelivered.len()) as u64;
            let client = client.map(|client| client.ip());
            application.losses.push_back(Loss { flow, client, at: now, most, answered });
            if application.losses.len() > LOSSES {
                application.losses.pop_front();
            }
        }
        let Some(role) = ledger.role.filter(|_| watched.counted) else { return out };
        let flows = application.flows;
        let known = application.roles.entry(role).or_default();
        known.open = known.open.saturating_sub(1);
        let silent = oldest.filter(|at| now.since(*at) >= PATIENCE);
        if role == FlowRole::Subscriber && (!by_client || silent.is_some()) {
            known.channels = known.channels.max(ledger.channels[0]);
        }
        if known.open == 0 && known.lost.is_none() && watched.works && (!by_client || silent.is_some()) {
            let at = silent.unwrap_or(now);
            known.lost = Some(Lost { at, flows });
            out.push(Observed::RoleLost(RoleLost { role, flow, how, ago: now.since(at) }));
        }
        out
    }

    /// Returns the figures of all connections.
    pub(in crate::proxy) fn totals(&self) -> Observed {
        let application = self.0.borrow();
        let quantiles =
            |times: &Distribution| [0.5, 0.99].map(|part| times.quantile(part).unwrap_or_default().as_secs_f64());
        Observed::Totals(Totals {
            server: quantiles(&application.server),
            application: quantiles(&application.application),
            ..application.totals.clone()
        })
    }
}

impl Application {
    /// Finds the lost command that this one repeats; `place` is its place among the commands of its connection.
    fn again(&mut self, client: Option<SocketAddr>, opened: Stamp, place: u64, entry: &Entry) -> Option<Again> {
        if entry.kind != Kind::Additive {
            return None;
        }
        let client = client.map(|client| client.ip());
        let now = entry.at;
        self.losses.retain(|loss| now.since(loss.at) < EXPECTED && !loss.answered.is_empty());
        let habits = &self.habits;
        self.losses.iter_mut().find_map(|loss| {
            let fits = loss.client == client && opened >= loss.at && place <= loss.most;
            let which = loss.answered.iter().position(|lost| lost.is_same(entry)).filter(|_| fits)?;
            let after = now.since(loss.at);
            if !habits.are_unique(&entry.name) {
                return None;
            }
            loss.answered.remove(which);
            Some(Again { entry: *entry, flow: loss.flow, after })
        })
    }

    fn recovered(&mut self, role: FlowRole, flow: u64, now: Stamp) -> Option<Observed> {
        let flows = self.flows;
        let known = self.roles.get_mut(&role)?;
        let lost = known.lost.take()?;
        let attempts = flows.saturating_sub(lost.flows).max(1);
        Some(Observed::RoleRecovered(RoleRecovered { role, flow, after: now.since(lost.at), attempts }))
    }
}

/// The certain consequence of the loss of a reply.
fn consequence(flow: u64, answered: &Answered) -> Option<Observed> {
    let lost = Undelivered { command: Foreign::new(&answered.entry.name.to_string()), flow };
    match answered.entry.kind {
        Kind::Removing => Some(Observed::ElementLost(lost)),
        Kind::Locking => Some(Observed::LockOrphaned(lost)),
        Kind::Additive | Kind::Handshake | Kind::Repeatable => None,
    }
}

fn identified(flow: u64, client: Option<SocketAddr>, role: FlowRole, ledger: &Ledger) -> Identified {
    let identity = &ledger.identity;
    let library = identity.library.as_ref().map(|library| match &identity.version {
        Some(version) => Foreign::new(&format!("{library} {version}")),
        None => library.clone(),
    });
    let address = client.map_or_else(|| "unknown".to_owned(), |client| client.to_string());
    Identified {
        flow,
        client: Foreign::new(&address),
        role,
        library,
        name: identity.name.clone(),
        user: identity.user.clone(),
    }
}
