//! The targets of a cluster that changes: a node that gets slots becomes a target, and one whose slots have all moved to
//! other nodes is one no longer.

use std::time::Duration;

use tokio::sync::watch;

use super::{Shard, Watch, has_tags, reached};
use crate::{
    cluster::Follower,
    event::ClusterEvent,
    foreign::Foreign,
    plan::Target,
    topology::{
        nodes::{ClusterNode, View},
        tag_in,
    },
};

/// Time for which a node must have slots before it becomes a target: after a failover, the connections of the old primary go
/// to it first.
const SETTLED: Duration = Duration::from_secs(1);

/// Shortest rest of a run in which a new target has something to show.
const WORTHWHILE: Duration = Duration::from_secs(2);

/// Most targets of a run.
const TARGETS: usize = 1000;

/// A change of the targets.
pub(crate) enum Membership {
    /// A node has become a target.
    Joined(Box<Joined>),
    /// A target, by its place in the list, has none of its slots any more.
    Left(usize),
}

/// A node that has become a target, the next in the list.
pub(crate) struct Joined {
    pub(crate) target: Target,
    /// Hash tag of its keys; `None` if the workload has none.
    pub(crate) tag: Option<String>,
    pub(crate) follower: Follower,
}

impl Watch {
    /// Makes targets of the nodes that have had slots for some time and are none. A fault proxy is in front of each target
    /// from the start.
    pub(super) fn join_members(&mut self, emit: &impl Fn(ClusterEvent)) {
        let (Some(map), true) = (&self.map, self.plan.faults.is_empty()) else { return };
        let now = self.clock.now();
        if self.plan.stop.duration.is_some_and(|duration| duration.saturating_sub(now.elapsed()) < WORTHWHILE) {
            return;
        }
        let of_targets = |node: &ClusterNode| !self.shards.iter().any(|shard| shard.goes_with(node));
        let new: Vec<_> = map.nodes.iter().filter(|node| self.is_examined(node) && of_targets(node)).cloned().collect();
        self.joining.retain(|id, _| new.iter().any(|node| node.id == *id));
        for node in new {
            let since = *self.joining.entry(node.id.clone()).or_insert(now);
            if now.since(since) >= SETTLED && self.shards.len() < TARGETS {
                self.joining.remove(&node.id);
                self.join(&node, emit);
            }
        }
    }

    /// Returns true for a node that would have been a target from the start.
    fn is_examined(&self, node: &ClusterNode) -> bool {
        let replicas = self.plan.cluster.is_some_and(|cluster| cluster.replicas);
        !node.failed && (node.primary.is_none() && !node.slots.is_empty() || replicas && node.primary.is_some())
    }

    fn join(&mut self, node: &ClusterNode, emit: &impl Fn(ClusterEvent)) {
        let mut target = reached(&self.elsewhere, &self.plan.target, &node.place.host, node.place.port);
        let place = node.place.shown.clone();
        let same = self.shards.iter().filter(|shard| !shard.left && shard.label == target.label()).count();
        if same > 0 {
            // The target of this label goes to another node by now.
            target.name = Some(format!("{} ({})", target.label(), self.shards.len() + 1));
        }
        let tag = if has_tags(&self.plan) { tag_in(&node.slots) } else { None };
        self.shards.push(Shard::new(Some(node.id.clone()), place.clone(), target.label(), tag.clone()));
        emit(ClusterEvent::Joined { node: place, server: Box::new(target.clone()) });
        if let Some(follower) = self.follower(self.shards.len() - 1) {
            // The run has ended.
            let _ = self.members.send(Membership::Joined(Box::new(Joined { target, tag, follower })));
        }
    }

    /// Ends the targets of a node whose last slots have moved to another one. Where the replicas are targets, too, each target
    /// is a node and stays one.
    pub(super) fn leave(&mut self, node: &Foreign, map: &View) {
        let has_slots = map.node(node).is_some_and(|node| !node.slots.is_empty());
        if has_slots || self.plan.cluster.is_some_and(|cluster| cluster.replicas) || !self.plan.faults.is_empty() {
            return;
        }
        for (number, shard) in self.shards.iter_mut().enumerate() {
            if !shard.left && shard.node.as_ref() == Some(node) {
                shard.left = true;
                // The run has ended.
                let _ = self.members.send(Membership::Left(number));
            }
        }
    }
}

impl Shard {
    pub(super) fn new(node: Option<Foreign>, place: Foreign, label: String, tag: Option<String>) -> Self {
        let (successor, retag) = (watch::Sender::new(None), watch::Sender::new(None));
        Self { node, place, label, successor, tag, retag, left: false }
    }

    /// Returns true if the connections of the target go to this node.
    fn goes_with(&self, node: &ClusterNode) -> bool {
        !self.left && (self.node.as_ref() == Some(&node.id) || self.node.is_none() && self.place == node.place.shown)
    }
}
