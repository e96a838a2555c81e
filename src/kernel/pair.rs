//! The two ends of a connection.

use std::net::SocketAddr;

/// The two ends of a connection, as seen by one of its sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Pair {
    pub(crate) local: SocketAddr,
    pub(crate) peer: SocketAddr,
}

impl Pair {
    /// Returns the same connection as seen by the other side.
    pub(crate) fn reversed(self) -> Self {
        Self { local: self.peer, peer: self.local }
    }

    /// Returns true if both ends have addresses of this machine.
    pub(crate) fn is_local(self) -> bool {
        self.local.ip() == self.peer.ip() || self.peer.ip().is_loopback()
    }

    /// Returns it with IPv4 addresses in place of those that are mapped into IPv6: a client over IPv4 and a server with a
    /// socket for both families then see the same connection.
    pub(crate) fn canonical(self) -> Self {
        let canonical = |end: SocketAddr| SocketAddr::new(end.ip().to_canonical(), end.port());
        Self { local: canonical(self.local), peer: canonical(self.peer) }
    }
}
