//! A run of several targets: one run for each, at the same time, merged into one stream of events.
//!
//! Each target has its own sessions, evidence and path probes; the clock, and the pauses and memory of this process, are
//! shared. A target that cannot be reached at the start ends alone. A request to stop ends all of them.

use std::{cell::RefCell, collections::HashMap, sync::Arc, time::Duration};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;

use super::{RunIo, run::Run, started};
use crate::{
    clock::Stamp,
    event::{Control, Event, EventKind, EventSink, OwnPause, Reply, StopReason},
    plan::{Plan, Target},
    session::OwnProcess,
};

/// Time in which all targets are started, so that neither their connections nor their probes go out in one burst.
const STARTING: Duration = Duration::from_secs(1);

/// Longest time between the starts of two targets.
const STAGGER: Duration = Duration::from_millis(10);

/// Runs the plan for each target of its scope and returns why the last one ended.
pub(super) async fn run(plan: Plan, run_id: String, io: RunIo<'_>) -> StopReason {
    let RunIo { clock, sink, messages, mut control } = io;
    let sink = RefCell::new(sink);
    let emit = |kind| {
        let at = clock.now();
        let event = Event { at, time: clock.wall(at), target: None, connection: None, kind };
        sink.borrow_mut().on_event(&event);
    };
    emit(started(&plan, &run_id));
    let (process, scan) = (Arc::new(OwnProcess::new()), Arc::default());
    let (mut controls, mut running) = (Vec::new(), FuturesUnordered::new());
    let targets = plan.scope.as_ref().map_or(&[][..], |scope| &scope.targets);
    let stagger = STAGGER.min(STARTING / (targets.len() as u32).max(1));
    let addresses = counts_of_addresses(targets);
    let tags = hash_tags(&plan);
    for (number, (label, plan)) in (0..).zip(plan.of_each_target()) {
        let shares_address = addresses.get(&plan.target.address.to_string()).is_some_and(|count| *count > 1);
        let (sender, control) = mpsc::unbounded_channel();
        controls.push(sender);
        // Two targets may be the same server: their keys and channels must differ.
        let run_id = format!("{run_id}.{number}{}", tags.get(number as usize).map_or("", |tag| tag));
        let (messages, process, scan, sink) = (Arc::clone(&messages), Arc::clone(&process), Arc::clone(&scan), &sink);
        running.push(async move {
            let mut sink = SharedSink(sink);
            clock.sleep_until(clock.now().after(stagger * number)).await;
            let (mut run, faults) = Run::new(Some(label), clock, &mut sink, control);
            (run.shares_address, run.scan) = (shares_address, scan);
            run.run_target(plan, run_id, (messages, faults), Some(process)).await
        });
    }
    let stop = |reason| controls.iter().for_each(|control| _ = control.send(Control::Stop(reason)));
    let (mut asked, mut ended) = (None, None);
    let paused = |pause: OwnPause| emit(EventKind::OwnPause(pause));
    let mut watching = std::pin::pin!(process.watch(clock, paused));
    loop {
        tokio::select! {
            biased;
            Some(request) = control.recv() => match request {
                Control::Stop(reason) => {
                    asked = asked.or(Some(reason));
                    stop(reason);
                }
                Control::Interim => sink.borrow_mut().on_interim(clock.now()),
            },
            () = &mut watching => {}
            reason = running.next() => match reason {
                Some(StopReason::Critical) if asked.is_none() => {
                    asked = Some(StopReason::Critical);
                    stop(StopReason::Critical);
                }
                Some(reason) if ended.is_none_or(|ended| ended == StopReason::Unreachable) => ended = Some(reason),
                Some(_) => {}
                None => break,
            },
        }
    }
    let reason = asked.or(ended).unwrap_or(StopReason::Unreachable);
    emit(EventKind::RunFinished { reason });
    reason
}

/// Returns the hash tag of each target's keys, in its braces; nothing for a target without one.
fn hash_tags(plan: &Plan) -> Vec<String> {
    let tags = plan.scope.iter().flat_map(|scope| &scope.tags);
    tags.map(|tag| tag.as_ref().map(|tag| format!("{{{tag}}}")).unwrap_or_default()).collect()
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
