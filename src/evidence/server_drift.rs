//! What has changed at the server while no connection was lost. Whoever is connected does not notice: a demoted server
//! still answers PING, and a new password is asked only of who comes anew.

use super::{State, server::Snapshot};
use crate::{
    event::{ClientState, EventKind, ServerState},
    plan::{Plan, ProbeKind},
};

/// What is to be told of the server as it is now, if it is another than the one `before`.
pub(super) fn changed(before: &Snapshot, now: &Snapshot, state: &State, plan: &Plan) -> Option<EventKind> {
    let was_well = state.open.is_empty() && state.endings.is_empty() && before.count == now.count;
    if !was_well {
        return None;
    }
    match (&before.state, &now.state) {
        (Some(_), None) if state.asked.is_some_and(|(_, reached)| reached) => {
            let why = now.missing.first().map_or("", |missing| &missing.why);
            let text = format!(
                "a new connection could not be made: {why}; those that are up stay so, but would not come back"
            );
            Some(EventKind::Note { text })
        }
        (Some(before), Some(now)) if demoted(before, now) && !writes(plan) => {
            let why = "the server is a replica now, and the connection stays with it: writes would be refused".into();
            Some(EventKind::StateEntered { state: ClientState::Pinned, why })
        }
        _ => None,
    }
}

/// The same process, and not primary any more.
fn demoted(before: &ServerState, now: &ServerState) -> bool {
    let same = before.run_id.is_some() && before.run_id == now.run_id;
    let role = |state: &ServerState, role: &str| state.role.as_deref() == Some(role);
    same && role(before, "master") && role(now, "slave")
}

/// Who writes is told by the refusals.
fn writes(plan: &Plan) -> bool {
    plan.probes.as_ref().is_some_and(|probes| probes.kind != ProbeKind::Ping)
}
