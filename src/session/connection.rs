//! A session: the connection under test with everything that watches it from the inside.
//!
//! [`Session::ask`] is the one way to send a command: it measures, judges the answer, classifies a failure once, and
//! tells the [`Link`]. The push callback tells it the rest. What that adds up to is handled by the session's monitor.

mod ask;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use redis::{PushInfo, PushKind, RedisError, aio::PubSub};
use tokio::sync::Notify;

use super::{
    context::RunContext,
    coop_budget,
    inbox::{Confirmed, Inbox},
    link::{Change, Link},
    question::WaitingFailure,
    subject::{Dialer, Subject},
};
use crate::{
    classify::{ErrorClass, Failure, Stage, client},
    clock::Stamp,
    plan::ReconnectPolicy,
};

/// Failures of waiting commands that are kept for the monitor.
const KEPT_FAILURES: usize = 8;

/// One connection under test.
pub(super) struct Session {
    pub(super) ctx: Arc<RunContext>,
    /// Its number among the run's connections (from 0).
    pub(super) connection: u32,
    pub(super) inbox: Inbox,
    /// Its policy: the plan's, with a first delay of its own where connections are spread.
    pub(super) policy: ReconnectPolicy,
    dialer: Dialer,
    pushes: PushTarget,
    /// Number of the newest subject, in use or being made; pushes of older ones are stale. Beside the state, for a push
    /// waits for no lock.
    newest: AtomicU64,
    state: Mutex<State>,
    /// Something changed that the monitor should look at.
    pub(super) wake: Notify,
    /// The link went down: somebody should ask until it answers.
    pub(super) down: Notify,
    /// Over RESP2: the session has been replaced, and its subscribing connection with it.
    pub(super) fresh: Notify,
}

/// The session that a subject's pushes go to; empty until there is one.
type PushTarget = Arc<OnceLock<Weak<Session>>>;

/// Makes a subject whose pushes are marked with its `epoch`.
async fn dial(dialer: &Dialer, managed: bool, epoch: u64, target: &PushTarget) -> Result<Subject, RedisError> {
    let target = Arc::clone(target);
    let push = move |info: PushInfo| {
        if managed {
            coop_budget::renew();
        }
        if let Some(session) = target.get().and_then(Weak::upgrade) {
            session.on_push(epoch, &info);
        }
        Ok(())
    };
    if managed { dialer.managed(push).map(Subject::Managed) } else { dialer.plain(Some(push)).await.map(Subject::Bare) }
}

struct State {
    subject: Subject,
    /// Number of that subject, the one in use: what is said of another is of no interest any more.
    epoch: u64,
    link: Link,
    in_flight: u64,
    pubsub: Option<PubSub>,
    waiting: VecDeque<WaitingFailure>,
    subscriptions: VecDeque<(Stamp, Confirmed)>,
    /// Why the connection is to be replaced.
    condemned: Option<Failure>,
    /// The present subject was told what to subscribe.
    subscribed: bool,
    writes: Writes,
    desync: Option<Desync>,
}

/// What became of the writes since the monitor has last looked.
#[derive(Clone, Copy, Default)]
pub(super) struct Writes {
    /// One was refused with READONLY.
    pub(super) refused: bool,
    /// The latest was not refused.
    pub(super) accepted: bool,
}

/// Replies that went to the wrong questions.
struct Desync {
    /// When one was last told.
    told: Stamp,
    /// The monitor has not seen it yet.
    new: bool,
}

impl Session {
    /// A session with its first subject in place. Unless that is a bare one it is not connected yet: the first command
    /// does that.
    pub(super) async fn new(ctx: Arc<RunContext>, connection: u32, inbox: Inbox) -> Result<Arc<Self>, Failure> {
        const FIRST: u64 = 1;
        let policy = ctx.plan.policy.of_connection(connection, ctx.plan.seed);
        let failed = |error| client::failure(Stage::Connect, &error);
        let dialer = Dialer::new(&ctx.plan, policy.clone(), ctx.resp3).map_err(failed)?;
        let pushes = PushTarget::default();
        let subject = dial(&dialer, policy.managed, FIRST, &pushes).await.map_err(failed)?;
        let now = ctx.clock.now();
        let state = State {
            subject,
            epoch: FIRST,
            link: Link::up(now),
            in_flight: 0,
            pubsub: None,
            waiting: VecDeque::new(),
            subscriptions: VecDeque::new(),
            condemned: None,
            subscribed: false,
            writes: Writes::default(),
            desync: None,
        };
        let session = Arc::new(Self {
            ctx,
            connection,
            inbox,
            policy,
            dialer,
            pushes,
            newest: AtomicU64::new(FIRST),
            state: Mutex::new(state),
            wake: Notify::new(),
            down: Notify::new(),
            fresh: Notify::new(),
        });
        // Set once, here: it cannot be set already.
        let _ = session.pushes.set(Arc::downgrade(&session));
        Ok(session)
    }

    /// Puts a fresh subject in place, connects it within `limit`, and subscribes. The subject before it, if any, is
    /// abandoned: whatever it still pushes is counted as stale.
    ///
    /// A managed subject that does not connect in time goes on trying by itself; once it has come up, somebody must
    /// call [`Session::subscribe`].
    pub(super) async fn establish(&self, limit: Duration) -> Result<(), Failure> {
        self.renew().await?;
        self.come_up(limit).await?;
        self.subscribe().await
    }

    /// Puts a fresh subject in place. Unless it is a bare one it is not connected yet: the first command does that.
    async fn renew(&self) -> Result<(), Failure> {
        let epoch = self.newest.fetch_add(1, Ordering::Relaxed) + 1;
        self.inbox.forget_confirmations();
        let dialed = dial(&self.dialer, self.policy.managed, epoch, &self.pushes).await;
        let subject = dialed.map_err(|error| client::failure(Stage::Connect, &error))?;
        let mut state = self.lock();
        (state.subject, state.epoch, state.subscribed) = (subject, epoch, false);
        state.desync = None;
        Ok(())
    }

    /// Completes once a fresh subject has answered.
    pub(super) async fn come_up(&self, limit: Duration) -> Result<(), Failure> {
        self.beat("establish", limit).await.outcome.map(drop).map_err(|failed| failed.failure)
    }

    /// How long a connection may take that nothing stands in the way of.
    pub(super) fn patience(&self) -> Duration {
        self.ctx.plan.policy.connect_timeout + self.ctx.plan.policy.response_timeout
    }

    /// Subscribes to what is wanted, unless the present subject was told already: from then on it is the library's
    /// business.
    pub(super) async fn subscribe(&self) -> Result<(), Failure> {
        let subject = {
            let mut state = self.lock();
            let first = !std::mem::replace(&mut state.subscribed, true);
            (first && self.inbox.subscription().wanted() > 0).then(|| state.subject.clone())
        };
        let Some(subject) = subject else {
            return Ok(());
        };
        let outcome = if self.ctx.resp3 {
            self.subscribe_on(subject).await
        } else {
            self.fresh.notify_waiters();
            self.open_pubsub().await
        };
        // What the library has not seen confirmed it will not renew either.
        self.lock().subscribed = outcome.is_ok();
        outcome
    }

    async fn subscribe_on(&self, mut subject: Subject) -> Result<(), Failure> {
        // The library gives each command that long; once more for the connection itself.
        let commands = Subject::subscribing_commands(self.inbox.subscription()) as u32;
        let limit = self.ctx.plan.policy.response_timeout * (commands + 1);
        match tokio::time::timeout(limit, subject.subscribe(self.inbox.subscription())).await {
            Ok(outcome) => outcome.map_err(|error| client::failure(Stage::Subscribe, &error)),
            Err(_) => Err(Failure::doctor(
                ErrorClass::ResponseTimeout,
                Stage::Subscribe,
                format!("the subscription was not confirmed within {limit:?}"),
            )),
        }
    }

    /// Over RESP2: opens the second connection, for the receiver to take.
    pub(super) async fn open_pubsub(&self) -> Result<(), Failure> {
        let opened = self.dialer.subscriber(self.inbox.subscription()).await;
        self.ctx.observer.on_dialed(opened.is_ok(), self.ctx.clock.now());
        let pubsub = opened?;
        self.lock().pubsub = Some(pubsub);
        let confirmed = self.inbox.confirm_all();
        self.on_confirmed(confirmed);
        Ok(())
    }

    /// The subscribing connection that nobody receives on yet.
    pub(super) fn take_pubsub(&self) -> Option<PubSub> {
        self.lock().pubsub.take()
    }

    /// What the library pushes. Runs in the task that reconnects.
    fn on_push(&self, epoch: u64, info: &PushInfo) {
        if epoch != self.newest.load(Ordering::Relaxed) {
            self.ctx.samples.lock().counters.stale_pushes += 1;
            return;
        }
        match info.kind {
            PushKind::Message | PushKind::PMessage | PushKind::SMessage => {
                self.inbox.on_message(&info.kind, &info.data, &self.ctx);
            }
            PushKind::Disconnection => self.on_disconnected(),
            PushKind::Subscribe | PushKind::PSubscribe | PushKind::SSubscribe => {
                let confirmed = self.inbox.on_confirmation(&info.kind, &info.data);
                self.on_confirmed(confirmed);
            }
            // The server announces maintenance, as a rule.
            PushKind::Other(ref kind) => self.ctx.notices.announce(self.connection, kind, self.ctx.clock.now()),
            _ => {}
        }
    }

    /// The library says that the connection is gone.
    pub(super) fn on_disconnected(&self) {
        let now = self.ctx.clock.now();
        let mut state = self.lock();
        let in_flight = state.in_flight;
        if state.link.on_disconnect_push(now, in_flight) {
            self.announce(&mut state);
        } else if state.link.loss().is_some() {
            // An attempt to come back that got as far as its subscriptions, and no further.
            self.inbox.forget_confirmations();
        }
    }

    /// The server confirmed a subscription.
    pub(super) fn on_confirmed(&self, confirmed: Confirmed) {
        let now = self.ctx.clock.now();
        let mut state = self.lock();
        // Where no command may be sent, a confirmation is the first sign of the new connection.
        if !self.ctx.heartbeat.may_send() && state.link.on_reply(now, now) {
            self.announce(&mut state);
        }
        if confirmed != Confirmed::Part && state.subscriptions.len() < KEPT_FAILURES {
            state.subscriptions.push_back((now, confirmed));
            self.wake.notify_one();
        }
    }

    fn announce(&self, state: &mut State) {
        if let Some(loss) = state.link.loss() {
            self.ctx.observer.on_losing(self.connection, loss.at, self.ctx.clock.now());
            self.inbox.forget_confirmations();
            state.subscriptions.clear();
            state.desync = None;
            self.down.notify_one();
            self.ctx.stop.note_progress();
        }
        self.wake.notify_one();
    }

    /// Gives the session up: the present connection, alive or not, does not count any more. Returns whether that
    /// begins an outage (otherwise one was under way).
    pub(super) fn abandon(&self, at: Stamp, failure: Option<&Failure>) {
        let mut state = self.lock();
        state.condemned = None;
        state.waiting.clear();
        if state.link.on_replaced(at, failure) {
            self.announce(&mut state);
        }
    }

    /// Asks the monitor to replace the connection, if it is still the one that is meant.
    pub(super) fn condemn(&self, epoch: u64, why: Failure) {
        let mut state = self.lock();
        if state.epoch == epoch {
            state.condemned = Some(why);
            self.wake.notify_one();
        }
    }

    /// Why the connection is to be replaced, if it is.
    pub(super) fn condemned(&self) -> Option<Failure> {
        self.lock().condemned.clone()
    }

    /// What has changed since the last call.
    pub(super) fn take_changes(&self) -> (VecDeque<Change>, VecDeque<(Stamp, Confirmed)>) {
        let mut state = self.lock();
        (state.link.take_changes(), std::mem::take(&mut state.subscriptions))
    }

    /// The errors that waiting commands got since the last call.
    pub(super) fn take_waiting(&self) -> VecDeque<WaitingFailure> {
        std::mem::take(&mut self.lock().waiting)
    }

    /// What became of the writes since the last call.
    pub(super) fn take_writes(&self) -> Writes {
        std::mem::take(&mut self.lock().writes)
    }

    /// Whether a reply has gone to the wrong question on the present connection, when that is news.
    pub(super) fn take_desync(&self) -> bool {
        self.lock().desync.as_mut().is_some_and(|desync| std::mem::take(&mut desync.new))
    }

    /// Reads something off the link.
    pub(super) fn link<T>(&self, read: impl FnOnce(&Link) -> T) -> T {
        read(&self.lock().link)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
