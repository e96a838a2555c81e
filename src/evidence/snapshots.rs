//! The latest snapshots of each server process: counters are compared within one process only.

use std::{collections::VecDeque, sync::Arc};

use super::server::Snapshot;
use crate::{clock::Stamp, event::Peer};

/// Snapshots kept of each process: one may have been taken during the outage that asks for the one before.
const OF_EACH: usize = 2;

/// Snapshots kept in total.
const MOST: usize = 16;

/// Snapshots in which a server was reached, the latest last.
#[derive(Default)]
pub(super) struct Snapshots(VecDeque<Arc<Snapshot>>);

impl Snapshots {
    pub(super) fn push(&mut self, snapshot: Arc<Snapshot>) {
        let same = |other: &&Arc<Snapshot>| other.run_id() == snapshot.run_id();
        let surplus = if self.0.iter().filter(same).count() >= OF_EACH {
            self.0.iter().position(|other| same(&other))
        } else {
            (self.0.len() >= MOST).then_some(0)
        };
        surplus.and_then(|index| self.0.remove(index));
        self.0.push_back(snapshot);
    }

    pub(super) fn latest(&self) -> Option<&Snapshot> {
        self.0.back().map(AsRef::as_ref)
    }

    /// Returns the latest snapshot of a server that was complete at `moment`. If the server is unknown, the latest of any.
    pub(super) fn before(&self, moment: Stamp, server: &Peer) -> Option<Arc<Snapshot>> {
        let about = |snapshot: &&Arc<Snapshot>| server.run_id.is_none() || snapshot.run_id() == server.run_id.as_ref();
        self.0.iter().rev().filter(about).find(|snapshot| snapshot.finished <= moment).cloned()
    }

    /// Returns true if there is a snapshot of this server.
    pub(super) fn has(&self, server: &Peer) -> bool {
        self.0.iter().any(|snapshot| snapshot.run_id().is_some() && snapshot.run_id() == server.run_id.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ServerState;

    fn at(seconds: u64) -> Stamp {
        Stamp::from_nanos(seconds * 1_000_000_000)
    }

    fn snapshot(run_id: Option<&str>, seconds: u64) -> Arc<Snapshot> {
        let state = ServerState { run_id: run_id.map(Into::into), ..ServerState::default() };
        Arc::new(Snapshot { at: at(seconds), finished: at(seconds), state: Some(state.into()), ..Snapshot::default() })
    }

    fn peer(run_id: Option<&str>) -> Peer {
        Peer { run_id: run_id.map(Into::into), ..Peer::default() }
    }

    #[test]
    fn the_state_before_is_that_of_the_same_process() {
        let mut snapshots = Snapshots::default();
        for (run_id, seconds) in [("a", 1), ("b", 2), ("b", 3), ("b", 4)] {
            snapshots.push(snapshot(Some(run_id), seconds));
        }
        let before = |run_id, moment| snapshots.before(at(moment), &peer(run_id)).map(|found| found.at);
        assert_eq!(before(Some("a"), 9), Some(at(1)), "however often the other was queried");
        assert_eq!((before(Some("b"), 9), before(Some("b"), 3)), (Some(at(4)), Some(at(3))));
        assert_eq!((before(Some("b"), 2), before(Some("c"), 9)), (None, None));
        assert_eq!(before(None, 9), Some(at(4)), "an unknown process may be any");
        assert!(snapshots.has(&peer(Some("a"))) && !snapshots.has(&peer(Some("c"))) && !snapshots.has(&peer(None)));
    }

    #[test]
    fn their_number_is_bounded() {
        let mut snapshots = Snapshots::default();
        (0..100).for_each(|n| snapshots.push(snapshot(Some(&n.to_string()), n)));
        (0..100).for_each(|n| snapshots.push(snapshot(None, n)));
        assert_eq!(snapshots.0.len(), MOST);
    }
}
