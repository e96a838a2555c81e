//! One command with its expected reply, and the outcome of sending it.

use std::time::Duration;

use redis::{Cmd, Value};

use crate::{classify::Failure, clock::Stamp, plan::Name};

/// A command and its expected reply.
pub(super) struct Request {
    pub(super) command: Cmd,
    /// The exact reply, if it is known in advance.
    pub(super) answer: Option<Vec<u8>>,
    /// One of the user's commands; failures of redis-doctor's commands are not counted.
    pub(super) counted: bool,
}

/// A sent command and its outcome.
pub(super) struct Exchange {
    /// Epoch of the subject that sent it.
    pub(super) epoch: u64,
    /// Time at which the library took the command.
    pub(super) launched: Stamp,
    /// Time of the reply, the error or the deadline.
    pub(super) done: Stamp,
    /// Time spent waiting for a connection.
    pub(super) waited: Duration,
    /// Time since which the connection has been up; nothing could be answered earlier.
    pub(super) ready: Stamp,
    /// The reply or the failure.
    pub(super) outcome: Result<Value, FailedRequest>,
}

/// A command that failed.
/// A failed command.
#[derive(Clone, Debug)]
pub(super) struct FailedRequest {
    pub(super) failure: Failure,
    /// Outcome unknown: sent and never answered, so it may have been executed.
    pub(super) ambiguous: bool,
}

/// The failure of a command that waited for a reconnect, which shows the state of the reconnect cycle.
#[derive(Clone, Debug)]
pub(super) struct WaitingFailure {
    /// Time at which the command was sent.
    pub(super) launched: Stamp,
    /// Time of the error.
    pub(super) at: Stamp,
    pub(super) failure: Failure,
    /// The library never tries again after this error.
    pub(super) wedges: bool,
}

impl Request {
    /// Returns true for one of the user's writes: of the counted commands, only writes have a plain OK as their reply.
    pub(super) fn is_write(&self) -> bool {
        self.counted && self.answer.is_none()
    }

    /// Creates a `PING` with a unique payload.
    pub(super) fn nonced_ping(who: &str, now: Stamp) -> Self {
        let nonce = format!("redis-doctor:{who}:{}", now.as_nanos()).into_bytes();
        let mut command = redis::cmd("PING");
        command.arg(nonce.as_slice());
        Self { command, answer: Some(nonce), counted: false }
    }

    /// Creates a `HELLO` in the protocol already in use, which changes nothing.
    pub(super) fn hello(resp3: bool) -> Self {
        let mut command = redis::cmd("HELLO");
        command.arg(if resp3 { 3 } else { 2 });
        Self::open(command)
    }

    /// Creates a command without an expected reply.
    pub(super) fn open(command: Cmd) -> Self {
        Self { command, answer: None, counted: false }
    }
}

/// Returns the beginning of a reply, for an event line.
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
