//! Connections that have vanished from the socket table without a report of their end: the kernel ended them, by a reset or
//! because nothing was acknowledged, and their process still holds the socket. It will notice with its next command.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    time::Duration,
};

use super::{
    connection::Connection,
    sampler::{Names, Sampler},
};
use crate::{checkup::CheckFinding, clock::Stamp, kernel::SocketOwner, units::count, verdict::Severity};

/// Connections that ended unnoticed.
pub(super) const UNNOTICED: &str = "RD238";

/// Time for the report of an end, and for its process to close a socket.
const PATIENCE: Duration = Duration::from_millis(700);

/// Connections that are followed after their end.
const MOST: usize = 1000;

/// The connections that have vanished.
#[derive(Debug, Default)]
pub(super) struct Vanished {
    /// Without a report so far, with the time of the first sample without them.
    waiting: HashMap<u64, (Connection, Stamp)>,
    /// Those whose process still holds the socket, with its name.
    unnoticed: HashMap<u64, (Connection, String)>,
}

impl Vanished {
    /// Adds the connections that a sample no longer shows.
    pub(super) fn add(&mut self, gone: Vec<Connection>, at: Stamp) {
        let held = gone.into_iter().filter(|it| it.socket.inode > 0);
        let room = MOST.saturating_sub(self.waiting.len());
        self.waiting.extend(held.take(room).map(|it| (it.socket.cookie, (it, at))));
    }

    /// Forgets a connection whose end was reported; returns it.
    pub(super) fn heard(&mut self, cookie: u64) -> Option<Connection> {
        let unnoticed = self.unnoticed.remove(&cookie).map(|(connection, _)| connection);
        self.waiting.remove(&cookie).map(|(connection, _)| connection).or(unnoticed)
    }

    /// Looks which processes still hold a socket without a connection. Returns those found: the connection and a text.
    pub(super) fn check(&mut self, sampler: &mut Sampler, now: Stamp) -> Vec<(SocketAddr, String)> {
        let due = |at: Stamp| now.since(at) >= PATIENCE;
        let cookies: Vec<u64> =
            self.waiting.iter().filter(|(_, (_, at))| due(*at)).map(|(cookie, _)| *cookie).collect();
        if cookies.is_empty() {
            return Vec::new();
        }
        let gone: Vec<_> = cookies.iter().filter_map(|cookie| self.waiting.remove(cookie)).map(|(it, _)| it).collect();
        // A sample can miss a socket; and after TIME_WAIT the client has closed it.
        let gone: Vec<_> = gone.into_iter().filter(|it| sampler.state(it.socket.pair, now).is_none()).collect();
        let inodes: HashSet<u32> = gone.iter().map(|it| it.socket.inode).collect();
        let owners = SocketOwner::of_each(&inodes);
        let mut found = Vec::new();
        for connection in gone {
            let Some(owner) = owners.get(&connection.socket.inode) else { continue };
            let text = format!(
                "{} to {} was {}, and {} has not noticed",
                connection.socket.pair.local,
                connection.server(),
                how(&connection),
                Names::shown(owner),
            );
            found.push((connection.server(), text));
            if self.unnoticed.len() < MOST {
                self.unnoticed.insert(connection.socket.cookie, (connection, Names::shown(owner)));
            }
        }
        found
    }

    /// Judges those that are still unnoticed.
    pub(super) fn findings(&self) -> Vec<CheckFinding> {
        let mut servers: BTreeMap<SocketAddr, Vec<&(Connection, String)>> = BTreeMap::new();
        for unnoticed in self.unnoticed.values() {
            servers.entry(unnoticed.0.server()).or_default().push(unnoticed);
        }
        let finding = |(server, connections): (SocketAddr, Vec<&(Connection, String)>)| {
            let number = count(connections.len() as u64, "connection");
            let text = format!("{number} to {server} ended, and the client has not noticed");
            let named = connections.iter().take(3);
            let named = named.map(|(it, owner)| format!("{}, {owner}: {}", it.socket.pair.local, how(it)));
            let evidence = named.collect::<Vec<_>>().join(" · ");
            let remedy = "The next command on it fails, unless the client checks an idle connection before it uses it. Let the \
                          pool check, or send a PING from time to time";
            CheckFinding::new(Severity::Warning, UNNOTICED, text).evidence(evidence).remedy(remedy)
        };
        servers.into_iter().map(finding).collect()
    }
}

/// Returns how a connection ended that was closed by neither side.
fn how(connection: &Connection) -> &'static str {
    let info = &connection.socket.info;
    // The kernel gives up only after retransmissions or probes.
    if info.retransmits > 0 || info.probes > 0 { "abandoned by the kernel, or reset" } else { "reset" }
}
