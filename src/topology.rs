//! The nodes of a cluster and their hash slots, as CLUSTER SLOTS describes them. Pure: replies go in, and a table of
//! replies tests it.

pub(crate) mod nodes;
pub(crate) mod sentinel;

use crate::{
    dial::{
        Value,
        reply::{Part, Text, text},
    },
    foreign::Foreign,
};

/// Slots of every cluster (CLUSTER_SLOTS in cluster.h).
pub(crate) const SLOTS: u16 = 16_384;

/// Numbers tried as a hash tag: sixty for each slot.
const TAGS: u32 = 1_000_000;

/// A server or a Sentinel, as another one names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Host to connect to.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The same, to be shown.
    pub(crate) shown: Foreign,
}

/// Returns an address to be shown.
pub(crate) fn shown_place(host: &str, port: u16) -> Foreign {
    Part::from(host).at(Text::from(i64::from(port)).part())
}

/// A range of slots and the nodes that have it.
#[derive(Clone)]
pub(crate) struct SlotRange {
    pub(crate) first: u16,
    pub(crate) last: u16,
    /// Primary first, then its replicas.
    pub(crate) nodes: Vec<Node>,
}

/// A node as the cluster announces it.
#[derive(Clone)]
pub(crate) struct Node {
    /// Host to connect to.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The same, to be shown.
    pub(crate) address: Foreign,
    /// Id of the node, which is not its `run_id`.
    pub(crate) id: Option<Text>,
}

/// A node with the slots that it serves as a primary; a replica has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) host: String,
    pub(crate) port: u16,
    slots: Vec<(u16, u16)>,
}

/// Parses `CLUSTER SLOTS`, whose entries are `[first slot, last slot, primary, replica …]`, each node being
/// `[host, port, id, …]`. No host means the host that the client is connected to.
pub(crate) fn ranges(reply: &Value, connected_to: &str) -> Vec<SlotRange> {
    let Value::Array(ranges) = reply else { return Vec::new() };
    ranges.iter().filter_map(|range| SlotRange::read(range, connected_to)).collect()
}

impl SlotRange {
    fn read(range: &Value, connected_to: &str) -> Option<Self> {
        let Value::Array(fields) = range else { return None };
        let [Value::Int(first), Value::Int(last), nodes @ ..] = fields.as_slice() else { return None };
        let [first, last] = [first, last].map(|slot| u16::try_from(*slot).ok().filter(|slot| *slot < SLOTS));
        let (first, last) = first.zip(last).filter(|(first, last)| first <= last)?;
        let nodes = nodes.iter().filter_map(|node| Node::read(node, connected_to)).collect();
        Some(Self { first, last, nodes })
    }

    /// Returns the number of its slots.
    pub(crate) fn len(&self) -> u64 {
        u64::from(self.last - self.first) + 1
    }
}

impl Node {
    fn read(node: &Value, connected_to: &str) -> Option<Self> {
        let Value::Array(fields) = node else { return None };
        let Some(Value::Int(port)) = fields.get(1) else { return None };
        let announced = text(fields.first()?).filter(|host| !host.part().is_empty() && !host.part().is("?"));
        let (number, port) = (u16::try_from(*port).ok()?, Text::from(*port));
        let (host, address) = match announced {
            Some(host) => (host.part().host()?, host.part().at(port.part())),
            None => (connected_to.to_owned(), Part::from(connected_to).at(port.part())),
        };
        Some(Self { host, port: number, address, id: fields.get(2).and_then(text) })
    }
}

/// Returns each node once: the primaries in the order of their slots, then the replicas.
pub(crate) fn members(ranges: &[SlotRange]) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    let mut add = |node: &Node, slots: Option<(u16, u16)>| {
        let same = |member: &&mut Member| (&*member.host, member.port) == (&*node.host, node.port);
        match members.iter_mut().find(same) {
            Some(member) => member.slots.extend(slots),
            None => {
                members.push(Member { host: node.host.clone(), port: node.port, slots: slots.into_iter().collect() })
            }
        }
    };
    for range in ranges {
        range.nodes.iter().take(1).for_each(|primary| add(primary, Some((range.first, range.last))));
    }
    for replica in ranges.iter().flat_map(|range| range.nodes.iter().skip(1)) {
        add(replica, None);
    }
    members
}

/// Returns the number of slots that have a node.
pub(crate) fn covered(ranges: &[SlotRange]) -> u16 {
    let served = ranges.iter().filter(|range| !range.nodes.is_empty());
    united(served.map(|range| (range.first, range.last)).collect())
}

/// Returns the number of slots in these ranges, each counted once.
fn united(mut spans: Vec<(u16, u16)>) -> u16 {
    spans.sort_unstable();
    let (mut covered, mut next) = (0, 0);
    for (first, last) in spans.into_iter().filter(|(_, last)| *last < SLOTS) {
        if last >= next {
            covered += last - first.max(next) + 1;
            next = last + 1;
        }
    }
    covered
}

impl Member {
    /// Returns true if it serves slots.
    pub(crate) fn is_primary(&self) -> bool {
        !self.slots.is_empty()
    }

    /// Returns a hash tag, without its braces, that gives a key one of this node's slots; `None` if it has none.
    pub(crate) fn tag(&self) -> Option<String> {
        tag_in(&self.slots)
    }

    /// Returns some hash tags, without their braces, that give a key one of this node's slots; none if it has none.
    pub(crate) fn tags(&self, count: usize) -> Vec<String> {
        tags_in(&self.slots).take(count).collect()
    }
}

/// Returns a hash tag, without its braces, that gives a key one of these slots; `None` if there is none.
pub(crate) fn tag_in(slots: &[(u16, u16)]) -> Option<String> {
    tags_in(slots).next()
}

fn tags_in(slots: &[(u16, u16)]) -> impl Iterator<Item = String> {
    let is_here = |tag: &String| has_slot(slots, slot_of_tag(tag.as_bytes()));
    let tags = if slots.is_empty() { 0 } else { TAGS };
    (0..tags).map(|number| number.to_string()).filter(is_here)
}

/// Returns true if a slot is one of these.
fn has_slot(slots: &[(u16, u16)], slot: u16) -> bool {
    slots.iter().any(|(first, last)| (*first..=*last).contains(&slot))
}

/// Returns true if keys with a hash tag have one of these slots.
pub(crate) fn serves_tag(slots: &[(u16, u16)], tag: &str) -> bool {
    has_slot(slots, slot_of_tag(tag.as_bytes()))
}

/// Returns the slot of a key: that of its hash tag if it has one.
pub(crate) fn slot_of(key: &str) -> u16 {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
    slot_of_tag(tag.filter(|tag| !tag.is_empty()).unwrap_or(key).as_bytes())
}

/// Returns the slot of a key with this hash tag: CRC-16/XMODEM modulo the number of slots.
fn slot_of_tag(tag: &[u8]) -> u16 {
    let sum = tag.iter().fold(0u16, |sum, byte| {
        (0..8).fold(
            sum ^ (u16::from(*byte) << 8),
            |sum, _| if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 },
        )
    });
    sum % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{self, Fuzz};

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn node(host: Value, port: i64) -> Value {
        Value::Array(vec![host, Value::Int(port), bulk("id"), Value::Array(Vec::new())])
    }

    fn range(first: i64, last: i64, nodes: Vec<Value>) -> Value {
        Value::Array([Value::Int(first), Value::Int(last)].into_iter().chain(nodes).collect())
    }

    fn read(entries: Vec<Value>) -> Vec<SlotRange> {
        ranges(&Value::Array(entries), "seed.example")
    }

    #[test]
    fn the_slot_of_a_key_is_that_of_the_server() {
        // As CLUSTER KEYSLOT returns them.
        for (tag, slot) in [("b", 3300), ("foo", 12_182), ("123456789", 12_739), ("", 0)] {
            assert_eq!(slot_of_tag(tag.as_bytes()), slot, "{tag}");
        }
        for key in ["foo", "a{foo}b", "{foo}{b}", "a{foo}}"] {
            assert_eq!(slot_of(key), 12_182, "{key}");
        }
        for whole in ["{}foo", "a{foo", "foo}"] {
            assert_eq!(slot_of(whole), slot_of_tag(whole.as_bytes()), "{whole}");
        }
    }

    #[test]
    fn each_node_is_listed_once_with_its_slots() {
        let map = read(vec![
            range(0, 99, vec![node(bulk("10.0.0.1"), 1), node(bulk("10.0.0.4"), 1)]),
            range(100, 16_382, vec![node(Value::Nil, 2), node(bulk("10.0.0.4"), 1)]),
            range(16_383, 16_383, vec![node(bulk("10.0.0.1"), 1)]),
        ]);
        let members = members(&map);
        let shown: Vec<_> = members.iter().map(|member| (&*member.host, member.port, member.slots.len())).collect();
        assert_eq!(shown, [("10.0.0.1", 1, 2), ("seed.example", 2, 1), ("10.0.0.4", 1, 0)]);
        assert_eq!((covered(&map), map.iter().map(SlotRange::len).sum::<u64>()), (SLOTS, 16_384));
        for member in &members {
            let slot = member.tag().map(|tag| slot_of_tag(tag.as_bytes()));
            let inside = |slot: u16| member.slots.iter().any(|(first, last)| (*first..=*last).contains(&slot));
            assert_eq!(slot.map(inside), member.is_primary().then_some(true));
        }
    }

    #[test]
    fn every_slot_has_a_tag() {
        let alone = |slot| Member { host: String::new(), port: 1, slots: vec![(slot, slot)] };
        for slot in [0, 1, 8191, 16_383] {
            assert!(alone(slot).tag().is_some(), "{slot}");
            let tags = alone(slot).tags(3);
            assert_eq!(tags.iter().map(|tag| slot_of_tag(tag.as_bytes())).collect::<Vec<_>>(), [slot; 3]);
        }
    }

    #[test]
    fn what_cannot_be_a_range_or_a_node_is_left_out() {
        for (first, last) in [(-1, 5), (5, 4), (0, 16_384), (i64::MAX, i64::MAX), (i64::MIN, 0)] {
            assert!(read(vec![range(first, last, vec![node(bulk("a"), 1)])]).is_empty(), "{first} to {last}");
        }
        let map = read(vec![range(0, 9, vec![node(bulk("a b"), 1), node(bulk("a"), 70_000), node(bulk("a"), -1)])]);
        assert_eq!((map[0].nodes.len(), covered(&map), members(&map).len()), (0, 0, 0));
        assert!(ranges(&Value::Nil, "h").is_empty() && read(vec![Value::Nil, Value::Array(Vec::new())]).is_empty());
    }

    #[test]
    fn fuzz_slots() {
        Fuzz::new("values", &["*3\r\n", ":0\r\n", ":16383\r\n", "$1\r\na\r\n", "_\r\n"]).run(|input| {
            if let Some(value) = fuzz::value(input) {
                let map = ranges(&value, "host");
                assert!(covered(&map) <= SLOTS);
                members(&map).iter().for_each(|member| _ = member.is_primary());
            }
        });
    }
}
