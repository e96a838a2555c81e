//! One command with its expected reply, and the outcome of sending it.

use std::time::Duration;

use redis::{Cmd, Value};

use crate::{classify::Failure, clock::Stamp, dial::Nonce, foreign::Foreign, plan::Name};

/// The reply to PING without an argument.
pub(super) const PONG: &str = "PONG";

/// Maximum length of the beginning of a reply that is shown, in bytes.
const SUMMARY: usize = 60;

/// A command and its expected reply.
pub(super) struct Request {
    pub(super) command: Cmd,
    pub(super) proof: Proof,
    /// One of the user's commands; failures of redis-doctor's commands are not counted.
    pub(super) counted: bool,
}

/// The reply that shows a command to be answered.
pub(super) enum Proof {
    /// Any reply but an error.
    Reply,
    /// The value written before, at this time.
    Value(Vec<u8>, Stamp),
    /// The nonce of a PING or ECHO.
    Nonce(Vec<u8>),
    /// `PONG`, in its place.
    Pong,
}

impl Proof {
    /// Returns the bytes of the exact reply, if they are unique.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Value(bytes, _) | Self::Nonce(bytes) => Some(bytes),
            Self::Reply | Self::Pong => None,
        }
    }
}

/// Returns true if a worker wrote this value before another one: `run:connection:worker:turn`, and a payload.
pub(super) fn is_earlier(value: &[u8], than: &[u8]) -> bool {
    let turn = |value: &[u8]| {
        let mut parts = value.splitn(5, |byte| *byte == b':');
        let [run, connection, worker, turn] = std::array::from_fn(|_| parts.next().unwrap_or_default().to_vec());
        let turn: u64 = std::str::from_utf8(&turn).ok()?.parse().ok()?;
        Some(([run, connection, worker], turn))
    };
    turn(value).zip(turn(than)).is_some_and(|(one, other)| one.0 == other.0 && one.1 < other.1)
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
    /// An outage or a stall fell into its flight: its time says nothing about latency.
    pub(super) disturbed: bool,
    /// redis-doctor itself was paused during its flight, which excuses a late reply, or a missing one.
    pub(super) paused: bool,
    /// The reply or the failure.
    pub(super) outcome: Result<Value, FailedRequest>,
}

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
        self.counted && matches!(self.proof, Proof::Reply)
    }

    /// Returns the name of one of the user's commands.
    pub(super) fn name(&self) -> &'static str {
        match self.proof {
            Proof::Reply => "SET",
            Proof::Value(..) => "GET",
            Proof::Nonce(_) | Proof::Pong => "PING",
        }
    }

    /// Creates a heartbeat: with a unique payload, if the peer returns it.
    pub(super) fn heartbeat(nonce: Nonce, who: &str, now: Stamp) -> Self {
        let payload = format!("redis-doctor:{who}:{}", now.as_nanos()).into_bytes();
        let (command, proof) = probe(nonce, Cmd::new(), payload);
        Self { command, proof, counted: false }
    }

    /// Creates a `HELLO` in the protocol already in use, which changes nothing.
    pub(super) fn hello(resp3: bool) -> Self {
        let mut command = redis::cmd("HELLO");
        command.arg(if resp3 { 3 } else { 2 });
        Self::open(command)
    }

    /// Creates a command of redis-doctor's own from its words.
    pub(super) fn words(words: &[&str]) -> Self {
        let mut command = Cmd::new();
        words.iter().for_each(|word| _ = command.arg(word));
        Self::open(command)
    }

    /// Creates a command without an expected reply.
    pub(super) fn open(command: Cmd) -> Self {
        Self { command, proof: Proof::Reply, counted: false }
    }
}

/// Writes a probe into an empty command, and returns its proof.
#[inline]
pub(super) fn probe(nonce: Nonce, mut command: Cmd, payload: Vec<u8>) -> (Cmd, Proof) {
    match nonce {
        Nonce::Ping => command.arg("PING").arg(payload.as_slice()),
        Nonce::Echo => command.arg("ECHO").arg(payload.as_slice()),
        Nonce::Place => {
            command.arg("PING");
            return (command, Proof::Pong);
        }
    };
    (command, Proof::Nonce(payload))
}

/// Returns true if a reply is exactly this value.
pub(super) fn is_value(reply: &Value, expected: &[u8]) -> bool {
    matches!(reply, Value::BulkString(bytes) if bytes == expected)
}

/// Returns the beginning of a reply, for an event line.
pub(super) fn summary(value: &Value) -> Foreign {
    match value {
        Value::BulkString(bytes) => beginning(&Name::from(&bytes[..bytes.len().min(SUMMARY)]).to_string()),
        Value::SimpleString(text) => beginning(text),
        Value::Okay => "OK".into(),
        Value::Nil => "nil".into(),
        Value::Int(number) => number.to_string().into(),
        Value::Push { kind, .. } => beginning(&format!("push {kind}")),
        other => beginning(&format!("{other:?}")),
    }
}

fn beginning(text: &str) -> Foreign {
    let end = (0..=text.len().min(SUMMARY)).rev().find(|end| text.is_char_boundary(*end));
    Foreign::new(&text[..end.unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_value_is_of_the_same_worker() {
        let earlier = |value: &str| is_earlier(value.as_bytes(), b"7f3a.0{5}:0:1:12:....");
        assert!(earlier("7f3a.0{5}:0:1:9:....") && earlier("7f3a.0{5}:0:1:11"));
        for other in
            ["7f3a.0{5}:0:1:12:....", "7f3a.0{5}:0:1:13", "7f3a.0{5}:0:2:9", "7f3b:0:1:9", "7f3a.0{5}:0:1", "OK", ""]
        {
            assert!(!earlier(other), "{other}");
        }
    }
}
