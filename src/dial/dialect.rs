//! The dialect of a peer: its protocol, and the commands that it understands.
//!
//! A proxy understands fewer commands than a server and may close the connection on any other, so this is found out on
//! connections that serve no other purpose.

use std::time::Duration;

use redis::Value;

use super::{
    attempt::{Attempt, Route, is_forbidden},
    resp_stream::RespStream,
};
use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::within,
    event::ProxyKind,
};

/// Time limit of finding out a dialect; the commands not tried by then count as understood.
const LIMIT: Duration = Duration::from_secs(3);

/// The commands that a peer understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// RESP3, otherwise RESP2.
    pub(crate) resp3: bool,
    pub(crate) nonce: Nonce,
    /// False if INFO ends the connection.
    pub(crate) info: bool,
    /// False if CLIENT ends the connection.
    pub(crate) client: bool,
    /// The proxy that answers, if its replies show one.
    pub(crate) proxy: Option<ProxyKind>,
}

/// The proof that a reply to a probe belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nonce {
    /// `PING nonce`.
    Ping,
    /// `ECHO nonce`.
    Echo,
    /// PING without an argument, whose reply is matched by its place.
    Place,
}

impl Nonce {
    /// Returns the remark for a run whose probes are not PINGs with a nonce.
    pub(crate) fn remark(self) -> Option<&'static str> {
        match self {
            Self::Ping => None,
            Self::Echo => Some(
                "PING is not answered with its argument, which shows a proxy: ECHO is sent instead, so that each reply \
                 can be matched to its command",
            ),
            Self::Place => Some(
                "PING is not answered with its argument, which shows a proxy that answers PING itself: replies are \
                 matched to their commands by order alone, and only the kv workload (soak --workload kv) tests the \
                 servers behind it",
            ),
        }
    }
}

impl Dialect {
    /// A server that speaks RESP3.
    pub(crate) const RESP3: Self = Self { resp3: true, nonce: Nonce::Ping, info: true, client: true, proxy: None };
}

impl Attempt {
    /// Returns the dialect as far as the attempt shows it.
    pub(crate) fn dialect(&self) -> Dialect {
        let hung_up = self.info_refused.as_ref().is_some_and(|failure| failure.key.class.is_hang_up());
        Dialect { resp3: self.resp == 3, info: !hung_up, proxy: self.server.proxy, ..Dialect::RESP3 }
    }
}

impl Route {
    /// Finds out the dialect of a peer after a successful attempt, beginning on its `stream`; over RESP3 without I/O.
    /// Returns it with a failure if the peer does not know one of the commands for pub/sub in `pubsub`.
    pub(crate) async fn learn(
        &self,
        attempt: &Attempt,
        stream: RespStream,
        pubsub: &[&str],
    ) -> (Dialect, Option<Failure>) {
        let mut dialect = attempt.dialect();
        let mut refused = None;
        if !dialect.resp3 {
            let mut trial = Trial { route: self.speaking(dialect), stream: Some(stream) };
            // If the time is over, the rest stays as assumed.
            let _ = within(LIMIT, trial.run(&mut dialect, pubsub, &mut refused)).await;
        }
        (dialect, refused)
    }
}

/// The reaction of a peer to a command.
enum Reaction {
    Reply(Value),
    Refused(Failure),
    HungUp,
    /// No reply, or no connection.
    Unknown,
}

/// Commands sent for the sake of the reaction.
struct Trial {
    route: Route,
    /// `None` after a hang-up.
    stream: Option<RespStream>,
}

impl Trial {
    async fn run(&mut self, dialect: &mut Dialect, pubsub: &[&str], refused: &mut Option<Failure>) {
        let nonce = format!("redis-doctor:{}", self.route.clock().now().as_nanos());
        let is_nonce = |reaction: &Reaction| matches!(reaction, Reaction::Reply(Value::BulkString(bytes)) if bytes == nonce.as_bytes());
        let ping = self.send(&["PING", &nonce]).await;
        let unknown = match &ping {
            Reaction::Unknown => true,
            Reaction::Refused(failure) => is_forbidden(failure),
            Reaction::Reply(_) | Reaction::HungUp => false,
        };
        if !unknown && !is_nonce(&ping) {
            let echo = self.send(&["ECHO", &nonce]).await;
            dialect.nonce = if is_nonce(&echo) { Nonce::Echo } else { Nonce::Place };
            dialect.proxy.get_or_insert(ProxyKind::Unspecified);
        }
        let named = self.send(&["CLIENT", "SETINFO", "LIB-NAME", "redis-doctor"]).await;
        dialect.client = !matches!(named, Reaction::HungUp);
        for command in pubsub {
            let words = [*command, &nonce, "x"];
            // Only PUBLISH takes a message.
            let words = if *command == "PUBLISH" { &words[..] } else { &words[..2] };
            let answer = match self.send(words).await {
                // NOPERM and other code words come from a server that knows the command.
                Reaction::Refused(failure) if failure.key.class == ErrorClass::ServerError => failure.to_string(),
                Reaction::HungUp => "it closes the connection".to_owned(),
                Reaction::Refused(_) | Reaction::Reply(_) | Reaction::Unknown => continue,
            };
            let who = if dialect.proxy.is_some() { "the proxy does not pass on" } else { "the server does not know" };
            let text = format!("{who} {command} ({answer})");
            *refused = Some(Failure::doctor(ErrorClass::ServerError, Stage::Subscribe, text));
            return;
        }
    }

    async fn send(&mut self, words: &[&str]) -> Reaction {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => match self.route.connect().await {
                Ok((_, stream)) => stream,
                Err(_) => return Reaction::Unknown,
            },
        };
        match stream.command(words).await {
            Ok(reply) => {
                self.stream = Some(stream);
                Reaction::Reply(reply)
            }
            Err(failure) if failure.key.class.is_server_reply() => {
                self.stream = Some(stream);
                Reaction::Refused(failure)
            }
            Err(failure) if failure.key.class.is_hang_up() => Reaction::HungUp,
            Err(_) => Reaction::Unknown,
        }
    }
}
