//! A fault proxy: relays connections to a server, and breaks them as faults say.
//!
//! Bytes pass unchanged unless a fault is for them; an end of stream passes on one way at a time; a reader that stops
//! stops its writer, and memory stays bounded. What becomes of a chunk is decided by a pure function of the active
//! faults, the way, the moment and the connection's past (`verdict`); who answers whom on a connection is understood by
//! `dialogue`, which passes on unread what is not RESP. `flow` is one connection, `door` the thread's main loop,
//! `world` what they share.
//!
//! To a server that speaks TLS the proxy makes the TLS connection itself, and clients speak plain text to the proxy, so
//! that every fault is possible there, too. What a client does with TLS is then not tested: TLS is between the proxy
//! and the server only. A reset resets the socket below TLS.
//!
//! The proxy has a thread and a runtime to itself, so a stall of the program under diagnosis cannot hide in the proxy,
//! nor the other way round. While it keeps a connection silent the kernel still acknowledges what the client sends, as
//! a load balancer's would. It answers TCP keepalives, too: they do not keep a connection from `idle_drop`.

mod acceptor;
mod agenda;
mod command;
mod conditions;
mod dialogue;
mod flow;
mod framing;
mod shaping;
mod state;
mod stream;

use std::{
    fmt, io,
    net::SocketAddr,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
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
use crate::{clock::Clock, event::Event, fault::FaultSchedule, plan::Address};

/// Ports to choose from: below the range from which the kernel takes the source ports of outgoing connections. A client
/// that dials a closed port of that range on loopback can end up connected to itself, and any connection can take it
/// while `refuse` has it closed.
const PORTS: std::ops::Range<u16> = 10_000..30_000;

/// What a proxy is to do.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The server.
    pub upstream: Address,
    /// Faults, counted from [`ProxyHandle::begin`].
    pub schedules: Vec<FaultSchedule>,
    /// All chance comes from this number.
    pub seed: u64,
    /// The clock of the run.
    pub clock: Clock,
    /// Whether clients may send `DOCTOR …` commands.
    pub commands_on_wire: bool,
    /// Whether the beginning and the end of each connection is an event.
    pub report_flows: bool,
}

/// A running proxy; dropping it closes every connection and waits for its thread.
#[derive(Debug)]
pub struct Proxy {
    handle: ProxyHandle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Gives orders to a proxy. Each returns when it has taken effect; when the proxy is gone they do nothing.
#[derive(Clone)]
pub struct ProxyHandle {
    addr: SocketAddr,
    requests: UnboundedSender<Request>,
    shared: Arc<Shared>,
}

/// What has passed so far.
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

/// What is asked of the proxy's thread; whoever asks waits for the answer.
enum Request {
    Begin(mpsc::Sender<()>),
    Inject(FaultSchedule, mpsc::Sender<()>),
    Clear(mpsc::Sender<usize>),
    Order(String, mpsc::Sender<Result<Vec<String>, String>>),
}

/// Figures that the proxy's thread counts and others read.
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
    /// When the port cannot be bound, or the proxy's runtime or thread cannot be created.
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
                // Whoever starts the proxy waits for this.
                Err(error) => return drop(ready.send(Err(error))),
            };
            let _ = ready.send(Ok(()));
            let state = Rc::new(ProxyState::new(config, theirs, events));
            run(runtime, Acceptor::new(state, addr, listener), inbox, stopped);
        };
        let thread = thread::Builder::new().name("proxy".to_owned()).spawn(serve)?;
        is_ready.recv().map_err(io::Error::other)??;
        let handle = ProxyHandle { addr, requests, shared };
        Ok(Self { handle, stop: Some(stop), thread: Some(thread) })
    }

    /// What gives it orders; may be cloned, and may outlive it.
    pub fn handle(&self) -> &ProxyHandle {
        &self.handle
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the proxy has been reported by its own thread; there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

impl ProxyHandle {
    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Starts the clock of the schedules; at the second call nothing is left to start.
    pub fn begin(&self) {
        self.ask(Request::Begin);
    }

    /// Puts a fault into effect, its schedule counted from now ([`FaultSchedule::now`] makes one that begins at once).
    pub fn inject(&self, schedule: FaultSchedule) {
        self.ask(|done| Request::Inject(schedule, done));
    }

    /// Ends all faults and forgets what is scheduled; how many were active.
    pub fn clear(&self) -> usize {
        self.ask(Request::Clear).unwrap_or_default()
    }

    /// What is active and what is scheduled, a line each, for people.
    pub fn list(&self) -> Vec<String> {
        self.order("list").unwrap_or_default()
    }

    /// Carries out a line of text: a fault, `list`, `clear`, `help` … What it answers, a line each.
    ///
    /// # Errors
    /// What is wrong with the line, and what to write instead.
    pub fn order(&self, line: &str) -> Result<Vec<String>, String> {
        let answer = self.ask(|done| Request::Order(line.to_owned(), done));
        answer.unwrap_or_else(|| Err("the proxy has ended".to_owned()))
    }

    /// What has passed so far.
    pub fn stats(&self) -> Stats {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Shared { accepted, open, received: [up, down] } = &*self.shared;
        Stats { accepted: of(accepted), open: of(open), up: of(up), down: of(down) }
    }

    /// Asks, and waits for the answer; the proxy's thread never waits itself, so it comes at once.
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

/// Binds the address; for port 0, a free port from a range where it stays ours while it is closed for a time.
fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    if address.port() != 0 {
        return std::net::TcpListener::bind(address);
    }
    let count = u32::from(PORTS.end - PORTS.start);
    // Processes that run side by side start at different places.
    let start = std::process::id().wrapping_mul(7_919);
    for offset in 0..100 {
        let port = PORTS.start + (start.wrapping_add(offset) % count) as u16;
        if let Ok(listener) = std::net::TcpListener::bind((address.ip(), port)) {
            return Ok(listener);
        }
    }
    std::net::TcpListener::bind(address)
}

/// A runtime of this thread's own: its tasks never leave it, and waking one costs no more than that.
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
    // A name that is still being resolved is not waited for.
    runtime.shutdown_background();
}
