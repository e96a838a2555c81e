//! The process that the targets of a run share.

use super::{pauses::Pauses, reply_limit::ReplyLimit};
use crate::{clock::Clock, event::OwnPause};

/// The pauses and the memory of this process.
pub(crate) struct OwnProcess {
    pub(super) pauses: Pauses,
    pub(super) reply_limit: ReplyLimit,
}

impl OwnProcess {
    pub(crate) fn new() -> Self {
        Self { pauses: Pauses::new(), reply_limit: ReplyLimit::default() }
    }

    /// Calls `found` for every pause, until it is aborted.
    pub(crate) async fn watch(&self, clock: Clock, found: impl FnMut(OwnPause)) {
        self.pauses.watch(clock, found).await;
    }
}
