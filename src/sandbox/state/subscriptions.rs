//! The subscriptions to channels, patterns and shard channels, indexed by name and by client.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;

use crate::sandbox::glob::{self, Case};

/// A client's number. It counts up from one and is never reused by the same server.
pub(in crate::sandbox) type ClientId = u64;

/// The three kinds of subscription, each with its own namespace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::sandbox) enum Kind {
    Channel,
    Pattern,
    Shard,
}

/// The subscription tables.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Subscriptions {
    /// By kind, the subscribers of each name. A name without subscribers is removed.
    topics: [BTreeMap<Bytes, BTreeSet<ClientId>>; 3],
    /// By client and kind, the subscribed names. A client without names is removed.
    wanted: HashMap<ClientId, [BTreeSet<Bytes>; 3]>,
}

impl Subscriptions {
    pub(in crate::sandbox) fn subscribe(&mut self, kind: Kind, name: &[u8], id: ClientId) {
        let name = Bytes::copy_from_slice(name);
        self.topics[kind as usize].entry(name.clone()).or_default().insert(id);
        self.wanted.entry(id).or_default()[kind as usize].insert(name);
    }

    pub(in crate::sandbox) fn unsubscribe(&mut self, kind: Kind, name: &[u8], id: ClientId) {
        if let Some(listeners) = self.topics[kind as usize].get_mut(name) {
            listeners.remove(&id);
            if listeners.is_empty() {
                self.topics[kind as usize].remove(name);
            }
        }
        if let Some(wanted) = self.wanted.get_mut(&id) {
            wanted[kind as usize].remove(name);
            if wanted.iter().all(BTreeSet::is_empty) {
                self.wanted.remove(&id);
            }
        }
    }

    pub(in crate::sandbox) fn remove_client(&mut self, id: ClientId) {
        for kind in [Kind::Channel, Kind::Pattern, Kind::Shard] {
            for name in self.names_of(kind, id) {
                self.unsubscribe(kind, &name, id);
            }
        }
    }

    /// Returns the names that a client is subscribed to.
    pub(in crate::sandbox) fn names_of(&self, kind: Kind, id: ClientId) -> Vec<Bytes> {
        let names = self.wanted.get(&id).map(|wanted| &wanted[kind as usize]);
        names.into_iter().flatten().cloned().collect()
    }

    /// Returns the number of names that a client is subscribed to.
    pub(in crate::sandbox) fn count(&self, kind: Kind, id: ClientId) -> usize {
        self.wanted.get(&id).map_or(0, |wanted| wanted[kind as usize].len())
    }

    pub(in crate::sandbox) fn is_subscribed(&self, id: ClientId) -> bool {
        self.wanted.contains_key(&id)
    }

    /// Returns the number of clients with a subscription.
    pub(in crate::sandbox) fn clients(&self) -> usize {
        self.wanted.len()
    }

    /// Returns every name with a subscriber.
    pub(in crate::sandbox) fn names(&self, kind: Kind) -> impl Iterator<Item = &Bytes> {
        self.topics[kind as usize].keys()
    }

    /// Returns the number of subscribers of a name.
    pub(in crate::sandbox) fn listeners(&self, kind: Kind, name: &[u8]) -> usize {
        self.topics[kind as usize].get(name).map_or(0, BTreeSet::len)
    }

    /// Returns the receivers of a message to `channel`: its subscribers first, then those of each matching pattern.
    pub(in crate::sandbox) fn receivers(&self, kind: Kind, channel: &[u8]) -> Vec<(Option<Bytes>, Vec<ClientId>)> {
        let listed = |listeners: &BTreeSet<ClientId>| listeners.iter().copied().collect();
        let direct = self.topics[kind as usize].get(channel);
        let mut receivers: Vec<_> = direct.map(|listeners| (None, listed(listeners))).into_iter().collect();
        if kind == Kind::Channel {
            let patterns = self.topics[Kind::Pattern as usize]
                .iter()
                .filter(|(pattern, _)| glob::matches(pattern, channel, Case::Sensitive));
            receivers.extend(patterns.map(|(pattern, listeners)| (Some(pattern.clone()), listed(listeners))));
        }
        receivers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_are_the_listeners_and_the_matching_patterns() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.subscribe(Kind::Channel, b"news", 1);
        subscriptions.subscribe(Kind::Channel, b"news", 2);
        subscriptions.subscribe(Kind::Pattern, b"n*", 2);
        subscriptions.subscribe(Kind::Pattern, b"x*", 3);
        subscriptions.subscribe(Kind::Shard, b"news", 4);
        assert_eq!(
            subscriptions.receivers(Kind::Channel, b"news"),
            [(None, vec![1, 2]), (Some(Bytes::from_static(b"n*")), vec![2])]
        );
        assert_eq!(subscriptions.receivers(Kind::Shard, b"news"), [(None, vec![4])]);
    }

    #[test]
    fn nothing_is_left_of_a_client_that_went() {
        let mut subscriptions = Subscriptions::default();
        for kind in [Kind::Channel, Kind::Pattern, Kind::Shard] {
            subscriptions.subscribe(kind, b"a", 1);
            subscriptions.subscribe(kind, b"b", 1);
        }
        assert_eq!(subscriptions.count(Kind::Pattern, 1), 2);
        subscriptions.remove_client(1);
        assert!(subscriptions.topics.iter().all(BTreeMap::is_empty));
        assert!(!subscriptions.is_subscribed(1));
    }
}
