//! The list of TCP connections, from the kernel's socket table (`ss -t`): those of all users, in this network namespace.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    time::Duration,
};

use rustix::io::Errno;

use super::{
    bytes::{long, word},
    cgroups,
    pair::Pair,
    path::AcceptQueue,
    sock_diag::{Table, attribute, body, cookie, ends_of, info},
    socket::{Selection, Socket, Timer},
    socket_filter,
    tcp_state::TcpState,
};
use crate::clock::Stamp;

/// `INET_DIAG_CGROUP_ID`
const CGROUP: u16 = 21;

/// All states in which an end holds a connection, or tries to: not a listening socket, and not what the kernel keeps of a
/// connection after its end (TIME_WAIT) or before its start (SYN_RECV).
const STATES: u32 = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11;

/// A reader of the list.
#[derive(Debug)]
pub(crate) struct SocketList(Table);

impl SocketList {
    /// Opens the list.
    ///
    /// # Errors
    /// The kernel has no socket diagnostics, or forbids them.
    pub(crate) fn open() -> Result<Self, Errno> {
        Table::open().map(Self)
    }

    /// Reads the list. The kernel selects, so other sockets cost little.
    ///
    /// # Errors
    /// The kernel did not answer, or refused the request.
    pub(crate) fn read(&mut self, selection: &Selection) -> Result<Vec<Socket>, Errno> {
        let (mut sockets, mut seen) = (Vec::new(), HashSet::new());
        self.0.dump(STATES, &socket_filter::program(selection), |message| {
            // A socket that moves in the table during the dump shows twice.
            sockets.extend(read(message).filter(|socket| seen.insert(socket.cookie)));
        })?;
        Ok(sockets)
    }

    /// Looks up a socket by its ends; `None` if the kernel knows no such socket, or does not answer.
    pub(crate) fn find(&mut self, pair: Pair) -> Option<Socket> {
        // If there is no connection, the answer may be a listening socket.
        self.0.find(pair, read).ok().flatten().filter(|socket| socket.pair == pair)
    }

    /// Looks up the state of a connection; `None` if the kernel knows no such socket.
    ///
    /// # Errors
    /// The kernel did not answer, or refused the request.
    pub(crate) fn state(&mut self, pair: Pair, now: Stamp) -> Result<Option<TcpState>, Errno> {
        Ok(self.0.look_up(pair, now)?.map(|entry| entry.state))
    }

    /// Looks up the queue of a server on this machine; `None` if no socket listens there.
    pub(crate) fn accept_queue(&mut self, at: SocketAddr) -> Option<AcceptQueue> {
        self.0.listener(at).ok().flatten()
    }

    /// Finds the names of control groups.
    pub(crate) fn cgroups(wanted: &HashSet<u64>) -> HashMap<u64, String> {
        cgroups::names(wanted)
    }
}

/// Parses `struct inet_diag_msg` and its attributes.
fn read(message: &[u8]) -> Option<Socket> {
    let body = body(message)?;
    let due = Duration::from_millis(word(body, 52)?.into());
    let timer = match *body.get(2)? {
        1 => Timer::Retransmission { due },
        2 => Timer::Keepalive { due },
        4 => Timer::WindowProbe { due },
        _ => Timer::Idle,
    };
    Some(Socket {
        pair: ends_of(body)?.canonical(),
        state: TcpState::read(*body.get(1)?)?,
        timer,
        receive_queue: word(body, 56)?,
        send_queue: word(body, 60)?,
        uid: word(body, 64)?,
        inode: word(body, 68)?,
        cookie: cookie(body)?,
        cgroup: attribute(message, CGROUP).and_then(|id| long(id, 0)),
        info: info(message)?,
    })
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
    };

    use socket2::SockRef;

    use super::*;
    use crate::{fuzz::Fuzz, kernel::Ends};

    /// A connection, and the sockets of its client and its server.
    fn listed(address: &str, with: impl FnOnce(&mut TcpStream, &mut TcpStream)) -> (Socket, Socket) {
        let listener = TcpListener::bind(address).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut here = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let mut there = listener.accept().unwrap().0;
        with(&mut here, &mut there);
        let all = SocketList::open().unwrap().read(&Selection::Ports(vec![port], Ends::Both)).unwrap();
        assert_eq!(all.len(), 2, "the listening socket is no connection: {all:?}");
        let client = all.iter().find(|socket| socket.pair.peer.port() == port).unwrap();
        let server = all.iter().find(|socket| socket.pair == client.pair.reversed()).unwrap();
        (*client, *server)
    }

    #[test]
    fn both_ends_are_listed_with_their_queues_and_timers() {
        let (client, server) = listed("127.0.0.1:0", |here, there| {
            here.write_all(b"PING").unwrap();
            SockRef::from(&*here).set_keepalive(true).unwrap();
            there.peek(&mut [0; 4]).unwrap();
        });
        assert_eq!((client.state, client.receive_queue), (TcpState::Established, 0));
        assert_eq!((server.receive_queue, server.timer), (4, Timer::Idle));
        assert!(matches!(client.timer, Timer::Keepalive { due } if due > Duration::from_secs(60)), "{client:?}");
        assert!(client.inode > 0 && client.cookie != server.cookie);
        let sent = client.info.bytes_sent.unwrap();
        assert_eq!((sent.all, sent.again, client.info.bytes_acked), (4, 0, 5), "the SYN is acknowledged as well");
    }

    #[test]
    fn the_kernel_selects_by_port_and_can_leave_out_what_the_other_end_shows() {
        let servers: Vec<_> =
            ["127.0.0.1:0", "127.0.0.1:0", "[::]:0"].iter().filter_map(|at| TcpListener::bind(at).ok()).collect();
        let ports: Vec<_> = servers.iter().map(|server| server.local_addr().unwrap().port()).collect();
        let connections: Vec<_> = servers
            .iter()
            .map(|server| {
                let ip = if server.local_addr().unwrap().is_ipv6() { "::1" } else { "127.0.0.1" };
                let client = TcpStream::connect((ip, server.local_addr().unwrap().port())).unwrap();
                (server.accept().unwrap().0, client)
            })
            .collect();
        let mut list = SocketList::open().unwrap();
        let mut found = |ports: &[u16], ends| {
            let mut found: Vec<_> =
                list.read(&Selection::Ports(ports.to_vec(), ends)).unwrap().iter().map(|socket| socket.pair).collect();
            found.sort_unstable();
            found
        };
        let pair = |of: &TcpStream| Pair { local: of.local_addr().unwrap(), peer: of.peer_addr().unwrap() };
        for selected in [&ports[..1], &ports[1..], &ports[..]] {
            let is_selected = |pair: &Pair| selected.contains(&pair.local.port());
            let mut clients: Vec<_> = connections.iter().map(|(there, _)| pair(there)).filter(is_selected).collect();
            let both = clients.iter().flat_map(|pair| [*pair, pair.reversed()]);
            let mut both: Vec<_> = both.collect();
            both.sort_unstable();
            assert_eq!(found(selected, Ends::Both), both);
            clients.iter_mut().for_each(|pair| *pair = pair.reversed());
            clients.sort_unstable();
            assert_eq!(found(selected, Ends::WithoutLoopbackServers), clients);
        }
        let one = pair(&connections[0].1);
        assert_eq!(list.find(one).unwrap().pair, one);
        assert_eq!(list.find(Pair { local: servers[0].local_addr().unwrap(), ..one }), None, "a listening socket");
    }

    #[test]
    fn a_server_for_both_families_is_the_other_end_of_an_ipv4_client() {
        if TcpListener::bind("[::]:0").is_ok() {
            let (client, server) = listed("[::]:0", |_, _| {});
            assert_eq!(client.pair, server.pair.reversed());
        }
    }

    #[test]
    fn the_end_of_the_stream_counts_as_one_byte_until_it_is_read() {
        use std::net::Shutdown;
        for read in [false, true] {
            let (client, _) = listed("127.0.0.1:0", |here, there| {
                there.shutdown(Shutdown::Write).unwrap();
                here.peek(&mut [0]).unwrap();
                if read {
                    assert_eq!(here.read(&mut [0]).unwrap(), 0);
                }
            });
            assert_eq!((client.state, client.receive_queue), (TcpState::CloseWait, u32::from(!read)));
        }
    }

    #[test]
    fn fuzz_socket_lists() {
        Fuzz::new("netlink", &["\x02", "\n"]).run(|message| {
            let _ = super::read(message);
        });
    }
}
