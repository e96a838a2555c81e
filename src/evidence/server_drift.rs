//! Changes at the server during which no connection was lost. Established connections do not notice them: a new password
//! applies only to new connections, and a demoted server still answers PING.

use super::{casebook::Casebook, server::Snapshot};
use crate::{
    clock::Stamp,
    event::{ClientState, EventKind, Peer, RoleChanged},
    plan::{Plan, ProbeKind},
};

/// A server demoted for less time than this may be about to close its connections.
const SETTLING: std::time::Duration = std::time::Duration::from_secs(1);

/// Returns a remark if new connections have begun to fail since `before`.
pub(super) fn closed_to_newcomers(before: &Snapshot, now: &Snapshot, cases: &Casebook) -> Option<EventKind> {
    let reached = cases.last_query.is_some_and(|(_, reached)| reached) && before.state.is_some();
    if now.state.is_some() || !reached || !cases.was_quiet(before, now) {
        return None;
    }
    let why = now.missing.first().map_or("", |missing| &*missing.why);
    let text = format!("new connections fail: {why}; existing ones stay up, but could not reconnect");
    Some(EventKind::Note { text: text.into() })
}

/// The demotion of a server under a run that does not write: refused writes would show it otherwise.
#[derive(Default)]
pub(super) struct Demotion {
    latest: Option<(Stamp, Peer)>,
}

impl Demotion {
    /// Handles a change of role.
    pub(super) fn on_change(&mut self, change: &RoleChanged, plan: &Plan, at: Stamp) {
        if writes(plan) {
            return;
        }
        let still = |(_, server): &(Stamp, Peer)| server.differs_from(&change.server) != Some(false);
        self.latest =
            if change.is_demotion() { Some((at, change.server.clone())) } else { self.latest.take().filter(still) };
    }

    /// Returns the state of connections that have stayed with a demoted server, once. `own` are the servers of the
    /// connections that are up, `elsewhere` is the server that new connections reach.
    pub(super) fn pinned(
        &mut self,
        own: &[Peer],
        elsewhere: Option<&Peer>,
        now: Stamp,
        last: bool,
    ) -> Option<EventKind> {
        let (_, server) = self.latest.take_if(|(at, _)| last || now.since(*at) >= SETTLING)?;
        own.iter().find(|own| own.differs_from(&server) == Some(false))?;
        let of = server.primary.as_ref().map(|primary| format!(" of {primary}")).unwrap_or_default();
        let elsewhere = elsewhere.filter(|other| other.is_primary() && other.differs_from(&server) == Some(true));
        let elsewhere = elsewhere.map(|other| format!("; new connections reach the {other}")).unwrap_or_default();
        let why = format!(
            "the server is now a replica{of}, and the connection stays with it: writes would be refused{elsewhere}"
        );
        Some(EventKind::StateEntered { state: ClientState::Pinned, why: why.into() })
    }
}

/// Returns true if the plan writes.
fn writes(plan: &Plan) -> bool {
    plan.probes.as_ref().is_some_and(|probes| probes.kind != ProbeKind::Ping)
}
