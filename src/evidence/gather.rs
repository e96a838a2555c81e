//! Asks the server when there is reason to, and tells what is known of the outages that it was asked for.

use std::{sync::Arc, time::Duration};

use super::{
    Collector, PAUSE, SAMPLE, State,
    case::Case,
    server::{self, Snapshot},
    server_drift,
};
use crate::{clock::Stamp, event::EventKind};

/// From the start to the first question: a run that is shorter asks nothing.
const FIRST: Duration = Duration::from_millis(500);

/// While nothing happens, what is known of the server is renewed this often.
const RENEWAL: Duration = Duration::from_secs(60);

/// The same when it could not be reached.
const RETRY: Duration = Duration::from_secs(5);

/// How long the questions after the run's end may take.
const LAST: Duration = Duration::from_millis(500);

impl State {
    /// When the server is to be asked next, in a run that began gathering at `started`.
    fn due(&self, started: Stamp, now: Stamp) -> Stamp {
        let pressing = self.is_pressing(now);
        match self.asked {
            None if pressing => now,
            // What would be asked before an outage is over is worth nothing as what was before the next.
            _ if !pressing && !self.open.is_empty() => now.after(SAMPLE),
            None => started.after(FIRST),
            Some((last, _)) if pressing => last.after(PAUSE),
            Some((last, true)) => last.after(RENEWAL),
            Some((last, false)) => last.after(RETRY),
        }
    }

    /// Whether an outage waits for the server's answers.
    fn is_pressing(&self, now: Stamp) -> bool {
        !self.over.is_empty() || self.open.values().any(|case| case.is_due(now))
    }

    /// Takes the outages that the server is now to be asked for, and gives the clients that may be ghosts.
    fn begin(&mut self, now: Stamp, last: bool) -> Vec<u64> {
        self.asking.append(&mut self.over);
        let lasting = self.open.values().filter(|case| last || case.is_due(now));
        self.asking.iter().chain(lasting).filter_map(Case::client_id).collect()
    }
}

impl Collector {
    /// Asks the server when there is reason to, and tells what is known, until it is ended.
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

    /// After the last task has ended: tells what is left.
    pub(crate) async fn conclude(&self) {
        let (old, all_told) = {
            let mut state = self.lock();
            let now = self.clock.now();
            let all_told = state.open.is_empty() && state.over.is_empty() && state.asking.is_empty();
            // What has changed beside the connection shows in one more look, unless one has just been taken.
            if all_told && state.asked.is_none_or(|(last, _)| now.since(last) < PAUSE) {
                return;
            }
            (state.begin(now, true), all_told)
        };
        let asked = tokio::time::timeout(LAST, self.ask(&old)).await;
        if all_told && asked.is_err() {
            // It may be far away: that is no news.
            return;
        }
        let snapshot =
            asked.unwrap_or_else(|_| Snapshot::unreachable(self.clock.now(), "it did not answer before the run ended"));
        self.tell(snapshot, true);
    }

    /// Asks the server. It is asked directly; what stands between it and the connection under test alone is told, too.
    async fn ask(&self, old: &[u64]) -> Snapshot {
        let mut snapshot = server::ask(&self.direct, self.clock, old).await;
        if let Some(state) = snapshot.state.as_mut().filter(|_| self.proxied) {
            Arc::make_mut(state).translated = Some(true);
        }
        snapshot
    }

    /// Tells of the outages that the server was asked for, and of those that last.
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
