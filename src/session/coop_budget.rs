//! An extended cooperative budget for the task that forwards pushed messages, so that a flood of them does not fill the
//! memory.
//!
//! redis-rs passes pushed messages through an unbounded queue from the task that reads the socket to the task that
//! forwards them, and tokio preempts a task after 128 steps. A step of the reader is a whole read of a hundred
//! messages, a step of the forwarder is one message: on one thread the queue would grow without limit during a flood
//! (1.4 GB in five seconds at a million messages a second). Therefore the forwarder runs until its queue is empty; the
//! reader can then be ahead by one turn, about 15,000 messages.

use std::{
    cell::RefCell,
    task::{Context, Poll, Waker},
};

use tokio::task::coop::{self, RestoreOnPending};

thread_local! {
/// The forwarder's budget at the start of a turn.
    static FULL: RefCell<Option<RestoreOnPending>> = const { RefCell::new(None) };
}

/// Restores the full budget of the calling task. Must be called only where every step of the task passes through here.
pub(super) fn renew() {
    FULL.with_borrow_mut(|full| {
        // Dropping it restores the budget to its value when the guard was created.
        drop(full.take());
        if let Poll::Ready(now) = coop::poll_proceed(&mut Context::from_waker(Waker::noop())) {
            *full = Some(now);
        }
    });
}
