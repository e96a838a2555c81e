//! The kernel's broadcast of every TCP socket that ends: Linux' socket diagnostics send it (`ss -E`), to ordinary users
//! as well. It is the only view of redis-rs' reconnect attempts: the library does not report them and does not expose
//! its sockets, which exist for microseconds if the connection is refused.
//!
//! The contents were established on Linux 6.18 as root, as `nobody`, and in a network namespace (which receives only
//! its own sockets): the addresses, the socket's cookie (`SO_COOKIE`), and the last `struct tcp_info`. The owner and
//! the inode are both 0, so the owner of a socket is never certain. The state is always CLOSE, but the figures
//! distinguish a refused connection (a segment received, nothing acknowledged) from an unanswered one (no segment
//! received) and an established one (our SYN acknowledged). If connect(2) fails immediately (no route), the socket has
//! no address any more and is not reported.

use std::{fs, io, time::Duration};

use rustix::{
    fd::OwnedFd,
    io::Errno,
    net::{RecvFlags, bind, getsockname, netlink::SocketAddrNetlink, recv, sockopt},
};
use socket2::{SockFilter, SockRef};

use super::{
    bytes::word,
    destroyed::Destroyed,
    sock_diag::{body, cookie, ends_of, info, socket},
};
use crate::event::AttemptEnd;

/// `SKNLGRP_INET_TCP_DESTROY` (1) and `SKNLGRP_INET6_TCP_DESTROY` (3), as bits.
const GROUPS: u32 = 0b101;

/// Size of the receive buffer: room for the sockets of ten thousand connections that end together, about a kilobyte each.
/// The default has room for 200.
const BUFFER: usize = 16 << 20;

/// `NETLINK_SOCK_DIAG`, as listed in `/proc/net/netlink`.
const SOCK_DIAG: &str = "4";

/// The kernel counts these times in jiffies of at most 10 ms.
const TICK: Duration = Duration::from_millis(15);

/// Receives the sockets that end, while started.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: OwnedFd,
    /// The netlink port ID assigned by the kernel.
    id: u32,
    /// Messages that the kernel has dropped so far.
    dropped: u64,
}

impl Listener {
    /// Opens the socket without starting to listen. It will receive the sockets that were connected to `port`.
    ///
    /// # Errors
    /// The kernel has no socket diagnostics, or forbids them.
    pub(crate) fn open(port: u16) -> Result<Self, Errno> {
        let socket = socket()?;
        // More than the system's limit (net.core.rmem_max) with CAP_NET_ADMIN only; otherwise as much as it permits.
        if sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER / 2).is_err() {
            let _ = sockopt::set_socket_recv_buffer_size(&socket, BUFFER / 2);
        }
        // Without the filter, the sockets of all other programs take up the buffer, too.
        let _ = only_to(port, &socket);
        bind(&socket, &SocketAddrNetlink::new(0, 0))?;
        let id = SocketAddrNetlink::try_from(getsockname(&socket)?)?.pid();
        Ok(Self { socket, id, dropped: 0 })
    }

    /// Starts listening.
    ///
    /// # Errors
    /// The kernel forbids it.
    pub(crate) fn start(&self) -> Result<(), Errno> {
        self.subscribe(GROUPS)
    }

    /// Stops listening, and discards unread messages.
    ///
    /// # Errors
    /// The kernel forbids it.
    pub(crate) fn stop(&self) -> Result<(), Errno> {
        self.subscribe(0)?;
        while !matches!(self.next(), Err(Errno::WOULDBLOCK)) {}
        Ok(())
    }

    fn subscribe(&self, groups: u32) -> Result<(), Errno> {
        bind(&self.socket, &SocketAddrNetlink::new(self.id, groups))
    }

    /// Returns the number of messages that the kernel has dropped since the last call, because they came faster than they
    /// were read; `None` if it is unknown. The kernel drops all further messages until every earlier one has been read.
    pub(crate) fn dropped(&mut self) -> Option<u64> {
        let total = dropped(&fs::read_to_string("/proc/self/net/netlink").ok()?, self.id)?;
        Some(total.saturating_sub(std::mem::replace(&mut self.dropped, total)))
    }

    /// Returns the next ended socket; `None` for a message that cannot be parsed.
    ///
    /// # Errors
    /// `WOULDBLOCK` if there is none, and `NOBUFS` if the kernel dropped messages.
    pub(crate) fn next(&self) -> Result<Option<Destroyed>, Errno> {
        let mut buffer = [0; 1024];
        let (length, _) = recv(&self.socket, &mut buffer, RecvFlags::DONTWAIT)?;
        Ok(read(buffer.get(..length).unwrap_or(&buffer)))
    }
}

/// Lets the kernel discard messages about sockets that were connected to another port, with a classic BPF program.
fn only_to(port: u16, socket: &OwnedFd) -> io::Result<()> {
    const LOAD_HALF: u16 = 0x28;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    // After `struct nlmsghdr`, the family, state, timer, retransmissions and the port on this side (16 bits).
    const PEER_PORT: u32 = 16 + 6;
    SockRef::from(socket).attach_filter(&[
        SockFilter::new(LOAD_HALF, 0, 0, PEER_PORT),
        SockFilter::new(JUMP_IF_EQUAL, 0, 1, port.into()),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
        SockFilter::new(RETURN, 0, 0, 0),
    ])
}

/// Returns the drops of the socket with this port ID in the text of `/proc/net/netlink`. Its columns are the address,
/// protocol, port ID, groups, two buffers, a dump, references, drops and the inode.
fn dropped(table: &str, id: u32) -> Option<u64> {
    table.lines().find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [_, SOCK_DIAG, port, _, _, _, _, _, drops, ..] = columns[..] else { return None };
        (port.parse() == Ok(id)).then(|| drops.parse().ok())?
    })
}

/// Parses `struct inet_diag_msg` and `struct tcp_info`.
fn read(message: &[u8]) -> Option<Destroyed> {
    let (body, info) = (body(message)?, info(message)?);
    let pair = ends_of(body)?;
    let end = match (info.bytes_acked, info.segments_received) {
        (1.., _) => AttemptEnd::Dropped,
        (0, 1..) => AttemptEnd::Refused,
        (0, 0) => AttemptEnd::Unanswered,
    };
    // The times are meaningless if it was never connected.
    let quiet = info.last_data_sent.max(info.last_data_received).max(info.last_ack_received);
    let age = if end == AttemptEnd::Dropped { quiet.saturating_sub(TICK) } else { Duration::ZERO };
    let (receive_queue, send_queue) = (word(body, 56)?, word(body, 60)?);
    Some(Destroyed { pair, cookie: cookie(body)?, end, age, receive_queue, send_queue, info })
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{SocketAddr, TcpListener, TcpStream},
    };

    use rustix::net::sockopt::socket_cookie;
    use socket2::{Domain, Socket, Type};

    use super::*;
    use crate::{clock::Clock, fuzz::Fuzz};

    /// Time for a broadcast or a refusal on a busy machine.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// Creates a started listener for the sockets that were connected to this address.
    fn listening(peer: SocketAddr) -> Listener {
        let listener = Listener::open(peer.port()).unwrap();
        listener.start().unwrap();
        listener
    }

    /// Asks `ready` until it has an answer; fails the test if there is none in time.
    #[track_caller]
    fn until<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
        let clock = Clock::start();
        loop {
            if let Some(answer) = ready() {
                return answer;
            }
            assert!(clock.now().elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
            std::thread::yield_now();
        }
    }

    /// Waits for the message about one of the sockets with these cookies.
    #[track_caller]
    fn wait_for(listener: &Listener, cookies: &[u64]) -> Destroyed {
        until("a message about the socket", || {
            listener.next().ok().flatten().filter(|destroyed| cookies.contains(&destroyed.cookie))
        })
    }

    /// Waits for the refusal of a connection.
    #[track_caller]
    fn wait_for_refusal(socket: &Socket) {
        until("a refusal", || socket.take_error().unwrap());
    }

    /// Connects a non-blocking socket, as an event loop does.
    fn connecting(peer: SocketAddr) -> (Socket, u64) {
        let socket = Socket::new(Domain::for_address(peer), Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        let cookie = socket_cookie(&socket).unwrap();
        socket.connect(&peer.into()).unwrap_err();
        (socket, cookie)
    }

    #[test]
    fn a_refused_connection_is_reported_over_ipv4_and_ipv6() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(bound) = TcpListener::bind(any) else {
                continue;
            };
            let peer = bound.local_addr().unwrap();
            drop(bound);
            let listener = listening(peer);
            let (socket, cookie) = connecting(peer);
            wait_for_refusal(&socket);
            drop(socket);
            let ended = wait_for(&listener, &[cookie]);
            assert_eq!((ended.pair.peer, ended.end, ended.info.total_retransmits), (peer, AttemptEnd::Refused, 0));
        }
    }

    #[test]
    fn an_unanswered_connection_is_distinguished() {
        // A full backlog: Linux silently drops further SYNs.
        let full = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        full.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        full.listen(0).unwrap();
        let peer = full.local_addr().unwrap().as_socket().unwrap();
        let _queued = TcpStream::connect(peer).unwrap();
        let listener = listening(peer);
        let (socket, cookie) = connecting(peer);
        drop(socket);
        assert_eq!(wait_for(&listener, &[cookie]).end, AttemptEnd::Unanswered);
    }

    #[test]
    fn messages_sent_while_stopped_are_not_received_later() {
        let bound = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = bound.local_addr().unwrap();
        drop(bound);
        let end = || {
            let (socket, cookie) = connecting(peer);
            wait_for_refusal(&socket);
            cookie
        };
        let (listener, witness) = (listening(peer), listening(peer));
        let unread = end();
        wait_for(&witness, &[unread]);
        // Reported, but not read.
        listener.stop().unwrap();
        let missed = end();
        wait_for(&witness, &[missed]);
        listener.start().unwrap();
        let last = end();
        assert_eq!(wait_for(&listener, &[unread, missed, last]).cookie, last);
    }

    #[test]
    fn a_connection_that_was_made_has_an_age() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let listener = listening(server.local_addr().unwrap());
        let mut here = TcpStream::connect(server.local_addr().unwrap()).unwrap();
        let mut there = server.accept().unwrap().0;
        here.write_all(b"PING").unwrap();
        there.read_exact(&mut [0; 4]).unwrap();
        let cookie = socket_cookie(&here).unwrap();
        std::thread::sleep(Duration::from_millis(60));
        drop(there);
        assert_eq!(here.read(&mut [0]).unwrap(), 0);
        drop(here);
        let ended = wait_for(&listener, &[cookie]);
        assert_eq!(ended.end, AttemptEnd::Dropped);
        assert!(ended.age >= Duration::from_millis(30) && ended.info.data_segments_sent == 1, "{ended:?}");
    }

    /// Refused connections to a port at which nothing is listening.
    fn refused(peer: SocketAddr, count: usize) {
        for _ in 0..count {
            // A blocking connect would erase the address of the socket when it is refused.
            let (socket, _) = connecting(peer);
            wait_for_refusal(&socket);
        }
    }

    fn closed() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    /// Reads all messages; returns their number, and that of failures with `NOBUFS`.
    fn drain(listener: &Listener) -> (usize, usize) {
        let (mut received, mut overruns) = (0, 0);
        loop {
            match listener.next() {
                Ok(_) => received += 1,
                Err(Errno::NOBUFS) => overruns += 1,
                Err(_) => return (received, overruns),
            }
        }
    }

    #[test]
    fn sockets_to_other_ports_take_no_room_and_two_thousand_to_this_one_fit() {
        let (peer, other) = (closed(), closed());
        let mut listener = listening(peer);
        refused(other, 2000);
        let (socket, cookie) = connecting(peer);
        wait_for_refusal(&socket);
        drop(socket);
        let first = until("a message", || match listener.next() {
            Ok(Some(ended)) => Some(ended),
            other => {
                assert_eq!(other, Err(Errno::WOULDBLOCK));
                None
            }
        });
        assert_eq!((first.pair.peer, first.cookie), (peer, cookie));
        assert_eq!(listener.dropped(), Some(0));
        if sockopt::socket_recv_buffer_size(&listener.socket).unwrap() < BUFFER {
            return;
        }
        refused(peer, 2000);
        let mut received = 0;
        until("two thousand messages", || {
            let (more, overruns) = drain(&listener);
            received += more;
            assert_eq!(overruns, 0);
            (received >= 2000).then_some(())
        });
    }

    #[test]
    fn what_the_kernel_drops_is_counted() {
        const SENT: usize = 2000;
        let peer = closed();
        let mut listener = listening(peer);
        let witness = listening(peer);
        sockopt::set_socket_recv_buffer_size(&listener.socket, 4096).unwrap();
        refused(peer, SENT);
        // The broadcasts are sent in order, and the last one has been sent once the witness has received it.
        let mut seen = 0;
        until("all messages to the witness", || {
            seen += drain(&witness).0;
            (seen >= SENT).then_some(())
        });
        let (received, overruns) = drain(&listener);
        assert!(received < SENT && overruns > 0, "{received} received, {overruns} overruns");
        assert_eq!(listener.dropped(), Some((SENT - received) as u64));
        assert_eq!(listener.dropped(), Some(0), "counted once");
    }

    #[test]
    fn the_drops_of_the_right_socket_are_read() {
        let table = "sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode\n\
                     00000000a 0 77 00000000 0 0 0 2 5 4\n\
                     00000000b 4 77 00000005 0 0 0 2 12 5\n";
        assert_eq!((dropped(table, 77), dropped(table, 78)), (Some(12), None));
    }

    #[test]
    fn fuzz_destroyed_sockets() {
        Fuzz::new("netlink", &["\x02", "\n"]).run(|message| {
            let _ = read(message);
        });
    }
}
