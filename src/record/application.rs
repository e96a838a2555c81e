//! An application behind the proxy: who it is, its roles, and what the loss of connections did to its commands.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    clock::{SecondsList, Stamp},
    event::{
        ChannelsMissing, Ended, Event, EventKind, FlowEnd, FlowRole, Identified, Observed, Process, RanTwice, Stale,
        Totals, Undelivered,
    },
    foreign::Foreign,
};

/// Rows of each list.
const LONGEST: usize = 1000;

/// Outages and attempts of a role whose times are listed.
const RETURNS: usize = 200;
const ATTEMPTS: usize = 20;

/// Width of the window in which new connections are counted together.
const WINDOW: Duration = Duration::from_millis(100);

/// An observed application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Application {
    /// Clients: those with the same library, name, user and process are one row.
    pub clients: Vec<Client>,
    /// Connections to the proxy.
    pub connections: u64,
    /// Connections for which the proxy found no server.
    pub unreachable: u64,
    /// Roles of the connections. The outages of a role are those of the connection with its number.
    pub roles: Vec<RoleRow>,
    /// Figures of all connections; null if the journal was cut off before them.
    pub totals: Option<Totals>,
    /// Commands that ran twice: the first thousand, as below.
    pub ran_twice: Vec<RanTwice>,
    /// Number of all of them.
    pub ran_twice_count: u64,
    /// Commands that probably ran twice: the application also repeats them on purpose, only never as soon.
    pub ran_twice_probably: Vec<RanTwice>,
    /// Elements that the server removed and the application did not receive.
    pub elements_lost: Vec<Undelivered>,
    /// Number of all of them.
    pub elements_lost_count: u64,
    /// Locks that the server granted and the application does not know of.
    pub locks_orphaned: Vec<Undelivered>,
    /// Reads of a consumer group whose entries stay pending.
    pub left_pending: Vec<Undelivered>,
    /// Writes of which the application does not know if they ran.
    pub outcome_unknown: u64,
    /// Connections that were dead when they were used, while others of their role worked.
    pub stale_connections: Vec<Stale>,
    /// Connections that the other side closed and the client did not.
    pub half_closed: u64,
    /// Connections whose client did not read for a time.
    pub unread: u64,
    /// Channels that are not subscribed to again; null if none is missing.
    pub channels_missing: Option<ChannelsMissing>,
    /// Largest number of connections that were opened within 100 ms while a role was lost.
    pub attempt_peak: u64,
    /// End of the application that redis-doctor started; null if it did not start one, or it has not ended.
    pub ended: Option<Ended>,
}

/// Clients that give the same name for themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Client {
    /// Library and version, from CLIENT SETINFO.
    pub library: Option<Foreign>,
    /// Name, from CLIENT SETNAME or HELLO.
    pub name: Option<Foreign>,
    /// ACL user, from AUTH or HELLO.
    pub user: Option<Foreign>,
    /// Number of connections.
    pub connections: u64,
    /// Processes of the first of these on this machine, with the name of the program.
    pub processes: Vec<(u32, Foreign)>,
    /// Number of the first connection.
    #[serde(skip)]
    first: u64,
}

/// A role of connections.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct RoleRow {
    /// Use of the connections.
    pub role: FlowRole,
    /// Its number, as `connection` of an outage.
    pub number: u32,
    /// Number of connections so far.
    pub connections: u64,
    /// Outages.
    pub outages: u64,
    /// True if the last outage was not over at the end.
    pub down: bool,
    /// True if its connection ended and no other was made: the application did nothing that could show if it survives.
    pub unproven: bool,
    /// Attempts to come back in each outage: the first 200.
    pub returns: Vec<Return>,
}

/// The connections that an application opened in an outage of a role.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Return {
    /// Time of the loss.
    pub lost_at: Stamp,
    /// Number of connections.
    pub attempts: u64,
    /// Starts of the first 20, counted from the loss.
    #[serde(with = "SecondsList")]
    #[schemars(with = "SecondsList")]
    pub schedule: Vec<Duration>,
    /// True if the role works again.
    pub back: bool,
    /// True if its last connection has ended.
    #[serde(skip)]
    closed: bool,
}

/// Folds the events about an application.
#[derive(Clone, Debug, Default)]
pub(super) struct Observation {
    seen: Application,
    roles: BTreeMap<FlowRole, RoleRow>,
    /// Connections that were opened lately.
    opened: VecDeque<Stamp>,
}

impl Observation {
    pub(super) fn on_event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::FlowOpened(_) => self.opened(event.at),
            EventKind::FlowClosed(closed) => {
                self.seen.unreachable += u64::from(closed.how == FlowEnd::Unreachable);
            }
            EventKind::Stalled { since, .. } => self.lost(event, *since),
            EventKind::Disconnected(_) => {
                self.lost(event, event.at);
                let last = self.role_of(event).and_then(|role| role.returns.last_mut());
                last.into_iter().for_each(|last| last.closed = true);
            }
            EventKind::Resumed { .. } | EventKind::Reconnected(_) => {
                // Attempts of an outage that is over do not count for the next one.
                self.opened.clear();
                if let Some(role) = self.role_of(event) {
                    role.down = false;
                    if let Some(back) = role.returns.last_mut() {
                        back.back = true;
                    }
                }
            }
            EventKind::Observed(observed) => self.observed(observed),
            // Other events are of redis-doctor's own client, or are counted elsewhere.
            _ => {}
        }
    }

    /// Returns the row of the role that an event is about.
    fn role_of(&mut self, event: &Event) -> Option<&mut RoleRow> {
        event.connection.and_then(FlowRole::numbered).map(|role| self.role(role))
    }

    fn role(&mut self, role: FlowRole) -> &mut RoleRow {
        self.roles.entry(role).or_insert_with(|| RoleRow {
            role,
            number: role.number(),
            connections: 0,
            outages: 0,
            down: false,
            unproven: false,
            returns: Vec::new(),
        })
    }

    fn opened(&mut self, at: Stamp) {
        self.seen.connections += 1;
        let mut down = false;
        for role in self.roles.values_mut().filter(|role| role.down) {
            down = true;
            let Some(current) = role.returns.last_mut().filter(|current| !current.back) else { continue };
            current.attempts += 1;
            if current.schedule.len() < ATTEMPTS {
                current.schedule.push(at.since(current.lost_at));
            }
        }
        if down {
            self.opened.push_back(at);
            while self.opened.front().is_some_and(|first| at.since(*first) >= WINDOW) {
                self.opened.pop_front();
            }
            self.seen.attempt_peak = self.seen.attempt_peak.max(self.opened.len() as u64);
        }
    }

    fn lost(&mut self, event: &Event, at: Stamp) {
        let Some(role) = self.role_of(event).filter(|role| !role.down) else { return };
        role.down = true;
        role.outages += 1;
        if role.returns.len() == RETURNS {
            role.returns.remove(RETURNS / 2);
        }
        role.returns.push(Return { lost_at: at, attempts: 0, schedule: Vec::new(), back: false, closed: false });
    }

    fn observed(&mut self, observed: &Observed) {
        let seen = &mut self.seen;
        match observed {
            Observed::Identified(it) => self.identified(it),
            Observed::Process(it) => self.process(it),
            Observed::StaleConnection(it) => push(&mut seen.stale_connections, *it),
            Observed::HalfClosed(_) => seen.half_closed += 1,
            Observed::Unread(_) => seen.unread += 1,
            Observed::RanTwice(it) => {
                seen.ran_twice_count += 1;
                push(&mut seen.ran_twice, it.clone());
            }
            Observed::ProbablyRanTwice(it) => push(&mut seen.ran_twice_probably, it.clone()),
            Observed::ElementLost(it) => {
                seen.elements_lost_count += 1;
                push(&mut seen.elements_lost, it.clone());
            }
            Observed::LockOrphaned(it) => push(&mut seen.locks_orphaned, it.clone()),
            Observed::LeftPending(it) => push(&mut seen.left_pending, it.clone()),
            Observed::OutcomeUnknown(it) => seen.outcome_unknown += it.commands,
            Observed::ChannelsMissing(it) => seen.channels_missing = Some(it.clone()),
            Observed::Ended(it) => seen.ended = Some(it.clone()),
            Observed::Totals(it) => seen.totals = Some(it.clone()),
        }
    }

    fn identified(&mut self, it: &Identified) {
        self.role(it.role).connections += 1;
        let clients = &mut self.seen.clients;
        let is_same =
            |known: &&mut Client| (&known.library, &known.name, &known.user) == (&it.library, &it.name, &it.user);
        match clients.iter_mut().find(is_same) {
            Some(known) => known.connections += 1,
            None => {
                let (library, name, user) = (it.library.clone(), it.name.clone(), it.user.clone());
                let client = Client { library, name, user, connections: 1, processes: Vec::new(), first: it.flow };
                push(clients, client);
            }
        }
    }

    fn process(&mut self, it: &Process) {
        let client = self.seen.clients.iter_mut().rfind(|client| client.first <= it.flow);
        if let Some(client) = client.filter(|client| client.processes.iter().all(|(pid, _)| *pid != it.pid)) {
            push(&mut client.processes, (it.pid, it.program.clone()));
        }
    }

    /// Returns the application as it was seen.
    pub(super) fn concluded(&self) -> Application {
        let roles = self.roles.values().map(|row| {
            let unproven = row.down && row.returns.last().is_some_and(|last| last.closed && last.attempts == 0);
            RoleRow { unproven, ..row.clone() }
        });
        Application { roles: roles.collect(), ..self.seen.clone() }
    }
}

fn push<T>(list: &mut Vec<T>, row: T) {
    if list.len() < LONGEST {
        list.push(row);
    }
}
