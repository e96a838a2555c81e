//! The facts gathered by a survey: plain data.

use std::{net::SocketAddr, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use super::cluster::ClusterFacts;
use crate::{
    classify::{ErrorClass, Failure},
    clock::Seconds,
    dial::Attempt,
    event::{CommandTime, LatencyEvent, Peer, SlowCommand},
    foreign::Foreign,
    kernel::AcceptQueue,
};

/// Every fact that could be gathered.
#[derive(Clone, Debug, Default)]
pub(crate) struct CheckFacts {
    /// The first connection, stage by stage; absent if its attempt did not end before the deadline.
    pub(crate) attempt: Option<Attempt>,
    /// Round trips of PING on the open connection.
    pub pings: PingTimes,
    /// Result of the test for large replies; absent if it could not be made.
    pub large: Option<LargeReply>,
    /// The server's own view of its slowness.
    pub slow: SlowFacts,
    /// The cluster; absent if the server is not in one.
    pub cluster: Option<ClusterFacts>,
    /// Round trip of a GET through a proxy, or the failure; absent without a proxy.
    pub backend: Option<Result<Duration, Failure>>,
    /// Round trip of a second login on the open connection; absent without a password.
    pub login: Option<Duration>,
    /// Our end of the connection, as seen by the server (`CLIENT INFO addr`).
    pub seen_from: Option<Foreign>,
    /// The server's end of the connection, as seen by the server (`CLIENT INFO laddr`).
    pub seen_at: Option<Foreign>,
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
        let mut pings = self.pings.times.clone();
        pings.sort_unstable();
        pings.get(pings.len() / 2).copied()
    }

    /// Returns true if large replies do not arrive, so that none was requested.
    pub(crate) fn loses_large(&self) -> bool {
        matches!(self.large, Some(LargeReply::Lost { .. }))
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
            None if command == SurveyCommand::Info && self.loses_large() => {
                "not queried, because large replies are lost"
            }
            None => "not reported by the server",
        }
    }
}

/// Round trips of PING, with the kernel's figures of the path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PingTimes {
    /// Round trips in order.
    pub times: Vec<Duration>,
    /// Largest delay of redis-doctor's timers while it waited.
    pub own_lag: Duration,
    /// Round-trip time of the path alone, as TCP measured it.
    pub rtt: Option<Duration>,
    /// Accept queue of a server on this machine, at its longest.
    pub queue: Option<AcceptQueue>,
}

/// The result of the test for large replies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "result")]
pub(crate) enum LargeReply {
    /// A reply of 4 KiB arrived.
    Arrived {
        /// Round trip.
        #[serde(rename = "seconds", with = "Seconds")]
        took: Duration,
    },
    /// It did not arrive, while short ones did.
    Lost {
        /// Direction and size of the lost packets.
        what: String,
    },
}

/// Slow commands and events, as the server reports them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct SlowFacts {
    /// Time between the two readings of the command counters.
    #[serde(rename = "window_seconds", with = "Seconds")]
    pub window: Duration,
    /// Commands that the server ran in that time, those that took the longest first (`INFO commandstats`).
    pub commands: Vec<CommandTime>,
    /// True if the slow log could be read.
    #[serde(skip)]
    pub log_known: bool,
    /// Entries of the slow log, the longest first.
    pub log: Vec<SlowCommand>,
    /// Events of the latency monitor, which is off by default (`LATENCY LATEST`).
    pub events: Vec<LatencyEvent>,
    /// Connections that this machine dropped in that time because an accept queue was full, on any of its ports.
    pub listen_overflows: Option<u64>,
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
    pub role: Option<Foreign>,
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
    pub maxmemory_policy: Option<Foreign>,
    /// `maxmemory-clients`, as reported by CONFIG GET; `0` is off.
    pub maxmemory_clients: Option<Foreign>,
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
    /// Clients whose requests wait behind their own blocking command: the first ones.
    pub held_up: Vec<BlockedClient>,
    /// Clients whose commands CLIENT PAUSE holds back: the first ones.
    pub held_back: Vec<BlockedClient>,
    /// `master_link_status` is `up` (replicas only).
    pub primary_link_up: Option<bool>,
    /// `master_last_io_seconds_ago` (replicas only; negative while there is no link).
    pub primary_last_io: Option<i64>,
    /// Replicas of a primary.
    pub replicas: Vec<Replica>,
    /// Address of the primary that a replica follows (`master_host:master_port`).
    pub primary: Option<Foreign>,
    /// `master_link_down_since_seconds` (replicas only).
    pub primary_link_down_for: Option<i64>,
    /// `min_slaves_good_slaves`: replicas whose lag is within `min-replicas-max-lag`.
    pub good_replicas: Option<u64>,
    /// `min-replicas-to-write`: with fewer good replicas, writes are refused; 0 is off.
    pub min_replicas_to_write: Option<u64>,
    /// `redis_mode` or `server_mode`: `standalone`, `cluster` or `sentinel`.
    pub mode: Option<Foreign>,
    /// `blocked_clients`
    pub blocked_clients: Option<u64>,
    /// `uptime_in_seconds`
    pub uptime: Option<u64>,
    /// The server's clock in seconds since 1970 (`server_time_usec`).
    pub unix_time: Option<u64>,
    /// Snapshots and the append-only file.
    pub persistence: Persistence,
}

/// The state of a server's persistence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Persistence {
    /// `rdb_last_bgsave_status` is not `ok`.
    pub snapshot_failed: Option<bool>,
    /// `aof_last_write_status` or `aof_last_bgrewrite_status` is not `ok`.
    pub aof_failed: Option<bool>,
    /// `aof_enabled`
    pub aof_enabled: Option<bool>,
    /// `rdb_bgsave_in_progress` or `aof_rewrite_in_progress`
    pub saving: bool,
    /// `rdb_last_save_time`, in seconds since 1970; the server's start if there was none.
    pub last_save: Option<u64>,
    /// `rdb_changes_since_last_save`
    pub changes: Option<u64>,
    /// `aof_delayed_fsync`: writes that waited for a slow fsync, since the server's start.
    pub delayed_fsyncs: Option<u64>,
    /// `save`, as reported by CONFIG GET: the snapshot schedule; empty is off.
    pub schedule: Option<Foreign>,
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

/// A client whose command is not answered yet, while the server serves other clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct BlockedClient {
    /// `addr`
    pub address: Foreign,
    /// `name`; empty without one.
    pub name: Foreign,
    /// `cmd`: the command that it waits in.
    pub command: Foreign,
    /// `qbuf`: bytes that the server has received from it and not yet run.
    pub unread: u64,
}

/// A replica, as its primary lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Replica {
    /// Address.
    pub address: Foreign,
    /// `online`, or a stage of its synchronization.
    pub state: Foreign,
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
    /// CLIENT PAUSE holds the message back.
    HeldBack,
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
