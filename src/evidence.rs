//! Evidence about each outage: what the server, the kernel and this machine say about it, gathered beside the
//! connection under test and never on it.
//!
//! The server is asked on a short-lived connection of its own, soon after the start, each minute, after each outage and
//! at the end; what it says after one outage is what it said before the next. However many connections are lost and
//! however often, it is asked about once a second: outages in between share the answers. The kernel is asked at the
//! moment of the loss, for a few microseconds ([`socket`]); nothing here waits in the way of a reconnect.
//!
//! A run with faults asks the server itself and not through the fault proxy: no fault is for this connection, and what
//! it sends is not to count among what faults are told by.

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

/// Between two sets of questions.
const PAUSE: Duration = Duration::from_secs(1);

/// TCP's figures are read this often.
const SAMPLE: Duration = Duration::from_secs(1);

/// Outages that may wait for the same answers; more of them in a second are told without.
const WAITING: usize = 256;

/// Sockets that ended and whose loss has not been told yet.
const ENDINGS: usize = 1024;

/// Announcements that are kept.
const ANNOUNCEMENTS: usize = 64;

/// Gathers evidence about the outages of one run: a sink of its events, and the observer of its sessions.
pub(crate) struct Collector {
    plan: Arc<Plan>,
    clock: Clock,
    notices: Arc<NoticeSender>,
    /// Leads to the server itself, where the connections under test go through the fault proxy.
    direct: Route,
    /// The connections under test go through the fault proxy.
    proxied: bool,
    state: Mutex<State>,
    /// The server may have to be queried.
    wake: Notify,
    /// A connection was lost.
    losing: Notify,
}

struct State {
    sockets: Sockets,
    listener: AttemptListener,
    own_lag: OwnLag,
    announcements: VecDeque<(u32, Announcement)>,
    /// Sockets whose loss has not come through the event stream yet: connection and moment of the loss.
    endings: VecDeque<(u32, Stamp, Ending)>,
    connections: HashMap<u32, Connection>,
    /// Outages and stalls under way, by connection.
    open: HashMap<u32, Case>,
    /// Those that are over.
    over: Vec<Case>,
    /// Those of them that the server is being queried about.
    asking: Vec<Case>,
    /// The server's last two answers, the latest last.
    known: VecDeque<Arc<Snapshot>>,
    /// When it was last queried, and whether it could be reached.
    asked: Option<(Stamp, bool)>,
    /// Losses and stalls so far.
    count: u64,
}

/// A connection under test as the event stream and the server last described it.
#[derive(Default)]
struct Connection {
    generation: u64,
    /// Its latest two clients: one may be identified before the loss of the other comes through the event stream.
    clients: [ClientInfo; 2],
}

impl Connection {
    fn addr_of(&self, client_id: Option<u64>) -> Option<String> {
        let known = self.clients.iter().find(|client| client.id == client_id)?;
        known.addr.clone()
    }
}

impl Collector {
    /// Gathers for a run of `plan`, whose own target is a proxy where `proxied`. The server is reached by `direct`.
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

    /// Starts the tasks that gather, until they are ended.
    pub(crate) fn start(self: &Arc<Self>, tasks: &mut JoinSet<()>) {
        tasks.spawn(Arc::clone(self).watch());
        tasks.spawn(Arc::clone(self).gather());
        tasks.spawn(Arc::clone(self).listen());
    }

    /// Watches this machine and the sockets, until it is ended.
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
        // A single probe is over before a look for its socket would be. Otherwise, the next tick looks for it.
        if !self.plan.is_single_ping() {
            state.sockets.look(now);
            state.listener.prepare();
        }
    }

    /// Keeps the socket as it is until it is examined, and leaves what can wait to [`Collector::listen`].
    fn on_losing(&self, connection: u32, lost: Stamp, now: Stamp) {
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
    /// Takes an event of a connection in; returns whether an outage or a stall is over.
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
        // A stall that ends with the loss of the connection is part of that outage.
        self.count -= u64::from(self.open.insert(case.connection, case).is_some());
    }

    /// The outage or stall of a connection was over at `at`; `failure` is a cause of the loss that became known since.
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

    /// Looks at the sockets of lost connections. They are not held any longer, whether their losses are told yet or not.
    fn examine(&mut self, now: Stamp) {
        for (connection, lost, ending) in std::mem::take(&mut self.endings) {
            let ended = self.sockets.ended(ending, now);
            match self.open.get_mut(&connection).filter(|case| case.evidence.lost == lost) {
                Some(case) => case.examined(ended),
                None => self.endings.push_back((connection, lost, Ending::Seen(ended))),
            }
        }
    }

    /// What was known of the server before a moment.
    fn before(&self, moment: Stamp) -> Option<Arc<Snapshot>> {
        self.known.iter().rev().find(|known| known.finished <= moment).cloned()
    }
}
