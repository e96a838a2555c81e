//! The servers that the address of a run led to, where there is more to say than their names.

use schemars::JsonSchema;
use serde::Serialize;

use super::capped::{ENTRIES, TEXT, shortened};
use crate::{
    clock::WallTime,
    event::{AddressMoved, Event, EventKind, NameMoved, NewProcess, Peer, RoleChanged},
};

/// The findings of a run about the servers behind its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Servers {
    /// Servers between which new connections alternate; empty if there is one at a time.
    pub together: Vec<Peer>,
    /// Changes of the address under connections that stayed with the old server: the first ones.
    pub moves: Vec<MoveRow>,
    /// Changes of a server's role: the first ones.
    pub role_changes: Vec<RoleRow>,
    /// Server processes that answered after another one: the first ones.
    pub processes: Vec<ProcessRow>,
}

/// A moved address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct MoveRow {
    /// Time at which it was noticed.
    pub time: WallTime,
    #[serde(flatten)]
    pub moved: AddressMoved,
}

/// A new server process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ProcessRow {
    /// Time at which it was first reached.
    pub time: WallTime,
    #[serde(flatten)]
    pub found: NewProcess,
}

/// A changed role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct RoleRow {
    /// Time at which it was noticed.
    pub time: WallTime,
    #[serde(flatten)]
    pub change: RoleChanged,
}

impl Servers {
    pub(super) fn on_event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::ServersFound { servers } => {
                self.together = servers.iter().take(ENTRIES).cloned().map(bounded).collect();
            }
            EventKind::AddressMoved(moved) if self.moves.len() < ENTRIES => {
                let AddressMoved { from, to, name } = (**moved).clone();
                let moved = AddressMoved { from: bounded(from), to: bounded(to), name: name.map(shown) };
                self.moves.push(MoveRow { time: event.time, moved });
            }
            EventKind::NewProcess(found) if self.processes.len() < ENTRIES => {
                let NewProcess { before, server } = (**found).clone();
                let found = NewProcess { before: bounded(before), server: bounded(server) };
                self.processes.push(ProcessRow { time: event.time, found });
            }
            EventKind::RoleChanged(change) => {
                let RoleChanged { from, server } = (**change).clone();
                let change = RoleChanged { from: shortened(&from, TEXT).into(), server: bounded(server) };
                let same = |known: &&mut Peer| known.differs_from(&change.server) == Some(false);
                if let Some(known) = self.together.iter_mut().find(same) {
                    *known = change.server.clone();
                }
                if self.role_changes.len() < ENTRIES {
                    self.role_changes.push(RoleRow { time: event.time, change });
                }
            }
            // Other events say nothing new about the servers.
            _ => {}
        }
    }

    /// Returns true if a server that the run reached calls this address its own.
    pub(crate) fn include(&self, address: &str) -> bool {
        let moved = self.moves.iter().flat_map(|row| [&row.moved.from, &row.moved.to]);
        let changed = self.role_changes.iter().map(|row| &row.change.server);
        self.together.iter().chain(moved).chain(changed).any(|server| server.laddr.as_deref() == Some(address))
    }
}

fn shown(mut moved: NameMoved) -> NameMoved {
    moved.to.truncate(ENTRIES);
    NameMoved { name: shortened(&moved.name, TEXT).into(), ..moved }
}

fn bounded(mut server: Peer) -> Peer {
    let Peer { run_id, laddr, role, mode, primary, uptime: _ } = &mut server;
    for text in [run_id, laddr, role, mode, primary].into_iter().flatten() {
        if text.chars().nth(TEXT).is_some() {
            *text = shortened(text, TEXT).into();
        }
    }
    server
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture::at;

    fn server(run_id: &str, role: &str) -> Peer {
        Peer { run_id: Some(run_id.into()), role: Some(role.into()), ..Peer::default() }
    }

    #[test]
    fn a_server_that_changes_its_role_has_the_new_one_among_the_others() {
        let mut servers = Servers::default();
        let found = EventKind::ServersFound { servers: vec![server("a", "master"), server("b", "slave")] };
        servers.on_event(&at(1.0, found));
        let change = RoleChanged { from: "slave".into(), server: server("b", "master") };
        servers.on_event(&at(2.0, EventKind::RoleChanged(Box::new(change))));
        assert_eq!(servers.together, [server("a", "master"), server("b", "master")]);
        assert_eq!(servers.role_changes.len(), 1);
    }

    #[test]
    fn a_talkative_server_does_not_fill_the_memory() {
        let mut servers = Servers::default();
        let long = || server(&"x".repeat(10_000), "master");
        for _ in 0..100 {
            servers.on_event(&at(1.0, EventKind::ServersFound { servers: vec![long(); 100] }));
            let moved = AddressMoved { from: long(), to: long(), name: None };
            servers.on_event(&at(1.0, EventKind::AddressMoved(Box::new(moved))));
            let change = RoleChanged { from: "x".repeat(10_000).into(), server: long() };
            servers.on_event(&at(1.0, EventKind::RoleChanged(Box::new(change))));
        }
        assert!(serde_json::to_string(&servers).unwrap().len() < 40_000);
    }
}
