//! The replacement of a session that cannot reconnect on its own, and of one that its policy gives up.

use std::time::Duration;

use super::Monitor;
use crate::{
    classify::{Failure, Stage},
    clock::within,
    event::{EventKind, ReplaceReason},
    session::connection::SUBSCRIBING,
};

/// Time to wait for the first connection after a replacement by the watchdog; other checks run after it.
const FIRST_CONNECT: Duration = Duration::from_secs(1);

/// Interval between attempts to establish a new session.
const RETRY: Duration = Duration::from_secs(1);

impl Monitor {
    /// Abandons the session's connection and establishes a new one.
    pub(super) async fn replace(&mut self, why: ReplaceReason, failure: Option<Failure>) {
        let now = self.ctx.clock.now();
        self.replacement = None;
        self.session.abandon(now, failure.as_ref());
        self.process_changes().await;
        self.ctx.observer.on_replaced(self.session.connection, self.ctx.clock.now());
        self.sessions += 1;
        self.emit(now, EventKind::SessionReplaced { session: self.sessions, why });
        if let Some(outage) = &mut self.outage {
            // Once redis-doctor had to step in, the client did not recover on its own.
            outage.replaced = outage.replaced.filter(|known| *known == ReplaceReason::Terminal).or(Some(why));
        }
        let by_policy = why.is_policy() && self.ctx.plan.policy.managed;
        let limit = if by_policy { FIRST_CONNECT } else { self.session.patience() };
        let established = tokio::select! {
            biased;
            established = self.session.establish(limit) => established,
            // What is waited for is the old server.
            Ok(()) = self.target.changed() => return Box::pin(self.follow()).await,
        };
        match established {
            // It keeps trying on its own, as the policy prescribes.
            Err(_) if by_policy => {}
            Err(failure) => self.retry_later(&failure),
            Ok(()) => {}
        }
    }

    /// Waits for a change for at most `pause`, and follows the server if that is another.
    pub(super) async fn wait(&mut self, pause: Duration) {
        let woken = async {
            tokio::select! {
                biased;
                changed = self.target.changed() => changed.is_ok(),
                () = self.session.wake.notified() => false,
            }
        };
        // A timeout polls as well.
        if within(pause, woken).await == Some(true) {
            // Seldom, and large.
            Box::pin(self.follow()).await;
        }
    }

    /// Goes to the server that has taken the place of the old one.
    async fn follow(&mut self) {
        let target = self.target.borrow_and_update().clone();
        match self.session.go_to(&target) {
            Ok(()) => self.replace(ReplaceReason::Failover, None).await,
            Err(failure) => self.ctx.fail(Some(self.session.connection), &failure, self.ctx.clock.now(), false),
        }
    }

    /// Continues after an unrecoverable state, or after a failed attempt to do so.
    pub(super) async fn recover(&mut self) {
        if self.outage.is_some() || self.refused.is_none() {
            return self.replace(ReplaceReason::Terminal, None).await;
        }
        // A new connection would be refused as well, and each would be an outage that redis-doctor caused.
        self.replacement = None;
        self.session.request_subscription();
    }

    /// Handles subscriptions that were refused, or not confirmed in time.
    pub(super) async fn on_unsubscribed(&mut self, failure: Failure) {
        let watched = self.session.is_paced() && self.ctx.plan.policy.watchdog.is_some();
        if watched && failure.key.class.is_timeout() {
            return self.replace(ReplaceReason::Watchdog, Some(failure)).await;
        }
        self.retry_later(&failure);
    }

    fn retry_later(&mut self, failure: &Failure) {
        let now = self.ctx.clock.now();
        let refused = failure.key.stage == Stage::Subscribe && failure.key.class.is_server_reply();
        self.refused = refused.then_some(failure.key.class);
        if failure.key.stage == Stage::Subscribe && failure.key.is_refusal() {
            let since = self.resubscription.as_ref().map_or(now, |subscription| subscription.lost_at);
            self.session.note_refused(SUBSCRIBING, failure, since, now);
        }
        self.ctx.fail(Some(self.session.connection), failure, now, false);
        self.replacement = Some(now.after(RETRY));
    }
}
