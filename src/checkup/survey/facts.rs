//! The facts gathered by a survey: plain data.

use std::{net::SocketAddr, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    classify::{ErrorClass, Failure},
    clock::Seconds,
    dial::Attempt,
    event::Peer,
};

/// Every fact that could be gathered.
#[derive(Clone, Debug, Default)]
pub(crate) struct CheckFacts {
    /// The first connection, stage by stage; absent if its attempt did not end before the deadline.
    pub(crate) attempt: Option<Attempt>,
    /// Round trips of PING on the open connection.
    pub pings: Vec<Duration>,
    /// Round trip of a GET through a proxy, or the failure; absent without a proxy.
    pub backend: Option<Result<Duration, Failure>>,
    /// Round trip of a second login on the open connection; absent without a password.
    pub login: Option<Duration>,
    /// Our end of the connection, as seen by the server (`CLIENT INFO addr`).
    pub seen_from: Option<String>,
    /// The server's end of the connection, as seen by the server (`CLIENT INFO laddr`).
    pub seen_at: Option<String>,
    /// The server's figures and settings.
    pub server: ServerFacts,
    /// Result of the message to ourselves.
    pub pubsub: Option<PubSub>,
    /// The other addresses of the same name.
    pub dialled: Vec<DialedAddress>,
    /// Servers that further connections reached.
    pub met: Vec<Peer>,
    /// Commands that the server refused.
    pub refused: Vec<RefusedCommand>,
    /// The port speaks TLS and we used plaintext, or the reverse; absent if not tested.
    pub speaks_other_encryption: Option<bool>,
    /// The end of the survey.
    pub end: SurveyEnd,
    /// Duration of the survey.
    pub took: Duration,
}

impl CheckFacts {
    /// Returns the median round trip of PING.
    pub(crate) fn ping(&self) -> Option<Duration> {
        let mut pings = self.pings.clone();
        pings.sort_unstable();
        pings.get(pings.len() / 2).copied()
    }

    /// Returns the refusal of a command, if there was one.
    pub(crate) fn refusal(&self, command: SurveyCommand) -> Option<&RefusedCommand> {
        self.refused.iter().find(|refused| refused.command == command)
    }

    /// Returns why a command has no answer, for a line: `not permitted`.
    pub(crate) fn no_answer(&self, command: SurveyCommand) -> &'static str {
        let proxied = self.attempt.as_ref().is_some_and(|attempt| attempt.server.proxy.is_some());
        match self.refusal(command) {
            Some(refused) if proxied && refused.class != ErrorClass::NoPerm => "not passed on by the proxy",
            Some(_) => "not permitted",
            None => "not reported by the server",
        }
    }
}

/// The end of a survey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum SurveyEnd {
    /// Everything was queried.
    #[default]
    Complete,
    /// Stopped by a signal.
    Stopped,
    /// The connection was lost, or the deadline passed.
    Broken(Failure),
}

/// A server as INFO, CONFIG GET and CLIENT LIST describe it; what could not be asked is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ServerFacts {
    /// `role`: `master`, `slave` …
    pub role: Option<String>,
    /// `loading`
    pub loading: Option<bool>,
    /// `connected_clients`
    pub connected_clients: Option<u64>,
    /// `maxclients`
    pub maxclients: Option<u64>,
    /// `rejected_connections`, since the server's start.
    pub rejected_connections: Option<u64>,
    /// `used_memory` (bytes)
    pub used_memory: Option<u64>,
    /// `maxmemory` (bytes); 0 is no limit.
    pub maxmemory: Option<u64>,
    /// `maxmemory-policy`
    pub maxmemory_policy: Option<String>,
    /// `maxmemory-clients`, as reported by CONFIG GET; `0` is off.
    pub maxmemory_clients: Option<String>,
    /// `timeout` (seconds): idle clients are closed after it; 0 is never.
    pub timeout: Option<u64>,
    /// `tcp-keepalive` (seconds); 0 is off.
    pub tcp_keepalive: Option<u64>,
    /// `client-output-buffer-limit pubsub`
    pub pubsub_limit: Option<OutputLimit>,
    /// Subscribers in the list.
    pub subscribers: Option<u64>,
    /// The largest output buffer of a subscriber (bytes).
    pub largest_subscriber_buffer: Option<u64>,
    /// `master_link_status` is `up` (replicas only).
    pub primary_link_up: Option<bool>,
    /// `master_last_io_seconds_ago` (replicas only; negative while there is no link).
    pub primary_last_io: Option<i64>,
    /// Replicas of a primary.
    pub replicas: Vec<Replica>,
}

/// A limit of what may wait for a client in the server's memory (bytes and seconds); 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct OutputLimit {
    /// Above this, the client is closed immediately.
    pub hard: u64,
    /// Above this for `soft_seconds`, the client is closed.
    pub soft: u64,
    /// Seconds above the soft limit.
    pub soft_seconds: u64,
}

/// A replica, as its primary lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Replica {
    /// Address.
    pub address: String,
    /// `online`, or a stage of its synchronization.
    pub state: String,
    /// Seconds since its last acknowledgement.
    pub lag: Option<u64>,
}

/// The result of a message to ourselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PubSub {
    /// Received.
    Received {
        /// Time from PUBLISH to receipt.
        after: Duration,
    },
    /// Not received.
    Lost {
        /// The reason as far as known.
        why: String,
    },
    /// One of the two commands is forbidden.
    Refused {
        /// The forbidden command.
        command: SurveyCommand,
    },
    /// The second connection could not be opened.
    NoSecondConnection {
        /// The failure.
        why: String,
    },
}

/// Another address of the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct DialedAddress {
    /// The address.
    pub address: SocketAddr,
    /// Time to connect or to fail.
    #[serde(rename = "seconds", with = "Seconds")]
    pub took: Duration,
    /// The failure, if any.
    pub failure: Option<String>,
}

/// A command of the survey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, strum::VariantArray, strum::Display)]
pub(crate) enum SurveyCommand {
    /// `PING`
    #[serde(rename = "PING")]
    #[strum(serialize = "PING")]
    Ping,
    /// `CLIENT INFO`
    #[serde(rename = "CLIENT INFO")]
    #[strum(serialize = "CLIENT INFO")]
    ClientInfo,
    /// `INFO`
    #[serde(rename = "INFO")]
    #[strum(serialize = "INFO")]
    Info,
    /// `CONFIG GET`
    #[serde(rename = "CONFIG GET")]
    #[strum(serialize = "CONFIG GET")]
    Config,
    /// `CLIENT LIST`
    #[serde(rename = "CLIENT LIST")]
    #[strum(serialize = "CLIENT LIST")]
    ClientList,
    /// `SUBSCRIBE`
    #[serde(rename = "SUBSCRIBE")]
    #[strum(serialize = "SUBSCRIBE")]
    Subscribe,
    /// `PUBLISH`
    #[serde(rename = "PUBLISH")]
    #[strum(serialize = "PUBLISH")]
    Publish,
}

/// A command that the server refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct RefusedCommand {
    /// The command.
    #[serde(rename = "question")]
    pub command: SurveyCommand,
    /// Class of the error reply.
    pub class: ErrorClass,
    /// Text of the error reply.
    pub why: String,
}
