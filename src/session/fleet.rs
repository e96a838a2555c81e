//! The sessions of a run, with their workers, monitors and the publisher.

use std::{fmt, sync::Arc};

use tokio::task::JoinSet;

use super::{
    connection::Session,
    context::RunContext,
    inbox::Inbox,
    link::Link,
    monitor::Monitor,
    publisher::{self, Publisher},
    resp2, roles, subscriber, watchdog,
    worker::{Schedule, Worker},
};
use crate::{
    classify::Failure,
    event::{EventKind, OwnPause, RefusalEnd, StopReason},
    plan::{Name, Plan, Target},
};

/// The error that kept a run from starting.
#[derive(Debug)]
pub(crate) struct NotStarted {
    /// The connection, counted from 1; `None` if there was none yet.
    number: Option<u32>,
    of: u32,
    pub(crate) failure: Failure,
}

impl From<Failure> for NotStarted {
    fn from(failure: Failure) -> Self {
        Self { number: None, of: 1, failure }
    }
}

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number.filter(|_| self.of > 1) {
            Some(number) => write!(f, "connection {number} of {} could not be set up: {}", self.of, self.failure),
            None => write!(f, "the connection under test could not be set up: {}", self.failure),
        }
    }
}

/// The sessions of a run and the tasks that serve them.
pub(crate) struct Sessions {
    ctx: Arc<RunContext>,
    sessions: Vec<Arc<Session>>,
    /// Tasks that end on their own when the run stops.
    work: JoinSet<()>,
    /// Tasks that run until they are aborted.
    watch: JoinSet<()>,
}

impl Sessions {
    /// Establishes every session of the plan and starts its tasks.
    ///
    /// # Errors
    /// The failure of the first session that could not be established.
    pub(crate) async fn start(ctx: Arc<RunContext>, server: Target) -> Result<Self, NotStarted> {
        let mut sessions =
            Self { ctx: Arc::clone(&ctx), sessions: Vec::new(), work: JoinSet::new(), watch: JoinSet::new() };
        ctx.process.reply_limit.add_target(&ctx);
        // The publisher bypasses the faults: it must send everything that could have been received.
        let direct = Plan { target: server, ..(*ctx.plan).clone() };
        let publisher = Arc::new(Publisher::new(direct, ctx.dialect, ctx.target())?);
        if ctx.watches_pauses {
            let pauses = Arc::clone(&ctx);
            sessions.watch.spawn(async move {
                let found = |pause: OwnPause| pauses.emit(pause.until, None, EventKind::OwnPause(pause));
                pauses.process.watch(pauses.clock, found).await;
            });
        }
        let path = Arc::clone(&ctx);
        sessions.watch.spawn(async move {
            let changed = |at, probed| path.emit(at, None, EventKind::PathProbed(probed));
            path.path.run(changed).await;
        });
        for number in 0..ctx.plan.connections {
            let started = Monitor::start(Arc::clone(&ctx), number, inbox(&ctx, number)).await;
            let (session, monitor) = match started {
                Ok(started) => started,
                // Explained while the open connections still hold the exhausted resource: a slot at the server, a
                // descriptor.
                Err(failure) => {
                    let failure = ctx.path.explain(failure).await;
                    return Err(NotStarted { number: Some(number + 1), of: ctx.plan.connections, failure });
                }
            };
            sessions.serve(&session, monitor);
            sessions.sessions.push(session);
        }
        for session in &sessions.sessions {
            let session = Arc::clone(session);
            let pace = session.inbox.subscription().verify;
            if let Some(pace) = pace {
                sessions.work.spawn(publisher::run(session, Arc::clone(&publisher), pace));
            }
        }
        sessions.watch.spawn(roles::watch(ctx, sessions.sessions.clone()));
        sessions.start_workers();
        Ok(sessions)
    }

    fn serve(&mut self, session: &Arc<Session>, monitor: Monitor) {
        self.ctx.process.reply_limit.add_session(session);
        self.watch.spawn(monitor.run());
        self.watch.spawn(watchdog::heartbeat_while_down(Arc::clone(session)));
        if session.inbox.subscription().wanted() > 0 {
            self.watch.spawn(subscriber::run(Arc::clone(session)));
            if !self.ctx.dialect.resp3 {
                self.watch.spawn(resp2::run(Arc::clone(session)));
            }
        }
        if let Some(watchdog) = self.ctx.plan.policy.watchdog {
            self.watch.spawn(watchdog::run(Arc::clone(session), watchdog));
        }
    }

    fn start_workers(&mut self) {
        let Some(plan) = &self.ctx.plan.probes else {
            return;
        };
        let start = self.ctx.clock.now();
        let count = self.sessions.len() as u32;
        for (number, session) in (0..).zip(&self.sessions) {
            // Connections are staggered, so that their probes do not go out in one burst.
            let offset = plan.pace.due(1).unwrap_or_default() * number / count.max(1);
            let schedule = Arc::new(Schedule::new(plan, start.after(offset), self.ctx.plan.seed, number));
            for worker in 0..plan.concurrency {
                let worker = Worker::new(Arc::clone(session), Arc::clone(&schedule), plan.clone(), worker);
                self.work.spawn(worker.run());
            }
        }
    }

    /// Completes when every worker and the publisher have ended.
    pub(crate) async fn finished(&mut self) {
        while self.work.join_next().await.is_some() {}
    }

    /// Returns true if a task ends on its own.
    pub(crate) fn has_work(&self) -> bool {
        !self.work.is_empty()
    }

    /// Waits until every verified message has arrived; a connection that is down cannot receive any.
    pub(crate) async fn settle(&self) {
        let open = |session: &Arc<Session>| !session.inbox.is_settled() && session.link(Link::is_up);
        while self.sessions.iter().any(open) {
            self.ctx.stop.progress().await;
        }
    }

    /// Queries the role of each server for the last time.
    pub(crate) async fn conclude(&self) {
        roles::conclude(&self.ctx, &self.sessions).await;
    }

    /// Aborts all tasks and settles the figures.
    pub(crate) async fn close(mut self) {
        let end = match self.ctx.stop.reason() {
            Some(StopReason::Left) => RefusalEnd::SlotsMoved,
            _ => RefusalEnd::RunEnded,
        };
        for session in &self.sessions {
            session.inbox.close(&self.ctx);
            session.report_missing();
            session.end_refusals(self.ctx.clock.now(), end);
        }
        self.work.shutdown().await;
        self.watch.shutdown().await;
    }
}

/// Creates the inbox of connection `number`; a run that verifies without naming a channel gets private ones.
fn inbox(ctx: &RunContext, number: u32) -> Inbox {
    let mut subscription = ctx.plan.subscription.clone().unwrap_or_default();
    if subscription.verify.is_some() && subscription.wanted() == 0 {
        subscription.private = subscription.private.max(1);
        let first = format!("redis-doctor:{}:{number}", ctx.run_id);
        let others = (1..subscription.private).map(|other| format!("{first}:{other}"));
        let names = std::iter::once(first.clone()).chain(others).map(Name::from).collect();
        *(if subscription.sharded { &mut subscription.shards } else { &mut subscription.channels }) = names;
    }
    Inbox::new(number, &ctx.run_id, subscription)
}
