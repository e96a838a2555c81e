//! While any connection is down or silent: probe the path at a steady pace, and say since when it has been healthy.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::{Climb, Path};
use crate::{classify::ErrorClass, clock::Stamp, event::PathProbed};

/// Between the end of an attempt and the next.
const PERIOD: Duration = Duration::from_millis(250);

/// Before the first attempt: most outages are over by then, and need none.
const PATIENCE: Duration = Duration::from_millis(100);

/// What the latest attempts say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health {
    /// When the latest attempt ended; `None` before the first of this watch.
    pub(crate) checked: Option<Stamp>,
    /// Since when every attempt has succeeded.
    pub(crate) healthy_since: Option<Stamp>,
    /// The latest failure's class and the server's or kernel's words for it.
    pub(crate) failure: Option<(ErrorClass, String)>,
    /// The longest that a failing attempt has taken.
    pub(crate) slowest_failure: Duration,
}

/// One prober for all connections of a run; it works only while somebody is interested.
pub(crate) struct PathWatch {
    path: Path,
    interested: AtomicUsize,
    wake: Notify,
    health: Mutex<Health>,
}

impl PathWatch {
    /// Nothing is probed until [`PathWatch::interest`] is called.
    pub(crate) fn new(path: Path) -> Self {
        Self { path, interested: AtomicUsize::new(0), wake: Notify::new(), health: Mutex::default() }
    }

    /// Probes until the returned guard is dropped.
    pub(crate) fn interest(self: &Arc<Self>) -> Interest {
        if self.interested.fetch_add(1, Ordering::Relaxed) == 0 {
            *self.lock() = Health::default();
        }
        self.wake.notify_one();
        Interest(Arc::clone(self))
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
            let started = self.path.clock.now();
            let climb = self.path.climb().await;
            if self.interested.load(Ordering::Relaxed) > 0 && self.note(started, &climb) {
                changed(climb.finished, climb.probed);
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    /// Takes a result in; returns whether the outcome is another than before.
    fn note(&self, started: Stamp, climb: &Climb) -> bool {
        let mut health = self.lock();
        let first = health.checked.is_none();
        health.checked = Some(climb.finished);
        match &climb.probed.failure {
            None => {
                health.failure = None;
                let news = health.healthy_since.is_none();
                health.healthy_since.get_or_insert(climb.finished);
                news && !first
            }
            Some(failure) => {
                let class = failure.key.class;
                let news = health.failure.as_ref().is_none_or(|(known, _)| *known != class);
                health.healthy_since = None;
                health.failure = Some((class, failure.to_string()));
                health.slowest_failure = health.slowest_failure.max(climb.finished.since(started));
                news
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody's wish to know the path's health.
pub(crate) struct Interest(Arc<PathWatch>);

impl Drop for Interest {
    fn drop(&mut self) {
        self.0.interested.fetch_sub(1, Ordering::Relaxed);
    }
}
