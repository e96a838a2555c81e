//! The subscriptions of the connection under test: sent to each new subject, and after a reconnect restored by the library
//! or sent again, as the policy says.

use std::{pin::pin, sync::atomic::Ordering, time::Duration};

use redis::{PushInfo, aio::PubSub};

use super::{KEPT_FAILURES, Session, SessionState};
use crate::{
    classify::{ErrorClass, Failure, Stage, client},
    event::{Confirmations, EventKind},
    plan::Resubscription,
    session::{inbox::Confirmed, refusals::Asker, subject::Subject},
};

/// Time after a reconnect in which the library has renewed its subscriptions, if it can.
const RESUBSCRIBING: Duration = Duration::from_secs(1);

/// The subscriptions of a session, as one sender of commands.
pub(in crate::session) const SUBSCRIBING: Asker = Asker { worker: None, command: "SUBSCRIBE" };

/// The subscriptions of the current connection.
#[derive(Default)]
pub(super) struct Subscription {
    /// Number of the latest attempt; what an earlier one achieved is lost.
    attempt: u64,
    progress: Progress,
    /// The latest attempt failed with this, and the monitor does not know it yet.
    failure: Option<Failure>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Progress {
    #[default]
    Missing,
    Running,
    /// Confirmed once; where the library renews them, it has taken over.
    Done,
}

impl Session {
    /// Returns true if this client, rather than the library, subscribes after a reconnect.
    pub(in crate::session) fn is_paced(&self) -> bool {
        let policy = &self.policy;
        policy.managed && policy.resubscribe && policy.resubscription == Resubscription::Paced && self.ctx.dialect.resp3
    }

    /// Marks the subscriptions as missing, and wakes the subscriber.
    pub(super) fn unsubscribe(&self, state: &mut SessionState) {
        state.subscription = Subscription { attempt: state.subscription.attempt + 1, ..Subscription::default() };
        self.unsubscribed.notify_one();
    }

    /// Handles the end of a subscription that the server announces on a connection that is up.
    pub(super) fn on_unsubscribed(&self, info: &PushInfo) {
        let now = self.ctx.clock.now();
        let Some(channel) = self.inbox.on_ended(&info.kind, &info.data, now) else { return };
        let (wanted, confirmed) = (self.inbox.subscription().wanted() as u64, self.inbox.confirmed() as u64);
        self.ctx.emit(now, Some(self.connection), EventKind::Unsubscribed { channel, wanted, confirmed });
        let mut state = self.lock();
        if state.subscriptions.back().is_none_or(|(_, latest)| *latest != Confirmed::Ended) {
            state.subscriptions.push_back((now, Confirmed::Ended));
        }
        if self.is_paced() {
            self.unsubscribe(&mut state);
        }
        self.wake.notify_one();
    }

    /// Over RESP2, records that the subscriptions ended with their own connection.
    pub(super) fn end_subscriptions(&self, state: &mut SessionState) {
        if self.ctx.dialect.resp3 || self.inbox.subscription().wanted() == 0 {
            return;
        }
        self.inbox.forget_confirmations();
        // What was confirmed before does not count any more.
        state.subscriptions.clear();
        state.subscriptions.push_back((self.ctx.clock.now(), Confirmed::Ended));
        self.wake.notify_one();
    }

    /// Wakes the subscriber if subscriptions are missing and none is in progress.
    pub(in crate::session) fn request_subscription(&self) {
        if self.lock().subscription.progress == Progress::Missing {
            self.unsubscribed.notify_one();
        }
    }

    /// Subscribes again if this client did so before, and returns true then.
    pub(in crate::session) fn renew_subscription(&self) -> bool {
        let mut state = self.lock();
        let due = self.is_paced() && state.subscription.progress == Progress::Done;
        if due {
            self.unsubscribe(&mut state);
        }
        due
    }

    /// Records that the connection has all its subscriptions, although a loss was reported that was none: a command failed
    /// with an earlier attempt to connect.
    pub(in crate::session) fn keep_subscriptions(&self) {
        self.inbox.forget_confirmations();
        let confirmed = self.inbox.confirm_all();
        self.on_confirmed(confirmed);
    }

    /// Returns true while an attempt to subscribe is in progress.
    pub(in crate::session) fn is_subscribing(&self) -> bool {
        self.lock().subscription.progress == Progress::Running
    }

    /// Takes the failure of the latest attempt to subscribe.
    pub(in crate::session) fn take_subscription_failure(&self) -> Option<Failure> {
        self.lock().subscription.failure.take()
    }

    /// Reports the failure of an attempt to subscribe to the monitor.
    pub(in crate::session) fn fail_subscription(&self, failure: Failure) {
        self.lock().subscription.failure = Some(failure);
        self.wake.notify_one();
    }

    /// Subscribes unless the current connection already has its subscriptions.
    pub(in crate::session) async fn subscribe(&self) -> Result<(), Failure> {
        let begun = {
            let mut state = self.lock();
            let missing = state.subscription.progress != Progress::Done && self.inbox.subscription().wanted() > 0;
            missing.then(|| {
                state.subscription.progress = Progress::Running;
                (state.subject.clone(), state.subscription.attempt)
            })
        };
        let Some((subject, attempt)) = begun else {
            return Ok(());
        };
        let outcome = if self.ctx.dialect.resp3 {
            self.subscribe_on(subject).await
        } else {
            self.fresh.notify_waiters();
            // Larger than the other case, which is the usual one.
            Box::pin(self.open_pubsub()).await
        };
        let mut state = self.lock();
        if state.subscription.attempt == attempt {
            state.subscription.progress = if outcome.is_ok() { Progress::Done } else { Progress::Missing };
        }
        outcome
    }

    async fn subscribe_on(&self, mut subject: Subject) -> Result<(), Failure> {
        // Those that the connection still has would be confirmed twice, as if by a second connection.
        let missing = self.inbox.missing();
        // The limits are those of a connection that is up. If there will be none, the commands fail with the reason.
        subject.connected().await;
        // One response timeout for each command, and one for the connection.
        let commands = Subject::subscribing_commands(&missing) as u32;
        let limit = self.ctx.plan.policy.response_timeout * (commands + 1);
        // Pinned here: the future is large and would be moved by the call.
        let subscribed = pin!(subject.subscribe(&missing));
        match self.ctx.within(limit, subscribed).await {
            Some(outcome) => outcome.map_err(|error| client::failure(Stage::Subscribe, &error)),
            None => Err(Failure::doctor(
                ErrorClass::ResponseTimeout,
                Stage::Subscribe,
                format!("the subscription was not confirmed within {limit:?}"),
            )),
        }
    }

    /// Waits for the confirmations of the first connection, for at most a response timeout: redis-rs completes SUBSCRIBE before
    /// it passes on the pushes, because another task does that.
    pub(in crate::session) async fn confirmed(&self) {
        let confirmed = async {
            while self.inbox.confirmed() < self.inbox.subscription().wanted() {
                self.wake.notified().await;
            }
        };
        let _ = self.ctx.within(self.ctx.plan.policy.response_timeout, confirmed).await;
    }

    /// Opens the second connection over RESP2, for the receiver to take.
    pub(in crate::session) async fn open_pubsub(&self) -> Result<(), Failure> {
        let opened = self.dialer().subscriber(self.inbox.subscription()).await;
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
        let known = self.reported_missing.load(Ordering::Relaxed);
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
            self.reported_missing.store(false, Ordering::Relaxed);
        }
        if confirmed != Confirmed::Part && state.subscriptions.len() < KEPT_FAILURES {
            state.subscriptions.push_back((now, confirmed));
            self.wake.notify_one();
        }
    }
}
