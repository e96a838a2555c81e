//! Connections that have vanished from the socket table without a report of their end: the kernel ended them, by a reset or
//! because nothing was acknowledged, and their process still holds the socket. It will notice with its next command.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use super::{connection::Connection, rows, sampler::Sampler};
use crate::{
    clock::Stamp,
    event::{Ending, Unnoticed},
    kernel::SocketOwner,
};

/// Time for the report of an end, and for its process to close a socket.
const PATIENCE: Duration = Duration::from_millis(700);

/// Connections that are followed after their end.
const MOST: usize = 1000;

/// The connections that have vanished.
#[derive(Debug, Default)]
pub(super) struct Vanished {
    /// Without a report so far, with the time of the first sample without them.
    waiting: HashMap<u64, (Connection, Stamp)>,
    /// Those whose process still holds the socket.
    unnoticed: HashMap<u64, Connection>,
}

impl Vanished {
    /// Adds the connections that a sample no longer shows.
    pub(super) fn add(&mut self, gone: Vec<Connection>, at: Stamp) {
        let held = gone.into_iter().filter(|it| it.socket.inode > 0);
        let room = MOST.saturating_sub(self.waiting.len());
        self.waiting.extend(held.take(room).map(|it| (it.socket.cookie, (it, at))));
    }

    /// Forgets a connection whose end was reported; returns it, and true if its process had not noticed before.
    pub(super) fn heard(&mut self, cookie: u64) -> (Option<Connection>, bool) {
        let unnoticed = self.unnoticed.remove(&cookie);
        let was_unnoticed = unnoticed.is_some();
        (self.waiting.remove(&cookie).map(|(connection, _)| connection).or(unnoticed), was_unnoticed)
    }

    /// Looks which processes still hold a socket without a connection. Returns those found.
    pub(super) fn check(&mut self, sampler: &mut Sampler, now: Stamp) -> Vec<Unnoticed> {
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
            let (local, peer) = (connection.socket.pair.local, connection.server());
            let unnoticed = Unnoticed { local, peer, owner: rows::of_process(owner), how: how(&connection) };
            if self.unnoticed.len() < MOST {
                found.push(unnoticed);
                self.unnoticed.insert(connection.socket.cookie, connection);
            }
        }
        found
    }
}

/// Returns how a connection ended that was closed by neither side.
fn how(connection: &Connection) -> Ending {
    let info = &connection.socket.info;
    // The kernel gives up only after retransmissions or probes.
    if info.retransmits > 0 || info.probes > 0 { Ending::Abandoned } else { Ending::Reset }
}
