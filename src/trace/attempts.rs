//! The connection attempts that failed, by server: the real schedule of any client.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    checkup::CheckFinding,
    clock::{SecondsList, Stamp},
    event::AttemptEnd,
    units::{count, span},
    verdict::Severity,
};

/// Failed connection attempts.
const FAILED: &str = "RD236";

/// Servers whose attempts are counted; beyond that they are left out.
const SERVERS: usize = 1000;

/// Intervals that are listed.
const INTERVALS: usize = 20;

/// Failed attempts within a second from which they are a storm. A client with backoff makes one or two; a fleet of twenty
/// that starts over makes as many once.
const STORM: u64 = 50;

/// The failed attempts to connect to a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct AttemptsRow {
    /// Address of the server.
    pub server: String,
    /// Attempts that were refused (RST).
    pub refused: u64,
    /// Attempts without an answer.
    pub unanswered: u64,
    /// Connections that were made and ended by the server within a second, with one reply at most.
    pub dropped: u64,
    /// Intervals between the first attempts.
    #[serde(rename = "intervals_seconds", with = "SecondsList")]
    pub intervals: Vec<Duration>,
    /// Most attempts within a second.
    pub busiest_second: u64,
}

/// The failed attempts so far.
#[derive(Debug, Default)]
pub(super) struct Attempts(BTreeMap<SocketAddr, Failed>);

#[derive(Debug, Default)]
struct Failed {
    refused: u64,
    unanswered: u64,
    dropped: u64,
    first: Vec<Stamp>,
    /// Those of the last second.
    recent: VecDeque<Stamp>,
    busiest: u64,
}

impl Attempts {
    /// Adds a failed attempt. Returns the time since the one before, if there is one.
    pub(super) fn add(&mut self, server: SocketAddr, end: AttemptEnd, at: Stamp) -> Option<Duration> {
        if self.0.len() >= SERVERS && !self.0.contains_key(&server) {
            return None;
        }
        let failed = self.0.entry(server).or_default();
        match end {
            AttemptEnd::Unanswered => failed.unanswered += 1,
            AttemptEnd::Refused => failed.refused += 1,
            AttemptEnd::Dropped => failed.dropped += 1,
        }
        let before = failed.recent.back().or(failed.first.last()).copied();
        if failed.first.len() <= INTERVALS {
            failed.first.push(at);
        }
        failed.recent.push_back(at);
        while failed.recent.front().is_some_and(|first| at.since(*first) > Duration::from_secs(1)) {
            failed.recent.pop_front();
        }
        failed.busiest = failed.busiest.max(failed.recent.len() as u64);
        before.map(|before| at.since(before))
    }

    pub(super) fn rows(&self) -> Vec<AttemptsRow> {
        let row = |(server, failed): (&SocketAddr, &Failed)| AttemptsRow {
            server: server.to_string(),
            refused: failed.refused,
            unanswered: failed.unanswered,
            dropped: failed.dropped,
            intervals: failed.first.windows(2).map(|pair| pair[1].since(pair[0])).collect(),
            busiest_second: failed.busiest,
        };
        self.0.iter().map(row).collect()
    }

    /// Judges them.
    pub(super) fn findings(&self) -> Vec<CheckFinding> {
        self.rows().iter().map(AttemptsRow::finding).collect()
    }
}

impl AttemptsRow {
    fn finding(&self) -> CheckFinding {
        let Self { server, refused, unanswered, dropped, intervals, busiest_second } = self;
        let attempts = count(refused + unanswered + dropped, "connection attempt");
        let storm = *busiest_second >= STORM;
        let text = match storm {
            true => format!("{attempts} to {server} failed, up to {busiest_second} in a second: a storm"),
            false => format!("{attempts} to {server} failed"),
        };
        let kinds = [(refused, "refused"), (unanswered, "unanswered"), (dropped, "dropped immediately")];
        let mut parts: Vec<_> =
            kinds.iter().filter(|(number, _)| **number > 0).map(|(number, kind)| format!("{number} {kind}")).collect();
        if !intervals.is_empty() {
            let intervals: Vec<_> = intervals.iter().map(|time| span(*time)).collect();
            parts.push(format!("intervals {}", intervals.join(" / ")));
        }
        let remedy = if storm {
            "Let the clients wait between attempts, longer each time and with jitter; otherwise they keep the server from \
             coming back"
        } else {
            "Find what refused, dropped or ignored them: redis-doctor check"
        };
        CheckFinding::new(Severity::Warning, FAILED, text).evidence(parts.join(" · ")).remedy(remedy)
    }
}
