//! The test for large packets. Where the path's MTU is smaller than both ends believe and the ICMP message about it is
//! lost, short packets pass and full ones never do (RFC 2923 section 2.1): PING works, INFO hangs.

use std::time::Duration;

use super::{Dialect, RespStream, Route, Value, reply::text};
use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::within,
    units::{bytes, span},
};

/// Bytes of a large command and of its reply: more than the MTU of Ethernet, and than two of its packets.
pub(crate) const LARGE: usize = 4096;

/// A reply that takes longer counts as lost: by then TCP has retransmitted a lost packet twice.
const LIMIT: Duration = Duration::from_millis(1500);

/// The packets that are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Toward the client.
    Replies,
    /// Toward the server.
    Commands,
    /// Which of the two cannot be tested.
    Either,
}

/// Sends a large command on an open connection and waits for its reply; `None` if there is none in time, after which
/// the connection is of no further use.
pub(crate) async fn answers(stream: &mut RespStream, dialect: Dialect) -> Option<Result<(), Failure>> {
    let filler = "redis-doctor ".repeat(LARGE / 13 + 1);
    // A proxy may answer PING itself, without the argument.
    let words = [if dialect.proxy.is_none() { "PING" } else { "ECHO" }, &filler[..LARGE]];
    let answer = within(LIMIT, stream.command(&words)).await?;
    let whole = |reply: Value| match text(&reply).is_some_and(|text| text.part().len() == LARGE) {
        true => Ok(()),
        false => Err(Failure::doctor(ErrorClass::Other, Stage::Command, "the reply is not the argument")),
    };
    Some(answer.and_then(whole))
}

impl Route {
    /// Finds out whether large packets are lost on this path while short ones arrive; `None` if not, or if the server may
    /// just be slow.
    pub(crate) async fn loses_large(&self, dialect: Dialect) -> Option<Lost> {
        let route = self.with_limit(LIMIT);
        let (_, mut stream) = route.connect().await.ok()?;
        if answers(&mut stream, dialect).await.is_some() {
            return None;
        }
        // The server answers short commands at the same time: it does not hang.
        let (_, mut stream) = route.connect().await.ok()?;
        within(LIMIT, stream.ping()).await?.ok()?;
        if dialect.proxy.is_some() {
            return Some(Lost::Either);
        }
        // A short command with a large reply.
        Some(match within(LIMIT, stream.command(&["INFO"])).await {
            None => Lost::Replies,
            Some(Ok(_)) => Lost::Commands,
            Some(Err(_)) => Lost::Either,
        })
    }
}

impl Lost {
    /// Returns the failure of a connection on such a path.
    pub(crate) fn failure(self) -> Failure {
        Failure::doctor(ErrorClass::MtuBlackHole, Stage::Command, self.to_string())
    }
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (what, size) = (
            match self {
                Self::Replies => "replies",
                Self::Commands => "commands",
                Self::Either => "commands or replies",
            },
            bytes(LARGE as u64),
        );
        write!(f, "{what} of {size} do not arrive within {}, while short ones do", span(LIMIT))
    }
}
