//! Queries of the server, and the reports of the outages that they answer for.

use std::{sync::Arc, time::Duration};

use super::{
    Collector,
    casebook::PAUSE,
    server::{self, Questions, Snapshot},
    server_drift,
};
use crate::{
    clock::within,
    event::{EventKind, Peer},
};

/// Time limit of the query after the run's end.
const LAST: Duration = Duration::from_millis(500);

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
            let questions = {
                let now = self.clock.now();
                let mut cases = self.lock();
                if cases.must_wait(now) { Err(cases.begin_look(now)) } else { Ok(cases.begin_query(now, false)) }
            };
            let questions = match questions {
                Ok(questions) => questions,
                Err(silent) if silent.is_empty() => continue,
                Err(silent) => {
                    if let Some(clients) = server::describe(&self.direct(), self.clock, &silent).await {
                        self.lock().finish_look(&clients);
                    }
                    continue;
                }
            };
            let snapshot = self.query(&questions).await;
            self.report(snapshot, false);
        }
    }

    /// Reports what is left after the last task has ended.
    pub(crate) async fn conclude(&self) {
        let (questions, all_reported) = {
            let mut cases = self.lock();
            let now = self.clock.now();
            let all_reported = cases.all_reported();
            // One more query shows what changed apart from the connection, unless one was just made.
            if all_reported && cases.last_query.is_none_or(|(last, _)| now.since(last) < PAUSE) {
                let news = cases.server_news(now, true);
                drop(cases);
                return self.emit(news, now);
            }
            (cases.begin_query(now, true), all_reported)
        };
        let snapshot = within(LAST, self.query(&questions)).await;
        if all_reported && snapshot.is_none() {
            // The server may be far away: not worth a report.
            let now = self.clock.now();
            let news = self.lock().server_news(now, true);
            return self.emit(news, now);
        }
        let snapshot =
            snapshot.unwrap_or_else(|| Snapshot::unreachable(self.clock.now(), "no answer before the run ended"));
        self.report(snapshot, true);
    }

    /// Queries the server directly. A proxy in front of the connection under test only is recorded as well.
    async fn query(&self, questions: &Questions) -> Snapshot {
        let mut snapshot = server::query(&self.direct(), self.clock, questions).await;
        if let Some(state) = snapshot.state.as_mut().filter(|_| self.proxied) {
            Arc::make_mut(state).translated = Some(true);
        }
        snapshot
    }

    /// Reports the outages that the query was about, and those that last.
    fn report(&self, mut snapshot: Snapshot, last: bool) {
        let now = self.clock.now();
        let mut cases = self.lock();
        cases.finish_query(&mut snapshot, now);
        let mut news = Vec::new();
        news.extend(snapshot.clock.take().map(EventKind::ServerClock));
        news.extend(cases.latest().and_then(|before| server_drift::closed_to_newcomers(before, &snapshot, &cases)));
        if let Some(state) = &snapshot.state {
            news.extend(cases.on_reached(&Peer::from(&**state), &self.plan, snapshot.at));
        }
        news.extend(cases.name_news(&snapshot));
        news.extend(cases.server_news(now, last));
        self.emit(news, now);
        for (connection, evidence) in cases.complete(snapshot, last, now) {
            self.notices.emit(now, Some(connection), EventKind::Evidence(Box::new(evidence)));
        }
    }
}
