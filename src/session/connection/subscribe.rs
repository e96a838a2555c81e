//! The subscriptions of the connection under test: sent once to each subject, then restored by the library.

use std::{sync::atomic::Ordering, time::Duration};

use redis::aio::PubSub;

use super::{KEPT_FAILURES, Session};
use crate::{
    classify::{ErrorClass, Failure, Stage, client},
    clock::within,
    event::{Confirmations, EventKind},
    session::{inbox::Confirmed, refusals::Asker, subject::Subject},
};

/// Time after a reconnect in which the library has renewed its subscriptions, if it can.
const RESUBSCRIBING: Duration = Duration::from_secs(1);

/// The subscriptions of a session, as one sender of commands.
pub(in crate::session) const SUBSCRIBING: Asker = Asker { worker: None, command: "SUBSCRIBE" };

impl Session {
    /// Subscribes unless the current subject already has its subscriptions: from then on the library restores them.
    pub(in crate::session) async fn subscribe(&self) -> Result<(), Failure> {
        let subject = {
            let mut state = self.lock();
            let first = !std::mem::replace(&mut state.subscribed, true);
            (first && self.inbox.subscription().wanted() > 0).then(|| state.subject.clone())
        };
        let Some(subject) = subject else {
            return Ok(());
        };
        let outcome = if self.ctx.dialect.resp3 {
            self.subscribe_on(subject).await
        } else {
            self.fresh.notify_waiters();
            self.open_pubsub().await
        };
        // The library does not restore a subscription that was never confirmed.
        self.lock().subscribed = outcome.is_ok();
        outcome
    }

    async fn subscribe_on(&self, mut subject: Subject) -> Result<(), Failure> {
        // One response timeout for each command, and one for the connection.
        let commands = Subject::subscribing_commands(self.inbox.subscription()) as u32;
        let limit = self.ctx.plan.policy.response_timeout * (commands + 1);
        match within(limit, subject.subscribe(self.inbox.subscription())).await {
            Some(outcome) => outcome.map_err(|error| client::failure(Stage::Subscribe, &error)),
            None => Err(Failure::doctor(
                ErrorClass::ResponseTimeout,
                Stage::Subscribe,
                format!("the subscription was not confirmed within {limit:?}"),
            )),
        }
    }

    /// Opens the second connection over RESP2, for the receiver to take.
    pub(in crate::session) async fn open_pubsub(&self) -> Result<(), Failure> {
        let opened = self.dialer.subscriber(self.inbox.subscription()).await;
        self.ctx.observer.on_dialed(opened.is_ok(), self.ctx.clock.now());
        let pubsub = opened?;
        self.lock().pubsub = Some(pubsub);
        let confirmed = self.inbox.confirm_all();
        self.on_confirmed(confirmed);
        Ok(())
    }

    /// Takes the subscriber connection that has no receiver yet.
    pub(in crate::session) fn take_pubsub(&self) -> Option<PubSub> {
        self.lock().pubsub.take()
    }

    /// Reports subscriptions that are still missing at the end of the run. The library renews them within milliseconds of
    /// a reconnect, unless it cannot.
    pub(in crate::session) fn report_missing(&self) {
        let now = self.ctx.clock.now();
        let (wanted, confirmed) = (self.inbox.subscription().wanted() as u64, self.inbox.confirmed() as u64);
        let up_for = self.link(|link| link.is_up().then(|| now.since(link.up_since()))).unwrap_or_default();
        let known = self.unsubscribed.load(Ordering::Relaxed);
        if confirmed < wanted && up_for >= RESUBSCRIBING && !known {
            let confirmations = Confirmations { wanted, confirmed, after: up_for };
            self.ctx.emit(now, Some(self.connection), EventKind::Resubscribed(confirmations));
        }
    }

    /// Handles a confirmed subscription.
    pub(in crate::session) fn on_confirmed(&self, confirmed: Confirmed) {
        let now = self.ctx.clock.now();
        let mut state = self.lock();
        // Where no heartbeat may be sent, a confirmation is the first sign of the new connection.
        if !self.ctx.heartbeat.may_send() && state.link.on_reply(now, now) {
            self.announce(&mut state);
        }
        if confirmed == Confirmed::All {
            self.note_served(SUBSCRIBING, now);
            self.unsubscribed.store(false, Ordering::Relaxed);
        }
        if confirmed != Confirmed::Part && state.subscriptions.len() < KEPT_FAILURES {
            state.subscriptions.push_back((now, confirmed));
            self.wake.notify_one();
        }
    }
}
