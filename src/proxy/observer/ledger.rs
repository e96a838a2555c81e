//! The commands of one connection that are on their way: sent and not answered, or answered and not delivered.

use std::collections::VecDeque;

use super::command::{Entry, Kind, Name, has_option};
use crate::{clock::Stamp, event::FlowRole, foreign::Foreign};

/// Commands in flight that are followed on a connection; beyond it, the connection's losses are not examined.
const FOLLOWED: usize = 65_536;

/// Bytes of a command that count for its identity.
const HASHED: usize = 4096;

/// A reply of the server that the client may not have yet.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Answered {
    pub(in crate::proxy) entry: Entry,
    /// True if it is neither an error nor empty.
    pub(in crate::proxy) good: bool,
    /// Bytes to the client before the chunk in which it came.
    pub(in crate::proxy) from: u64,
}

/// The commands of a connection.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Ledger {
    pub(in crate::proxy) now: Stamp,
    /// Bytes to the client before the chunk that is being read.
    pub(in crate::proxy) from: u64,
    /// Commands that the server has not answered.
    pub(in crate::proxy) unanswered: VecDeque<Entry>,
    /// Replies that are not delivered to the client.
    pub(in crate::proxy) undelivered: VecDeque<Answered>,
    /// Replies since the last look, for the observer.
    pub(in crate::proxy) fresh: Fresh,
    pub(in crate::proxy) role: Option<FlowRole>,
    pub(in crate::proxy) identity: Identity,
    /// Commands beside the handshake.
    pub(in crate::proxy) count: u64,
    /// Channels confirmed, and subscribed to.
    pub(in crate::proxy) channels: [u64; 2],
    pub(in crate::proxy) overflown: bool,
    arriving: Hash,
    /// True if the command that is arriving goes to the server and has one reply.
    passed: Option<bool>,
    /// Time of the last reply.
    replied: Option<Stamp>,
}

/// The changes since the observer last looked.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Fresh {
    /// Writes that were sent, each with its place among the commands.
    pub(in crate::proxy) sent: Vec<(u64, Entry)>,
    /// Writes that were answered.
    pub(in crate::proxy) answered: Vec<Answered>,
    /// True if a command beside the handshake had a good reply.
    pub(in crate::proxy) good: bool,
    pub(in crate::proxy) commands: u64,
    pub(in crate::proxy) errors: u64,
    /// True if the role has just become known.
    pub(in crate::proxy) identified: bool,
    pub(in crate::proxy) confirmed: bool,
    /// Samples of the time of the server, and of the application.
    pub(in crate::proxy) times: Vec<[Option<u64>; 2]>,
}

/// The names that a client gives itself.
#[derive(Clone, Debug, Default)]
pub(in crate::proxy) struct Identity {
    pub(in crate::proxy) library: Option<Foreign>,
    pub(in crate::proxy) version: Option<Foreign>,
    pub(in crate::proxy) name: Option<Foreign>,
    pub(in crate::proxy) user: Option<Foreign>,
}

/// A hash that can be continued (FNV-1a), of the first bytes, and the length of all.
#[derive(Clone, Copy, Debug)]
struct Hash {
    value: u64,
    length: u64,
}

impl Default for Hash {
    fn default() -> Self {
        Self { value: 0xcbf2_9ce4_8422_2325, length: 0 }
    }
}

impl Hash {
    fn add(&mut self, bytes: &[u8]) {
        let room = HASHED.saturating_sub(usize::try_from(self.length).unwrap_or(usize::MAX));
        for byte in &bytes[..bytes.len().min(room)] {
            self.value = (self.value ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.length += bytes.len() as u64;
    }
}

impl Ledger {
    /// Takes a whole command that the server gets and will answer with one reply.
    pub(in crate::proxy) fn sent_whole(&mut self, name: &[u8], bytes: &[u8]) {
        let name = Name::new(name);
        let kind = Kind::of(name.as_bytes(), || has_option(bytes, b"NX"));
        let mut hash = Hash::default();
        if kind.is_followed() {
            hash.add(bytes);
        }
        self.sent(name, kind, hash);
    }

    /// Takes a part of the command that is arriving.
    pub(in crate::proxy) fn arriving(&mut self, bytes: &[u8]) {
        self.arriving.add(bytes);
    }

    /// Notes that the server gets the command that is arriving, and if it will answer it with one reply.
    pub(in crate::proxy) fn passed(&mut self, answered: bool) {
        self.passed = Some(answered);
    }

    /// Ends the command that was arriving; its first words are these.
    pub(in crate::proxy) fn arrived(&mut self, words: &[Vec<u8>]) {
        let hash = std::mem::take(&mut self.arriving);
        let (Some(answered), Some(name)) = (self.passed.take(), words.first()) else { return };
        let name = Name::new(name);
        self.identify(name.as_bytes(), words);
        if answered {
            let nx = || words.iter().skip(3).any(|word| word.eq_ignore_ascii_case(b"NX"));
            self.sent(name, Kind::of(name.as_bytes(), nx), hash);
        } else {
            self.assume_role(name.as_bytes());
        }
    }

    fn sent(&mut self, name: Name, kind: Kind, hash: Hash) {
        self.fresh.commands += 1;
        if self.unanswered.len() >= FOLLOWED {
            self.overflown = true;
            self.unanswered.clear();
        }
        if kind != Kind::Handshake {
            self.assume_role(name.as_bytes());
        }
        let entry = Entry { name, kind, hash: hash.value, length: hash.length, at: self.now };
        if let (Some(replied), true) = (self.replied.take(), self.unanswered.is_empty()) {
            self.fresh.times.push([None, Some(crate::clock::nanos(self.now.since(replied)))]);
        }
        if kind != Kind::Handshake {
            self.count += 1;
        }
        if kind.is_followed() {
            self.fresh.sent.push((self.count, entry));
        }
        self.unanswered.push_back(entry);
    }

    /// Takes a reply to the oldest command.
    pub(in crate::proxy) fn answered(&mut self, error: bool, empty: bool) {
        self.fresh.errors += u64::from(error);
        let Some(entry) = self.unanswered.pop_front() else { return };
        self.fresh.good |= entry.kind != Kind::Handshake && !error;
        if self.unanswered.is_empty() {
            // Of a pipeline, only the last reply is timed.
            self.fresh.times.push([Some(crate::clock::nanos(self.now.since(entry.at))), None]);
            self.replied = Some(self.now);
        }
        if entry.kind.is_followed() {
            let answered = Answered { entry, good: !error && !empty, from: self.from };
            self.fresh.answered.push(answered);
            self.undelivered.push_back(answered);
        }
    }

    /// Takes the confirmation of a subscription, or of its end.
    pub(in crate::proxy) fn confirmed(&mut self, word: &[u8]) {
        let [confirmed, _] = &mut self.channels;
        *confirmed = if is_end(word) { confirmed.saturating_sub(1) } else { *confirmed + 1 };
        self.fresh.confirmed = true;
    }

    /// Forgets the replies of chunks of which bytes are written to the client; `sent` are all that are.
    pub(in crate::proxy) fn delivered(&mut self, sent: u64) {
        while self.undelivered.front().is_some_and(|answered| answered.from < sent) {
            self.undelivered.pop_front();
        }
    }

    fn assume_role(&mut self, name: &[u8]) {
        if self.role.is_none() || (name.ends_with(b"SUBSCRIBE") && self.role == Some(FlowRole::Commands)) {
            self.role = Some(role_of(name));
            self.fresh.identified = true;
        }
    }

    fn identify(&mut self, name: &[u8], words: &[Vec<u8>]) {
        let is =
            |place: usize, text: &str| words.get(place).is_some_and(|word| word.eq_ignore_ascii_case(text.as_bytes()));
        let word = |place: usize| words.get(place).map(|word| Foreign::from_bytes(word));
        match name {
            b"CLIENT" if is(1, "SETINFO") && is(2, "LIB-NAME") => self.identity.library = word(3),
            b"CLIENT" if is(1, "SETINFO") && is(2, "LIB-VER") => self.identity.version = word(3),
            b"CLIENT" if is(1, "SETNAME") => self.identity.name = word(2),
            b"AUTH" if words.len() > 2 => self.identity.user = word(1),
            b"HELLO" => {
                let place = |text: &str| (2..words.len()).find(|place| is(*place, text));
                self.identity.user =
                    place("AUTH").and_then(|place| word(place + 1)).or_else(|| self.identity.user.take());
                self.identity.name =
                    place("SETNAME").and_then(|place| word(place + 1)).or_else(|| self.identity.name.take());
            }
            _ if name.ends_with(b"SUBSCRIBE") && !is_end(name) => {
                self.channels[1] += (words.len() as u64).saturating_sub(1)
            }
            _ => {}
        }
    }
}

fn is_end(word: &[u8]) -> bool {
    let word = word.to_ascii_lowercase();
    word.ends_with(b"unsubscribe")
}

fn role_of(name: &[u8]) -> FlowRole {
    match name {
        b"MONITOR" => FlowRole::Monitor,
        b"PSYNC" | b"SYNC" | b"REPLCONF" => FlowRole::Replica,
        _ if name.ends_with(b"SUBSCRIBE") => FlowRole::Subscriber,
        b"BLPOP" | b"BRPOP" | b"BLMOVE" | b"BRPOPLPUSH" | b"BLMPOP" | b"BZPOPMIN" | b"BZPOPMAX" | b"BZMPOP" => {
            FlowRole::Blocking
        }
        _ => FlowRole::Commands,
    }
}
