//! The heartbeat: redis-doctor's own command on the connection under test. A PING with a nonce; ECHO or PING without one
//! where a proxy does not return the argument of PING; HELLO where PING is forbidden.
//!
//! A consumer is often given a user who may only SUBSCRIBE. The server refuses PING to that user, but no ACL forbids
//! HELLO: Redis exempts it from permissions, because it is how a client logs in. Its reply carries no nonce: it shows
//! that the server is alive, not that replies match their commands.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use crate::dial::Nonce;

/// The heartbeat command of a run, and the proof that a reply belongs to its probe.
#[derive(Debug)]
pub(super) struct Heartbeat {
    /// The run may send heartbeats while the connection is down; a plain subscriber may not.
    may_send: bool,
    /// PING is refused; HELLO is sent instead.
    hello: AtomicBool,
    nonce: AtomicU8,
    /// A reply has carried its nonce.
    echoed: AtomicBool,
}

impl Heartbeat {
    pub(super) fn new(may_send: bool, nonce: Nonce) -> Self {
        let nonce = AtomicU8::new(nonce as u8);
        Self { may_send, hello: AtomicBool::new(false), nonce, echoed: AtomicBool::new(false) }
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
        match self.nonce() {
            _ if self.is_hello() => "HELLO",
            Nonce::Echo => "ECHO",
            Nonce::Ping | Nonce::Place => "PING",
        }
    }

    pub(super) fn is_hello(&self) -> bool {
        self.hello.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn nonce(&self) -> Nonce {
        [Nonce::Ping, Nonce::Echo, Nonce::Place][usize::from(self.nonce.load(Ordering::Relaxed))]
    }

    /// Notes that a reply carried its nonce.
    #[inline]
    pub(super) fn on_nonce(&self) {
        // Nothing is written in the common case: the workers share this.
        if !self.echoed.load(Ordering::Relaxed) {
            self.echoed.store(true, Ordering::Relaxed);
        }
    }

    /// Handles `PONG` in reply to a PING with a nonce. A peer that has never returned a nonce is a proxy that answers PING
    /// itself, without the argument; redis-doctor sends no PING that this could be the reply to. Returns true if it is one,
    /// with the remark to make the first time.
    pub(super) fn on_pong(&self) -> (bool, Option<&'static str>) {
        if self.echoed.load(Ordering::Relaxed) {
            return (false, None);
        }
        let before = self.nonce.swap(Nonce::Place as u8, Ordering::Relaxed);
        (true, Nonce::Place.remark().filter(|_| before != Nonce::Place as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pong_without_a_nonce_shows_a_proxy_only_before_the_first_nonce() {
        let proxied = Heartbeat::new(true, Nonce::Ping);
        let (is_proxy, remark) = proxied.on_pong();
        assert!(is_proxy && remark.is_some());
        assert_eq!((proxied.nonce(), proxied.on_pong()), (Nonce::Place, (true, None)));
        let direct = Heartbeat::new(true, Nonce::Ping);
        direct.on_nonce();
        assert_eq!((direct.on_pong(), direct.nonce()), ((false, None), Nonce::Ping));
    }

    #[test]
    fn the_nonce_decides_the_command() {
        for (nonce, command) in [(Nonce::Ping, "PING"), (Nonce::Echo, "ECHO"), (Nonce::Place, "PING")] {
            let heartbeat = Heartbeat::new(true, nonce);
            assert_eq!((heartbeat.nonce(), heartbeat.command()), (nonce, command));
        }
    }
}
