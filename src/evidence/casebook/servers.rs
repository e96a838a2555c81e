//! The servers that the connections of a run reach: which of them to query again, and what is new about them.

use std::{net::IpAddr, sync::Arc};

use super::{Casebook, Connection};
use crate::{
    clock::Stamp,
    event::{EventKind, Peer},
    evidence::{name::Left, server::Snapshot},
    plan::Plan,
};

/// Queries at the start of a run and after a change of role, if each may reach another server.
const INTRODUCTIONS: u32 = 3;

/// Queries in search of one server behind an address.
const SEARCHES: u32 = 4;

/// Servers searched for.
const SEARCHED: usize = 32;

impl Casebook {
    /// Expects the next connections at another server.
    pub(in crate::evidence) fn on_moved(&mut self, port: Option<u16>) {
        self.moving = Some(port);
        self.ledger.left();
    }

    /// Looks for sockets at the server to which the connections move: one of them has reached it.
    pub(super) fn arrived(&mut self) {
        if let Some(port) = self.moving.take() {
            self.sockets.move_to(port);
            self.listener.move_to(port);
        }
    }

    /// Handles a new connection that is not under test; returns the news.
    pub(in crate::evidence) fn on_reached(&mut self, server: &Peer, plan: &Plan, at: Stamp) -> Vec<EventKind> {
        let news = self.ledger.reached(server, at);
        for kind in &news {
            if let EventKind::RoleChanged(change) = kind {
                self.demotion.on_change(change, plan, at);
            }
        }
        news
    }

    /// Handles the role that the server of a connection under test reports; returns the news.
    pub(in crate::evidence) fn on_role(&mut self, server: &Peer, plan: &Plan, at: Stamp) -> Vec<EventKind> {
        let change = self.ledger.described(server, at);
        if let Some(change) = &change {
            self.demotion.on_change(change, plan, at);
            // The address may lead to another server now.
            self.reached = 0;
        }
        change.map(|change| EventKind::RoleChanged(Box::new(change))).into_iter().collect()
    }

    /// Handles an event of a connection under test; returns the news if it reached a server.
    pub(in crate::evidence) fn on_connected(
        &mut self,
        connection: u32,
        kind: &EventKind,
        plan: &Plan,
        at: Stamp,
    ) -> Vec<EventKind> {
        match kind {
            EventKind::Connected(_) | EventKind::Reconnected(_) | EventKind::Superseded { .. } => {
                let server = self.connection(connection).server.clone();
                self.on_reached(&server, plan, at)
            }
            // Other events reach no server.
            _ => Vec::new(),
        }
    }

    /// Returns what the connections have not noticed themselves; everything that is known, if `last`.
    pub(in crate::evidence) fn server_news(&mut self, now: Stamp, last: bool) -> Vec<EventKind> {
        let own = self.servers_in_use();
        let pinned = self.demotion.pinned(&own, self.ledger.latest(), now, last);
        self.ledger.moved(&own, last).into_iter().chain(pinned).collect()
    }

    /// Handles the addresses that the target's name resolves to; returns true if it has left a connection that is up.
    pub(in crate::evidence) fn resolved(&mut self, name: &str, answer: &[IpAddr], at: Stamp) -> bool {
        let up = self.connections.keys().filter(|connection| !self.open.contains_key(connection));
        let mut in_use: Vec<_> = up.filter_map(|up| Some((*up, self.sockets.peer(*up)?))).collect();
        in_use.sort_unstable();
        self.name.resolved(name, answer, &in_use, at)
    }

    /// Returns the moves of the target's name, once a query has found out where it leads to.
    pub(in crate::evidence) fn name_news(&mut self, snapshot: &Snapshot) -> Vec<EventKind> {
        let mut news = Vec::new();
        for Left { connection, moved, .. } in self.name.take_left(snapshot.at) {
            let own = self.connection(connection).server.clone();
            if !self.open.contains_key(&connection) {
                let place = || Peer { laddr: moved.to.first().cloned(), ..Peer::default() };
                let to = snapshot.state.as_ref().map_or_else(place, |state| Peer::from(&**state));
                news.extend(self.ledger.name_moved(&own, to, moved));
            }
        }
        news
    }

    /// Returns the servers of the connections that are up, each once.
    fn servers_in_use(&self) -> Vec<Peer> {
        let mut servers: Vec<Peer> = Vec::new();
        let up = self.connections.iter().filter(|(connection, _)| !self.open.contains_key(connection));
        for (_, Connection { server, .. }) in up {
            if server.run_id.is_some() && servers.iter().all(|known| known.run_id != server.run_id) {
                servers.push(server.clone());
            }
        }
        servers
    }

    /// Returns the servers in use that the latest query did not reach and that another query may reach.
    fn searched(&self) -> Vec<Peer> {
        let Some(latest) = self.snapshots.latest().filter(|_| self.indirect) else { return Vec::new() };
        let mut servers = self.servers_in_use();
        servers.retain(|server| {
            let known = self.ledger.is_one_of_several(server) && self.snapshots.has(server);
            let tried = server.run_id.as_ref().and_then(|run_id| self.searches.get(run_id));
            let tried = tried.copied().unwrap_or(if self.searches.len() < SEARCHED { 0 } else { SEARCHES });
            latest.is_about(server) == Some(false) && !known && !self.ledger.has_left(server) && tried < SEARCHES
        });
        servers
    }

    /// Returns true if another query may show more about the servers behind the address.
    pub(super) fn is_curious(&self) -> bool {
        self.indirect && self.reached < INTRODUCTIONS || !self.searched().is_empty()
    }

    /// Keeps a snapshot in which a server was reached.
    pub(super) fn keep(&mut self, snapshot: Snapshot) {
        self.reached += 1;
        self.indirect |= snapshot.indirect && snapshot.run_id().is_some();
        self.snapshots.push(Arc::new(snapshot));
        for run_id in self.searched().into_iter().filter_map(|server| server.run_id) {
            *self.searches.entry(run_id).or_default() += 1;
        }
    }
}
