//! The state of an observed application at one moment.

use std::net::SocketAddr;

use super::{Observer, command::Name};
use crate::{clock::Stamp, event::FlowRole, foreign::Foreign};

/// Names of commands that are counted in each role.
const NAMES: usize = 64;

/// The state of an observed application.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct View {
    /// The moment.
    pub(crate) at: Stamp,
    /// The roles in which a command was answered.
    pub(crate) roles: Vec<RoleView>,
    /// Open connections with a role.
    pub(crate) flows: Vec<FlowView>,
    /// Commands that faults refused with an error, beside the handshake.
    pub(crate) refused: u64,
    /// True if a fault has had an effect.
    pub(crate) struck: bool,
}

/// A role of connections.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RoleView {
    pub(crate) role: FlowRole,
    /// True if it works: it is neither lost nor silent.
    pub(crate) works: bool,
    /// The latest good reply.
    pub(crate) good: Stamp,
    /// Its commands with good replies.
    pub(crate) answered: Vec<CommandView>,
}

/// The commands of one name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CommandView {
    pub(crate) name: Foreign,
    /// Number of good replies.
    pub(crate) count: u64,
    /// The latest of them.
    pub(crate) last: Stamp,
}

/// An open connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlowView {
    pub(crate) flow: u64,
    pub(crate) role: FlowRole,
    pub(crate) client: Option<SocketAddr>,
    /// Number of channels that are confirmed.
    pub(crate) channels: u64,
    /// True if a command on it had a good reply.
    pub(crate) good: bool,
}

impl View {
    /// Returns a role.
    pub(crate) fn role(&self, role: FlowRole) -> Option<&RoleView> {
        self.roles.iter().find(|view| view.role == role)
    }

    /// Returns the open connections of a role on which a command had a good reply.
    pub(crate) fn flows_of(&self, role: FlowRole) -> impl Iterator<Item = &FlowView> {
        self.flows.iter().filter(move |flow| flow.role == role && flow.good)
    }
}

/// The good replies of a role, by the name of the command.
#[derive(Debug, Default)]
pub(super) struct Heard(Vec<(Name, u64, Stamp)>);

impl Heard {
    pub(super) fn note(&mut self, name: Name, count: u64, now: Stamp) {
        let full = self.0.len() >= NAMES;
        match self.0.iter_mut().find(|(known, ..)| *known == name) {
            Some((_, sum, last)) => (*sum, *last) = (*sum + count, now),
            None if !full => self.0.push((name, count, now)),
            None => {}
        }
    }
}

impl Observer {
    /// Returns the state of the application; `client` returns the address of a connection's client.
    pub(in crate::proxy) fn view(&self, at: Stamp, client: impl Fn(u64) -> Option<SocketAddr>) -> View {
        let application = self.0.borrow();
        let roles = application.roles.iter().filter(|(_, known)| known.works() || known.is_down());
        let roles = roles.map(|(role, known)| {
            let answered = known.heard.0.iter();
            let answered = answered.map(|(name, count, last)| CommandView {
                name: Foreign::new(&name.to_string()),
                count: *count,
                last: *last,
            });
            RoleView { role: *role, works: known.works(), good: known.good, answered: answered.collect() }
        });
        let flows = application.flows.iter().filter_map(|(flow, vital)| {
            let vital = vital.get();
            let (channels, good) = (vital.channels, vital.good.is_some());
            Some(FlowView { flow: *flow, role: vital.role?, client: client(*flow), channels, good })
        });
        let refused = application.refused;
        View { at, roles: roles.collect(), flows: flows.collect(), refused, struck: false }
    }
}
