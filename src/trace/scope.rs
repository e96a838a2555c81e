//! The connections that are examined.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::Serialize;

use crate::kernel::{Ends, Process, Selection, Socket};

/// The connections to examine: all conditions that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TraceScope {
    /// Ports of servers; empty for any.
    pub(crate) ports: Vec<u16>,
    /// Addresses of servers; empty for any.
    pub(crate) servers: Vec<IpAddr>,
    pub(crate) process: Option<Process>,
    /// Name of the server as given.
    pub(crate) host: Option<String>,
}

/// The end of a connection that a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    /// The one that connected.
    Client,
    /// The one that accepted. It is listed only if the client's end is not on this machine.
    Server,
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
    pub(super) fn side(&self, socket: &Socket, mut listens: impl FnMut(SocketAddr) -> bool) -> Option<Side> {
        let pair = socket.pair;
        let side = match &self.ports[..] {
            [] if listens(pair.local) => Side::Server,
            [] => Side::Client,
            ports if ports.contains(&pair.peer.port()) => Side::Client,
            // A client may have the number as its own port.
            ports if ports.contains(&pair.local.port()) && listens(pair.local) => Side::Server,
            _ => return None,
        };
        let server = if side == Side::Client { pair.peer } else { pair.local };
        (self.servers.is_empty() || self.servers.contains(&server.ip())).then_some(side)
    }

    /// Describes it: `port 6379`, `cache.example, port 6379`, `process 4711 (python)`.
    pub(crate) fn describe(&self) -> String {
        let ports = |ports: &[u16]| ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        let port = match &self.ports[..] {
            [] => None,
            [port] => Some(format!("port {port}")),
            several => Some(format!("ports {}", ports(several))),
        };
        let process = self.process.as_ref().map(|process| format!("process {} ({})", process.pid, process.program));
        let parts: Vec<_> = [process, self.host.clone(), port].into_iter().flatten().collect();
        parts.join(", ")
    }
}
