//! While any connection is down or silent: probe the path at a steady pace, and say since when it has been healthy.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::attempt::{Attempt, Route};
use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::Stamp,
    event::PathProbed,
};

/// Between the end of an attempt and the next.
const PERIOD: Duration = Duration::from_millis(250);

/// Before the first attempt: most outages are over by then, and need none.
const PATIENCE: Duration = Duration::from_millis(100);

/// An answer that comes later, and so much later than the way there explains, has been waited for: a frozen server that
/// thaws gives such answers. It does not show that new connections are served.
const PROMPT: Duration = Duration::from_millis(500);

/// Answers of a connection attempt (TLS handshake, HELLO, PING) that may take no longer than [`PROMPT`] besides so many
/// times the handshake of TCP, which takes one round trip.
const ROUND_TRIPS: u32 = 10;

/// What the latest attempts say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health {
    /// When the latest attempt ended; `None` before the first of this watch.
    pub(crate) checked: Option<Stamp>,
    /// Since when every attempt has succeeded, the first of them promptly.
    pub(crate) healthy_since: Option<Stamp>,
    /// The latest failure's class and the server's or kernel's words for it.
    pub(crate) failure: Option<(ErrorClass, String)>,
    /// The longest that a failing attempt has taken.
    pub(crate) slowest_failure: Duration,
}

/// One prober for all connections of a run; it works only while somebody is interested.
pub(crate) struct PathWatch {
    route: Route,
    interested: AtomicUsize,
    wake: Notify,
    health: Mutex<Health>,
}

impl PathWatch {
    /// Nothing is probed until [`PathWatch::interest`] is called.
    pub(crate) fn new(route: Route) -> Self {
        Self { route, interested: AtomicUsize::new(0), wake: Notify::new(), health: Mutex::default() }
    }

    /// Probes until the returned guard is dropped.
    pub(crate) fn interest(self: &Arc<Self>) -> Interest {
        if self.interested.fetch_add(1, Ordering::Relaxed) == 0 {
            *self.lock() = Health::default();
        }
        self.wake.notify_one();
        Interest(Arc::clone(self))
    }

    /// A failure to connect, in other words where its own do not tell: the library retries in silence until its time is
    /// up, and hides a refusal behind a closed connection. An attempt of our own is told the reason.
    pub(crate) async fn explain(&self, failure: Failure) -> Failure {
        let vague = failure.key.class.is_timeout() || failure.key.class == ErrorClass::ConnectionClosed;
        if !vague {
            return failure;
        }
        self.route.attempt().await.probed.failure.unwrap_or(failure)
    }

    /// What is known now.
    pub(crate) fn health(&self) -> Health {
        self.lock().clone()
    }

    /// Probes for ever; `changed` hears of every change of outcome.
    pub(crate) async fn run(&self, mut changed: impl FnMut(Stamp, PathProbed)) {
        loop {
            if self.interested.load(Ordering::Relaxed) == 0 {
                self.wake.notified().await;
                tokio::time::sleep(PATIENCE).await;
                continue;
            }
            let started = self.route.clock().now();
            let attempt = self.route.attempt().await;
            if self.interested.load(Ordering::Relaxed) > 0 && self.note(started, &attempt) {
                changed(attempt.finished, attempt.probed);
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    /// Takes a result in; returns whether the outcome is another than before.
    fn note(&self, started: Stamp, attempt: &Attempt) -> bool {
        let mut health = self.lock();
        let first = health.checked.is_none();
        health.checked = Some(attempt.finished);
        match &attempt.probed.failure {
            None => {
                health.failure = None;
                if is_late(&attempt.probed) {
                    return false;
                }
                let news = health.healthy_since.is_none();
                health.healthy_since.get_or_insert(attempt.finished);
                news && !first
            }
            Some(failure) => {
                let class = failure.key.class;
                let news = health.failure.as_ref().is_none_or(|(known, _)| *known != class);
                health.healthy_since = None;
                health.failure = Some((class, failure.to_string()));
                health.slowest_failure = health.slowest_failure.max(attempt.finished.since(started));
                news
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the other side accepted the connection and then kept it waiting.
fn is_late(probed: &PathProbed) -> bool {
    let (way, answers): (Vec<_>, Vec<_>) = probed
        .stages
        .iter()
        .filter(|passed| passed.stage != Stage::Dns)
        .map(|passed| (passed.stage, passed.took))
        .partition(|(stage, _)| *stage == Stage::Tcp);
    let sum = |stages: Vec<(Stage, Duration)>| stages.into_iter().map(|(_, took)| took).sum::<Duration>();
    sum(answers) > PROMPT + sum(way) * ROUND_TRIPS
}

/// Somebody's wish to know the path's health.
pub(crate) struct Interest(Arc<PathWatch>);

impl Drop for Interest {
    fn drop(&mut self) {
        self.0.interested.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::StageTime;

    fn probed(millis: &[(Stage, u64)]) -> PathProbed {
        let stages = millis.iter().map(|(stage, took)| StageTime { stage: *stage, took: Duration::from_millis(*took) });
        PathProbed { stages: stages.collect(), failure: None }
    }

    #[test]
    fn an_answer_that_was_waited_for_is_told_from_a_long_way() {
        let thawed = [(Stage::Dns, 1), (Stage::Tcp, 1), (Stage::Hello, 900), (Stage::Command, 1)];
        assert!(is_late(&probed(&thawed)));
        assert!(is_late(&probed(&[(Stage::Tcp, 1), (Stage::Tls, 2), (Stage::Hello, 1), (Stage::Command, 700)])));
        let far = [(Stage::Dns, 900), (Stage::Tcp, 200), (Stage::Tls, 410), (Stage::Hello, 205), (Stage::Command, 205)];
        assert!(!is_late(&probed(&far)), "four round trips of 0.2 s");
        assert!(!is_late(&probed(&[(Stage::Tcp, 1), (Stage::Hello, 400), (Stage::Command, 50)])), "busy, not frozen");
    }
}
