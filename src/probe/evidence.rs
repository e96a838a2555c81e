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

mod aside;
mod attempts;
mod case;
mod cycle;
#[cfg_attr(not(target_os = "linux"), path = "evidence/no_destroyed.rs")]
mod destroyed;
#[cfg(target_os = "linux")]
mod diag;
mod gather;
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
    socket::{Ending, Sockets},
};
pub(super) use self::{
    case::Loser,
    gather::{conclude, gather},
    hearing::listen,
};
use super::{Context, identity::ClientInfo, link::Loss, path::Path, question::WaitingFailure};
use crate::{
    clock::Stamp,
    event::{Announcement, EventKind, SocketEnd, TcpFigures},
    plan::{Address, Name, Plan},
};

/// Between two sets of questions.
const PAUSE: Duration = Duration::from_secs(1);

/// What is known of an outage is told after this long, whether it is over or not.
const LONG: Duration = Duration::from_secs(10);

/// TCP's figures are read this often.
const SAMPLE: Duration = Duration::from_secs(1);

/// Outages that may wait for the same answers; more of them in a second are told without.
const WAITING: usize = 256;

/// Sockets that ended and whose loss has not been told yet.
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
    /// A connection was lost.
    losing: Notify,
}

struct State {
    sockets: Sockets,
    hearing: Hearing,
    host: Host,
    announcements: VecDeque<(u32, Announcement)>,
    /// Sockets whose loss the monitor has not come to yet: connection and moment of the loss.
    endings: VecDeque<(u32, Stamp, Ending)>,
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
        let (wake, losing) = (Notify::new(), Notify::new());
        Self { on: plan.evidence, brief: plan.is_single_ping(), path, state: Mutex::new(state), wake, losing }
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
            state.hearing.prepare();
        }
    }

    /// The loss of a connection is noticed: its socket is kept as it is until it is looked at. Runs in the task that
    /// reconnects, and leaves what can wait to [`listen`].
    pub(super) fn on_losing(&self, connection: u32, lost: Stamp, now: Stamp) {
        if !self.on {
            return;
        }
        let mut state = self.lock();
        let ending = state.sockets.end(connection, now);
        if state.endings.len() == ENDINGS {
            state.endings.pop_front();
        }
        state.endings.push_back((connection, lost, ending));
        state.hearing.begin(connection, lost, now);
        drop(state);
        self.losing.notify_one();
    }

    /// A connection was lost.
    pub(super) fn on_lost(&self, connection: u32, loser: Loser, loss: &Loss) {
        if !self.on {
            return;
        }
        let mut state = self.lock();
        let case = Case::lost(connection, loser, loss, state.before(loss.at));
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
        state.examine(now);
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

/// Watches this machine and the sockets, until it is ended.
pub(super) async fn watch(ctx: Arc<Context>) {
    let mut due = ctx.clock.now().after(TICK);
    let mut sampled = Stamp::START;
    loop {
        ctx.clock.sleep_until(due).await;
        let now = ctx.clock.now();
        let mut state = ctx.evidence.lock();
        let remark = state.host.tick(due, now);
        state.sockets.catch_up(now);
        if now.since(sampled) >= SAMPLE {
            sampled = now;
            state.sockets.sample(now);
            if state.open.values().any(|case| case.is_due(now)) {
                ctx.evidence.wake.notify_one();
            }
        }
        drop(state);
        if let Some(text) = remark {
            ctx.emit(now, None, EventKind::Note { text });
        }
        due = now.after(TICK);
    }
}
