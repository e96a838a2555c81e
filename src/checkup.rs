//! The checkup: judges the facts about server, path and machine. Facts in, lines and findings out; pure, without I/O.
//!
//! A line is one thing checked, with its figure; a finding is a conclusion, with evidence and a remedy. The worst
//! finding decides the verdict.

mod blackout;
mod client;
mod cluster;
mod connection;
mod finding;
mod persistence;
mod ping;
mod pubsub;
mod replication;
mod server;
mod servers;
mod slowness;
pub(crate) mod survey;
mod targets;
#[cfg(test)]
mod tests;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use self::survey::{CheckFacts, ClusterFacts, DialedAddress, LargeReply, RefusedCommand, ServerFacts, SlowFacts};
pub(crate) use self::{
    blackout::{Blackout, Bound, EndedBy},
    finding::CheckFinding,
    targets::{ScopeCheckup, TargetCheckup},
};
use crate::{
    clock::{OptionalSeconds, Seconds, SecondsList, WallTime},
    event::{Peer, ServerIdentity},
    foreign::Foreign,
    kernel::{AcceptQueue, HostFacts},
    plan::{Protocol, Range, ReconnectPolicy, Target},
    tls::TlsSession,
    units,
    verdict::{Severity, Verdict},
};

/// Version of the JSON form.
const SCHEMA_VERSION: u32 = 1;

/// The subject of a checkup.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CheckSubject {
    /// The server.
    pub target: Target,
    /// The protocol requested.
    pub protocol: Protocol,
    /// The reconnect policy of the client in question.
    pub policy: ReconnectPolicy,
    /// Range of the PING time in milliseconds outside of which it is a warning.
    pub warning: Option<Range>,
    /// Range of the PING time in milliseconds outside of which it is critical.
    pub critical: Option<Range>,
    /// A certificate that expires within this time is a warning.
    pub certificate_warning: Duration,
}

/// The result of a check-up.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Checkup {
    /// Version of this JSON.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: u32,
    /// Version of redis-doctor.
    pub version: String,
    /// Server as a URL without credentials.
    pub target: String,
    /// Flag or variable that named the server.
    pub named_by: String,
    /// Time of the check-up.
    pub time: WallTime,
    /// Duration of the check-up.
    #[serde(rename = "seconds", with = "Seconds")]
    pub took: Duration,
    /// Verdict of the worst finding.
    pub verdict: Verdict,
    /// Verdict in a few words.
    pub headline: String,
    /// Everything that was checked, in order.
    pub lines: Vec<CheckLine>,
    /// The findings, worst first.
    pub findings: Vec<CheckFinding>,
    /// The longest time for which a dead path can stay unnoticed, under each policy; empty without a connection and on
    /// a unix socket, which no network can silence.
    pub blackouts: Vec<Blackout>,
    /// Facts behind the lines.
    pub facts: Facts,
    /// Thresholds of the PING time, for performance data.
    #[serde(skip)]
    pub thresholds: [Option<Range>; 2],
}

/// The facts behind the lines; null or empty is not known.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Facts {
    /// Median round trip of PING.
    #[serde(rename = "ping_seconds", with = "OptionalSeconds")]
    pub ping: Option<Duration>,
    /// Round trips of all PINGs.
    #[serde(rename = "pings_seconds", with = "SecondsList")]
    pub pings: Vec<Duration>,
    /// Round-trip time of the path alone, as TCP measured it.
    #[serde(rename = "path_seconds", with = "OptionalSeconds")]
    pub path: Option<Duration>,
    /// Result of the test for large replies.
    pub large_reply: Option<LargeReply>,
    /// Commands that hold up the server.
    pub slow: SlowFacts,
    /// Accept queue of a server on this machine, at its longest.
    pub accept_queue: Option<AcceptQueue>,
    /// The cluster, if the server is a node of one.
    pub cluster: Option<ClusterFacts>,
    /// Time from PUBLISH to the receipt of redis-doctor's own message.
    #[serde(rename = "pubsub_seconds", with = "OptionalSeconds")]
    pub pubsub: Option<Duration>,
    /// Identity of the server.
    pub identity: ServerIdentity,
    /// Addresses that the name resolves to.
    pub addresses: Vec<String>,
    /// Servers behind the address, as far as they identify themselves.
    pub servers: Vec<Peer>,
    /// Connection attempts to the other addresses.
    pub dialled: Vec<DialedAddress>,
    /// Encryption of the connection; null if it has none.
    pub tls: Option<TlsSession>,
    /// Address of the client as this machine sees it.
    pub local: Option<String>,
    /// Address of the client as the server sees it.
    pub seen_from: Option<Foreign>,
    /// Address of the server as this machine sees it.
    pub peer: Option<String>,
    /// Address of the server as it sees it.
    pub seen_at: Option<Foreign>,
    /// Figures and settings of the server.
    pub server: ServerFacts,
    /// Queries that the server refused.
    pub refused: Vec<RefusedCommand>,
    /// Kernel settings of this machine.
    pub host: HostFacts,
}

/// A checked item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct CheckLine {
    /// Stable name of the item.
    pub name: &'static str,
    /// State of the item.
    pub mark: Mark,
    /// Duration of the step; null if it has none.
    #[serde(rename = "seconds", with = "OptionalSeconds")]
    pub took: Option<Duration>,
    /// Result as text.
    pub text: String,
}

/// The state of a checked item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mark {
    /// Not known: not queried, not permitted, or not present.
    NotAvailable,
    /// No problem.
    Ok,
    /// A possible problem.
    Warning,
    /// Not working.
    Bad,
}

/// Judges the facts; `time` is the time at which they were gathered.
pub(crate) fn judge(subject: &CheckSubject, facts: &CheckFacts, host: &HostFacts, time: WallTime) -> Checkup {
    let mut sheet = Sheet { subject, facts, host, time, lines: Vec::new(), findings: Vec::new() };
    connection::judge(&mut sheet);
    servers::judge(&mut sheet);
    server::judge(&mut sheet);
    let blackouts = client::judge(&mut sheet);
    let Sheet { lines, mut findings, .. } = sheet;
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let verdict = Verdict::worst(findings.iter().map(|finding| finding.severity));
    Checkup {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: subject.target.to_string(),
        named_by: subject.target.named_by.clone(),
        time,
        took: facts.took,
        verdict,
        headline: headline(verdict, &findings, facts),
        lines,
        findings,
        blackouts,
        facts: Facts::new(facts, host),
        thresholds: [subject.warning, subject.critical],
    }
}

/// Returns the worst findings, or the server and its PING time.
fn headline(verdict: Verdict, findings: &[CheckFinding], facts: &CheckFacts) -> String {
    let against: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.severity > Severity::Info)
        .take(2)
        .map(|finding| finding.text.as_str())
        .collect();
    if verdict != Verdict::Healthy {
        return against.join(" · ");
    }
    let server = facts.attempt.as_ref().map(|attempt| connection::name(&attempt.server)).unwrap_or_default();
    match facts.ping().map(units::span) {
        Some(ping) => format!("{server} answers PING in {ping}"),
        None => format!("{server} answers, but not this user's PING"),
    }
}

impl Facts {
    fn new(facts: &CheckFacts, host: &HostFacts) -> Self {
        let attempt = facts.attempt.as_ref();
        let pubsub = match &facts.pubsub {
            Some(survey::PubSub::Received { after }) => Some(*after),
            Some(
                survey::PubSub::Lost { .. }
                | survey::PubSub::Refused { .. }
                | survey::PubSub::HeldBack
                | survey::PubSub::NoSecondConnection { .. },
            )
            | None => None,
        };
        Self {
            ping: facts.ping(),
            pings: facts.pings.times.clone(),
            path: facts.pings.rtt,
            large_reply: facts.large.clone(),
            slow: facts.slow.clone(),
            accept_queue: facts.pings.queue,
            cluster: facts.cluster.clone(),
            pubsub,
            identity: attempt.map(|attempt| attempt.server.clone()).unwrap_or_default(),
            addresses: attempt
                .map(|attempt| attempt.addresses.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            servers: servers::distinct(facts),
            dialled: facts.dialled.clone(),
            tls: attempt.and_then(|attempt| attempt.tls.clone()),
            local: attempt.and_then(|attempt| attempt.local).map(|address| address.to_string()),
            seen_from: facts.seen_from.clone(),
            peer: attempt.and_then(|attempt| attempt.peer).map(|address| address.to_string()),
            seen_at: facts.seen_at.clone(),
            server: facts.server.clone(),
            refused: facts.refused.clone(),
            host: host.clone(),
        }
    }
}

/// A checkup under construction.
struct Sheet<'a> {
    subject: &'a CheckSubject,
    facts: &'a CheckFacts,
    host: &'a HostFacts,
    time: WallTime,
    lines: Vec<CheckLine>,
    findings: Vec<CheckFinding>,
}

impl Sheet<'_> {
    fn line(&mut self, name: &'static str, mark: Mark, text: impl Into<String>) {
        self.timed(name, mark, None, text);
    }

    fn timed(&mut self, name: &'static str, mark: Mark, took: Option<Duration>, text: impl Into<String>) {
        self.lines.push(CheckLine { name, mark, took, text: text.into() });
    }

    /// Adds a finding, and returns the mark for its line.
    fn finding(&mut self, finding: CheckFinding) -> Mark {
        let mark = if finding.severity == Severity::Critical { Mark::Bad } else { Mark::Warning };
        self.findings.push(finding);
        mark
    }
}
