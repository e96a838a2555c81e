//! Changes at the server during which no connection was lost. Established connections do not notice them: a demoted
//! server still answers PING, and a new password applies only to new connections.

use super::{casebook::Casebook, server::Snapshot};
use crate::{
    event::{ClientState, EventKind, ServerState},
    plan::{Plan, ProbeKind},
};

/// Returns the event to emit if the server has changed since `before`.
pub(super) fn changed(before: &Snapshot, now: &Snapshot, cases: &Casebook, plan: &Plan) -> Option<EventKind> {
    if !cases.was_quiet(before, now) {
        return None;
    }
    match (&before.state, &now.state) {
        (Some(_), None) if cases.last_query.is_some_and(|(_, reached)| reached) => {
            let why = now.missing.first().map_or("", |missing| &missing.why);
            let text = format!("new connections fail: {why}; existing ones stay up, but could not reconnect");
            Some(EventKind::Note { text })
        }
        (Some(before), Some(now)) if demoted(before, now) && !writes(plan) => {
            let why = "the server is now a replica, and the connection stays with it: writes would be refused".into();
            Some(EventKind::StateEntered { state: ClientState::Pinned, why })
        }
        _ => None,
    }
}

/// Returns true if the same process is no longer the primary.
fn demoted(before: &ServerState, now: &ServerState) -> bool {
    let same = before.run_id.is_some() && before.run_id == now.run_id;
    let role = |state: &ServerState, role: &str| state.role.as_deref() == Some(role);
    same && role(before, "master") && role(now, "slave")
}

/// Returns true if the plan writes: refused writes then show a demotion.
fn writes(plan: &Plan) -> bool {
    plan.probes.as_ref().is_some_and(|probes| probes.kind != ProbeKind::Ping)
}
