//! The channels, patterns and shard channels that a connection is subscribed to.

use std::collections::BTreeSet;

use crate::foreign::Foreign;

/// Channels whose names are kept; more are counted.
const NAMED: usize = 10_000;

/// A channel, with the kind of its subscription.
type Channel = (Kind, Box<[u8]>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Channel,
    Pattern,
    Shard,
}

/// A set of channels.
#[derive(Clone, Debug, Default)]
pub(in crate::proxy) struct Channels {
    named: BTreeSet<Channel>,
    more: u64,
}

impl Channels {
    /// Takes a confirmation, the words of a reply to SUBSCRIBE and its kin; returns true for the end of a subscription.
    pub(in crate::proxy) fn confirmed(&mut self, words: &[Vec<u8>]) -> bool {
        let [word, rest @ ..] = words else { return false };
        let word = word.to_ascii_lowercase();
        let kind = match word.first() {
            Some(b'p') => Kind::Pattern,
            Some(b's') if word.starts_with(b"ss") || word.starts_with(b"sun") => Kind::Shard,
            _ => Kind::Channel,
        };
        let ends = word.ends_with(b"unsubscribe");
        let Some(name) = rest.first() else { return ends };
        let channel = (kind, name.clone().into_boxed_slice());
        if ends {
            if !self.named.remove(&channel) {
                self.more = self.more.saturating_sub(1);
            }
        } else if self.named.len() < NAMED || self.named.contains(&channel) {
            self.named.insert(channel);
        } else {
            self.more += 1;
        }
        ends
    }

    /// Forgets all of them, as after RESET.
    pub(in crate::proxy) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(in crate::proxy) fn count(&self) -> u64 {
        self.named.len() as u64 + self.more
    }

    /// Adds those of another connection.
    pub(in crate::proxy) fn add(&mut self, other: &Self) {
        self.named.extend(other.named.iter().cloned());
        self.more += other.more;
    }

    /// Removes those of another connection.
    pub(in crate::proxy) fn remove(&mut self, other: &Self) {
        self.named.retain(|channel| !other.named.contains(channel));
        self.more = self.more.saturating_sub(other.more);
    }

    /// Returns the first names.
    pub(in crate::proxy) fn names(&self, most: usize) -> Vec<Foreign> {
        self.named.iter().take(most).map(|(_, name)| Foreign::from_bytes(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_are_kept_by_kind_and_name() {
        let words = |text: &str| text.split(' ').map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
        let mut channels = Channels::default();
        for confirmation in ["subscribe news 1", "psubscribe news 2", "ssubscribe news 3", "subscribe jobs 4"] {
            assert!(!channels.confirmed(&words(confirmation)));
        }
        assert_eq!(channels.count(), 4);
        assert!(channels.confirmed(&words("punsubscribe news 3")));
        assert!(channels.confirmed(&words("sunsubscribe news 2")));
        let mut again = Channels::default();
        again.confirmed(&words("subscribe jobs 1"));
        channels.remove(&again);
        assert_eq!(channels.names(9), [Foreign::new("news")]);
    }
}
