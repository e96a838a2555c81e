//! The sockets of the connections under test: how each ended, and TCP's figures while it was up.
//!
//! redis-rs reports that a connection is gone, not why: its driver reads and drops the errno of an idle connection, and
//! a close has none. The kernel's socket table knows ([`crate::kernel`]), but when the loss is reported the driver has
//! already closed its descriptor, and the kernel forgets a clean close as soon as the other side has acknowledged it:
//! immediately on one machine, after a round trip elsewhere. Three ways were tried:
//!
//! - Looking up the connection when the library pushes the loss: after a close the table shows LAST_ACK for one round
//!   trip, so on a fast network a close looks like a reset. On one machine the server's side shows TIME_WAIT, which
//!   proves the close.
//! - The kernel's broadcast of destroyed sockets (`ss -E`): it arrives when everything is over, so the state is always
//!   CLOSE, and it covers every socket of the machine.
//! - A second descriptor of the same socket: it keeps the socket as the loss left it until the socket is examined. This
//!   is used, and the lookup remains for systems without it.
//!
//! pidfd_getfd(2) (Linux 5.6) duplicates a descriptor of this process without `unsafe` code. The duplicate is never
//! read or written, and its error is never fetched, which would take it from the library. Examining it takes about ten
//! microseconds; it is closed once the client is back, or after ten milliseconds. It delays no reconnect, and the other
//! side sees nothing of it. If the library replaces a connection on its own, the old one can live on until the next
//! sample, a second at most.

mod scan;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustix::fd::OwnedFd;

use self::scan::Seen;
pub(crate) use self::scan::SocketScan;
use super::ended_socket::EndedSocket;
use crate::{
    clock::Stamp,
    dial::ClientInfo,
    event::{SocketEnd, TcpFigures},
    foreign::Foreign,
    kernel::{Pair, Table, TcpState, ends, link_of},
    plan::ReconnectPolicy,
};

/// Connections whose sockets are followed: each costs a descriptor and a lookup a second.
const FOLLOWED: usize = 100;

/// A kernel with default settings retransmits for at least this long before it gives up (RFC 1122 section 4.2.3.5: R2).
const RETRANSMITS: Duration = Duration::from_secs(100);

/// The shortest interval between keepalive probes that can be set.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// The sockets of all connections under test.
pub(super) struct Sockets {
    /// The kernel's socket table; `None` before the first scan.
    table: Option<Result<Table, String>>,
    scan: Arc<Mutex<SocketScan>>,
    /// Port of the connections under test; `None` if they are not TCP connections.
    port: Option<u16>,
    /// Shortest silence after which the kernel itself ends a connection.
    patience: Duration,
    /// Shortest time from a question of the kernel to the end of the connection.
    least: Duration,
    /// Number of the last scan for these connections.
    last_scan: u64,
    /// Followed sockets, by connection.
    followed: HashMap<u32, Followed>,
    /// Connections whose socket is not known yet.
    wanted: Vec<Wanted>,
    scanned: Option<Stamp>,
}

struct Wanted {
    connection: u32,
    /// Our end and the server's end as seen by the server; a NAT or a proxy changes them.
    addr: Option<SocketAddr>,
    laddr: Option<SocketAddr>,
}

/// A followed socket.
pub(super) struct Followed {
    pair: Pair,
    inode: u32,
    /// The library's descriptor.
    fd: i32,
    /// Our second descriptor.
    held: Option<OwnedFd>,
    figures: Option<TcpFigures>,
    /// Its end, if a sample showed it before the library reported the loss.
    end: Option<Found>,
}

/// A socket whose connection was lost.
pub(super) enum LostSocket {
    /// Kept as the loss left it until it is examined.
    Held(Box<Followed>),
    /// Examined.
    Examined(EndedSocket),
}

/// The state of an ended socket in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Closed,
    Left,
    /// The kernel no longer knows it.
    Absent,
}

impl Sockets {
    /// Creates the table; it follows no socket yet. Other targets use the `scan` as well.
    pub(super) fn new(port: Option<u16>, policy: &ReconnectPolicy, scan: Arc<Mutex<SocketScan>>) -> Self {
        let keepalive = policy.keepalive.map(|keepalive| keepalive.time + keepalive.interval * keepalive.probes);
        let limits = [keepalive, policy.user_timeout, Some(RETRANSMITS)];
        Self {
            table: None,
            scan,
            port,
            patience: limits.into_iter().flatten().min().unwrap_or(RETRANSMITS),
            least: policy.user_timeout.map_or(PROBE_INTERVAL, |timeout| timeout.min(PROBE_INTERVAL)),
            last_scan: 0,
            followed: HashMap::new(),
            wanted: Vec::new(),
            scanned: None,
        }
    }

    /// Looks for sockets that are connected to another port from now on.
    pub(super) fn move_to(&mut self, port: Option<u16>) {
        self.port = port;
    }

    /// Follows the new socket of `connection`, once a scan has found it.
    pub(super) fn follow(&mut self, connection: u32, client: &ClientInfo) {
        self.forget(connection);
        let unavailable = matches!(self.table, Some(Err(_)));
        if self.port.is_none() || unavailable || self.followed.len() + self.wanted.len() >= FOLLOWED {
            return;
        }
        let read = |addr: &Option<Foreign>| addr.as_ref().and_then(|addr| addr.parse().ok());
        self.wanted.push(Wanted { connection, addr: read(&client.addr), laddr: read(&client.laddr) });
    }

    /// Scans for the sockets that are still wanted, unless the last scan was a moment ago.
    pub(super) fn scan_if_due(&mut self, now: Stamp) {
        let pause = || locked(&self.scan).pause();
        if !self.wanted.is_empty() && self.scanned.is_none_or(|last| now.since(last) >= pause()) {
            self.scan(now);
        }
    }

    /// Reads TCP's figures and the state of every followed socket that is up.
    pub(super) fn sample(&mut self, now: Stamp) {
        let Some(Ok(table)) = &mut self.table else {
            return;
        };
        for followed in self.followed.values_mut().filter(|followed| followed.end.is_none()) {
            followed.sample(table, now);
        }
    }

    /// Reads the same for one connection.
    pub(super) fn sample_one(&mut self, connection: u32, now: Stamp) {
        if let (Some(Ok(table)), Some(followed)) = (&mut self.table, self.followed.get_mut(&connection))
            && followed.end.is_none()
        {
            followed.sample(table, now);
        }
    }

    /// Stops following the socket of `connection`, which was lost. Work that can wait is left to [`Self::ended`].
    pub(super) fn end(&mut self, connection: u32, now: Stamp) -> LostSocket {
        let missing =
            |why: &str| LostSocket::Examined(EndedSocket { missing: Some(why.to_owned()), ..EndedSocket::default() });
        match self.followed.remove(&connection) {
            Some(followed) if followed.held.is_some() => LostSocket::Held(Box::new(followed)),
            Some(followed) => LostSocket::Examined(self.examine(followed, now)),
            None => {
                self.forget(connection);
                match (&self.table, self.port) {
                    (_, None) => missing("not a TCP connection"),
                    (Some(Err(why)), _) => missing(why),
                    _ => missing("the connection's socket was not identified"),
                }
            }
        }
    }

    /// Returns how a socket ended, and releases it.
    pub(super) fn ended(&mut self, socket: LostSocket, now: Stamp) -> EndedSocket {
        match socket {
            LostSocket::Held(followed) => self.examine(*followed, now),
            LostSocket::Examined(ended) => ended,
        }
    }

    fn examine(&mut self, followed: Followed, now: Stamp) -> EndedSocket {
        let Some(Ok(table)) = &mut self.table else {
            return EndedSocket::default();
        };
        let found = followed.end.map_or_else(|| followed.found(table, now), |end| Ok(Some(end)));
        let how = match found {
            Ok(Some(Found::Closed)) => SocketEnd::Closed,
            Ok(Some(Found::Left)) => SocketEnd::Local,
            Ok(Some(Found::Absent)) => self.without_fin(followed.figures, now),
            Ok(None) => {
                let missing = Some("the socket was gone before it could be examined".to_owned());
                return EndedSocket { how: None, figures: followed.figures, missing };
            }
            Err(why) => return EndedSocket { how: None, figures: followed.figures, missing: Some(why) },
        };
        EndedSocket { how: Some(how), figures: followed.figures, missing: None }
    }

    /// Distinguishes the two ends without a FIN: a reset, or the kernel gave up. The kernel gives up only after a long
    /// silence, in which it asks: with a more recent acknowledgement, or if nothing was outstanding a moment ago, it was a
    /// reset.
    fn without_fin(&self, figures: Option<TcpFigures>, now: Stamp) -> SocketEnd {
        let Some(figures) = figures else { return SocketEnd::Gone };
        let age = now.since(figures.at);
        let outstanding = figures.unacked + figures.retransmits + figures.probes > 0;
        match figures.last_ack_received + age < self.patience || !outstanding && age < self.least {
            true => SocketEnd::Reset,
            false => SocketEnd::Gone,
        }
    }

    /// Returns TCP's figures of a connection that is up, as of the last sample.
    pub(super) fn figures(&self, connection: u32) -> Option<TcpFigures> {
        self.followed.get(&connection)?.figures
    }

    /// Returns the address that a connection is connected to, if its socket is known.
    pub(super) fn peer(&self, connection: u32) -> Option<IpAddr> {
        Some(self.followed.get(&connection)?.pair.peer.ip().to_canonical())
    }

    fn forget(&mut self, connection: u32) {
        self.followed.remove(&connection);
        self.wanted.retain(|wanted| wanted.connection != connection);
    }

    /// Opens the table once.
    fn open(&mut self) {
        if self.table.is_none() {
            let table =
                Table::open().map_err(|errno| format!("the kernel's socket diagnostics are unavailable: {errno}"));
            self.table = Some(table);
            locked(&self.scan).open();
        }
    }

    /// Scans our own descriptors for the wanted sockets.
    fn scan(&mut self, now: Stamp) {
        self.open();
        self.scanned = Some(now);
        let shared = Arc::clone(&self.scan);
        let mut scan = locked(&shared);
        scan.scan();
        for wanted in std::mem::take(&mut self.wanted) {
            let followed = match &scan.process {
                Some(_) => self.candidate(&wanted, &scan).and_then(|candidate| hold(candidate, &scan)),
                None => self.without_descriptor(&wanted, &scan, now),
            };
            if let (Some(mut followed), Some(Ok(table))) = (followed, &mut self.table) {
                followed.sample(table, now);
                self.followed.insert(wanted.connection, followed);
            }
        }
        self.last_scan = scan.number;
    }

    /// Without a second descriptor (a sandbox may forbid it): returns the socket with the ends that the server reports,
    /// if it is one of ours.
    fn without_descriptor(&mut self, wanted: &Wanted, scan: &SocketScan, now: Stamp) -> Option<Followed> {
        let pair = Pair { local: wanted.addr?, peer: wanted.laddr? };
        let entry = self.table.as_mut()?.as_mut().ok()?.look_up(pair, now).ok()??;
        let fd = scan.seen.get(&entry.inode)?.fd;
        Some(Followed { pair, inode: entry.inode, fd, held: None, figures: None, end: None })
    }

    /// Returns the socket with the address that the server reports; if there is none, the only one with that peer port that
    /// is new since the last scan.
    fn candidate(&self, wanted: &Wanted, scan: &SocketScan) -> Option<(u32, Seen, Pair)> {
        let taken = |inode: &u32| self.followed.values().any(|followed| followed.inode == *inode);
        let there = scan.seen.iter().filter_map(|(inode, seen)| {
            let pair = seen.pair.filter(|pair| Some(pair.peer.port()) == self.port && !taken(inode))?;
            Some((*inode, *seen, pair))
        });
        let all: Vec<_> = there.collect();
        let named = all.iter().find(|(_, _, pair)| Some(pair.local) == wanted.addr).copied();
        let mut new = all.iter().filter(|(_, seen, _)| seen.first > self.last_scan);
        named.or_else(|| new.next().copied().filter(|_| new.next().is_none()))
    }
}

fn locked(scan: &Mutex<SocketScan>) -> MutexGuard<'_, SocketScan> {
    scan.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hold((inode, seen, pair): (u32, Seen, Pair), scan: &SocketScan) -> Option<Followed> {
    // Since the scan the descriptor may have been reused for another socket.
    let held = scan.second(seen.fd).filter(|held| ends(held) == Some(pair));
    held.is_some().then_some(Followed { pair, inode, fd: seen.fd, held, figures: None, end: None })
}

impl Followed {
    fn sample(&mut self, table: &mut Table, now: Stamp) {
        match table.look_up(self.pair, now) {
            Ok(Some(entry)) if entry.inode == self.inode => {
                self.figures = entry.figures.or(self.figures);
                if entry.state.is_closed_there() {
                    self.end = Some(Found::Closed);
                } else if link_of(self.fd) != Some(self.inode) {
                    self.end = Some(Found::Left);
                }
            }
            Ok(_) => self.end = Some(Found::Absent),
            Err(_) => {}
        }
        if self.end.is_some() {
            self.held = None;
        }
    }

    /// Returns the state in the table; `None` if it proves nothing.
    fn found(&self, table: &mut Table, now: Stamp) -> Result<Option<Found>, String> {
        let mut state = |pair| {
            let found =
                table.look_up(pair, now).map_err(|errno| format!("the kernel's socket diagnostics failed: {errno}"));
            found.map(|entry| entry.map(|entry| entry.state))
        };
        match state(self.pair)? {
            Some(state) if state.is_closed_there() => return Ok(Some(Found::Closed)),
            Some(state) if state == TcpState::Established || state.is_closed_here() => return Ok(Some(Found::Left)),
            _ => {}
        }
        // The side that closes first keeps its socket for a while; on one machine it is in the same table.
        Ok(match state(self.pair.reversed())? {
            Some(state) if state.is_closed_here() => Some(Found::Closed),
            _ => (self.held.is_some() || self.pair.is_local()).then_some(Found::Absent),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::plan::PolicyName;

    const NOW: Stamp = Stamp::from_nanos(1_000_000_000);

    struct Line {
        here: TcpStream,
        there: TcpStream,
        sockets: Sockets,
    }

    impl Sockets {
        /// Returns how the socket of connection 0 ended.
        fn ended_now(&mut self, now: Stamp) -> EndedSocket {
            let socket = self.end(0, now);
            self.ended(socket, now)
        }
    }

    /// Creates a connection that is identified by the address the server reports, or as the only new one.
    fn followed(named: bool) -> Line {
        followed_by(named, |sockets| sockets)
    }

    fn followed_by(named: bool, adapt: impl Fn(Sockets) -> Sockets) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut sockets = Sockets::new(Some(port), &ReconnectPolicy::preset(PolicyName::Hardened), Arc::default());
        sockets.open();
        let mut sockets = adapt(sockets);
        let here = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let there = listener.accept().unwrap().0;
        let addr = if named { here.local_addr().unwrap().to_string() } else { "192.0.2.7:4711".into() };
        let laddr = here.peer_addr().unwrap().to_string();
        sockets.follow(0, &ClientInfo { addr: Some(addr.into()), laddr: Some(laddr.into()), ..ClientInfo::default() });
        sockets.scan_if_due(NOW);
        assert!(sockets.figures(0).is_some(), "not followed");
        Line { here, there, sockets }
    }

    /// Reads the end and drops the descriptor, as the library's driver does.
    fn driver_drops(mut here: TcpStream) {
        let _ = here.read(&mut [0]);
        drop(here);
    }

    #[test]
    fn a_close_is_distinguished_from_a_reset_after_the_driver_has_gone() {
        for named in [true, false] {
            let Line { here, there, mut sockets } = followed(named);
            drop(there);
            driver_drops(here);
            assert_eq!(sockets.ended_now(NOW).how, Some(SocketEnd::Closed));

            let Line { here, there, mut sockets } = followed(named);
            socket2::SockRef::from(&there).set_linger(Some(Duration::ZERO)).unwrap();
            drop(there);
            driver_drops(here);
            let ended = sockets.ended_now(NOW);
            assert_eq!(ended.how, Some(SocketEnd::Reset));
            assert!(ended.figures.is_some());
        }
    }

    #[test]
    fn without_a_second_descriptor_the_other_end_on_this_machine_shows_it() {
        let forbidden = |sockets: Sockets| {
            locked(&sockets.scan).process = None;
            sockets
        };
        let Line { here, there, mut sockets } = followed_by(true, forbidden);
        drop(there);
        driver_drops(here);
        assert_eq!(sockets.ended_now(NOW).how, Some(SocketEnd::Closed));

        let Line { here, there, mut sockets } = followed_by(true, forbidden);
        socket2::SockRef::from(&there).set_linger(Some(Duration::ZERO)).unwrap();
        drop(there);
        driver_drops(here);
        assert_eq!(sockets.ended_now(NOW).how, Some(SocketEnd::Reset));
    }

    #[test]
    fn a_connection_that_we_left_was_open() {
        let Line { here, there: _there, mut sockets } = followed(true);
        assert_eq!(sockets.ended_now(NOW).how, Some(SocketEnd::Local));
        drop(here);
    }

    #[test]
    fn nothing_is_held_after_the_end() {
        let Line { here, mut there, mut sockets } = followed(true);
        drop(here);
        sockets.sample(NOW);
        // The second descriptor would have kept the connection open.
        assert_eq!(there.read(&mut [0]).unwrap(), 0);
        assert_eq!(sockets.ended_now(NOW).how, Some(SocketEnd::Local));
    }

    #[test]
    fn after_a_long_silence_it_may_have_been_the_kernel() {
        let Line { here, there, mut sockets } = followed(true);
        socket2::SockRef::from(&there).set_linger(Some(Duration::ZERO)).unwrap();
        drop(there);
        driver_drops(here);
        // 25 s without an acknowledgement: the hardened policy's TCP_USER_TIMEOUT.
        assert_eq!(sockets.ended_now(NOW.after(Duration::from_secs(25))).how, Some(SocketEnd::Gone));
    }

    #[test]
    fn after_a_long_silence_it_was_a_reset_if_the_kernel_had_asked_nothing_a_moment_before() {
        for (probes, unacked, since_the_sample, end) in [
            (0, 0, 300, SocketEnd::Reset),
            (1, 0, 300, SocketEnd::Gone),
            (0, 1, 300, SocketEnd::Gone),
            (0, 0, 1100, SocketEnd::Gone),
        ] {
            let Line { here, there, mut sockets } = followed(true);
            let followed = sockets.followed.get_mut(&0).unwrap();
            let silent = TcpFigures { last_ack_received: Duration::from_secs(500), ..followed.figures.unwrap() };
            followed.figures = Some(TcpFigures { probes, unacked, ..silent });
            socket2::SockRef::from(&there).set_linger(Some(Duration::ZERO)).unwrap();
            drop(there);
            driver_drops(here);
            let ended = sockets.ended_now(NOW.after(Duration::from_millis(since_the_sample)));
            assert_eq!(ended.how, Some(end), "{probes} {unacked} {since_the_sample}");
        }
    }

    #[test]
    fn an_unknown_end_has_a_reason() {
        let policy = ReconnectPolicy::preset(PolicyName::Hardened);
        let mut sockets = Sockets::new(None, &policy, Arc::default());
        sockets.follow(0, &ClientInfo::default());
        assert_eq!(sockets.ended_now(NOW).missing.as_deref(), Some("not a TCP connection"));
        let mut sockets = Sockets::new(Some(1), &policy, Arc::default());
        sockets.follow(0, &ClientInfo::default());
        assert!(sockets.ended_now(NOW).missing.unwrap().contains("was not identified"), "before the first scan");
        sockets.follow(0, &ClientInfo::default());
        sockets.scan_if_due(NOW);
        assert!(sockets.ended_now(NOW).missing.unwrap().contains("was not identified"), "after the first scan");
    }

    /// It runs in the task that reconnects: far below a millisecond, even in a debug build on a busy machine.
    #[test]
    fn the_end_is_found_without_waiting() {
        let clock = crate::clock::Clock::start();
        let mut fastest = Duration::MAX;
        for _ in 0..20 {
            let Line { here, mut there, mut sockets } = followed(true);
            there.write_all(b"last word").unwrap();
            drop(there);
            driver_drops(here);
            let start = clock.now();
            sockets.ended_now(NOW);
            fastest = fastest.min(clock.now().since(start));
        }
        assert!(fastest < Duration::from_millis(1), "{fastest:?}");
    }
}
