//! redis-doctor's own sign of life on the connection under test, and on those that `idle` leaves alone: a PING that
//! carries a nonce, or what a user may ask to whom PING is forbidden.
//!
//! A consumer is often given a user who may SUBSCRIBE and nothing else. A server refuses it PING, but no ACL refuses
//! HELLO: Redis lets it through before it looks at the user's permissions, for it is how one logs in. So HELLO is asked
//! where PING is refused. Its answer carries no nonce: it shows that the server lives, not that replies are in order.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use super::{
    path::Climb,
    question::{Asked, Question},
    session::Session,
};
use crate::{
    classify::{ErrorClass, Failure},
    event::EventKind,
};

/// What a run asks on its own account.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// The user may not PING.
    hello: AtomicBool,
}

impl Pulse {
    /// The command.
    pub(super) fn command(&self) -> &'static str {
        if self.is_hello() { "HELLO" } else { "PING" }
    }

    fn is_hello(&self) -> bool {
        self.hello.load(Ordering::Relaxed)
    }
}

/// Whether the user may not ask this, although the server answers.
pub(super) fn is_forbidden(failure: &Failure) -> bool {
    failure.key.class == ErrorClass::NoPerm
}

/// What to ask for a sign of life on a line of the path probe, as far as its user may.
pub(super) fn on_the_line(climb: &Climb) -> &'static [&'static str] {
    match (&climb.ping_refused, climb.resp) {
        (None, _) => &["PING"],
        (Some(_), 3) => &["HELLO", "3"],
        (Some(_), _) => &["HELLO", "2"],
    }
}

impl Session {
    /// Asks for a sign of life, in a way that the user may, for at most `limit` (each way). A user whose own commands
    /// are PINGs is not spared their refusal.
    pub(super) async fn beat(&self, who: &str, limit: Duration) -> Asked {
        let ctx = &self.ctx;
        if !ctx.pulse.is_hello() {
            let asked = self.ask(&Question::nonced_ping(who, ctx.clock.now()), limit).await;
            match &asked.outcome {
                Err(failed) if is_forbidden(&failed.failure) && !ctx.plan.pings() => self.go_over_to_hello(&asked),
                _ => return asked,
            }
        }
        self.ask(&Question::hello(ctx.resp3), limit).await
    }

    fn go_over_to_hello(&self, asked: &Asked) {
        let told = self.ctx.pulse.hello.swap(true, Ordering::Relaxed);
        if let (Err(failed), false) = (&asked.outcome, told) {
            let text = format!(
                "redis-doctor's own PING is refused ({}; see `redis-doctor explain NOPERM`): it asks HELLO instead, \
                 which no ACL forbids",
                failed.failure
            );
            self.ctx.emit(asked.done, None, EventKind::Note { text });
        }
    }
}
