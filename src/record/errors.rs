//! The error table: one row for each kind of failure, whatever their number.

use std::collections::BTreeMap;

use serde::Serialize;

use super::capped::shortened;
use crate::{
    classify::FailureKey,
    clock::WallTime,
    event::{CommandFailed, Event},
};

/// Failures of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorRow {
    /// The kind.
    #[serde(flatten)]
    pub key: FailureKey,
    /// Where it is explained: the code for `redis-doctor explain`.
    pub code: &'static str,
    /// How many.
    pub count: u64,
    /// How many of them may have been executed.
    pub ambiguous: u64,
    /// When the first of them failed.
    pub first: WallTime,
    /// When the last of them failed.
    pub last: WallTime,
    /// The wording of the first of them.
    pub example: String,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ErrorTable(BTreeMap<FailureKey, ErrorRow>);

impl ErrorTable {
    pub(super) fn add(&mut self, event: &Event, failed: &CommandFailed) {
        let (first, last) = (event.wall_of(failed.first), event.wall_of(failed.last));
        let row = self.0.entry(failed.key).or_insert_with(|| ErrorRow {
            key: failed.key,
            code: failed.key.code(),
            count: 0,
            ambiguous: 0,
            first,
            last,
            example: shortened(&failed.text, 200),
        });
        row.count += failed.count;
        row.ambiguous += failed.ambiguous;
        row.first = row.first.min(first);
        row.last = row.last.max(last);
    }

    /// The rows, most frequent first.
    pub(super) fn rows(&self) -> Vec<ErrorRow> {
        let mut rows: Vec<_> = self.0.values().cloned().collect();
        rows.sort_by(|a, b| b.count.cmp(&a.count).then(a.key.cmp(&b.key)));
        rows
    }
}
