//! The acknowledged writes of the ledger workload, and those that are gone.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    clock::WallTime,
    event::{Event, EventKind},
};

/// Sums over all numbered keys that were read back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct LedgerFigures {
    /// Writes that a server acknowledged.
    pub acknowledged: u64,
    /// Acknowledged writes whose key the primary does not have afterwards.
    pub gone: u64,
    /// Acknowledged writes whose key could not be read back.
    pub unread: u64,
    /// Time at which the first write that is gone was acknowledged.
    pub first_gone: Option<WallTime>,
    /// Time at which the last write that is gone was acknowledged.
    pub last_gone: Option<WallTime>,
}

impl LedgerFigures {
    /// Adds the keys that an event reports.
    pub(super) fn add(ledger: &mut Option<Self>, event: &Event) {
        let EventKind::LedgerRead(read) = &event.kind else { return };
        let sums = ledger.get_or_insert_default();
        sums.acknowledged = sums.acknowledged.saturating_add(read.acknowledged);
        sums.gone = sums.gone.saturating_add(read.gone);
        sums.unread = sums.unread.saturating_add(read.unread);
        let [first, last] = [read.first_gone, read.last_gone].map(|at| at.map(|at| event.wall_of(at)));
        let earlier = |one: &WallTime| one.unix_nanos();
        sums.first_gone = sums.first_gone.into_iter().chain(first).min_by_key(earlier);
        sums.last_gone = sums.last_gone.into_iter().chain(last).max_by_key(earlier);
    }
}
