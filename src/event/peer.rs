//! Relations between the servers that connections to one address reach.

use std::{fmt, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Peer, ServerIdentity, ServerState, role_name};
use crate::foreign::Foreign;

/// INFO's uptime is in whole seconds, and the server's clock for it lags up to one more.
const UPTIME_ERROR: Duration = Duration::from_secs(2);

/// Digits of a `run_id` that distinguish two processes.
const SHORT_ID: usize = 8;

/// The relation of a server process to the one that a connection reached before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Succession {
    /// It is the same process.
    SameProcess,
    /// It started at the same address after the loss: a restart.
    Restarted,
    /// It started at another address after the loss: a replaced container or machine.
    Replaced,
    /// It ran before the loss and has the same address: a virtual address that moved.
    TookOver,
    /// It ran before the loss, at another address.
    AnotherServer,
    /// It is another process; its address or its age is unknown.
    AnotherProcess,
}

impl Succession {
    /// Compares two processes; `since_loss` is the time from the loss of the first to the query of the second. `None` if
    /// a `run_id` is unknown.
    pub(crate) fn between(old: &Peer, new: &Peer, since_loss: Duration) -> Option<Self> {
        if !new.differs_from(old)? {
            return Some(Self::SameProcess);
        }
        let place = old.laddr.as_ref().zip(new.laddr.as_ref()).map(|(old, new)| old == new);
        Some(match (place, new.started_within(since_loss)) {
            (Some(true), Some(true)) => Self::Restarted,
            (Some(false), Some(true)) => Self::Replaced,
            (Some(true), Some(false)) => Self::TookOver,
            (Some(false), Some(false)) => Self::AnotherServer,
            (None, _) | (_, None) => Self::AnotherProcess,
        })
    }
}

/// The address leads to another server than the one that a connection under test is connected to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AddressMoved {
    /// Server of the connection under test.
    pub from: Peer,
    /// Server that new connections reach.
    pub to: Peer,
    /// The change of the target's name; absent if it is not the name that moved, or that is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<NameMoved>,
}

/// A name that no longer resolves to the address of a connection under test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NameMoved {
    /// The name.
    pub name: Foreign,
    /// Address of the connection under test.
    pub from: Foreign,
    /// Addresses that the name resolves to now.
    pub to: Vec<Foreign>,
}

impl fmt::Display for AddressMoved {
    /// `new connections reach the primary 10.0.3.18:6379, and old ones stay with the replica 10.0.3.17:6379`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(NameMoved { name, from, to }) = &self.name {
            write!(f, "{name} resolves to {} now, no longer to {from}: ", to.join(", "))?;
        }
        write!(f, "new connections reach the {}, and old ones stay with the {}", self.to, self.from)
    }
}

/// A server process that no connection has reached before in this run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewProcess {
    /// Process that the new connection before this one reached.
    pub before: Peer,
    /// The new process.
    pub server: Peer,
}

/// A server process has another role than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoleChanged {
    /// Role before, as INFO reports it.
    pub from: Foreign,
    /// The process with its role now.
    pub server: Peer,
}

impl RoleChanged {
    /// Returns true if a primary became a replica.
    pub(crate) fn is_demotion(&self) -> bool {
        self.from == "master" && self.server.role.as_deref() == Some("slave")
    }
}

impl fmt::Display for RoleChanged {
    /// `10.0.3.17:6379 was a primary and is a replica of 10.0.3.18:6379`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.server.laddr.as_deref().unwrap_or("the server");
        let role = self.server.role.as_deref().map_or("unknown", role_name);
        write!(f, "{place} was a {} and is now a {role}", role_name(&self.from))?;
        self.server.primary.as_ref().map_or(Ok(()), |primary| write!(f, " of {primary}"))
    }
}

impl Peer {
    /// Creates the peer of a connection from its server's identity and address.
    pub(crate) fn new(server: &ServerIdentity, laddr: Option<Foreign>) -> Self {
        Self {
            run_id: server.run_id.clone(),
            laddr,
            role: server.role.clone(),
            mode: server.mode.clone(),
            primary: server.primary.clone(),
            uptime: server.uptime,
        }
    }

    /// Returns true if it is another process; `None` if a `run_id` is unknown.
    pub(crate) fn differs_from(&self, other: &Self) -> Option<bool> {
        Some(self.run_id.as_ref()? != other.run_id.as_ref()?)
    }

    /// Returns true if the process may have started within this time before it was queried.
    pub(crate) fn started_within(&self, time: Duration) -> Option<bool> {
        Some(Duration::from_secs(self.uptime?) <= time + UPTIME_ERROR)
    }

    pub(crate) fn is_primary(&self) -> bool {
        self.role.as_deref() == Some("master")
    }

    pub(crate) fn is_replica(&self) -> bool {
        self.role.as_deref() == Some("slave")
    }
}

impl From<&ServerState> for Peer {
    fn from(state: &ServerState) -> Self {
        Self {
            run_id: state.run_id.clone(),
            laddr: state.laddr.clone(),
            role: state.role.clone(),
            mode: state.mode.clone(),
            primary: state.primary.clone(),
            uptime: state.uptime,
        }
    }
}

impl fmt::Display for Peer {
    /// `primary 10.0.3.17:6379`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = self.role.as_deref().map_or("server", role_name);
        match (&self.laddr, &self.run_id) {
            (Some(laddr), _) => write!(f, "{role} {laddr}"),
            (None, Some(id)) => write!(f, "{role} with run_id {}", short(id)),
            (None, None) => f.write_str(role),
        }
    }
}

/// Lists servers: `primary 10.0.3.17:6379, replica 10.0.3.18:6379`. Servers that call their address the same are
/// distinguished by their `run_id`.
pub(crate) fn list_of(servers: &[Peer]) -> String {
    let name = |server: &Peer| {
        let alike = servers.iter().filter(|other| other.laddr == server.laddr).count();
        match server.run_id.as_deref().filter(|_| alike > 1 && server.laddr.is_some()) {
            Some(id) => format!("{server} (run_id {})", short(id)),
            None => server.to_string(),
        }
    };
    servers.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn short(run_id: &str) -> &str {
    run_id.get(..SHORT_ID).unwrap_or(run_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(run_id: &str, laddr: &str, uptime: u64) -> Peer {
        Peer {
            run_id: Some(run_id.into()),
            laddr: Some(laddr.into()),
            role: Some("master".into()),
            uptime: Some(uptime),
            ..Peer::default()
        }
    }

    #[test]
    fn place_and_age_tell_a_restart_from_a_replacement_and_a_takeover() {
        let old = peer("a", "10.0.0.1:6379", 500);
        let relation = |new: &Peer| Succession::between(&old, new, Duration::from_secs(10));
        assert_eq!(relation(&peer("a", "10.0.0.1:6379", 510)), Some(Succession::SameProcess));
        assert_eq!(relation(&peer("b", "10.0.0.1:6379", 9)), Some(Succession::Restarted));
        assert_eq!(relation(&peer("b", "10.0.0.2:6379", 9)), Some(Succession::Replaced));
        assert_eq!(relation(&peer("b", "10.0.0.1:6379", 900)), Some(Succession::TookOver));
        assert_eq!(relation(&peer("b", "10.0.0.2:6379", 900)), Some(Succession::AnotherServer));
        let unknown = Peer { uptime: None, ..peer("b", "10.0.0.2:6379", 0) };
        assert_eq!(relation(&unknown), Some(Succession::AnotherProcess));
        assert_eq!(relation(&Peer { run_id: None, ..unknown }), None, "an address is no identity");
    }

    #[test]
    fn a_restart_is_fresh_within_the_error_of_the_uptime() {
        let fresh = |uptime| peer("b", "x", uptime).started_within(Duration::from_secs(10));
        assert_eq!((fresh(12), fresh(13)), (Some(true), Some(false)));
    }

    #[test]
    fn servers_with_the_same_address_are_listed_by_their_run_id() {
        let (one, other) = (peer("aaaaaaaaaa", "172.17.0.2:6379", 1), peer("bbbbbbbbbb", "172.17.0.2:6379", 1));
        let replica = Peer { role: Some("slave".into()), ..peer("c", "10.0.0.3:6379", 1) };
        assert_eq!(
            list_of(&[one.clone(), other, replica.clone()]),
            "primary 172.17.0.2:6379 (run_id aaaaaaaa), primary 172.17.0.2:6379 (run_id bbbbbbbb), \
             replica 10.0.0.3:6379"
        );
        assert_eq!(list_of(&[one, replica]), "primary 172.17.0.2:6379, replica 10.0.0.3:6379");
    }

    #[test]
    fn counters_that_fell_were_reset() {
        let state = |run_id: &str, received| ServerState {
            run_id: Some(run_id.into()),
            connections_received: Some(received),
            ..ServerState::default()
        };
        assert!(state("a", 3).was_reset_since(&state("a", 4)));
        assert!(!state("a", 4).was_reset_since(&state("a", 4)));
        assert!(!state("b", 3).was_reset_since(&state("a", 4)), "another process counts from its own start");
    }
}
