//! The rules: problems of the connections to one server, compared with each other.

mod client;
mod path;
mod server;

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    time::Duration,
};

use super::{connection::Connection, sampler::Names};
use crate::{
    event::SocketSide,
    kernel::{AcceptQueue, Pair},
    units::{count, span},
    verdict::CheckFinding,
};

/// A connection whose path or whose other side is dead.
pub(super) const HALF_OPEN: &str = "RD230";
/// The server does not read or does not answer.
pub(super) const SERVER_SILENT: &str = "RD231";
/// The client does not read.
pub(super) const CLIENT_NOT_READING: &str = "RD232";
/// The server closed, and the client did not.
pub(super) const NOT_CLOSED: &str = "RD233";
/// A client that would not notice a dead path.
pub(super) const BLIND: &str = "RD234";
/// Connection attempts without an answer.
pub(super) const SYN_UNANSWERED: &str = "RD235";

/// Connections that the evidence of a finding names.
const NAMED: usize = 3;

/// A problem of some connections to a server.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Problem {
    pub(super) code: &'static str,
    pub(super) server: SocketAddr,
    /// The cookies of the connections.
    pub(super) connections: Vec<u64>,
    pub(super) finding: CheckFinding,
}

/// The subject of the rules.
pub(super) struct Scene<'a> {
    /// The connections of the scope, and the servers' ends of those whose server is on this machine.
    pub(super) connections: &'a [(Connection, bool)],
    pub(super) names: &'a Names,
    /// Accept queues of the servers on this machine whose connection attempts have no answer.
    pub(super) queues: HashMap<SocketAddr, AcceptQueue>,
}

/// The connections to one server.
struct Group<'a> {
    server: SocketAddr,
    clients: Vec<&'a Connection>,
    /// The server's ends of all connections, as far as they are on this machine.
    accepted: Vec<&'a Connection>,
    /// Those among them whose client is elsewhere.
    remote: Vec<&'a Connection>,
    /// By the pair of the client's end.
    other_ends: HashMap<Pair, &'a Connection>,
    scene: &'a Scene<'a>,
}

/// Returns the problems, worst first.
pub(super) fn judge(scene: &Scene<'_>) -> Vec<Problem> {
    let mut groups: BTreeMap<SocketAddr, Group<'_>> = BTreeMap::new();
    for (connection, listed) in scene.connections {
        let server = connection.server();
        let group = groups.entry(server).or_insert_with(|| Group {
            server,
            clients: Vec::new(),
            accepted: Vec::new(),
            remote: Vec::new(),
            other_ends: HashMap::new(),
            scene,
        });
        match connection.side {
            SocketSide::Client => group.clients.push(connection),
            SocketSide::Server => {
                group.accepted.push(connection);
                if *listed {
                    group.remote.push(connection);
                } else {
                    group.other_ends.insert(connection.socket.pair.reversed(), connection);
                }
            }
        }
    }
    let rules = [
        path::half_open,
        path::ghosts,
        path::unanswered,
        server::silent,
        client::not_reading,
        client::not_closed,
        client::blind,
    ];
    let mut problems: Vec<_> = groups.values().flat_map(|group| rules.iter().filter_map(|rule| rule(group))).collect();
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.finding.severity));
    problems
}

impl Group<'_> {
    fn problem(&self, code: &'static str, of: &[&Connection], finding: CheckFinding) -> Option<Problem> {
        let connections = of.iter().map(|connection| connection.socket.cookie).collect();
        Some(Problem { code, server: self.server, connections, finding })
    }

    /// Names some connections, each with what it shows.
    fn named(&self, of: &[&Connection], shows: impl Fn(&Connection) -> String) -> String {
        let name = |connection: &&Connection| {
            let pair = connection.socket.pair;
            let client = if connection.side == SocketSide::Client { pair.local } else { pair.peer };
            let owner = match connection.side {
                SocketSide::Client => format!(", {}", self.scene.names.describe(&connection.socket)),
                SocketSide::Server => String::new(),
            };
            format!("{client}{owner}: {}", shows(connection))
        };
        let mut parts: Vec<_> = of.iter().take(NAMED).map(name).collect();
        if of.len() > NAMED {
            parts.push(format!("and {} more", of.len() - NAMED));
        }
        parts.join(" · ")
    }

    /// Names the process that accepted the connections: `127.0.0.1:6379, redis-server (4711),`.
    fn named_server(&self) -> String {
        let owner = self.accepted.iter().find_map(|accepted| self.scene.names.owner(&accepted.socket));
        match owner {
            Some(owner) => format!("{}, {},", self.server, Names::shown(owner)),
            None => self.server.to_string(),
        }
    }
}

/// `a connection`, `3 connections`
fn connections(of: &[&Connection]) -> String {
    match of.len() {
        1 => "a connection".to_owned(),
        many => count(many as u64, "connection"),
    }
}

/// Returns the connections for which something is known, the longest time first, and that time.
fn longest<'a>(
    of: &[&'a Connection],
    time: impl Fn(&Connection) -> Option<Duration>,
) -> Option<(Vec<&'a Connection>, Duration)> {
    let mut found: Vec<_> = of.iter().filter_map(|connection| Some((time(connection)?, *connection))).collect();
    found.sort_by_key(|(time, connection)| (std::cmp::Reverse(*time), connection.socket.pair));
    let most = found.first()?.0;
    Some((found.into_iter().map(|(_, connection)| connection).collect(), most))
}

/// Formats a time that is known as a lower bound: to the tenth of a second.
fn at_least(time: Duration) -> String {
    let tenths = Duration::from_millis(time.as_millis() as u64 / 100 * 100);
    span(if tenths.is_zero() { time } else { tenths })
}
