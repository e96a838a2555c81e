//! Evidence about each outage: facts from the server, the kernel and this machine, gathered beside the connection under
//! test and never on it.
//!
//! The server is queried on a separate short-lived connection: soon after the start, every minute, after each outage and
//! at the end. The snapshot after one outage serves as the snapshot before the next. The server is queried at most once
//! a second, however many connections are lost: the outages of that second share its answers. The kernel is queried at
//! the moment of the loss, for a few microseconds ([`sockets`]); nothing here delays a reconnect.
//!
//! A run with faults queries the server directly, not through the fault proxy: no fault applies to that connection, and
//! its bytes do not count toward the triggers of a fault.

mod attempt_listener;
mod attempts;
mod case;
mod cycle;
mod gather;
mod own_lag;
mod server;
mod server_drift;
mod socket_end;
#[cfg_attr(not(target_os = "linux"), path = "evidence/no_sockets.rs")]
mod sockets;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, task::JoinSet};

use self::{
    attempt_listener::AttemptListener,
    case::{Case, LostConnection},
    own_lag::{OwnLag, TICK},
    server::Snapshot,
    sockets::{Ending, Sockets},
};
use crate::{
    classify::Failure,
    clock::{Clock, Stamp},
    dial::{ClientInfo, Route},
    event::{Announcement, Event, EventKind, EventSink},
    plan::{Address, Plan},
    session::{NoticeSender, Observer},
};

/// Minimum time between two queries of the server.
const PAUSE: Duration = Duration::from_secs(1);

/// Interval between two readings of TCP's figures.
const SAMPLE: Duration = Duration::from_secs(1);

/// Outages that can wait for the same answers; further outages are reported without the server's state.
const WAITING: usize = 256;

/// Lost sockets whose `Disconnected` event has not arrived yet.
const ENDINGS: usize = 1024;

/// Server announcements kept.
const ANNOUNCEMENTS: usize = 64;

/// Gathers evidence about the outages of one run: a sink of its events, and the observer of its sessions.
pub(crate) struct Collector {
    plan: Arc<Plan>,
    clock: Clock,
    notices: Arc<NoticeSender>,
    /// Route to the server itself, bypassing the fault proxy.
    direct: Route,
    /// True if the connections under test go through the fault proxy.
    proxied: bool,
    state: Mutex<State>,
    /// Signals that the server may have to be queried.
    wake: Notify,
    /// Signals that a connection was lost.
    losing: Notify,
}

struct State {
    sockets: Sockets,
    listener: AttemptListener,
    own_lag: OwnLag,
    announcements: VecDeque<(u32, Announcement)>,
    /// Lost sockets without their `Disconnected` event yet: connection and moment of the loss.
    endings: VecDeque<(u32, Stamp, Ending)>,
    connections: HashMap<u32, Connection>,
    /// Outages and stalls under way, by connection.
    open: HashMap<u32, Case>,
    /// Outages and stalls that are over and not reported yet.
    over: Vec<Case>,
    /// Outages and stalls that the query under way is about.
    asking: Vec<Case>,
    /// The last two snapshots in which the server was reached, the latest last.
    known: VecDeque<Arc<Snapshot>>,
    /// Time of the last query, and true if it reached the server.
    asked: Option<(Stamp, bool)>,
    /// Losses and stalls so far.
    count: u64,
}

/// A connection under test, as last described by the event stream and the server.
#[derive(Default)]
struct Connection {
    generation: u64,
    /// The latest two clients: the next client can be identified before the loss of the previous one is reported.
    clients: [ClientInfo; 2],
}

impl Connection {
    fn addr_of(&self, client_id: Option<u64>) -> Option<String> {
        let known = self.clients.iter().find(|client| client.id == client_id)?;
        known.addr.clone()
    }
}

impl Collector {
    /// Creates the collector for a run of `plan`; `proxied` is true if the run's own target is the fault proxy.
    pub(crate) fn new(plan: Arc<Plan>, direct: Route, proxied: bool, notices: Arc<NoticeSender>, clock: Clock) -> Self {
        let port = match &plan.target.address {
            Address::Tcp { port, .. } => Some(*port),
            Address::Unix(_) => None,
        };
        let state = State {
            sockets: Sockets::new(port, &plan.policy),
            listener: AttemptListener::new(&plan, port, direct.own()),
            own_lag: OwnLag::new(),
            announcements: VecDeque::new(),
            endings: VecDeque::new(),
            connections: HashMap::new(),
            open: HashMap::new(),
            over: Vec::new(),
            asking: Vec::new(),
            known: VecDeque::new(),
            asked: None,
            count: 0,
        };
        let (state, wake, losing) = (Mutex::new(state), Notify::new(), Notify::new());
        Self { plan, clock, notices, direct, proxied, state, wake, losing }
    }

    /// Starts the tasks that gather evidence; they run until they are aborted.
    pub(crate) fn start(self: &Arc<Self>, tasks: &mut JoinSet<()>) {
        tasks.spawn(Arc::clone(self).watch());
        tasks.spawn(Arc::clone(self).gather());
        tasks.spawn(Arc::clone(self).listen());
    }

    /// Samples this machine and the sockets until it is aborted.
    async fn watch(self: Arc<Self>) {
        let mut due = self.clock.now().after(TICK);
        let mut sampled = Stamp::START;
        loop {
            self.clock.sleep_until(due).await;
            let now = self.clock.now();
            let mut state = self.lock();
            let remark = state.own_lag.tick(due, now);
            state.sockets.catch_up(now);
            if now.since(sampled) >= SAMPLE {
                sampled = now;
                state.sockets.sample(now);
                if state.open.values().any(|case| case.is_due(now)) {
                    self.wake.notify_one();
                }
            }
            drop(state);
            if let Some(text) = remark {
                self.notices.emit(now, None, EventKind::Note { text });
            }
            due = now.after(TICK);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Collector {
    fn on_identified(&self, connection: u32, client: &ClientInfo, now: Stamp) {
        let mut state = self.lock();
        let known = state.connections.entry(connection).or_default();
        known.clients.swap(0, 1);
        known.clients[0] = client.clone();
        state.sockets.follow(connection, client);
        // A single ping is over before its socket could be found. Otherwise the next tick looks for it.
        if !self.plan.is_single_ping() {
            state.sockets.look(now);
            state.listener.prepare();
        }
    }

    /// Holds the socket as the loss left it, and leaves the rest to [`Collector::listen`].
    fn on_lost(&self, connection: u32, lost: Stamp, now: Stamp) {
        let mut state = self.lock();
        let ending = state.sockets.end(connection, now);
        if state.endings.len() == ENDINGS {
            state.endings.pop_front();
        }
        state.endings.push_back((connection, lost, ending));
        state.listener.begin(connection, lost, now);
        drop(state);
        self.losing.notify_one();
    }

    fn on_attempt_failed(&self, connection: u32, failure: &Failure, at: Stamp) {
        if let Some(attempts) = self.lock().listener.latest(connection) {
            attempts.failed(at, failure.to_string());
        }
    }

    fn on_replaced(&self, connection: u32, now: Stamp) {
        let mut state = self.lock();
        state.listener.hear(now);
        if let Some(attempts) = state.listener.latest(connection) {
            attempts.restart(now);
        }
    }

    fn on_dialed(&self, succeeded: bool, now: Stamp) {
        self.direct.own().dialled(succeeded, now);
    }
}

impl EventSink for Arc<Collector> {
    fn on_event(&mut self, event: &Event) {
        let Some(connection) = event.connection else { return };
        let over = self.lock().on_event(connection, event, self.clock.now());
        if over {
            self.wake.notify_one();
        }
    }
}

impl State {
    /// Handles an event of a connection; returns true if an outage or a stall is over.
    fn on_event(&mut self, connection: u32, event: &Event, now: Stamp) -> bool {
        match &event.kind {
            EventKind::Connected(connected) => self.connection(connection).generation = connected.generation,
            EventKind::Superseded { generation, .. } => self.connection(connection).generation = *generation,
            EventKind::Announced { kind } => self.on_announced(connection, kind, event.at),
            EventKind::Disconnected(loss) => {
                let addr = self.connection(connection).addr_of(loss.client_id);
                let lost = LostConnection { generation: loss.generation, client_id: loss.client_id, addr };
                let before = self.before(event.at);
                self.begin_case(Case::lost(connection, lost, event.at, loss, before));
            }
            EventKind::Stalled { since, .. } => {
                self.sockets.sample_one(connection, event.at);
                let generation = self.connection(connection).generation;
                self.begin_case(Case::stalled(connection, generation, *since, self.before(*since)));
            }
            EventKind::Reconnected(back) => {
                self.connection(connection).generation = back.generation;
                self.end_case(connection, event.at, back.failure.as_ref(), now);
                return true;
            }
            EventKind::Resumed { .. } => {
                self.end_case(connection, event.at, None, now);
                return true;
            }
            _ => {}
        }
        false
    }

    fn connection(&mut self, connection: u32) -> &mut Connection {
        self.connections.entry(connection).or_default()
    }

    fn on_announced(&mut self, connection: u32, kind: &str, at: Stamp) {
        if self.announcements.len() == ANNOUNCEMENTS {
            self.announcements.pop_front();
        }
        self.announcements.push_back((connection, Announcement { at, kind: kind.to_owned() }));
    }

    fn begin_case(&mut self, case: Case) {
        self.count += 1;
        // A stall that ends with the loss of the connection belongs to that outage.
        self.count -= u64::from(self.open.insert(case.connection, case).is_some());
    }

    /// Ends the outage or stall of a connection. `failure` is a cause of the loss that became known since.
    fn end_case(&mut self, connection: u32, at: Stamp, failure: Option<&Failure>, now: Stamp) {
        self.examine(now);
        let Some(mut case) = self.open.remove(&connection) else { return };
        let lost = case.loss();
        let attempts = lost.and_then(|lost| self.listener.end(connection, lost, at, now));
        case.end(failure, self.sockets.figures(connection), at);
        if let Some(attempts) = attempts {
            case.attempted(attempts);
        }
        case.unasked = self.over.len() >= WAITING;
        self.over.push(case);
    }

    /// Examines the sockets of lost connections and releases them, reported or not.
    fn examine(&mut self, now: Stamp) {
        for (connection, lost, ending) in std::mem::take(&mut self.endings) {
            let ended = self.sockets.ended(ending, now);
            match self.open.get_mut(&connection).filter(|case| case.evidence.lost == lost) {
                Some(case) => case.examined(ended),
                None => self.endings.push_back((connection, lost, Ending::Seen(ended))),
            }
        }
    }

    /// Returns the latest snapshot taken before `moment`.
    fn before(&self, moment: Stamp) -> Option<Arc<Snapshot>> {
        self.known.iter().rev().find(|known| known.finished <= moment).cloned()
    }
}
