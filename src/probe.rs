//! Probes: everything that touches a server.
//!
//! A `session` is the connection under test; `worker`s send probes through it, a `publisher` on a second
//! connection publishes what its `inbox` must receive, a `monitor` turns what they notice into events, and
//! [`path`] is the independent view of the network and the server; [`check`], [`idle`] and [`readiness`] use nothing
//! but that. The `redis` crate is used here and in `classify` only.

pub mod check;
mod delivery;
mod evidence;
mod identity;
pub mod idle;
mod inbox;
mod keeper;
mod link;
mod monitor;
mod own;
pub mod path;
mod prognosis;
mod publisher;
mod pulse;
mod question;
pub mod readiness;
mod reply;
mod resp2;
mod samples;
mod session;
mod subject;
mod turn;
mod worker;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use self::{
    evidence::Gathering,
    inbox::Inbox,
    monitor::Monitor,
    path::PathWatch,
    publisher::Outlet,
    pulse::Pulse,
    session::Session,
    worker::{Schedule, Worker},
};
pub(crate) use self::{path::Path, samples::Samples};
use crate::{
    classify::Failure,
    clock::{Clock, Stamp},
    event::{Event, EventKind, MessageSink, Reply, StopReason},
    plan::{Name, Plan, Target},
};

/// What probes hand to the engine.
pub(crate) enum Notice {
    /// Something happened.
    Event(Event),
    /// A probe ended, in a run that shows each.
    Reply(Reply),
}

/// What all probes of a run share.
pub(crate) struct Context {
    pub(crate) plan: Arc<Plan>,
    /// The server itself, where the plan's target is a proxy in front of it.
    server: Target,
    pub(crate) clock: Clock,
    /// Tells this run's messages and keys from another's.
    pub(crate) run_id: String,
    pub(crate) samples: Samples,
    pub(crate) path: Arc<PathWatch>,
    evidence: Gathering,
    /// Whether the connection speaks RESP3 (otherwise RESP2).
    pub(crate) resp3: bool,
    messages: Arc<dyn MessageSink>,
    notices: mpsc::UnboundedSender<Notice>,
    stopping: watch::Sender<Option<StopReason>>,
    /// Whether there is one: every worker looks before every probe.
    is_stopping: AtomicBool,
    /// Probes (or messages) taken so far, against the plan's count.
    tickets: AtomicU64,
    /// Whether our own commands may be sent on the connection under test while it is down.
    may_ask: bool,
    /// What our own commands are.
    pulse: Pulse,
}

impl Context {
    /// Puts the shared parts together.
    pub(crate) fn new(setting: Setting) -> Self {
        let plan = setting.plan;
        let may_ask = plan.probes.is_some() || plan.policy.watchdog.is_some() || !setting.resp3;
        Self {
            clock: setting.clock,
            run_id: setting.run_id,
            samples: Samples::default(),
            evidence: Gathering::new(&plan, setting.path.to(setting.server.clone())),
            path: Arc::new(PathWatch::new(setting.path)),
            resp3: setting.resp3,
            messages: setting.messages,
            notices: setting.notices,
            stopping: watch::Sender::new(None),
            is_stopping: AtomicBool::new(false),
            tickets: AtomicU64::new(0),
            may_ask,
            pulse: Pulse::default(),
            server: setting.server,
            plan,
        }
    }

    /// Tells that something happened.
    pub(crate) fn emit(&self, at: Stamp, connection: Option<u32>, kind: EventKind) {
        let event = Event { at, time: self.clock.wall(at), connection, kind };
        // The engine listens until the last task has ended; afterwards nobody needs to know.
        let _ = self.notices.send(Notice::Event(event));
    }

    fn reply(&self, reply: Reply) {
        let _ = self.notices.send(Notice::Reply(reply));
    }

    /// Counts a failed command; the first of a kind is told at once, the rest of a burst with the next interval.
    fn fail(&self, connection: Option<u32>, failure: &Failure, at: Stamp, ambiguous: bool) {
        let first = self.samples.lock().failure(failure, at, ambiguous);
        if let Some(failed) = first {
            self.emit(at, connection, EventKind::CommandFailed(failed));
        }
    }

    /// The number of the next probe; `None` when the plan's count is reached (which ends the run).
    fn take_ticket(&self) -> Option<u64> {
        let number = self.tickets.fetch_add(1, Ordering::Relaxed) + 1;
        match self.plan.stop.count {
            Some(count) if number > count => {
                self.stop(StopReason::Count);
                None
            }
            Some(count) if number == count => {
                // This one still runs; nobody takes another.
                self.stop(StopReason::Count);
                Some(number)
            }
            _ => Some(number),
        }
    }

    /// Counts a message towards the plan's count, in a run that only subscribes.
    fn count_message(&self) {
        if self.plan.probes.is_none() {
            let _ = self.take_ticket();
        }
    }

    /// Ends the run; the first reason stays.
    pub(crate) fn stop(&self, reason: StopReason) {
        self.stopping.send_if_modified(|known| {
            let first = known.is_none();
            known.get_or_insert(reason);
            first
        });
        self.is_stopping.store(true, Ordering::Release);
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    /// Why the run is to end, as soon as it is.
    pub(crate) async fn stopped(&self) {
        // The sender lives as long as this context: waiting cannot fail.
        let _ = self.stopping.subscribe().wait_for(Option::is_some).await;
    }

    /// Why the run is to end.
    pub(crate) fn stop_reason(&self) -> Option<StopReason> {
        *self.stopping.borrow()
    }
}

/// What a [`Context`] is made of.
pub(crate) struct Setting {
    pub(crate) plan: Arc<Plan>,
    pub(crate) server: Target,
    pub(crate) clock: Clock,
    pub(crate) run_id: String,
    pub(crate) path: Path,
    pub(crate) resp3: bool,
    pub(crate) messages: Arc<dyn MessageSink>,
    pub(crate) notices: mpsc::UnboundedSender<Notice>,
}

/// Why a run could not begin.
#[derive(Debug)]
pub(crate) struct NotStarted {
    /// Which connection, counted from 1; `None` where none had been begun.
    number: Option<u32>,
    of: u32,
    /// What was in its way.
    pub(crate) failure: Failure,
}

impl From<Failure> for NotStarted {
    fn from(failure: Failure) -> Self {
        Self { number: None, of: 1, failure }
    }
}

impl std::fmt::Display for NotStarted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.number.filter(|_| self.of > 1) {
            Some(number) => write!(f, "connection {number} of {} could not be set up: {}", self.of, self.failure),
            None => write!(f, "the connection under test could not be set up: {}", self.failure),
        }
    }
}

/// All sessions of a run and the tasks that serve them.
pub(crate) struct Probes {
    ctx: Arc<Context>,
    sessions: Vec<Arc<Session>>,
    /// Tasks that end by themselves when the run stops.
    work: JoinSet<()>,
    /// Tasks that watch until they are ended.
    watch: JoinSet<()>,
}

impl Probes {
    /// Establishes every session of the plan and starts its tasks.
    ///
    /// # Errors
    /// Why the first session that could not be established could not.
    pub(crate) async fn start(ctx: Arc<Context>) -> Result<Self, NotStarted> {
        let mut probes =
            Self { ctx: Arc::clone(&ctx), sessions: Vec::new(), work: JoinSet::new(), watch: JoinSet::new() };
        // No fault is for the connection that publishes: what it sends is what could have been received.
        let direct = Plan { target: ctx.server.clone(), ..(*ctx.plan).clone() };
        let outlet = Arc::new(Outlet::new(&direct)?);
        let path = Arc::clone(&ctx);
        probes.watch.spawn(async move {
            let changed = |at, probed| path.emit(at, None, EventKind::PathProbed(probed));
            path.path.run(changed).await;
        });
        if ctx.evidence.is_on() {
            probes.watch.spawn(evidence::watch(Arc::clone(&ctx)));
            probes.watch.spawn(evidence::gather(Arc::clone(&ctx)));
            probes.watch.spawn(evidence::listen(Arc::clone(&ctx)));
        }
        for number in 0..ctx.plan.connections {
            let session = Session::new(Arc::clone(&ctx), number, inbox(&ctx, number))?;
            let monitor = match Monitor::start(Arc::clone(&session)).await {
                Ok(monitor) => monitor,
                // While those that are up still hold what this one did not get: a place at the server, a descriptor.
                Err(failure) => {
                    let failure = ctx.path.explain(failure).await;
                    return Err(NotStarted { number: Some(number + 1), of: ctx.plan.connections, failure });
                }
            };
            probes.serve(&session, monitor);
            probes.sessions.push(session);
        }
        for session in &probes.sessions {
            let session = Arc::clone(session);
            let pace = session.inbox.subscription().verify;
            if let Some(pace) = pace {
                probes.work.spawn(publisher::run(session, Arc::clone(&outlet), pace));
            }
        }
        probes.start_workers();
        Ok(probes)
    }

    fn serve(&mut self, session: &Arc<Session>, monitor: Monitor) {
        self.watch.spawn(monitor.run());
        self.watch.spawn(keeper::ask_while_down(Arc::clone(session)));
        if !self.ctx.resp3 && session.inbox.subscription().wanted() > 0 {
            self.watch.spawn(resp2::run(Arc::clone(session)));
        }
        if let Some(watchdog) = self.ctx.plan.policy.watchdog {
            self.watch.spawn(keeper::watchdog(Arc::clone(session), watchdog));
        }
    }

    fn start_workers(&mut self) {
        let Some(plan) = &self.ctx.plan.probes else {
            return;
        };
        let start = self.ctx.clock.now();
        let count = self.sessions.len() as u32;
        for (number, session) in (0..).zip(&self.sessions) {
            // Connections take turns, so that their probes do not go out in one burst.
            let offset = plan.pace.due(1).unwrap_or_default() * number / count.max(1);
            let schedule = Arc::new(Schedule::new(plan, start.after(offset)));
            for worker in 0..plan.concurrency {
                let worker = Worker::new(Arc::clone(session), Arc::clone(&schedule), plan.clone(), worker);
                self.work.spawn(worker.run());
            }
        }
    }

    /// Completes when every worker and publisher has ended.
    pub(crate) async fn finished(&mut self) {
        while self.work.join_next().await.is_some() {}
    }

    /// Whether there is anything that ends by itself.
    pub(crate) fn has_work(&self) -> bool {
        !self.work.is_empty()
    }

    /// Waits until every verified message has come; a connection that is down cannot bring any.
    pub(crate) async fn settle(&self) {
        let open = |session: &&Arc<Session>| !session.inbox.is_settled() && session.link(link::Link::is_up);
        while self.sessions.iter().any(|session| open(&session)) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Ends all tasks and closes the books.
    pub(crate) async fn close(mut self) {
        for session in &self.sessions {
            session.inbox.close(&self.ctx);
        }
        self.work.shutdown().await;
        self.watch.shutdown().await;
        evidence::conclude(&self.ctx).await;
    }
}

/// The receiving side of connection `number`; a run that verifies without naming a channel gets private ones.
fn inbox(ctx: &Context, number: u32) -> Inbox {
    let mut subscription = ctx.plan.subscription.clone().unwrap_or_default();
    if subscription.verify.is_some() && subscription.wanted() == 0 {
        subscription.private = subscription.private.max(1);
        let first = format!("redis-doctor:{}:{number}", ctx.run_id);
        let others = (1..subscription.private).map(|other| format!("{first}:{other}"));
        subscription.channels = std::iter::once(first.clone()).chain(others).map(Name::from).collect();
    }
    Inbox::new(number, &ctx.run_id, subscription)
}
