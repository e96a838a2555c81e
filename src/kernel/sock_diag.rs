//! The kernel's socket table, one connection at a time or all of them, and the format of its messages: Linux' socket
//! diagnostics (`NETLINK_SOCK_DIAG`, sock_diag(7)).
//!
//! A lookup names exactly one pair of addresses, so it takes a few microseconds however many sockets the machine has,
//! and needs no privileges. The messages are a handful of fixed fields, encoded by hand: the layouts are those of the
//! kernel's `linux/inet_diag.h` and `linux/tcp.h`, which are a stable ABI.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::{
    fd::OwnedFd,
    io::Errno,
    net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with},
};

use super::{
    bytes::{half, word},
    pair::Pair,
    path::AcceptQueue,
    tcp_info::TcpInfo,
    tcp_state::TcpState,
};
use crate::{clock::Stamp, event::TcpFigures};

/// `SOCK_DIAG_BY_FAMILY`, and `TCPDIAG_GETSOCK` for both families in one pass over the kernel's table, whose empty places
/// cost most of the time.
const BY_FAMILY: u16 = 20;
const ALL_FAMILIES: u16 = 18;
/// `NLM_F_REQUEST`, and `NLM_F_DUMP` for all sockets.
const REQUEST: u16 = 1;
const DUMP: u16 = 0x300;
/// `NLMSG_ERROR`, and `NLMSG_DONE` after the last socket.
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// Mask of all states.
const ANY_STATE: u32 = u32::MAX;
/// `INET_DIAG_INFO`: the attribute that holds `struct tcp_info`.
const INFO: u16 = 2;
/// `INET_DIAG_REQ_BYTECODE`: the attribute of a request that holds a filter.
const FILTER: u16 = 1;
const TCP: u8 = 6;
/// `AF_INET` and `AF_INET6` on Linux.
pub(super) const FAMILIES: (u8, u8) = (2, 10);
/// Lengths of `struct nlmsghdr`, `struct inet_diag_msg`, and `struct nlattr`.
const HEADER: usize = 16;
const MESSAGE: usize = 72;
const ATTRIBUTE: usize = 4;

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

    /// Looks up a connection, and parses the answer with `parse`; `None` if the kernel knows no such socket.
    ///
    /// # Errors
    /// The kernel did not answer, or refused the request.
    pub(super) fn find<T>(&mut self, pair: Pair, parse: impl Fn(&[u8]) -> Option<T>) -> Result<Option<T>, Errno> {
        self.ask(pair, |answer| read(answer, &parse))
    }

    fn ask<T>(&mut self, pair: Pair, read: impl Fn(&[u8]) -> Result<Option<T>, Errno>) -> Result<Option<T>, Errno> {
        self.sequence = self.sequence.wrapping_add(1);
        let family = if pair.local.is_ipv4() { FAMILIES.0 } else { FAMILIES.1 };
        let request = Request { flags: REQUEST, family, states: ANY_STATE, pair, sequence: self.sequence };
        send(&self.socket, &request.encoded(), SendFlags::DONTWAIT)?;
        let mut buffer = [0; 1024];
        loop {
            let (length, _) = recv(&self.socket, &mut buffer, RecvFlags::DONTWAIT)?;
            let answer = buffer.get(..length).unwrap_or(&buffer);
            if word(answer, 8) == Some(self.sequence) {
                return read(answer);
            }
        }
    }

    /// Gives each socket of both families in some states, a mask, to `each`, as a message. `filter` is a program that selects
    /// among them; an empty one selects all.
    ///
    /// # Errors
    /// The kernel did not answer, or refused the request.
    pub(super) fn dump(&mut self, states: u32, filter: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), Errno> {
        self.sequence = self.sequence.wrapping_add(1);
        send(&self.socket, &all_request(states, filter, self.sequence), SendFlags::DONTWAIT)?;
        // The kernel fills at most 32 KB at a time.
        let mut buffer = vec![0; 64 << 10];
        loop {
            // The next part is queued before this call returns the one before it.
            let (length, _) = recv(&self.socket, buffer.as_mut_slice(), RecvFlags::DONTWAIT)?;
            let mut rest = buffer.get(..length).unwrap_or(&buffer);
            while let Some(size) = word(rest, 0).map(|size| size as usize).filter(|size| *size >= HEADER) {
                let message = rest.get(..size).unwrap_or(rest);
                if word(message, 8) == Some(self.sequence) {
                    match half(message, 4) {
                        Some(DONE) => return Ok(()),
                        Some(ALL_FAMILIES) => each(message),
                        _ => return read(message, |_| None::<()>).map(drop),
                    }
                }
                rest = rest.get(size.next_multiple_of(4)..).unwrap_or_default();
            }
        }
    }
}

/// Opens a non-blocking socket for the kernel's socket diagnostics.
pub(super) fn socket() -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(netlink::SOCK_DIAG))
}

/// A request for sockets.
struct Request {
    flags: u16,
    family: u8,
    /// A mask of states.
    states: u32,
    pair: Pair,
    sequence: u32,
}

impl Request {
    /// Encodes `struct nlmsghdr` and `struct inet_diag_req_v2`.
    fn encoded(&self) -> Vec<u8> {
        let Self { flags, family, states, pair, sequence } = self;
        let mut message = Vec::with_capacity(72);
        message.extend_from_slice(&72_u32.to_ne_bytes());
        message.extend_from_slice(&BY_FAMILY.to_ne_bytes());
        message.extend_from_slice(&flags.to_ne_bytes());
        message.extend_from_slice(&sequence.to_ne_bytes());
        message.extend_from_slice(&[0; 4]);
        message.extend_from_slice(&[*family, TCP, 1 << (INFO - 1), 0]);
        message.extend_from_slice(&states.to_ne_bytes());
        message.extend_from_slice(&pair.local.port().to_be_bytes());
        message.extend_from_slice(&pair.peer.port().to_be_bytes());
        message.extend_from_slice(&address(pair.local.ip()));
        message.extend_from_slice(&address(pair.peer.ip()));
        // Any interface, any cookie.
        message.extend_from_slice(&0_u32.to_ne_bytes());
        message.extend_from_slice(&[0xff; 8]);
        message
    }
}

/// Encodes `struct nlmsghdr`, `struct inet_diag_req` and its filter.
fn all_request(states: u32, filter: &[u8], sequence: u32) -> Vec<u8> {
    const REQUEST_LENGTH: usize = 60;
    let attribute = if filter.is_empty() { 0 } else { ATTRIBUTE + filter.len() };
    let length = HEADER + REQUEST_LENGTH + attribute;
    let mut message = Vec::with_capacity(length);
    message.extend_from_slice(&(length as u32).to_ne_bytes());
    message.extend_from_slice(&ALL_FAMILIES.to_ne_bytes());
    message.extend_from_slice(&(REQUEST | DUMP).to_ne_bytes());
    message.extend_from_slice(&sequence.to_ne_bytes());
    message.extend_from_slice(&[0; 4]);
    message.extend_from_slice(&[0, 0, 0, 1 << (INFO - 1)]);
    // Any ends.
    message.extend_from_slice(&[0; 48]);
    message.extend_from_slice(&states.to_ne_bytes());
    message.extend_from_slice(&[0; 4]);
    if !filter.is_empty() {
        message.extend_from_slice(&(attribute as u16).to_ne_bytes());
        message.extend_from_slice(&FILTER.to_ne_bytes());
        message.extend_from_slice(filter);
    }
    message
}

pub(super) fn address(ip: IpAddr) -> [u8; 16] {
    let mut bytes = [0; 16];
    match ip {
        IpAddr::V4(ip) => bytes[..4].copy_from_slice(&ip.octets()),
        IpAddr::V6(ip) => bytes = ip.octets(),
    }
    bytes
}

fn read<T>(answer: &[u8], found: impl FnOnce(&[u8]) -> Option<T>) -> Result<Option<T>, Errno> {
    match half(answer, 4) {
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
    let figures = info(answer).map(|info| figures(&info, now));
    Some(Entry { state: TcpState::read(*message.get(1)?)?, inode: word(message, 68)?, figures })
}

/// Decodes the queue of a listening socket: its length is reported as bytes received, its limit as bytes sent
/// (`inet_diag_msg_common_fill` and `tcp_diag_get_info` in the kernel).
fn queue(answer: &[u8]) -> Option<AcceptQueue> {
    let message = body(answer)?;
    (TcpState::read(*message.get(1)?)? == TcpState::Listen)
        .then(|| Some(AcceptQueue { waiting: word(message, 56)?, backlog: word(message, 60)? }))
        .flatten()
}

/// Returns the `struct inet_diag_msg` of a message.
pub(super) fn body(message: &[u8]) -> Option<&[u8]> {
    message.get(HEADER..HEADER + MESSAGE)
}

/// Returns the two ends in a `struct inet_diag_msg`.
pub(super) fn ends_of(body: &[u8]) -> Option<Pair> {
    let family = *body.first()?;
    let end = |port: usize, ip: usize| {
        let port = u16::from_be_bytes(body.get(port..port + 2)?.try_into().ok()?);
        let ip = match family {
            _ if family == FAMILIES.0 => Ipv4Addr::from(<[u8; 4]>::try_from(body.get(ip..ip + 4)?).ok()?).into(),
            _ if family == FAMILIES.1 => Ipv6Addr::from(<[u8; 16]>::try_from(body.get(ip..ip + 16)?).ok()?).into(),
            _ => return None,
        };
        Some(SocketAddr::new(ip, port))
    };
    Some(Pair { local: end(4, 8)?, peer: end(6, 24)? })
}

/// Returns the cookie in a `struct inet_diag_msg` (`SO_COOKIE`): no other socket has it until the next boot.
pub(super) fn cookie(body: &[u8]) -> Option<u64> {
    Some(u64::from(word(body, 44)?) | u64::from(word(body, 48)?) << 32)
}

/// Returns TCP's figures in a message.
pub(super) fn info(message: &[u8]) -> Option<TcpInfo> {
    attribute(message, INFO).and_then(TcpInfo::read)
}

/// Returns the content of an attribute of a message.
pub(super) fn attribute(message: &[u8], kind: u16) -> Option<&[u8]> {
    let mut rest = message.get(HEADER + MESSAGE..)?;
    while let Some(length) = half(rest, 0).map(usize::from).filter(|length| *length >= ATTRIBUTE) {
        if half(rest, 2) == Some(kind) {
            return rest.get(ATTRIBUTE..length);
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    None
}

/// Returns the figures of a run from those of the kernel.
fn figures(info: &TcpInfo, now: Stamp) -> TcpFigures {
    TcpFigures {
        at: now,
        rtt: info.rtt,
        min_rtt: info.min_rtt,
        bytes_received: info.bytes_received,
        unacked: info.unacked,
        retransmits: info.retransmits,
        total_retransmits: info.total_retransmits,
        probes: info.probes,
        last_data_received: info.last_data_received,
        last_ack_received: info.last_ack_received,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{Shutdown, TcpListener, TcpStream},
        time::Duration,
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
        assert_eq!(state(&mut table, pair), Some(TcpState::CloseWait));

        let (mut here, there, pair) = connection();
        socket2::SockRef::from(&there).set_linger(Some(Duration::ZERO)).unwrap();
        drop(there);
        here.read(&mut [0]).unwrap_err();
        assert_eq!(state(&mut table, pair), None, "reset: the kernel forgets the socket, open or not");

        let (here, _there, pair) = connection();
        here.shutdown(Shutdown::Write).unwrap();
        assert!(state(&mut table, pair).is_some_and(TcpState::is_closed_here));
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
