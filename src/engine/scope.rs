//! A run of several targets: one run for each, at the same time, merged into one stream of events.
//!
//! Each target has its own sessions, evidence and path probes; the clock, and the pauses and memory of this process, are
//! shared. A target that cannot be reached at the start ends alone. A request to stop ends all of them. In a
//! cluster, nodes become targets during the run, and leave.

use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{RunIo, run::Run, started};
use crate::{
    clock::{Clock, Stamp},
    cluster::{self, Follower, Joined, Membership},
    event::{Control, Event, EventKind, EventSink, MessageSink, OwnPause, Reply, StopReason},
    evidence::SocketScan,
    foreign::Foreign,
    plan::{Plan, Target},
    session::{OwnProcess, ViaCluster},
};

/// Time in which all targets are started, so that neither their connections nor their probes go out in one burst.
const STARTING: Duration = Duration::from_secs(1);

/// Longest time between the starts of two targets.
const STAGGER: Duration = Duration::from_millis(10);

/// The parts that the runs of all targets share.
struct Shared<'a> {
    clock: Clock,
    run_id: String,
    sink: RefCell<&'a mut dyn EventSink>,
    messages: Arc<dyn MessageSink>,
    process: Arc<OwnProcess>,
    scan: Arc<Mutex<SocketScan>>,
}

/// The run of one target that is to start.
struct Start {
    number: usize,
    plan: Plan,
    /// Hash tag of its keys.
    tag: Option<String>,
    shares_address: bool,
    follower: Option<Follower>,
    /// Time from now to its start.
    delay: Duration,
    control: UnboundedReceiver<Control>,
}

/// Runs the plan for each target of its scope and returns why the last one ended.
pub(super) async fn run(plan: Plan, run_id: String, io: RunIo<'_>) -> StopReason {
    let RunIo { clock, sink, messages, mut control } = io;
    let (process, scan, sink) = (Arc::new(OwnProcess::new()), Arc::default(), RefCell::new(sink));
    let shared = Shared { clock, run_id, sink, messages, process: Arc::clone(&process), scan };
    let emit = |kind| shared.emit(clock.now(), kind);
    emit(started(&plan, &shared.run_id));
    let (members, mut membership) = unbounded_channel();
    let cluster = watch_of(&plan, clock, members);
    let (mut controls, mut running) = (Vec::new(), FuturesUnordered::new());
    for start in starts(&plan, cluster.as_ref(), &mut controls) {
        running.push(shared.run(start));
    }
    let (mut asked, mut ended) = (None, None);
    let paused = |pause: OwnPause| emit(EventKind::OwnPause(pause));
    let mut watching = std::pin::pin!(process.watch(clock, paused));
    let mut observing = std::pin::pin!(observe(cluster, emit));
    let emit_at = |at, kind| shared.emit(at, kind);
    let client = ViaCluster::of(&plan, &shared.run_id, clock, Arc::clone(&process));
    let mut driving = Box::pin(drive(client.as_ref(), &emit_at));
    loop {
        tokio::select! {
            biased;
            Some(request) = control.recv() => match request {
                Control::Stop(reason) => {
                    asked = asked.or(Some(reason));
                    stop(&controls, reason);
                }
                Control::Interim => shared.sink.borrow_mut().on_interim(clock.now()),
            },
            () = &mut watching => {}
            () = &mut observing => {}
            () = &mut driving => {}
            Some(change) = membership.recv() => match change {
                Membership::Joined(joined) => {
                    running.push(shared.run(joins(&plan, *joined, clock, &mut controls)));
                    asked.iter().for_each(|reason| stop(&controls[controls.len() - 1..], *reason));
                }
                Membership::Left(number) => stop(&controls[number..=number], StopReason::Left),
            },
            reason = running.next() => match reason {
                Some(StopReason::Critical) if asked.is_none() => {
                    asked = Some(StopReason::Critical);
                    stop(&controls, StopReason::Critical);
                }
                Some(reason) if ended.is_none_or(is_alone) => ended = Some(reason),
                Some(_) => {}
                None => break,
            },
        }
    }
    drop(driving);
    client.iter().for_each(|client| client.conclude(&emit_at));
    let reason = asked.or(ended).unwrap_or(StopReason::Unreachable);
    emit(EventKind::RunFinished { reason });
    reason
}

/// Returns true for a reason that concerns one target.
fn is_alone(reason: StopReason) -> bool {
    matches!(reason, StopReason::Unreachable | StopReason::Left)
}

fn stop(controls: &[UnboundedSender<Control>], reason: StopReason) {
    // A run that has ended does not listen.
    controls.iter().for_each(|control| _ = control.send(Control::Stop(reason)));
}

/// Returns the runs of the targets of a scope, which start one after the other.
fn starts(plan: &Plan, cluster: Option<&cluster::Watch>, controls: &mut Vec<UnboundedSender<Control>>) -> Vec<Start> {
    let (targets, tags) = plan.scope.as_ref().map_or((&[][..], &[][..]), |scope| (&scope.targets, &scope.tags));
    let stagger = STAGGER.min(STARTING / (targets.len() as u32).max(1));
    let addresses = counts_of_addresses(targets);
    let start = |(number, (_, plan)): (usize, (Foreign, Plan))| {
        let (sender, control) = unbounded_channel();
        controls.push(sender);
        Start {
            number,
            shares_address: addresses.get(&plan.target.address.to_string()).is_some_and(|count| *count > 1),
            plan,
            tag: tags.get(number).cloned().flatten(),
            follower: cluster.and_then(|cluster| cluster.follower(number)),
            delay: stagger * number as u32,
            control,
        }
    };
    plan.of_each_target().enumerate().map(start).collect()
}

/// Returns the run of a node that has become a target, the next in the list.
fn joins(plan: &Plan, joined: Joined, clock: Clock, controls: &mut Vec<UnboundedSender<Control>>) -> Start {
    let Joined { target, tag, follower } = joined;
    let (number, (sender, control)) = (controls.len(), unbounded_channel());
    controls.push(sender);
    let mut plan = plan.of_target(number as u64, &target);
    // It ends with the others.
    plan.stop.duration = plan.stop.duration.map(|duration| duration.saturating_sub(clock.now().elapsed()));
    Start { number, plan, tag, shares_address: false, follower: Some(follower), delay: Duration::ZERO, control }
}

impl Shared<'_> {
    /// Emits an event that concerns all targets.
    fn emit(&self, at: Stamp, kind: EventKind) {
        let event = Event { at, time: self.clock.wall(at), target: None, connection: None, kind };
        self.sink.borrow_mut().on_event(&event);
    }

    async fn run(&self, start: Start) -> StopReason {
        let Start { number, plan, tag, shares_address, follower, delay, control } = start;
        let mut sink = SharedSink(&self.sink);
        self.clock.sleep_until(self.clock.now().after(delay)).await;
        let label = plan.target.label().into();
        let (mut run, faults) = Run::new(Some(label), self.clock, &mut sink, control);
        (run.shares_address, run.scan, run.follower) = (shares_address, Arc::clone(&self.scan), follower);
        // Two targets may be the same server: their keys and channels must differ.
        let tag = tag.map(|tag| format!("{{{tag}}}")).unwrap_or_default();
        let run_id = format!("{}.{number}{tag}", self.run_id);
        run.run_target(plan, run_id, (Arc::clone(&self.messages), faults), Some(Arc::clone(&self.process))).await
    }
}

/// Returns the watch of the cluster whose nodes are the targets, if they are.
fn watch_of(plan: &Plan, clock: Clock, members: UnboundedSender<Membership>) -> Option<cluster::Watch> {
    (plan.cluster.is_some() && !plan.is_single_ping()).then(|| cluster::Watch::new(plan, clock, members))
}

/// Watches the cluster until it is dropped; without one, waits.
async fn observe(cluster: Option<cluster::Watch>, emit: impl Fn(EventKind)) {
    if let Some(cluster) = cluster {
        cluster.run(|event| emit(EventKind::Cluster(Box::new(event)))).await;
    }
    std::future::pending().await
}

/// Drives the cluster client until it is dropped; without one, waits.
async fn drive(client: Option<&ViaCluster>, emit: &impl Fn(Stamp, EventKind)) {
    if let Some(client) = client {
        client.run(emit).await;
    }
    std::future::pending().await
}

/// Returns the number of targets with each address.
fn counts_of_addresses(targets: &[Target]) -> HashMap<String, u32> {
    let mut counts = HashMap::new();
    targets.iter().for_each(|target| *counts.entry(target.address.to_string()).or_default() += 1);
    counts
}

/// The sink of all targets. They run in one task, and none holds it while it waits.
struct SharedSink<'a, 'b>(&'a RefCell<&'b mut dyn EventSink>);

impl EventSink for SharedSink<'_, '_> {
    fn on_event(&mut self, event: &Event) {
        self.0.borrow_mut().on_event(event);
    }

    fn on_reply(&mut self, reply: &Reply) {
        self.0.borrow_mut().on_reply(reply);
    }

    fn on_interim(&mut self, at: Stamp) {
        self.0.borrow_mut().on_interim(at);
    }
}
