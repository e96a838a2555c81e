//! The watch of a cluster during a run: what its nodes say of each other, and which node serves the slots of each target.

mod members;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::{AbortHandle, JoinSet},
};

pub(crate) use self::members::{Joined, Membership};
use super::{
    address,
    follow::Follower,
    has_tags,
    node::{Node, Report, Search},
    reached,
};
use crate::{
    classify::{ErrorClass, Failure},
    clock::{Clock, Stamp},
    dial::is_forbidden,
    event::{ClusterEvent, NodeState},
    foreign::Foreign,
    plan::{Elsewhere, Plan, Target},
    topology::{
        Place,
        nodes::{Change, ClusterNode, Successors, View},
        serves_tag, tag_in,
    },
};

/// Nodes that are queried: primaries first.
const QUERIED: usize = 16;

/// Time in which a new primary is searched for after the last sign of a change: the default `cluster-node-timeout` and an
/// election.
const SEARCH: Duration = Duration::from_secs(20);

/// Time in which a node that redirects a command or closes its clients has made its change known.
const URGENT: Duration = Duration::from_secs(2);

/// Pause between two urgent searches that find nothing: a workload may be redirected for the whole run.
const CALM: Duration = Duration::from_secs(10);

/// Smallest extension of a search.
const EXTENSION: Duration = Duration::from_secs(1);

/// Failed attempts in a row after which an address cannot be reached.
const ATTEMPTS: u32 = 2;

/// The watch of a cluster.
pub(crate) struct Watch {
    plan: Plan,
    clock: Clock,
    elsewhere: Vec<Elsewhere>,
    shards: Vec<Shard>,
    reports: mpsc::UnboundedReceiver<Report>,
    sender: mpsc::UnboundedSender<Report>,
    doubts: (watch::Sender<Stamp>, watch::Receiver<Stamp>),
    search: watch::Sender<Search>,
    /// Time before which no urgent search begins.
    calm: Stamp,
    /// The latest description by each queried node; absent while it does not answer.
    views: BTreeMap<Foreign, View>,
    map: Option<View>,
    successors: Successors,
    covered: u16,
    /// An ACL forbids the queries.
    forbidden: bool,
    queried: BTreeMap<Foreign, Queried>,
    /// Nodes that may become targets, and since when they have slots.
    joining: BTreeMap<Foreign, Stamp>,
    members: mpsc::UnboundedSender<Membership>,
    tasks: JoinSet<()>,
}

/// The target that goes with the slots of a node.
struct Shard {
    /// Id of the node that serves the slots; `None` until it is known.
    node: Option<Foreign>,
    /// Address of the target.
    place: Foreign,
    label: String,
    successor: watch::Sender<Option<Target>>,
    /// Hash tag of its keys; `None` if the workload has none.
    tag: Option<String>,
    retag: watch::Sender<Option<String>>,
    /// Its slots have moved to other nodes, and its run has ended.
    left: bool,
}

/// A node that is queried.
struct Queried {
    task: AbortHandle,
    /// It has answered.
    answered: bool,
    /// Failed attempts in a row.
    failed: u32,
    reported: bool,
}

impl Watch {
    /// Creates the watch of the cluster of a plan; `members` receives the changes of its targets.
    pub(crate) fn new(plan: &Plan, clock: Clock, members: mpsc::UnboundedSender<Membership>) -> Self {
        let scope = plan.scope.as_ref();
        let targets = scope.map_or(&[][..], |scope| &scope.targets);
        let elsewhere = scope.map(|scope| scope.elsewhere.clone()).unwrap_or_default();
        let tags = scope.map_or(&[][..], |scope| &scope.tags);
        let shard = |(number, target): (usize, &Target)| {
            let known = elsewhere.iter().find(|node| node.target.address == target.address);
            let place = known.map_or_else(|| address(target), |node| node.announced.clone());
            Shard::new(None, place, target.label(), tags.get(number).cloned().flatten())
        };
        let shards = targets.iter().enumerate().map(shard).collect();
        let (sender, reports) = mpsc::unbounded_channel();
        let mut watch = Self {
            plan: Plan { scope: None, ..plan.clone() },
            clock,
            shards,
            elsewhere,
            reports,
            sender,
            doubts: watch::channel(Stamp::START),
            search: watch::Sender::new(Search::default()),
            calm: Stamp::START,
            views: BTreeMap::new(),
            map: None,
            successors: Successors::new(),
            covered: 0,
            forbidden: false,
            queried: BTreeMap::new(),
            joining: BTreeMap::new(),
            members,
            tasks: JoinSet::new(),
        };
        for (number, target) in targets.iter().enumerate() {
            watch.query(watch.shards[number].place.clone(), target.clone());
        }
        watch
    }

    /// Returns the link to the run of a target, by its place in the list.
    pub(crate) fn follower(&self, number: usize) -> Option<Follower> {
        let Shard { successor, retag, .. } = self.shards.get(number)?;
        Some(Follower { successor: successor.subscribe(), tag: retag.subscribe(), doubts: self.doubts.0.clone() })
    }

    /// Watches the cluster until it is dropped.
    pub(crate) async fn run(mut self, emit: impl Fn(ClusterEvent)) {
        for Elsewhere { announced, target } in &self.elsewhere {
            let (node, reached) = (announced.clone(), Some(address(target)));
            emit(ClusterEvent::Unreachable { node, by: address(target), reached });
        }
        loop {
            tokio::select! {
                // Both senders are here.
                Some((node, report)) = self.reports.recv() => match report {
                    Ok(view) => self.on_view(node, view, &emit),
                    Err(failure) => self.on_failure(node, &failure, &emit),
                },
                Ok(()) = self.doubts.1.changed() => {
                    let at = *self.doubts.1.borrow_and_update();
                    if at >= self.calm {
                        self.calm = at.after(CALM);
                        self.search_for(at.after(URGENT), at.after(SEARCH));
                    }
                    self.search_for(Stamp::START, at.after(SEARCH));
                }
            }
        }
    }

    fn search_for(&self, urgent: Stamp, until: Stamp) {
        self.search.send_if_modified(|search| {
            // Each change is a query of every node, and a workload may be redirected a thousand times a second.
            let extended = urgent > search.urgent || until.since(search.until) >= EXTENSION;
            if extended {
                (search.urgent, search.until) = (search.urgent.max(urgent), search.until.max(until));
            }
            extended
        });
    }

    fn on_failure(&mut self, node: Foreign, failure: &Failure, emit: &impl Fn(ClusterEvent)) {
        self.views.remove(&node);
        let map = self.map.as_ref();
        // The others know it well.
        let works = map.is_none_or(|map| map.nodes.iter().any(|known| known.place.shown == node && !known.failed));
        let Some(queried) = self.queried.get_mut(&node) else { return };
        queried.failed += 1;
        if queried.reported || queried.answered {
            return;
        }
        if is_forbidden(failure) {
            queried.reported = true;
            let known = std::mem::replace(&mut self.forbidden, true);
            if !known {
                emit(ClusterEvent::Unobserved { why: failure.text.clone() });
            }
        } else if matches!(failure.key.class, ErrorClass::NoAuth | ErrorClass::WrongPass) {
            queried.reported = true;
            emit(ClusterEvent::Refused { node, why: failure.text.clone() });
        } else if let Some(by) = self.views.keys().next()
            && works
            && queried.failed >= ATTEMPTS
            && !failure.key.class.is_server_reply()
        {
            queried.reported = true;
            emit(ClusterEvent::Unreachable { node, by: by.clone(), reached: None });
        }
    }

    fn on_view(&mut self, by: Foreign, view: View, emit: &impl Fn(ClusterEvent)) {
        if let Some(queried) = self.queried.get_mut(&by) {
            (queried.answered, queried.failed) = (true, 0);
        }
        // The address may have been given to a node of another cluster.
        if self.map.as_ref().is_some_and(|map| !map.shares_a_node(&view)) {
            self.views.remove(&by);
            return;
        }
        self.views.insert(by.clone(), view);
        let Some((map, covered)) = self.agreed() else { return };
        let Some(old) = self.map.take() else {
            let nodes = map.nodes.iter().map(|node| state(node, &map)).collect();
            emit(ClusterEvent::Seen { by, nodes, covered });
            self.place_shards(&map);
            self.follow_early(&map, emit);
            (self.map, self.covered) = (Some(map), covered);
            return self.query_members();
        };
        let map = map.without_half_promotions(&old);
        if map != old {
            self.report_changes(&old, &map, emit);
        }
        if covered != self.covered {
            emit(ClusterEvent::Coverage { covered });
        }
        if covered < self.covered {
            // The election of a new primary has begun.
            let until = self.clock.now().after(SEARCH);
            self.search_for(until, until);
        }
        (self.map, self.covered) = (Some(map), covered);
        self.retag();
        self.query_members();
        self.join_members(emit);
    }

    /// Gives the targets whose hash tag is in a slot of another node by now a new one.
    fn retag(&mut self) {
        let Some(map) = &self.map else { return };
        for shard in &mut self.shards {
            let node = shard.node.as_ref().and_then(|id| map.node(id));
            let (Some(node), Some(tag)) = (node, &shard.tag) else { continue };
            if !serves_tag(&node.slots, tag)
                && let Some(tag) = tag_in(&node.slots)
            {
                shard.retag.send_replace(Some(tag.clone()));
                shard.tag = Some(tag);
            }
        }
    }

    /// Returns the newest description, in which a node has failed if one of the others reports it, and the number of slots that
    /// are served by all of them.
    fn agreed(&self) -> Option<(View, u16)> {
        let known = self.map.as_ref().map_or(0, View::epoch);
        let newest = self.views.values().map(View::epoch).max()?.max(known);
        let mut current = self.views.values().filter(|view| view.epoch() == newest);
        // Of several failovers, a node can have heard of the latest first. Otherwise the order of the nodes decides, so
        // that two that disagree do not take turns.
        let mut map = current.clone().rev().max_by_key(|view| view.epochs())?.clone();
        let failed: BTreeSet<_> =
            current.clone().flat_map(|view| &view.nodes).filter(|node| node.failed).map(|node| &node.id).collect();
        map.nodes.iter_mut().for_each(|node| node.failed = failed.contains(&node.id));
        let covered = current.by_ref().map(View::covered).min()?;
        Some((map, covered))
    }

    fn report_changes(&mut self, old: &View, map: &View, emit: &impl Fn(ClusterEvent)) {
        for change in map.changes_since(old, &mut self.successors) {
            match change {
                Change::Failover { from, to } => self.follow(from, to, emit),
                Change::SlotsMoved { from, to, slots } => {
                    let (before, now) = (from.place.shown.clone(), to.place.shown.clone());
                    emit(ClusterEvent::SlotsMoved { from: before, to: now, slots });
                    self.leave(&from.id, map);
                }
            }
        }
        for node in &map.nodes {
            let known = old.node(&node.id);
            let is = |known: &ClusterNode| {
                (&known.primary, known.failed, known.count()) == (&node.primary, node.failed, node.count())
            };
            let moved = known.filter(|known| known.place != node.place);
            if !known.is_some_and(is) || moved.is_some() {
                emit(ClusterEvent::Node(state(node, map)));
            }
            if let Some(known) = moved {
                self.replace(known, node);
            }
        }
        let stays = |place: &Place| map.nodes.iter().any(|node| node.place.shown == place.shown);
        for node in old.nodes.iter().filter(|node| !stays(&node.place)) {
            emit(ClusterEvent::Gone { node: node.place.shown.clone() });
            if let Some(queried) = self.queried.remove(&node.place.shown) {
                queried.task.abort();
                self.views.remove(&node.place.shown);
            }
        }
    }

    /// Finds the node of each target.
    fn place_shards(&mut self, map: &View) {
        for shard in &mut self.shards {
            let node = map.nodes.iter().find(|node| node.place.shown == shard.place);
            shard.node = node.map(|node| node.id.clone());
        }
    }

    /// Follows the failovers since the nodes were found: a target that was a primary then is a replica in the first
    /// description.
    fn follow_early(&mut self, map: &View, emit: &impl Fn(ClusterEvent)) {
        if self.plan.cluster.is_none_or(|cluster| cluster.replicas) {
            return;
        }
        let places: Vec<_> = self.shards.iter().filter_map(|shard| shard.node.clone()).collect();
        for from in places.iter().filter_map(|id| map.node(id)) {
            if let Some(to) = from.primary.as_ref().and_then(|id| map.node(id)) {
                self.follow(from, to, emit);
            }
        }
    }

    /// Reports a failover and follows it.
    fn follow(&mut self, from: &ClusterNode, to: &ClusterNode, emit: &impl Fn(ClusterEvent)) {
        let (before, now, epoch) = (from.place.shown.clone(), to.place.shown.clone(), to.epoch);
        emit(ClusterEvent::Failover { from: before, to: now, epoch });
        self.replace(from, to);
        self.calm = Stamp::START;
    }

    /// Sends the connections of a target to the node that has taken its place.
    fn replace(&mut self, from: &ClusterNode, to: &ClusterNode) {
        if !self.plan.follows() {
            return;
        }
        let target = reached(&self.elsewhere, &self.plan.target, &to.place.host, to.place.port);
        for shard in self.shards.iter_mut().filter(|shard| shard.node.as_ref() == Some(&from.id)) {
            shard.node = Some(to.id.clone());
            shard.successor.send_replace(Some(target.clone()));
        }
    }

    /// Starts to query the members that are not queried yet.
    fn query_members(&mut self) {
        let Some(map) = &self.map else { return };
        let mut members: Vec<_> = map.nodes.iter().map(|node| (node.primary.is_some(), node.place.clone())).collect();
        members.sort_by_key(|(is_replica, _)| *is_replica);
        for (_, place) in members {
            let target = reached(&self.elsewhere, &self.plan.target, &place.host, place.port);
            self.query(place.shown, target);
        }
    }

    fn query(&mut self, shown: Foreign, target: Target) {
        if self.queried.len() >= QUERIED || self.queried.contains_key(&shown) {
            return;
        }
        let (reports, search) = (self.sender.clone(), self.search.subscribe());
        let node = Node { shown: shown.clone(), target, reports, search, clock: self.clock };
        let task = self.tasks.spawn(node.watch(self.plan.clone()));
        self.queried.insert(shown, Queried { task, answered: false, failed: 0, reported: false });
    }
}

/// Returns the state of a node, to be reported.
fn state(node: &ClusterNode, map: &View) -> NodeState {
    let primary = node.primary.as_ref();
    NodeState {
        node: node.place.shown.clone(),
        primary: primary.map(|id| map.node(id).map_or_else(|| id.clone(), |primary| primary.place.shown.clone())),
        slots: node.count(),
        epoch: node.epoch,
        failed: node.failed,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::{
        dial::Value,
        plan::{Address, Cluster, Scope},
        record::fixture,
    };

    fn target(port: u16) -> Target {
        Target::new(Address::Tcp { host: "127.0.0.1".into(), port, tls: false }, "--uri")
    }

    /// Returns the events of these descriptions, and the address of the first target's new primary.
    fn watched(views: &[&str]) -> (Vec<ClusterEvent>, Option<Address>) {
        let scope = Scope { targets: vec![target(1)], ..Scope::default() };
        let plan = Plan { scope: Some(scope), cluster: Some(Cluster::default()), ..fixture::plan() };
        let (members, _joining) = mpsc::unbounded_channel();
        let mut watch = Watch::new(&plan, Clock::start(), members);
        let events = RefCell::new(Vec::new());
        for view in views {
            let view = View::read(&Value::BulkString(view.as_bytes().to_vec()), &[], "127.0.0.1");
            watch.on_view("127.0.0.1:2".into(), view, &|event| events.borrow_mut().push(event));
        }
        let successor = watch.shards[0].successor.borrow().clone().map(|target| target.address);
        (events.into_inner(), successor)
    }

    const BEFORE: &str = "a 127.0.0.1:1@11 master - 0 1 1 connected 0-16383\nb 127.0.0.1:2@12 slave a 0 1 1 connected";
    const HALF: &str = "a 127.0.0.1:1@11 master - 0 1 1 connected 0-16383\nb 127.0.0.1:2@12 master - 0 1 2 connected";
    const AFTER: &str = "a 127.0.0.1:1@11 slave b 0 1 2 connected\nb 127.0.0.1:2@12 master - 0 1 2 connected 0-16383";

    #[tokio::test]
    async fn a_failover_is_followed_whenever_its_parts_are_reported() {
        let failover = ClusterEvent::Failover { from: "127.0.0.1:1".into(), to: "127.0.0.1:2".into(), epoch: 2 };
        for views in [&[BEFORE, AFTER][..], &[BEFORE, HALF, AFTER], &[BEFORE, HALF, HALF, AFTER], &[AFTER]] {
            let (events, successor) = watched(views);
            assert_eq!(events.iter().filter(|event| **event == failover).count(), 1, "{views:?}: {events:?}");
            assert_eq!(successor, Some(target(2).address), "{views:?}");
            let moved = events.iter().any(|event| matches!(event, ClusterEvent::SlotsMoved { .. }));
            assert!(!moved, "{views:?}: {events:?}");
        }
        assert_eq!(watched(&[BEFORE, BEFORE]).1, None);
    }
}
