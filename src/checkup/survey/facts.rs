//! What a check has learnt from a server: plain data.

use std::{net::SocketAddr, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    classify::{ErrorClass, Failure},
    clock::Seconds,
    dial::Attempt,
};

/// Everything that could be learnt.
#[derive(Clone, Debug, Default)]
pub struct CheckFacts {
    /// The first connection, stage by stage; absent when not even its attempt ended before the deadline.
    pub attempt: Option<Attempt>,
    /// Round trips of PING on the open connection.
    pub pings: Vec<Duration>,
    /// The round trip of another login on the open connection; absent without a password.
    pub login: Option<Duration>,
    /// Our end of the connection, as the server sees it (`CLIENT INFO addr`).
    pub seen_from: Option<String>,
    /// The server's end of the connection, as it sees it (`CLIENT INFO laddr`).
    pub seen_at: Option<String>,
    /// The server itself.
    pub server: ServerFacts,
    /// What became of a message to ourselves.
    pub pubsub: Option<PubSub>,
    /// The other addresses of the same name.
    pub dialled: Vec<Dialled>,
    /// Questions that the server does not let us ask.
    pub refused: Vec<Refused>,
    /// Whether the port speaks TLS where we spoke plain text, or the reverse; absent when that was not in question.
    pub speaks_other_encryption: Option<bool>,
    /// How the questions ended.
    pub end: End,
    /// How long it all took.
    pub took: Duration,
}

impl CheckFacts {
    /// The middle of the PINGs' round trips.
    pub fn ping(&self) -> Option<Duration> {
        let mut pings = self.pings.clone();
        pings.sort_unstable();
        pings.get(pings.len() / 2).copied()
    }

    /// Why this question has no answer, if the server refused it.
    pub fn refusal(&self, question: Question) -> Option<&Refused> {
        self.refused.iter().find(|refused| refused.question == question)
    }
}

/// How the questions ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// Each was asked that could be.
    #[default]
    Complete,
    /// A signal came before the last.
    Stopped,
    /// The connection broke, or the deadline passed.
    Broken(Failure),
}

/// A server as INFO, CONFIG GET and CLIENT LIST describe it; what could not be asked is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ServerFacts {
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
    /// `maxmemory-clients`, as CONFIG GET has it; `0` is off.
    pub maxmemory_clients: Option<String>,
    /// `timeout` (seconds): silent clients are closed after it; 0 is never.
    pub timeout: Option<u64>,
    /// `tcp-keepalive` (seconds); 0 is off.
    pub tcp_keepalive: Option<u64>,
    /// `client-output-buffer-limit pubsub`
    pub pubsub_limit: Option<OutputLimit>,
    /// Subscribed connections that were listed.
    pub subscribers: Option<u64>,
    /// The most that waits for one of them in the server's memory (bytes).
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
pub struct OutputLimit {
    /// The client is closed at once above it.
    pub hard: u64,
    /// The client is closed when it stays above it …
    pub soft: u64,
    /// … for so many seconds.
    pub soft_seconds: u64,
}

/// A replica, as its primary lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Replica {
    /// Its address.
    pub address: String,
    /// `online`, or a stage of its synchronisation.
    pub state: String,
    /// Seconds since it last acknowledged.
    pub lag: Option<u64>,
}

/// What became of a message to ourselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PubSub {
    /// It came.
    Received {
        /// From PUBLISH to receipt.
        after: Duration,
    },
    /// It did not come.
    Lost {
        /// What is known of it.
        why: String,
    },
    /// One of the two commands is forbidden.
    Refused {
        /// Which.
        question: Question,
    },
    /// The second connection could not be made.
    NoSecondConnection {
        /// What it failed with.
        why: String,
    },
}

/// Another address of the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Dialled {
    /// The address.
    pub address: SocketAddr,
    /// How long it took to connect, or to fail.
    #[serde(rename = "seconds", with = "Seconds")]
    pub took: Duration,
    /// What it failed with, if it did.
    pub failure: Option<String>,
}

/// What a server can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, strum::VariantArray)]
pub enum Question {
    /// `PING`
    #[serde(rename = "PING")]
    Ping,
    /// `CLIENT INFO`
    #[serde(rename = "CLIENT INFO")]
    ClientInfo,
    /// `INFO`
    #[serde(rename = "INFO")]
    Info,
    /// `CONFIG GET`
    #[serde(rename = "CONFIG GET")]
    Config,
    /// `CLIENT LIST`
    #[serde(rename = "CLIENT LIST")]
    ClientList,
    /// `SUBSCRIBE`
    #[serde(rename = "SUBSCRIBE")]
    Subscribe,
    /// `PUBLISH`
    #[serde(rename = "PUBLISH")]
    Publish,
}

/// The command.
impl std::fmt::Display for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Ping => "PING",
            Self::ClientInfo => "CLIENT INFO",
            Self::Info => "INFO",
            Self::Config => "CONFIG GET",
            Self::ClientList => "CLIENT LIST",
            Self::Subscribe => "SUBSCRIBE",
            Self::Publish => "PUBLISH",
        })
    }
}

/// A question that the server does not let us ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Refused {
    /// The question.
    pub question: Question,
    /// The kind of its refusal.
    pub class: ErrorClass,
    /// The server's words.
    pub why: String,
}
