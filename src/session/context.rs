//! The parts of a run that its sessions, workers and publisher share.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::sync::{Notify, Semaphore, watch};

use super::{
    heartbeat::Heartbeat, ledger::Ledger, notices::NoticeSender, observer::Observer, own_process::OwnProcess,
    samples::Samples, stop::StopControl,
};
use crate::{
    classify::Failure,
    clock::{Clock, Stamp, within},
    dial::{Dialect, PathWatch},
    event::EventKind,
    plan::{Address, Plan, Target},
};

/// Maximum number of connections that are identified at the same time after a loss. Each takes about 10 KB while it lasts,
/// and three queries of the server, which has just lost all of its clients.
const IDENTIFICATIONS: usize = 250;

/// The shared parts of one run.
pub(crate) struct RunContext {
    pub(crate) plan: Arc<Plan>,
    /// Distinguishes the messages and keys of this run from those of another.
    pub(crate) run_id: String,
    /// The dialect of the connection under test.
    pub(crate) dialect: Dialect,
    pub(crate) clock: Clock,
    pub(crate) path: Arc<PathWatch>,
    pub(crate) samples: Samples,
    pub(crate) notices: Arc<NoticeSender>,
    pub(crate) stop: StopControl,
    pub(crate) observer: Arc<dyn Observer>,
    /// Server of new connections: that of the plan, until another takes its place.
    target: watch::Sender<Target>,
    /// Part of the keys of the workload: the id of the run, and in a cluster a hash tag.
    keys: watch::Sender<Arc<str>>,
    pub(crate) ledger: Ledger,
    /// Signals that another server may have taken the target's place: a connection was lost, or a command redirected.
    pub(crate) doubts: Notify,
    pub(super) heartbeat: Heartbeat,
    pub(super) identifications: Arc<Semaphore>,
    /// This process; shared if the run has several targets.
    pub(super) process: Arc<OwnProcess>,
    /// False if its pauses are watched for all targets together.
    pub(super) watches_pauses: bool,
}

impl RunContext {
    /// Creates the context of a run that has not started.
    pub(crate) fn new(
        plan: Arc<Plan>,
        run_id: String,
        dialect: Dialect,
        path: Arc<PathWatch>,
        (notices, observer, shared): (Arc<NoticeSender>, Arc<dyn Observer>, Option<Arc<OwnProcess>>),
    ) -> Self {
        let may_send = plan.probes.is_some() || plan.policy.watchdog.is_some() || !dialect.resp3;
        Self {
            dialect,
            clock: notices.clock(),
            path,
            samples: Samples::of(plan.connections),
            stop: StopControl::new(plan.stop.count),
            notices,
            observer,
            ledger: Ledger::default(),
            doubts: Notify::new(),
            identifications: Arc::new(Semaphore::new(IDENTIFICATIONS)),
            target: watch::Sender::new(plan.target.clone()),
            keys: watch::Sender::new(run_id.as_str().into()),
            heartbeat: Heartbeat::new(may_send, dialect.nonce),
            watches_pauses: shared.is_none(),
            process: shared.unwrap_or_else(|| Arc::new(OwnProcess::new())),
            plan,
            run_id,
        }
    }

    /// Returns the part of the keys of the workload that is the same for all of them.
    pub(super) fn keys(&self) -> Arc<str> {
        Arc::clone(&self.keys.borrow())
    }

    /// Puts the keys of the workload into a slot that the server serves: that of a hash tag.
    pub(crate) fn retag(&self, tag: &str) {
        let id = self.run_id.split('{').next().unwrap_or_default();
        self.keys.send_replace(format!("{id}{{{tag}}}").into());
    }

    /// Sends all connections under test to another server.
    pub(crate) fn follow(&self, target: Target) {
        self.path.move_to(target.clone());
        self.observer.on_moved(&target);
        self.target.send_replace(target);
    }

    /// Returns the server that new connections go to.
    pub(crate) fn current_target(&self) -> Target {
        self.target.borrow().clone()
    }

    /// Returns the port of the server that new connections go to.
    pub(super) fn port(&self) -> Option<u16> {
        match self.target.borrow().address {
            Address::Tcp { port, .. } => Some(port),
            Address::Unix(_) => None,
        }
    }

    /// Returns a receiver of the server that new connections go to.
    pub(super) fn target(&self) -> watch::Receiver<Target> {
        self.target.subscribe()
    }

    /// Emits an event.
    pub(crate) fn emit(&self, at: Stamp, connection: Option<u32>, kind: EventKind) {
        self.notices.emit(at, connection, kind);
    }

    /// Waits for `work` for at most `limit`, and as long again if redis-doctor was paused in that time: the result may
    /// have arrived while nothing here could read it.
    pub(super) async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        let launched = self.clock.now();
        let mut work = pin!(work);
        let result = within(limit, work.as_mut()).await;
        if result.is_none() && self.process.pauses.overlap(launched, self.clock.now()) {
            return within(limit, work).await;
        }
        result
    }

    /// Counts a failed command. The first of its kind is reported immediately, the rest with the next interval.
    pub(super) fn fail(&self, connection: Option<u32>, failure: &Failure, at: Stamp, ambiguous: bool) {
        let first = self.samples.lock().failure(failure, at, ambiguous);
        if let Some(failed) = first {
            self.emit(at, connection, EventKind::CommandFailed(failed));
        }
    }

    /// Counts a message toward the plan's count, in a run that only subscribes.
    pub(super) fn count_message(&self) {
        if self.plan.probes.is_none() {
            let _ = self.stop.take_ticket();
        }
    }
}
