//! The acknowledged writes of the ledger workload, to be read back later.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::clock::Stamp;

/// Time to live of the numbered keys.
pub(crate) const KEY_TTL: Duration = Duration::from_secs(600);

/// Age at which a key is read back, if that has not happened before: some time before it expires.
pub(crate) const DUE: Duration = Duration::from_secs(480);

/// Longest time between the first and the last write of a span.
const SPAN: Duration = Duration::from_secs(1);

/// Consecutive numbers that one worker wrote and the server acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Part of their keys that is the same for a whole run, as a rule.
    pub(crate) keys: Arc<str>,
    pub(crate) connection: u32,
    pub(crate) worker: u32,
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// Time of the first acknowledgement, and of the last.
    pub(crate) from: Stamp,
    pub(crate) to: Stamp,
}

impl Span {
    /// Returns the time at which a number was acknowledged, as if all were at the same distance.
    pub(crate) fn at(&self, number: u64) -> Stamp {
        let (done, all) = (number - self.first, (self.last - self.first).max(1));
        let part = done as f64 / all as f64;
        self.from.after(self.to.since(self.from).mul_f64(part))
    }
}

/// The writes that were acknowledged and not read back yet.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<BTreeMap<(u32, u32), Vec<Span>>>);

impl Ledger {
    /// Notes an acknowledged write.
    pub(super) fn acknowledge(&self, keys: &Arc<str>, (connection, worker): (u32, u32), number: u64, at: Stamp) {
        let mut spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let spans = spans.entry((connection, worker)).or_default();
        let continues =
            |span: &&mut Span| span.last + 1 == number && at.since(span.from) < SPAN && Arc::ptr_eq(&span.keys, keys);
        match spans.last_mut().filter(continues) {
            Some(span) => (span.last, span.to) = (number, at),
            None => {
                let keys = Arc::clone(keys);
                spans.push(Span { keys, connection, worker, first: number, last: number, from: at, to: at });
            }
        }
    }

    /// Takes the writes that were acknowledged until a moment.
    pub(crate) fn take(&self, until: Stamp) -> Vec<Span> {
        let mut spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = |spans: &mut Vec<Span>| {
            let count = spans.partition_point(|span| span.to <= until);
            spans.drain(..count).collect::<Vec<_>>()
        };
        spans.values_mut().flat_map(due).collect()
    }
}

/// Returns the key of a numbered write.
pub(crate) fn key(keys: &str, connection: u32, worker: u32, number: u64) -> String {
    format!("redis-doctor:{keys}:ledger:{connection}:{worker}:{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn consecutive_writes_are_one_span_and_each_is_taken_once() {
        let ledger = Ledger::default();
        let [keys, others] = ["7f3a", "7f3a{7}"].map(Arc::from);
        for (number, ms) in [(1, 0), (2, 100), (3, 200), (5, 400), (6, 2000)] {
            ledger.acknowledge(&keys, (0, 1), number, at(ms));
        }
        ledger.acknowledge(&keys, (1, 0), 1, at(3000));
        ledger.acknowledge(&others, (1, 0), 2, at(3000));
        let numbers = |spans: Vec<Span>| -> Vec<_> { spans.iter().map(|span| (span.first, span.last)).collect() };
        assert_eq!(numbers(ledger.take(at(100))), []);
        assert_eq!(numbers(ledger.take(at(400))), [(1, 3), (5, 5)]);
        assert_eq!(numbers(ledger.take(at(9000))), [(6, 6), (1, 1), (2, 2)]);
        assert_eq!(numbers(ledger.take(at(9000))), []);
        let span = Span { keys, connection: 0, worker: 0, first: 10, last: 20, from: at(100), to: at(200) };
        assert_eq!([10, 15, 20].map(|number| span.at(number)), [at(100), at(150), at(200)]);
    }
}
