//! The commands and replies of one connection: matches them, answers commands in place of the server, and changes
//! replies. Bytes in, bytes out; no sockets.
//!
//! A command that a fault answers is not passed on. Its answer takes its place in the order of the replies, so a
//! pipeline stays in step. Without a fault, values are only counted, and bytes pass in the chunks they came in.

mod nodes;
mod replies;
mod rewriter;
mod silence;
mod turn;

use std::{collections::VecDeque, time::Duration};

pub(super) use self::nodes::Node;
use self::{
    nodes::Listing,
    rewriter::Rewriter,
    silence::Silence,
    turn::{Turn, is_ordinary, is_read_whole},
};
use crate::{
    proxy::observer::ledger::Ledger,
    resp::{Framer, Speaker, Step, is_http, skim},
};

/// A command whose name is not complete after this many bytes is passed on.
const HEAD_LIMIT: usize = 16 * 1024;
/// A reply that is held until it is complete is passed on when it gets longer than this.
const REPLY_LIMIT: usize = 1 << 20;
/// A command that no server knows: it has no effect, except that the server refuses the transaction it is queued into.
const UNKNOWN: &[u8] = b"*1\r\n$20\r\nREDIS-DOCTOR.REFUSED\r\n";
const DISCARD: &[u8] = b"*1\r\n$7\r\nDISCARD\r\n";

/// The decision about a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is passed on.
    Forward,
    /// These bytes are its answer, and with `last` the connection then ends.
    Local { bytes: Vec<u8>, last: bool },
    /// It is passed on, and the connection ends inside its reply.
    Truncate,
    /// It is passed on, and its reply is delayed by this time.
    Delay(Duration),
}

/// Bytes for the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) bytes: Vec<u8>,
    pub(super) delay: Duration,
    /// The connection ends after them.
    pub(super) last: bool,
}

/// The part of a chunk that passes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Passed<T> {
    /// All of it, unchanged.
    Whole,
    /// A replacement.
    Instead(T),
}

/// An expected reply.
#[derive(Debug)]
enum Expected {
    /// This many, unchanged.
    Replies(u64),
    /// This many confirmations of subscriptions, unchanged.
    Confirmations(u64),
    /// An answer of the proxy, in its turn.
    Local(Segment),
    /// A reply inside which the connection ends.
    Truncated,
    /// This many, delayed; true if they are confirmations.
    Delayed(u64, Duration, bool),
    /// One, in place of which the client gets these bytes.
    Replaced(Vec<u8>),
    /// One, unchanged, which lists the addresses of servers.
    Listing(Listing),
    /// One, unchanged, after which the connection behaves differently unless it is an error.
    Turn(Turn),
}

/// The decision about the rest of the command that is arriving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Undecided,
    Forward,
    Swallow,
}

/// The dialogue on one connection.
#[derive(Debug)]
pub(super) struct Dialogue {
    requests: Framer,
    replies: Framer,
    /// The start of a command whose name is not complete.
    head: Vec<u8>,
    course: Course,
    expected: VecDeque<Expected>,
    /// Entries of `expected` for which replies must be handled one by one.
    special: usize,
    /// Bytes of the local answers in `expected`.
    waiting: usize,
    /// A reply that is kept until it is complete.
    part: Vec<u8>,
    /// Pushes that wait for the end of the present reply.
    pushes: Vec<u8>,
    resp3: bool,
    subscribed: bool,
    monitored: bool,
    /// True between MULTI and EXEC or DISCARD.
    transaction: bool,
    silence: Silence,
    /// Addresses of servers that the client has learned.
    nodes: Vec<Node>,
    /// The commands on their way, if the application is observed.
    pub(super) ledger: Option<Box<Ledger>>,
    opaque: bool,
    /// The connection ends once its answers are sent: nothing more from the client counts.
    deaf: bool,
}

impl Dialogue {
    pub(super) fn new() -> Self {
        Self {
            requests: Framer::new(Speaker::Client),
            replies: Framer::new(Speaker::Server),
            head: Vec::new(),
            course: Course::Undecided,
            expected: VecDeque::new(),
            special: 0,
            waiting: 0,
            part: Vec::new(),
            pushes: Vec::new(),
            resp3: false,
            subscribed: false,
            monitored: false,
            transaction: false,
            silence: Silence::default(),
            nodes: Vec::new(),
            ledger: None,
            opaque: false,
            deaf: false,
        }
    }

    /// True if a command is unanswered; `None` if the bytes are not RESP.
    pub(super) fn in_flight(&self) -> Option<bool> {
        (!self.opaque).then_some(!self.expected.is_empty())
    }

    /// Takes the bytes for server and client that were held for a decision that will not come, because a stream has
    /// `ended` or the bytes are not RESP.
    pub(super) fn abandoned(&mut self, ended: [bool; 2]) -> [Vec<u8>; 2] {
        let [requests, replies] = ended.map(|ended| ended || self.opaque);
        let head = if requests { std::mem::take(&mut self.head) } else { Vec::new() };
        [head, if replies { std::mem::take(&mut self.part) } else { Vec::new() }]
    }

    /// Returns the length of the proxy's answers that wait for their turn, in bytes.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Takes the addresses of servers that the client has learned since the last call.
    pub(super) fn learned(&mut self) -> Vec<Node> {
        std::mem::take(&mut self.nodes)
    }

    /// Takes a chunk from the client and returns what passes to the server. `judge` decides about every command by its
    /// words (at least the first; all of a short one for those on which [`is_read_whole`] insists). With nothing to judge (`idle`) it decides
    /// only about those two and a few more.
    pub(super) fn requests(
        &mut self,
        chunk: &[u8],
        idle: bool,
        judge: &mut dyn FnMut(&[Vec<u8>]) -> Answer,
    ) -> Passed<Vec<u8>> {
        if self.opaque {
            return Passed::Whole;
        }
        let mut out = Rewriter::new(chunk);
        let mut at = 0;
        while at < chunk.len() && !self.deaf && !self.opaque {
            // Between two commands `head` is empty and the course undecided.
            if idle && self.requests.at_boundary() && !self.transaction && self.silence == Silence::None {
                let rest = &chunk[at..];
                let (commands, length) = match &mut self.ledger {
                    None => skim::commands(rest, |name, _| is_ordinary(name)),
                    Some(ledger) => skim::commands(rest, |name, whole| {
                        let ordinary = is_ordinary(name);
                        if ordinary {
                            ledger.sent_whole(name, whole);
                        }
                        ordinary
                    }),
                };
                if commands > 0 {
                    self.expect(commands, false);
                    out.keep(at, at + length);
                    at += length;
                    continue;
                }
            }
            let Ok((used, step)) = self.requests.advance(&chunk[at..]) else {
                self.give_up();
                out.put(&std::mem::take(&mut self.head));
                break;
            };
            let to = at + used;
            if let Some(ledger) = &mut self.ledger {
                ledger.arriving(&chunk[at..to]);
            }
            if self.course == Course::Undecided && self.is_decidable(step, used) {
                self.course = self.decide(judge, &mut out);
                if self.course == Course::Forward {
                    out.put(&self.head);
                }
                self.head.clear();
            }
            match self.course {
                Course::Undecided => self.head.extend_from_slice(&chunk[at..to]),
                Course::Forward => out.keep(at, to),
                Course::Swallow => {}
            }
            if step == Step::Complete {
                self.course = Course::Undecided;
                if let Some(ledger) = &mut self.ledger {
                    ledger.arrived(self.requests.words());
                }
            }
            at = to;
        }
        if self.opaque && at < chunk.len() {
            out.keep(at, chunk.len());
        }
        out.finish()
    }

    fn is_decidable(&self, step: Step, used: usize) -> bool {
        match step {
            Step::Complete => true,
            Step::Named => !is_read_whole(&self.requests.words()[0]),
            Step::More => self.head.len() + used > HEAD_LIMIT,
        }
    }

    /// Decides about the command; `out` gets what goes to the server in its place.
    fn decide(&mut self, judge: &mut dyn FnMut(&[Vec<u8>]) -> Answer, out: &mut Rewriter<'_>) -> Course {
        let words = self.requests.words();
        let Some(name) = words.first().map(|name| name.to_ascii_uppercase()) else {
            // An empty line or array has no effect and no reply.
            return Course::Forward;
        };
        if is_http(words.iter().map(Vec::as_slice)) {
            // The rest may be orders that a web page put into the body of its request.
            self.deaf = true;
            let bytes = b"-ERR this is not a web server\r\n".to_vec();
            return self.answer(bytes, true);
        }
        let subscribes = name.ends_with(b"SUBSCRIBE");
        let replies = if subscribes { self.requests.elements().saturating_sub(1).max(1) } else { 1 };
        let answer = judge(words);
        let forwarded = !matches!(answer, Answer::Local { .. });
        let (turn, listing) = (Turn::of(&name, words), Listing::of(&name, words));
        let silent = self.silence.covers(if forwarded { words } else { &[] });
        match answer {
            Answer::Local { bytes, last: false } if self.transaction && bytes.starts_with(b"-") => {
                return self.spoil_transaction(&name, bytes, silent, out);
            }
            Answer::Local { last: false, .. } if silent => {
                // The server counts the commands to which it does not reply.
                out.put(UNKNOWN);
                return Course::Swallow;
            }
            Answer::Local { bytes, last } => {
                if let Some(ledger) = self.ledger.as_mut().filter(|_| bytes.starts_with(b"-")) {
                    ledger.refused_by_fault(&name);
                }
                return self.answer(bytes, last);
            }
            Answer::Forward | Answer::Truncate | Answer::Delay(_) => {}
        }
        self.subscribed |= subscribes;
        self.passed(!silent && !subscribes);
        match &name[..] {
            b"MULTI" => self.transaction = true,
            b"EXEC" | b"DISCARD" | b"RESET" => self.transaction = false,
            b"PSYNC" | b"SYNC" => {
                self.passed(false);
                // What follows is a replica's stream, not RESP.
                self.give_up();
                return Course::Forward;
            }
            _ => {}
        }
        match answer {
            _ if silent => {}
            Answer::Truncate => self.expect_one(Expected::Truncated),
            Answer::Delay(delay) => self.expect_one(Expected::Delayed(replies, delay, subscribes)),
            Answer::Forward | Answer::Local { .. } => match (turn, listing) {
                (Some(turn), _) => self.expect_one(Expected::Turn(turn)),
                (None, Some(listing)) => self.expect_one(Expected::Listing(listing)),
                (None, None) => self.expect(replies, subscribes),
            },
        }
        Course::Forward
    }

    /// Refuses a command in a transaction. The server must know, because it has queued the others: it gets a command that
    /// it refuses, too, and for EXEC a DISCARD.
    fn spoil_transaction(&mut self, name: &[u8], error: Vec<u8>, silent: bool, out: &mut Rewriter<'_>) -> Course {
        let bytes = if name == b"EXEC" {
            self.transaction = false;
            out.put(DISCARD);
            [b"-EXECABORT Transaction discarded because of: ", &error[1..]].concat()
        } else {
            out.put(UNKNOWN);
            error
        };
        if !silent {
            self.passed(true);
            self.expect_one(Expected::Replaced(bytes));
        }
        Course::Swallow
    }

    /// Notes that the server gets the command that is arriving, and if it has one reply.
    fn passed(&mut self, answered: bool) {
        if let Some(ledger) = &mut self.ledger {
            ledger.passed(answered);
        }
    }

    /// Answers a command in the server's place.
    fn answer(&mut self, bytes: Vec<u8>, last: bool) -> Course {
        self.waiting += bytes.len();
        self.expect_one(Expected::Local(Segment { bytes, delay: Duration::ZERO, last }));
        Course::Swallow
    }

    /// Expects something that must be handled separately.
    fn expect_one(&mut self, expected: Expected) {
        self.special += 1;
        self.expected.push_back(expected);
    }

    fn expect(&mut self, count: u64, confirmations: bool) {
        match (self.expected.back_mut(), confirmations) {
            (Some(Expected::Replies(known)), false) | (Some(Expected::Confirmations(known)), true) => *known += count,
            (_, false) => self.expected.push_back(Expected::Replies(count)),
            (_, true) => self.expected.push_back(Expected::Confirmations(count)),
        }
    }

    /// Queues a push until the next gap between two replies; true if the connection understands pushes.
    pub(super) fn push(&mut self, frame: &[u8]) -> bool {
        let understood = self.resp3 && !self.opaque;
        if understood {
            self.pushes.extend_from_slice(frame);
        }
        understood
    }

    /// Lets all further bytes pass unread.
    fn give_up(&mut self) {
        self.opaque = true;
        self.expected.clear();
        (self.special, self.waiting) = (0, 0);
    }
}

#[cfg(test)]
mod tests;
