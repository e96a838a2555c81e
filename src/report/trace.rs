//! The result of a trace.

use std::{collections::HashMap, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    attempts::AttemptsRow, connection::Connection, follow::Follower, losses::EndedRow, rules::Problem, sampler::Names,
    scope::Side,
};
use crate::{
    checkup::CheckFinding,
    clock::{OptionalSeconds, Seconds, WallTime},
    foreign::Foreign,
    kernel::{TcpState, Timer},
    units::count,
    verdict::{Severity, Verdict},
};

/// Version of the JSON form.
const SCHEMA_VERSION: u32 = 1;

/// The result of a trace.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct TraceReport {
    /// Version of this JSON.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: u32,
    /// Version of redis-doctor.
    pub version: String,
    /// Connections that were examined.
    pub scope: String,
    /// Time of the first sample.
    pub time: WallTime,
    /// Time from the first sample to the last.
    #[serde(rename = "seconds", with = "Seconds")]
    pub took: Duration,
    /// Samples of the socket table.
    pub samples: u64,
    /// True with `--watch`: endings and attempts were watched as well.
    pub watched: bool,
    /// Verdict of the worst finding; null if no connection was seen.
    pub verdict: Option<Verdict>,
    /// Verdict in a few words.
    pub headline: String,
    /// The findings, worst first.
    pub findings: Vec<CheckFinding>,
    /// The connections as of the last sample: those with a finding first.
    pub connections: Vec<TracedConnection>,
    /// Connections that ended during `--watch`, without those that the client closed and nothing is in doubt.
    pub ended: Vec<EndedRow>,
    /// Failed connection attempts during `--watch`, by server.
    pub attempts: Vec<AttemptsRow>,
    /// Remarks on what could not be seen.
    pub notes: Vec<String>,
}

/// A connection, as of the last sample.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct TracedConnection {
    /// Address of this end.
    pub local: String,
    /// Address of the other end.
    pub peer: String,
    /// Side of this end.
    pub side: Side,
    /// State of TCP.
    pub state: State,
    /// Process of this end; null if it is not visible, or there is none.
    pub owner: Option<Owner>,
    /// User of this end.
    pub uid: u32,
    /// Control group of this end; null if the owner is known, or the group is not visible.
    pub cgroup: Option<Foreign>,
    /// Smoothed round-trip time.
    #[serde(rename = "rtt_seconds", with = "Seconds")]
    pub rtt: Duration,
    /// Smallest round-trip time; null before the first measurement.
    #[serde(rename = "min_rtt_seconds", with = "OptionalSeconds")]
    pub min_rtt: Option<Duration>,
    /// Retransmissions in a row without an acknowledgment.
    pub retransmits: u32,
    /// Retransmissions since the start of the connection.
    pub total_retransmits: u32,
    /// Bytes sent and not acknowledged.
    pub unacknowledged_bytes: u32,
    /// Time for which they have not been acknowledged, at least; null if there are none.
    #[serde(rename = "unacknowledged_seconds", with = "OptionalSeconds")]
    pub unacknowledged: Option<Duration>,
    /// Bytes written by the process and not acknowledged, sent or not.
    pub send_queue_bytes: u32,
    /// Bytes received and not read by the process.
    pub receive_queue_bytes: u32,
    /// TCP keepalive of this end.
    pub keepalive: Keepalive,
    /// Time to the next keepalive probe; null if none is due.
    #[serde(rename = "keepalive_due_seconds", with = "OptionalSeconds")]
    pub keepalive_due: Option<Duration>,
    /// Time since data was last sent or received.
    #[serde(rename = "silent_seconds", with = "Seconds")]
    pub silent: Duration,
    /// Time since data was sent without a reply, at least; null if nothing is waited for.
    #[serde(rename = "waiting_seconds", with = "OptionalSeconds")]
    pub waiting: Option<Duration>,
    /// Codes of its findings.
    pub findings: Vec<&'static str>,
}

/// A state of TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum State {
    /// Connecting: no answer yet.
    SynSent,
    /// Open in both directions.
    Established,
    /// Closed by this end; the other end has not acknowledged it.
    FinWait1,
    /// Closed by this end, but not by the other.
    FinWait2,
    /// Closed by both ends at the same time.
    Closing,
    /// Closed by the other end, but not by this one.
    CloseWait,
    /// Closed by both ends; the other end has not acknowledged ours.
    LastAck,
    /// In between.
    Other,
}

/// TCP keepalive of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Keepalive {
    /// Probes will be sent.
    On,
    /// No probe will be sent.
    Off,
    /// Not visible while another timer runs.
    Unknown,
}

/// A process and its program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Owner {
    /// Process id.
    pub pid: u32,
    /// Name of its program.
    pub program: Foreign,
}

impl Owner {
    pub(super) fn of(connection: &Connection, names: &Names) -> Option<Self> {
        let owner = names.owner(&connection.socket)?;
        Some(Self { pid: owner.pid, program: Foreign::new(&owner.program) })
    }
}

impl TracedConnection {
    fn new(connection: &Connection, names: &Names, findings: Vec<&'static str>) -> Self {
        let socket = &connection.socket;
        let info = &socket.info;
        let unacknowledged_bytes = connection.unacknowledged();
        let owner = Owner::of(connection, names);
        let (keepalive, keepalive_due) = match socket.timer {
            Timer::Keepalive { due } => (Keepalive::On, Some(due)),
            Timer::Idle if connection.is_established() => (Keepalive::Off, None),
            Timer::Idle | Timer::Retransmission { .. } | Timer::WindowProbe { .. } => (Keepalive::Unknown, None),
        };
        Self {
            local: socket.pair.local.to_string(),
            peer: socket.pair.peer.to_string(),
            side: connection.side,
            state: match socket.state {
                TcpState::SynSent => State::SynSent,
                TcpState::Established => State::Established,
                TcpState::FinWait1 => State::FinWait1,
                TcpState::FinWait2 => State::FinWait2,
                TcpState::Closing => State::Closing,
                TcpState::CloseWait => State::CloseWait,
                TcpState::LastAck => State::LastAck,
                TcpState::SynReceived | TcpState::TimeWait | TcpState::Closed | TcpState::Listen => State::Other,
            },
            cgroup: names.cgroup(socket).filter(|_| owner.is_none()).cloned(),
            owner,
            uid: socket.uid,
            rtt: info.rtt,
            min_rtt: info.min_rtt,
            retransmits: info.retransmits,
            total_retransmits: info.total_retransmits,
            unacknowledged_bytes,
            unacknowledged: (unacknowledged_bytes > 0).then(|| connection.unacknowledged_for()),
            send_queue_bytes: socket.send_queue,
            receive_queue_bytes: connection.bytes_unread(),
            keepalive,
            keepalive_due,
            silent: connection.silent(),
            waiting: connection.waiting.map(|waiting| waiting.lasted),
            findings,
        }
    }
}

/// The facts of a trace besides the connections.
pub(super) struct Gathered {
    pub(super) scope: String,
    pub(super) time: WallTime,
    pub(super) took: Duration,
    pub(super) watched: bool,
    /// Findings that are not problems of a connection that is there.
    pub(super) findings: Vec<CheckFinding>,
    pub(super) ended: Vec<EndedRow>,
    pub(super) attempts: Vec<AttemptsRow>,
    pub(super) notes: Vec<String>,
    /// True if any connection was seen, or an attempt to connect.
    pub(super) any: bool,
}

impl TraceReport {
    pub(super) fn new(follower: &Follower, problems: Vec<Problem>, gathered: Gathered) -> Self {
        let mut codes: HashMap<u64, Vec<&'static str>> = HashMap::new();
        // The problems are sorted, so a connection has the rank of its first one.
        let mut ranks: HashMap<u64, usize> = HashMap::new();
        for (rank, problem) in problems.iter().enumerate() {
            for cookie in &problem.connections {
                codes.entry(*cookie).or_default().push(problem.code);
                ranks.entry(*cookie).or_insert(rank);
            }
        }
        let mut listed: Vec<_> = follower.listed().collect();
        listed.sort_by_key(|it| {
            (ranks.get(&it.socket.cookie).copied().unwrap_or(usize::MAX), it.server(), it.socket.pair)
        });
        let row = |it: &&Connection| {
            TracedConnection::new(it, &follower.names, codes.remove(&it.socket.cookie).unwrap_or_default())
        };
        let connections: Vec<_> = listed.iter().map(row).collect();
        let (size, servers) = follower.size();
        let Gathered { scope, time, took, watched, findings, ended, attempts, mut notes, any } = gathered;
        let mut findings: Vec<_> = problems.into_iter().map(|problem| problem.finding).chain(findings).collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let hidden = connections.iter().filter(|row| row.owner.is_none() && row.state == State::Established).count();
        if hidden > 0 {
            let number = count(hidden as u64, "connection");
            notes.push(format!("the processes of {number} are not visible to this user; root sees all"));
        }
        let verdict = any.then(|| Verdict::worst(findings.iter().map(|finding| finding.severity)));
        Self {
            schema_version: SCHEMA_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            headline: headline(&findings, &scope, any.then_some((size, servers))),
            scope,
            time,
            took,
            samples: follower.samples,
            watched,
            verdict,
            findings,
            connections,
            ended,
            attempts,
            notes,
        }
    }
}

/// Returns the worst findings, or how many connections have none.
fn headline(findings: &[CheckFinding], scope: &str, size: Option<(u64, u64)>) -> String {
    let Some((size, servers)) = size else {
        return format!("no connection of {scope} in this network namespace: nothing to judge");
    };
    let worst: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.severity > Severity::Info)
        .take(2)
        .map(|finding| finding.text.as_str())
        .collect();
    if !worst.is_empty() {
        return worst.join(" · ");
    }
    let size = count(size, "connection");
    let healthy = format!("{size} to {}, and none shows a problem", count(servers, "server"));
    match findings {
        [] => healthy,
        [first, ..] => format!("{healthy} · remark: {}", first.text),
    }
}

#[cfg(test)]
impl TraceReport {
    /// A result with an entry in each list.
    pub(crate) fn example(time: WallTime) -> Self {
        let finding = CheckFinding::new(Severity::Critical, "RD230", "a connection to 10.0.0.1:6379 is half-open");
        let row = TracedConnection {
            local: "10.0.0.2:40000".into(),
            peer: "10.0.0.1:6379".into(),
            side: Side::Client,
            state: State::Established,
            owner: Some(Owner { pid: 4711, program: "worker".into() }),
            uid: 1000,
            cgroup: None,
            rtt: Duration::from_micros(800),
            min_rtt: Some(Duration::from_micros(700)),
            retransmits: 3,
            total_retransmits: 4,
            unacknowledged_bytes: 120,
            unacknowledged: Some(Duration::from_secs(3)),
            send_queue_bytes: 120,
            receive_queue_bytes: 0,
            keepalive: Keepalive::Unknown,
            keepalive_due: None,
            silent: Duration::from_secs(1),
            waiting: Some(Duration::from_secs(3)),
            findings: vec!["RD230"],
        };
        let ended = EndedRow {
            at: crate::clock::Stamp::from_nanos(2_000_000_000),
            local: "10.0.0.2:40001".into(),
            peer: "10.0.0.1:6379".into(),
            owner: None,
            how: super::ending::Ending::Reset,
            proven: true,
            in_doubt_bytes: 30,
        };
        let attempts = AttemptsRow {
            server: "10.0.0.1:6379".into(),
            refused: 3,
            unanswered: 0,
            dropped: 1,
            intervals: vec![Duration::from_millis(148)],
            busiest_second: 2,
        };
        Self {
            schema_version: SCHEMA_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scope: "port 6379".into(),
            time,
            took: Duration::from_secs(10),
            samples: 40,
            watched: true,
            verdict: Some(Verdict::Critical),
            headline: finding.text.clone(),
            findings: vec![finding],
            connections: vec![row],
            ended: vec![ended],
            attempts: vec![attempts],
            notes: vec!["the kernel dropped 1 message about ended sockets".into()],
        }
    }
}
