//! Ports for the tests, below the range from which the kernel picks the source ports of outgoing connections.
//!
//! A port from that range (which binding port 0 gives) can be taken by any connection while a server restarts,
//! and a client that keeps dialling such a closed port on loopback can end up connected to itself.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};

use socket2::Socket;

// redis-doctor itself starts servers on ports from 10,000 on, and could take the port of a server that is down for a while.
const FIRST: u32 = 2_000;
const COUNT: u32 = 8_000;

/// A loopback port that was free a moment ago and that this process hands out only once.
#[track_caller]
pub(crate) fn free_port() -> u16 {
    free_listener().local_addr().unwrap().port()
}

/// A listener on such a port. One that is bound after [`free_port`] could find the port in use: a process that another test
/// starts in the meantime holds the socket of the check until it runs its program.
#[track_caller]
pub(crate) fn free_listener() -> TcpListener {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Test processes that run side by side start at different places.
    let start = std::process::id().wrapping_mul(7_919);
    for _ in 0..COUNT {
        let offset = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(start) % COUNT;
        let port = u16::try_from(FIRST + offset).unwrap();
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return listener;
        }
    }
    panic!("no free loopback port between {FIRST} and {}", FIRST + COUNT);
}

/// An address where nothing listens: connecting is refused.
#[track_caller]
pub(crate) fn closed_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()))
}

/// An address where connecting is never answered: a listener whose queue is full and that accepts nothing (on
/// Linux the kernel then drops every SYN, as a firewall that drops does).
pub(crate) struct FullBacklog {
    listener: Socket,
    queued: Vec<TcpStream>,
}

impl FullBacklog {
    /// Listens and fills the queue.
    pub(crate) fn new() -> Self {
        let listener = Socket::from(free_listener());
        // A shorter queue from now on.
        listener.listen(0).unwrap();
        let mut full = Self { listener, queued: Vec::new() };
        let patience = std::time::Duration::from_millis(100);
        while let Ok(stream) = TcpStream::connect_timeout(&full.address(), patience) {
            full.queued.push(stream);
        }
        full
    }

    /// An address without a listener.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap().as_socket().unwrap()
    }
}
