//! The result of a trace, judged from its figures.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Serialize;

use super::{GateResult, TraceFigures, gates};
use crate::{
    clock::{Seconds, WallTime},
    event::{SocketState, TraceSize, TracedConnection, Unnoticed},
    plan::Gate,
    record::{AttemptsRow, EndedRow, Figures},
    units::{bytes, count, span},
    verdict::{CheckFinding, Severity, Verdict},
};

/// Version of the JSON form.
const SCHEMA_VERSION: u32 = 1;

/// Failed connection attempts.
const FAILED: &str = "RD236";
/// Bytes that were never acknowledged.
const IN_DOUBT: &str = "RD237";
/// Connections that ended unnoticed.
const UNNOTICED: &str = "RD238";
/// Connections that were lost.
const LOST: &str = "RD239";

/// Failed attempts within a second from which they are a storm. A client with backoff makes one or two; a fleet of twenty
/// that starts over makes as many once.
const STORM: u64 = 50;

/// Connections that the evidence of a finding names.
const NAMED: usize = 3;

/// The result of one trace, or of several merged ones.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
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
    #[schemars(with = "Seconds")]
    pub seconds: f64,
    /// True if every trace is there from its beginning to its end.
    pub complete: bool,
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
    /// Results of `--fail-on` and `--warn-on`.
    pub gates: Vec<GateResult>,
    /// The connections as of the last sample: those with a finding first.
    pub connections: Vec<TracedConnection>,
    /// Connections that ended during `--watch`, without those that the client closed and nothing is in doubt.
    pub ended: Vec<EndedRow>,
    /// Failed connection attempts during `--watch`, by server.
    pub attempts: Vec<AttemptsRow>,
    /// Remarks on what could not be seen.
    pub notes: Vec<String>,
}

impl TraceReport {
    /// Judges the figures by these gates. The connections are those of `trace`, which is the part of the figures about them.
    pub(super) fn new(figures: &Figures, trace: &TraceFigures, fail_on: &[Gate], warn_on: &[Gate]) -> Self {
        let plans = || figures.runs.iter().filter_map(|run| run.started.plan.trace.as_ref());
        let mut scopes: Vec<_> = plans().map(|plan| plan.scope()).collect();
        scopes.dedup();
        let scope = scopes.join(" · ");
        let complete = figures.runs.iter().all(|run| run.stopped.is_some() && !run.started.continued);
        let gates = gates::evaluate(figures, fail_on, warn_on);
        let mut findings = findings(trace);
        findings.extend(gates.iter().filter_map(gate));
        findings.sort_by_key(|finding| Reverse(finding.severity));
        let any = trace.sample.any;
        let verdict = any.then(|| Verdict::worst(findings.iter().map(|finding| finding.severity)));
        Self {
            schema_version: SCHEMA_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            headline: headline(&findings, &scope, any.then_some(trace.sample.size)),
            scope,
            time: figures.runs.first().map(|run| run.time).unwrap_or_default(),
            seconds: figures.elapsed.as_secs_f64(),
            complete,
            samples: trace.sample.samples,
            watched: plans().any(|plan| plan.watch),
            verdict,
            findings,
            gates,
            connections: trace.connections.clone(),
            ended: trace.ended.clone(),
            attempts: trace.attempts.clone(),
            notes: notes(figures, trace, complete),
        }
    }
}

fn findings(trace: &TraceFigures) -> Vec<CheckFinding> {
    let present = trace.present.iter().map(|found| found.finding.clone());
    let over = trace.over.iter().map(|found| past(&found.finding));
    let attempts = trace.attempts.iter().map(failed);
    let mut findings: Vec<_> = present.chain(over).chain(attempts).collect();
    findings.extend(losses(trace));
    findings.extend(unnoticed(&trace.unnoticed));
    findings
}

/// Returns the finding of a problem that is over.
fn past(finding: &CheckFinding) -> CheckFinding {
    let text = format!("over: {}", finding.text);
    CheckFinding { severity: finding.severity.min(Severity::Warning), text, ..finding.clone() }
}

fn failed(row: &AttemptsRow) -> CheckFinding {
    let AttemptsRow { server, refused, unanswered, dropped, intervals, busiest_second } = row;
    let attempts = count(row.failed(), "connection attempt");
    let storm = *busiest_second >= STORM;
    let text = match storm {
        true => format!("{attempts} to {server} failed, up to {busiest_second} in a second: a storm"),
        false => format!("{attempts} to {server} failed"),
    };
    let kinds = [(refused, "refused"), (unanswered, "unanswered"), (dropped, "dropped immediately")];
    let mut parts: Vec<_> =
        kinds.iter().filter(|(number, _)| **number > 0).map(|(number, kind)| format!("{number} {kind}")).collect();
    if !intervals.is_empty() {
        let intervals: Vec<_> = intervals.iter().map(|time| span(*time)).collect();
        parts.push(format!("intervals {}", intervals.join(" / ")));
    }
    let remedy = if storm {
        "Let the clients wait between attempts, longer each time and with jitter; otherwise they keep the server from \
         coming back"
    } else {
        "Find what refused, dropped or ignored them: redis-doctor check"
    };
    CheckFinding::new(Severity::Warning, FAILED, text).evidence(parts.join(" · ")).remedy(remedy)
}

fn losses(trace: &TraceFigures) -> Vec<CheckFinding> {
    let mut findings = Vec::new();
    let lost: u64 = trace.lost.values().sum();
    if lost > 0 {
        let kinds: Vec<_> = trace.lost.iter().map(|(how, number)| format!("{number} {}", how.words())).collect();
        let remedy = "The client has to reconnect, and to repeat what is safe to repeat. redis-doctor soak finds the cause \
                      of such losses";
        let finding = CheckFinding::new(Severity::Warning, LOST, format!("{} lost", count(lost, "connection")));
        findings.push(finding.evidence(kinds.join(" · ")).remedy(remedy));
    }
    if trace.in_doubt > 0 {
        let connections = count(trace.in_doubt, "connection");
        let text = format!("{connections} ended with {} never acknowledged", bytes(trace.bytes_in_doubt));
        let remedy =
            "The commands in them may have run, or not. Before they are repeated, check that they may run twice";
        findings.push(CheckFinding::new(Severity::Warning, IN_DOUBT, text).remedy(remedy));
    }
    findings
}

/// Returns a finding for each server with connections that ended unnoticed.
fn unnoticed(rows: &[Unnoticed]) -> Vec<CheckFinding> {
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by_key(|row| row.peer);
    let finding = |rows: &[&Unnoticed]| {
        let (number, server) = (count(rows.len() as u64, "connection"), rows[0].peer);
        let text = format!("{number} to {server} ended, and the client has not noticed");
        let named = rows
            .iter()
            .take(NAMED)
            .map(|row| format!("{}, {} ({}): {}", row.local, row.owner.program, row.owner.pid, row.how.words()));
        let evidence = named.collect::<Vec<_>>().join(" · ");
        let remedy = "The next command on it fails, unless the client checks an idle connection before it uses it. Let the \
                      pool check, or send a PING from time to time";
        CheckFinding::new(Severity::Warning, UNNOTICED, text).evidence(evidence).remedy(remedy)
    };
    rows.chunk_by(|one, next| one.peer == next.peer).map(finding).collect()
}

/// Returns the finding of a gate that tripped.
fn gate(result: &GateResult) -> Option<CheckFinding> {
    let (severity, text) = result.finding()?;
    Some(CheckFinding { severity, code: None, text, evidence: String::new(), remedy: String::new() })
}

fn notes(figures: &Figures, trace: &TraceFigures, complete: bool) -> Vec<String> {
    let mut notes: Vec<_> = figures.notes.kept.iter().map(|note| note.text.clone()).collect();
    if !complete {
        notes.push("the journal was cut off: the connections at the end are not known".to_owned());
    }
    if trace.sample.dropped > 0 {
        notes.push(format!("the kernel dropped {} about ended sockets", count(trace.sample.dropped, "message")));
    }
    if trace.sample.closed > 0 {
        let closed = count(trace.sample.closed, "connection");
        notes.push(format!("{closed} closed by the client, with nothing in doubt"));
    }
    let rows = trace.connections.iter();
    let hidden = rows.filter(|row| row.owner.is_none() && row.state == SocketState::Established).count();
    if hidden > 0 {
        let number = count(hidden as u64, "connection");
        notes.push(format!("the processes of {number} are not visible to this user; root sees all"));
    }
    notes
}

/// Returns the worst findings, or how many connections have none.
fn headline(findings: &[CheckFinding], scope: &str, size: Option<TraceSize>) -> String {
    let Some(TraceSize { connections, servers }) = size else {
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
    let size = count(connections, "connection");
    let healthy = format!("{size} to {}, and none shows a problem", count(servers, "server"));
    match findings {
        [] => healthy,
        [first, ..] => format!("{healthy} · remark: {}", first.text),
    }
}

#[cfg(test)]
impl TraceReport {
    /// A result with an entry in each list.
    pub(crate) fn example() -> Self {
        use crate::event::EventSink as _;
        let mut records = crate::record::Records::default();
        crate::record::fixture::traced(true).iter().for_each(|event| records.on_event(event));
        match super::RunReport::new(&records.figures()) {
            super::RunReport::Traced(report) => *report,
            other => panic!("{other:?}"),
        }
    }
}
