//! The error table: one row for each kind of failure.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::capped::shortened;
use crate::{
    classify::FailureKey,
    clock::WallTime,
    event::{CommandFailed, Event},
};

/// The failures of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ErrorRow {
    /// Kind of failure.
    #[serde(flatten)]
    pub key: FailureKey,
    /// Code for `redis-doctor explain`.
    #[schemars(regex(pattern = r"^RD[0-9]{3}$"))]
    pub code: &'static str,
    /// Number of failures.
    pub count: u64,
    /// Failed commands whose outcome is unknown: they were sent and may have run.
    pub ambiguous: u64,
    /// Time of the first failure.
    pub first: WallTime,
    /// Time of the last failure.
    pub last: WallTime,
    /// Text of the first failure.
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
        row.count = row.count.saturating_add(failed.count);
        row.ambiguous = row.ambiguous.saturating_add(failed.ambiguous);
        row.first = row.first.min(first);
        row.last = row.last.max(last);
    }

    /// Returns the rows, most frequent first.
    pub(super) fn rows(&self) -> Vec<ErrorRow> {
        let mut rows: Vec<_> = self.0.values().cloned().collect();
        rows.sort_by(|a, b| b.count.cmp(&a.count).then(a.key.cmp(&b.key)));
        rows
    }
}
