//! The states that show only over time, on other connections, or in the replies.

use std::{sync::atomic::Ordering, time::Duration};

use super::{DWELL, Monitor, Resubscription};
use crate::{
    classify::ErrorClass,
    clock::Stamp,
    event::{ClientState, Confirmations, EventKind, StopReason},
    session::{
        identify,
        prognosis::{self, Situation},
    },
};

/// A longer outage is reported as `retrying`.
const LONG_OUTAGE: Duration = Duration::from_secs(1);

/// Longest time in which redis-doctor was itself busy that excuses a missing confirmation: a server could otherwise hide
/// behind the work that it causes.
const LONGEST_EXCUSE: Duration = Duration::from_secs(20);

impl Monitor {
    pub(super) async fn watch_outage(&mut self) {
        let now = self.ctx.clock.now();
        let health = self.ctx.path.health();
        let failures = self.session.take_waiting();
        for failed in &failures {
            self.ctx.observer.on_attempt_failed(self.session.connection, &failed.failure, failed.at);
        }
        let latest = failures.into_iter().next_back();
        let Some(outage) = &mut self.outage else {
            return;
        };
        outage.waiting = latest.or(outage.waiting.take());
        let mut news = Vec::new();
        let policy = &self.session.policy;
        let situation = Situation {
            policy,
            lost_at: outage.lost_at,
            now,
            health: &health,
            waiting: outage.waiting.as_ref(),
            // SUBSCRIBE is a command, too.
            may_send: self.ctx.heartbeat.may_send() || self.session.is_paced(),
        };
        if let Some(prognosis) = prognosis::prognosis(&situation).filter(|found| outage.reported.insert(found.state)) {
            if prognosis.hopeless {
                self.replacement = Some(now.after(DWELL));
                if self.ctx.plan.stop.on_critical {
                    self.ctx.stop.stop(StopReason::Critical);
                }
            }
            news.push((prognosis.state, prognosis.why));
        }
        if let Some(why) = prognosis::masked(&health).filter(|_| outage.reported.insert(ClientState::Masked)) {
            news.push((ClientState::Masked, why));
        }
        let is_long = now.since(outage.lost_at) > LONG_OUTAGE && policy.managed && outage.replaced.is_none();
        if is_long && outage.reported.insert(ClientState::Retrying) {
            news.push((ClientState::Retrying, prognosis::retrying(&health)));
        }
        for (state, why) in news {
            self.enter(now, state, why);
        }
    }

    pub(super) fn watch_stall(&mut self) {
        let health = self.ctx.path.health();
        let Some(stall) = self.stall.as_mut().filter(|stall| !stall.reported) else {
            return;
        };
        // Two good probes in a row: a single one may fall on the moment in which a frozen server resumes. If the path
        // itself failed, the old connection can need as long again as it was silent, because TCP doubles the pause
        // between retransmissions.
        let proven = health.healthy_since.zip(health.checked).is_some_and(|(since, last)| {
            let had_failed = !health.slowest_failure.is_zero();
            last > since && (!had_failed || last.since(since) >= since.since(stall.since))
        });
        if proven {
            stall.reported = true;
            let silent = self.ctx.clock.now().since(stall.since).as_secs_f64();
            let why = format!(
                "nothing received for {silent:.1} s on a connection that is still open, while new connections are \
                 answered"
            );
            self.enter(self.ctx.clock.now(), ClientState::HalfOpen, why);
        }
    }

    /// Expects new subscriptions after the loss of the connection. Over RESP2 they have a separate connection, whose end
    /// is a change in its own right; those already expected need not be made during the outage.
    pub(super) fn expect_resubscription(&mut self, lost_at: Stamp) {
        if !self.ctx.dialect.resp3 {
            if let Some(resubscription) = &mut self.resubscription {
                resubscription.restored = None;
            }
        } else if self.session.inbox.subscription().wanted() > 0 {
            self.resubscription = Some(Resubscription { lost_at, restored: None, renewed: false, reported: false });
        }
    }

    /// Handles the end of subscriptions on a connection that is up: over RESP2 that of their separate connection.
    pub(super) fn on_subscriptions_ended(&mut self, at: Stamp) {
        let lost_at = self.resubscription.as_ref().map_or(at, |known| known.lost_at);
        let restored = self.outage.is_none().then_some(at);
        self.resubscription = Some(Resubscription { lost_at, restored, renewed: false, reported: false });
    }

    pub(super) async fn watch_resubscription(&mut self) {
        let Some(due @ Resubscription { restored: Some(restored), reported: false, .. }) = self.resubscription else {
            return;
        };
        let now = self.ctx.clock.now();
        let asked_again = self.replacement.is_some() && self.refused.is_none() || self.session.is_subscribing();
        // The library itself waits one response timeout for its resubscription. What arrived while redis-doctor was
        // paused or busy has yet to be read, unless it is known that the server refuses.
        let due_at = match self.refused {
            Some(_) => restored.after(DWELL),
            None => {
                let since = restored.max(self.ctx.process.pauses.resumed(now));
                let own = self.ctx.observer.standstill(since, now).min(LONGEST_EXCUSE);
                since.after(self.ctx.plan.policy.response_timeout + DWELL + own)
            }
        };
        if now < due_at || asked_again {
            return;
        }
        let wanted = self.session.inbox.subscription().wanted() as u64;
        let is_missing = |monitor: &Self| {
            // Confirmed or lost since the changes were read: the next poll reports it.
            let confirmed = monitor.session.inbox.confirmed() as u64;
            confirmed < wanted && monitor.session.link(|link| link.loss().is_none())
        };
        if !is_missing(self) {
            return;
        }
        // Seldom, and large.
        let known = Box::pin(identify::subscriptions(&self.session)).await;
        if !is_missing(self) {
            return;
        }
        if known.is_some_and(|known| known >= wanted) {
            return self.session.keep_subscriptions();
        }
        if !due.renewed && self.refused.is_none() && self.session.renew_subscription() {
            let restored = Some(self.ctx.clock.now());
            self.resubscription = Some(Resubscription { restored, renewed: true, ..due });
            return;
        }
        self.report_missing(due.lost_at);
        self.resubscription = Some(Resubscription { reported: true, ..due });
    }

    /// Reports that subscriptions are missing on a connection that answers.
    fn report_missing(&mut self, lost_at: Stamp) {
        let now = self.ctx.clock.now();
        let wanted = self.session.inbox.subscription().wanted() as u64;
        let confirmed = self.session.inbox.confirmed() as u64;
        self.emit(now, EventKind::Resubscribed(Confirmations { wanted, confirmed, after: now.since(lost_at) }));
        self.session.reported_missing.store(true, Ordering::Relaxed);
        let refused = match self.refused {
            None => "",
            Some(ErrorClass::Moved) => "; another node has the slot of a channel, and only a cluster client follows it",
            Some(ErrorClass::ClusterDown) => "; no node has the slot of a channel",
            Some(_) => "; the server refuses them, and no client can do without its permission",
        };
        let why = format!("the connection answers, but {confirmed} of {wanted} subscriptions were confirmed{refused}");
        self.enter(now, ClientState::SubscriptionLost, why);
        self.replacement = Some(now.after(DWELL));
    }

    /// Checks for states that show in the replies.
    pub(super) async fn watch_replies(&mut self) {
        if self.session.take_desync() {
            let why = "replies belong to other commands: one reply too many or too few arrived";
            self.enter(self.ctx.clock.now(), ClientState::Desync, why.into());
        }
        self.watch_writes().await;
    }

    pub(super) fn watch_silence(&mut self) {
        let Some(limit) = self.session.inbox.subscription().expect_every else {
            return;
        };
        let now = self.ctx.clock.now();
        let last = self.session.inbox.last_message();
        if now.since(last.max(self.silence_reported)) > limit {
            self.silence_reported = now;
            self.emit(now, EventKind::Silent { silence: now.since(last) });
        }
    }

    pub(super) fn path_is_healthy(&self) -> bool {
        // After a lost subscription nothing probes the path, and the connection itself proves it.
        self.outage.is_none() || self.ctx.path.health().healthy_since.is_some()
    }
}
