//! The totals of each connection under test, to find the one that fared differently from the others.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    time::Duration,
};

use schemars::JsonSchema;
use serde::Serialize;

use super::Outage;
use crate::{
    clock::{Seconds, Stamp},
    event::ConnectionCounts,
};

/// Connections kept, and those that are listed.
const KEPT: usize = 20_000;
const LISTED: usize = 100;

/// The totals of one connection.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ConnectionRow {
    /// Number of its run (from 1).
    pub run: u32,
    /// Number of the connection (from 0).
    pub connection: u32,
    /// Outages of the connection.
    pub outages: u64,
    /// Total duration of its outages.
    #[serde(with = "Seconds")]
    pub down: Duration,
    /// Its longest outage.
    #[serde(with = "Seconds")]
    pub longest: Duration,
    /// Numbered messages lost in its outages.
    pub messages_lost: u64,
    /// Ended probes; null if they are not counted for each connection: there is one, or there are more than 32.
    pub probes: Option<ConnectionCounts>,
}

/// The connections of all runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections(BTreeMap<(u32, u32), ConnectionRow>);

impl Connections {
    pub(super) fn counted(&mut self, run: u32, counts: &[ConnectionCounts]) {
        for (connection, counts) in (0..).zip(counts) {
            if let Some(row) = self.row(run, connection) {
                *row.probes.get_or_insert_default() += *counts;
            }
        }
    }

    /// Adds an outage that has lasted until `now`; for the time `paused` of it redis-doctor itself was paused.
    pub(super) fn settle(&mut self, outage: &Outage, now: Stamp, paused: Duration) {
        if let Some(row) = self.row(outage.run, outage.connection) {
            let duration = outage.duration(now) - paused;
            row.outages += 1;
            row.down += duration;
            row.longest = row.longest.max(duration);
            row.messages_lost += outage.messages_lost;
        }
    }

    /// Returns the connections in order; of many, those that were down longest.
    pub(super) fn rows(&self) -> Vec<ConnectionRow> {
        let mut rows: Vec<_> = self.0.values().collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.down, row.outages)));
        rows.truncate(LISTED);
        rows.sort_by_key(|row| (row.run, row.connection));
        rows.into_iter().cloned().collect()
    }

    fn row(&mut self, run: u32, connection: u32) -> Option<&mut ConnectionRow> {
        let is_full = self.0.len() >= KEPT;
        match self.0.entry((run, connection)) {
            Entry::Occupied(row) => Some(row.into_mut()),
            Entry::Vacant(_) if is_full => None,
            Entry::Vacant(place) => Some(place.insert(ConnectionRow {
                run,
                connection,
                outages: 0,
                down: Duration::ZERO,
                longest: Duration::ZERO,
                messages_lost: 0,
                probes: None,
            })),
        }
    }
}
