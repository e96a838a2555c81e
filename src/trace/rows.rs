//! The rows of a report: each connection as of the last sample.

use std::collections::HashMap;

use super::{connection::Connection, follow::Follower, rules::Problem, sampler::Names};
use crate::{
    event::{KeepaliveTimer, Owner, SocketState, TracedConnection},
    foreign::Foreign,
    kernel::{SocketOwner, TcpState, Timer},
};

/// Returns a row for each connection: those with a problem first.
pub(super) fn all(follower: &Follower, problems: &[Problem]) -> Vec<TracedConnection> {
    let mut codes: HashMap<u64, Vec<Foreign>> = HashMap::new();
    // The problems are sorted, so a connection has the rank of its first one.
    let mut ranks: HashMap<u64, usize> = HashMap::new();
    for (rank, problem) in problems.iter().enumerate() {
        for cookie in &problem.connections {
            codes.entry(*cookie).or_default().push(problem.code.into());
            ranks.entry(*cookie).or_insert(rank);
        }
    }
    let mut listed: Vec<_> = follower.listed().collect();
    listed.sort_by_key(|it| (ranks.get(&it.socket.cookie).copied().unwrap_or(usize::MAX), it.server(), it.socket.pair));
    let of = |it: &Connection| row(it, &follower.names, codes.remove(&it.socket.cookie).unwrap_or_default());
    listed.into_iter().map(of).collect()
}

/// Returns the process of a connection, if it is visible.
pub(super) fn owner(connection: &Connection, names: &Names) -> Option<Owner> {
    names.owner(&connection.socket).map(of_process)
}

/// Returns a process as a row shows it.
pub(super) fn of_process(owner: &SocketOwner) -> Owner {
    Owner { pid: owner.pid, program: Foreign::new(&owner.program) }
}

/// Returns the row of a connection, with the codes of its findings.
fn row(connection: &Connection, names: &Names, findings: Vec<Foreign>) -> TracedConnection {
    let socket = &connection.socket;
    let info = &socket.info;
    let unacknowledged_bytes = connection.unacknowledged();
    let owner = owner(connection, names);
    let (keepalive, keepalive_due) = match socket.timer {
        Timer::Keepalive { due } => (KeepaliveTimer::On, Some(due)),
        Timer::Idle if connection.is_established() => (KeepaliveTimer::Off, None),
        Timer::Idle | Timer::Retransmission { .. } | Timer::WindowProbe { .. } => (KeepaliveTimer::Unknown, None),
    };
    TracedConnection {
        local: socket.pair.local,
        peer: socket.pair.peer,
        side: connection.side,
        state: match socket.state {
            TcpState::SynSent => SocketState::SynSent,
            TcpState::Established => SocketState::Established,
            TcpState::FinWait1 => SocketState::FinWait1,
            TcpState::FinWait2 => SocketState::FinWait2,
            TcpState::Closing => SocketState::Closing,
            TcpState::CloseWait => SocketState::CloseWait,
            TcpState::LastAck => SocketState::LastAck,
            TcpState::SynReceived | TcpState::TimeWait | TcpState::Closed | TcpState::Listen => SocketState::Other,
        },
        cgroup: names.cgroup(socket).filter(|_| owner.is_none()).cloned(),
        owner,
        uid: socket.uid,
        rtt: info.rtt,
        min_rtt: info.min_rtt,
        retransmits: info.retransmits,
        total_retransmits: info.total_retransmits,
        unacknowledged_bytes,
        unacknowledged: (unacknowledged_bytes > 0).then(|| connection.unacknowledged_for()),
        send_queue_bytes: socket.send_queue,
        receive_queue_bytes: connection.bytes_unread(),
        keepalive,
        keepalive_due,
        silent: connection.silent(),
        waiting: connection.waiting.map(|waiting| waiting.lasted),
        findings,
    }
}
