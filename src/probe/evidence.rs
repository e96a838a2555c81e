//! Evidence about each outage: what the server, the kernel and this machine say about it, gathered beside the
//! connection under test and never on it.
//!
//! The server is asked on a short-lived connection of its own, soon after the start, each minute, and after each outage;
//! what it says after one outage is what it said before the next. However many connections are lost and however often,
//! it is asked about once a second: outages in between share the answers. The kernel is asked at the moment of the
//! loss, for a few microseconds ([`socket`]); nothing here waits in the way of a reconnect.
//!
//! A run with faults asks the server itself and not through the fault proxy: no fault is for this connection, and what
//! it sends is not to count among what faults are told by.

mod attempts;
mod case;
mod cycle;
#[cfg_attr(not(target_os = "linux"), path = "evidence/no_destroyed.rs")]
mod destroyed;
#[cfg(target_os = "linux")]
mod diag;
mod hearing;
mod host;
mod server;
#[cfg(target_os = "linux")]
mod socket;
#[cfg(not(target_os = "linux"))]
#[path = "evidence/no_socket.rs"]
mod socket;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use self::{
    case::Case,
    hearing::Hearing,
    host::{Host, TICK},
    server::Snapshot,
    socket::Sockets,
};
pub(super) use self::{case::Loser, hearing::listen};
use super::{Context, identity::ClientInfo, link::Loss, path::Path, question::WaitingFailure};
use crate::{
    clock::Stamp,
    event::{Announcement, EventKind, SocketEnd, TcpFigures},
    plan::{Address, Name, Plan},
};

/// From the start to the first question: a run that is shorter asks nothing.
const FIRST: Duration = Duration::from_millis(500);

/// Between two sets of questions.
const PAUSE: Duration = Duration::from_secs(1);

/// While nothing happens, what is known of the server is renewed this often.
const RENEWAL: Duration = Duration::from_secs(60);

/// The same when it could not be reached.
const RETRY: Duration = Duration::from_secs(5);

/// What is known of an outage is told after this long, whether it is over or not.
const LONG: Duration = Duration::from_secs(10);

/// How long the questions after the run's end may take.
const LAST: Duration = Duration::from_millis(500);

/// TCP's figures are read this often.
const SAMPLE: Duration = Duration::from_secs(1);

/// Outages that may wait for the same answers; more of them in a second are told without.
const WAITING: usize = 256;

/// Sockets whose end was seen and whose loss has not been told yet.
const ENDINGS: usize = 1024;

/// Announcements that are kept, and how many are told in a second.
const ANNOUNCEMENTS: usize = 64;
const ANNOUNCED_A_SECOND: usize = 10;

/// Before a loss, an announcement may be about it.
const ANNOUNCED_BEFORE: Duration = Duration::from_secs(60);

/// What is gathered, and for which outages.
pub(super) struct Gathering {
    on: bool,
    /// Whether the run is a single probe, and so over before a look for its socket would be.
    brief: bool,
    path: Path,
    state: Mutex<State>,
    /// There may be something to ask for.
    wake: Notify,
    /// The kernel begins to be listened to.
    listening: Notify,
}

struct State {
    sockets: Sockets,
    hearing: Hearing,
    host: Host,
    announcements: VecDeque<(u32, Announcement)>,
    /// How sockets ended whose loss the monitor has not come to yet: connection and moment of the loss.
    endings: VecDeque<(u32, Stamp, Ended)>,
    /// Outages and stalls under way, by connection.
    open: HashMap<u32, Case>,
    /// Those that are over.
    over: Vec<Case>,
    /// Those of them that the server is being asked for.
    asking: Vec<Case>,
    /// What the server said the last two times, the latest last.
    known: VecDeque<Arc<Snapshot>>,
    /// When it was last asked, and whether it could be reached.
    asked: Option<(Stamp, bool)>,
    /// Losses and stalls so far.
    count: u64,
}

/// What is known of a socket that ended.
#[derive(Clone, Debug, Default, PartialEq)]
struct Ended {
    how: Option<SocketEnd>,
    figures: Option<TcpFigures>,
    /// Why there is less than there could be.
    missing: Option<String>,
}

impl Gathering {
    /// Gathers for a run of `plan`, whose server can be asked on `path`.
    pub(super) fn new(plan: &Plan, path: Path) -> Self {
        let port = match &plan.target.address {
            Address::Tcp { port, .. } => Some(*port),
            Address::Unix(_) => None,
        };
        let state = State {
            sockets: Sockets::new(port, &plan.policy),
            hearing: Hearing::new(plan, port, path.own()),
            host: Host::new(),
            announcements: VecDeque::new(),
            endings: VecDeque::new(),
            open: HashMap::new(),
            over: Vec::new(),
            asking: Vec::new(),
            known: VecDeque::new(),
            asked: None,
            count: 0,
        };
        let (wake, listening) = (Notify::new(), Notify::new());
        Self { on: plan.evidence, brief: plan.is_single_ping(), path, state: Mutex::new(state), wake, listening }
    }

    /// Whether anything is gathered.
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// A connection has come up.
    pub(super) fn on_up(&self, connection: u32, client: &ClientInfo, now: Stamp) {
        if !self.on {
            return;
        }
        let mut state = self.lock();
        state.sockets.follow(connection, client);
        // Otherwise, the next tick looks for it.
        if !self.brief {
            state.sockets.look(now);
        }
    }

    /// The loss of a connection is noticed: its socket is looked at before anything is done with it. Runs in the task
    /// that reconnects.
    pub(super) fn on_losing(&self, connection: u32, lost: Stamp, now: Stamp) {
        if !self.on {
            return;
        }
        let mut state = self.lock();
        let ended = state.sockets.end(connection, now);
        if state.endings.len() == ENDINGS {
            state.endings.pop_front();
        }
        state.endings.push_back((connection, lost, ended));
        if state.hearing.begin(connection, lost, now) {
            self.listening.notify_one();
        }
    }

    /// A connection was lost.
    pub(super) fn on_lost(&self, connection: u32, loser: Loser, loss: &Loss) {
        if !self.on {
            return;
        }
        let mut state = self.lock();
        let found = state.endings.iter().position(|(whose, lost, _)| *whose == connection && *lost == loss.at);
        let ended = found.and_then(|at| state.endings.remove(at)).map(|(_, _, ended)| ended).unwrap_or_default();
        let case = Case::lost(connection, loser, loss, ended, state.before(loss.at));
        state.count += 1;
        // A stall that ends with the loss of the connection is part of that outage.
        state.count -= u64::from(state.open.insert(connection, case).is_some());
    }

    /// A connection has fallen silent.
    pub(super) fn on_stalled(&self, connection: u32, generation: u64, since: Stamp, now: Stamp) {
        if !self.on {
            return;
        }
        let mut state = self.lock();
        state.sockets.sample_one(connection, now);
        let case = Case::stalled(connection, generation, since, state.before(since));
        state.count += 1;
        state.open.insert(connection, case);
    }

    /// An attempt to come back has failed, as far as can be seen.
    pub(super) fn on_attempt(&self, connection: u32, failed: &WaitingFailure) {
        let mut state = self.lock();
        if let Some(attempts) = state.hearing.latest(connection) {
            attempts.failed(failed.at, failed.failure.to_string());
        }
    }

    /// The outage or stall of a connection was over at `at`; `loss` is what an outage turned out to be.
    pub(super) fn on_over(&self, connection: u32, loss: Option<&Loss>, at: Stamp, now: Stamp) {
        let mut state = self.lock();
        let attempts = loss.and_then(|loss| state.hearing.end(connection, loss.at, at, now));
        let Some(mut case) = state.open.remove(&connection) else {
            return;
        };
        case.end(loss, state.sockets.figures(connection), at);
        if let Some(attempts) = attempts {
            case.attempted(attempts);
        }
        case.unasked = state.over.len() >= WAITING;
        state.over.push(case);
        drop(state);
        self.wake.notify_one();
    }

    /// The server has pushed something that is neither a message nor a confirmation. Returns its kind when that is to
    /// be told.
    pub(super) fn on_announced(&self, connection: u32, kind: &str, at: Stamp) -> Option<String> {
        let kind = Name::from(&kind.as_bytes()[..kind.len().min(60)]).to_string();
        let mut state = self.lock();
        let recent = state.announcements.iter().rev().take(ANNOUNCED_A_SECOND);
        if recent.filter(|(_, known)| at.since(known.at) < PAUSE).count() == ANNOUNCED_A_SECOND {
            return None;
        }
        if state.announcements.len() == ANNOUNCEMENTS {
            state.announcements.pop_front();
        }
        state.announcements.push_back((connection, Announcement { at, kind: kind.clone() }));
        Some(kind)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What was known of the server before a moment.
    fn before(&self, moment: Stamp) -> Option<Arc<Snapshot>> {
        self.known.iter().rev().find(|known| known.finished <= moment).cloned()
    }

    /// When the server is to be asked next, in a run that began gathering at `started`.
    fn due(&self, started: Stamp, now: Stamp) -> Stamp {
        let pressing = self.is_pressing(now);
        match self.asked {
            None if pressing => now,
            // What would be asked before an outage is over is worth nothing as what was before the next.
            _ if !pressing && !self.open.is_empty() => now.after(SAMPLE),
            None => started.after(FIRST),
            Some((last, _)) if pressing => last.after(PAUSE),
            Some((last, true)) => last.after(RENEWAL),
            Some((last, false)) => last.after(RETRY),
        }
    }

    /// Whether an outage waits for the server's answers.
    fn is_pressing(&self, now: Stamp) -> bool {
        !self.over.is_empty() || self.open.values().any(|case| case.is_due(now))
    }

    /// Takes the outages that the server is now to be asked for, and gives the clients that may be ghosts.
    fn begin(&mut self, now: Stamp, last: bool) -> Vec<u64> {
        self.asking.append(&mut self.over);
        let lasting = self.open.values().filter(|case| last || case.is_due(now));
        self.asking.iter().chain(lasting).filter_map(Case::client_id).collect()
    }
}

/// Watches this machine and the sockets, until it is ended.
pub(super) async fn watch(ctx: Arc<Context>) {
    let mut due = ctx.clock.now().after(TICK);
    let mut sampled = Stamp::START;
    loop {
        ctx.clock.sleep_until(due).await;
        let now = ctx.clock.now();
        let mut state = ctx.evidence.lock();
        state.host.tick(due, now);
        state.sockets.catch_up(now);
        if now.since(sampled) >= SAMPLE {
            sampled = now;
            state.sockets.sample(now);
            if state.open.values().any(|case| case.is_due(now)) {
                ctx.evidence.wake.notify_one();
            }
        }
        drop(state);
        due = now.after(TICK);
    }
}

/// Asks the server when there is reason to, and tells what is known, until it is ended.
pub(super) async fn gather(ctx: Arc<Context>) {
    let started = ctx.clock.now();
    loop {
        let due = ctx.evidence.lock().due(started, ctx.clock.now());
        tokio::select! {
            () = ctx.clock.sleep_until(due) => {}
            () = ctx.evidence.wake.notified() => continue,
        }
        let old = {
            let now = ctx.clock.now();
            let mut state = ctx.evidence.lock();
            if !state.is_pressing(now) && !state.open.is_empty() {
                continue;
            }
            state.begin(now, false)
        };
        let snapshot = ask(&ctx, &old).await;
        tell(&ctx, snapshot, false);
    }
}

/// After the last task has ended: tells what is left.
pub(super) async fn conclude(ctx: &Context) {
    let old = {
        let mut state = ctx.evidence.lock();
        if state.open.is_empty() && state.over.is_empty() && state.asking.is_empty() {
            return;
        }
        state.begin(ctx.clock.now(), true)
    };
    let asked = tokio::time::timeout(LAST, ask(ctx, &old)).await;
    let snapshot =
        asked.unwrap_or_else(|_| Snapshot::unreachable(ctx.clock.now(), "it did not answer before the run ended"));
    tell(ctx, snapshot, true);
}

/// Asks the server. It is asked directly; what stands between it and the connection under test alone is told, too.
async fn ask(ctx: &Context, old: &[u64]) -> Snapshot {
    let mut snapshot = server::ask(&ctx.evidence.path, ctx.clock, old).await;
    if let Some(state) = snapshot.state.as_mut().filter(|_| ctx.server.address != ctx.plan.target.address) {
        state.translated = Some(true);
    }
    snapshot
}

/// Tells of the outages that the server was asked for, and of those that last.
fn tell(ctx: &Context, mut snapshot: Snapshot, last: bool) {
    let now = ctx.clock.now();
    let mut state = ctx.evidence.lock();
    state.hearing.hear(now);
    (snapshot.finished, snapshot.count) = (now, state.count);
    let snapshot = Arc::new(snapshot);
    state.asked = Some((snapshot.at, snapshot.state.is_some()));
    let mut told = std::mem::take(&mut state.asking);
    for case in state.open.values_mut() {
        if last || case.is_due(now) {
            case.early = true;
            told.push(case.clone());
        }
    }
    for mut case in told {
        case.look_back(&state.host, state.announcements.iter(), now);
        if case.over.is_none() {
            case.evidence.tcp = case.evidence.tcp.or(state.sockets.figures(case.connection));
            if let Some(attempts) = state.hearing.of(case.connection, case.evidence.lost) {
                case.attempted(attempts.clone());
            }
        }
        let connection = case.connection;
        let evidence = case.complete(&snapshot);
        ctx.emit(now, Some(connection), EventKind::Evidence(Box::new(evidence)));
    }
    if snapshot.state.is_some() {
        state.known.push_back(snapshot);
        if state.known.len() > 2 {
            state.known.pop_front();
        }
    }
}
