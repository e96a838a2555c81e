//! An embedded Redis server, for demonstrations and drills on a machine without one.
//!
//! It speaks RESP2 and RESP3 and uses Redis' own error texts: handshake, pub/sub, client registry, a small keyspace,
//! transactions, `INFO` and `CONFIG`. It is not a database: nothing is persisted, and every value is a string.
//!
//! The server runs on its own thread and runtime, so a stall of the client side does not stall the server, and the
//! reverse. Within that thread everything is single-threaded, like Redis: one `State` behind a `RefCell`, and one task
//! per connection, which ends when its client leaves the registry.

mod args;
mod command;
mod connection;
mod glob;
mod reply;
mod state;
mod time;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::fmt;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc::UnboundedSender, oneshot};
use tokio::task::{JoinSet, LocalSet};

use state::State;

/// Interval of the checks for expired keys and idle clients.
const CRON_PERIOD: Duration = Duration::from_millis(250);

/// Pause after a failed `accept`, for instance when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Settings of a sandbox server.
#[derive(Clone)]
pub struct SandboxConfig {
    /// The password of the default user; `None` for no authentication.
    pub password: Option<String>,
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// Connection limit, like Redis' `maxclients`.
    pub max_clients: usize,
    /// Idle time after which a client is closed, like Redis' `timeout`; whole seconds, zero for never.
    pub idle_timeout: Duration,
    /// Unsent output, in bytes, above which a subscriber is closed, like Redis' `client-output-buffer-limit`.
    pub output_limit: usize,
    /// Gets a remark about each command that a client sends and the sandbox does not have, once.
    pub remarks: Option<UnboundedSender<String>>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            password: None,
            port: 0,
            max_clients: 10_000,
            idle_timeout: Duration::ZERO,
            output_limit: 32 * 1024 * 1024,
            remarks: None,
        }
    }
}

impl fmt::Debug for SandboxConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxConfig")
            .field("password", &self.password.as_ref().map(|_| "***"))
            .field("port", &self.port)
            .field("max_clients", &self.max_clients)
            .field("idle_timeout", &self.idle_timeout)
            .field("output_limit", &self.output_limit)
            .finish_non_exhaustive()
    }
}

/// A running sandbox server; dropping it closes every connection and waits for its thread.
#[derive(Debug)]
pub struct Sandbox {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a server on 127.0.0.1. Connections are accepted as soon as this returns.
    ///
    /// # Errors
    /// If the port cannot be bound, or the server's runtime or thread cannot be created.
    pub fn start(config: SandboxConfig) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, config.port))?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || run(&runtime, listener, State::new(config, addr), stopped))?;
        Ok(Self { addr, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns the address that the server listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The server thread has already reported its own panic; there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

fn run(runtime: &Runtime, listener: TcpListener, state: State, stopped: oneshot::Receiver<()>) {
    let state = Rc::new(RefCell::new(state));
    LocalSet::new().block_on(runtime, accept(listener, state, stopped));
}

async fn accept(listener: TcpListener, state: Rc<RefCell<State>>, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    let mut cron = tokio::time::interval(CRON_PERIOD);
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    admit(stream, peer, &state, &mut connections);
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            _ = cron.tick() => state.borrow_mut().cron(),
        }
    }
}

fn admit(stream: TcpStream, peer: SocketAddr, state: &Rc<RefCell<State>>, connections: &mut JoinSet<()>) {
    let admitted = state.borrow_mut().connect(peer);
    match admitted {
        Some((id, wake)) => {
            // Without TCP_NODELAY replies are only later, not wrong.
            let _ = stream.set_nodelay(true);
            connections.spawn_local(connection::serve(stream, id, wake, Rc::clone(state)));
        }
        None => {
            // Best effort, as in Redis: the refused client may be gone already.
            let _ =
                stream.into_std().and_then(|mut stream| stream.write_all(b"-ERR max number of clients reached\r\n"));
        }
    }
}
