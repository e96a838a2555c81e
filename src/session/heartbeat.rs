//! redis-doctor's own sign of life on the connection under test, and on those that `idle` leaves alone: a PING that
//! carries a nonce, or what a user may ask to whom PING is forbidden.
//!
//! A consumer is often given a user who may SUBSCRIBE and nothing else. A server refuses it PING, but no ACL refuses
//! HELLO: Redis lets it through before it looks at the user's permissions, for it is how one logs in. So HELLO is asked
//! where PING is refused. Its answer carries no nonce: it shows that the server lives, not that replies are in order.

use std::sync::atomic::{AtomicBool, Ordering};

/// The heartbeat command of a run.
#[derive(Debug)]
pub(super) struct Heartbeat {
    /// The run may send commands of its own while the connection is down. A plain subscriber may not.
    may_send: bool,
    /// The user may not PING.
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

    /// Switches from PING to HELLO; `true` the first time.
    pub(super) fn switch_to_hello(&self) -> bool {
        !self.hello.swap(true, Ordering::Relaxed)
    }

    /// The command.
    pub(super) fn command(&self) -> &'static str {
        if self.is_hello() { "HELLO" } else { "PING" }
    }

    pub(super) fn is_hello(&self) -> bool {
        self.hello.load(Ordering::Relaxed)
    }
}
