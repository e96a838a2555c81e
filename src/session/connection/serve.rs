//! The refusals of a session, turned into events.

use std::sync::{MutexGuard, PoisonError, atomic::Ordering};

use super::Session;
use crate::{
    classify::Failure,
    clock::Stamp,
    event::{EventKind, RefusalEnd, RefusalEnded},
    session::{
        refusals::{Asker, Refusals},
        request::FailedRequest,
    },
};

impl Session {
    /// Notes the outcome of a command of the workload, sent at `launched` and ended at `at`.
    #[inline]
    pub(in crate::session) fn note_outcome<T>(
        &self,
        asker: Asker,
        outcome: &Result<T, FailedRequest>,
        launched: Stamp,
        at: Stamp,
    ) {
        match outcome {
            Ok(_) => self.note_served(asker, at),
            Err(failed) if failed.failure.key.is_refusal() => self.note_refused(asker, &failed.failure, launched, at),
            Err(_) => {}
        }
    }

    #[inline]
    pub(in crate::session) fn note_served(&self, asker: Asker, at: Stamp) {
        if self.refusing.load(Ordering::Relaxed) {
            self.refusals().served(asker, at);
        }
    }

    pub(in crate::session) fn note_refused(&self, asker: Asker, failure: &Failure, launched: Stamp, at: Stamp) {
        let began = self.refusals().refused(asker, failure, launched, at);
        self.refusing.store(true, Ordering::Relaxed);
        if let Some(began) = began {
            self.ctx.emit(at, Some(self.connection), EventKind::RefusalBegan(began));
        }
    }

    /// Reports the refusals that are over.
    pub(in crate::session) fn settle_refusals(&self) {
        if self.refusing.load(Ordering::Relaxed) {
            let ended = self.refusals().take_settled(self.ctx.clock.now());
            self.report_ended(ended);
        }
    }

    /// Ends all refusals: the connection was lost, or the run ends.
    pub(in crate::session) fn end_refusals(&self, at: Stamp, end: RefusalEnd) {
        let ended = self.refusals().end(at, end);
        self.report_ended(ended);
    }

    fn report_ended(&self, ended: Vec<RefusalEnded>) {
        self.refusing.store(!self.refusals().is_empty(), Ordering::Relaxed);
        for ended in ended {
            self.ctx.emit(ended.until, Some(self.connection), EventKind::RefusalEnded(ended));
        }
    }

    fn refusals(&self) -> MutexGuard<'_, Refusals> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
