//! The metrics of a trace.

use std::{collections::BTreeMap, net::SocketAddr};

use super::LABEL_SETS;
use crate::{
    event::{AttemptEnd, Ending, TraceSize, Traced},
    verdict::Severity,
};

/// The metrics of a trace.
#[derive(Clone, Debug, Default)]
pub(crate) struct TracedMetrics {
    /// Connections in the last sample, and the servers at their other ends.
    pub size: TraceSize,
    /// Connections that ended, by server and the way in which they ended.
    pub ended: BTreeMap<(String, Ending), u64>,
    /// Bytes that were never acknowledged.
    pub bytes_in_doubt: u64,
    /// Failed attempts to connect, by server and the way in which they failed.
    pub attempts: BTreeMap<(String, AttemptEnd), u64>,
    /// Findings that are there, by code and server, as far as there is room.
    pub findings: BTreeMap<(String, String), Severity>,
}

impl TracedMetrics {
    pub(super) fn count(&mut self, traced: &Traced) {
        // Beyond the limit, without the server.
        let named = |number: usize, server: SocketAddr| {
            if number < LABEL_SETS { server.to_string() } else { String::new() }
        };
        match traced {
            Traced::Watching(size) => self.size = *size,
            Traced::Sampled(sample) => self.size = sample.size,
            Traced::Found(found) | Traced::Standing(found) => {
                let key = (found.code().to_owned(), found.server.to_string());
                if self.findings.len() < LABEL_SETS || self.findings.contains_key(&key) {
                    self.findings.insert(key, found.finding.severity);
                }
            }
            Traced::Cleared(found) => _ = self.findings.remove(&(found.code().to_owned(), found.server.to_string())),
            Traced::Ended(end) if end.is_telling() => {
                *self.ended.entry((named(self.ended.len(), end.peer), end.how)).or_default() += 1;
                self.bytes_in_doubt = self.bytes_in_doubt.saturating_add(end.in_doubt_bytes);
            }
            Traced::AttemptFailed(failed) => {
                *self.attempts.entry((named(self.attempts.len(), failed.peer), failed.how)).or_default() += 1;
            }
            Traced::Ended(_) | Traced::Unnoticed(_) | Traced::Connected(_) | Traced::Connection(_) => {}
        }
    }
}
