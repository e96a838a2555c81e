//! The end of a run: its reason, and the count that triggers it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::{Notify, watch};

use crate::event::StopReason;

/// Stops a run once, with the first reason given.
pub(crate) struct StopControl {
    reason: watch::Sender<Option<StopReason>>,
    /// A copy of "a reason is set" that every worker can check before every probe.
    is_stopping: AtomicBool,
    /// Probes (or messages) so far.
    tickets: AtomicU64,
    count: Option<u64>,
    /// Signals, while the run stops, that a message was accounted for or a connection was lost.
    progress: Notify,
}

impl StopControl {
    /// Creates the control of a run; with a `count`, the run ends after that many probes or messages.
    pub(crate) fn new(count: Option<u64>) -> Self {
        Self {
            reason: watch::Sender::new(None),
            is_stopping: AtomicBool::new(false),
            tickets: AtomicU64::new(0),
            count,
            progress: Notify::new(),
        }
    }

    /// Takes the number of the next probe; `None` once the count is reached. The last number stops the run.
    pub(super) fn take_ticket(&self) -> Option<u64> {
        let number = self.tickets.fetch_add(1, Ordering::Relaxed) + 1;
        let Some(count) = self.count else { return Some(number) };
        if number >= count {
            self.stop(StopReason::Count);
        }
        (number <= count).then_some(number)
    }

    /// Stops the run, unless it is stopping already.
    pub(crate) fn stop(&self, reason: StopReason) {
        self.reason.send_if_modified(|known| {
            let first = known.is_none();
            known.get_or_insert(reason);
            first
        });
        self.is_stopping.store(true, Ordering::Release);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    /// Completes once the run is stopping.
    pub(crate) async fn stopped(&self) {
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.reason.subscribe().wait_for(Option::is_some).await;
    }

    /// Returns why the run is stopping, if it is.
    pub(crate) fn reason(&self) -> Option<StopReason> {
        *self.reason.borrow()
    }

    /// Signals that a message was accounted for, or that a connection with outstanding messages was lost.
    #[inline]
    pub(super) fn note_progress(&self) {
        if self.is_stopping() {
            self.progress.notify_one();
        }
    }

    /// Waits for that signal.
    pub(super) async fn progress(&self) {
        self.progress.notified().await;
    }
}
