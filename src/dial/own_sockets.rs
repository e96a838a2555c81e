//! Connections to the target that redis-doctor makes apart from the one under test. The kernel reports every socket
//! that ends; only without these do the client's reconnect attempts remain.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::net::{TcpSocket, TcpStream};

use crate::clock::{Stamp, within};

/// Sockets remembered: at four path probes a second, more than a minute's worth.
const SOCKETS: usize = 512;

/// Addresses remembered; a name resolves to a handful.
const ADDRESSES: usize = 64;

/// Failed connections of the library whose broadcast is expected.
const DIALS: usize = 64;

/// The kernel reports the end of a socket within a millisecond; it is read when we get CPU time.
const REPORTED_WITHIN: Duration = Duration::from_secs(1);

/// The sockets known as our own; clones share them.
#[derive(Clone, Default)]
pub(crate) struct OwnSockets(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// The kernel's numbers of our sockets (`SO_COOKIE`).
    cookies: VecDeque<u64>,
    /// Addresses that the target's name resolved to, the latest last.
    addresses: VecDeque<SocketAddr>,
    /// Number of addresses in the latest lookup.
    resolved: usize,
    /// Failures of connections that redis-rs made for redis-doctor, not for the client under test.
    dials: VecDeque<Stamp>,
}

impl OwnSockets {
    /// Connects to an address on a remembered socket within `limit`.
    pub(crate) async fn dial(&self, address: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        self.note(&socket);
        within(limit, socket.connect(address)).await.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
    }

    #[cfg(target_os = "linux")]
    fn note(&self, socket: &TcpSocket) {
        // Not available before Linux 4.12.
        if let Ok(cookie) = rustix::net::sockopt::socket_cookie(socket) {
            keep(&mut self.lock().cookies, cookie, SOCKETS);
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn note(&self, _socket: &TcpSocket) {}

    /// Records the addresses that the target's name resolved to.
    pub(crate) fn resolved(&self, addresses: &[SocketAddr]) {
        let mut known = self.lock();
        known.resolved = addresses.len();
        for address in addresses {
            if !known.addresses.contains(address) {
                keep(&mut known.addresses, *address, ADDRESSES);
            }
        }
    }

    /// Records that redis-rs has dialed a connection that is not under test: it dials all addresses at the same time,
    /// on sockets that it does not expose.
    pub(crate) fn dialed(&self, succeeded: bool, at: Stamp) {
        let mut known = self.lock();
        for _ in usize::from(succeeded)..known.resolved.max(1) {
            keep(&mut known.dials, at, DIALS);
        }
    }

    /// Returns true if a socket reported now as ended may have been a reconnect attempt of the client to `port`.
    pub(crate) fn may_be_the_clients(&self, peer: SocketAddr, port: u16, cookie: u64, now: Stamp) -> bool {
        let mut known = self.lock();
        if peer.port() != port || !known.addresses.contains(&peer) || known.cookies.contains(&cookie) {
            return false;
        }
        known.dials.retain(|failed| now.since(*failed) <= REPORTED_WITHIN);
        known.dials.pop_front().is_none()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep<T>(list: &mut VecDeque<T>, entry: T, limit: usize) {
    if list.len() == limit {
        list.pop_front();
    }
    list.push_back(entry);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn sockets_to_other_addresses_and_our_own_are_not_the_clients() {
        let own = OwnSockets::default();
        let server: SocketAddr = "127.0.0.1:6379".parse().unwrap();
        assert!(!own.may_be_the_clients(server, 6379, 1, at(0)), "an address that was never resolved");
        own.resolved(&[server, "[::1]:6379".parse().unwrap()]);
        keep(&mut own.lock().cookies, 7, SOCKETS);
        assert!(own.may_be_the_clients(server, 6379, 1, at(0)));
        assert!(!own.may_be_the_clients(server, 6379, 7, at(0)));
        assert!(!own.may_be_the_clients(server, 6380, 1, at(0)), "the proxy's connection to the server");
    }

    #[test]
    fn a_failed_dial_of_the_librarys_accounts_for_a_socket_to_each_address() {
        let own = OwnSockets::default();
        let (four, six) = ("127.0.0.1:6379".parse().unwrap(), "[::1]:6379".parse().unwrap());
        own.resolved(&[four, six]);
        own.dialed(false, at(0));
        let clients = [(four, 1), (six, 1), (four, 2)].map(|(peer, ms)| own.may_be_the_clients(peer, 6379, ms, at(ms)));
        assert_eq!(clients, [false, false, true]);
        own.dialed(true, at(10));
        assert!(!own.may_be_the_clients(six, 6379, 3, at(11)), "the address that lost the race");
        own.dialed(true, at(20));
        assert!(own.may_be_the_clients(six, 6379, 4, at(2000)), "a late broadcast is not expected any more");
    }

    #[tokio::test]
    async fn a_socket_of_ours_is_known_before_it_connects() {
        let own = OwnSockets::default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = listener.local_addr().unwrap();
        drop(listener);
        own.dial(closed, Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(own.lock().cookies.len(), usize::from(cfg!(target_os = "linux")));
    }
}
