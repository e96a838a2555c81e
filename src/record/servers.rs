//! The server states in the evidence, each kept once.
//!
//! The state after one outage is the state before the next, and most of it (name, version, limits) is the same each time.
//! Hundreds of outages are kept, and each would hold it twice.

use std::{collections::VecDeque, mem, sync::Arc};

use super::capped::{ENTRIES, TEXT, shortened};
use crate::{event::ServerState, foreign::Foreign};

/// Number of states of an outage: before and after.
const LATEST: usize = 2;

/// The latest states, which share parts with the next ones.
#[derive(Clone, Debug, Default)]
pub(super) struct ServerStates(VecDeque<Arc<ServerState>>);

impl ServerStates {
    /// Returns the state within bounds, sharing equal parts with earlier states.
    pub(super) fn keep(&mut self, state: &ServerState) -> Arc<ServerState> {
        let mut state = state.clone();
        bound(&mut state);
        if let Some(known) = self.0.iter().find(|known| ***known == state) {
            return Arc::clone(known);
        }
        if let Some(last) = self.0.back() {
            share(&mut state, last);
        }
        let state = Arc::new(state);
        if self.0.len() == LATEST {
            self.0.pop_front();
        }
        self.0.push_back(Arc::clone(&state));
        state
    }
}

/// Cuts long lists and long texts.
fn bound(state: &mut ServerState) {
    let long = |text: &str| text.chars().nth(TEXT).is_some();
    for text in texts(state).into_iter().flatten().filter(|text| long(text)) {
        *text = shortened(text, TEXT).into();
    }
    if state.addresses.len() > ENTRIES || state.addresses.iter().any(|address| long(address)) {
        state.addresses = state.addresses.iter().take(ENTRIES).map(|address| shortened(address, TEXT).into()).collect();
    }
}

/// Replaces the parts of `state` that are equal by the shared ones.
fn share(state: &mut ServerState, known: &ServerState) {
    let mut known = known.clone();
    if state.addresses == known.addresses {
        state.addresses = mem::take(&mut known.addresses);
    }
    for (text, known) in texts(state).into_iter().zip(texts(&mut known)).filter(|(text, known)| text == known) {
        *text = known.take();
    }
}

fn texts(state: &mut ServerState) -> [&mut Option<Foreign>; 9] {
    [
        &mut state.address,
        &mut state.laddr,
        &mut state.run_id,
        &mut state.version,
        &mut state.role,
        &mut state.replication_id,
        &mut state.former_replication_id,
        &mut state.failover_state,
        &mut state.output_buffer_limit,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Event, EventKind, EventSink, Evidence, SocketEnd},
        record::{
            Recorder,
            fixture::{at, connected, disconnected, evidence, plan, reconnected, stamp, started},
        },
    };

    /// As it comes from a journal: nothing shared.
    fn fresh(seconds: f64) -> ServerState {
        let state = evidence(1, seconds + 5.0, SocketEnd::Closed).before.unwrap();
        serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap()
    }

    #[test]
    fn what_is_the_same_is_kept_once_and_nothing_is_changed() {
        let mut states = ServerStates::default();
        let (first, second) = (states.keep(&fresh(1.0)), states.keep(&fresh(2.0)));
        assert!(Arc::ptr_eq(&first, &states.keep(&fresh(1.0))) && Arc::ptr_eq(&second, &states.keep(&fresh(2.0))));
        assert!(!Arc::ptr_eq(&first, &second) && *second == fresh(2.0));
        let same = |one: &Option<Foreign>, other: &Option<Foreign>| match (one, other) {
            (Some(one), Some(other)) => std::ptr::eq::<str>(&**one, &**other),
            (one, other) => one == other,
        };
        let (mut first, mut second) = (ServerState::clone(&first), ServerState::clone(&second));
        assert!(Arc::ptr_eq(&first.addresses, &second.addresses));
        assert!(texts(&mut first).into_iter().zip(texts(&mut second)).all(|(one, other)| same(one, other)));
    }

    #[test]
    fn what_differs_stays_different() {
        let mut states = ServerStates::default();
        states.keep(&fresh(1.0));
        let moved = ServerState {
            address: Some("10.0.3.18:6379".into()),
            addresses: ["10.0.3.18".into()].into(),
            role: None,
            failover_state: Some("waiting-for-sync".into()),
            ..fresh(1.0)
        };
        assert_eq!(*states.keep(&moved), moved);
    }

    #[test]
    fn only_the_latest_are_known() {
        let mut states = ServerStates::default();
        let kept = states.keep(&fresh(0.0));
        (1..1000).for_each(|second| _ = states.keep(&fresh(f64::from(second))));
        assert_eq!(states.0.len(), LATEST);
        assert_eq!((kept.at, Arc::strong_count(&kept)), (stamp(0.0), 1));
    }

    #[test]
    fn what_was_said_between_two_outages_is_kept_once_for_both() {
        let mut recorder = Recorder::default();
        let mut record = |event: Event| {
            // As it comes from a journal.
            let event: Event = serde_json::from_str(&serde_json::to_string(&event).unwrap()).unwrap();
            recorder.on_event(&event);
        };
        record(started(plan()));
        record(at(0.0, connected(1)));
        for generation in 1..=10 {
            let lost = generation as f64 * 10.0;
            let (before, after) = (Some(fresh(lost - 9.0).into()), Some(fresh(lost + 1.0).into()));
            let told = Evidence { before, after, ..evidence(generation, lost, SocketEnd::Closed) };
            record(at(lost, disconnected(generation, None)));
            record(at(lost + 0.5, reconnected(generation + 1, 0.5)));
            record(at(lost + 1.0, EventKind::Evidence(Box::new(told))));
        }
        let figures = recorder.figures();
        let told: Vec<_> = figures.outages.kept.iter().map(|outage| outage.circumstances.evidence.as_ref()).collect();
        let states = |index: usize| told[index].map(|told| (told.before.clone().unwrap(), told.after.clone().unwrap()));
        assert_eq!(told.len(), 10);
        for index in 1..told.len() {
            assert!(Arc::ptr_eq(&states(index - 1).unwrap().1, &states(index).unwrap().0), "{index}");
        }
    }
}
