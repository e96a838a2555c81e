//! What one look at server, path and machine comes to: facts in, lines and findings out. Pure: nothing is asked here.
//!
//! A line is what was looked at, with its figure; a finding is what follows from it, with evidence and a remedy. The
//! worst finding is the verdict.

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

use self::survey::{CheckFacts, Dialled, Refused, ServerFacts};
pub use self::{
    blackout::{Blackout, Bound, EndedBy},
    finding::CheckFinding,
};
use crate::{
    clock::{WallTime, seconds},
    event::ServerIdentity,
    kernel::HostFacts,
    plan::{Protocol, Range, ReconnectPolicy, Target},
    units,
    verdict::{Severity, Verdict},
};

/// The version of the JSON form.
const SCHEMA_VERSION: u32 = 1;

/// What the user wants to know about.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The server.
    pub target: Target,
    /// The protocol that was asked for.
    pub protocol: Protocol,
    /// The policy of the client in question.
    pub policy: ReconnectPolicy,
    /// The PING time (milliseconds) is a warning outside of this.
    pub warning: Option<Range>,
    /// The PING time (milliseconds) is critical outside of this.
    pub critical: Option<Range>,
}

/// The result.
#[derive(Clone, Debug, Serialize)]
pub struct Checkup {
    /// The version of this form.
    pub schema_version: u32,
    /// Version of the redis-doctor that made it.
    pub version: String,
    /// The server as a URL without credentials.
    pub target: String,
    /// Which flag or variable named it.
    pub named_by: String,
    /// When it was made.
    pub time: WallTime,
    /// How long it took.
    #[serde(rename = "seconds", with = "seconds")]
    pub took: Duration,
    /// The worst of the findings.
    pub verdict: Verdict,
    /// The verdict in a few words.
    pub headline: String,
    /// What was looked at, in order.
    pub lines: Vec<Line>,
    /// What follows from it, worst first.
    pub findings: Vec<CheckFinding>,
    /// The longest silent blackout under each policy; none without a connection, and none on a unix
    /// socket, which no network can silence.
    pub blackouts: Vec<Blackout>,
    /// The facts behind the lines.
    pub facts: Facts,
    /// Thresholds of the PING time, for performance data.
    #[serde(skip)]
    pub thresholds: [Option<Range>; 2],
}

/// The facts behind the lines; absent or empty is "not known".
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    /// The round trip of PING: the middle one of several.
    #[serde(rename = "ping_seconds", with = "seconds::option")]
    pub ping: Option<Duration>,
    /// All of them.
    #[serde(rename = "pings_seconds", with = "seconds::list")]
    pub pings: Vec<Duration>,
    /// From PUBLISH to the receipt of our own message.
    #[serde(rename = "pubsub_seconds", with = "seconds::option")]
    pub pubsub: Option<Duration>,
    /// Product, version, run id and role.
    pub identity: ServerIdentity,
    /// The addresses that the name stands for.
    pub addresses: Vec<String>,
    /// Those that were tried on the side.
    pub dialled: Vec<Dialled>,
    /// Our end of the connection, as this machine and as the server sees it.
    pub local: Option<String>,
    /// The same, as the server sees it.
    pub seen_from: Option<String>,
    /// The server's end, as this machine sees it.
    pub peer: Option<String>,
    /// The same, as the server sees it.
    pub seen_at: Option<String>,
    /// The server's own figures and settings.
    pub server: ServerFacts,
    /// Questions that it does not let us ask.
    pub refused: Vec<Refused>,
    /// This machine.
    pub host: HostFacts,
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its stable name.
    pub name: &'static str,
    /// How it looks.
    pub mark: Mark,
    /// How long it took, where that is known.
    #[serde(rename = "seconds", with = "seconds::option")]
    pub took: Option<Duration>,
    /// What was found.
    pub text: String,
}

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Not known: not asked, not permitted, or not there.
    NotAvailable,
    /// In order.
    Ok,
    /// Worth a look.
    Warning,
    /// It does not work.
    Bad,
}

/// Judges the facts; `time` is when they were gathered.
pub fn judge(question: &Question, facts: &CheckFacts, host: &HostFacts, time: WallTime) -> Checkup {
    let mut sheet = Sheet { question, facts, host, time, lines: Vec::new(), findings: Vec::new() };
    connection::judge(&mut sheet);
    server::judge(&mut sheet);
    let blackouts = client::judge(&mut sheet);
    let Sheet { lines, mut findings, .. } = sheet;
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let verdict = Verdict::worst(findings.iter().map(|finding| finding.severity));
    Checkup {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: question.target.to_string(),
        named_by: question.target.named_by.clone(),
        time,
        took: facts.took,
        verdict,
        headline: headline(verdict, &findings, facts),
        lines,
        findings,
        blackouts,
        facts: Facts::new(facts, host),
        thresholds: [question.warning, question.critical],
    }
}

/// What speaks against it, or what answered and how fast.
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

/// A checkup in the making.
struct Sheet<'a> {
    question: &'a Question,
    facts: &'a CheckFacts,
    host: &'a HostFacts,
    time: WallTime,
    lines: Vec<Line>,
    findings: Vec<CheckFinding>,
}

impl Sheet<'_> {
    fn line(&mut self, name: &'static str, mark: Mark, text: impl Into<String>) {
        self.timed(name, mark, None, text);
    }

    fn timed(&mut self, name: &'static str, mark: Mark, took: Option<Duration>, text: impl Into<String>) {
        self.lines.push(Line { name, mark, took, text: text.into() });
    }

    /// Adds a finding, and says how its line is to be marked.
    fn finding(&mut self, finding: CheckFinding) -> Mark {
        let mark = if finding.severity == Severity::Critical { Mark::Bad } else { Mark::Warning };
        self.findings.push(finding);
        mark
    }
}
