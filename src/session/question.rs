//! One command and its answer: what is asked, what must come back, and how it went.

use std::time::Duration;

use redis::{Cmd, Value};

use crate::{classify::Failure, clock::Stamp, plan::Name};

/// A command and the answer that it must get.
pub(super) struct Question {
    /// The command.
    pub(super) command: Cmd,
    /// The exact answer, when there is one.
    pub(super) answer: Option<Vec<u8>>,
    /// Whether it is one of the user's commands; ours are not counted among the failed.
    pub(super) counted: bool,
}

/// How asking went.
pub(super) struct Asked {
    /// Which of the session's subjects was asked.
    pub(super) epoch: u64,
    /// When the command was handed to the library.
    pub(super) launched: Stamp,
    /// When the answer, the error or the deadline came.
    pub(super) done: Stamp,
    /// The part of it spent waiting for a connection.
    pub(super) waited: Duration,
    /// Since when the connection has been up: what was due before could not be answered before.
    pub(super) ready: Stamp,
    /// The answer, or what went wrong.
    pub(super) outcome: Result<Value, Failed>,
}

/// A command that failed.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    /// How.
    pub(super) failure: Failure,
    /// It was sent and never answered: it may have been executed.
    pub(super) ambiguous: bool,
}

/// The library's answer to a command that waited for a reconnect: what it says about the reconnect cycle.
#[derive(Clone, Debug)]
pub(super) struct WaitingFailure {
    /// When the command was sent off.
    pub(super) launched: Stamp,
    /// When the error came.
    pub(super) at: Stamp,
    /// The error.
    pub(super) failure: Failure,
    /// Whether the library never tries again after it.
    pub(super) wedges: bool,
}

impl Question {
    /// Whether it is one of the user's writes: of what is counted, only these are answered with a mere OK.
    pub(super) fn is_write(&self) -> bool {
        self.counted && self.answer.is_none()
    }

    /// `PING` with something that nobody else asks.
    pub(super) fn nonced_ping(who: &str, now: Stamp) -> Self {
        let nonce = format!("redis-doctor:{who}:{}", now.as_nanos()).into_bytes();
        let mut command = redis::cmd("PING");
        command.arg(nonce.as_slice());
        Self { command, answer: Some(nonce), counted: false }
    }

    /// `HELLO` in the version that is spoken already, which changes nothing.
    pub(super) fn hello(resp3: bool) -> Self {
        let mut command = redis::cmd("HELLO");
        command.arg(if resp3 { 3 } else { 2 });
        Self::open(command)
    }

    /// A command whose answer is not known in advance.
    pub(super) fn open(command: Cmd) -> Self {
        Self { command, answer: None, counted: false }
    }
}

/// The beginning of a reply, for an event line.
pub(super) fn summary(value: &Value) -> String {
    let mut text = match value {
        Value::BulkString(bytes) => Name::from(&bytes[..bytes.len().min(60)]).to_string(),
        Value::SimpleString(text) => text.clone(),
        Value::Okay => "OK".to_owned(),
        Value::Nil => "nil".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Push { kind, .. } => format!("push {kind}"),
        other => format!("{other:?}"),
    };
    if text.len() > 60 {
        let end = (0..=60).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
    text
}
