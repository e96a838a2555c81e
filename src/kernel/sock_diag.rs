//! The kernel's socket table, one connection at a time, and the format of its messages: Linux' socket diagnostics
//! (`NETLINK_SOCK_DIAG`, sock_diag(7)).
//!
//! A lookup names exactly one pair of addresses, so it takes a few microseconds however many sockets the machine has,
//! and needs no privileges. The messages are a handful of fixed fields, encoded by hand: the layouts are those of the
//! kernel's `linux/inet_diag.h` and `linux/tcp.h`, which are a stable ABI.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use rustix::{
    fd::OwnedFd,
    io::Errno,
    net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with},
};

use super::path::AcceptQueue;
use crate::{clock::Stamp, event::TcpFigures};

/// `SOCK_DIAG_BY_FAMILY`
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST`
const REQUEST: u16 = 1;
/// `NLMSG_ERROR`
const ERROR: u16 = 2;
/// `INET_DIAG_INFO`: the attribute that holds `struct tcp_info`.
const INFO: u16 = 2;
const TCP: u8 = 6;
/// `TCP_LISTEN`
const LISTEN: u8 = 10;
/// `AF_INET` and `AF_INET6` on Linux.
pub(crate) const FAMILIES: (u8, u8) = (2, 10);
/// Lengths of `struct nlmsghdr`, `struct inet_diag_msg`, and `struct nlattr`.
const HEADER: usize = 16;
const MESSAGE: usize = 72;
const ATTRIBUTE: usize = 4;

/// The two ends of a connection, as seen by one of its sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
}

/// TCP's states (RFC 9293), by the kernel's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TcpState {
    Established,
    /// Closed on this side.
    ClosedHere,
    /// Closed by the other side (CLOSE_WAIT), possibly then by us (LAST_ACK).
    ClosedThere,
    /// Closed by both sides.
    TimeWait,
    Other,
}

/// A socket in the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) state: TcpState,
    pub(crate) inode: u32,
    pub(crate) figures: Option<TcpFigures>,
}

/// A handle to the socket table.
#[derive(Debug)]
pub(crate) struct Table {
    socket: OwnedFd,
    sequence: u32,
}

impl Table {
    /// Opens the table.
    ///
    /// # Errors
    /// The kernel has no socket diagnostics, or forbids them.
    pub(crate) fn open() -> Result<Self, Errno> {
        Ok(Self { socket: socket()?, sequence: 0 })
    }

    /// Looks up a connection; `None` if the kernel knows no such socket. Does not block: the answer is queued before
    /// the system call that sends the request returns.
    ///
    /// # Errors
    /// The kernel did not answer, or refused the request.
    pub(crate) fn look_up(&mut self, pair: Pair, now: Stamp) -> Result<Option<Entry>, Errno> {
        self.ask(pair, |answer| read(answer, |answer| entry(answer, pair, now)))
    }

    /// Looks up the queue of connections to `at` that wait to be accepted; `None` if no socket listens there.
    ///
    /// # Errors
    /// The kernel did not answer, or refused the request.
    pub(crate) fn listener(&mut self, at: SocketAddr) -> Result<Option<AcceptQueue>, Errno> {
        // No connection has the port 0, so only a listening socket can match.
        let pair = Pair { local: at, peer: SocketAddr::new(at.ip(), 0) };
        self.ask(pair, |answer| read(answer, queue))
    }

    fn ask<T>(&mut self, pair: Pair, read: impl Fn(&[u8]) -> Result<Option<T>, Errno>) -> Result<Option<T>, Errno> {
        self.sequence = self.sequence.wrapping_add(1);
        send(&self.socket, &request(pair, self.sequence), SendFlags::DONTWAIT)?;
        let mut buffer = [0; 1024];
        loop {
            let (length, _) = recv(&self.socket, &mut buffer, RecvFlags::DONTWAIT)?;
            let answer = buffer.get(..length).unwrap_or(&buffer);
            if word(answer, 8) == Some(self.sequence) {
                return read(answer);
            }
        }
    }
}

/// Opens a non-blocking socket for the kernel's socket diagnostics.
pub(crate) fn socket() -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(netlink::SOCK_DIAG))
}

/// Encodes `struct nlmsghdr` and `struct inet_diag_req_v2`.
fn request(pair: Pair, sequence: u32) -> Vec<u8> {
    let mut message = Vec::with_capacity(72);
    message.extend_from_slice(&72_u32.to_ne_bytes());
    message.extend_from_slice(&BY_FAMILY.to_ne_bytes());
    message.extend_from_slice(&REQUEST.to_ne_bytes());
    message.extend_from_slice(&sequence.to_ne_bytes());
    message.extend_from_slice(&[0; 4]);
    let family = if pair.local.is_ipv4() { FAMILIES.0 } else { FAMILIES.1 };
    message.extend_from_slice(&[family, TCP, 1 << (INFO - 1), 0]);
    // Any state.
    message.extend_from_slice(&u32::MAX.to_ne_bytes());
    message.extend_from_slice(&pair.local.port().to_be_bytes());
    message.extend_from_slice(&pair.peer.port().to_be_bytes());
    message.extend_from_slice(&address(pair.local.ip()));
    message.extend_from_slice(&address(pair.peer.ip()));
    // Any interface, any cookie.
    message.extend_from_slice(&0_u32.to_ne_bytes());
    message.extend_from_slice(&[0xff; 8]);
    message
}

fn address(ip: IpAddr) -> [u8; 16] {
    let mut bytes = [0; 16];
    match ip {
        IpAddr::V4(ip) => bytes[..4].copy_from_slice(&ip.octets()),
        IpAddr::V6(ip) => bytes = ip.octets(),
    }
    bytes
}

fn read<T>(answer: &[u8], found: impl FnOnce(&[u8]) -> Option<T>) -> Result<Option<T>, Errno> {
    let kind = answer.get(4..6).and_then(|bytes| bytes.try_into().ok()).map(u16::from_ne_bytes);
    match kind {
        // `MAX_ERRNO` in the kernel.
        Some(ERROR) => match word(answer, HEADER)
            .map(|code| code.wrapping_neg() as i32)
            .filter(|code| (1..=4095).contains(code))
            .map(Errno::from_raw_os_error)
        {
            Some(Errno::NOENT) => Ok(None),
            Some(errno) => Err(errno),
            None => Err(Errno::PROTO),
        },
        Some(BY_FAMILY) => Ok(found(answer)),
        _ => Err(Errno::PROTO),
    }
}

/// Decodes `struct inet_diag_msg` and its attribute. If there is no connection, the kernel can answer with a listening
/// socket, which is ignored.
fn entry(answer: &[u8], pair: Pair, now: Stamp) -> Option<Entry> {
    let message = body(answer)?;
    if message.get(6..8) != Some(&pair.peer.port().to_be_bytes()) {
        return None;
    }
    let state = match message.get(1)? {
        1 => TcpState::Established,
        4 | 5 | 11 => TcpState::ClosedHere,
        8 | 9 => TcpState::ClosedThere,
        6 => TcpState::TimeWait,
        _ => TcpState::Other,
    };
    Some(Entry { state, inode: word(message, 68)?, figures: info(answer).and_then(|info| figures(info, now)) })
}

/// Decodes the queue of a listening socket: its length is reported as bytes received, its limit as bytes sent
/// (`inet_diag_msg_common_fill` and `tcp_diag_get_info` in the kernel).
fn queue(answer: &[u8]) -> Option<AcceptQueue> {
    let message = body(answer)?;
    (*message.get(1)? == LISTEN)
        .then(|| Some(AcceptQueue { waiting: word(message, 56)?, backlog: word(message, 60)? }))
        .flatten()
}

/// Returns the `struct inet_diag_msg` of a message.
pub(crate) fn body(message: &[u8]) -> Option<&[u8]> {
    message.get(HEADER..HEADER + MESSAGE)
}

/// Returns the `struct tcp_info` of a message.
pub(crate) fn info(message: &[u8]) -> Option<&[u8]> {
    let mut rest = message.get(HEADER + MESSAGE..)?;
    while let Some(length) = half(rest, 0).map(usize::from).filter(|length| *length >= ATTRIBUTE) {
        if half(rest, 2) == Some(INFO) {
            return rest.get(ATTRIBUTE..length);
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    None
}

/// Decodes `struct tcp_info`.
fn figures(info: &[u8], now: Stamp) -> Option<TcpFigures> {
    let millis = |at| word(info, at).map(|ms| Duration::from_millis(ms.into()));
    Some(TcpFigures {
        at: now,
        rtt: Duration::from_micros(word(info, 68)?.into()),
        // Kernels before 4.10 end earlier.
        min_rtt: word(info, 148).map(|micros| Duration::from_micros(micros.into())),
        bytes_received: info.get(128..136).and_then(|bytes| bytes.try_into().ok().map(u64::from_ne_bytes)),
        unacked: word(info, 24)?,
        retransmits: (*info.get(2)?).into(),
        total_retransmits: word(info, 100)?,
        probes: (*info.get(3)?).into(),
        last_data_received: millis(52)?,
        last_ack_received: millis(56)?,
    })
}

pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{Shutdown, TcpListener, TcpStream},
    };

    use super::*;
    use crate::fuzz::Fuzz;

    fn connection() -> (TcpStream, TcpStream, Pair) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let there = listener.accept().unwrap().0;
        let pair = Pair { local: here.local_addr().unwrap(), peer: here.peer_addr().unwrap() };
        (here, there, pair)
    }

    fn state(table: &mut Table, pair: Pair) -> Option<TcpState> {
        table.look_up(pair, Stamp::START).unwrap().map(|entry| entry.state)
    }

    #[test]
    fn an_open_connection_has_an_entry_with_figures() {
        let (mut here, mut there, pair) = connection();
        here.write_all(b"x").unwrap();
        there.read_exact(&mut [0]).unwrap();
        let mut table = Table::open().unwrap();
        let entry = table.look_up(pair, Stamp::from_nanos(7)).unwrap().unwrap();
        assert_eq!(entry.state, TcpState::Established);
        assert_ne!(entry.inode, 0);
        let figures = entry.figures.unwrap();
        assert_eq!((figures.at, figures.retransmits, figures.probes), (Stamp::from_nanos(7), 0, 0));
        assert!(figures.rtt > Duration::ZERO && figures.rtt < Duration::from_secs(1), "{figures:?}");
    }

    #[test]
    fn each_end_of_a_connection_shows_in_the_table() {
        let mut table = Table::open().unwrap();
        let (mut here, there, pair) = connection();
        there.shutdown(Shutdown::Write).unwrap();
        // Once the end of the stream can be read, the FIN has arrived.
        assert_eq!(here.read(&mut [0]).unwrap(), 0);
        assert_eq!(state(&mut table, pair), Some(TcpState::ClosedThere));

        let (mut here, there, pair) = connection();
        socket2::SockRef::from(&there).set_linger(Some(Duration::ZERO)).unwrap();
        drop(there);
        here.read(&mut [0]).unwrap_err();
        assert_eq!(state(&mut table, pair), None, "reset: the kernel forgets the socket, open or not");

        let (here, _there, pair) = connection();
        here.shutdown(Shutdown::Write).unwrap();
        assert_eq!(state(&mut table, pair), Some(TcpState::ClosedHere));
    }

    #[test]
    fn a_listener_is_not_taken_for_a_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let pair = Pair { local: listener.local_addr().unwrap(), peer: "127.0.0.1:9".parse().unwrap() };
        assert_eq!(state(&mut Table::open().unwrap(), pair), None);
    }

    #[test]
    fn version_6_addresses_are_looked_up_too() {
        let Ok(listener) = TcpListener::bind("[::1]:0") else {
            return;
        };
        let here = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let pair = Pair { local: here.local_addr().unwrap(), peer: here.peer_addr().unwrap() };
        assert_eq!(state(&mut Table::open().unwrap(), pair), Some(TcpState::Established));
    }

    #[test]
    fn fuzz_socket_tables() {
        let pair = Pair { local: ([127, 0, 0, 1], 1).into(), peer: ([127, 0, 0, 1], 26399).into() };
        Fuzz::new("netlink", &["\x02", "\n"]).run(|answer| {
            let _ = (super::read(answer, |answer| entry(answer, pair, Stamp::START)), super::read(answer, queue));
        });
    }
}
