//! What was gathered about one outage, to name its cause: facts only, no conclusions.
//!
//! All of it may be missing: a server may forbid a question, a platform may not tell, a server that is gone cannot be
//! asked. What was asked for and not had is listed with the reason, so that a diagnosis can say on what it stands.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::clock::{Stamp, seconds};

/// Everything gathered about one outage or stall. It is told when that is over and the server has been asked, which is
/// within about a second; of one that lasts it is told early, too ([`Evidence::ongoing`]).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Number of the physical connection that was lost, or stalled.
    pub generation: u64,
    /// When it was lost: the moment of its `disconnected` event, or the `since` of its stall.
    pub lost: Stamp,
    /// The outage was under way when this was told: after ten seconds, or when the run ended. What comes later for the
    /// same connection and the same `lost` replaces it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ongoing: bool,
    /// How the connection's socket ended, as the kernel saw it; absent for a stall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub death: Option<Death>,
    /// TCP's figures of that socket, when they were last read before the loss; of a stall, before its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpFigures>,
    /// The server before the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Arc<ServerState>>,
    /// The server after it. Outages that come faster than about one a second share what was asked before the first and
    /// after the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Arc<ServerState>>,
    /// Losses and stalls of all connections between `before` and `after`, this one included: what moved between the two
    /// moved for all of them. 0 unless both are there.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub outages_between: u64,
    /// Whether the server still listed the lost connection's client id afterwards: a ghost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_client_listed: Option<bool>,
    /// This machine around the loss.
    #[serde(default)]
    pub host: HostState,
    /// Maintenance announcements that the server pushed in the minute before the loss, or during the outage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub announcements: Vec<Announcement>,
    /// Attempts to come back that could be seen, with what they failed with: the first and the latest of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// How many of the failed ones the kernel told of; `None` where it could not be listened to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<Tried>,
    /// What was asked for and could not be had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// How a socket ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Death {
    /// The end.
    pub how: SocketEnd,
    /// The kernel's errno, where it gave one to somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno: Option<i32>,
    /// Where this is known from.
    pub known_from: DeathWitness,
}

/// The ways a TCP connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketEnd {
    /// The other side reset it (RST). That also becomes of a close which a command crosses on its way: data for a closed
    /// socket is answered with a reset.
    Reset,
    /// The other side closed it (FIN).
    Closed,
    /// The kernel gave up: retransmissions, keepalive probes or `TCP_USER_TIMEOUT` (ETIMEDOUT), or the network said
    /// that there is no way (EHOSTUNREACH).
    TimedOut,
    /// It was still open when the client left it.
    Local,
    /// It was gone without a FIN: reset or timed out, and nobody was told which.
    Gone,
}

/// Who saw how a socket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeathWitness {
    /// The errno of a command that was in flight.
    Command,
    /// The kernel's socket table (socket diagnostics), at the moment of the loss.
    SocketTable,
}

/// TCP's figures of a socket (Linux `TCP_INFO`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TcpFigures {
    /// When they were read.
    pub at: Stamp,
    /// Smoothed round-trip time.
    #[serde(with = "seconds")]
    pub rtt: Duration,
    /// Segments sent and not acknowledged.
    pub unacked: u32,
    /// Consecutive retransmissions under way.
    pub retransmits: u32,
    /// Retransmissions since the connection was made.
    pub total_retransmits: u32,
    /// Keepalive or window probes without an answer.
    pub probes: u32,
    /// Since the last data came.
    #[serde(with = "seconds")]
    pub last_data_received: Duration,
    /// Since the last acknowledgement came.
    #[serde(with = "seconds")]
    pub last_ack_received: Duration,
}

/// A server as INFO, CONFIG GET and CLIENT INFO describe it. Counters are since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerState {
    /// When it was asked.
    pub at: Stamp,
    /// The address that answered, as we connected to it.
    pub address: Option<Arc<str>>,
    /// Its own end of the connection (`CLIENT INFO laddr`).
    pub laddr: Option<Arc<str>>,
    /// Whether one end of the connection sees other addresses than the other: something in between (NAT, a proxy, a
    /// relay) may hold its other half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translated: Option<bool>,
    /// All addresses that the name stood for.
    #[serde(default)]
    pub addresses: Arc<[String]>,
    /// `run_id`: changes when the process restarts.
    pub run_id: Option<Arc<str>>,
    /// `redis_version` or `valkey_version`.
    pub version: Option<Arc<str>>,
    /// `uptime_in_seconds`
    pub uptime: Option<u64>,
    /// `role`, in the server's own words: `master`, `slave` …
    pub role: Option<Arc<str>>,
    /// `master_repl_offset`
    pub replication_offset: Option<u64>,
    /// `master_replid`: the replication history that it writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_id: Option<Arc<str>>,
    /// `master_replid2`: the history that it went on from when it was promoted, or started again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_replication_id: Option<Arc<str>>,
    /// `master_failover_state`, when it is not `no-failover`.
    pub failover_state: Option<Arc<str>>,
    /// `loading`
    pub loading: Option<bool>,
    /// `connected_clients`
    pub connected_clients: Option<u64>,
    /// `total_connections_received`
    pub connections_received: Option<u64>,
    /// `rejected_connections`: over `maxclients`.
    pub rejected_connections: Option<u64>,
    /// `evicted_clients`: over `maxmemory-clients`.
    pub evicted_clients: Option<u64>,
    /// `client_output_buffer_limit_disconnections` (Redis 7.4 and later).
    pub output_buffer_disconnections: Option<u64>,
    /// `client_query_buffer_limit_disconnections` (Redis 7.4 and later).
    pub query_buffer_disconnections: Option<u64>,
    /// Calls of `CLIENT KILL` (`INFO commandstats`, Redis 7.0 and later).
    pub client_kills: Option<u64>,
    /// Calls of `ACL SETUSER`, `ACL DELUSER` and `ACL LOAD` together (`INFO commandstats`).
    pub acl_changes: Option<u64>,
    /// Calls of `CONFIG SET` (`INFO commandstats`).
    pub config_changes: Option<u64>,
    /// `timeout` (seconds): silent clients are closed after it; 0 is never.
    pub timeout: Option<u64>,
    /// `tcp-keepalive` (seconds); 0 is off.
    pub tcp_keepalive: Option<u64>,
    /// `maxclients`
    pub maxclients: Option<u64>,
    /// `client-output-buffer-limit`, as CONFIG GET has it.
    pub output_buffer_limit: Option<Arc<str>>,
}

/// The machine that redis-doctor runs on, around a loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostState {
    /// The longest that our own timers came late, from the last reply before the loss to its detection.
    #[serde(with = "seconds")]
    pub lag: Duration,
    /// How long the machine slept in that time (suspend), where it can be told.
    #[serde(default, with = "seconds::option", skip_serializing_if = "Option::is_none")]
    pub suspended: Option<Duration>,
}

/// A maintenance push of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// When it came.
    pub at: Stamp,
    /// Its kind: `MOVING`, `FAILING_OVER` …
    pub kind: String,
}

/// An attempt of the client to come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began, where the kernel told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Stamp>,
    /// When its failure was seen; when it succeeded, the first good reply.
    pub at: Stamp,
    /// What became of its connection, where the kernel told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<AttemptEnd>,
    /// What it failed with; `None` for the one that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// What became of the TCP connection of a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptEnd {
    /// The other side answered, and refused it: nothing listens there.
    Refused,
    /// No segment ever came back.
    Unanswered,
    /// It was made, and ended before it was of any use: closed, reset, or given up.
    Dropped,
}

/// Failed attempts to come back, by what became of their connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Refused.
    pub refused: u64,
    /// Never answered.
    pub unanswered: u64,
    /// Made, and dropped again.
    pub dropped: u64,
}

impl Tried {
    /// The number of one kind.
    pub fn of(&mut self, end: AttemptEnd) -> &mut u64 {
        match end {
            AttemptEnd::Refused => &mut self.refused,
            AttemptEnd::Unanswered => &mut self.unanswered,
            AttemptEnd::Dropped => &mut self.dropped,
        }
    }

    /// All of them.
    pub fn all(&self) -> u64 {
        self.refused + self.unanswered + self.dropped
    }
}

/// A piece of evidence that could not be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What was asked for.
    pub what: String,
    /// Why there is no answer: the server's words, or ours.
    pub why: String,
    /// The server itself refused it: the user may not ask, or the server (a managed service) has no such command.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
}

impl Missing {
    /// It could not be had, and nobody refused it.
    pub fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into(), refused: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, EventKind};

    fn at(seconds: u64) -> Stamp {
        Stamp::START.after(Duration::from_secs(seconds))
    }

    /// With everything that can be there.
    fn full() -> Evidence {
        let state = Arc::new(ServerState {
            at: at(1),
            address: Some("10.0.3.17:6379".into()),
            addresses: ["10.0.3.17:6379".into()].into(),
            failover_state: Some("waiting-for-sync".into()),
            loading: Some(true),
            client_kills: Some(3),
            output_buffer_limit: Some("normal 0 0 0".into()),
            ..ServerState::default()
        });
        Evidence {
            generation: 2,
            lost: at(8),
            ongoing: true,
            death: Some(Death { how: SocketEnd::TimedOut, errno: Some(110), known_from: DeathWitness::Command }),
            tcp: Some(TcpFigures { at: at(7), unacked: 3, ..TcpFigures::default() }),
            before: Some(state.clone()),
            after: Some(state),
            outages_between: 2,
            old_client_listed: Some(true),
            host: HostState { lag: Duration::from_millis(12), suspended: Some(Duration::ZERO) },
            announcements: vec![Announcement { at: at(6), kind: "MOVING".into() }],
            attempts: vec![
                Attempt {
                    started: Some(at(8)),
                    at: at(9),
                    end: Some(AttemptEnd::Refused),
                    failure: Some("Connection refused (os error 111)".into()),
                },
                Attempt { started: None, at: at(10), end: None, failure: None },
            ],
            tried: Some(Tried { refused: 1, unanswered: 0, dropped: 0 }),
            missing: vec![Missing { refused: true, ..Missing::new("CONFIG GET", "NOPERM") }],
        }
    }

    #[test]
    fn evidence_is_a_journal_line_and_back() {
        let schema = include_str!("../render/schema/journal.schema.json");
        let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
        let least = Evidence { generation: 1, lost: at(3), ..Evidence::default() };
        let announced = EventKind::Announced { kind: "MOVING".into() };
        for kind in [EventKind::Evidence(Box::new(full())), EventKind::Evidence(Box::new(least)), announced] {
            let event = Event { at: at(11), time: crate::clock::WallTime::default(), connection: Some(0), kind };
            let line = serde_json::to_value(&event).unwrap();
            let wrong: Vec<_> = schema.iter_errors(&line).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{wrong:?} in {line}");
            assert_eq!(serde_json::from_value::<Event>(line).unwrap(), event);
        }
    }
}
