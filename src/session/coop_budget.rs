//! A longer turn for the task that hands pushed messages on, so that a flood of them needs no memory.
//!
//! redis-rs passes pushed messages through an unbounded queue from the task that reads the socket to the task that
//! hands them on, and tokio ends a task's turn after 128 steps. A step of the first is a whole read of a hundred
//! messages, a step of the second is one message: on one thread a flood would make the queue grow without end (1.4 GB
//! in five seconds at a million messages a second). So the second task's turn lasts until its queue is empty; the
//! first can then be ahead by one turn of its own, about 15 000 messages.

use std::{
    cell::RefCell,
    task::{Context, Poll, Waker},
};

use tokio::task::coop::{self, RestoreOnPending};

thread_local! {
    /// The steps that the handing task has at the start of a turn.
    static FULL: RefCell<Option<RestoreOnPending>> = const { RefCell::new(None) };
}

/// Gives the calling task all its steps back. To be called only where every step of the task comes through here.
pub(super) fn renew() {
    FULL.with_borrow_mut(|full| {
        // Dropping it puts the budget back to what it was when the value was made.
        drop(full.take());
        if let Poll::Ready(now) = coop::poll_proceed(&mut Context::from_waker(Waker::noop())) {
            *full = Some(now);
        }
    });
}
