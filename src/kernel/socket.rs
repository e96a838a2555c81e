//! A TCP socket in the kernel's table.

use std::time::Duration;

use super::{pair::Pair, tcp_info::TcpInfo, tcp_state::TcpState};

/// The sockets to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// Sockets with one of these ports at either end. With many ports, the list has others as well.
    Ports(Vec<u16>, Ends),
    /// All.
    All,
}

/// The ends of connections to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    Both,
    /// Not the server's end of a connection over the loopback interface: its client's end is in the table as well.
    WithoutLoopbackServers,
}

/// A TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Socket {
    /// Its ends; IPv4 addresses that are mapped into IPv6 are IPv4 addresses.
    pub(crate) pair: Pair,
    pub(crate) state: TcpState,
    pub(crate) timer: Timer,
    /// Bytes received and not read by the process, and 1 for the end of the stream if that was not read.
    pub(crate) receive_queue: u32,
    /// Bytes written by the process and not acknowledged by the other side, sent or not.
    pub(crate) send_queue: u32,
    pub(crate) uid: u32,
    /// 0 if no process has it: not accepted yet, or closed.
    pub(crate) inode: u32,
    /// Its `SO_COOKIE`.
    pub(crate) cookie: u64,
    /// The control group of the process that made it.
    pub(crate) cgroup: Option<u64>,
    pub(crate) info: TcpInfo,
}

/// The timer of a socket that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// None: nothing is unacknowledged, and there is no keepalive.
    Idle,
    /// A retransmission, or the probe for a lost tail. Whether there is a keepalive does not show.
    Retransmission {
        due: Duration,
    },
    Keepalive {
        due: Duration,
    },
    /// A probe, because the other side offers no room. Whether there is a keepalive does not show.
    WindowProbe {
        due: Duration,
    },
}
