//! The circumstances of an outage, from which its cause is derived: bounded lists and texts.

use std::{sync::Arc, time::Duration};

use super::{
    capped::{ENTRIES, TEXT, shortened},
    outage::{Outage, OutageKind},
    servers::ServerStates,
};
use crate::{
    classify::{Failure, FailureKey},
    clock::Stamp,
    event::{Announcement, Attempt, ClientState, Evidence, Missing},
    foreign::Foreign,
};

/// Maximum time from a maintenance announcement to an outage that it explains (Redis Cloud announces MOVING at most 30 s
/// ahead).
const NOTICE: Duration = Duration::from_secs(60);

/// Times in a journal are rounded; two that differ by less are the same.
const ROUNDING: Duration = Duration::from_millis(1);

/// The circumstances of an outage.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Circumstances {
    /// Time at which the connection was abandoned or found closed: later than the loss if silence came first; `None` for a
    /// stall.
    pub closed: Option<Stamp>,
    /// Time without an outage before the loss.
    pub up: Duration,
    /// Age of the connection at the loss.
    pub age: Duration,
    /// True if a subscription was confirmed on the connection: such clients are exempt from the server's `timeout`.
    pub subscribed: bool,
    /// Failures of independent connection attempts during the outage, each kind once.
    pub path_failures: Vec<Failure>,
    /// The first and the last time of each of them.
    pub path_spans: Vec<(Stamp, Stamp)>,
    /// States that the client entered during the outage.
    pub states: Vec<ClientState>,
    /// Failures of commands during the outage, each kind once.
    pub failures: Vec<FailureKey>,
    /// Maintenance announcements of the server.
    pub announcements: Vec<Announcement>,
    /// Evidence about the outage; shared, because figures are copied each second.
    pub evidence: Option<Arc<Evidence>>,
}

impl Circumstances {
    pub(super) fn path_failed(&mut self, at: Stamp, failure: &Failure) {
        match self.path_failures.iter().position(|known| known.key == failure.key) {
            Some(known) => self.path_spans[known].1 = at,
            None if self.path_failures.len() < ENTRIES => {
                self.path_failures.push(Failure { key: failure.key, text: shortened(&failure.text, TEXT).into() });
                self.path_spans.push((at, at));
            }
            None => {}
        }
    }

    pub(super) fn entered(&mut self, state: ClientState) {
        if !self.states.contains(&state) {
            note(&mut self.states, state);
        }
    }

    pub(super) fn failed(&mut self, key: FailureKey) {
        if !self.failures.contains(&key) {
            note(&mut self.failures, key);
        }
    }

    pub(super) fn announced(&mut self, announcement: &Announcement) {
        note(&mut self.announcements, announcement.clone());
    }

    pub(super) fn gathered(&mut self, evidence: &Evidence, servers: &mut ServerStates) {
        self.evidence = Some(Arc::new(bounded(evidence.clone(), servers)));
    }
}

impl Outage {
    /// Returns true if the evidence is about this outage: a connection is lost once, but may stall often before.
    pub(super) fn matches(&self, evidence: &Evidence) -> bool {
        if self.generation != evidence.generation || evidence.slow != (self.kind == OutageKind::Slow) {
            return false;
        }
        let begun = evidence.lost.after(ROUNDING) >= self.lost;
        let over = self.restored.is_some_and(|restored| evidence.lost > restored.after(ROUNDING));
        begun && (!over || self.kind == OutageKind::Drop)
    }
}

/// The latest maintenance announcements that still count.
#[derive(Clone, Debug, Default)]
pub(super) struct Notices(Vec<Announcement>);

impl Notices {
    pub(super) fn push(&mut self, at: Stamp, kind: &str) -> Announcement {
        let announcement = Announcement { at, kind: shortened(kind, TEXT).into() };
        self.0.retain(|known| at.since(known.at) <= NOTICE);
        if self.0.len() == ENTRIES {
            self.0.remove(0);
        }
        self.0.push(announcement.clone());
        announcement
    }

    /// Returns the announcements that still count at `lost`.
    pub(super) fn before(&self, lost: Stamp) -> Vec<Announcement> {
        self.0.iter().filter(|known| lost.since(known.at) <= NOTICE).cloned().collect()
    }
}

fn note<T>(list: &mut Vec<T>, entry: T) {
    if list.len() < ENTRIES {
        list.push(entry);
    }
}

/// Returns the evidence with bounded lists and texts.
fn bounded(mut evidence: Evidence, servers: &mut ServerStates) -> Evidence {
    let text = |text: &mut Foreign| *text = shortened(text, TEXT).into();
    for state in [&mut evidence.before, &mut evidence.after].into_iter().flatten() {
        *state = servers.keep(state);
    }
    evidence.servers.truncate(ENTRIES);
    evidence.announcements.truncate(ENTRIES);
    evidence.announcements.iter_mut().for_each(|Announcement { kind, .. }| text(kind));
    evidence.attempts.truncate(ENTRIES);
    evidence.attempts.iter_mut().filter_map(|Attempt { failure, .. }| failure.as_mut()).for_each(text);
    evidence.missing.truncate(ENTRIES);
    for Missing { what, why, .. } in &mut evidence.missing {
        text(what);
        text(why);
    }
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::ServerState,
        record::fixture::{reset, stamp},
    };

    #[test]
    fn a_talkative_server_does_not_fill_the_memory() {
        let long = || Foreign::from("x".repeat(10_000));
        let state = ServerState { role: Some(long()), addresses: vec![long(); 1000].into(), ..ServerState::default() };
        let mut evidence = Evidence {
            announcements: vec![Announcement { at: stamp(1.0), kind: long() }; 1000],
            attempts: vec![Attempt { started: None, at: stamp(1.0), end: None, failure: Some(long()) }; 1000],
            missing: vec![Missing::new(long(), long()); 1000],
            before: Some(Arc::new(state)),
            ..Evidence::default()
        };
        evidence.after = evidence.before.clone();
        let mut circumstances = Circumstances::default();
        circumstances.gathered(&evidence, &mut ServerStates::default());
        (0..1000).for_each(|_| circumstances.path_failed(stamp(1.0), &reset()));
        (0..1000).for_each(|_| circumstances.announced(&Announcement { at: stamp(1.0), kind: "MOVING".into() }));
        assert_eq!((circumstances.path_failures.len(), circumstances.announcements.len()), (1, ENTRIES));
        let size = serde_json::to_string(circumstances.evidence.as_deref().unwrap()).unwrap().len();
        assert!(size < 40_000, "{size}");
    }

    #[test]
    fn an_announcement_counts_for_a_minute() {
        let mut notices = Notices::default();
        notices.push(stamp(10.0), "MOVING");
        assert_eq!(notices.before(stamp(70.0)).len(), 1);
        assert_eq!(notices.before(stamp(70.1)).len(), 0);
        (0..100).for_each(|n| _ = notices.push(stamp(80.0 + f64::from(n) / 10.0), "MOVING"));
        assert_eq!(notices.before(stamp(90.0)).len(), ENTRIES);
    }
}
