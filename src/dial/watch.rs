//! The path watch: probes the path at a steady pace while any connection is down or silent.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::{
    attempt::{Attempt, Route},
    large::Lost,
};
use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::Stamp,
    event::PathProbed,
    plan::Target,
};

/// Pause between the end of an attempt and the next.
const PERIOD: Duration = Duration::from_millis(250);

/// Delay of the first attempt: most outages are over by then.
const PATIENCE: Duration = Duration::from_millis(100);

/// A later reply, and later than the distance explains, was held back: a frozen server that resumes gives such replies.
/// It does not show that new connections are served.
const PROMPT: Duration = Duration::from_millis(500);

/// Allowance for distance: all replies of an attempt (TLS handshake, HELLO, PING) may take [`PROMPT`] plus this many
/// times the TCP handshake, which takes one round trip.
const ROUND_TRIPS: u32 = 10;

/// The result of the latest attempts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health {
    /// End of the latest attempt; `None` before the first of this watch.
    pub(crate) checked: Option<Stamp>,
    /// Time since which every attempt has succeeded, the first one promptly.
    pub(crate) healthy_since: Option<Stamp>,
    /// The latest failure: its class, and the text from the server or the kernel.
    pub(crate) failure: Option<(ErrorClass, String)>,
    /// Duration of the slowest failed attempt.
    pub(crate) slowest_failure: Duration,
}

/// The path prober shared by all connections of a run; it is idle unless at least one connection is interested.
pub(crate) struct PathWatch {
    /// Replaced when the connections under test go to another server.
    route: Mutex<Route>,
    interested: AtomicUsize,
    wake: Notify,
    health: Mutex<Health>,
}

impl PathWatch {
    /// Creates a watch that is idle until [`PathWatch::interest`] is called.
    pub(crate) fn new(route: Route) -> Self {
        Self {
            route: Mutex::new(route),
            interested: AtomicUsize::new(0),
            wake: Notify::new(),
            health: Mutex::default(),
        }
    }

    /// Probes another server from now on.
    pub(crate) fn move_to(&self, target: Target) {
        let mut route = self.route.lock().unwrap_or_else(PoisonError::into_inner);
        *route = route.to(target);
        *self.lock() = Health::default();
    }

    fn route(&self) -> Route {
        self.route.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Probes until the returned guard is dropped.
    pub(crate) fn interest(self: &Arc<Self>) -> Interest {
        if self.interested.fetch_add(1, Ordering::Relaxed) == 0 {
            *self.lock() = Health::default();
        }
        self.wake.notify_one();
        Interest(Arc::clone(self))
    }

    /// Explains a vague failure to connect: the library retries silently until its timeout, and hides a refusal behind
    /// a closed connection. A separate attempt shows the reason.
    pub(crate) async fn explain(&self, failure: Failure) -> Failure {
        let vague = failure.key.class.is_timeout() || failure.key.class == ErrorClass::ConnectionClosed;
        if !vague {
            return failure;
        }
        let route = self.route();
        let attempt = route.attempt().await;
        let lost = match &attempt.probed.failure {
            None if failure.key.class.is_timeout() => route.loses_large(attempt.dialect()).await,
            _ => None,
        };
        lost.map(Lost::failure).or(attempt.probed.failure).unwrap_or(failure)
    }

    pub(crate) fn health(&self) -> Health {
        self.lock().clone()
    }

    /// Probes until it is aborted; calls `changed` for every change of outcome.
    pub(crate) async fn run(&self, mut changed: impl FnMut(Stamp, PathProbed)) {
        loop {
            if self.interested.load(Ordering::Relaxed) == 0 {
                self.wake.notified().await;
                tokio::time::sleep(PATIENCE).await;
                continue;
            }
            let route = self.route();
            let started = route.clock().now();
            let attempt = route.attempt().await;
            if self.interested.load(Ordering::Relaxed) > 0 && self.note(started, &attempt) {
                changed(attempt.finished, attempt.probed);
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    /// Records a result; returns true if the outcome has changed.
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

/// Returns true if the server accepted the connection and then held back its replies.
fn is_late(probed: &PathProbed) -> bool {
    let (way, answers): (Vec<_>, Vec<_>) = probed
        .stages
        .iter()
        .filter(|passed| passed.stage != Stage::Dns)
        .map(|passed| (passed.stage, passed.took))
        .partition(|(stage, _)| matches!(stage, Stage::Tcp | Stage::Unix));
    let sum = |stages: Vec<(Stage, Duration)>| stages.into_iter().map(|(_, took)| took).sum::<Duration>();
    sum(answers) > PROMPT + sum(way) * ROUND_TRIPS
}

/// Keeps the path watch probing until it is dropped.
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
        PathProbed { stages: stages.collect(), failure: None, server: None }
    }

    #[test]
    fn a_delayed_reply_is_distinguished_from_a_long_distance() {
        let thawed = [(Stage::Dns, 1), (Stage::Tcp, 1), (Stage::Hello, 900), (Stage::Command, 1)];
        assert!(is_late(&probed(&thawed)));
        assert!(is_late(&probed(&[(Stage::Tcp, 1), (Stage::Tls, 2), (Stage::Hello, 1), (Stage::Command, 700)])));
        let far = [(Stage::Dns, 900), (Stage::Tcp, 200), (Stage::Tls, 410), (Stage::Hello, 205), (Stage::Command, 205)];
        assert!(!is_late(&probed(&far)), "four round trips of 0.2 s");
        assert!(!is_late(&probed(&[(Stage::Tcp, 1), (Stage::Hello, 400), (Stage::Command, 50)])), "busy, not frozen");
    }
}
