//! The connections that are examined.

use std::net::{IpAddr, SocketAddr};

use crate::{
    event::SocketSide,
    kernel::{Ends, Process, Selection, Socket},
};

/// The connections to examine: all conditions that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TraceScope {
    /// Ports of servers; empty for any.
    pub(crate) ports: Vec<u16>,
    /// Addresses of servers; empty for any.
    pub(crate) servers: Vec<IpAddr>,
    pub(crate) process: Option<Process>,
}

impl TraceScope {
    /// Returns what to read from the socket table.
    pub(super) fn selection(&self) -> Selection {
        // Of a process that is a server, its own ends are examined.
        let ends = if self.process.is_some() { Ends::Both } else { Ends::WithoutLoopbackServers };
        if self.ports.is_empty() { Selection::All } else { Selection::Ports(self.ports.clone(), ends) }
    }

    /// Returns the end of a connection that this socket is, if it may be in the scope. `listens` returns true for an address
    /// at which a server of this machine listens.
    pub(super) fn side(&self, socket: &Socket, mut listens: impl FnMut(SocketAddr) -> bool) -> Option<SocketSide> {
        let pair = socket.pair;
        let side = match &self.ports[..] {
            [] if listens(pair.local) => SocketSide::Server,
            [] => SocketSide::Client,
            ports if ports.contains(&pair.peer.port()) => SocketSide::Client,
            // A client may have the number as its own port.
            ports if ports.contains(&pair.local.port()) && listens(pair.local) => SocketSide::Server,
            _ => return None,
        };
        let server = if side == SocketSide::Client { pair.peer } else { pair.local };
        (self.servers.is_empty() || self.servers.contains(&server.ip())).then_some(side)
    }
}
