//! The checkup: judges the facts about server, path and machine. Facts in, lines and findings out; pure, without I/O.
//!
//! A line is one thing checked, with its figure; a finding is a conclusion, with evidence and a remedy. The worst
//! finding decides the verdict.

mod blackout;
mod client;
mod connection;
mod finding;
mod server;
pub mod survey;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::Serialize;

use self::survey::{CheckFacts, DialedAddress, RefusedCommand, ServerFacts};
pub use self::{
    blackout::{Blackout, Bound, EndedBy},
    finding::CheckFinding,
};
use crate::{
    clock::{WallTime, seconds},
    event::ServerIdentity,
    kernel::HostFacts,
    order,
    plan::{Protocol, Range, ReconnectPolicy, Target},
    report::{Severity, Verdict},
    units,
};

/// Version of the JSON form.
const SCHEMA_VERSION: u32 = 1;

/// The subject of a checkup.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckSubject {
    /// The server.
    pub target: Target,
    /// The protocol requested.
    pub protocol: Protocol,
    /// The reconnect policy of the client in question.
    pub policy: ReconnectPolicy,
    /// A PING time (milliseconds) outside of this range is a warning.
    pub warning: Option<Range>,
    /// A PING time (milliseconds) outside of this range is critical.
    pub critical: Option<Range>,
}

/// The result of a checkup.
#[derive(Clone, Debug, Serialize)]
pub struct Checkup {
    /// Version of this form.
    pub schema_version: u32,
    /// Version of redis-doctor.
    pub version: String,
    /// The server as a URL without credentials.
    pub target: String,
    /// The flag or variable that named the server.
    pub named_by: String,
    /// Time of the checkup.
    pub time: WallTime,
    /// Duration of the checkup.
    #[serde(rename = "seconds", with = "seconds")]
    pub took: Duration,
    /// The verdict: the worst of the findings.
    pub verdict: Verdict,
    /// The verdict in a few words.
    pub headline: String,
    /// Everything that was checked, in order.
    pub lines: Vec<CheckLine>,
    /// The findings, worst first.
    pub findings: Vec<CheckFinding>,
    /// The longest silent blackout under each policy; empty without a connection, and on a unix socket, which no
    /// network can silence.
    pub blackouts: Vec<Blackout>,
    /// The facts behind the lines.
    pub facts: Facts,
    /// Thresholds of the PING time, for performance data.
    #[serde(skip)]
    pub thresholds: [Option<Range>; 2],
}

/// The facts behind the lines; absent or empty if unknown.
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    /// Median round trip of PING.
    #[serde(rename = "ping_seconds", with = "seconds::option")]
    pub ping: Option<Duration>,
    /// Every round trip of PING.
    #[serde(rename = "pings_seconds", with = "seconds::list")]
    pub pings: Vec<Duration>,
    /// Time from PUBLISH to the receipt of our own message.
    #[serde(rename = "pubsub_seconds", with = "seconds::option")]
    pub pubsub: Option<Duration>,
    /// Product, version, run id and role.
    pub identity: ServerIdentity,
    /// Addresses that the host name resolved to.
    pub addresses: Vec<String>,
    /// The other addresses, dialed separately.
    pub dialled: Vec<DialedAddress>,
    /// Our end of the connection, as seen by this machine.
    pub local: Option<String>,
    /// Our end of the connection, as seen by the server.
    pub seen_from: Option<String>,
    /// The server's end of the connection, as seen by this machine.
    pub peer: Option<String>,
    /// The server's end of the connection, as seen by the server.
    pub seen_at: Option<String>,
    /// The server's figures and settings.
    pub server: ServerFacts,
    /// Commands that the server refused.
    pub refused: Vec<RefusedCommand>,
    /// This machine.
    pub host: HostFacts,
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckLine {
    /// Stable name.
    pub name: &'static str,
    /// Result.
    pub mark: Mark,
    /// Duration, if it was measured.
    #[serde(rename = "seconds", with = "seconds::option")]
    pub took: Option<Duration>,
    /// Finding or figure.
    pub text: String,
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Unknown: not checked, not permitted, or absent.
    NotAvailable,
    /// Ok.
    Ok,
    /// Needs attention.
    Warning,
    /// Does not work.
    Bad,
}

/// Judges the facts, which were gathered at `time`.
pub fn judge(subject: &CheckSubject, facts: &CheckFacts, host: &HostFacts, time: WallTime) -> Checkup {
    let mut sheet = Sheet { subject, facts, host, time, lines: Vec::new(), findings: Vec::new() };
    connection::judge(&mut sheet);
    server::judge(&mut sheet);
    let blackouts = client::judge(&mut sheet);
    let Sheet { lines, mut findings, .. } = sheet;
    order::sort_by_key(&mut findings, |finding| std::cmp::Reverse(finding.severity));
    let verdict = match findings.first().map(|finding| finding.severity) {
        Some(Severity::Critical) => Verdict::Critical,
        Some(Severity::Warning) => Verdict::Degraded,
        Some(Severity::Info) | None => Verdict::Healthy,
    };
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
            _ => None,
        };
        Self {
            ping: facts.ping(),
            pings: facts.pings.clone(),
            pubsub,
            identity: attempt.map(|attempt| attempt.server.clone()).unwrap_or_default(),
            addresses: attempt
                .map(|attempt| attempt.addresses.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            dialled: facts.dialled.clone(),
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
