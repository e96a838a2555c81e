//! The kernel's view of one connection to a server: its round-trip time, and, for a server on this machine, the queue of
//! connections that wait to be accepted.

use std::{net::SocketAddr, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use crate::clock::Stamp;

/// The figures of a path; absent where the kernel does not report them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PathFigures {
    /// Smallest round-trip time that TCP measured, without the server's own time.
    pub(crate) rtt: Option<Duration>,
    /// Accept queue of the server's port, if the server is on this machine.
    pub(crate) queue: Option<AcceptQueue>,
}

/// Connections that the kernel has completed and the server has not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct AcceptQueue {
    /// Connections in the queue.
    pub(crate) waiting: u32,
    /// Length of the queue: the `backlog` of listen(2), at most `net.core.somaxconn`. One more than this is queued.
    pub(crate) backlog: u32,
}

impl AcceptQueue {
    /// Returns true if the kernel drops the next connection.
    pub(crate) fn is_full(self) -> bool {
        self.waiting > self.backlog
    }
}

impl PathFigures {
    /// Reads the figures of the connection from `local` to `peer`.
    #[cfg(target_os = "linux")]
    pub(crate) fn read(local: SocketAddr, peer: SocketAddr, now: Stamp) -> Self {
        use super::{Pair, Table};
        let pair = Pair { local, peer };
        let Ok(mut table) = Table::open() else { return Self::default() };
        let figures = table.look_up(pair, now).ok().flatten().and_then(|entry| entry.figures);
        Self {
            rtt: figures.and_then(|figures| figures.min_rtt).filter(|rtt| !rtt.is_zero()),
            queue: table.listener(peer).ok().flatten().filter(|_| pair.is_local()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn read(_local: SocketAddr, _peer: SocketAddr, _now: Stamp) -> Self {
        Self::default()
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
    };

    use socket2::{Domain, Socket, Type};

    use super::*;

    #[test]
    fn connections_that_wait_to_be_accepted_are_counted() {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(1).unwrap();
        let peer = listener.local_addr().unwrap().as_socket().unwrap();
        let first = TcpStream::connect(peer).unwrap();
        let queue = || PathFigures::read(first.local_addr().unwrap(), peer, Stamp::START).queue.unwrap();
        assert_eq!(queue(), AcceptQueue { waiting: 1, backlog: 1 });
        assert!(!queue().is_full());
        let _second = TcpStream::connect(peer).unwrap();
        assert_eq!((queue().waiting, queue().is_full()), (2, true));
    }

    #[test]
    fn the_round_trip_time_is_that_of_the_path() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut here = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut there = listener.accept().unwrap().0;
        here.write_all(b"x").unwrap();
        there.read_exact(&mut [0]).unwrap();
        let (local, peer) = (here.local_addr().unwrap(), here.peer_addr().unwrap());
        let rtt = PathFigures::read(local, peer, Stamp::START).rtt.unwrap();
        assert!(rtt < Duration::from_secs(1), "{rtt:?}");
    }
}
