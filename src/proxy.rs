//! A fault proxy: relays connections to a server, and breaks them as its faults demand.
//!
//! Bytes pass unchanged unless a fault affects them; an end of stream passes in one direction at a time. A reader that
//! stops makes its writer stop, so memory stays bounded. `shaping` decides about each chunk, as a pure function of the
//! active faults (`conditions`), the direction, the time and the connection's past. `dialogue` matches replies to
//! commands, and passes unread what is not RESP. `flow` is one connection, `acceptor` the thread's main loop, `state`
//! the state that they share.
//!
//! If the server speaks TLS, the proxy makes the TLS connection, so every fault works there, too. Its clients use plaintext,
//! and their own TLS is then not tested; or, with an acceptor, TLS as well. A reset resets the socket below TLS.
//!
//! The proxy has its own thread and runtime, so a stall of the client does not stall the proxy, nor the reverse. While
//! the proxy silences a connection, the kernel still acknowledges what the client sends, as a load balancer's would. It
//! answers TCP keepalives, too: they do not prevent `idle_drop`.

mod acceptor;
mod agenda;
mod command;
mod conditions;
mod dialogue;
mod flow;
mod interpose;
mod observer;
mod outcome;
mod shaping;
mod slot;
mod state;
mod stream;

use std::{
    fmt, io,
    net::SocketAddr,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};

use tokio::{
    net::TcpListener,
    runtime::{Builder, LocalOptions, LocalRuntime},
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
};

use self::{acceptor::Acceptor, state::ProxyState};
use crate::{
    clock::Clock,
    event::Event,
    fault::FaultSchedule,
    plan::{Address, TlsOptions},
    tls,
};

pub use crate::plan::Orders;
pub(crate) use observer::view::{RoleView, View};

/// Ports to choose from, below the kernel's range of source ports for outgoing connections. In that range, a client that
/// dials a closed port on loopback can connect to itself, and any connection can take the port while `refuse` has it
/// closed.
const PORTS: std::ops::Range<u16> = 10_000..30_000;

/// Number of proxies of this process that have searched for a port.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// The configuration of a proxy.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Accepts TLS from clients; `None` for plaintext.
    pub acceptor: Option<tls::Acceptor>,
    /// The server.
    pub upstream: Address,
    /// TLS settings for the server.
    pub tls: TlsOptions,
    /// Faults, counted from [`ProxyHandle::begin`].
    pub schedules: Vec<FaultSchedule>,
    /// Seed of all randomness.
    pub seed: u64,
    /// The clock of the run.
    pub clock: Clock,
    /// Clients that may send `DOCTOR …` commands.
    pub orders: Orders,
    /// True if the start and the end of each connection are reported as events.
    pub report_flows: bool,
    /// True if the application is observed: its commands are followed, and the consequences of losses are events.
    pub observe: bool,
}

/// A running proxy; dropping it closes every connection and waits for its thread.
#[derive(Debug)]
pub struct Proxy {
    handle: ProxyHandle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Controls a proxy. Each method returns when it has taken effect, and does nothing if the proxy is gone.
#[derive(Clone)]
pub struct ProxyHandle {
    addr: SocketAddr,
    requests: UnboundedSender<Request>,
    shared: Arc<Shared>,
}

/// Connections and bytes so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Connections accepted.
    pub accepted: u64,
    /// Connections open now.
    pub open: u64,
    /// Bytes received from clients.
    pub up: u64,
    /// Bytes received from the server.
    pub down: u64,
}

/// A request to the proxy's thread; the sender waits for the answer.
enum Request {
    Begin(mpsc::Sender<()>),
    Inject(FaultSchedule, mpsc::Sender<()>),
    Clear(mpsc::Sender<usize>),
    Sample(bool, mpsc::Sender<()>),
    View(mpsc::Sender<View>),
    Conclude(mpsc::Sender<()>),
    Order(String, mpsc::Sender<Result<Vec<String>, String>>),
}

/// Counters of the proxy's thread, read by other threads.
#[derive(Debug, Default)]
struct Shared {
    accepted: AtomicU64,
    open: AtomicU64,
    /// Bytes received from clients, and from the server.
    received: [AtomicU64; 2],
}

impl Proxy {
    /// Starts a proxy. When this returns the port is bound, and connections to it are relayed. Schedules wait for
    /// [`ProxyHandle::begin`]. Events go to `events` as they happen.
    ///
    /// # Errors
    /// If the port cannot be bound, or the proxy's runtime or thread cannot be created.
    pub fn start(config: Config, events: UnboundedSender<Event>) -> io::Result<Self> {
        let listener = bind(config.listen)?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let (requests, inbox) = unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let (ready, is_ready) = mpsc::channel();
        let serve = move || {
            let (runtime, listener) = match local_runtime(listener) {
                Ok(parts) => parts,
                // The starting thread waits for this.
                Err(error) => return drop(ready.send(Err(error))),
            };
            let _ = ready.send(Ok(()));
            let state = Rc::new(ProxyState::new(config, (addr, listener), theirs, events));
            run(runtime, Acceptor::new(state), inbox, stopped);
        };
        let thread = thread::Builder::new().name("proxy".to_owned()).spawn(serve)?;
        is_ready.recv().map_err(io::Error::other)??;
        let handle = ProxyHandle { addr, requests, shared };
        Ok(Self { handle, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns its control handle, which may be cloned and may outlive it.
    pub fn handle(&self) -> &ProxyHandle {
        &self.handle
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the proxy was already reported by its thread; there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

impl ProxyHandle {
    /// Returns the address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Starts the clock of the schedules; a second call has no effect.
    pub fn begin(&self) {
        self.ask(Request::Begin);
    }

    /// Adds a fault, its schedule counted from now ([`FaultSchedule::now`] makes one that begins immediately).
    pub fn inject(&self, schedule: FaultSchedule) {
        self.ask(|done| Request::Inject(schedule, done));
    }

    /// Ends all faults and empties the schedule; returns how many were active.
    pub fn clear(&self) -> usize {
        self.ask(Request::Clear).unwrap_or_default()
    }

    /// Emits the counts of an observed application since the last call; with `totals`, also the figures since the start.
    pub(crate) fn sample(&self, totals: bool) {
        self.ask(|done| Request::Sample(totals, done));
    }

    /// Returns the state of an observed application.
    pub(crate) fn view(&self) -> View {
        self.ask(Request::View).unwrap_or_default()
    }

    /// Emits a note about each fault that had no effect, and about servers that clients reach without the proxy.
    pub fn conclude(&self) {
        self.ask(Request::Conclude);
    }

    /// Returns the active and scheduled faults as text, one a line.
    pub fn list(&self) -> Vec<String> {
        self.order("list").unwrap_or_default()
    }

    /// Runs a line of text (a fault, `list`, `clear`, `help` …) and returns the lines of its answer.
    ///
    /// # Errors
    /// A description of the problem with the line, and a remedy.
    pub fn order(&self, line: &str) -> Result<Vec<String>, String> {
        let answer = self.ask(|done| Request::Order(line.to_owned(), done));
        answer.unwrap_or_else(|| Err("the proxy has ended".to_owned()))
    }

    /// Connections and bytes so far.
    pub fn stats(&self) -> Stats {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Shared { accepted, open, received: [up, down] } = &*self.shared;
        Stats { accepted: of(accepted), open: of(open), up: of(up), down: of(down) }
    }

    /// Sends a request and waits for the answer, which is immediate because the proxy's thread never waits.
    fn ask<T>(&self, request: impl FnOnce(mpsc::Sender<T>) -> Request) -> Option<T> {
        let (done, answer) = mpsc::channel();
        self.requests.send(request(done)).ok()?;
        answer.recv().ok()
    }
}

impl fmt::Debug for ProxyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyHandle").field("addr", &self.addr).finish_non_exhaustive()
    }
}

/// Binds the address; for port 0, a free port that no other process is likely to take while `refuse` has it closed.
fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    if address.port() != 0 {
        return std::net::TcpListener::bind(address);
    }
    let count = u32::from(PORTS.end - PORTS.start);
    // Concurrent processes start at different ports, and so do the proxies of one: a fault may have closed a port of another.
    let before = STARTED.fetch_add(1, Ordering::Relaxed);
    let start = std::process::id().wrapping_mul(7_919).wrapping_add(before.wrapping_mul(101));
    for offset in 0..100 {
        let port = PORTS.start + (start.wrapping_add(offset) % count) as u16;
        if let Ok(listener) = std::net::TcpListener::bind((address.ip(), port)) {
            return Ok(listener);
        }
    }
    std::net::TcpListener::bind(address)
}

/// Builds a runtime whose tasks stay on this thread, so waking one costs no synchronization.
fn local_runtime(listener: std::net::TcpListener) -> io::Result<(LocalRuntime, TcpListener)> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    let listener = {
        let _context = runtime.enter();
        TcpListener::from_std(listener)?
    };
    Ok((runtime, listener))
}

fn run(runtime: LocalRuntime, acceptor: Acceptor, inbox: UnboundedReceiver<Request>, stopped: oneshot::Receiver<()>) {
    runtime.block_on(async {
        tokio::select! {
            _ = stopped => {}
            () = acceptor.run(inbox) => {}
        }
    });
    // Does not wait for a name that is being resolved.
    runtime.shutdown_background();
}
