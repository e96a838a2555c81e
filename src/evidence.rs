//! Evidence about each outage: facts from the server, the kernel and this machine, gathered beside the connection under
//! test and never on it.
//!
//! The server is queried on a separate short-lived connection: soon after the start, every minute, after each outage
//! and at the end. The snapshot after one outage serves as the snapshot before the next. The server is queried at most
//! once a second, however many connections are lost: the outages of that second share its answers. The kernel is
//! queried at the moment of the loss, for a few microseconds ([`sockets`]); nothing here delays a reconnect.
//!
//! A run with faults queries the server directly, not through the fault proxy: no fault applies to that connection, and
//! its bytes do not count toward the triggers of a fault.

mod attempt_listener;
mod attempts;
mod casebook;
mod cycle;
mod ended_socket;
mod gather;
mod ledger;
mod name;
mod outage_case;
mod own_lag;
mod server;
mod server_drift;
mod snapshots;
#[cfg_attr(not(target_os = "linux"), path = "evidence/no_sockets.rs")]
mod sockets;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, task::JoinSet};

pub(crate) use self::sockets::SocketScan;
use self::{
    attempt_listener::AttemptListener,
    casebook::{Casebook, SAMPLE},
    own_lag::TICK,
    sockets::Sockets,
};
use crate::{
    classify::Failure,
    clock::{Clock, Stamp},
    dial::{ClientInfo, Route},
    event::{Event, EventKind, EventSink, Peer},
    plan::{Address, Plan, Target},
    session::{NoticeSender, Observer},
};

/// Pause between two lookups of the target's name.
const LOOKUP: Duration = Duration::from_secs(2);

/// Gathers evidence about the outages of one run: a sink of its events, and the observer of its sessions.
pub(crate) struct Collector {
    plan: Arc<Plan>,
    clock: Clock,
    notices: Arc<NoticeSender>,
    /// Route to the server itself, bypassing the fault proxy; another one after a move.
    direct: Mutex<Route>,
    /// True if the connections under test go through the fault proxy.
    proxied: bool,
    cases: Mutex<Casebook>,
    /// Signals that the server may have to be queried.
    wake: Notify,
    /// Signals that a connection was lost.
    lost: Notify,
}

impl Collector {
    /// Creates the collector for a run of `plan`. `proxied` is true if the run's own target is the fault proxy, `shared`
    /// if another target has the same address. All targets of a run use the same `scan`.
    pub(crate) fn new(
        plan: Arc<Plan>,
        direct: Route,
        (proxied, shared): (bool, bool),
        notices: Arc<NoticeSender>,
        (clock, scan): (Clock, Arc<Mutex<SocketScan>>),
    ) -> Self {
        let port = port(&plan.target);
        let listener = AttemptListener::new(&plan, port, shared, direct.own());
        let cases = Mutex::new(Casebook::new(Sockets::new(port, &plan.policy, scan), listener));
        let direct = Mutex::new(direct);
        Self { plan, clock, notices, direct, proxied, cases, wake: Notify::new(), lost: Notify::new() }
    }

    /// Starts the tasks that gather evidence; they run until they are aborted.
    pub(crate) fn start(self: &Arc<Self>, tasks: &mut JoinSet<()>) {
        tasks.spawn(Arc::clone(self).watch());
        tasks.spawn(Arc::clone(self).gather());
        tasks.spawn(Arc::clone(self).listen());
        tasks.spawn(Arc::clone(self).follow_name());
    }

    /// Resolves the target's name beside the run, until it is aborted.
    async fn follow_name(self: Arc<Self>) {
        // Behind the fault proxy, the connections under test do not depend on the name.
        // Sentinels and a cluster name an address.
        let direct = self.direct();
        let named = direct.host_name().filter(|_| !self.proxied && !self.plan.is_single_ping());
        let Some(name) = named.filter(|_| !self.plan.follows()) else { return };
        loop {
            self.clock.sleep_until(self.clock.now().after(LOOKUP)).await;
            let Some(answer) = direct.resolve().await else { continue };
            let left = self.lock().resolved(name, &answer, self.clock.now());
            if left {
                self.wake.notify_one();
            }
        }
    }

    /// Samples this machine and the sockets until it is aborted.
    async fn watch(self: Arc<Self>) {
        let mut due = self.clock.now().after(TICK);
        let mut sampled = Stamp::START;
        loop {
            self.clock.sleep_until(due).await;
            let now = self.clock.now();
            let mut cases = self.lock();
            let mut news = Vec::new();
            cases.own_lag.tick(due, now);
            cases.sockets.scan_if_due(now);
            if now.since(sampled) >= SAMPLE {
                sampled = now;
                cases.sample(now);
                news.extend(cases.server_news(now, false));
                if cases.any_is_due(now) || cases.wants_look(now) {
                    self.wake.notify_one();
                }
            }
            drop(cases);
            self.emit(news, now);
            due = now.after(TICK);
        }
    }

    fn emit(&self, news: Vec<EventKind>, at: Stamp) {
        news.into_iter().for_each(|kind| self.notices.emit(at, None, kind));
    }

    fn direct(&self) -> Route {
        self.direct.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock(&self) -> MutexGuard<'_, Casebook> {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn port(target: &Target) -> Option<u16> {
    match &target.address {
        Address::Tcp { port, .. } => Some(*port),
        Address::Unix(_) => None,
    }
}

impl Observer for Collector {
    fn on_reached(&self, server: &Peer, now: Stamp) {
        let news = self.lock().on_reached(server, &self.plan, now);
        self.emit(news, now);
    }

    fn on_role(&self, server: &Peer, now: Stamp) {
        let news = self.lock().on_role(server, &self.plan, now);
        if !news.is_empty() {
            self.wake.notify_one();
        }
        self.emit(news, now);
    }

    fn on_identified(&self, connection: u32, client: &ClientInfo, now: Stamp) {
        let mut cases = self.lock();
        cases.on_identified(connection, client);
        // A single ping is over before its socket could be found. Otherwise the next tick looks for it.
        if !self.plan.is_single_ping() {
            cases.sockets.scan_if_due(now);
            cases.listener.prepare();
        }
    }

    /// Holds the socket as the loss left it, and leaves the rest to [`Collector::listen`].
    fn on_lost(&self, connection: u32, lost: Stamp, now: Stamp) {
        self.lock().on_lost(connection, lost, now);
        self.lost.notify_one();
    }

    fn on_attempt_failed(&self, connection: u32, failure: &Failure, at: Stamp) {
        if let Some(attempts) = self.lock().listener.latest(connection) {
            attempts.failed(at, failure.text.clone());
        }
    }

    fn on_replaced(&self, connection: u32, now: Stamp) {
        let mut cases = self.lock();
        cases.listener.read(now);
        if let Some(attempts) = cases.listener.latest(connection) {
            attempts.restart(now);
        }
    }

    fn on_moved(&self, target: &Target) {
        let mut direct = self.direct.lock().unwrap_or_else(PoisonError::into_inner);
        *direct = direct.to(target.clone());
        self.lock().on_moved(port(target));
    }

    fn on_dialed(&self, succeeded: bool, now: Stamp) {
        self.direct().own().dialed(succeeded, now);
    }

    fn standstill(&self, from: Stamp, to: Stamp) -> Duration {
        self.lock().own_lag.standstill(from, to)
    }

    fn round_trip(&self, connection: u32) -> Option<Duration> {
        self.lock().sockets.figures(connection)?.min_rtt
    }
}

impl EventSink for Arc<Collector> {
    fn on_event(&mut self, event: &Event) {
        let Some(connection) = event.connection else { return self.lock().flows.on_event(&event.kind) };
        let (over, news) = {
            let mut cases = self.lock();
            let over = cases.on_event(connection, event, self.clock.now());
            (over, cases.on_connected(connection, &event.kind, &self.plan, event.at))
        };
        self.emit(news, event.at);
        if over {
            self.wake.notify_one();
        }
    }
}
