//! The cluster client of redis-rs, unmodified, beside the direct connections: the same workload on keys in the slots of each
//! target.
//!
//! It hides what it does: it follows redirections and connects again on its own. What a user of it meets is measured, for
//! the slots of each target: commands that fail, and the time without a good reply.

mod shard;
mod worker;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use redis::{
    ProtocolVersion, PushInfo, PushKind, RedisResult,
    cluster::{ClusterClient, ClusterClientBuilder},
    cluster_async::ClusterConnection,
};
use tokio::task::JoinSet;

use self::{shard::Shard, worker::Worker};
use super::{
    credentials::Provider,
    own_process::OwnProcess,
    samples::Samples,
    subject::{certificates, connection_info, tcp_settings},
    worker::Schedule,
};
use crate::{
    classify::{ErrorClass, Failure, Stage, client},
    clock::{Clock, Stamp, within},
    dial::Dialect,
    event::{ClientCounts, ClusterClientEvent, CommandFailed, EventKind},
    plan::{Password, Plan, ProbePlan, Target, Via},
    units::span,
};

/// Pause between two checks for an event that is due.
const TICK: Duration = Duration::from_millis(250);

/// Time between two handovers of the counts: a run of two weeks keeps all of them in its journal.
const HANDOVER: Duration = Duration::from_secs(10);

/// Pause between two attempts to connect to the cluster.
const RETRY: Duration = Duration::from_secs(1);

/// Servers that the client is given: an application names a few.
const SEEDS: usize = 16;

/// A cluster client with its workers.
pub(crate) struct ViaCluster {
    shared: Arc<Shared>,
}

struct Shared {
    plan: Plan,
    probes: ProbePlan,
    run_id: String,
    clock: Clock,
    process: Arc<OwnProcess>,
    targets: Vec<SlotsOf>,
    samples: Samples,
    /// Connections to nodes that were lost since the last handover.
    connections_lost: Arc<AtomicU64>,
    state: Mutex<State>,
}

/// The slots of one target.
struct SlotsOf {
    shard: Mutex<Shard>,
    /// Hash tags that give a key one of them.
    tags: Vec<String>,
}

struct State {
    /// The first failure of each kind since the last handover.
    failures: Vec<CommandFailed>,
    handed_over: Stamp,
}

impl ViaCluster {
    /// Creates the cluster client of a plan that wants one.
    pub(crate) fn of(plan: &Plan, run_id: &str, clock: Clock, process: Arc<OwnProcess>) -> Option<Self> {
        if plan.cluster.is_none_or(|cluster| cluster.via != Via::ClusterClient) {
            return None;
        }
        let (scope, probes) = (plan.scope.as_ref()?, plan.probes.clone()?);
        let now = clock.now();
        let slots = |(target, tags): (&Target, &Vec<String>)| SlotsOf {
            shard: Mutex::new(Shard::new(target.label().into(), now)),
            tags: tags.clone(),
        };
        let targets = scope.targets.iter().zip(&scope.shards).filter(|(_, tags)| !tags.is_empty());
        let targets = targets.map(slots).collect();
        let state = Mutex::new(State { failures: Vec::new(), handed_over: now });
        let (plan, run_id, samples) = (plan.clone(), run_id.to_owned(), Samples::default());
        let connections_lost = Arc::default();
        let shared = Shared { plan, probes, run_id, clock, process, targets, samples, connections_lost, state };
        Some(Self { shared: Arc::new(shared) })
    }

    /// Drives the client until it is dropped.
    pub(crate) async fn run(&self, emit: &impl Fn(Stamp, EventKind)) {
        let shared = &self.shared;
        let mut tasks = JoinSet::new();
        let mut connecting = std::pin::pin!(shared.connect(emit));
        let mut connected = false;
        loop {
            tokio::select! {
                connection = &mut connecting, if !connected => {
                    connected = true;
                    for number in 0..shared.targets.len() {
                        shared.start_workers(number, &connection, &mut tasks);
                    }
                }
                () = shared.clock.sleep_until(shared.clock.now().after(TICK)) => shared.report(emit),
            }
        }
    }

    /// Emits the last events and counts.
    pub(crate) fn conclude(&self, emit: &impl Fn(Stamp, EventKind)) {
        let shared = &self.shared;
        let now = shared.clock.now();
        shared.emit_of_shards(|shard| shard.conclude(now), emit);
        shared.hand_over(now, emit);
    }
}

impl Shared {
    /// Connects to the cluster, and tries again until that succeeds.
    async fn connect(&self, emit: &impl Fn(Stamp, EventKind)) -> ClusterConnection {
        let start = self.clock.now();
        let mut reported = false;
        loop {
            let launched = self.clock.now();
            let why = match self.attempt().await {
                Ok(connection) => {
                    let now = self.clock.now();
                    emit(now, of(ClusterClientEvent::Connected { after: now.since(start) }));
                    return connection;
                }
                Err(why) => why,
            };
            let now = self.clock.now();
            self.targets.iter().for_each(|slots| slots.lock().on_failure(launched, now, &why));
            if !std::mem::replace(&mut reported, true) {
                emit(now, of(ClusterClientEvent::NotConnected { why }));
            }
            self.clock.sleep_until(now.after(RETRY)).await;
        }
    }

    async fn attempt(&self) -> Result<ClusterConnection, Failure> {
        let failed = |error| client::failure(Stage::Connect, &error);
        let limit = self.plan.policy.connect_timeout + self.plan.policy.response_timeout;
        let client = self.client().map_err(failed)?;
        let connected = within(limit, client.get_async_connection()).await;
        connected.map(|connected| connected.map_err(failed)).unwrap_or_else(|| {
            let text = format!("no connection to the cluster within {}", span(limit));
            Err(Failure::doctor(ErrorClass::ConnectTimeout, Stage::Connect, text))
        })
    }

    /// Returns the library's client: its own retries, with the timeouts of the policy.
    fn client(&self) -> RedisResult<ClusterClient> {
        let policy = &self.plan.policy;
        let resp3 = self.plan.protocol.is_resp3() != Some(false);
        let dialect = Dialect { resp3, ..Dialect::RESP3 };
        let seeds = self.plan.scope.iter().flat_map(|scope| &scope.targets).take(SEEDS);
        let seeds: Vec<_> = seeds.map(|seed| connection_info(seed, policy, dialect)).collect::<RedisResult<_>>()?;
        let target = &self.plan.target;
        let mut builder = ClusterClientBuilder::new(seeds)
            .connection_timeout(policy.connect_timeout)
            .response_timeout(policy.response_timeout)
            .tcp_settings(tcp_settings(policy));
        if let Some(certificates) = certificates(target) {
            builder = builder.certs(certificates);
        }
        if let Some(password @ Password::Asked(_)) = target.password.clone() {
            builder = builder.set_credentials_provider(Provider { user: target.user.clone(), password });
        }
        if resp3 {
            let lost = Arc::clone(&self.connections_lost);
            builder = builder.use_protocol(ProtocolVersion::RESP3).push_sender(move |push: PushInfo| {
                if push.kind == PushKind::Disconnection {
                    lost.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<(), String>(())
            });
        }
        builder.build()
    }

    /// Starts the workers of one target: as many as its direct connections have, at the same pace.
    fn start_workers(self: &Arc<Self>, number: usize, connection: &ClusterConnection, tasks: &mut JoinSet<()>) {
        let start = self.clock.now();
        for connection_number in 0..self.plan.connections {
            let schedule = Arc::new(Schedule::new(&self.probes, start, self.plan.seed, connection_number));
            for worker in 0..self.probes.concurrency {
                let name = format!("{number}:{connection_number}:{worker}");
                let (shared, schedule) = (Arc::clone(self), Arc::clone(&schedule));
                tasks.spawn(Worker::new(shared, number, schedule, connection.clone(), name).run());
            }
        }
    }

    /// Emits what is due.
    fn report(&self, emit: &impl Fn(Stamp, EventKind)) {
        let now = self.clock.now();
        self.emit_of_shards(|shard| shard.due(now), emit);
        if now.since(self.lock().handed_over) >= HANDOVER {
            self.hand_over(now, emit);
        }
    }

    fn emit_of_shards(
        &self,
        events: impl Fn(&mut Shard) -> Vec<(Stamp, ClusterClientEvent)>,
        emit: &impl Fn(Stamp, EventKind),
    ) {
        for slots in &self.targets {
            let events = events(&mut slots.lock());
            events.into_iter().for_each(|(at, event)| emit(at, of(event)));
        }
    }

    fn hand_over(&self, now: Stamp, emit: &impl Fn(Stamp, EventKind)) {
        let (since, first) = {
            let mut state = self.lock();
            (std::mem::replace(&mut state.handed_over, now), std::mem::take(&mut state.failures))
        };
        let (interval, rest) = self.samples.take(now.since(since));
        let gaps = self.targets.iter().filter_map(|slots| slots.lock().take_longest());
        let counts = ClientCounts {
            interval,
            failures: first.into_iter().chain(rest).collect(),
            connections_lost: self.connections_lost.swap(0, Ordering::Relaxed),
            longest_gap: gaps.max_by_key(|gap| gap.length),
        };
        emit(now, of(ClusterClientEvent::Counted(Box::new(counts))));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SlotsOf {
    fn lock(&self) -> MutexGuard<'_, Shard> {
        self.shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of(event: ClusterClientEvent) -> EventKind {
    EventKind::ClusterClient(Box::new(event))
}
