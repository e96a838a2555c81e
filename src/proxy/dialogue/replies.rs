//! The server's side of a dialogue: matches replies to commands, and replaces or delays them.

use std::time::Duration;

use super::{Dialogue, Expected, Node, Passed, REPLY_LIMIT, Segment, Turn, nodes::Listing};
use crate::resp::{NotResp, Step, skim};

/// The role of a reply.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reply,
    Confirmation,
    OutOfBand,
}

impl Dialogue {
    /// Takes a chunk from the server and returns what passes to the client.
    pub(in crate::proxy) fn replies(&mut self, chunk: &[u8]) -> Passed<Vec<Segment>> {
        if self.opaque {
            return Passed::Whole;
        }
        if self.special > 0 || !self.part.is_empty() || !self.pushes.is_empty() || self.monitored {
            return Passed::Instead(self.meddle(chunk));
        }
        let mut at = 0;
        while at < chunk.len() {
            if self.replies.at_boundary() {
                at += self.take_plain(&chunk[at..]);
                if at == chunk.len() {
                    break;
                }
            }
            match self.replies.advance(&chunk[at..]) {
                Ok((used, step)) => {
                    at += used;
                    if step == Step::Complete {
                        let kind = self.kind();
                        self.note(kind);
                        self.take(kind);
                    }
                }
                Err(NotResp) => {
                    self.give_up();
                    break;
                }
            }
        }
        Passed::Whole
    }

    /// Takes the proxy's own bytes that are due: answers whose turn it is, and pushes between two replies.
    pub(in crate::proxy) fn due(&mut self) -> Vec<Segment> {
        let mut out = Vec::new();
        if self.replies.at_boundary() && self.part.is_empty() {
            if !self.pushes.is_empty() {
                out.push(Segment { bytes: std::mem::take(&mut self.pushes), ..Segment::default() });
            }
            while let Some(Expected::Local(_)) = self.expected.front() {
                self.special -= 1;
                if let Some(Expected::Local(segment)) = self.expected.pop_front() {
                    self.waiting -= segment.bytes.len();
                    out.push(segment);
                }
            }
        }
        out
    }

    /// Handles replies one by one.
    fn meddle(&mut self, chunk: &[u8]) -> Vec<Segment> {
        let mut out = self.due();
        let mut at = 0;
        while at < chunk.len() {
            // The rest of a reply whose beginning has already passed.
            let begun = !self.replies.at_boundary() && self.part.is_empty();
            let Ok((used, step)) = self.replies.advance(&chunk[at..]) else {
                self.give_up();
                self.part.extend_from_slice(&chunk[at..]);
                out.push(plain(std::mem::take(&mut self.part)));
                break;
            };
            let bytes = &chunk[at..at + used];
            at += used;
            if begun {
                out.push(plain(bytes.to_vec()));
            } else {
                self.part.extend_from_slice(bytes);
            }
            if step != Step::Complete {
                if self.part.len() > REPLY_LIMIT {
                    out.push(plain(std::mem::take(&mut self.part)));
                }
                continue;
            }
            let kind = self.kind();
            let segment = self.spoil(kind);
            let last = segment.last;
            out.push(segment);
            if last {
                break;
            }
            out.extend(self.due());
        }
        out.retain(|segment| segment.last || !segment.bytes.is_empty());
        out
    }

    /// Applies its fate to the complete reply in `part`.
    fn spoil(&mut self, kind: Kind) -> Segment {
        self.note(kind);
        let fate = self.take(kind);
        let bytes = std::mem::take(&mut self.part);
        match fate {
            Fate::Pass => plain(bytes),
            Fate::Delay(delay) => Segment { bytes, delay, last: false },
            Fate::Replace(instead) => plain(instead),
            Fate::Read(listing) => {
                self.nodes.extend(listing.read(&bytes));
                plain(bytes)
            }
            Fate::Truncate => {
                if let Some(ledger) = &mut self.ledger {
                    ledger.cut();
                }
                let half = bytes.len() / 2;
                Segment { bytes: bytes[..half].to_vec(), delay: Duration::ZERO, last: true }
            }
        }
    }

    /// Classifies the complete reply, and notes the server to which an error redirects.
    fn kind(&mut self) -> Kind {
        let first = self.replies.words().first();
        if self.replies.kind() == b'-'
            && let Some(node) = first.and_then(|error| Node::redirected(error))
        {
            self.nodes.push(node);
        }
        let word = self.replies.words().first().map(Vec::as_slice).unwrap_or_default();
        let confirms = word.ends_with(b"subscribe");
        match self.replies.kind() {
            b'>' if confirms => Kind::Confirmation,
            b'>' => Kind::OutOfBand,
            b'*' if self.subscribed && !self.resp3 && [&b"message"[..], b"pmessage", b"smessage"].contains(&word) => {
                Kind::OutOfBand
            }
            b'*' if self.subscribed && confirms => Kind::Confirmation,
            b'+' if self.monitored && is_monitored_command(word) => Kind::OutOfBand,
            _ => Kind::Reply,
        }
    }

    /// Removes a reply from those expected, and returns its fate.
    fn take(&mut self, kind: Kind) -> Fate {
        let confirmation = kind == Kind::Confirmation;
        let Some(front) = self.expected.front_mut().filter(|_| kind != Kind::OutOfBand) else {
            return Fate::Pass;
        };
        let (left, fate) = match front {
            Expected::Replies(count) if !confirmation => (counted(count), Fate::Pass),
            // One error replaces all the confirmations of a command.
            Expected::Confirmations(count) => (if confirmation { counted(count) } else { 0 }, Fate::Pass),
            Expected::Delayed(count, delay, confirmations) if *confirmations || !confirmation => {
                let delay = *delay;
                (if confirmation == *confirmations { counted(count) } else { 0 }, Fate::Delay(delay))
            }
            Expected::Truncated => (0, Fate::Truncate),
            Expected::Replaced(bytes) if !confirmation => (0, Fate::Replace(std::mem::take(bytes))),
            Expected::Listing(listing) if !confirmation => (0, Fate::Read(*listing)),
            Expected::Turn(turn) if !confirmation => {
                let turn = *turn;
                if self.replies.kind() != b'-' {
                    self.turn(turn);
                }
                (0, Fate::Pass)
            }
            Expected::Replies(_)
            | Expected::Delayed(..)
            | Expected::Local(_)
            | Expected::Replaced(_)
            | Expected::Listing(_)
            | Expected::Turn(_) => (1, Fate::Pass),
        };
        if left == 0 {
            let front = self.expected.pop_front();
            let counted = matches!(front, Some(Expected::Replies(_) | Expected::Confirmations(_)));
            self.special -= usize::from(!counted);
        }
        fate
    }

    /// Takes the replies at the front of the input that are neither aggregates nor errors; returns their length.
    fn take_plain(&mut self, input: &[u8]) -> usize {
        if self.ledger.is_none() {
            let (replies, length) = skim::replies(input, |_| ());
            self.take_replies(replies);
            return length;
        }
        let (mut seen, mut empty) = (0, Vec::new());
        let (replies, length) = skim::replies(input, |reply| {
            empty.extend(reply.starts_with(b"_").then_some(seen));
            seen += 1;
        });
        let is_empty = |place: u64| empty.binary_search(&place).is_ok();
        let mut at = 0;
        while at < replies {
            match (self.expected.front(), &mut self.ledger) {
                (Some(Expected::Replies(expected)), Some(ledger)) => {
                    let run = (replies - at).min(*expected);
                    ledger.answered_all(run, |place| is_empty(at + place));
                    self.take_replies(run);
                    at += run;
                }
                _ => {
                    self.note_reply(None, is_empty(at));
                    self.take(Kind::Reply);
                    at += 1;
                }
            }
        }
        length
    }

    /// Shows the complete reply to the observer.
    fn note(&mut self, kind: Kind) {
        let (first, words) = (self.replies.kind(), self.replies.words());
        match (kind, &mut self.ledger) {
            (_, None) | (Kind::OutOfBand, _) => {}
            (Kind::Confirmation, Some(ledger)) => ledger.confirmed(words),
            (Kind::Reply, Some(_)) => {
                let empty = match first {
                    b'_' => true,
                    b'$' => words.is_empty(),
                    b'*' | b'%' | b'~' => self.replies.elements() == 0 || self.replies.items() <= 1,
                    _ => false,
                };
                let error = matches!(first, b'-' | b'!').then(|| words.first().cloned().unwrap_or_default());
                self.note_reply(error.as_deref(), empty);
            }
        }
    }

    /// Shows a reply that answers a command to the observer.
    fn note_reply(&mut self, error: Option<&[u8]>, empty: bool) {
        let counts = match self.expected.front() {
            Some(Expected::Delayed(_, _, confirmations)) => !confirmations,
            Some(
                Expected::Replies(_)
                | Expected::Truncated
                | Expected::Replaced(_)
                | Expected::Listing(_)
                | Expected::Turn(_),
            ) => true,
            Some(Expected::Confirmations(_) | Expected::Local(_)) | None => false,
        };
        match (&mut self.ledger, error) {
            (Some(ledger), _) if counts => ledger.answered(error, empty),
            // In place of all the confirmations of a command.
            (Some(ledger), Some(error)) => ledger.refused(error),
            (Some(_), None) | (None, _) => {}
        }
    }

    fn turn(&mut self, turn: Turn) {
        match turn {
            Turn::Protocol(resp3) => self.resp3 = resp3,
            Turn::Monitor => self.monitored = true,
            Turn::Reset => {
                (self.resp3, self.subscribed, self.monitored) = (false, false, false);
                self.pushes.clear();
            }
        }
    }

    /// Removes `count` replies that are not confirmations.
    fn take_replies(&mut self, count: u64) {
        let mut left = count;
        while left > 0 {
            match self.expected.front_mut() {
                Some(Expected::Replies(expected)) if *expected > left => {
                    *expected -= left;
                    return;
                }
                Some(Expected::Replies(expected)) => {
                    left -= *expected;
                    self.expected.pop_front();
                }
                None => return,
                Some(_) => {
                    self.take(Kind::Reply);
                    left -= 1;
                }
            }
        }
    }
}

enum Fate {
    Pass,
    Delay(Duration),
    Truncate,
    Replace(Vec<u8>),
    Read(Listing),
}

/// True for a line of MONITOR, `1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`.
fn is_monitored_command(line: &[u8]) -> bool {
    let mut parts = line.split(|byte| *byte == b' ');
    let time = parts.next().unwrap_or_default();
    time.contains(&b'.')
        && time.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
        && parts.next().is_some_and(|part| part.starts_with(b"["))
}

/// Counts one down, and returns how many are left.
fn counted(count: &mut u64) -> u64 {
    *count = count.saturating_sub(1);
    *count
}

fn plain(bytes: Vec<u8>) -> Segment {
    Segment { bytes, ..Segment::default() }
}
