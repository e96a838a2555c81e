//! Queries of the server, and the reports of the outages that they answer for.

use std::{sync::Arc, time::Duration};

use super::{
    Collector, PAUSE, SAMPLE, State,
    case::Case,
    server::{self, Snapshot},
    server_drift,
};
use crate::{clock::Stamp, event::EventKind};

/// Delay of the first query: a shorter run makes none.
const FIRST: Duration = Duration::from_millis(500);

/// Interval between queries while nothing happens.
const RENEWAL: Duration = Duration::from_secs(60);

/// The same after a query that did not reach the server.
const RETRY: Duration = Duration::from_secs(5);

/// Time limit of the query after the run's end.
const LAST: Duration = Duration::from_millis(500);

impl State {
    /// Returns the time of the next query, for a collector that began at `started`.
    fn due(&self, started: Stamp, now: Stamp) -> Stamp {
        let pressing = self.is_pressing(now);
        match self.asked {
            None if pressing => now,
            // A query during an outage is useless as the state before the next.
            _ if !pressing && !self.open.is_empty() => now.after(SAMPLE),
            None => started.after(FIRST),
            Some((last, _)) if pressing => last.after(PAUSE),
            Some((last, true)) => last.after(RENEWAL),
            Some((last, false)) => last.after(RETRY),
        }
    }

    /// Returns true if an outage waits for the server's answers.
    fn is_pressing(&self, now: Stamp) -> bool {
        !self.over.is_empty() || self.open.values().any(|case| case.is_due(now))
    }

    /// Takes the finished outages into the query, and returns the client ids that the server may still list.
    fn begin(&mut self, now: Stamp, last: bool) -> Vec<u64> {
        self.asking.append(&mut self.over);
        let lasting = self.open.values().filter(|case| last || case.is_due(now));
        self.asking.iter().chain(lasting).filter_map(Case::client_id).collect()
    }
}

impl Collector {
    /// Queries the server when there is reason to, and reports the outages, until it is aborted.
    pub(super) async fn gather(self: Arc<Self>) {
        let started = self.clock.now();
        loop {
            let due = self.lock().due(started, self.clock.now());
            tokio::select! {
                () = self.clock.sleep_until(due) => {}
                () = self.wake.notified() => continue,
            }
            let old = {
                let now = self.clock.now();
                let mut state = self.lock();
                if !state.is_pressing(now) && !state.open.is_empty() {
                    continue;
                }
                state.begin(now, false)
            };
            let snapshot = self.ask(&old).await;
            self.tell(snapshot, false);
        }
    }

    /// Reports what is left after the last task has ended.
    pub(crate) async fn conclude(&self) {
        let (old, all_told) = {
            let mut state = self.lock();
            let now = self.clock.now();
            let all_told = state.open.is_empty() && state.over.is_empty() && state.asking.is_empty();
            // One more query shows what changed apart from the connection, unless one was just made.
            if all_told && state.asked.is_none_or(|(last, _)| now.since(last) < PAUSE) {
                return;
            }
            (state.begin(now, true), all_told)
        };
        let asked = tokio::time::timeout(LAST, self.ask(&old)).await;
        if all_told && asked.is_err() {
            // The server may be far away: not worth a report.
            return;
        }
        let snapshot =
            asked.unwrap_or_else(|_| Snapshot::unreachable(self.clock.now(), "no answer before the run ended"));
        self.tell(snapshot, true);
    }

    /// Queries the server directly. A proxy in front of the connection under test only is recorded as well.
    async fn ask(&self, old: &[u64]) -> Snapshot {
        let mut snapshot = server::ask(&self.direct, self.clock, old).await;
        if let Some(state) = snapshot.state.as_mut().filter(|_| self.proxied) {
            Arc::make_mut(state).translated = Some(true);
        }
        snapshot
    }

    /// Reports the outages that the query was about, and those that last.
    fn tell(&self, mut snapshot: Snapshot, last: bool) {
        let now = self.clock.now();
        let mut state = self.lock();
        state.examine(now);
        state.listener.hear(now);
        (snapshot.finished, snapshot.count) = (now, state.count);
        if let Some(kind) =
            state.known.back().and_then(|before| server_drift::changed(before, &snapshot, &state, &self.plan))
        {
            self.notices.emit(now, None, kind);
        }
        let snapshot = Arc::new(snapshot);
        state.asked = Some((snapshot.at, snapshot.state.is_some()));
        let mut told = std::mem::take(&mut state.asking);
        for case in state.open.values_mut() {
            if last || case.is_due(now) {
                case.early = true;
                told.push(case.clone());
            }
        }
        for mut case in told {
            case.look_back(&state.own_lag, state.announcements.iter(), now);
            if case.over.is_none() {
                case.evidence.tcp = case.evidence.tcp.or(state.sockets.figures(case.connection));
                if let Some(attempts) = state.listener.of(case.connection, case.evidence.lost) {
                    case.attempted(attempts.clone());
                }
            }
            let connection = case.connection;
            let evidence = case.complete(&snapshot);
            self.notices.emit(now, Some(connection), EventKind::Evidence(Box::new(evidence)));
        }
        if snapshot.state.is_some() {
            state.known.push_back(snapshot);
            if state.known.len() > 2 {
                state.known.pop_front();
            }
        }
    }
}
