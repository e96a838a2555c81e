//! A sample of the socket table, and the names of the sockets' owners.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
};

use rustix::io::Errno;

use super::scope::TraceScope;
use crate::{
    clock::Stamp,
    event::SocketSide,
    foreign::Foreign,
    kernel::{AcceptQueue, Pair, Socket, SocketList, SocketOwner, TcpState},
};

/// Reads the socket table for a scope.
pub(super) struct Sampler {
    list: SocketList,
    scope: TraceScope,
    /// True for a port at which a server listens, as of the first sample with that port.
    listening: HashMap<u16, bool>,
}

/// A socket of the scope, or the server's end of a connection in the scope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) socket: Socket,
    pub(super) side: SocketSide,
    /// It has a row: a server's end has none if the client's end does.
    pub(super) listed: bool,
}

impl Sampler {
    /// Opens the table.
    ///
    /// # Errors
    /// The kernel has no socket diagnostics, or forbids them.
    pub(super) fn open(scope: TraceScope) -> Result<Self, Errno> {
        Ok(Self { list: SocketList::open()?, scope, listening: HashMap::new() })
    }

    /// Returns the sockets of the scope.
    ///
    /// # Errors
    /// The kernel did not answer.
    pub(super) fn sample(&mut self) -> Result<Vec<Seen>, Errno> {
        let all = self.list.read(&self.scope.selection())?;
        let inodes = self.scope.process.as_ref().map(|process| process.sockets());
        let (list, listening) = (&mut self.list, &mut self.listening);
        if !self.scope.ports.is_empty() {
            // The server may have been started since. The ports of clients are too many to ask again.
            listening.retain(|_, listens| *listens);
        }
        let mut listens =
            |at: SocketAddr| *listening.entry(at.port()).or_insert_with(|| list.accept_queue(at).is_some());
        let mut seen = Vec::with_capacity(all.len());
        let mut rest = Vec::new();
        for socket in all {
            let is_ours = inodes.as_ref().is_none_or(|inodes| inodes.contains(&socket.inode));
            match is_ours.then(|| self.scope.side(&socket, &mut listens)).flatten() {
                Some(side) => seen.push(Seen { socket, side, listed: true }),
                None => rest.push(socket),
            }
        }
        let clients = seen.iter().filter(|seen| seen.side == SocketSide::Client);
        let clients: HashSet<Pair> = clients.map(|seen| seen.socket.pair.reversed()).collect();
        for seen in &mut seen {
            seen.listed = seen.side == SocketSide::Client || !clients.contains(&seen.socket.pair);
        }
        let other_ends = rest.into_iter().filter(|socket| clients.contains(&socket.pair));
        seen.extend(other_ends.map(|socket| Seen { socket, side: SocketSide::Server, listed: false }));
        Ok(seen)
    }

    /// Returns a socket as it is now; `None` if it has ended.
    pub(super) fn again(&mut self, socket: &Socket) -> Option<Socket> {
        self.list.find(socket.pair).filter(|now| now.cookie == socket.cookie)
    }

    /// Returns the server's end of a connection over the loopback interface.
    pub(super) fn other_end(&mut self, client: &Socket) -> Option<Seen> {
        let socket = self.list.find(client.pair.reversed())?;
        Some(Seen { socket, side: SocketSide::Server, listed: false })
    }

    /// Returns the accept queue of a server on this machine.
    pub(super) fn accept_queue(&mut self, server: SocketAddr) -> Option<AcceptQueue> {
        self.list.accept_queue(server)
    }

    /// Returns the state in which the table has a connection.
    pub(super) fn state(&mut self, pair: Pair, now: Stamp) -> Option<TcpState> {
        self.list.state(pair, now).ok().flatten()
    }
}

/// The owners of sockets, as far as they are visible.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By inode; `None` is not visible.
    owners: HashMap<u32, Option<SocketOwner>>,
    /// By identifier; `None` is not visible.
    cgroups: HashMap<u64, Option<Foreign>>,
}

impl Names {
    /// Looks for the owners of sockets that are not known yet, and forgets the others.
    pub(super) fn update(&mut self, sockets: &[Seen]) {
        // A server is named by one of its ends.
        let mut servers = HashSet::new();
        let named = sockets.iter().filter(|seen| seen.listed || servers.insert(seen.socket.pair.local));
        let inodes: HashSet<u32> = named.map(|seen| seen.socket.inode).filter(|inode| *inode > 0).collect();
        self.owners.retain(|inode, _| inodes.contains(inode));
        let unknown: HashSet<u32> = inodes.into_iter().filter(|inode| !self.owners.contains_key(inode)).collect();
        if !unknown.is_empty() {
            let mut found = SocketOwner::of_each(&unknown);
            self.owners.extend(unknown.into_iter().map(|inode| (inode, found.remove(&inode))));
        }
        let hidden = sockets.iter().filter(|seen| seen.listed && self.owner(&seen.socket).is_none());
        let groups: HashSet<u64> = hidden.filter_map(|seen| seen.socket.cgroup).collect();
        let unknown: HashSet<u64> = groups.into_iter().filter(|id| !self.cgroups.contains_key(id)).collect();
        if !unknown.is_empty() {
            let mut found = SocketList::cgroups(&unknown);
            let named = unknown.into_iter().map(|id| (id, found.remove(&id).map(|name| Foreign::new(&name))));
            self.cgroups.extend(named);
        }
    }

    pub(super) fn owner(&self, socket: &Socket) -> Option<&SocketOwner> {
        self.owners.get(&socket.inode)?.as_ref()
    }

    pub(super) fn cgroup(&self, socket: &Socket) -> Option<&Foreign> {
        self.cgroups.get(&socket.cgroup?)?.as_ref()
    }

    /// Names the owner: `python (4711)`, `uid 999, /system.slice/worker.service`.
    pub(super) fn describe(&self, socket: &Socket) -> String {
        if let Some(owner) = self.owner(socket) {
            return Self::shown(owner);
        }
        match self.cgroup(socket) {
            _ if socket.inode == 0 => "no process".to_owned(),
            Some(group) => format!("uid {}, {group}", socket.uid),
            None => format!("uid {}", socket.uid),
        }
    }

    /// Formats an owner: `python (4711)`.
    pub(super) fn shown(owner: &SocketOwner) -> String {
        format!("{} ({})", Foreign::new(&owner.program), owner.pid)
    }
}
