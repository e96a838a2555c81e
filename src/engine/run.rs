//! The run of one target, from the preflight to the final figures.

pub(super) mod application;
mod evidence;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{sync::mpsc, task::JoinSet};

use super::{
    ledger::{self, Reader},
    preflight,
    proxies::{self, Proxies},
};
use crate::{
    classify::Failure,
    clock::{Clock, Stamp, within},
    cluster::{self, Follower},
    dial::{Dialect, PathWatch, Route},
    event::{CommandFailed, Control, Event, EventKind, EventSink, MessageSink, StopReason},
    evidence::{Collector, SocketScan},
    foreign::Foreign,
    plan::{Plan, ProbeKind},
    proxy::Proxy,
    sentinel,
    session::{Notice, NoticeSender, OwnProcess, RunContext, Sessions},
    units::span,
};

/// Interval between two handovers of the counts: short enough that a run that is killed on a busy machine has lost a
/// second of them at most.
const INTERVAL: Duration = Duration::from_millis(900);

/// Time for the first connection before the engine looks for an obstacle.
const FIRST_CONNECTION: Duration = Duration::from_millis(100);

/// Timeout of one path probe during an outage.
const PATH_LIMIT: Duration = Duration::from_secs(1);

/// Time for the last messages to arrive after the end of publishing.
const SETTLE: Duration = Duration::from_secs(1);

/// A run in progress.
pub(super) struct Run<'a> {
    pub(super) clock: Clock,
    /// Label of the target, if there are several.
    target: Option<Foreign>,
    /// True if another target has the same address, and the two are not behind separate fault proxies.
    pub(super) shares_address: bool,
    /// The link to the watch of the cluster that the target is a node of.
    pub(super) follower: Option<Follower>,
    /// The scan of this process's sockets; shared with the other targets.
    pub(super) scan: Arc<Mutex<SocketScan>>,
    sink: &'a mut dyn EventSink,
    /// Gathers evidence, if the run wants it.
    collector: Option<Arc<Collector>>,
    control: mpsc::UnboundedReceiver<Control>,
    sender: mpsc::UnboundedSender<Notice>,
    notices: mpsc::UnboundedReceiver<Notice>,
    /// The fault proxy's events.
    faults: mpsc::UnboundedReceiver<Event>,
    interval_began: Stamp,
}

impl<'a> Run<'a> {
    /// Creates a run, and the sender of the events of its fault proxy.
    pub(super) fn new(
        target: Option<Foreign>,
        clock: Clock,
        sink: &'a mut dyn EventSink,
        control: mpsc::UnboundedReceiver<Control>,
    ) -> (Self, mpsc::UnboundedSender<Event>) {
        let (sender, notices) = mpsc::unbounded_channel();
        let (fault_events, faults) = mpsc::unbounded_channel();
        let interval_began = clock.now();
        let run = Self {
            clock,
            target,
            shares_address: false,
            follower: None,
            scan: Arc::default(),
            sink,
            collector: None,
            control,
            sender,
            notices,
            faults,
            interval_began,
        };
        (run, fault_events)
    }

    /// Runs the plan of one target to its end. This process is `shared` with other targets, if there are any.
    pub(super) async fn run_target(
        &mut self,
        mut plan: Plan,
        run_id: String,
        (messages, faults): (Arc<dyn MessageSink>, mpsc::UnboundedSender<Event>),
        shared: Option<Arc<OwnProcess>>,
    ) -> StopReason {
        let server = plan.target.clone();
        if let Some(why) = proxies::relayed(&plan) {
            self.note(why);
        }
        let Proxies { faults: proxy, direct, _relay } = match Proxies::start(&mut plan, self.clock, faults) {
            Ok(proxies) => proxies,
            Err(error) => return self.give_up(&format!("the fault proxy could not be started: {error}")),
        };
        let start_limit = preflight::start_limit(&plan);
        let limit = plan.policy.connect_timeout.min(preflight::LIMIT).min(preflight::limit(&plan));
        // To the server itself: behind the proxy, the reason for a refusal would be lost.
        let preflight = Route::new(server.clone(), plan.protocol, limit, self.clock).with_ping(plan.pings());
        // A single PING that is answered immediately proves that the server is reachable. A proxy that speaks RESP2 only may
        // need another PING, so over RESP2 the commands that it understands are found out first.
        let quick = plan.protocol.is_resp3() == Some(true) && plan.is_single_ping() && plan.faults.is_empty();
        let dialect = if quick {
            Dialect::RESP3
        } else {
            match self.survey_path(&preflight, &mut plan).await {
                Ok(dialect) => dialect,
                Err(reason) => return self.finish(reason),
            }
        };
        let plan = Arc::new(plan);
        let limit = PATH_LIMIT.min(limit);
        let path = match &proxy {
            Some(_) if !plan.faults.is_empty() => preflight.with_limit(limit).to(plan.target.clone()).speaking(dialect),
            // After a quick start nothing was found out, and a failure must still show what the peer speaks.
            _ if quick => preflight.with_limit(limit),
            _ => preflight.with_limit(limit).speaking(dialect),
        };
        let notices = NoticeSender::new(self.clock, self.target.clone(), self.sender.clone(), messages);
        let notices = Arc::new(notices);
        let reader = Reader { route: path.to(server.clone()), server: server.clone() };
        let (observer, gathering) = self.observe(&plan, path.to(server.clone()), proxy.is_some(), &notices);
        let path = Arc::new(PathWatch::new(path));
        let ctx = Arc::new(RunContext::new(plan, run_id, dialect, path, (notices, observer, shared)));
        // On the heap: it is large, and every future it moves through would reserve room for it again.
        let mut start =
            Box::pin(preflight::started_within(start_limit, self.clock, Sessions::start(Arc::clone(&ctx), direct)));
        let started = if quick { self.connect_quickly(&ctx, &preflight, &mut start).await } else { Ok(None) };
        let started = match started {
            Ok(Some(started)) => Some(started),
            Ok(None) => self.while_running(&ctx, start).await,
            Err(reason) => return self.finish(reason),
        };
        match started {
            Some(Ok(sessions)) => {
                if let Some(proxy) = &proxy {
                    proxy.handle().begin();
                }
                self.drive(&ctx, sessions, gathering, (proxy.as_ref(), reader)).await
            }
            Some(Err(not_started)) => {
                self.failed(&not_started.failure);
                self.give_up(&not_started.to_string())
            }
            None => {
                let reason = self.interrupted(&ctx);
                self.finish(reason)
            }
        }
    }

    /// Starts what runs beside the sessions: the watch of the Sentinels or of the cluster, and that of the numbered keys.
    fn start_beside(&mut self, ctx: &Arc<RunContext>, reader: &Reader, tasks: &mut JoinSet<()>) {
        if ctx.plan.probes.as_ref().is_some_and(|probes| probes.kind != ProbeKind::Ping) {
            let (name, time) = if ledger::is_kept(ctx) { ("ledger", "ten minutes") } else { ("kv", "a minute") };
            self.note(format!(
                "the {name} workload writes keys redis-doctor:{}:*, which expire after {time}",
                ctx.run_id
            ));
        }
        if ledger::is_kept(ctx) {
            tasks.spawn(reader.clone().watch(Arc::clone(ctx)));
        }
        if ctx.plan.sentinels.is_some() && !ctx.plan.is_single_ping() {
            tasks.spawn(sentinel::watch(Arc::clone(ctx)));
        }
        if let Some(follower) = self.follower.take() {
            tasks.spawn(cluster::follow(Arc::clone(ctx), reader.server.clone(), follower));
        }
    }

    /// Runs from the first probe to the final figures.
    async fn drive(
        &mut self,
        ctx: &Arc<RunContext>,
        mut sessions: Sessions,
        mut gathering: JoinSet<()>,
        (proxy, reader): (Option<&Proxy>, Reader),
    ) -> StopReason {
        self.start_beside(ctx, &reader, &mut gathering);
        if let Some(duration) = ctx.plan.stop.duration {
            let end = self.clock.now().after(duration);
            let waiting = async {
                tokio::select! {
                    () = ctx.clock.sleep_until(end) => ctx.stop.stop(StopReason::Duration),
                    () = ctx.stop.stopped() => {}
                }
            };
            self.pump(ctx, waiting).await;
        } else {
            self.pump(ctx, ctx.stop.stopped()).await;
        }
        let patience = ctx.plan.probes.as_ref().map_or(SETTLE, |probes| probes.timeout + SETTLE);
        if sessions.has_work() {
            // Every probe has its own deadline, so only a defect reaches this one.
            let _ = self.pump(ctx, within(patience, sessions.finished())).await;
        }
        let _ = self.pump(ctx, within(SETTLE, sessions.settle())).await;
        // A node without slots is no server of the workload any more, whatever it is now.
        if ctx.stop.reason() != Some(StopReason::Left) {
            self.pump(ctx, sessions.conclude()).await;
        }
        self.pump(ctx, reader.conclude(ctx)).await;
        if let Some(proxy) = proxy {
            proxy.handle().conclude();
        }
        sessions.close().await;
        self.drain();
        self.conclude_evidence(gathering).await;
        self.interval(ctx);
        self.finish(ctx.stop.reason().unwrap_or(StopReason::Signal))
    }

    /// Waits for `work` for the time that it takes without obstacles. If it fails or takes longer, checks the path for
    /// an obstacle; returns `None` if there is none and `work` must be waited for.
    ///
    /// # Errors
    /// Returns why the run must end.
    async fn connect_quickly<T, E>(
        &mut self,
        ctx: &RunContext,
        path: &Route,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<Option<Result<T, E>>, StopReason> {
        let done = match self.while_running(ctx, within(FIRST_CONNECTION, work)).await {
            Some(done) => done,
            None => return Err(self.interrupted(ctx)),
        };
        if !matches!(done, Some(Ok(_))) {
            let _ = self.check_path(path).await?;
        }
        Ok(done)
    }

    /// Waits for a request to stop, while there is nothing to report yet.
    pub(super) async fn stop_request(&mut self) -> StopReason {
        loop {
            match self.control.recv().await {
                Some(Control::Stop(reason)) => return reason,
                Some(Control::Interim) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Reports that the run was stopped before its first connection was up, without blaming the server.
    fn interrupted(&mut self, ctx: &RunContext) -> StopReason {
        let after = span(self.clock.now().elapsed());
        let text = format!("interrupted after {after}, before the first connection was up");
        self.drain();
        self.event(EventKind::Note { text: text.into() });
        ctx.stop.reason().unwrap_or(StopReason::Signal)
    }

    /// Waits for `work`, unless the run is stopped first.
    async fn while_running<T>(&mut self, ctx: &RunContext, work: impl Future<Output = T>) -> Option<T> {
        let either = async {
            tokio::select! {
                biased;
                done = work => Some(done),
                () = ctx.stop.stopped() => None,
            }
        };
        self.pump(ctx, either).await
    }

    /// Forwards everything until `work` is done.
    async fn pump<T>(&mut self, ctx: &RunContext, work: impl Future<Output = T>) -> T {
        let clock = self.clock;
        let mut work = std::pin::pin!(work);
        loop {
            let mut due = std::pin::pin!(clock.sleep_until(self.interval_began.after(INTERVAL)));
            // One timer for everything that arrives before it fires.
            loop {
                tokio::select! {
                    biased;
                    done = &mut work => return done,
                    Some(control) = self.control.recv() => self.control(ctx, control),
                    () = &mut due => break self.interval(ctx),
                    Some(event) = self.faults.recv() => self.fault(event),
                    Some(notice) = self.notices.recv() => self.forward(notice),
                }
            }
        }
    }

    fn control(&mut self, ctx: &RunContext, control: Control) {
        match control {
            Control::Stop(reason) => ctx.stop.stop(reason),
            Control::Interim => {
                self.interval(ctx);
                self.sink.on_interim(self.clock.now());
            }
        }
    }

    fn forward(&mut self, notice: Notice) {
        match notice {
            Notice::Event(event) => {
                self.sink.on_event(&event);
                if let Some(collector) = &mut self.collector {
                    collector.on_event(&event);
                }
            }
            Notice::Reply(reply) => self.sink.on_reply(&reply),
        }
    }

    fn fault(&mut self, event: Event) {
        self.sink.on_event(&Event { target: self.target.clone(), ..event });
    }

    fn drain(&mut self) {
        while let Ok(event) = self.faults.try_recv() {
            self.fault(event);
        }
        while let Ok(notice) = self.notices.try_recv() {
            self.forward(notice);
        }
    }

    /// Hands over the counts.
    fn interval(&mut self, ctx: &RunContext) {
        self.drain();
        let now = self.clock.now();
        let (interval, failures) = ctx.samples.take(now.since(self.interval_began));
        self.interval_began = now;
        for failed in failures {
            self.event(EventKind::CommandFailed(failed));
        }
        self.event(EventKind::Interval(Box::new(interval)));
    }

    /// Reports a failure outside of all sessions, as a row of the error table.
    pub(super) fn failed(&mut self, failure: &Failure) {
        let at = self.clock.now();
        let failed =
            CommandFailed { key: failure.key, text: failure.text.clone(), count: 1, ambiguous: 0, first: at, last: at };
        self.event(EventKind::CommandFailed(failed));
    }

    pub(super) fn note(&mut self, text: String) {
        self.event(EventKind::Note { text: text.into() });
    }

    pub(super) fn give_up(&mut self, why: &str) -> StopReason {
        self.drain();
        self.note(why.to_owned());
        self.finish(StopReason::Unreachable)
    }

    pub(super) fn finish(&mut self, reason: StopReason) -> StopReason {
        self.event(EventKind::RunFinished { reason });
        reason
    }

    /// Emits an event that belongs to no connection.
    pub(super) fn event(&mut self, kind: EventKind) {
        let at = self.clock.now();
        self.sink.on_event(&Event {
            at,
            time: self.clock.wall(at),
            target: self.target.clone(),
            connection: None,
            kind,
        });
    }
}
