//! A cluster as one of its nodes describes it in CLUSTER NODES, and the changes between two descriptions. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{Place, SLOTS, SlotRange, shown_place, united};
use crate::{
    dial::{
        Value,
        reply::{Part, text},
    },
    foreign::Foreign,
};

/// A node as another one describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClusterNode {
    /// Id of the node, which is not its `run_id`.
    pub(crate) id: Foreign,
    /// Address that the cluster announces for it.
    pub(crate) place: Place,
    /// Id of the primary that a replica follows; `None` for a primary.
    pub(crate) primary: Option<Foreign>,
    /// The cluster has agreed that it is down.
    pub(crate) failed: bool,
    /// Configuration epoch: each failover raises it.
    pub(crate) epoch: u64,
    /// Slots that it serves as a primary.
    pub(crate) slots: Vec<(u16, u16)>,
}

/// A cluster as one of its nodes describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) nodes: Vec<ClusterNode>,
}

/// The ids of primaries whose place another node has taken, with the id of that node. The two can change places again before a
/// view describes the first as a replica.
pub(crate) type Successors = BTreeMap<Foreign, Foreign>;

/// A change of the slots' owners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    /// A replica took the place of its primary.
    Failover { from: &'a ClusterNode, to: &'a ClusterNode },
    /// A primary got slots of another one.
    SlotsMoved { from: &'a ClusterNode, to: &'a ClusterNode, slots: u16 },
}

impl View {
    /// Reads the reply to CLUSTER NODES. A client uses the addresses in the `ranges` of CLUSTER SLOTS, which may be names;
    /// a node without an address has the host that the client is connected to.
    pub(crate) fn read(reply: &Value, ranges: &[SlotRange], connected_to: &str) -> Self {
        let Some(lines) = text(reply) else { return Self::default() };
        let mut nodes: Vec<_> = lines.part().lines().filter_map(|line| ClusterNode::read(line, connected_to)).collect();
        for node in ranges.iter().flat_map(|range| &range.nodes) {
            let id = node.id.as_ref().map(|id| id.part().shown());
            if let Some(known) = nodes.iter_mut().find(|known| Some(&known.id) == id.as_ref()) {
                known.place = Place { host: node.host.clone(), port: node.port, shown: node.address.clone() };
            }
        }
        Self { nodes }
    }

    /// Returns the highest configuration epoch: a view with a lower one is out of date.
    pub(crate) fn epoch(&self) -> u64 {
        self.nodes.iter().map(|node| node.epoch).max().unwrap_or_default()
    }

    /// Returns the sum of the configuration epochs of the primaries that have slots. Of two views with the same highest
    /// epoch, the one with the lower sum does not know of all failovers.
    pub(crate) fn epochs(&self) -> u64 {
        let serving = self.nodes.iter().filter(|node| node.primary.is_none() && !node.slots.is_empty());
        serving.map(|node| node.epoch).sum()
    }

    pub(crate) fn node(&self, id: &Foreign) -> Option<&ClusterNode> {
        self.nodes.iter().find(|node| node.id == *id)
    }

    /// Returns the number of slots whose primary has not failed.
    pub(crate) fn covered(&self) -> u16 {
        let serving = self.nodes.iter().filter(|node| node.primary.is_none() && !node.failed);
        united(serving.flat_map(|node| &node.slots).copied().collect())
    }

    /// Returns the place of each slot's primary in the list of nodes.
    fn owners(&self) -> Vec<Option<usize>> {
        let mut owners = vec![None; usize::from(SLOTS)];
        for (number, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.primary.is_none()) {
            for (first, last) in &node.slots {
                owners[usize::from(*first)..=usize::from(*last)].fill(Some(number));
            }
        }
        owners
    }

    /// Returns the changes since an older view, and adds those who have taken a place to the successors.
    pub(crate) fn changes_since<'a>(&'a self, old: &'a Self, successors: &mut Successors) -> Vec<Change<'a>> {
        let mut moved = BTreeMap::<_, u16>::new();
        for pair in old.owners().into_iter().zip(self.owners()) {
            if let (Some(from), Some(to)) = pair
                && old.nodes[from].id != self.nodes[to].id
            {
                *moved.entry((from, to)).or_default() += 1;
            }
        }
        let change = |((from, to), slots): ((usize, usize), u16)| {
            let (from, to) = (&old.nodes[from], &self.nodes[to]);
            let was_replica = old.node(&to.id).is_some_and(|before| before.primary.is_some())
                || successors.get(&to.id) == Some(&from.id);
            let has_none = self.node(&from.id).is_none_or(|now| now.primary.is_some() || now.slots.is_empty());
            if was_replica && has_none { Change::Failover { from, to } } else { Change::SlotsMoved { from, to, slots } }
        };
        let changes: Vec<_> = moved.into_iter().map(change).collect();
        // A replica, or a node that has got slots, has no place to take back.
        let is_between = |node: &ClusterNode| node.primary.is_none() && node.slots.is_empty();
        successors.retain(|id, _| self.node(id).is_some_and(is_between));
        successors.extend(changes.iter().filter_map(|change| match change {
            Change::Failover { from, to } => Some((from.id.clone(), to.id.clone())),
            Change::SlotsMoved { .. } => None,
        }));
        changes
    }

    /// Leaves the replicas that have won an election and have no slots yet as they were in an earlier view: a node can report
    /// the new epoch before the slots, and what it reports then is neither a failover nor a move of slots.
    pub(crate) fn without_half_promotions(mut self, old: &Self) -> Self {
        for node in &mut self.nodes {
            let promoted = |known: &&ClusterNode| {
                known.primary.is_some() && node.primary.is_none() && node.slots.is_empty() && node.epoch > known.epoch
            };
            if let Some(known) = old.node(&node.id).filter(promoted) {
                *node = ClusterNode { place: node.place.clone(), failed: node.failed, ..known.clone() };
            }
        }
        self
    }

    /// Returns true if a view is of the same cluster: an address can be given to a node of another one.
    pub(crate) fn shares_a_node(&self, other: &Self) -> bool {
        let known: BTreeSet<_> = self.nodes.iter().map(|node| &node.id).collect();
        other.nodes.iter().any(|node| known.contains(&node.id))
    }
}

impl ClusterNode {
    /// Reads `id host:port@bus[,name] flags primary ping pong epoch link slots…`.
    fn read(line: Part<'_>, connected_to: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let [id, address, flags, primary, _, _, epoch, _] = std::array::from_fn(|_| words.next());
        let has = |wanted: &str| flags.is_some_and(|flags| flags.split(',').any(|flag| flag.is(wanted)));
        // It is not known yet, or not any more.
        if has("handshake") || has("noaddr") {
            return None;
        }
        let (host, port) = address?.split('@').next()?.around_last(':')?;
        let port = port.parse()?;
        let place = match host.is_empty() {
            true => Place { host: connected_to.to_owned(), port, shown: shown_place(connected_to, port) },
            false => {
                let host = host.host()?;
                Place { shown: shown_place(&host, port), host, port }
            }
        };
        let is_primary = has("master");
        Some(Self {
            id: id?.shown(),
            place,
            primary: primary.filter(|_| !is_primary).map(Part::shown),
            failed: has("fail"),
            epoch: epoch?.parse()?,
            slots: if is_primary { words.filter_map(slots).collect() } else { Vec::new() },
        })
    }

    /// Returns the number of slots that it serves as a primary.
    pub(crate) fn count(&self) -> u64 {
        self.slots.iter().map(|(first, last)| u64::from(last - first) + 1).sum()
    }
}

/// Reads `7` or `0-5460`; `None` for a slot in migration, such as `[93->-id]`, whose owner is not affected.
fn slots(word: Part<'_>) -> Option<(u16, u16)> {
    let mut bounds = word.split('-').map(|bound| bound.parse::<u16>().filter(|slot| *slot < SLOTS));
    let first = bounds.next()??;
    let last = bounds.next().unwrap_or(Some(first))?;
    (first <= last && bounds.next().is_none()).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fuzz::{self, Fuzz},
        topology::ranges,
    };

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn view(lines: &[&str]) -> View {
        View::read(&bulk(&lines.join("\n")), &[], "seed.example")
    }

    const BEFORE: [&str; 4] = [
        "a :7000@17000 myself,master - 0 0 1 connected 0-99 [93->-b]",
        "b 10.0.0.2:7000@17000,b.example master - 0 1 2 connected 100-16382 16383",
        "c 10.0.0.3:7000@17000 slave a 0 1 1 connected",
        "d fd00::7:7001@17001 slave b 0 1 2 connected",
    ];

    fn shown(changes: &[Change<'_>]) -> Vec<String> {
        let show = |change: &Change<'_>| match change {
            Change::Failover { from, to } => format!("{} failed over to {}", from.id, to.id),
            Change::SlotsMoved { from, to, slots } => format!("{slots} from {} to {}", from.id, to.id),
        };
        changes.iter().map(show).collect()
    }

    #[test]
    fn a_node_has_its_address_role_epoch_and_slots() {
        let view = view(&BEFORE);
        let places: Vec<_> = view.nodes.iter().map(|node| &*node.place.shown).collect();
        assert_eq!(places, ["seed.example:7000", "10.0.0.2:7000", "10.0.0.3:7000", "[fd00::7]:7001"]);
        let counts: Vec<_> = view.nodes.iter().map(|node| (node.count(), node.epoch)).collect();
        assert_eq!(counts, [(100, 1), (16_284, 2), (0, 1), (0, 2)]);
        assert_eq!(view.nodes[3].primary, Some("b".into()));
        assert_eq!((view.covered(), view.epoch()), (SLOTS, 2));
        let range = |host| {
            let node = Value::Array(vec![bulk(host), Value::Int(7100), bulk("b"), Value::Array(Vec::new())]);
            ranges(&Value::Array(vec![Value::Array(vec![Value::Int(0), Value::Int(1), node])]), "seed.example")
        };
        let named = View::read(&bulk(&BEFORE.join("\n")), &range("b.example"), "seed.example");
        assert_eq!(named.nodes[1].place.shown, "b.example:7100", "a client uses the address of CLUSTER SLOTS");
    }

    #[test]
    fn a_failover_is_not_a_move_of_slots() {
        let before = view(&BEFORE);
        let [_, b, c, d] = BEFORE;
        let killed =
            view(&["a :7000@17000 master,fail - 0 0 1 disconnected", b, "c h:1@2 master - 0 0 3 connected 0-99", d]);
        assert_eq!(shown(&killed.changes_since(&before, &mut Successors::new())), ["a failed over to c"]);
        let demoted = view(&["a :7000@17000 slave c 0 0 3 connected", b, "c h:1@2 master - 0 0 3 connected 0-99", d]);
        assert_eq!(shown(&demoted.changes_since(&before, &mut Successors::new())), ["a failed over to c"]);
        let ahead =
            view(&["a :7000@17000 master - 0 0 1 connected 0-99", "d h:1@2 master - 0 0 4 connected 100-16383"]);
        let both = view(&["c h:1@2 master - 0 0 3 connected 0-99", "d h:1@2 master - 0 0 4 connected 100-16383"]);
        assert_eq!(ahead.epoch(), both.epoch());
        assert!(ahead.epochs() < both.epochs(), "the failover of epoch 3 is missing in it");
        let half = view(&[BEFORE[0], b, "c h:1@2 master - 0 0 3 connected", d]).without_half_promotions(&before);
        assert!(half.changes_since(&before, &mut Successors::new()).is_empty(), "its slots follow");
        assert_eq!(
            shown(&demoted.without_half_promotions(&half).changes_since(&half, &mut Successors::new())),
            ["a failed over to c"]
        );
        let moved =
            view(&["a :7000@17000 master - 0 0 3 connected 0-100", "b h:1@2 master - 0 0 2 connected 101-16383"]);
        assert_eq!(shown(&moved.changes_since(&before, &mut Successors::new())), ["1 from b to a"]);
        let all = view(&["a :7000@17000 master - 0 0 1 connected", "b h:1@2 master - 0 0 4 connected 0-16383", c]);
        assert_eq!(
            shown(&all.changes_since(&before, &mut Successors::new())),
            ["100 from a to b"],
            "it had been a primary"
        );
        assert!(before.changes_since(&before, &mut Successors::new()).is_empty());
        let lost = view(&["a :7000@17000 master,fail - 0 0 1 disconnected 0-99", b]);
        assert!(lost.changes_since(&before, &mut Successors::new()).is_empty() && lost.covered() == SLOTS - 100);
        assert!(lost.shares_a_node(&before) && !lost.shares_a_node(&view(&["z h:1@2 master - 0 0 9 connected"])));
    }

    #[test]
    fn a_node_that_is_not_yet_a_replica_can_take_its_place_again() {
        let before = view(&BEFORE);
        let [_, b, _, d] = BEFORE;
        let taken = ["a :7000@17000 master - 0 0 1 connected", b, "c h:1@2 master - 0 0 3 connected 0-99", d];
        let taken = view(&taken);
        let mut successors = Successors::new();
        assert_eq!(shown(&taken.changes_since(&before, &mut successors)), ["a failed over to c"]);
        let back = view(&["a :7000@17000 master - 0 0 4 connected 0-99", b, "c h:1@2 master - 0 0 3 connected", d]);
        assert_eq!(shown(&back.changes_since(&taken, &mut successors.clone())), ["c failed over to a"]);
        let [a, b, c] = [("a", 4, "100-16383"), ("b", 2, ""), ("c", 3, "0-99")]
            .map(|(id, epoch, slots)| format!("{id} h:1@2 master - 0 0 {epoch} connected {slots}"));
        let other = view(&[&a, &b, &c]);
        assert_eq!(
            shown(&other.changes_since(&taken, &mut successors.clone())),
            ["16284 from b to a"],
            "it took another primary's slots"
        );
    }

    #[test]
    fn what_cannot_be_a_node_is_left_out() {
        for line in [
            "",
            "a",
            "a h:1@2 master - 0 0 x connected",
            "a h:70000@2 master - 0 0 1 connected",
            "a h:1@2 handshake - 0 0 1 connected",
            "a :0@0 slave,noaddr b 0 0 1 disconnected",
            "a a b:1@2 master - 0 0 1 connected",
        ] {
            assert!(view(&[line]).nodes.is_empty(), "{line}");
        }
        let strange = view(&["a h:1@2 master - 0 0 1 connected 5-4 16384 0-16384 x 1-2-3 -1 7"]);
        assert_eq!(strange.nodes[0].slots, [(7, 7)]);
    }

    #[test]
    fn fuzz_cluster_nodes() {
        Fuzz::new("values", &["a h:1@2 master - 0 0 1 connected 0-16383\n", " slave b "]).run(|input| {
            if let Some(value) = fuzz::value(input) {
                let view = View::read(&value, &[], "host");
                assert!(view.covered() <= SLOTS && view.changes_since(&view, &mut Successors::new()).is_empty());
            }
        });
    }
}
