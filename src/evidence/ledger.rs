//! The servers that connections to the target's address reach: one, several, or another than before. Pure.
//!
//! A process is recognized by its `run_id` alone: two addresses can lead to one server, and one address to several.

use std::{collections::VecDeque, time::Duration};

use crate::{
    clock::Stamp,
    event::{AddressMoved, EventKind, NameMoved, NewProcess, Peer, RoleChanged},
    foreign::Foreign,
};

/// New connections remembered.
const ARRIVALS: usize = 64;

/// Servers remembered.
const SERVERS: usize = 16;

/// If a new connection reaches a server again within this time, another one did not replace it in between. No failover
/// goes back that soon.
const ALTERNATION: Duration = Duration::from_secs(10);

/// New connections in a row that must reach another server before the address counts as moved.
const ROW: usize = 3;

/// The servers seen in a run.
#[derive(Default)]
pub(super) struct Ledger {
    /// The latest new connections, in order.
    arrivals: VecDeque<Arrival>,
    /// The servers as last described, in the order in which they were first seen.
    known: Vec<(Stamp, Peer)>,
    /// Servers between which new connections alternate.
    together: Vec<Foreign>,
    /// The last reported move, from one process to another.
    moved: Option<(Foreign, Foreign)>,
}

/// A new connection.
struct Arrival {
    at: Stamp,
    run_id: Foreign,
    role: Option<Foreign>,
}

impl Ledger {
    /// Handles a new connection that reached a server; returns the news.
    pub(super) fn reached(&mut self, server: &Peer, at: Stamp) -> Vec<EventKind> {
        let found = self.new_process(server);
        let mut news: Vec<_> = found.into_iter().chain(self.described(server, at).map(changed)).collect();
        let Some(run_id) = &server.run_id else { return news };
        news.extend(self.alternates(run_id, server, at));
        if self.arrivals.len() == ARRIVALS {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(Arrival { at, run_id: run_id.clone(), role: server.role.clone() });
        news
    }

    /// Forgets all but the latest new connection: the next go to another address.
    pub(super) fn left(&mut self) {
        self.arrivals.drain(..self.arrivals.len().saturating_sub(1));
    }

    /// Reports a process that is reached for the first time, after another one.
    fn new_process(&self, server: &Peer) -> Option<EventKind> {
        let run_id = server.run_id.as_ref()?;
        let before = self.latest()?.clone();
        let seen = self.known.iter().any(|(_, known)| known.run_id.as_ref() == Some(run_id));
        (!seen).then(|| EventKind::NewProcess(Box::new(NewProcess { before, server: server.clone() })))
    }

    /// Handles a server's description of itself on a connection that had reached it before; returns its new role if that
    /// changed.
    pub(super) fn described(&mut self, server: &Peer, at: Stamp) -> Option<RoleChanged> {
        let run_id = server.run_id.as_ref()?;
        let Some((seen, known)) = self.known.iter_mut().find(|(_, known)| known.run_id.as_ref() == Some(run_id)) else {
            if self.known.len() == SERVERS {
                self.known.remove(0);
            }
            self.known.push((at, server.clone()));
            return None;
        };
        // Two connections can deliver their replies in the other order.
        if at < *seen {
            return None;
        }
        let from = known.role.clone();
        let to = server.role.clone().or(from.clone());
        let laddr = server.laddr.clone().or(known.laddr.take());
        (*seen, *known) = (at, Peer { role: to.clone(), laddr, ..server.clone() });
        let from = from.filter(|from| Some(from) != to.as_ref())?;
        Some(RoleChanged { from, server: known.clone() })
    }

    /// Returns the servers between which new connections alternate, primaries first; empty if there is one.
    pub(super) fn together(&self) -> Vec<Peer> {
        let known = |run_id| self.known.iter().find(|(_, known)| known.run_id.as_ref() == Some(run_id));
        let mut all: Vec<_> = self.together.iter().filter_map(known).map(|(_, known)| known.clone()).collect();
        all.sort_by_key(|server| !server.is_primary());
        all
    }

    /// Returns true if new connections reach this server as well as another.
    pub(super) fn is_one_of_several(&self, server: &Peer) -> bool {
        server.run_id.as_ref().is_some_and(|run_id| self.together.contains(run_id))
    }

    /// Returns the server that the latest new connection reached.
    pub(super) fn latest(&self) -> Option<&Peer> {
        let run_id = &self.arrivals.back()?.run_id;
        self.known.iter().find(|(_, known)| known.run_id.as_ref() == Some(run_id)).map(|(_, known)| known)
    }

    /// Returns true if the address is known to lead to another server than `own`.
    pub(super) fn has_left(&self, own: &Peer) -> bool {
        self.moved.as_ref().is_some_and(|(from, _)| own.run_id.as_ref() == Some(from))
    }

    /// Reports once that new connections reach another server than the connections to `own` servers. Fewer new
    /// connections suffice at the end of a run, when no more will be made.
    pub(super) fn moved(&mut self, own: &[Peer], last: bool) -> Option<EventKind> {
        let to = self.latest()?.clone();
        let run_id = to.run_id.clone()?;
        let row = self.arrivals.iter().rev().take_while(|arrival| arrival.run_id == run_id).count();
        if row < ROW && !last {
            return None;
        }
        let stays = |own: &&Peer| {
            let both_known = self.is_one_of_several(own) && self.is_one_of_several(&to);
            own.differs_from(&to) == Some(true) && !both_known && !self.restarted(own, &to)
        };
        let from = own.iter().find(stays)?.clone();
        let pair = (from.run_id.clone()?, run_id);
        if self.moved.as_ref() == Some(&pair) {
            return None;
        }
        if self.never_followed_roles(&pair.0, &pair.1) {
            self.together.extend([pair.0, pair.1]);
            return Some(EventKind::ServersFound { servers: self.together() });
        }
        self.moved = Some(pair);
        let from = self.as_described(from);
        Some(EventKind::AddressMoved(Box::new(AddressMoved { from, to, name: None })))
    }

    /// Returns the report that the target's name has moved from one server to another; `None` if that is known, if the
    /// name is another address of the same server, or if it is one of replicas, whose answers rotate.
    pub(super) fn name_moved(&mut self, own: &Peer, to: Peer, name: NameMoved) -> Option<EventKind> {
        let from = self.as_described(own.clone());
        if to.differs_from(own) == Some(false) || from.is_replica() && to.is_replica() {
            return None;
        }
        let pair = own.run_id.clone().zip(to.run_id.clone());
        if pair.is_some() && self.moved == pair {
            return None;
        }
        self.moved = pair.or(self.moved.take());
        Some(EventKind::AddressMoved(Box::new(AddressMoved { from, to, name: Some(name) })))
    }

    /// Returns a server as it was last described.
    fn as_described(&self, server: Peer) -> Peer {
        let known = self.known.iter().find(|(_, known)| server.run_id.is_some() && known.run_id == server.run_id);
        known.map_or(server, |(_, known)| known.clone())
    }

    /// Returns true if new connections reached two servers of different roles, each in the role that it still has: a proxy
    /// that follows roles leads to one of them only.
    fn never_followed_roles(&self, one: &Foreign, other: &Foreign) -> bool {
        let role = |run_id: &Foreign| {
            let arrival = self.arrivals.iter().rev().find(|arrival| arrival.run_id == *run_id)?;
            let (_, known) = self.known.iter().find(|(_, known)| known.run_id.as_ref() == Some(run_id))?;
            arrival.role.clone().filter(|role| known.role.as_ref() == Some(role))
        };
        let fits = self.together.len() + 2 <= SERVERS;
        fits && role(one).zip(role(other)).is_some_and(|(one, other)| one != other)
    }

    /// Returns true if `new` started in the place of `old` since that was last seen: the connections to it are about to end.
    fn restarted(&self, old: &Peer, new: &Peer) -> bool {
        let seen =
            |server: &Peer| self.known.iter().find(|(_, known)| known.run_id == server.run_id).map(|(at, _)| *at);
        let apart = seen(new).zip(seen(old)).map(|(new, old)| new.since(old));
        old.laddr == new.laddr && apart.is_some_and(|apart| new.started_within(apart) == Some(true))
    }

    /// Reports servers that are found to be behind the address together: a new connection reaches one, another one, and the
    /// first again.
    fn alternates(&mut self, run_id: &Foreign, server: &Peer, at: Stamp) -> Option<EventKind> {
        let before = self.arrivals.iter().rposition(|arrival| arrival.run_id == *run_id)?;
        let (first, between) = (&self.arrivals[before], self.arrivals.iter().skip(before + 1));
        // What follows the primary never leads to a replica in between.
        let same_role = first.role == server.role;
        let soon = at.since(first.at) <= ALTERNATION;
        let others = between.filter(|other| soon || same_role && other.role != server.role);
        let mut all: Vec<_> = others.map(|other| other.run_id.clone()).collect();
        if all.is_empty() {
            return None;
        }
        all.insert(0, run_id.clone());
        let known = self.together.len();
        for run_id in all {
            if !self.together.contains(&run_id) && self.together.len() < SERVERS {
                self.together.push(run_id);
            }
        }
        (self.together.len() > known).then(|| EventKind::ServersFound { servers: self.together() })
    }
}

fn changed(change: RoleChanged) -> EventKind {
    EventKind::RoleChanged(Box::new(change))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Stamp {
        Stamp::START.after(Duration::from_secs_f64(seconds))
    }

    fn server(run_id: &str, role: &str) -> Peer {
        Peer {
            run_id: Some(run_id.into()),
            laddr: Some(format!("10.0.0.{}:6379", run_id.len()).into()),
            role: Some(role.into()),
            uptime: Some(1000),
            ..Peer::default()
        }
    }

    /// Returns the names of the news of new connections, given as seconds, process and role.
    fn news(ledger: &mut Ledger, arrivals: &[(f64, &str, &str)]) -> Vec<String> {
        let mut all = Vec::new();
        for (seconds, run_id, role) in arrivals {
            for kind in ledger.reached(&server(run_id, role), at(*seconds)) {
                all.push(match kind {
                    // Each has it, except the first.
                    EventKind::NewProcess(_) => continue,
                    EventKind::ServersFound { servers } => format!("{} servers", servers.len()),
                    EventKind::RoleChanged(change) => {
                        format!("{} {} {}", change.server.run_id.unwrap(), change.from, change.server.role.unwrap())
                    }
                    other => format!("{other:?}"),
                });
            }
        }
        all
    }

    #[test]
    fn two_failovers_to_and_fro_are_not_two_servers_behind_one_address() {
        let reached = |follow: bool| {
            let mut ledger = Ledger::default();
            let mut all = Vec::new();
            for (at, run_id) in [(1.0, "a"), (2.0, "bb"), (3.0, "a")] {
                all.extend(news(&mut ledger, &[(at, run_id, "master")]));
                if follow {
                    ledger.left();
                }
            }
            all
        };
        assert_eq!(reached(false), ["2 servers"]);
        assert_eq!(reached(true), [""; 0]);
    }

    #[test]
    fn a_process_is_reported_when_it_is_first_reached_after_another() {
        let mut ledger = Ledger::default();
        let mut found = |seconds, run_id| {
            let news = ledger.reached(&server(run_id, "master"), at(seconds));
            news.into_iter().find_map(|kind| match kind {
                EventKind::NewProcess(found) => Some((found.before.run_id.unwrap(), found.server.run_id.unwrap())),
                _ => None,
            })
        };
        assert_eq!(found(0.0, "a"), None);
        assert_eq!(found(1.0, "bb"), Some(("a".into(), "bb".into())));
        assert_eq!((found(2.0, "bb"), found(3.0, "a")), (None, None));
    }

    #[test]
    fn servers_that_take_turns_are_behind_the_address_together_and_reported_once() {
        let mut ledger = Ledger::default();
        let turns = [(0.0, "a", "master"), (0.1, "bb", "slave"), (0.5, "a", "master"), (1.5, "bb", "slave")];
        assert_eq!(news(&mut ledger, &turns), ["2 servers"]);
        assert_eq!(news(&mut ledger, &[(2.0, "ccc", "slave"), (3.0, "a", "master")]), ["3 servers"]);
        assert!(news(&mut ledger, &[(4.0, "bb", "slave"), (5.0, "a", "master")]).is_empty());
    }

    #[test]
    fn a_failover_and_a_failback_are_no_several_servers() {
        let mut ledger = Ledger::default();
        let there = [(0.0, "a", "master"), (0.5, "a", "master"), (60.0, "bb", "master"), (61.0, "bb", "master")];
        assert!(news(&mut ledger, &there).is_empty());
        assert!(news(&mut ledger, &[(120.0, "a", "master"), (121.0, "a", "master")]).is_empty());
        assert!(ledger.together().is_empty());
    }

    #[test]
    fn a_replica_in_between_shows_balancing_however_rarely_it_is_reached() {
        let mut ledger = Ledger::default();
        let rare = [(0.0, "a", "master"), (60.0, "bb", "slave"), (120.0, "a", "master")];
        assert_eq!(news(&mut ledger, &rare), ["2 servers"]);
    }

    #[test]
    fn a_restart_is_one_server_at_a_time() {
        let mut ledger = Ledger::default();
        assert!(news(&mut ledger, &[(0.0, "a", "master"), (1.0, "bb", "master"), (2.0, "bb", "master")]).is_empty());
    }

    #[test]
    fn a_process_that_changes_its_role_is_reported_on_whichever_connection_it_shows() {
        let mut ledger = Ledger::default();
        assert_eq!(news(&mut ledger, &[(0.0, "a", "master"), (1.0, "a", "slave")]), ["a master slave"]);
        let change = ledger.described(&server("a", "master"), at(2.0)).unwrap();
        assert_eq!((&*change.from, change.is_demotion()), ("slave", false));
        assert_eq!(ledger.described(&server("a", "slave"), at(1.5)), None, "older than what is known");
        assert_eq!(ledger.described(&Peer { role: None, ..server("a", "") }, at(3.0)), None);
        assert_eq!(ledger.described(&Peer { run_id: None, ..server("a", "slave") }, at(4.0)), None);
    }

    #[test]
    fn an_address_has_moved_once_several_new_connections_in_a_row_reach_another_server() {
        let mut ledger = Ledger::default();
        let own = [server("a", "master")];
        news(&mut ledger, &[(0.0, "a", "master"), (5.0, "bb", "master"), (6.0, "bb", "master")]);
        assert_eq!(ledger.moved(&own, false), None);
        news(&mut ledger, &[(7.0, "bb", "master")]);
        let moved = ledger.moved(&own, false);
        assert!(
            matches!(&moved, Some(EventKind::AddressMoved(moved)) if moved.to == server("bb", "master")),
            "{moved:?}"
        );
        assert!(ledger.has_left(&own[0]));
        assert_eq!(ledger.moved(&own, true), None, "reported once");
    }

    #[test]
    fn a_name_has_moved_unless_it_leads_to_the_same_server_or_to_another_replica() {
        let moved = |own: &str, role: &str, to: &Peer| {
            let mut ledger = Ledger::default();
            let own = server(own, role);
            ledger.reached(&own, at(0.0));
            let name = NameMoved { name: "cache.test".into(), from: "10.0.0.1".into(), to: vec!["10.0.0.2".into()] };
            let found = ledger.name_moved(&own, to.clone(), name.clone());
            (found.is_some(), ledger.name_moved(&own, to.clone(), name).is_some(), ledger.has_left(&own))
        };
        let unknown = Peer { laddr: Some("10.0.0.2".into()), ..Peer::default() };
        assert_eq!(moved("a", "master", &server("bb", "master")), (true, false, true), "reported once");
        assert_eq!(moved("a", "slave", &server("bb", "master")), (true, false, true), "demoted");
        assert_eq!(moved("a", "master", &server("a", "master")), (false, false, false));
        assert_eq!(moved("a", "slave", &server("bb", "slave")), (false, false, false));
        assert!(moved("a", "master", &unknown).0, "nothing answers there");
    }

    #[test]
    fn servers_of_different_roles_are_together_even_if_the_first_is_not_reached_again() {
        let mut ledger = Ledger::default();
        let arrivals = [(0.0, "a", "master"), (1.0, "bb", "slave"), (2.0, "bb", "slave"), (3.0, "bb", "slave")];
        assert!(news(&mut ledger, &arrivals).is_empty());
        let found = ledger.moved(&[server("a", "master")], false);
        assert!(matches!(&found, Some(EventKind::ServersFound { servers }) if servers.len() == 2), "{found:?}");
        assert_eq!(ledger.moved(&[server("a", "master")], true), None, "reported once");

        let mut ledger = Ledger::default();
        news(&mut ledger, &[(0.0, "a", "master"), (1.0, "bb", "master")]);
        ledger.described(&server("a", "slave"), at(1.5));
        let found = ledger.moved(&[server("a", "slave")], true);
        assert!(matches!(found, Some(EventKind::AddressMoved(_))), "a demoted server was left: {found:?}");
    }

    #[test]
    fn an_address_has_not_moved_if_its_servers_take_turns_or_one_restarted() {
        let own = [server("a", "master")];
        let mut ledger = Ledger::default();
        news(&mut ledger, &[(0.0, "a", "master"), (1.0, "bb", "slave"), (2.0, "a", "master"), (3.0, "bb", "slave")]);
        assert_eq!(ledger.moved(&own, true), None);
        let mut ledger = Ledger::default();
        ledger.reached(&own[0], at(0.0));
        let restarted = Peer { run_id: Some("new".into()), uptime: Some(3), ..own[0].clone() };
        ledger.reached(&restarted, at(5.0));
        assert_eq!(ledger.moved(&own, true), None, "the connection to the old process is about to end");
        let older = Peer { uptime: Some(900), ..restarted };
        ledger.reached(&Peer { run_id: Some("older".into()), ..older }, at(6.0));
        assert!(ledger.moved(&own, true).is_some(), "a virtual address that moved");
    }
}
