//! Connections to the target that redis-doctor makes beside the one under test. The kernel tells of every socket that
//! ends; which of them were attempts of the client to come back shows only when these are known.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::net::{TcpSocket, TcpStream};

use crate::clock::Stamp;

/// Sockets that are remembered: at four path probes a second, of more than the last minute.
const SOCKETS: usize = 512;

/// Addresses that are remembered; a name stands for a handful of them.
const ADDRESSES: usize = 64;

/// Failed connections of the library's that are waited for.
const DIALS: usize = 64;

/// The kernel tells of a socket's end within a millisecond, and we read it when we get the processor.
const TOLD_WITHIN: Duration = Duration::from_secs(1);

/// What is known of them; clones share it.
#[derive(Clone, Default)]
pub(crate) struct OwnSockets(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// The kernel's numbers of our own sockets (`SO_COOKIE`).
    cookies: VecDeque<u64>,
    /// What the target's name stood for, the latest last.
    addresses: VecDeque<SocketAddr>,
    /// How many addresses the latest look-up gave.
    at_once: usize,
    /// Sockets of a connection that redis-rs made for us and not for the client under test: when they failed.
    dials: VecDeque<Stamp>,
}

impl OwnSockets {
    /// Connects to an address, on a socket that is remembered.
    pub(crate) async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        self.note(&socket);
        socket.connect(address).await
    }

    #[cfg(target_os = "linux")]
    fn note(&self, socket: &TcpSocket) {
        // Before Linux 4.12 there are no such numbers to be had.
        if let Ok(cookie) = rustix::net::sockopt::socket_cookie(socket) {
            keep(&mut self.lock().cookies, cookie, SOCKETS);
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn note(&self, _socket: &TcpSocket) {}

    /// What a name that is connected to stands for.
    pub(crate) fn resolved(&self, addresses: &[SocketAddr]) {
        let mut known = self.lock();
        known.at_once = addresses.len();
        for address in addresses {
            if !known.addresses.contains(address) {
                keep(&mut known.addresses, *address, ADDRESSES);
            }
        }
    }

    /// redis-rs has tried to make a connection that is not under test: it dials all addresses at once, on sockets that
    /// nobody else gets to see.
    pub(crate) fn dialled(&self, succeeded: bool, at: Stamp) {
        let mut known = self.lock();
        for _ in usize::from(succeeded)..known.at_once.max(1) {
            keep(&mut known.dials, at, DIALS);
        }
    }

    /// Whether a socket that has ended, as is heard now, may have been an attempt of the client to come back to `port`.
    pub(crate) fn may_be_the_clients(&self, peer: SocketAddr, port: u16, cookie: u64, now: Stamp) -> bool {
        let mut known = self.lock();
        if peer.port() != port || !known.addresses.contains(&peer) || known.cookies.contains(&cookie) {
            return false;
        }
        known.dials.retain(|failed| now.since(*failed) <= TOLD_WITHIN);
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
    fn sockets_to_elsewhere_and_our_own_are_none_of_the_clients() {
        let own = OwnSockets::default();
        let server: SocketAddr = "127.0.0.1:6379".parse().unwrap();
        assert!(!own.may_be_the_clients(server, 6379, 1, at(0)), "an address that nobody connects to");
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
        own.dialled(false, at(0));
        let heard = [(four, 1), (six, 1), (four, 2)].map(|(peer, ms)| own.may_be_the_clients(peer, 6379, ms, at(ms)));
        assert_eq!(heard, [false, false, true]);
        own.dialled(true, at(10));
        assert!(!own.may_be_the_clients(six, 6379, 3, at(11)), "the address that lost the race");
        own.dialled(true, at(20));
        assert!(own.may_be_the_clients(six, 6379, 4, at(2000)), "what was not heard of in time never was");
    }

    #[tokio::test]
    async fn a_socket_of_ours_is_known_before_it_connects() {
        let own = OwnSockets::default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = listener.local_addr().unwrap();
        drop(listener);
        own.connect(closed).await.unwrap_err();
        assert_eq!(own.lock().cookies.len(), usize::from(cfg!(target_os = "linux")));
    }
}
