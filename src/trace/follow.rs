//! The connections of the scope, followed from sample to sample.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    time::Duration,
};

use rustix::io::Errno;

use super::{
    connection::Connection,
    rules::{self, Problem, Scene},
    sampler::{Names, Sampler, Seen},
    scope::TraceScope,
};
use crate::{
    clock::{Clock, Stamp},
    event::SocketSide,
    kernel::{Pair, Socket},
};

/// Connections to a server that show whether it works.
const WITNESSES: usize = 8;

/// The connections of the scope as of the latest sample.
pub(super) struct Follower {
    clock: Clock,
    pub(super) sampler: Sampler,
    pub(super) names: Names,
    /// The sockets of the latest sample.
    sockets: Vec<Seen>,
    /// The connections, and whether they have a row.
    pub(super) connections: Vec<(Connection, bool)>,
    /// Place in the list, by the socket's cookie.
    places: HashMap<u64, usize>,
    pub(super) samples: u64,
}

impl Follower {
    /// Opens the socket table.
    ///
    /// # Errors
    /// The kernel has no socket diagnostics, or forbids them.
    pub(super) fn open(scope: TraceScope, clock: Clock) -> Result<Self, Errno> {
        Ok(Self {
            clock,
            sampler: Sampler::open(scope)?,
            names: Names::default(),
            sockets: Vec::new(),
            connections: Vec::new(),
            places: HashMap::new(),
            samples: 0,
        })
    }

    /// Takes a sample. Returns the connections that the kernel no longer has.
    ///
    /// # Errors
    /// The kernel did not answer.
    pub(super) fn sample(&mut self, at: Stamp) -> Result<Vec<Connection>, Errno> {
        let before = std::mem::take(&mut self.connections);
        let places = std::mem::take(&mut self.places);
        let known = |socket: &Socket| Some(&before.get(*places.get(&socket.cookie)?)?.0);
        self.sockets = self.sampler.sample()?;
        self.samples += 1;
        let follow = |seen: &Seen, at| (Connection::new(seen.socket, seen.side, at, known(&seen.socket)), seen.listed);
        self.connections = self.sockets.iter().map(|seen| follow(seen, at)).collect();
        let ends = other_ends(&mut self.sampler, self.clock, &self.connections);
        self.connections.extend(ends.iter().map(|(seen, at)| follow(seen, *at)));
        self.sockets.extend(ends.into_iter().map(|(seen, _)| seen));
        self.places = self.connections.iter().enumerate().map(|(place, (it, _))| (it.socket.cookie, place)).collect();
        let is_gone = |it: &Connection| !self.places.contains_key(&it.socket.cookie);
        Ok(before.into_iter().filter(|(it, listed)| *listed && is_gone(it)).map(|(it, _)| it).collect())
    }

    /// Looks again at the connections of which another sample may show a problem, and at a few to the same servers that were
    /// alive, for comparison. Returns true if there is no problem.
    pub(super) fn look_again(&mut self, idle: Duration) -> bool {
        self.samples += 1;
        let client = |it: &Connection| match it.side {
            SocketSide::Client => it.socket.pair,
            SocketSide::Server => it.socket.pair.reversed(),
        };
        let pending: Vec<&Connection> =
            self.connections.iter().map(|(it, _)| it).filter(|it| it.is_pending(idle)).collect();
        let clients: HashSet<Pair> = pending.iter().map(|it| client(it)).collect();
        let servers: HashSet<SocketAddr> = pending.iter().map(|it| it.server()).collect();
        let mut places: Vec<usize> = Vec::new();
        let mut alive: HashMap<SocketAddr, Vec<(Duration, usize)>> = HashMap::new();
        for (place, (it, listed)) in self.connections.iter().enumerate() {
            if *listed && clients.contains(&client(it)) {
                places.push(place);
            } else if *listed && servers.contains(&it.server()) {
                alive.entry(it.server()).or_default().push((it.socket.info.last_data_received, place));
            }
        }
        for mut alive in alive.into_values() {
            alive.sort_unstable();
            places.extend(alive.iter().take(WITNESSES).map(|(_, place)| *place));
        }
        let mut again = Vec::with_capacity(places.len());
        let mut all_there = true;
        for place in places {
            let Some((before, listed)) = self.connections.get_mut(place) else { continue };
            match self.sampler.again(&before.socket) {
                Some(socket) => {
                    let now = Connection::new(socket, before.side, self.clock.now(), Some(&*before));
                    *before = now.clone();
                    again.push((now, *listed));
                }
                None => all_there = false,
            }
        }
        let ends = other_ends(&mut self.sampler, self.clock, &again);
        again.extend(ends.iter().map(|(end, at)| (Connection::new(end.socket, end.side, *at, None), false)));
        judge(&again, &self.names, &mut self.sampler).is_empty() && all_there
    }

    /// Looks up the owners of the sockets of the latest sample.
    pub(super) fn name(&mut self) {
        self.names.update(&self.sockets);
    }

    /// Returns true if another sample may show a problem that this one cannot prove.
    pub(super) fn is_pending(&self, idle: Duration) -> bool {
        self.connections.iter().any(|(connection, _)| connection.is_pending(idle))
    }

    /// Returns a connection by the cookie of its socket.
    pub(super) fn get(&self, cookie: u64) -> Option<&Connection> {
        self.places.get(&cookie).and_then(|place| self.connections.get(*place)).map(|(connection, _)| connection)
    }

    /// Returns the connections that have a row.
    pub(super) fn listed(&self) -> impl Iterator<Item = &Connection> {
        self.connections.iter().filter(|(_, listed)| *listed).map(|(connection, _)| connection)
    }

    /// Returns the problems of the latest sample, worst first.
    pub(super) fn judge(&mut self) -> Vec<Problem> {
        judge(&self.connections, &self.names, &mut self.sampler)
    }

    /// Returns the number of connections that have a row, and of the servers at their other ends.
    pub(super) fn size(&self) -> (u64, u64) {
        let servers: HashSet<(SocketAddr, SocketSide)> = self.listed().map(|it| (it.server(), it.side)).collect();
        (self.listed().count() as u64, servers.len() as u64)
    }
}

/// Judges connections.
fn judge(connections: &[(Connection, bool)], names: &Names, sampler: &mut Sampler) -> Vec<Problem> {
    let unanswered = connections.iter().filter(|(it, _)| it.syn_unanswered().is_some());
    let servers: HashSet<SocketAddr> = unanswered.map(|(it, _)| it.server()).collect();
    let queues = servers.into_iter().filter_map(|server| Some((server, sampler.accept_queue(server)?))).collect();
    rules::judge(&Scene { connections, names, queues })
}

/// Looks up the server's ends of the connections over the loopback interface that need them as proof, and of a few to the same
/// servers that were used last, for comparison. A sample has none of them: there would be one for each client.
fn other_ends(sampler: &mut Sampler, clock: Clock, connections: &[(Connection, bool)]) -> Vec<(Seen, Stamp)> {
    let mut there: HashSet<Pair> = HashSet::new();
    let mut local: HashMap<SocketAddr, Vec<&Connection>> = HashMap::new();
    for (it, _) in connections {
        match it.side {
            SocketSide::Client if it.server().ip().is_loopback() => local.entry(it.server()).or_default().push(it),
            SocketSide::Client => {}
            SocketSide::Server => _ = there.insert(it.socket.pair.reversed()),
        }
    }
    let mut wanted: Vec<&Connection> = Vec::new();
    for mut clients in local.into_values() {
        if !clients.iter().any(|it| it.needs_other_end()) {
            continue;
        }
        clients.sort_by_key(|it| it.socket.info.last_data_sent);
        let (last_used, rest) = clients.split_at(WITNESSES.min(clients.len()));
        wanted.extend(last_used);
        wanted.extend(rest.iter().filter(|it| it.needs_other_end()));
    }
    wanted.retain(|it| !there.contains(&it.socket.pair));
    wanted.into_iter().filter_map(|it| Some((sampler.other_end(&it.socket)?, clock.now()))).collect()
}
