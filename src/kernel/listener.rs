//! The kernel's word on every TCP socket that ends: Linux' socket diagnostics broadcast it (`ss -E`), to ordinary users
//! too. That is how the attempts of redis-rs to come back are seen: it tells nobody of them and lets nobody look at its
//! sockets, which for a refused connection exist for some microseconds.
//!
//! What a broadcast holds was found by trying, on Linux 6.18 as root, as `nobody`, and in a network namespace (of which
//! only its own sockets are told): the addresses, the socket's number (`SO_COOKIE`), and the last `struct tcp_info`. It
//! holds neither the owner nor the inode: both are 0. So it cannot be told for certain whose socket it was. The state is
//! always CLOSE, but the figures tell a connection that was refused (a segment came, nothing was acknowledged) from
//! one that was never answered (no segment came) and from one that was made (our SYN was acknowledged). Where the
//! system call that connects fails at once (no route), the socket has no address any more, and is not seen.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use rustix::{
    fd::OwnedFd,
    io::Errno,
    net::{RecvFlags, bind, getsockname, netlink::SocketAddrNetlink, recv},
};

use super::{
    destroyed::Destroyed,
    sock_diag::{FAMILIES, body, info, socket, word},
};
use crate::event::AttemptEnd;

/// `SKNLGRP_INET_TCP_DESTROY` (1) and `SKNLGRP_INET6_TCP_DESTROY` (3), as bits.
const GROUPS: u32 = 0b101;

/// The kernel counts these times in its own ticks, of at most 10 ms.
const TICK: Duration = Duration::from_millis(15);

/// Hears of sockets that end, while it listens.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: OwnedFd,
    /// The socket's own address, which the kernel chose.
    port: u32,
}

impl Listener {
    /// Opens a socket, and does not listen yet.
    ///
    /// # Errors
    /// The kernel has no socket diagnostics, or forbids them.
    pub(crate) fn open() -> Result<Self, Errno> {
        let socket = socket()?;
        bind(&socket, &SocketAddrNetlink::new(0, 0))?;
        let port = SocketAddrNetlink::try_from(getsockname(&socket)?)?.pid();
        Ok(Self { socket, port })
    }

    /// Begins to listen.
    ///
    /// # Errors
    /// The kernel forbids it.
    pub(crate) fn start(&self) -> Result<(), Errno> {
        self.subscribe(GROUPS)
    }

    /// Listens no more, and forgets what was not read.
    ///
    /// # Errors
    /// The kernel forbids it.
    pub(crate) fn stop(&self) -> Result<(), Errno> {
        self.subscribe(0)?;
        while !matches!(self.next(), Err(Errno::WOULDBLOCK)) {}
        Ok(())
    }

    fn subscribe(&self, groups: u32) -> Result<(), Errno> {
        bind(&self.socket, &SocketAddrNetlink::new(self.port, groups))
    }

    /// The next that was told; `None` for what cannot be read.
    ///
    /// # Errors
    /// `WOULDBLOCK` when there is none, and `NOBUFS` when some were lost because they came too fast.
    pub(crate) fn next(&self) -> Result<Option<Destroyed>, Errno> {
        let mut buffer = [0; 1024];
        let (length, _) = recv(&self.socket, &mut buffer, RecvFlags::DONTWAIT)?;
        Ok(read(buffer.get(..length).unwrap_or(&buffer)))
    }
}

/// Reads `struct inet_diag_msg` and `struct tcp_info`.
fn read(message: &[u8]) -> Option<Destroyed> {
    let (body, info) = (body(message)?, info(message)?);
    let port = u16::from_be_bytes(body.get(6..8)?.try_into().ok()?);
    let ip = match *body.first()? {
        family if family == FAMILIES.0 => IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(body.get(24..28)?).ok()?)),
        family if family == FAMILIES.1 => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(body.get(24..40)?).ok()?)),
        _ => return None,
    };
    let cookie = u64::from(word(body, 44)?) | u64::from(word(body, 48)?) << 32;
    let (acknowledged, received) = (word(info, 120)? | word(info, 124)?, word(info, 140)?);
    let end = match (acknowledged, received) {
        (1.., _) => AttemptEnd::Dropped,
        (0, 1..) => AttemptEnd::Refused,
        (0, 0) => AttemptEnd::Unanswered,
    };
    // Since it last sent data, received data, and received an acknowledgement; of no use where it never was connected.
    let quiet = [44, 52, 56].into_iter().filter_map(|at| word(info, at)).max()?;
    let age = if end == AttemptEnd::Dropped {
        Duration::from_millis(quiet.into()).saturating_sub(TICK)
    } else {
        Duration::ZERO
    };
    Some(Destroyed {
        peer: SocketAddr::new(ip, port),
        cookie,
        end,
        repeats: word(info, 100)?,
        age,
        said: word(info, 156)?,
    })
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
    };

    use rustix::net::sockopt::socket_cookie;
    use socket2::{Domain, Socket, Type};

    use super::*;

    /// One that listens.
    fn listening() -> Listener {
        let listener = Listener::open().unwrap();
        listener.start().unwrap();
        listener
    }

    /// What is told of the socket with this number.
    fn told(listener: &Listener, cookie: u64) -> Destroyed {
        loop {
            match listener.next() {
                Ok(Some(destroyed)) if destroyed.cookie == cookie => return destroyed,
                Err(Errno::WOULDBLOCK) => std::thread::yield_now(),
                _ => {}
            }
        }
    }

    /// As an event loop does it: a socket that does not block.
    fn connecting(peer: SocketAddr) -> (Socket, u64) {
        let socket = Socket::new(Domain::for_address(peer), Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        let cookie = socket_cookie(&socket).unwrap();
        socket.connect(&peer.into()).unwrap_err();
        (socket, cookie)
    }

    #[test]
    fn a_refused_connection_is_told_over_both_versions() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(bound) = TcpListener::bind(any) else {
                continue;
            };
            let peer = bound.local_addr().unwrap();
            drop(bound);
            let listener = listening();
            let (socket, cookie) = connecting(peer);
            while socket.take_error().unwrap().is_none() {}
            drop(socket);
            let told = told(&listener, cookie);
            assert_eq!((told.peer, told.end, told.repeats), (peer, AttemptEnd::Refused, 0));
        }
    }

    #[test]
    fn a_connection_that_nobody_answers_is_told_apart() {
        // A full queue: Linux drops what comes then, and says nothing.
        let full = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        full.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        full.listen(0).unwrap();
        let peer = full.local_addr().unwrap().as_socket().unwrap();
        let _queued = TcpStream::connect(peer).unwrap();
        let listener = listening();
        let (socket, cookie) = connecting(peer);
        drop(socket);
        assert_eq!(told(&listener, cookie).end, AttemptEnd::Unanswered);
    }

    #[test]
    fn what_is_told_while_nobody_listens_is_not_heard_later() {
        let bound = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = bound.local_addr().unwrap();
        drop(bound);
        let end = || {
            let (socket, cookie) = connecting(peer);
            while socket.take_error().unwrap().is_none() {}
            cookie
        };
        let (listener, witness) = (listening(), listening());
        let heard = end();
        told(&witness, heard);
        // Told, and not read.
        listener.stop().unwrap();
        let unheard = end();
        told(&witness, unheard);
        listener.start().unwrap();
        let last = end();
        let first = loop {
            match listener.next() {
                Ok(Some(told)) if [heard, unheard, last].contains(&told.cookie) => break told.cookie,
                _ => std::thread::yield_now(),
            }
        };
        assert_eq!(first, last);
    }

    #[test]
    fn a_connection_that_was_made_has_an_age() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let listener = listening();
        let mut here = TcpStream::connect(server.local_addr().unwrap()).unwrap();
        let mut there = server.accept().unwrap().0;
        here.write_all(b"PING").unwrap();
        there.read_exact(&mut [0; 4]).unwrap();
        let cookie = socket_cookie(&here).unwrap();
        std::thread::sleep(Duration::from_millis(60));
        drop(there);
        assert_eq!(here.read(&mut [0]).unwrap(), 0);
        drop(here);
        let told = told(&listener, cookie);
        assert_eq!(told.end, AttemptEnd::Dropped);
        assert!(told.age >= Duration::from_millis(30) && told.said == 1, "{told:?}");
    }
}
