//! All sessions of a run, with their workers, monitors and the publisher.

use std::{fmt, sync::Arc};

use tokio::task::JoinSet;

use super::{
    connection::Session,
    context::RunContext,
    inbox::Inbox,
    link::Link,
    monitor::Monitor,
    publisher::{self, Publisher},
    resp2, watchdog,
    worker::{Schedule, Worker},
};
use crate::{
    classify::Failure,
    event::EventKind,
    plan::{Name, Plan, Target},
};

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

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number.filter(|_| self.of > 1) {
            Some(number) => write!(f, "connection {number} of {} could not be set up: {}", self.of, self.failure),
            None => write!(f, "the connection under test could not be set up: {}", self.failure),
        }
    }
}

/// All sessions of a run and the tasks that serve them.
pub(crate) struct Sessions {
    ctx: Arc<RunContext>,
    sessions: Vec<Arc<Session>>,
    /// Tasks that end by themselves when the run stops.
    work: JoinSet<()>,
    /// Tasks that watch until they are ended.
    watch: JoinSet<()>,
}

impl Sessions {
    /// Establishes every session of the plan and starts its tasks.
    ///
    /// # Errors
    /// Why the first session that could not be established could not.
    pub(crate) async fn start(ctx: Arc<RunContext>, server: Target) -> Result<Self, NotStarted> {
        let mut sessions =
            Self { ctx: Arc::clone(&ctx), sessions: Vec::new(), work: JoinSet::new(), watch: JoinSet::new() };
        // Faults are not for the publisher: it must send everything that could have been received.
        let direct = Plan { target: server, ..(*ctx.plan).clone() };
        let publisher = Arc::new(Publisher::new(&direct)?);
        let path = Arc::clone(&ctx);
        sessions.watch.spawn(async move {
            let changed = |at, probed| path.emit(at, None, EventKind::PathProbed(probed));
            path.path.run(changed).await;
        });
        for number in 0..ctx.plan.connections {
            let started = Monitor::start(Arc::clone(&ctx), number, inbox(&ctx, number)).await;
            let (session, monitor) = match started {
                Ok(started) => started,
                // While those that are up still hold what this one did not get: a place at the server, a descriptor.
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
        sessions.start_workers();
        Ok(sessions)
    }

    fn serve(&mut self, session: &Arc<Session>, monitor: Monitor) {
        self.watch.spawn(monitor.run());
        self.watch.spawn(watchdog::ask_while_down(Arc::clone(session)));
        if !self.ctx.resp3 && session.inbox.subscription().wanted() > 0 {
            self.watch.spawn(resp2::run(Arc::clone(session)));
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
        let open = |session: &Arc<Session>| !session.inbox.is_settled() && session.link(Link::is_up);
        while self.sessions.iter().any(open) {
            self.ctx.stop.progress().await;
        }
    }

    /// Ends all tasks and closes the books.
    pub(crate) async fn close(mut self) {
        for session in &self.sessions {
            session.inbox.close(&self.ctx);
        }
        self.work.shutdown().await;
        self.watch.shutdown().await;
    }
}

/// The receiving side of connection `number`; a run that verifies without naming a channel gets private ones.
fn inbox(ctx: &RunContext, number: u32) -> Inbox {
    let mut subscription = ctx.plan.subscription.clone().unwrap_or_default();
    if subscription.verify.is_some() && subscription.wanted() == 0 {
        subscription.private = subscription.private.max(1);
        let first = format!("redis-doctor:{}:{number}", ctx.run_id);
        let others = (1..subscription.private).map(|other| format!("{first}:{other}"));
        subscription.channels = std::iter::once(first.clone()).chain(others).map(Name::from).collect();
    }
    Inbox::new(number, &ctx.run_id, subscription)
}
