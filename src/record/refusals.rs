//! The refusals of all connections: exact totals of each class and a bounded list.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use super::capped::{Capped, List, TEXT, shortened};
use crate::{
    classify::{ErrorClass, FailureKey, Stage},
    clock::{Stamp, WallTime},
    event::{Event, RefusalBegan, RefusalEnd, RefusalEnded},
};

/// A time in which the server answered commands of a connection with one class of error.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Refusal {
    /// Number of its run (from 1).
    pub run: u32,
    /// Number of the connection (from 0).
    pub connection: u32,
    /// Kind of failure.
    #[serde(flatten)]
    pub key: FailureKey,
    /// Code for `redis-doctor explain`.
    #[schemars(regex(pattern = r"^RD[0-9]{3}$"))]
    pub code: &'static str,
    /// Wall-clock time of its start.
    pub time: WallTime,
    /// Start of the first refused command.
    pub since: Stamp,
    /// Time of its end; null if it had not ended.
    pub until: Option<Stamp>,
    /// Kind of its end; null if it had not ended.
    pub end: Option<RefusalEnd>,
    /// Refused commands; null until it has ended.
    pub count: Option<u64>,
    /// First refused command.
    pub command: String,
    /// Its reply.
    pub text: String,
}

impl Refusal {
    /// Returns the duration to the end, or until `now`.
    pub(crate) fn duration(&self, now: Stamp) -> Duration {
        self.until.unwrap_or(now).since(self.since)
    }

    /// Returns true if the server still refused at the end of the run.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(self.end, None | Some(RefusalEnd::RunEnded))
    }
}

/// The refusals of one class in one operation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RefusalTotals {
    pub key: FailureKey,
    /// First refused command, and its reply.
    pub command: String,
    pub text: String,
    /// Refusals that lasted to the end of their run.
    pub lasting: u64,
    /// Refusals that ended before.
    pub over: u64,
    /// Refused commands.
    pub commands: u64,
    /// Duration of all of them.
    pub total: Duration,
    /// The longest one.
    pub longest: Duration,
}

/// The refusals so far.
#[derive(Clone, Debug, Default)]
pub(super) struct RefusalBook {
    open: BTreeMap<(u32, ErrorClass, Stage), Refusal>,
    rows: Capped<Refusal>,
    totals: BTreeMap<(ErrorClass, Stage), RefusalTotals>,
}

impl RefusalBook {
    pub(super) fn began(&mut self, event: &Event, run: u32, connection: u32, began: &RefusalBegan) {
        let refusal = Refusal {
            run,
            connection,
            key: began.key,
            code: began.key.code(),
            time: event.wall_of(began.since),
            since: began.since,
            until: None,
            end: None,
            count: None,
            command: shortened(&began.command, TEXT),
            text: shortened(&began.text, TEXT),
        };
        self.open.insert((connection, began.key.class, began.key.stage), refusal);
    }

    pub(super) fn ended(&mut self, connection: u32, ended: &RefusalEnded) {
        if let Some(mut refusal) = self.open.remove(&(connection, ended.class, ended.stage)) {
            (refusal.until, refusal.end, refusal.count) = (Some(ended.until), Some(ended.end), Some(ended.count));
            self.close(refusal, ended.until);
        }
    }

    /// Files what has not ended by the end of the run, and returns its connections and starts.
    pub(super) fn close_run(&mut self, end: Stamp) -> Vec<(u32, Stamp)> {
        let open = std::mem::take(&mut self.open);
        let starts = open.values().map(|refusal| (refusal.connection, refusal.since)).collect();
        open.into_values().for_each(|refusal| self.close(refusal, end));
        starts
    }

    fn close(&mut self, refusal: Refusal, now: Stamp) {
        let duration = refusal.duration(now);
        let totals = self.totals.entry((refusal.key.class, refusal.key.stage)).or_insert_with(|| RefusalTotals {
            key: refusal.key,
            command: refusal.command.clone(),
            text: refusal.text.clone(),
            lasting: 0,
            over: 0,
            commands: 0,
            total: Duration::ZERO,
            longest: Duration::ZERO,
        });
        let kind = if refusal.is_lasting() { &mut totals.lasting } else { &mut totals.over };
        *kind += 1;
        totals.commands = totals.commands.saturating_add(refusal.count.unwrap_or(1));
        totals.total += duration;
        totals.longest = totals.longest.max(duration);
        self.rows.push(refusal);
    }

    /// Returns the kept refusals in order of their end.
    pub(super) fn rows(&self) -> List<Refusal> {
        self.rows.to_list()
    }

    /// Returns the totals of each class, the longest refusals first.
    pub(super) fn totals(self) -> Vec<RefusalTotals> {
        let mut totals: Vec<_> = self.totals.into_values().collect();
        totals.sort_by_key(|totals| std::cmp::Reverse((totals.lasting > 0, totals.total)));
        totals
    }
}
