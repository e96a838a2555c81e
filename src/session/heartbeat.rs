//! The heartbeat: redis-doctor's own command on the connection under test. A PING with a nonce, or HELLO where PING is
//! forbidden.
//!
//! A consumer is often given a user who may only SUBSCRIBE. The server refuses PING to that user, but no ACL forbids
//! HELLO: Redis exempts it from permissions, because it is how a client logs in. Its reply carries no nonce: it shows
//! that the server is alive, not that replies match their commands.

use std::sync::atomic::{AtomicBool, Ordering};

/// The heartbeat command of a run.
#[derive(Debug)]
pub(super) struct Heartbeat {
    /// The run may send heartbeats while the connection is down; a plain subscriber may not.
    may_send: bool,
    /// PING is refused; HELLO is sent instead.
    hello: AtomicBool,
}

impl Heartbeat {
    pub(super) fn new(may_send: bool) -> Self {
        Self { may_send, hello: AtomicBool::new(false) }
    }

    /// True if a heartbeat may be sent while the connection is down: a command can revive a connection that a plain
    /// subscriber would have lost for good.
    pub(super) fn may_send(&self) -> bool {
        self.may_send
    }

    /// Switches from PING to HELLO; returns true the first time.
    pub(super) fn switch_to_hello(&self) -> bool {
        !self.hello.swap(true, Ordering::Relaxed)
    }

    /// Returns the command name.
    pub(super) fn command(&self) -> &'static str {
        if self.is_hello() { "HELLO" } else { "PING" }
    }

    pub(super) fn is_hello(&self) -> bool {
        self.hello.load(Ordering::Relaxed)
    }
}
