//! The commands of one connection that are on their way: sent and not answered, or answered and not delivered.

use std::collections::VecDeque;

use super::{
    channels::Channels,
    command::{Entry, Hash, Kind, Name, has_option, is_plain},
    pace::Pace,
    unanswered::Unanswered,
};
use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::Stamp,
    event::FlowRole,
    foreign::Foreign,
    resp::may_block,
};

/// Commands in flight that are followed on a connection; beyond it, the connection's losses are not examined.
const FOLLOWED: u64 = 65_536;

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
    pub(in crate::proxy) unanswered: Unanswered,
    /// Replies that are not delivered to the client.
    pub(in crate::proxy) undelivered: VecDeque<Answered>,
    /// Changes since the last look, for the observer.
    pub(in crate::proxy) fresh: Fresh,
    pub(in crate::proxy) role: Option<FlowRole>,
    pub(in crate::proxy) identity: Identity,
    /// Commands beside the handshake.
    pub(in crate::proxy) count: u64,
    /// Channels that are confirmed.
    pub(in crate::proxy) channels: Channels,
    /// True if the connection speaks RESP3.
    pub(in crate::proxy) resp3: bool,
    pub(in crate::proxy) overflown: bool,
    pub(in crate::proxy) pace: Pace,
    /// True if the latest reply is among those that are not delivered.
    keeps_latest: bool,
    /// The client has ended its stream; true if it had waited for the answers.
    left: Option<bool>,
    arriving: Hash,
    /// True if the command that is arriving goes to the server and has one reply.
    passed: Option<bool>,
    /// The commands between MULTI and EXEC.
    transaction: Option<Transaction>,
}

/// The commands of a transaction so far.
#[derive(Clone, Copy, Debug)]
struct Transaction {
    kind: Kind,
    hash: Hash,
    /// Number of commands, with MULTI.
    commands: u64,
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
    /// The names of such commands, and how often each was answered in a row. Only a pipeline has several.
    pub(in crate::proxy) heard: Row,
    /// Commands that were sent, and answered without an error.
    pub(in crate::proxy) commands: u64,
    pub(in crate::proxy) ok: u64,
    /// Commands that a fault refused with an error, beside the handshake.
    pub(in crate::proxy) refused: u64,
    /// Error replies that are not of a client library that tries what the server knows.
    pub(in crate::proxy) errors: Vec<Failure>,
    /// True if the role has just become known.
    pub(in crate::proxy) identified: bool,
    pub(in crate::proxy) confirmed: bool,
    /// Channels that the client has left.
    pub(in crate::proxy) left: bool,
}

/// Names in their order, each with its number in a row. The first needs no allocation.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Row {
    first: Option<(Name, u64)>,
    more: Vec<(Name, u64)>,
}

impl Row {
    fn add(&mut self, name: Name, commands: u64) {
        match self.more.last_mut().or(self.first.as_mut()) {
            Some((known, count)) if *known == name => *count += commands,
            Some(_) => self.more.push((name, commands)),
            None => self.first = Some((name, commands)),
        }
    }

    pub(in crate::proxy) fn into_iter(self) -> impl Iterator<Item = (Name, u64)> {
        self.first.into_iter().chain(self.more)
    }
}

/// The names that a client gives itself.
#[derive(Clone, Debug, Default)]
pub(in crate::proxy) struct Identity {
    pub(in crate::proxy) library: Option<Foreign>,
    pub(in crate::proxy) version: Option<Foreign>,
    pub(in crate::proxy) name: Option<Foreign>,
    pub(in crate::proxy) user: Option<Foreign>,
}

impl Ledger {
    /// Takes a whole command that the server gets and will answer with one reply.
    pub(in crate::proxy) fn sent_whole(&mut self, name: &[u8], bytes: &[u8]) {
        if is_plain(bytes)
            && let Some(kind) = self.unanswered.push_alike(name, self.now)
        {
            self.fresh.commands += 1;
            self.count += u64::from(kind != Kind::Handshake);
            return;
        }
        let name = Name::new(name);
        let has = |option: &[u8]| has_option(bytes, option);
        let kind = Kind::of(name.as_bytes(), has);
        let mut hash = Hash::default();
        if kind.is_followed() {
            hash.add(bytes);
        }
        self.sent(name, (kind, may_block(name.as_bytes(), || has(b"BLOCK"))), hash, 0);
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
        if !answered {
            return self.assume_role(name.as_bytes(), false);
        }
        let has = |option: &[u8]| {
            // A key or a value that looks like an option is none.
            let skipped = match option {
                b"NX" => 3,
                b"BLOCK" => 1,
                _ => 2,
            };
            words.iter().skip(skipped).any(|word| word.eq_ignore_ascii_case(option))
        };
        let kind = Kind::of(name.as_bytes(), has);
        match self.in_transaction(name.as_bytes(), kind, hash) {
            Some(Transaction { kind, hash, commands }) => self.sent(name, (kind, false), hash, commands),
            None => self.sent(name, (kind, may_block(name.as_bytes(), || has(b"BLOCK"))), hash, 0),
        }
    }

    /// Follows a transaction: its commands have no effect before EXEC, which has that of all of them.
    fn in_transaction(&mut self, name: &[u8], kind: Kind, hash: Hash) -> Option<Transaction> {
        match (name, &mut self.transaction) {
            (b"MULTI", _) => {
                self.transaction = Some(Transaction { kind: Kind::Repeatable, hash: Hash::default(), commands: 1 });
                Some(Transaction { kind, hash, commands: 0 })
            }
            (b"EXEC", queued) => queued.take(),
            (b"DISCARD" | b"RESET", queued) => {
                *queued = None;
                None
            }
            (_, Some(queued)) => {
                queued.kind = queued.kind.with(kind);
                queued.hash.add(&hash.value.to_le_bytes());
                queued.hash.length += hash.length;
                queued.commands += 1;
                Some(Transaction { kind: Kind::Repeatable, hash, commands: 0 })
            }
            (_, None) => None,
        }
    }

    fn sent(&mut self, name: Name, (kind, blocks): (Kind, bool), hash: Hash, behind: u64) {
        self.fresh.commands += 1;
        if self.unanswered.len() >= FOLLOWED {
            self.overflown = true;
            self.unanswered.clear();
        }
        if kind != Kind::Handshake {
            self.assume_role(name.as_bytes(), blocks);
        }
        let entry = Entry { name, kind, hash: hash.value, length: hash.length, behind, blocks, at: self.now };
        if self.unanswered.is_empty() {
            self.pace.asked(self.now);
        }
        if kind != Kind::Handshake {
            self.count += 1;
        }
        if kind.is_followed() {
            self.fresh.sent.push((self.count, entry));
        }
        self.unanswered.push(entry);
    }

    /// Takes a reply to the oldest command; `error` is the line of one.
    pub(in crate::proxy) fn answered(&mut self, error: Option<&[u8]>, empty: bool) {
        if let Some((entry, commands)) = self.unanswered.take(1) {
            self.took(entry, commands, error, empty);
        }
    }

    /// Takes a number of replies that are not errors; `is_empty` returns true for the place of an empty one.
    pub(in crate::proxy) fn answered_all(&mut self, replies: u64, is_empty: impl Fn(u64) -> bool) {
        let mut at = 0;
        while at < replies
            && let Some((entry, commands)) = self.unanswered.take(replies - at)
        {
            self.took(entry, commands, None, is_empty(at));
            at += commands;
        }
    }

    fn took(&mut self, entry: Entry, commands: u64, error: Option<&[u8]>, empty: bool) {
        match error {
            Some(line) => {
                let stage = if entry.kind == Kind::Handshake { Stage::Hello } else { Stage::Command };
                self.fresh.errors.extend(failure(line, stage));
            }
            None => self.fresh.ok += commands,
        }
        if entry.kind != Kind::Handshake && error.is_none() {
            self.fresh.good = true;
            self.fresh.heard.add(entry.name, commands);
        }
        if self.unanswered.is_empty() && !entry.blocks {
            // Of a pipeline, only the last reply is timed.
            self.pace.answered(entry.at, self.now);
        }
        self.keeps_latest = entry.kind.is_followed();
        if self.keeps_latest {
            let answered = Answered { entry, good: error.is_none() && !empty, from: self.from };
            self.fresh.answered.push(answered);
            self.undelivered.push_back(answered);
        }
    }

    /// Notes that the client gets only a part of the latest reply.
    pub(in crate::proxy) fn cut(&mut self) {
        if let Some(answered) = self.undelivered.back_mut().filter(|_| self.keeps_latest) {
            answered.from = u64::MAX;
        }
    }

    /// Notes that the proxy refuses a command in the server's place.
    pub(in crate::proxy) fn refused_by_fault(&mut self, name: &[u8]) {
        self.fresh.refused += u64::from(Kind::of(name, |_| false) != Kind::Handshake);
    }

    /// Takes an error in place of confirmations.
    pub(in crate::proxy) fn refused(&mut self, line: &[u8]) {
        self.fresh.errors.extend(failure(line, Stage::Subscribe));
    }

    /// Takes the confirmation of a subscription, or of its end.
    pub(in crate::proxy) fn confirmed(&mut self, words: &[Vec<u8>]) {
        self.fresh.left |= self.channels.confirmed(words);
        self.fresh.confirmed = true;
    }

    /// Returns the time at which the oldest command was sent that the server should have answered without a wait.
    pub(in crate::proxy) fn oldest(&self) -> Option<Stamp> {
        // A reply waits for those before it.
        self.unanswered.oldest().filter(|entry| !entry.blocks).map(|entry| entry.at)
    }

    /// Returns the time of the latest command that the server has not answered, or that the client has no answer to.
    pub(in crate::proxy) fn latest(&self) -> Option<Stamp> {
        let undelivered = self.undelivered.back().map(|answered| answered.entry.at);
        self.unanswered.iter().last().map(|entry| entry.at).max(undelivered)
    }

    /// Notes that the client has ended its stream; `wanted` is true if it had waited for the answers.
    pub(in crate::proxy) fn leave(&mut self, wanted: bool) {
        self.left = Some(wanted);
    }

    /// True unless the client has left without waiting for the answers.
    pub(in crate::proxy) fn wants_answers(&self) -> bool {
        self.left.unwrap_or(true)
    }

    /// True if the client has left, and may not have got the replies since then.
    pub(in crate::proxy) fn may_be_undelivered(&self) -> bool {
        self.left.is_some() && !self.undelivered.is_empty()
    }

    /// Forgets the replies of chunks of which bytes are written to the client; `sent` are all that are. One that has ended
    /// its stream may not read them.
    pub(in crate::proxy) fn delivered(&mut self, sent: u64) {
        if self.left.is_some() {
            return;
        }
        while self.undelivered.front().is_some_and(|answered| answered.from < sent) {
            self.undelivered.pop_front();
        }
    }

    fn assume_role(&mut self, name: &[u8], blocks: bool) {
        if self.role.is_none() || (name.ends_with(b"SUBSCRIBE") && self.role == Some(FlowRole::Commands)) {
            self.role = Some(role_of(name, blocks));
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
            b"RESET" => self.channels.clear(),
            b"HELLO" => {
                self.resp3 = words.get(1).map_or(self.resp3, |version| version == b"3");
                let place = |text: &str| (2..words.len()).find(|place| is(*place, text));
                self.identity.user =
                    place("AUTH").and_then(|place| word(place + 1)).or_else(|| self.identity.user.take());
                self.identity.name =
                    place("SETNAME").and_then(|place| word(place + 1)).or_else(|| self.identity.name.take());
            }
            _ => {}
        }
    }
}

/// Returns an error reply as a failure, without the words of the client that the server repeats; `None` for one with
/// which a server answers a library that tries what it knows.
fn failure(line: &[u8], stage: Stage) -> Option<Failure> {
    let text = String::from_utf8_lossy(line);
    let class = ErrorClass::from_server_line(&text);
    let tried = matches!(class, ErrorClass::ServerError | ErrorClass::Resp3Unsupported);
    let own = text.split(['\'', '"', '`']).next().unwrap_or_default();
    (stage != Stage::Hello || !tried).then(|| Failure::server(stage, own))
}

fn role_of(name: &[u8], blocks: bool) -> FlowRole {
    match name {
        b"MONITOR" => FlowRole::Monitor,
        b"PSYNC" | b"SYNC" | b"REPLCONF" => FlowRole::Replica,
        _ if name.ends_with(b"SUBSCRIBE") => FlowRole::Subscriber,
        // These wait for replicas, not for data.
        b"WAIT" | b"WAITAOF" => FlowRole::Commands,
        _ if blocks => FlowRole::Blocking,
        _ => FlowRole::Commands,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The commands that a connection has sent, without their times.
    fn summary(ledger: &Ledger) -> impl PartialEq + std::fmt::Debug {
        let sent = ledger.fresh.sent.iter().map(|(place, entry)| (*place, entry.name, entry.kind, entry.hash));
        let mut unanswered = ledger.unanswered.clone();
        let runs = std::iter::from_fn(move || unanswered.take(u64::MAX));
        (
            ledger.fresh.commands,
            ledger.count,
            ledger.role,
            sent.collect::<Vec<_>>(),
            runs.map(|(entry, commands)| (entry.name, entry.kind, entry.blocks, commands)).collect::<Vec<_>>(),
        )
    }

    proptest! {
        #[test]
        fn a_command_means_the_same_in_one_piece_and_in_several(
            commands in prop::collection::vec(
                prop::sample::select(vec![
                    "GET a", "get b", "SET a 1", "set a 1", "SET a 1 NX", "SET a 1 EX 9", "SETNX a 1", "ZADD z 1 m",
                    "ZADD z INCR 1 m", "LPUSH l x", "PING", "WAIT 1 9", "XREAD STREAMS s 0", "XREAD BLOCK 9 STREAMS s 0",
                ]),
                1..20,
            ),
        ) {
            let [mut whole, mut parts] = [Ledger::default(), Ledger::default()];
            for command in commands {
                let words: Vec<_> = command.split(' ').map(|word| word.as_bytes().to_vec()).collect();
                let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
                for word in &words {
                    bytes.extend(format!("${}\r\n", word.len()).into_bytes());
                    bytes.extend_from_slice(word);
                    bytes.extend(b"\r\n");
                }
                whole.sent_whole(&words[0], &bytes);
                let (first, second) = bytes.split_at(bytes.len() / 2);
                parts.arriving(first);
                parts.arriving(second);
                parts.passed(true);
                parts.arrived(&words);
            }
            prop_assert_eq!(summary(&whole), summary(&parts));
        }
    }
}
