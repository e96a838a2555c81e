//! The end of a run: who asked for it, and the count after which it comes.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::{Notify, watch};

use crate::event::StopReason;

/// Ends a run once, for the first reason given.
pub(crate) struct StopControl {
    reason: watch::Sender<Option<StopReason>>,
    /// A copy of "there is a reason" that every worker can read before every probe.
    is_stopping: AtomicBool,
    /// Probes (or messages) so far.
    tickets: AtomicU64,
    count: Option<u64>,
    /// While the run is stopping: a message was accounted for, or a connection was lost.
    progress: Notify,
}

impl StopControl {
    /// A run that ends by itself after `count` probes or messages, if there is a count.
    pub(crate) fn new(count: Option<u64>) -> Self {
        Self {
            reason: watch::Sender::new(None),
            is_stopping: AtomicBool::new(false),
            tickets: AtomicU64::new(0),
            count,
            progress: Notify::new(),
        }
    }

    /// Takes the number of the next probe; `None` once the count is reached. The last number ends the run.
    pub(super) fn take_ticket(&self) -> Option<u64> {
        let number = self.tickets.fetch_add(1, Ordering::Relaxed) + 1;
        let Some(count) = self.count else { return Some(number) };
        if number >= count {
            self.stop(StopReason::Count);
        }
        (number <= count).then_some(number)
    }

    /// Ends the run, unless it is ending already.
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

    /// Completes once the run is ending.
    pub(crate) async fn stopped(&self) {
        // The sender lives as long as this value: waiting cannot fail.
        let _ = self.reason.subscribe().wait_for(Option::is_some).await;
    }

    /// The reason for the end, if the run is ending.
    pub(crate) fn reason(&self) -> Option<StopReason> {
        *self.reason.borrow()
    }

    /// Reports that a message was accounted for, or that a connection that owed some was lost.
    #[inline]
    pub(super) fn note_progress(&self) {
        if self.is_stopping() {
            self.progress.notify_one();
        }
    }

    /// Waits for such a report.
    pub(super) async fn progress(&self) {
        self.progress.notified().await;
    }
}
