//! The commands and replies of one connection: matches them, answers commands in place of the server, and changes
//! replies. Bytes in, bytes out; no sockets.
//!
//! A command that a fault answers is not passed on. Its answer takes its place in the order of the replies, so a
//! pipeline stays in step. Without a fault, values are only counted, and bytes pass in the chunks they came in.

mod replies;
mod rewriter;

use std::{collections::VecDeque, time::Duration};

use self::rewriter::Rewriter;
use crate::resp::{Framer, Speaker, Step, is_http, skim};

/// A command whose name is not complete after this many bytes is passed on.
const HEAD_LIMIT: usize = 16 * 1024;
/// A reply that is held until it is complete is passed on when it gets longer than this.
const REPLY_LIMIT: usize = 1 << 20;

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

    /// Takes a chunk from the client and returns what passes to the server. `judge` decides about every command by its
    /// words (at least the first; all of a short one for HELLO and DOCTOR). With nothing to judge (`idle`) it decides
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
        while at < chunk.len() && !self.deaf {
            // Between two commands `head` is empty and the course undecided.
            if idle && self.requests.at_boundary() {
                let (commands, length) = skim::commands(&chunk[at..], is_ordinary);
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
                out.keep(at, chunk.len());
                break;
            };
            let to = at + used;
            if self.course == Course::Undecided && self.is_decidable(step, used) {
                self.course = self.decide(judge);
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
            }
            at = to;
        }
        out.finish()
    }

    fn is_decidable(&self, step: Step, used: usize) -> bool {
        let whole = |name: &[u8]| name.eq_ignore_ascii_case(b"HELLO") || name.eq_ignore_ascii_case(b"DOCTOR");
        match step {
            Step::Complete => true,
            Step::Named => !whole(&self.requests.words()[0]),
            Step::More => self.head.len() + used > HEAD_LIMIT,
        }
    }

    fn decide(&mut self, judge: &mut dyn FnMut(&[Vec<u8>]) -> Answer) -> Course {
        let words = self.requests.words();
        let Some(name) = words.first() else {
            // An empty line or array has no effect and no reply.
            return Course::Forward;
        };
        if is_http(words.iter().map(Vec::as_slice)) {
            // The rest may be orders that a web page put into the body of its request.
            self.deaf = true;
            let bytes = b"-ERR this is not a web server\r\n".to_vec();
            return self.answer(bytes, true);
        }
        let subscribes = name.len() >= 9 && name[name.len() - 9..].eq_ignore_ascii_case(b"SUBSCRIBE");
        let replies = if subscribes { self.requests.elements().saturating_sub(1).max(1) } else { 1 };
        let answer = judge(words);
        if answer == Answer::Forward || matches!(answer, Answer::Delay(_)) {
            self.subscribed |= subscribes;
            let is_hello = name.eq_ignore_ascii_case(b"HELLO");
            self.resp3 |= is_hello && words.get(1).is_some_and(|version| version == b"3");
        }
        match answer {
            Answer::Forward => self.expect(replies, subscribes),
            Answer::Local { bytes, last } => return self.answer(bytes, last),
            Answer::Truncate => {
                self.special += 1;
                self.expected.push_back(Expected::Truncated);
            }
            Answer::Delay(delay) => {
                self.special += 1;
                self.expected.push_back(Expected::Delayed(replies, delay, subscribes));
            }
        }
        Course::Forward
    }

    /// Answers a command in the server's place.
    fn answer(&mut self, bytes: Vec<u8>, last: bool) -> Course {
        self.special += 1;
        self.waiting += bytes.len();
        self.expected.push_back(Expected::Local(Segment { bytes, delay: Duration::ZERO, last }));
        Course::Swallow
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

/// True if a command has one reply and does not change how others are answered.
fn is_ordinary(name: &[u8]) -> bool {
    match name.len() {
        5 => !name.eq_ignore_ascii_case(b"HELLO"),
        6 => !name.eq_ignore_ascii_case(b"DOCTOR"),
        length => length < 9 || !name[length - 9..].eq_ignore_ascii_case(b"SUBSCRIBE"),
    }
}

#[cfg(test)]
mod tests;
