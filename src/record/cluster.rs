//! The cluster of a run with several targets: its nodes, the moves of its slots, and the time in which some were not served.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Failover,
    capped::{TEXT, shortened},
};
use crate::{
    clock::{Seconds, Stamp, WallTime},
    event::{ClusterEvent, Event, EventKind, NodeState, StopReason},
    foreign::Foreign,
    plan::{Scope, Target},
};

/// Slots of every cluster (CLUSTER_SLOTS in cluster.h).
const SLOTS: u16 = 16_384;

/// Nodes kept: the bus of a cluster carries a thousand.
const NODES: usize = 1000;

/// Moves of slots kept.
const MOVES: usize = 100;

/// The cluster of the last run that had one.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ClusterFigures {
    /// Nodes as last described, by address.
    pub nodes: Vec<NodeState>,
    /// Number of slots whose primary works, of 16384.
    pub slots_covered: u16,
    /// The smallest such number of the run.
    pub least_covered: u16,
    /// Time in which a slot had no working primary, in seconds.
    #[serde(with = "Seconds")]
    pub uncovered: Duration,
    /// Failovers in order.
    pub failovers: Vec<Failover>,
    /// Moves of slots from one primary to another: the first hundred.
    pub slot_moves: Vec<SlotMove>,
    /// Announced addresses that cannot be reached from here.
    pub unreachable: Vec<UnreachableNode>,
    /// Nodes that do not admit the user of the run.
    pub refusing: Vec<RefusingNode>,
    /// Error reply to a query that an ACL forbids: failovers were not followed; null if the cluster was observed.
    pub forbidden: Option<Foreign>,
    /// Primaries with slots that no target of the run is: they have joined since.
    pub unwatched: Vec<Foreign>,
}

/// A move of slots from one primary to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct SlotMove {
    /// Time of the move.
    pub time: WallTime,
    /// Address of the primary before.
    pub from: Foreign,
    /// Address of the primary that serves them now.
    pub to: Foreign,
    /// Number of slots.
    pub slots: u64,
}

/// An announced address that cannot be reached from here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct UnreachableNode {
    /// The announced address.
    pub node: Foreign,
    /// Address of the node that announces it.
    pub by: Foreign,
    /// Address under which the same node was reached; null if none is known.
    pub reached: Option<Foreign>,
}

/// A node that does not admit the user of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct RefusingNode {
    /// Address of the node.
    pub node: Foreign,
    /// Error reply of the node.
    pub why: Foreign,
}

/// The cluster of the current run, as events come in.
#[derive(Clone, Debug, Default)]
pub(super) struct Cluster {
    /// Empty until a node has described the cluster.
    nodes: BTreeMap<Foreign, NodeState>,
    covered: u16,
    least_covered: u16,
    uncovered: Duration,
    uncovered_since: Option<Stamp>,
    moves: Vec<SlotMove>,
    unreachable: Vec<UnreachableNode>,
    refusing: Vec<RefusingNode>,
    forbidden: Option<Foreign>,
    /// Address that the connections of each target go to.
    watched: BTreeMap<Foreign, Foreign>,
}

impl Cluster {
    /// Begins a run, whose targets are known.
    pub(super) fn begin_run(&mut self, scope: &Scope) {
        let address = |target: &Target| (Foreign::from(target.label()), short(&target.address.to_string().into()));
        self.watched = scope.targets.iter().map(address).collect();
    }

    pub(super) fn on_event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Cluster(observed) => self.observe(event, observed),
            EventKind::RunFinished { .. } if event.target.is_none() => self.cover(event.at, SLOTS),
            EventKind::RunFinished { reason: StopReason::Left } => {
                event.target.iter().for_each(|target| _ = self.watched.remove(target));
            }
            // Nothing else is about the cluster.
            _ => {}
        }
    }

    fn observe(&mut self, event: &Event, observed: &ClusterEvent) {
        match observed {
            ClusterEvent::Seen { nodes, covered, .. } => {
                self.nodes.clear();
                nodes.iter().for_each(|node| self.keep(node));
                self.least_covered = *covered;
                self.covered = *covered;
                self.uncovered_since = (*covered < SLOTS).then_some(event.at);
            }
            ClusterEvent::Node(node) => {
                self.keep(node);
                // Its death, not its address, was the reason.
                self.unreachable.retain(|known| !node.failed || known.node != node.node);
            }
            ClusterEvent::Gone { node } => _ = self.nodes.remove(&short(node)),
            // What it changes is in the events of its nodes; its steps are those of the targets.
            ClusterEvent::Failover { .. } => {}
            ClusterEvent::SlotsMoved { from, to, slots } => {
                if self.moves.len() < MOVES {
                    let (from, to, slots) = (short(from), short(to), u64::from(*slots));
                    self.moves.push(SlotMove { time: event.time, from, to, slots });
                }
            }
            ClusterEvent::Joined { node, server } => {
                self.watched.insert(server.label().into(), short(node));
            }
            ClusterEvent::Coverage { covered } => {
                self.cover(event.at, *covered);
                self.covered = *covered;
                self.least_covered = self.least_covered.min(*covered);
            }
            ClusterEvent::Followed { to, .. } => {
                if let Some(watched) = event.target.as_ref().and_then(|target| self.watched.get_mut(target)) {
                    *watched = short(to);
                }
            }
            ClusterEvent::Unreachable { node, by, reached } => {
                if self.unreachable.len() < NODES {
                    let (node, by, reached) = (short(node), short(by), reached.as_ref().map(short));
                    self.unreachable.push(UnreachableNode { node, by, reached });
                }
            }
            ClusterEvent::Unobserved { why } => self.forbidden = Some(short(why)),
            ClusterEvent::Refused { node, why } => {
                if self.refusing.len() < NODES {
                    self.refusing.push(RefusingNode { node: short(node), why: short(why) });
                }
            }
        }
    }

    fn keep(&mut self, node: &NodeState) {
        let address = short(&node.node);
        if self.nodes.len() < NODES || self.nodes.contains_key(&address) {
            let primary = node.primary.as_ref().map(short);
            self.nodes.insert(address.clone(), NodeState { node: address, primary, ..node.clone() });
        }
    }

    /// Counts the time without all slots until `at`, from which `covered` are served.
    fn cover(&mut self, at: Stamp, covered: u16) {
        if let Some(since) = self.uncovered_since.take() {
            self.uncovered += at.since(since);
        }
        self.uncovered_since = (covered < SLOTS).then_some(at);
    }

    /// Returns the figures with the failovers of the targets; `None` without a cluster.
    pub(super) fn figures<'a>(&self, failovers: impl Iterator<Item = &'a Failover>) -> Option<ClusterFigures> {
        let observed = !self.nodes.is_empty() || !self.unreachable.is_empty() || !self.refusing.is_empty();
        if !observed && self.forbidden.is_none() {
            return None;
        }
        let mut failovers: Vec<_> = failovers.filter(|failover| failover.epoch.is_some()).cloned().collect();
        failovers.sort_by_key(|failover| (failover.run, failover.at));
        let serves = |node: &&NodeState| node.primary.is_none() && !node.failed && node.slots > 0;
        let is_watched = |node: &&NodeState| self.watched.values().any(|watched| *watched == node.node);
        let reached = |node: &&NodeState| self.unreachable.iter().any(|known| known.node == node.node);
        let unwatched = self.nodes.values().filter(serves).filter(|node| !is_watched(node) && !reached(node));
        Some(ClusterFigures {
            nodes: self.nodes.values().cloned().collect(),
            slots_covered: self.covered,
            least_covered: self.least_covered,
            uncovered: self.uncovered,
            failovers,
            slot_moves: self.moves.clone(),
            unreachable: self.unreachable.clone(),
            refusing: self.refusing.clone(),
            forbidden: self.forbidden.clone(),
            unwatched: unwatched.map(|node| node.node.clone()).collect(),
        })
    }
}

fn short(text: &Foreign) -> Foreign {
    if text.chars().nth(TEXT).is_some() { shortened(text, TEXT).into() } else { text.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture::{at, finished, plan};

    fn node(name: &str, primary: Option<&str>, slots: u64, failed: bool) -> NodeState {
        NodeState { node: name.into(), primary: primary.map(Foreign::from), slots, epoch: 1, failed }
    }

    fn observed(seconds: f64, event: ClusterEvent) -> Event {
        at(seconds, EventKind::Cluster(Box::new(event)))
    }

    fn figures(events: &[Event]) -> ClusterFigures {
        let mut cluster = Cluster::default();
        let target = plan().target;
        let targets = ["a", "b"].map(|host| target.at(host, 1)).to_vec();
        cluster.begin_run(&Scope { targets, ..Scope::default() });
        let nodes =
            vec![node("a:1", None, 100, false), node("b:1", None, 16_284, false), node("c:1", Some("a:1"), 0, false)];
        cluster.on_event(&observed(0.0, ClusterEvent::Seen { by: "a:1".into(), nodes, covered: SLOTS }));
        events.iter().for_each(|event| cluster.on_event(event));
        cluster.figures(std::iter::empty()).unwrap()
    }

    #[test]
    fn the_time_without_all_slots_ends_with_a_new_primary_or_the_run() {
        let coverage = |seconds, covered| observed(seconds, ClusterEvent::Coverage { covered });
        let over = figures(&[coverage(2.0, 16_284), coverage(3.5, SLOTS), finished(9.0)]);
        assert_eq!(
            (over.uncovered, over.slots_covered, over.least_covered),
            (Duration::from_millis(1500), SLOTS, 16_284)
        );
        let lasting = figures(&[coverage(2.0, 16_284), coverage(4.0, 100), finished(9.0)]);
        assert_eq!((lasting.uncovered, lasting.slots_covered), (Duration::from_secs(7), 100));
        assert_eq!(figures(&[finished(9.0)]).uncovered, Duration::ZERO);
    }

    #[test]
    fn a_primary_that_no_connection_goes_to_is_not_examined() {
        let promoted = || observed(1.0, ClusterEvent::Node(node("c:1", None, 100, false)));
        let demoted = || observed(1.0, ClusterEvent::Node(node("a:1", Some("c:1"), 0, false)));
        let followed = ClusterEvent::Followed { from: Some("a:1".into()), to: "c:1".into() };
        let followed = Event { target: Some("a:1".into()), ..observed(1.1, followed) };
        assert!(figures(&[]).unwatched.is_empty());
        assert_eq!(figures(&[promoted(), demoted()]).unwatched, ["c:1"]);
        assert!(figures(&[promoted(), demoted(), followed]).unwatched.is_empty());
    }

    #[test]
    fn a_node_that_has_failed_is_not_one_with_an_unreachable_address() {
        let unreachable =
            || observed(1.0, ClusterEvent::Unreachable { node: "c:1".into(), by: "a:1".into(), reached: None });
        assert_eq!(figures(&[unreachable()]).unreachable.len(), 1);
        let failed = observed(2.0, ClusterEvent::Node(node("c:1", Some("a:1"), 0, true)));
        assert!(figures(&[unreachable(), failed]).unreachable.is_empty());
    }
}
