//! No certain verdict without its decisive facts, whatever else is known or not known.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Cause, Confidence, cases::cases, fixture::Scene, made};
use crate::event::{ClientState, ServerState, SocketEnd};

/// Takes a piece of knowledge away. (How late our own timers were is always known.)
type Forget = fn(&mut Scene);

const FORGET: &[Forget] = &[
    |s| s.evidence = None,
    |s| s.known().death = None,
    |s| s.known().before = None,
    |s| s.known().after = None,
    |s| s.known().old_client_listed = None,
    |s| s.known().tcp = None,
    |s| s.known().announcements.clear(),
    |s| {
        (s.before().run_id, s.after().run_id) = (None, None);
        s.same_process = None;
    },
    |s| s.after().uptime = None,
    |s| s.after().role = None,
    |s| (s.before().client_kills, s.after().client_kills) = (None, None),
    |s| s.after().timeout = None,
    |s| s.after().config_changes = None,
    |s| (s.before().output_buffer_disconnections, s.after().output_buffer_disconnections) = (None, None),
    |s| s.failure = None,
    |s| s.path.clear(),
    |s| s.states.clear(),
    |s| s.path_healthy_after = None,
    |s| {
        s.evidence.iter_mut().flat_map(|known| [&mut known.before, &mut known.after]).flatten().for_each(|state| {
            let state = Arc::make_mut(state);
            (state.translated, state.laddr) = (None, None);
        })
    },
];

/// The scene without some of what is known of it; what is gone cannot be taken away again.
fn without(scene: &Scene, forgotten: &[usize]) -> Scene {
    let mut less = scene.clone();
    for index in forgotten {
        let mut tried = less.clone();
        let complete = less.evidence.as_ref().is_some_and(|known| known.before.is_some() && known.after.is_some());
        let asks_states = (7..=13).contains(index);
        if less.evidence.is_some() && (complete || !asks_states) || *index >= 14 || *index == 0 {
            FORGET[*index](&mut tried);
            less = tried;
        }
    }
    less
}

/// True if the scene knows enough to call a cause certain; stated in terms of the scene rather than of the rules.
fn decisive(cause: Cause, scene: &Scene) -> bool {
    let Some(known) = &scene.evidence else { return false };
    let end = known.death.as_ref().map(|death| death.how);
    let reset = end == Some(SocketEnd::Reset);
    let told = scene.failure.as_ref().and_then(|failure| failure.key.errno);
    let states = known.before.as_deref().zip(known.after.as_deref());
    let same = states.is_some_and(|(before, after)| before.run_id.is_some() && before.run_id == after.run_id);
    let same = same
        || scene.same_process == Some(true)
            && states.is_none_or(|(before, after)| before.run_id.is_none() || after.run_id.is_none());
    let half_open = scene.states.contains(&ClientState::HalfOpen);
    match cause {
        Cause::NetworkReset => {
            (reset || end.is_none() && told == Some(104))
                && known.old_client_listed == Some(true)
                && same
                && scene.idle <= 1.0
        }
        Cause::ServerIdleTimeout => {
            let timeout = states.and_then(|(_, after)| after.timeout);
            end == Some(SocketEnd::Closed) && same && !scene.subscribed && timeout.is_some_and(|timeout| timeout > 0)
        }
        Cause::Failover => {
            let took_over = |(before, after): (&ServerState, &ServerState)| {
                before.replication_id.is_some() && before.replication_id == after.former_replication_id
            };
            end == Some(SocketEnd::Closed) && same && states.is_some_and(|(before, after)| before.role != after.role)
                || !same && states.is_some_and(took_over)
        }
        Cause::PlannedMaintenance => end == Some(SocketEnd::Closed) && !known.announcements.is_empty(),
        Cause::PathLost => {
            (end == Some(SocketEnd::TimedOut) || end.is_none() && told == Some(110))
                && half_open
                && same
                && scene.idle <= 1.0
        }
        Cause::ClientStall => {
            known.host.lag.as_secs_f64() >= 0.3 && scene.healed || known.host.suspended.is_some() && same
        }
        Cause::ProtocolError => end == Some(SocketEnd::Local) && same && scene.failure.is_some(),
        // A counter does not say whom it counted, and a process not how it ended.
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_certain_without_its_decisive_facts(
        case in 0..cases().len(),
        forgotten in prop::collection::vec(0..FORGET.len(), 0..6),
    ) {
        let scene = without(&made(cases()[case].3), &forgotten);
        let found = scene.diagnosis();
        if found.confidence == Confidence::Certain {
            prop_assert!(decisive(found.cause, &scene), "{}: {found:?}", cases()[case].0);
        }
    }

    /// A server is called frozen with any weight only where the kernel that answers for it is its own.
    #[test]
    fn a_frozen_server_is_likely_only_without_a_proxy_on_the_way(
        case in 0..cases().len(),
        forgotten in prop::collection::vec(0..FORGET.len(), 0..6),
    ) {
        let scene = without(&made(cases()[case].3), &forgotten);
        let found = scene.diagnosis();
        if found.cause == Cause::ServerFrozen && found.confidence > Confidence::Possible {
            let states = scene.evidence.iter().flat_map(|known| [&known.before, &known.after]).flatten();
            let told: Vec<_> = states.filter_map(|state| state.translated).collect();
            prop_assert!(told.contains(&false) && !told.contains(&true), "{}: {found:?}", cases()[case].0);
        }
    }

    /// Knowing less must never turn one certainty into another.
    #[test]
    fn less_knowledge_makes_no_other_certainty(
        case in 0..cases().len(),
        forgotten in prop::collection::vec(0..FORGET.len(), 1..6),
    ) {
        let (more, less) = (made(cases()[case].3), without(&made(cases()[case].3), &forgotten));
        let (more, less) = (more.diagnosis(), less.diagnosis());
        if less.confidence == Confidence::Certain {
            prop_assert!(more.cause == less.cause && more.confidence == Confidence::Certain, "{}: {more:?} {less:?}", cases()[case].0);
        }
    }
}
