//! The limit on the size of one reply on the connections under test.
//!
//! redis-rs collects a reply in memory until it is complete, however large it is, and decodes it in the task that reads the
//! socket: a reply of a gigabyte, or of a million nested arrays, would take gigabytes, and the only thread for seconds. A
//! separate thread therefore reads every [`TICK`] how much memory this process takes, in a few microseconds. Once that has
//! grown by a part of the limit, it notes what each connection has received; once by the limit, it looks for the connection
//! that has since received without completing a reply, and ends it, as a peer would: the library sees the end of the
//! stream, and reconnects as its policy prescribes.
//!
//! TCP's own count of received bytes would be no substitute: it costs a lookup for each socket at each tick, and does not
//! see a reply of many small elements, whose decoded form takes fifty times its bytes. It only names the connection.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use super::{connection::Session, context::RunContext};
use crate::{
    clock::{Clock, Stamp},
    kernel::{OwnConnection, OwnConnections, OwnMemory},
    plan::{Address, Plan},
    units::bytes,
};

/// Interval of the readings.
const TICK: Duration = Duration::from_millis(10);

/// The part of the limit after whose growth the connections' figures are noted again: a fast peer sends the rest within a
/// few ticks.
const STEP: u64 = 4;

/// Growth for another reason is accepted after this long.
const SEARCH: Duration = Duration::from_secs(5);

/// Maximum age of the figures that a search begins with.
const FRESH: Duration = Duration::from_secs(1);

/// Minimum length of a pause between two scans, in lengths of a scan, unless the memory grows by a step.
const RARE: u32 = 10;

/// The part of the limit that a connection must have received during the search to be the one.
const PART: u64 = 64;

/// Memory that a target takes for itself, and each of its connections, at most.
const TARGET: u64 = 512 << 10;
const CONNECTION: u64 = 64 << 10;

/// The limit for all targets of a run: they share the memory.
#[derive(Default)]
pub(super) struct ReplyLimit {
    guarded: Arc<Guarded>,
    /// Ends the thread when it is dropped.
    thread: OnceLock<Sender<()>>,
}

impl ReplyLimit {
    /// Adds a target; the first starts the thread. Without Linux' interfaces there is no limit.
    pub(super) fn add_target(&self, ctx: &Arc<RunContext>) {
        if !matches!(ctx.plan.target.address, Address::Tcp { .. }) {
            return;
        }
        self.guarded.lock().targets.push(Arc::downgrade(ctx));
        self.thread.get_or_init(|| {
            let (end, ended) = channel();
            if let (Some(memory), Some(own)) = (OwnMemory::open(), OwnConnections::open()) {
                let (clock, limit, guarded) = (ctx.clock, ctx.plan.max_reply, Arc::clone(&self.guarded));
                let level = memory.resident();
                let guard = Guard { clock, limit, guarded, memory, own, level, noted: level, search: None };
                // Without a thread the run continues without the limit.
                let _ = thread::Builder::new().name("reply-limit".into()).spawn(move || guard.run(&ended));
            }
            end
        });
    }

    /// Adds a session of a target.
    pub(super) fn add_session(&self, session: &Arc<Session>) {
        self.guarded.lock().sessions.push(Arc::downgrade(session));
    }
}

/// The targets of a run and their sessions, as far as they have started.
#[derive(Default)]
struct Guarded(Mutex<Members>);

#[derive(Default)]
struct Members {
    targets: Vec<Weak<RunContext>>,
    sessions: Vec<Weak<Session>>,
}

impl Guarded {
    fn lock(&self) -> MutexGuard<'_, Members> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the targets that have not ended.
    fn targets(&self) -> Vec<Arc<RunContext>> {
        self.lock().targets.iter().filter_map(Weak::upgrade).collect()
    }

    /// Returns the session of a connection: by its address, or the only one if the server does not report it.
    fn session(&self, connection: &OwnConnection) -> Option<Arc<Session>> {
        let all: Vec<_> = self.lock().sessions.iter().filter_map(Weak::upgrade).collect();
        let is_it = |session: &&Arc<Session>| {
            session.address() == Some(connection.pair.local) && session.ctx.port() == Some(connection.pair.peer.port())
        };
        let named = all.iter().find(is_it);
        named.or_else(|| all.first().filter(|only| all.len() == 1 && only.address().is_none())).cloned()
    }

    /// Returns the target that a connection leads to: by its address, or by its port if the target is a name.
    fn target(&self, connection: &OwnConnection) -> Option<Arc<RunContext>> {
        let mut all = self.targets();
        all.retain(|ctx| ctx.port() == Some(connection.pair.peer.port()));
        let peer = connection.pair.peer.ip().to_string();
        let is_it = |ctx: &&Arc<RunContext>| ctx.current_target().host() == Some(&*peer);
        all.iter().find(is_it).or(all.first()).cloned()
    }
}

/// The thread that enforces the limit.
struct Guard {
    clock: Clock,
    /// The limit in bytes.
    limit: u64,
    guarded: Arc<Guarded>,
    memory: OwnMemory,
    own: OwnConnections,
    /// Resident memory that is accounted for.
    level: u64,
    /// Resident memory when the connections' figures were last noted, or less since.
    noted: u64,
    search: Option<Search>,
}

/// A search for the reason of a growth.
struct Search {
    since: Stamp,
    /// Bytes that each socket had received by then.
    received: HashMap<u32, u64>,
    /// The growth has passed the limit.
    in_earnest: bool,
}

impl Guard {
    fn run(mut self, ended: &Receiver<()>) {
        let mut next = Stamp::START;
        while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            let resident = self.memory.resident();
            let growth = resident.saturating_sub(self.level);
            let allowed = self.allowed();
            let began = self.clock.now();
            // A flood is fast: a pause between two scans would let hundreds of megabytes in.
            let is_urgent = resident > self.noted.saturating_add(allowed / STEP);
            if is_urgent || growth > allowed && began >= next {
                self.noted = resident;
                match growth > allowed {
                    true => self.look(began, growth > 2 * allowed),
                    false => self.search = Some(self.begin(began, false)),
                }
                let now = self.clock.now();
                next = now.after(now.since(began) * RARE);
            } else if growth <= allowed {
                self.noted = self.noted.min(resident);
                self.search = self.search.take().filter(|search| !search.in_earnest);
            }
        }
    }

    /// Returns the growth that starts no search: the limit, what the targets and their connections take, and what they have
    /// in flight.
    fn allowed(&self) -> u64 {
        self.guarded.targets().iter().fold(self.limit, |sum, ctx| sum.saturating_add(own(&ctx.plan)))
    }

    /// Returns the connections to the targets.
    fn list(&mut self, now: Stamp) -> Vec<OwnConnection> {
        let ports: Vec<_> = self.guarded.targets().iter().filter_map(|ctx| ctx.port()).collect();
        self.own.list(&ports, now)
    }

    /// Notes what each connection has received.
    fn begin(&mut self, now: Stamp, in_earnest: bool) -> Search {
        let connections = self.list(now);
        let received = connections.iter().map(|connection| (connection.inode, connection.received)).collect();
        Search { since: now, received, in_earnest }
    }

    /// Looks for the connection that causes the growth. Far beyond the limit, it need not be one that completes no reply.
    fn look(&mut self, now: Stamp, far: bool) {
        let fresh = |search: &Search| search.in_earnest || now.since(search.since) <= FRESH;
        let Some(search) = self.search.take().filter(fresh) else {
            self.search = Some(self.begin(now, true));
            return;
        };
        let connections = self.list(now);
        let grown = |connection: &OwnConnection| {
            let before = search.received.get(&connection.inode).copied().unwrap_or_default();
            connection.received.saturating_sub(before)
        };
        let limit = self.limit;
        let busiest = connections.iter().max_by_key(|connection| grown(connection));
        if let Some(connection) = busiest.filter(|connection| grown(connection) >= limit / PART) {
            let session = self.guarded.session(connection);
            let stuck = session.as_ref().is_some_and(|session| session.last_received() < search.since);
            if stuck || far {
                self.own.end(connection);
                let why =
                    format!("a reply takes more than {} of memory and is not complete (--max-reply)", bytes(limit));
                match (session, self.guarded.target(connection)) {
                    (Some(session), _) => session.cut_off(why),
                    (None, Some(target)) => Session::cut_off_another(&target, why),
                    // The target has ended.
                    (None, None) => {}
                }
                return;
            }
        }
        if now.since(search.since) > SEARCH {
            self.level = self.memory.resident();
        } else {
            self.search = Some(Search { in_earnest: true, ..search });
        }
    }
}

/// Returns the memory that a target takes: for itself, its connections, and what it has in flight.
fn own(plan: &Plan) -> u64 {
    let in_flight = plan.probes.as_ref().map_or(0, |probes| {
        (probes.payload as u64).saturating_mul(probes.concurrency.into()).saturating_mul(plan.connections.into())
    });
    // The command, its reply, and the copies of each.
    let copies = in_flight.saturating_mul(4);
    copies.saturating_add(u64::from(plan.connections) * CONNECTION).saturating_add(TARGET)
}
