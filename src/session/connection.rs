//! The session: the connection under test and the state observed from inside the client.
//!
//! [`Session::send`] is the only way to send a command; it reports the outcome to the [`Link`], and the push callback
//! reports everything else. The session's monitor turns the result into events.

mod cut_off;
mod send;
mod serve;
mod subscribe;

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use redis::{PushInfo, PushKind, RedisError, aio::PubSub};
use tokio::sync::Notify;

pub(super) use self::subscribe::SUBSCRIBING;
use self::subscribe::Subscription;
use super::{
    context::RunContext,
    coop_budget,
    inbox::{Confirmed, Inbox},
    link::{Change, Link},
    refusals::Refusals,
    request::{FailedRequest, WaitingFailure},
    subject::{Dialer, Subject},
    tempo::Tempo,
};
use crate::{
    classify::{ErrorClass, Failure, Stage, client},
    clock::{Stamp, within},
    event::{Peer, RefusalEnd},
    plan::{ReconnectPolicy, Target},
};

/// Time after the end of a run in which a first connection may still come up; its grace is longer.
const EXPLAINED: Duration = Duration::from_millis(500);

/// Failures of waiting commands kept for the monitor.
const KEPT_FAILURES: usize = 8;

/// One connection under test.
pub(super) struct Session {
    pub(super) ctx: Arc<RunContext>,
    /// Index among the run's connections, from 0.
    pub(super) connection: u32,
    pub(super) inbox: Inbox,
    /// The plan's policy, with a separate first delay if connections are spread.
    pub(super) policy: ReconnectPolicy,
    /// Replaced when the connection goes to another server.
    dialer: Mutex<Arc<Dialer>>,
    pushes: PushTarget,
    /// Epoch of the newest subject, in use or being created; pushes of older ones are stale. Outside the state, because
    /// a push must not wait for its lock.
    newest: AtomicU64,
    state: Mutex<SessionState>,
    refusals: Mutex<Refusals>,
    /// A copy of "a refusal is open" that every good reply can check.
    refusing: AtomicBool,
    /// Subscriptions that were not renewed after a reconnect have been reported.
    pub(super) reported_missing: AtomicBool,
    /// Wakes the monitor after a change.
    pub(super) wake: Notify,
    /// The link went down: heartbeats are sent until one is answered.
    pub(super) down: Notify,
    /// The subject was replaced: a command that waits for the old one fails.
    pub(super) moved: Notify,
    /// Over RESP2: the session was replaced, and its subscriber connection with it.
    pub(super) fresh: Notify,
    /// Wakes the subscriber: subscriptions are missing.
    pub(super) unsubscribed: Notify,
}

/// The session that receives a subject's pushes; empty until it exists.
type PushTarget = Arc<OnceLock<Weak<Session>>>;

/// Creates a subject whose pushes carry its `epoch`.
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

struct SessionState {
    subject: Subject,
    /// Epoch of the subject in use; anything from another epoch is ignored.
    epoch: u64,
    link: Link,
    tempo: Tempo,
    in_flight: u64,
    pubsub: Option<PubSub>,
    waiting: VecDeque<WaitingFailure>,
    subscriptions: VecDeque<(Stamp, Confirmed)>,
    /// Reason why the connection must be replaced.
    condemned: Option<Failure>,
    subscription: Subscription,
    writes: Writes,
    desync: Option<Desync>,
    /// The server of the connection that is up since this time.
    server: Option<(Stamp, Peer)>,
    /// Our address, as that server sees it.
    address: Option<SocketAddr>,
}

/// Results of the writes since the monitor last read them.
#[derive(Clone, Default)]
pub(super) struct Writes {
    /// The latest refusal with which a demoted server answers.
    pub(super) refused: Option<Failure>,
    /// The latest was accepted.
    pub(super) accepted: bool,
}

/// Replies that belong to other commands.
struct Desync {
    /// Time of the latest report.
    reported: Stamp,
    /// Not yet read by the monitor.
    new: bool,
}

impl Session {
    /// Records the server that the connection is connected to.
    pub(super) fn reached(&self, server: Peer) {
        let mut state = self.lock();
        state.server = Some((state.link.up_since(), server));
    }

    /// Returns the server of the connection, with the time since which it is connected; `None` while it is down or not
    /// identified yet.
    pub(super) fn server(&self) -> Option<(Stamp, Peer)> {
        let state = self.lock();
        let known = state.server.as_ref().filter(|(since, _)| state.link.is_up() && *since == state.link.up_since());
        known.cloned()
    }

    /// Creates a session with its first subject. A managed subject is not connected yet: the first command does that.
    pub(super) async fn new(ctx: Arc<RunContext>, connection: u32, inbox: Inbox) -> Result<Arc<Self>, Failure> {
        const FIRST: u64 = 1;
        let policy = ctx.plan.policy.of_connection(connection, ctx.plan.seed);
        let failed = |error| client::failure(Stage::Connect, &error);
        let dialer = Dialer::new(&ctx.plan, &ctx.target().borrow(), policy.clone(), ctx.dialect).map_err(failed)?;
        let pushes = PushTarget::default();
        let subject = dial(&dialer, policy.managed, FIRST, &pushes).await.map_err(failed)?;
        let now = ctx.clock.now();
        let state = SessionState {
            subject,
            epoch: FIRST,
            link: Link::up(now),
            tempo: Tempo::new(),
            in_flight: 0,
            pubsub: None,
            waiting: VecDeque::new(),
            subscriptions: VecDeque::new(),
            condemned: None,
            subscription: Subscription::default(),
            writes: Writes::default(),
            desync: None,
            server: None,
            address: None,
        };
        let session = Arc::new(Self {
            ctx,
            connection,
            inbox,
            policy,
            dialer: Mutex::new(Arc::new(dialer)),
            pushes,
            newest: AtomicU64::new(FIRST),
            state: Mutex::new(state),
            refusals: Mutex::default(),
            refusing: AtomicBool::new(false),
            reported_missing: AtomicBool::new(false),
            wake: Notify::new(),
            down: Notify::new(),
            moved: Notify::new(),
            fresh: Notify::new(),
            unsubscribed: Notify::new(),
        });
        // The only place that sets it.
        let _ = session.pushes.set(Arc::downgrade(&session));
        Ok(session)
    }

    /// Installs a new subject, connects it within `limit`, and has it subscribed. The previous subject is abandoned: its
    /// later pushes are counted as stale. A managed subject that does not connect in time keeps trying on its own.
    pub(super) async fn establish(&self, limit: Duration) -> Result<(), Failure> {
        self.renew().await?;
        self.come_up(limit).await
    }

    /// Sends the next subject to another server.
    pub(super) fn go_to(&self, target: &Target) -> Result<(), Failure> {
        let dialer = Dialer::new(&self.ctx.plan, target, self.policy.clone(), self.ctx.dialect);
        let dialer = dialer.map_err(|error| client::failure(Stage::Connect, &error))?;
        *self.dialer.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(dialer);
        Ok(())
    }

    fn dialer(&self) -> Arc<Dialer> {
        Arc::clone(&self.dialer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Installs a new subject. A managed subject is not connected yet: the first command does that.
    async fn renew(&self) -> Result<(), Failure> {
        let epoch = self.newest.fetch_add(1, Ordering::Relaxed) + 1;
        self.inbox.forget_confirmations();
        let dialed = dial(&self.dialer(), self.policy.managed, epoch, &self.pushes).await;
        let subject = dialed.map_err(|error| client::failure(Stage::Connect, &error))?;
        let mut state = self.lock();
        (state.subject, state.epoch, state.desync) = (subject, epoch, None);
        self.end_subscriptions(&mut state);
        self.unsubscribe(&mut state);
        self.moved.notify_waiters();
        Ok(())
    }

    /// Completes when a new subject has answered.
    pub(super) async fn come_up(&self, limit: Duration) -> Result<(), Failure> {
        match self.heartbeat("establish", limit).await.outcome {
            // Connected: a server that cannot save refuses PING, too. A dataset that is being loaded is waited for.
            Err(FailedRequest { failure, .. })
                if !failure.key.class.is_state_of_server() || failure.key.class == ErrorClass::Loading =>
            {
                Err(failure)
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Returns true if the client has a connection to send commands on, or gets one within `limit`.
    pub(super) async fn connected_within(&self, limit: Duration) -> bool {
        let mut subject = self.lock().subject.clone();
        within(limit, subject.connected()).await.unwrap_or(false)
    }

    /// Returns the time limit for connecting without obstacles.
    pub(super) fn patience(&self) -> Duration {
        self.ctx.plan.policy.connect_timeout + self.ctx.plan.policy.response_timeout
    }

    /// Returns the time limit for the first connection. It leaves time within the run to find the obstacle.
    pub(super) fn first_patience(&self) -> Duration {
        let of_run = self.ctx.plan.stop.duration.unwrap_or(Duration::MAX).saturating_add(EXPLAINED);
        self.patience().min(of_run.saturating_sub(self.ctx.clock.now().elapsed()))
    }

    /// Handles a push of the library. Runs in the task that reconnects.
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
                let confirmed = self.inbox.on_confirmation(&info.kind, &info.data, self.ctx.clock.now());
                self.on_confirmed(confirmed);
            }
            // redis-doctor itself never unsubscribes.
            PushKind::Unsubscribe | PushKind::PUnsubscribe | PushKind::SUnsubscribe => self.on_unsubscribed(info),
            // As a rule, an announcement of maintenance.
            PushKind::Other(ref kind) => self.ctx.notices.announce(self.connection, kind, self.ctx.clock.now()),
            _ => {}
        }
    }

    /// Handles the library's report that the connection is gone.
    pub(super) fn on_disconnected(&self) {
        let now = self.ctx.clock.now();
        let mut state = self.lock();
        self.end_subscriptions(&mut state);
        let in_flight = state.in_flight;
        let known = state.link.owes_push();
        if state.link.on_disconnect_push(now, in_flight) {
            self.announce(&mut state);
        } else {
            if state.link.loss().is_some() || self.is_paced() {
                // The confirmations of an attempt that failed after its subscriptions, or of a discarded connection.
                self.inbox.forget_confirmations();
            }
            // The failed command made the library reconnect, and this report makes it replace that connection: with its
            // own subscriptions, it would show in their second confirmation.
            if known && self.is_paced() && state.subscriptions.len() < KEPT_FAILURES {
                state.subscriptions.push_back((now, Confirmed::Again));
                self.wake.notify_one();
            }
        }
        if self.is_paced() {
            // By now the library has begun the reconnect, and commands wait for the new connection.
            self.unsubscribe(&mut state);
        }
    }

    fn announce(&self, state: &mut SessionState) {
        if let Some(loss) = state.link.loss() {
            self.ctx.observer.on_lost(self.connection, loss.at, self.ctx.clock.now());
            self.end_refusals(loss.at, RefusalEnd::ConnectionLost);
            // Over RESP2 the subscriptions have a separate connection.
            if self.ctx.dialect.resp3 {
                self.inbox.forget_confirmations();
                state.subscriptions.clear();
            }
            state.desync = None;
            self.down.notify_one();
            self.ctx.doubts.notify_one();
            self.ctx.stop.note_progress();
        }
        self.wake.notify_one();
    }

    /// Abandons the current connection, whether it is alive or not; begins an outage unless one is open.
    pub(super) fn abandon(&self, at: Stamp, failure: Option<&Failure>) {
        let mut state = self.lock();
        state.condemned = None;
        state.waiting.clear();
        if state.link.on_replaced(at, failure) {
            self.announce(&mut state);
        }
    }

    /// Requests that the monitor replace the connection, if it is still the one of `epoch`.
    pub(super) fn condemn(&self, epoch: u64, why: Failure) {
        let mut state = self.lock();
        if state.epoch == epoch {
            state.condemned = Some(why);
            self.wake.notify_one();
        }
    }

    /// Returns why the connection must be replaced, if it must.
    pub(super) fn condemned(&self) -> Option<Failure> {
        self.lock().condemned.clone()
    }

    /// Takes the changes and confirmations since the last call.
    pub(super) fn take_changes(&self) -> (VecDeque<Change>, VecDeque<(Stamp, Confirmed)>) {
        let mut state = self.lock();
        (state.link.take_changes(), std::mem::take(&mut state.subscriptions))
    }

    /// Takes the failures of waiting commands since the last call.
    pub(super) fn take_waiting(&self) -> VecDeque<WaitingFailure> {
        std::mem::take(&mut self.lock().waiting)
    }

    /// Takes the results of the writes since the last call.
    pub(super) fn take_writes(&self) -> Writes {
        std::mem::take(&mut self.lock().writes)
    }

    /// Returns true if the current connection has become desynchronized since the last call.
    pub(super) fn take_desync(&self) -> bool {
        self.lock().desync.as_mut().is_some_and(|desync| std::mem::take(&mut desync.new))
    }

    /// Reads from the link.
    pub(super) fn link<T>(&self, read: impl FnOnce(&Link) -> T) -> T {
        read(&self.lock().link)
    }

    /// Reads the tempo of the replies, and adjusts it.
    pub(super) fn tempo<T>(&self, access: impl FnOnce(&mut Tempo) -> T) -> T {
        access(&mut self.lock().tempo)
    }

    fn lock(&self) -> MutexGuard<'_, SessionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
