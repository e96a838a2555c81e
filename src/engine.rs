//! Runs a plan: one event stream from all probes to one sink, from the preflight to the closed books.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    classify::Failure,
    clock::{Clock, Stamp},
    dial::{PathWatch, Route},
    event::{CommandFailed, Event, EventKind, EventSink, MessageSink, RunStarted, SCHEMA_VERSION, StopReason},
    evidence::Collector,
    fault::{FaultSchedule, Random},
    plan::{Address, Plan, ProbeKind, Target},
    proxy::{self, Proxy},
    session::{Notice, NoticeSender, Observer, RunContext, Sessions, Unobserved},
    units::span,
};

/// How often the sums are handed over.
const INTERVAL: Duration = Duration::from_secs(1);

/// The preflight's own limit, however patient the policy is.
const PREFLIGHT_LIMIT: Duration = Duration::from_secs(5);

/// What a connection takes that nothing is in the way of.
const AT_ONCE: Duration = Duration::from_millis(100);

/// An attempt of the path probe during an outage.
const PATH_LIMIT: Duration = Duration::from_secs(1);

/// How long the last messages may take to arrive after the last one was published.
const SETTLE: Duration = Duration::from_secs(1);

/// Attempts of the reconnect schedule that are shown.
const SCHEDULE_SHOWN: usize = 12;

/// What the user asks of a run under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// End it and report.
    Stop(StopReason),
    /// Show interim figures and go on.
    Interim,
}

/// A run's surroundings.
pub struct Surroundings<'a> {
    /// The run's clock.
    pub clock: Clock,
    /// Receives every event, in order.
    pub sink: &'a mut dyn EventSink,
    /// Receives the messages of `subscribe`.
    pub messages: Arc<dyn MessageSink>,
    /// The user's wishes.
    pub control: mpsc::UnboundedReceiver<Control>,
}

/// Runs a plan to its end and tells why it ended.
pub async fn run(mut plan: Plan, surroundings: Surroundings<'_>) -> StopReason {
    let (notices, inlet) = mpsc::unbounded_channel();
    let Surroundings { clock, sink, messages, control } = surroundings;
    let (fault_events, faults) = mpsc::unbounded_channel();
    let mut run = Run { clock, sink, collector: None, control, inlet, faults, interval_began: clock.now() };
    let run_id = run_id(plan.seed);
    run.event(started(&plan, &run_id));
    let server = plan.target.clone();
    let proxy = match put_between(&mut plan.target, &plan.faults, plan.seed, clock, fault_events) {
        Ok(proxy) => proxy,
        Err(error) => return run.give_up(&format!("the fault proxy could not be started: {error}")),
    };
    let plan = Arc::new(plan);
    let limit = plan.policy.connect_timeout.min(PREFLIGHT_LIMIT);
    // To the server itself: the proxy could only say that it has no connection, not why.
    let preflight = Route::new(server.clone(), plan.protocol, limit, clock).with_ping(plan.pings());
    // A single PING that is answered at once says itself that the server can be reached.
    let known = plan.protocol.is_resp3().filter(|_| plan.is_single_ping() && plan.faults.is_empty());
    let resp3 = match known {
        Some(resp3) => resp3,
        None => match run.look(&preflight).await {
            Ok(resp3) => resp3,
            Err(reason) => return run.finish(reason),
        },
    };
    let limit = PATH_LIMIT.min(limit);
    let path = match &proxy {
        Some(_) => Route::new(plan.target.clone(), plan.protocol, limit, clock).with_ping(plan.pings()),
        None => preflight.with_limit(limit),
    };
    let notices = Arc::new(NoticeSender::new(clock, notices, messages));
    // Evidence comes from the server itself: faults are not for these queries, and must not trigger on them.
    let collect = || {
        let (plan, notices) = (Arc::clone(&plan), Arc::clone(&notices));
        Arc::new(Collector::new(plan, path.to(server.clone()), proxy.is_some(), notices, clock))
    };
    run.collector = plan.evidence.then(collect);
    let observer: Arc<dyn Observer> = match &run.collector {
        Some(collector) => Arc::clone(collector) as _,
        None => Arc::new(Unobserved),
    };
    let mut gathering = JoinSet::new();
    run.collector.iter().for_each(|collector| collector.start(&mut gathering));
    let path = Arc::new(PathWatch::new(path));
    let ctx = Arc::new(RunContext::new(plan, run_id, resp3, path, (notices, observer)));
    // On the heap: it is large, and every future that it is handed on to would have room for it twice.
    let mut start = Box::pin(Sessions::start(Arc::clone(&ctx), server));
    let started = match known {
        Some(_) => run.at_once(&ctx, &preflight, &mut start).await,
        None => Ok(None),
    };
    let started = match started {
        Ok(Some(started)) => Some(started),
        Ok(None) => run.while_running(&ctx, start).await,
        Err(reason) => return run.finish(reason),
    };
    match started {
        Some(Ok(sessions)) => {
            if let Some(proxy) = &proxy {
                proxy.handle().begin();
            }
            run.drive(&ctx, sessions, gathering).await
        }
        Some(Err(not_started)) => {
            run.failed(&not_started.failure);
            run.give_up(&not_started.to_string())
        }
        None => {
            let reason = run.interrupted(&ctx);
            run.finish(reason)
        }
    }
}

/// A run under way.
struct Run<'a> {
    clock: Clock,
    sink: &'a mut dyn EventSink,
    /// Gathers evidence, in a run that wants it.
    collector: Option<Arc<Collector>>,
    control: mpsc::UnboundedReceiver<Control>,
    inlet: mpsc::UnboundedReceiver<Notice>,
    /// What the fault proxy does.
    faults: mpsc::UnboundedReceiver<Event>,
    interval_began: Stamp,
}

impl Run<'_> {
    /// From the first probe to the closed books.
    async fn drive(&mut self, ctx: &Arc<RunContext>, mut sessions: Sessions, mut gathering: JoinSet<()>) -> StopReason {
        if ctx.plan.probes.as_ref().is_some_and(|probes| probes.kind != ProbeKind::Ping) {
            let text =
                format!("the kv workload writes keys redis-doctor:{}:*, which expire after a minute", ctx.run_id);
            self.event(EventKind::Note { text });
        }
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
            // Every probe has its own deadline, so this one is never reached by a sound worker.
            let _ = self.pump(ctx, tokio::time::timeout(patience, sessions.finished())).await;
        }
        let _ = self.pump(ctx, tokio::time::timeout(SETTLE, sessions.settle())).await;
        sessions.close().await;
        self.drain();
        gathering.shutdown().await;
        if let Some(collector) = self.collector.take() {
            collector.conclude().await;
            self.drain();
        }
        self.interval(ctx);
        self.finish(ctx.stop.reason().unwrap_or(StopReason::Signal))
    }

    /// Looks whether the server can be reached, on a connection of its own, and whether it speaks RESP3.
    ///
    /// # Errors
    /// Why the run is to end: it cannot be reached, or the user does not want to go on.
    async fn look(&mut self, path: &Route) -> Result<bool, StopReason> {
        let mut stopped = None;
        let stop = async { stopped = Some(self.told_to_stop().await) };
        // What it has seen until then is all that is known.
        let attempt = path.attempt_unless(stop).await;
        let failed = attempt.probed.failure.is_some();
        self.event(EventKind::PathProbed(attempt.probed));
        match stopped {
            Some(reason) => Err(reason),
            None if failed => Err(StopReason::Unreachable),
            None => Ok(attempt.resp == 3),
        }
    }

    /// Waits for `work` as long as it takes where nothing is wrong. When it fails or takes longer, looks for what is in
    /// the way; `None` if nothing is, and it is to be waited for.
    ///
    /// # Errors
    /// Why the run is to end.
    async fn at_once<T, E>(
        &mut self,
        ctx: &RunContext,
        path: &Route,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<Option<Result<T, E>>, StopReason> {
        let done = match self.while_running(ctx, tokio::time::timeout(AT_ONCE, work)).await {
            Some(done) => done.ok(),
            None => return Err(self.interrupted(ctx)),
        };
        if !matches!(done, Some(Ok(_))) {
            self.look(path).await?;
        }
        Ok(done)
    }

    /// Waits until the run is to end, before there is anything to report.
    async fn told_to_stop(&mut self) -> StopReason {
        loop {
            match self.control.recv().await {
                Some(Control::Stop(reason)) => return reason,
                Some(Control::Interim) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Tells that the run is ended before its first connection was there, without a word from the server against it.
    fn interrupted(&mut self, ctx: &RunContext) -> StopReason {
        let after = span(self.clock.now().elapsed());
        let text = format!("interrupted after {after}, while the first connection was still being made");
        self.drain();
        self.event(EventKind::Note { text });
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

    /// Passes everything on until `work` is done.
    async fn pump<T>(&mut self, ctx: &RunContext, work: impl Future<Output = T>) -> T {
        let clock = self.clock;
        let mut work = std::pin::pin!(work);
        loop {
            let mut due = std::pin::pin!(clock.sleep_until(self.interval_began.after(INTERVAL)));
            // One timer for all that comes before it is due.
            loop {
                tokio::select! {
                    biased;
                    done = &mut work => return done,
                    Some(control) = self.control.recv() => self.obey(ctx, control),
                    () = &mut due => break self.interval(ctx),
                    Some(event) = self.faults.recv() => self.sink.on_event(&event),
                    Some(notice) = self.inlet.recv() => self.pass_on(notice),
                }
            }
        }
    }

    fn obey(&mut self, ctx: &RunContext, control: Control) {
        match control {
            Control::Stop(reason) => ctx.stop.stop(reason),
            Control::Interim => {
                self.interval(ctx);
                self.sink.on_interim(self.clock.now());
            }
        }
    }

    fn pass_on(&mut self, notice: Notice) {
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

    fn drain(&mut self) {
        while let Ok(event) = self.faults.try_recv() {
            self.sink.on_event(&event);
        }
        while let Ok(notice) = self.inlet.try_recv() {
            self.pass_on(notice);
        }
    }

    /// Hands over the sums.
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

    /// A failure outside of all sessions: a row of the error table like any other.
    fn failed(&mut self, failure: &Failure) {
        let at = self.clock.now();
        let failed =
            CommandFailed { key: failure.key, text: failure.to_string(), count: 1, ambiguous: 0, first: at, last: at };
        self.event(EventKind::CommandFailed(failed));
    }

    fn give_up(&mut self, why: &str) -> StopReason {
        self.drain();
        self.event(EventKind::Note { text: why.to_owned() });
        self.finish(StopReason::Unreachable)
    }

    fn finish(&mut self, reason: StopReason) -> StopReason {
        self.event(EventKind::RunFinished { reason });
        reason
    }

    /// Tells of something that concerns no connection of its own.
    fn event(&mut self, kind: EventKind) {
        let at = self.clock.now();
        self.sink.on_event(&Event { at, time: self.clock.wall(at), connection: None, kind });
    }
}

/// With faults in the plan, starts the proxy that brings them about and makes it the plan's target.
pub(crate) fn put_between(
    target: &mut Target,
    faults: &[FaultSchedule],
    seed: u64,
    clock: Clock,
    events: mpsc::UnboundedSender<Event>,
) -> std::io::Result<Option<Proxy>> {
    if faults.is_empty() {
        return Ok(None);
    }
    let config = proxy::Config {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        upstream: target.address.clone(),
        schedules: faults.to_vec(),
        seed,
        clock,
        commands_on_wire: false,
        report_flows: false,
    };
    let proxy = Proxy::start(config, events)?;
    let addr = proxy.handle().addr();
    // Plain text, also to a server that speaks TLS: the proxy does.
    target.address = Address::Tcp { host: addr.ip().to_string(), port: addr.port(), tls: false };
    Ok(Some(proxy))
}

fn started(plan: &Plan, run_id: &str) -> EventKind {
    EventKind::RunStarted(Box::new(RunStarted {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        client_version: CLIENT_VERSION.to_owned(),
        run_id: run_id.to_owned(),
        plan: plan.clone(),
        schedule: plan.policy.schedule(SCHEDULE_SHOWN),
    }))
}

/// The redis crate in use, whose behaviour is what is being tested. A test compares it with Cargo.lock.
const CLIENT_VERSION: &str = "1.8.1";

/// Eight hexadecimal digits from the seed.
fn run_id(seed: u64) -> String {
    format!("{:08x}", Random::from_seed(seed).bits() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_version_is_the_one_in_use() {
        let lock = include_str!("../Cargo.lock");
        assert!(lock.contains(&format!("name = \"redis\"\nversion = \"{CLIENT_VERSION}\"")));
    }

    #[test]
    fn runs_with_neighbouring_seeds_have_unlike_names() {
        assert_ne!(run_id(1), run_id(2));
        assert_eq!(run_id(7).len(), 8);
    }
}
