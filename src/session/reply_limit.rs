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
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use super::{connection::Session, context::RunContext};
use crate::{
    clock::Stamp,
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

/// Number of guards in this process: all see the same memory.
static GUARDS: AtomicU64 = AtomicU64::new(0);

/// Memory that a target takes for itself, and each of its connections, at most.
const TARGET: u64 = 512 << 10;
const CONNECTION: u64 = 64 << 10;

/// The sessions of a run, as far as they have started.
pub(super) type Known = Arc<Mutex<Vec<Weak<Session>>>>;

/// The thread that enforces the limit; it ends when this is dropped.
pub(super) struct ReplyLimit {
    sessions: Known,
    _end: Sender<()>,
}

impl ReplyLimit {
    /// Starts the thread. Without Linux' interfaces there is no limit.
    pub(super) fn start(ctx: &Arc<RunContext>) -> Self {
        let (end, ended) = channel();
        let sessions = Known::default();
        if let (Address::Tcp { port, .. }, Some(memory), Some(own)) =
            (&ctx.plan.target.address, OwnMemory::open(), OwnConnections::open())
        {
            let (ctx, sessions, port) = (Arc::clone(ctx), Arc::clone(&sessions), *port);
            let level = memory.resident();
            let guard = Guard { ctx, sessions, port, memory, own, level, noted: level, search: None };
            // Without a thread the run continues without the limit.
            let _ = thread::Builder::new().name("reply-limit".into()).spawn(move || guard.run(&ended));
        }
        Self { sessions, _end: end }
    }

    /// Adds a session.
    pub(super) fn guard(&self, session: &Arc<Session>) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(session));
    }
}

struct Guard {
    ctx: Arc<RunContext>,
    sessions: Known,
    /// The port of the connections under test.
    port: u16,
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
        GUARDS.fetch_add(1, Ordering::Relaxed);
        let allowed = allowed(&self.ctx.plan);
        let step = allowed / STEP;
        let mut next = Stamp::START;
        while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            let resident = self.resident();
            let growth = resident.saturating_sub(self.level);
            let began = self.ctx.clock.now();
            // A flood is fast: a pause between two scans would let hundreds of megabytes in.
            let is_urgent = resident > self.noted.saturating_add(step);
            if is_urgent || growth > allowed && began >= next {
                self.noted = resident;
                match growth > allowed {
                    true => self.look(began, growth > 2 * allowed),
                    false => self.search = Some(self.begin(began, false)),
                }
                let now = self.ctx.clock.now();
                next = now.after(now.since(began) * RARE);
            } else if growth <= allowed {
                self.noted = self.noted.min(resident);
                self.search = self.search.take().filter(|search| !search.in_earnest);
            }
        }
        GUARDS.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns the resident memory without that of the targets themselves.
    fn resident(&self) -> u64 {
        self.memory.resident().saturating_sub(GUARDS.load(Ordering::Relaxed) * TARGET)
    }

    /// Notes what each connection has received.
    fn begin(&mut self, now: Stamp, in_earnest: bool) -> Search {
        let connections = self.own.list(self.port, now);
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
        let connections = self.own.list(self.port, now);
        let grown = |connection: &OwnConnection| {
            let before = search.received.get(&connection.inode).copied().unwrap_or_default();
            connection.received.saturating_sub(before)
        };
        let limit = self.ctx.plan.max_reply;
        let busiest = connections.iter().max_by_key(|connection| grown(connection));
        if let Some(connection) = busiest.filter(|connection| grown(connection) >= limit / PART) {
            let session = self.session(connection);
            let stuck = session.as_ref().is_some_and(|session| session.last_received() < search.since);
            if stuck || far {
                self.own.end(connection);
                let why =
                    format!("a reply takes more than {} of memory and is not complete (--max-reply)", bytes(limit));
                match session {
                    Some(session) => session.cut_off(why),
                    None => Session::cut_off_another(&self.ctx, why),
                }
                return;
            }
        }
        if now.since(search.since) > SEARCH {
            self.level = self.resident();
        } else {
            self.search = Some(Search { in_earnest: true, ..search });
        }
    }

    /// Returns the session of a connection: by its address, or the only one if the server does not report it.
    fn session(&self, connection: &OwnConnection) -> Option<Arc<Session>> {
        let known = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<_> = known.iter().filter_map(Weak::upgrade).collect();
        let named = all.iter().find(|session| session.address() == Some(connection.pair.local));
        named.or_else(|| all.first().filter(|only| all.len() == 1 && only.address().is_none())).cloned()
    }
}

/// Returns the growth that starts no search: the limit, and what the run itself has in flight.
fn allowed(plan: &Plan) -> u64 {
    let own = plan.probes.as_ref().map_or(0, |probes| {
        (probes.payload as u64).saturating_mul(probes.concurrency.into()).saturating_mul(plan.connections.into())
    });
    // The command, its reply, and the copies of each.
    let connections = u64::from(plan.connections) * CONNECTION;
    plan.max_reply.saturating_add(own.saturating_mul(4)).saturating_add(connections)
}
