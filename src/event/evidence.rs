//! The evidence about one outage, from which its cause is derived: facts only, no conclusions.
//!
//! Any of it may be missing: a server may forbid a query or be gone, and not every platform has every fact. Missing evidence is listed with the reason, so a diagnosis can show its basis.

use std::{sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::server_state::{CommandTime, LatencyEvent, ListedClient, Peer, ServerState, SlowCommand};
use crate::{
    clock::{OptionalSeconds, Seconds, Stamp},
    foreign::Foreign,
};

/// The evidence about one outage or stall. It is reported within about a second after the end, once the server has been
/// queried; during a long outage it is also reported early (`ongoing`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Number of the physical connection that was lost or stalled.
    pub generation: u64,
    /// Time of the loss: that of the `disconnected` event, or `since` of the stall.
    #[serde(rename = "lost_at", alias = "lost")]
    pub lost: Stamp,
    /// True if the outage was not over: this is reported after ten seconds, or at the end of the run. Later evidence
    /// with the same connection and the same `lost_at` replaces it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("const" = true))]
    pub ongoing: bool,
    /// True if this is about a slow stretch, not about an outage: `lost_at` is its start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("const" = true))]
    pub slow: bool,
    /// End of the connection's socket, as the kernel saw it; absent for a stall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub death: Option<Death>,
    /// TCP figures of that socket, last read before the loss or before the end of the stall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpFigures>,
    /// State of the server before the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Arc<ServerState>>,
    /// State of the server after the loss. Outages less than about a second apart share the state before the first and
    /// after the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Arc<ServerState>>,
    /// Losses and stalls of all connections between `before` and `after`, this one included: a change between the two
    /// states may belong to any of them. Absent unless both states are known.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = 1))]
    pub outages_between: u64,
    /// True if the server still listed the client id of the lost connection afterwards: a ghost connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_client_listed: Option<bool>,
    /// Our client as the server listed it during or after the outage, if it still did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_client: Option<ListedClient>,
    /// Server that the lost or stalled connection was connected to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_server: Option<Peer>,
    /// Server that the connection reached afterwards; absent while there is none, and for a stall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_server: Option<Peer>,
    /// Servers between which new connections to the address alternate, if there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Peer>,
    /// Commands that took most of the server's time between `before` and `after`, the longest first
    /// (`INFO commandstats`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandTime>,
    /// Slow commands during the outage, the longest first (`SLOWLOG GET`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slow_commands: Vec<SlowCommand>,
    /// Latency events of the server during the outage (`LATENCY LATEST`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latency_events: Vec<LatencyEvent>,
    /// Connections that this machine dropped between `before` and `after` because an accept queue was full
    /// (`ListenOverflows`). Says something about the server only if it runs on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen_overflows: Option<u64>,
    /// State of this machine around the loss.
    #[serde(default)]
    pub host: HostState,
    /// Maintenance announcements of the server in the minute before the loss and during the outage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub announcements: Vec<Announcement>,
    /// Observed reconnect attempts: the first and the latest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// Number of failed attempts that the kernel reported; absent where it does not report them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<Tried>,
    /// Evidence that could not be gathered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The end of a socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Death {
    /// Kind of end.
    pub how: SocketEnd,
    /// Error number of the kernel, if it returned one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno: Option<i32>,
    /// Source of this fact.
    pub known_from: DeathWitness,
}

/// A kind of end of a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SocketEnd {
    /// The other side reset the connection (RST). A close that crosses a command in flight also ends in a reset: data
    /// for a closed socket is answered with RST.
    Reset,
    /// The other side closed the connection (FIN).
    Closed,
    /// The kernel gave up after retransmissions, keepalive probes or `TCP_USER_TIMEOUT` (ETIMEDOUT), or the network
    /// reported that there is no route (EHOSTUNREACH).
    TimedOut,
    /// The connection was still open when the client abandoned it.
    Local,
    /// The connection ended without a FIN: a reset or a timeout, but it is unknown which.
    Gone,
}

/// A source of the end of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeathWitness {
    /// Error number of a command in flight.
    Command,
    /// Socket table of the kernel (socket diagnostics), at the moment of the loss.
    SocketTable,
}

/// TCP figures of a socket (Linux `TCP_INFO`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TcpFigures {
    /// Time of the reading.
    pub at: Stamp,
    /// Smoothed round-trip time.
    #[serde(with = "Seconds")]
    pub rtt: Duration,
    /// Smallest round-trip time measured on this connection.
    #[serde(default, with = "OptionalSeconds", skip_serializing_if = "Option::is_none")]
    pub min_rtt: Option<Duration>,
    /// Bytes received since the connection was established.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_received: Option<u64>,
    /// Segments sent and not acknowledged.
    pub unacked: u32,
    /// Retransmissions in a row without an acknowledgment.
    pub retransmits: u32,
    /// Retransmissions since the connection was established.
    pub total_retransmits: u32,
    /// Unanswered keepalive or window probes.
    pub probes: u32,
    /// Time since the last data arrived.
    #[serde(with = "Seconds")]
    pub last_data_received: Duration,
    /// Time since the last acknowledgment arrived.
    #[serde(with = "Seconds")]
    pub last_ack_received: Duration,
}

/// The state of the machine that redis-doctor runs on, around a loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostState {
    /// Largest delay of redis-doctor's own timers from the last reply before the loss to its detection.
    #[serde(with = "Seconds")]
    pub lag: Duration,
    /// Time that the machine was suspended in that period; absent where it cannot be read.
    #[serde(default, with = "OptionalSeconds", skip_serializing_if = "Option::is_none")]
    pub suspended: Option<Duration>,
    /// Time within that period in which redis-doctor itself was paused; a delay that began before it counts from
    /// its start.
    #[serde(default, with = "OptionalSeconds", skip_serializing_if = "Option::is_none")]
    pub paused: Option<Duration>,
}

/// A maintenance announcement of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Announcement {
    /// Time of receipt.
    pub at: Stamp,
    /// Kind of the push: `MOVING`, `FAILING_OVER` …
    pub kind: Foreign,
}

/// A reconnect attempt of the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// Start of the attempt; absent unless the kernel reported it, or the reconnect schedule leaves no other time for
    /// the one that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Stamp>,
    /// Time of its failure, or of the first good reply.
    pub at: Stamp,
    /// End of its TCP connection; absent unless the kernel reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<AttemptEnd>,
    /// Error of the attempt; absent if it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Foreign>,
}

/// The end of the TCP connection of a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AttemptEnd {
    /// The other side refused the connection: nothing was listening.
    Refused,
    /// No packet came back.
    Unanswered,
    /// The connection was established and ended before its first reply: closed, reset or abandoned.
    Dropped,
}

/// Failed reconnect attempts by the end of their connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tried {
    /// Refused attempts.
    pub refused: u64,
    /// Unanswered attempts.
    pub unanswered: u64,
    /// Attempts whose connection was established and dropped again.
    pub dropped: u64,
}

impl Tried {
    /// Returns the count of one kind.
    pub fn of(&mut self, end: AttemptEnd) -> &mut u64 {
        match end {
            AttemptEnd::Refused => &mut self.refused,
            AttemptEnd::Unanswered => &mut self.unanswered,
            AttemptEnd::Dropped => &mut self.dropped,
        }
    }

    /// Returns the sum of all kinds.
    pub fn all(&self) -> u64 {
        self.refused + self.unanswered + self.dropped
    }
}

/// Evidence that could not be gathered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// Name of the evidence.
    pub what: Foreign,
    /// Reason why it is missing, as the server or redis-doctor reports it.
    pub why: Foreign,
    /// True if the server refused the query: the user has no right to it, or the server (a managed service) has no such
    /// command.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("const" = true))]
    pub refused: bool,
}

impl Missing {
    /// Creates missing evidence that the server did not refuse.
    pub fn new(what: impl Into<Foreign>, why: impl Into<Foreign>) -> Self {
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
            slow: true,
            death: Some(Death { how: SocketEnd::TimedOut, errno: Some(110), known_from: DeathWitness::Command }),
            tcp: Some(TcpFigures { at: at(7), unacked: 3, ..TcpFigures::default() }),
            before: Some(state.clone()),
            after: Some(state),
            outages_between: 2,
            old_client_listed: Some(true),
            listed_client: Some(ListedClient { at: at(9), flags: "b".into(), ..ListedClient::default() }),
            lost_server: Some(Peer { run_id: Some("abc".into()), ..Peer::default() }),
            new_server: Some(Peer { laddr: Some("10.0.3.17:6379".into()), ..Peer::default() }),
            servers: vec![Peer { run_id: Some("abc".into()), role: Some("slave".into()), ..Peer::default() }],
            commands: vec![CommandTime { name: "keys".into(), calls: 3, time: Duration::from_millis(900) }],
            slow_commands: vec![SlowCommand {
                unix_time: 1_700_000_000,
                name: "keys".into(),
                time: Duration::from_millis(400),
                client: Some("10.0.0.9:5000".into()),
            }],
            latency_events: vec![LatencyEvent {
                name: "fork".into(),
                unix_time: 1_700_000_000,
                time: Duration::from_millis(60),
            }],
            listen_overflows: Some(2),
            host: HostState {
                lag: Duration::from_millis(12),
                suspended: Some(Duration::ZERO),
                paused: Some(Duration::from_millis(9)),
            },
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
        let schema = jsonschema::validator_for(&crate::render::schema::JOURNAL.schema()).unwrap();
        let least = Evidence { generation: 1, lost: at(3), ..Evidence::default() };
        let announced = EventKind::Announced { kind: "MOVING".into() };
        for kind in [EventKind::Evidence(Box::new(full())), EventKind::Evidence(Box::new(least)), announced] {
            let event =
                Event { at: at(11), time: crate::clock::WallTime::default(), target: None, connection: Some(0), kind };
            let line = serde_json::to_value(&event).unwrap();
            let wrong: Vec<_> = schema.iter_errors(&line).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{wrong:?} in {line}");
            assert_eq!(serde_json::from_value::<Event>(line).unwrap(), event);
        }
    }
}
