//! The watch of the Sentinels during a run: what each of them publishes and whom it names. The connections under test follow
//! the newest configuration.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::mpsc, task::JoinSet};

use super::{address, connect, is_primary, named, node};
use crate::{
    classify::{ErrorClass, Failure},
    clock::{Stamp, within},
    dial::RespStream,
    event::{EventKind, PROMOTED, SWITCHED, SentinelEvent},
    foreign::Foreign,
    plan::Target,
    session::RunContext,
    topology::{
        Place,
        sentinel::{self, CHANNELS, Primary, Published},
    },
};

/// Pause between two queries of a Sentinel, and between two attempts to connect to it.
const PERIOD: Duration = Duration::from_secs(1);

/// Queries of the primary for each query of its replicas.
const RARELY: u64 = 10;

/// Servers that are watched.
const NODES: usize = 16;

/// A report of the watch of one Sentinel.
enum Report {
    Named(Primary),
    Replicas(Vec<Place>),
    Published(Published),
    Failed(Failure),
}

/// Watches the Sentinels of the run until it is aborted.
pub(crate) async fn watch(ctx: Arc<RunContext>) {
    let Some(sentinels) = ctx.plan.sentinels.clone() else { return };
    let (sender, mut reports) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    for sentinel in &sentinels.sentinels {
        tasks.spawn(watch_one(Arc::clone(&ctx), sentinels.primary.clone(), sentinel.clone(), sender.clone()));
    }
    let mut set = Set {
        primary: address(&ctx.plan.target).unwrap_or_default(),
        epoch: sentinels.epoch.unwrap_or_default(),
        views: HashMap::new(),
        nodes: HashSet::new(),
        tasks,
        ctx,
    };
    set.emit(set.ctx.clock.now(), SentinelEvent::Followed { from: None, to: set.primary.clone() });
    set.watch_node(set.primary.clone(), set.ctx.plan.target.clone());
    while let Some((sentinel, at, report)) = reports.recv().await {
        set.on_report(sentinel, at, report).await;
    }
}

type Reports = mpsc::UnboundedSender<(Foreign, Stamp, Report)>;

/// Watches one Sentinel until it is aborted.
async fn watch_one(ctx: Arc<RunContext>, name: String, sentinel: Target, reports: Reports) {
    let shown = address(&sentinel).unwrap_or_default();
    let report = |report| _ = reports.send((shown.clone(), ctx.clock.now(), report));
    loop {
        if let Err(failure) = hold(&ctx, &name, &sentinel, &report).await {
            report(Report::Failed(failure));
        }
        ctx.clock.sleep_until(ctx.clock.now().after(PERIOD)).await;
    }
}

/// Subscribes to a Sentinel and queries it, until a connection ends.
async fn hold(ctx: &RunContext, name: &str, sentinel: &Target, report: &impl Fn(Report)) -> Result<(), Failure> {
    let server = &ctx.plan.target;
    let (_, mut queries) = connect(sentinel, server, ctx.clock).await?;
    let (_, mut events) = connect(sentinel, server, ctx.clock).await?;
    let subscribe: Vec<_> = ["SUBSCRIBE"].into_iter().chain(CHANNELS).collect();
    // The reply is the first confirmation; the others are read as pushes.
    events.command(&subscribe).await?;
    for number in 0_u64.. {
        report(Report::Named(named(&mut queries, name).await?));
        if number.is_multiple_of(RARELY)
            && let Ok(reply) = queries.command(&["SENTINEL", "REPLICAS", name]).await
        {
            report(Report::Replicas(sentinel::places(&reply)));
        }
        within(PERIOD, until_switched(&mut events, name, report)).await.unwrap_or(Ok(()))?;
    }
    Ok(())
}

/// Reports what the Sentinel publishes until it has promoted a replica or replaced the primary.
async fn until_switched(events: &mut RespStream, name: &str, report: &impl Fn(Report)) -> Result<(), Failure> {
    loop {
        match events.pushed().await {
            Ok(push) => {
                let Some(published) = sentinel::published(&push, name) else { continue };
                let switched = [SWITCHED, PROMOTED].contains(&published.name);
                report(Report::Published(published));
                if switched {
                    return Ok(());
                }
            }
            // Nothing was published.
            Err(failure) if failure.key.class == ErrorClass::ResponseTimeout => {}
            Err(failure) => return Err(failure),
        }
    }
}

/// The set as far as it is known.
struct Set {
    ctx: Arc<RunContext>,
    /// Address of the primary that the connections under test go to.
    primary: Foreign,
    /// Configuration epoch in which it was named.
    epoch: u64,
    /// The latest reply of each Sentinel; `None` if it could not be queried.
    views: HashMap<Foreign, Option<Primary>>,
    nodes: HashSet<Foreign>,
    tasks: JoinSet<()>,
}

impl Set {
    async fn on_report(&mut self, sentinel: Foreign, at: Stamp, report: Report) {
        match report {
            Report::Failed(failure) => {
                if !matches!(self.views.insert(sentinel.clone(), None), Some(None)) {
                    self.emit(at, SentinelEvent::Lost { sentinel, why: failure.text });
                }
            }
            Report::Published(Published { name, node, to }) => {
                self.emit(at, SentinelEvent::Published { sentinel, name: name.into(), node, to });
            }
            Report::Replicas(replicas) => {
                for place in replicas {
                    let target = self.ctx.plan.target.at(&place.host, place.port);
                    self.watch_node(place.shown, target);
                }
            }
            Report::Named(primary) => {
                let known = self.views.get(&sentinel).and_then(Option::as_ref);
                let is = |known: &Primary| (&known.place, known.epoch) == (&primary.place, primary.epoch);
                if !known.is_some_and(is) {
                    let (shown, epoch) = (primary.place.shown.clone(), primary.epoch);
                    self.emit(at, SentinelEvent::Named { sentinel: sentinel.clone(), primary: shown, epoch });
                    self.views.insert(sentinel, Some(primary.clone()));
                }
                self.follow(&primary).await;
            }
        }
    }

    /// Sends the connections under test to a primary of a newer configuration, once it is one.
    async fn follow(&mut self, primary: &Primary) {
        let place = &primary.place;
        if place.shown == self.primary {
            self.epoch = self.epoch.max(primary.epoch);
            return;
        }
        // A Sentinel that was cut off names the old primary until it has caught up.
        if primary.epoch <= self.epoch {
            return;
        }
        let target = self.ctx.plan.target.at(&place.host, place.port);
        if !is_primary(&target, self.ctx.plan.protocol, self.ctx.clock).await {
            return;
        }
        let from = Some(std::mem::replace(&mut self.primary, place.shown.clone()));
        self.epoch = primary.epoch;
        self.emit(self.ctx.clock.now(), SentinelEvent::Followed { from, to: place.shown.clone() });
        self.watch_node(place.shown.clone(), target.clone());
        self.ctx.follow(target);
    }

    fn watch_node(&mut self, node: Foreign, target: Target) {
        let may_query = self.ctx.plan.evidence;
        if may_query && self.nodes.len() < NODES && self.nodes.insert(node.clone()) {
            self.tasks.spawn(node::watch(Arc::clone(&self.ctx), node, target));
        }
    }

    fn emit(&self, at: Stamp, event: SentinelEvent) {
        self.ctx.emit(at, None, EventKind::Sentinel(Box::new(event)));
    }
}
