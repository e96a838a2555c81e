//! The keyspace: sixteen databases of strings with optional expiry.
//!
//! Times are wall-clock times since the Unix epoch, as in `EXAT` and `PXAT`.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;

/// Number of databases.
pub(in crate::sandbox) const DATABASES: usize = 16;

/// A value and its expiry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::sandbox) struct Entry {
    pub(in crate::sandbox) expires_at: Option<Duration>,
    pub(in crate::sandbox) value: Bytes,
}

/// All databases.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Keyspace {
    databases: [HashMap<Bytes, Entry>; DATABASES],
    /// Watched keys: the number of clients that watch one, and its version, which grows with each change.
    watched: HashMap<(usize, Bytes), (usize, u64)>,
}

impl Keyspace {
    pub(in crate::sandbox) const DATABASES: usize = DATABASES;

    /// Returns the entry of a key that has not expired.
    pub(in crate::sandbox) fn get(&self, db: usize, key: &[u8], now: Duration) -> Option<&Entry> {
        self.databases[db].get(key).filter(|entry| entry.is_alive(now))
    }

    /// Writes a key; an entry that has already expired removes it.
    pub(in crate::sandbox) fn set(&mut self, db: usize, key: &[u8], entry: Entry, now: Duration) {
        self.changed(db, key);
        if entry.is_alive(now) {
            self.databases[db].insert(Bytes::copy_from_slice(key), entry);
        } else {
            self.databases[db].remove(key);
        }
    }

    /// Removes a key; true if it existed.
    pub(in crate::sandbox) fn remove(&mut self, db: usize, key: &[u8], now: Duration) -> bool {
        let existed = self.databases[db].remove(key).is_some_and(|entry| entry.is_alive(now));
        if existed {
            self.changed(db, key);
        }
        existed
    }

    /// Empties a database, or all.
    pub(in crate::sandbox) fn clear(&mut self, db: Option<usize>) {
        let emptied = |number: usize| db.is_none_or(|db| db == number);
        let databases = self.databases.iter_mut().enumerate();
        databases.filter(|(number, _)| emptied(*number)).for_each(|(_, database)| database.clear());
        let watched = self.watched.iter_mut().filter(|((db, _), _)| emptied(*db));
        watched.for_each(|(_, (_, version))| *version += 1);
    }

    /// Returns the keys of a database by name.
    pub(in crate::sandbox) fn keys(&self, db: usize, now: Duration) -> Vec<Bytes> {
        let alive = self.databases[db].iter().filter(|(_, entry)| entry.is_alive(now));
        let mut keys: Vec<_> = alive.map(|(key, _)| key.clone()).collect();
        keys.sort_unstable();
        keys
    }

    /// Watches a key, and returns its version.
    pub(in crate::sandbox) fn watch(&mut self, db: usize, key: &[u8]) -> u64 {
        let (watchers, version) = self.watched.entry((db, Bytes::copy_from_slice(key))).or_default();
        *watchers += 1;
        *version
    }

    /// Ends one watch of a key.
    pub(in crate::sandbox) fn unwatch(&mut self, db: usize, key: &Bytes) {
        let place = (db, key.clone());
        if let Some((watchers, _)) = self.watched.get_mut(&place) {
            *watchers -= 1;
            if *watchers == 0 {
                self.watched.remove(&place);
            }
        }
    }

    /// Returns the version of a watched key.
    pub(in crate::sandbox) fn version(&self, db: usize, key: &Bytes) -> u64 {
        self.watched.get(&(db, key.clone())).map_or(0, |(_, version)| *version)
    }

    fn changed(&mut self, db: usize, key: &[u8]) {
        if !self.watched.is_empty()
            && let Some((_, version)) = self.watched.get_mut(&(db, Bytes::copy_from_slice(key)))
        {
            *version += 1;
        }
    }

    /// Returns the number of keys in a database, and how many have an expiry.
    pub(in crate::sandbox) fn size(&self, db: usize, now: Duration) -> (usize, usize) {
        let alive = self.databases[db].values().filter(|entry| entry.is_alive(now));
        alive.fold((0, 0), |(keys, expiring), entry| (keys + 1, expiring + usize::from(entry.expires_at.is_some())))
    }

    /// Removes expired keys, and returns their number.
    pub(in crate::sandbox) fn sweep(&mut self, now: Duration) -> u64 {
        let mut dropped = 0;
        for database in &mut self.databases {
            let before = database.len();
            database.retain(|_, entry| entry.is_alive(now));
            dropped += before - database.len();
        }
        u64::try_from(dropped).unwrap_or(u64::MAX)
    }
}

impl Entry {
    fn is_alive(&self, now: Duration) -> bool {
        self.expires_at.is_none_or(|moment| moment > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(expires_at: Option<u64>) -> Entry {
        Entry { expires_at: expires_at.map(Duration::from_secs), value: Bytes::from_static(b"v") }
    }

    #[test]
    fn a_key_is_gone_from_the_moment_it_expires() {
        let at = Duration::from_secs;
        let mut keyspace = Keyspace::default();
        keyspace.set(3, b"k", entry(Some(10)), at(1));
        keyspace.set(3, b"forever", entry(None), at(1));
        assert!(keyspace.get(3, b"k", at(9)).is_some());
        assert!(keyspace.get(0, b"k", at(9)).is_none(), "databases are separate");
        assert_eq!(keyspace.size(3, at(9)), (2, 1));
        assert!(keyspace.get(3, b"k", at(10)).is_none());
        assert_eq!(keyspace.size(3, at(10)), (1, 0));
        assert_eq!(keyspace.sweep(at(10)), 1);
        assert!(!keyspace.remove(3, b"k", at(10)));
        assert!(keyspace.remove(3, b"forever", at(10)));
    }
}
