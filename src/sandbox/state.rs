//! The server's state: clients, subscriptions, keyspace, settings and counters.
//!
//! A client outside the registry is dead, except during its own command. Killing a client removes it from the registry
//! and wakes its task, which then ends. `PUBLISH`, `CLIENT LIST` and `INFO` therefore agree immediately, without waiting
//! for that task.

mod client;
mod keyspace;
mod settings;
mod subscriptions;
mod transaction;

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::{Notify, mpsc::UnboundedSender};

pub(super) use client::{Client, Replies};
pub(super) use keyspace::{Entry, Keyspace};
pub(super) use settings::Settings;
pub(super) use subscriptions::{ClientId, Kind, Subscriptions};
pub(super) use transaction::{Queued, Transaction};

use super::SandboxConfig;
use super::reply::{Protocol, Reply};
use super::time::Time;

/// Unknown commands that are reported.
const UNKNOWN: usize = 100;

/// The state shared by all connections.
#[derive(Debug)]
pub(super) struct State {
    pub(super) addr: SocketAddr,
    /// The connected clients, except the one whose command is running (see [`State::with_client`]).
    pub(super) clients: BTreeMap<ClientId, Client>,
    pub(super) keyspace: Keyspace,
    pub(super) run_id: String,
    pub(super) settings: Settings,
    pub(super) stats: Stats,
    pub(super) subscriptions: Subscriptions,
    pub(super) time: Time,
    last_id: ClientId,
    /// The client whose command is running, and its protocol when the command started. Pushes to it wait in `deferred`
    /// until its reply is written, as in Redis 7.2.
    executing: Option<(ClientId, Protocol)>,
    deferred: BytesMut,
    /// End of a pause of all commands, or of those that write, since the start.
    pub(super) paused: Option<Pause>,
    /// Commands that clients sent and the sandbox does not have.
    unknown: BTreeSet<String>,
    remarks: Option<UnboundedSender<String>>,
}

/// A pause of the clients (CLIENT PAUSE).
#[derive(Clone, Copy, Debug)]
pub(super) struct Pause {
    pub(super) until: Duration,
    /// True if only commands that write wait.
    pub(super) writes: bool,
}

/// The counters of `INFO stats`.
#[derive(Debug, Default)]
pub(super) struct Stats {
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    /// By command and subcommand.
    pub(super) calls: BTreeMap<&'static str, u64>,
    pub(super) commands: u64,
    pub(super) connections: u64,
    pub(super) error_replies: u64,
    pub(super) expired_keys: u64,
    pub(super) keyspace_hits: u64,
    pub(super) keyspace_misses: u64,
    pub(super) output_limit_disconnections: u64,
    pub(super) rejected_connections: u64,
}

impl State {
    pub(super) fn new(config: SandboxConfig, addr: SocketAddr) -> Self {
        let time = Time::start();
        let remarks = config.remarks.clone();
        Self {
            addr,
            clients: BTreeMap::new(),
            keyspace: Keyspace::default(),
            run_id: run_id(addr, time.wall()),
            settings: Settings::new(config, addr.port()),
            stats: Stats::default(),
            subscriptions: Subscriptions::default(),
            time,
            last_id: 0,
            executing: None,
            deferred: BytesMut::new(),
            paused: None,
            unknown: BTreeSet::new(),
            remarks,
        }
    }

    /// Reports a command that the sandbox does not have, once.
    pub(super) fn unknown(&mut self, name: String) {
        if self.unknown.len() < UNKNOWN && !self.unknown.contains(&name) {
            let remark = format!("the sandbox has no command {name}; --spawn starts a real server");
            self.unknown.insert(name);
            // The receiver may be gone.
            let _ = self.remarks.as_ref().map(|remarks| remarks.send(remark));
        }
    }

    /// Returns the pause, unless it is over.
    pub(super) fn pause(&self) -> Option<Pause> {
        self.paused.filter(|pause| pause.until > self.time.elapsed())
    }

    /// Registers a connection, unless the limit is reached.
    pub(super) fn connect(&mut self, peer: SocketAddr) -> Option<(ClientId, Rc<Notify>)> {
        if self.clients.len() >= self.settings.max_clients {
            self.stats.rejected_connections += 1;
            return None;
        }
        self.stats.connections += 1;
        self.last_id += 1;
        let mut client = Client::new(self.last_id, peer, self.time.elapsed());
        client.authenticated = self.settings.password.is_none();
        let wake = Rc::clone(&client.wake);
        self.clients.insert(self.last_id, client);
        Some((self.last_id, wake))
    }

    /// Removes a client, and ends its task if it is still running.
    pub(super) fn disconnect(&mut self, id: ClientId) {
        self.subscriptions.remove_client(id);
        if let Some(client) = self.clients.remove(&id) {
            client.wake.notify_one();
        }
    }

    /// Calls `work` with a client, if it is still connected. The client is outside the registry during the call, so
    /// nothing can remove it.
    pub(super) fn with_client(&mut self, id: ClientId, work: impl FnOnce(&mut Self, &mut Client)) {
        if let Some(mut client) = self.clients.remove(&id) {
            work(self, &mut client);
            self.clients.insert(id, client);
        }
    }

    pub(super) fn begin(&mut self, client: &Client) {
        self.executing = Some((client.id, client.protocol));
    }

    /// Writes the reply to the command started by `begin`, then the pushes deferred during the command.
    pub(super) fn finish(&mut self, client: &mut Client, reply: Reply) {
        self.executing = None;
        if matches!(reply, Reply::Error(_)) {
            self.stats.error_replies += 1;
        }
        let wanted = client.replies.wants();
        if wanted {
            reply.encode(client.protocol, &mut client.out);
        }
        if !self.deferred.is_empty() {
            client.out.extend_from_slice(&self.deferred);
            self.deferred.clear();
        }
    }

    /// Sends a message to every subscriber, and returns their number.
    pub(super) fn publish(&mut self, kind: Kind, channel: &[u8], payload: &[u8]) -> usize {
        let channel = Bytes::copy_from_slice(channel);
        let payload = Bytes::copy_from_slice(payload);
        let mut reached = 0;
        for (pattern, receivers) in self.subscriptions.receivers(kind, &channel) {
            let word = match (kind, &pattern) {
                (Kind::Shard, _) => "smessage",
                (_, None) => "message",
                (_, Some(_)) => "pmessage",
            };
            let parts = [Some(Bytes::from_static(word.as_bytes())), pattern];
            let parts = parts.into_iter().flatten().chain([channel.clone(), payload.clone()]);
            reached += receivers.len();
            self.push(&Reply::Push(parts.map(Reply::Bulk).collect()), &receivers);
        }
        reached
    }

    /// Closes idle clients and removes expired keys.
    pub(super) fn cron(&mut self) {
        self.stats.expired_keys += self.keyspace.sweep(self.time.wall());
        let timeout = self.settings.idle_timeout;
        if timeout == Duration::ZERO {
            return;
        }
        let now = self.time.elapsed();
        let silent: Vec<_> = self
            .clients
            .values()
            .filter(|client| now.saturating_sub(client.active_at) > timeout)
            .map(|client| client.id)
            .filter(|&id| !self.subscriptions.is_subscribed(id))
            .collect();
        for id in silent {
            self.disconnect(id);
        }
    }

    fn push(&mut self, message: &Reply, receivers: &[ClientId]) {
        let now = self.time.elapsed();
        let encoded = [Protocol::Resp2, Protocol::Resp3].map(|protocol| {
            LazyCell::new(move || {
                let mut bytes = BytesMut::new();
                message.clone().encode(protocol, &mut bytes);
                bytes
            })
        });
        let bytes_for = |protocol: Protocol| &**encoded[usize::from(protocol == Protocol::Resp3)];
        let mut overrun = Vec::new();
        for &id in receivers {
            if let Some((_, protocol)) = self.executing.filter(|(executing, _)| *executing == id) {
                self.deferred.extend_from_slice(bytes_for(protocol));
            } else if let Some(client) = self.clients.get_mut(&id)
                && client.push(bytes_for(client.protocol), &self.settings.output_limits, now).is_err()
            {
                overrun.push(id);
            }
        }
        for id in overrun {
            self.stats.output_limit_disconnections += 1;
            self.disconnect(id);
        }
    }
}

/// Returns 40 hexadecimal digits unique to this server, like Redis' run id; not secret, so not random.
fn run_id(addr: SocketAddr, started_at: Duration) -> String {
    let part = |salt: u32| {
        let mut hasher = DefaultHasher::new();
        (salt, std::process::id(), addr, started_at).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    };
    let mut id: String = (0..3).map(part).collect();
    id.truncate(40);
    id
}
