//! The connections that ended during a trace.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{ending::Ending, report::Owner};
use crate::{
    checkup::CheckFinding,
    clock::Stamp,
    units::{bytes, count},
    verdict::Severity,
};

/// Bytes that were never acknowledged.
const IN_DOUBT: &str = "RD237";
/// Connections that were lost.
const LOST: &str = "RD239";

/// Endings that are listed; further ones are counted.
const LISTED: usize = 1000;

/// A connection that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct EndedRow {
    /// Time of the end, from the start of the trace.
    pub at: Stamp,
    /// Address of the client.
    pub local: String,
    /// Address of the server.
    pub peer: String,
    /// Process of the client; null if it is not visible, or was gone before it was looked up.
    pub owner: Option<Owner>,
    /// The way in which it ended.
    pub how: Ending,
    /// True if the last figures of the socket exclude every other ending.
    pub proven: bool,
    /// Bytes sent and never acknowledged: the commands in them may have run.
    pub in_doubt_bytes: u64,
}

/// The endings so far.
#[derive(Debug, Default)]
pub(super) struct Losses {
    pub(super) rows: Vec<EndedRow>,
    /// Connections that the client did not close, listed or not.
    by_kind: BTreeMap<Ending, u64>,
    /// Connections that ended with bytes in doubt, and those bytes.
    in_doubt: (u64, u64),
    /// Connections that the client closed, with nothing in doubt.
    pub(super) closed: u64,
}

impl Losses {
    /// Adds a connection that ended. Returns true if it is more than a client that is done.
    pub(super) fn add(&mut self, row: &EndedRow) -> bool {
        let by_client = row.how == Ending::ClosedByClient;
        if by_client && row.in_doubt_bytes == 0 {
            self.closed += 1;
            return false;
        }
        if row.in_doubt_bytes > 0 {
            self.in_doubt = (self.in_doubt.0 + 1, self.in_doubt.1 + row.in_doubt_bytes);
        }
        if !by_client {
            *self.by_kind.entry(row.how).or_default() += 1;
        }
        if self.rows.len() < LISTED {
            self.rows.push(row.clone());
        }
        true
    }

    /// Judges them.
    pub(super) fn findings(&self) -> Vec<CheckFinding> {
        let mut findings = Vec::new();
        let lost: u64 = self.by_kind.values().sum();
        if lost > 0 {
            let kinds: Vec<_> = self.by_kind.iter().map(|(how, number)| format!("{number} {}", how.words())).collect();
            let remedy = "The client has to reconnect, and to repeat what is safe to repeat. redis-doctor soak finds the cause \
                          of such losses";
            let finding = CheckFinding::new(Severity::Warning, LOST, format!("{} lost", count(lost, "connection")));
            findings.push(finding.evidence(kinds.join(" · ")).remedy(remedy));
        }
        let (connections, in_doubt) = self.in_doubt;
        if connections > 0 {
            let text =
                format!("{} ended with {} never acknowledged", count(connections, "connection"), bytes(in_doubt));
            let remedy =
                "The commands in them may have run, or not. Before they are repeated, check that they may run twice";
            findings.push(CheckFinding::new(Severity::Warning, IN_DOUBT, text).remedy(remedy));
        }
        findings
    }
}
