//! A trace in every format, and its events.

use std::{
    io::{self, Write},
    time::Duration,
};

use serde::Serialize;

use super::{
    Style, check,
    document::Document,
    fit::{self, INDENT},
    html::{self, Page},
    table,
    units::{bytes, clean, count, span},
    views::{Figure, Overview, PluginLine, Records, Table, escaped},
};
use crate::{
    event::{
        AttemptEnd, AttemptFailed, KeepaliveTimer, Owner, Returned, TraceSize, Traced, TracedConnection, TracedEnd,
        Unnoticed,
    },
    output::Rows,
    report::{AttemptsRow, EndedRow, TraceReport},
    verdict::{CheckFinding, Severity},
};

/// Connections without a finding that a text shows.
const SHOWN: usize = 20;

/// Connections with a finding that a text shows.
const SHOWN_WITH_FINDING: usize = 50;

impl Document for TraceReport {
    fn root(&self) -> impl Serialize {
        self
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        text(self, style, out)
    }

    fn records(&self, records: &mut Records<'_>) -> io::Result<()> {
        records.summary(self)?;
        records.each("finding", &self.findings)?;
        records.each("gate", &self.gates)?;
        records.each("connection", &self.connections)?;
        records.each("ended", &self.ended)?;
        records.each("attempts", &self.attempts)?;
        records.notes(&self.notes)
    }

    /// A row for each connection, with exact figures.
    fn rows(&self, _of: Rows) -> io::Result<Table> {
        let header = vec![
            "local",
            "peer",
            "side",
            "state",
            "pid",
            "program",
            "uid",
            "cgroup",
            "rtt_seconds",
            "min_rtt_seconds",
            "retransmits",
            "total_retransmits",
            "unacknowledged_bytes",
            "unacknowledged_seconds",
            "send_queue_bytes",
            "receive_queue_bytes",
            "keepalive",
            "keepalive_due_seconds",
            "silent_seconds",
            "waiting_seconds",
            "findings",
        ];
        Ok(Table { header, rows: self.connections.iter().map(exact).collect() })
    }

    fn overview(&self, _style: Style) -> io::Result<Overview> {
        let word = self.verdict.map_or("UNKNOWN".to_owned(), |verdict| verdict.to_string().to_uppercase());
        let mut above = vec![format!("**{word}** {}", escaped(&self.headline))];
        above.push(escaped(&heading(self)));
        let rows = shown(&self.connections).into_iter().map(|row| cells(row).to_vec()).collect();
        let findings = self.findings.iter().map(|finding| {
            let code = finding.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
            let mut text = format!("**{}**{code} {}", finding.severity, escaped(&finding.text));
            for part in [&finding.evidence, &finding.remedy].into_iter().filter(|part| !part.is_empty()) {
                text.push_str(&format!(". {}", escaped(part)));
            }
            text
        });
        let rest = hidden(&self.connections).map(|rest| escaped(&rest));
        let below = findings.chain(rest).chain(self.notes.iter().map(|note| escaped(note))).collect();
        Ok(Overview { above, table: Table { header: HEADER.to_vec(), rows }, below })
    }

    fn page(&self) -> io::Result<Page> {
        Ok(html::of_trace(self))
    }

    fn plugin_line(&self) -> io::Result<PluginLine> {
        let number = |label, number: usize| Figure::new(label, Some(number as f64), "");
        let with = |wanted| self.findings.iter().filter(|finding| finding.severity == wanted).count();
        let figures = vec![
            number("connections", self.connections.len()),
            number("critical", with(Severity::Critical)),
            number("warnings", with(Severity::Warning)),
            number("ended", self.ended.len()),
        ];
        Ok(PluginLine { verdict: self.verdict, text: clean(&self.headline), figures })
    }
}

/// Columns of the table of connections.
pub(super) const HEADER: [&str; 10] =
    ["connection", "owner", "state", "finding", "unacknowledged", "unread", "waiting", "silent", "keepalive", "rtt"];

pub(super) fn heading(report: &TraceReport) -> String {
    let TraceReport { version, scope, time, seconds, watched, .. } = report;
    let how = if *watched {
        format!("watched for {}", span(Duration::from_secs_f64(*seconds)))
    } else {
        time.to_the_second()
    };
    format!("redis-doctor {version} · trace · {} · {how}", clean(scope))
}

fn text(report: &TraceReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let wrapped = |text: &str| fit::wrapped(text, 0, INDENT, fit::readable(style.columns));
    if !style.quiet {
        writeln!(out, "{}", wrapped(&heading(report)))?;
        let rows: Vec<_> = shown(&report.connections).into_iter().map(|row| cells(row).to_vec()).collect();
        if !rows.is_empty() {
            writeln!(out)?;
            table::lines(&HEADER, 0..0, &rows, style.columns).iter().try_for_each(|line| writeln!(out, "{line}"))?;
        }
        if let Some(rest) = hidden(&report.connections) {
            writeln!(out, "{rest}")?;
        }
        attempts(&report.attempts, style, out)?;
        ended(&report.ended, style, out)?;
    }
    let wanted = |finding: &&_| !style.quiet || is_problem(finding);
    report.findings.iter().filter(wanted).try_for_each(|finding| check::finding(finding, style, out))?;
    if !style.quiet && !report.notes.is_empty() {
        writeln!(out)?;
        report.notes.iter().try_for_each(|note| writeln!(out, "{}", wrapped(&format!("note      {}", clean(note)))))?;
    }
    check::verdict(report.verdict, &report.headline, style, out)
}

fn is_problem(finding: &CheckFinding) -> bool {
    finding.severity > Severity::Info
}

/// Returns the connections that a text shows.
pub(super) fn shown(rows: &[TracedConnection]) -> Vec<&TracedConnection> {
    let (with, without): (Vec<_>, Vec<_>) = rows.iter().partition(|row| !row.findings.is_empty());
    with.into_iter().take(SHOWN_WITH_FINDING).chain(without.into_iter().take(SHOWN)).collect()
}

/// `and 4980 more; --format csv lists all`
pub(super) fn hidden(rows: &[TracedConnection]) -> Option<String> {
    let rest = rows.len() - shown(rows).len();
    (rest > 0).then(|| format!("and {rest} more; --format csv lists all"))
}

/// Returns the cells of a row, in the order of [`HEADER`].
pub(super) fn cells(row: &TracedConnection) -> [String; HEADER.len()] {
    let optional = |time: Option<Duration>| time.map(span).unwrap_or_default();
    let owner = match (&row.owner, &row.cgroup) {
        (Some(owner), _) => format!("{} {}", owner.program, owner.pid),
        (None, Some(cgroup)) => format!("uid {} {cgroup}", row.uid),
        (None, None) => format!("uid {}", row.uid),
    };
    let rtt = match row.min_rtt {
        Some(least) if !row.rtt.is_zero() => format!("{} (min {})", span(row.rtt), span(least)),
        _ => String::new(),
    };
    let unacknowledged = match row.unacknowledged {
        Some(time) => {
            let again = if row.retransmits > 0 { format!(", sent again {}×", row.retransmits) } else { String::new() };
            format!("{} for {}{again}", bytes(row.unacknowledged_bytes.into()), span(time))
        }
        None if row.retransmits > 0 => format!("SYN, sent again {}×", row.retransmits),
        None => String::new(),
    };
    let keepalive = match (row.keepalive, row.keepalive_due) {
        (KeepaliveTimer::On, Some(due)) => format!("in {}", span(due)),
        (KeepaliveTimer::On, None) => "on".to_owned(),
        (KeepaliveTimer::Off, _) => "off".to_owned(),
        (KeepaliveTimer::Unknown, _) => String::new(),
    };
    let unread = if row.receive_queue_bytes > 0 { bytes(row.receive_queue_bytes.into()) } else { String::new() };
    [
        format!("{} → {}", row.local, row.peer),
        clean(&owner),
        row.state.to_string(),
        row.findings.join(" "),
        unacknowledged,
        unread,
        optional(row.waiting),
        span(row.silent),
        keepalive,
        rtt,
    ]
}

/// Returns the cells of a row of CSV.
fn exact(row: &TracedConnection) -> Vec<String> {
    let seconds = |time: Duration| time.as_secs_f64().to_string();
    let optional = |time: Option<Duration>| time.map(seconds).unwrap_or_default();
    vec![
        row.local.to_string(),
        row.peer.to_string(),
        row.side.to_string(),
        row.state.to_string(),
        row.owner.as_ref().map(|owner| owner.pid.to_string()).unwrap_or_default(),
        row.owner.as_ref().map(|owner| owner.program.to_string()).unwrap_or_default(),
        row.uid.to_string(),
        row.cgroup.as_ref().map(ToString::to_string).unwrap_or_default(),
        seconds(row.rtt),
        optional(row.min_rtt),
        row.retransmits.to_string(),
        row.total_retransmits.to_string(),
        row.unacknowledged_bytes.to_string(),
        optional(row.unacknowledged),
        row.send_queue_bytes.to_string(),
        row.receive_queue_bytes.to_string(),
        row.keepalive.to_string(),
        optional(row.keepalive_due),
        seconds(row.silent),
        optional(row.waiting),
        row.findings.join(" "),
    ]
}

fn attempts(rows: &[AttemptsRow], style: Style, out: &mut dyn Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = rows.iter().map(attempt_cells).collect();
    writeln!(out)?;
    let header = ["failed attempts to", "refused", "unanswered", "dropped", "busiest second"];
    table::lines(&header, 1..5, &rows, style.columns).iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// Returns the cells of the failed attempts to connect to a server.
pub(super) fn attempt_cells(row: &AttemptsRow) -> Vec<String> {
    let numbers = [row.refused, row.unanswered, row.dropped, row.busiest_second].map(|number| number.to_string());
    [vec![row.server.to_string()], numbers.to_vec()].concat()
}

/// Returns the cells of a connection that ended.
pub(super) fn end_cells(row: &EndedRow) -> Vec<String> {
    vec![span(row.at.elapsed()), format!("{} → {}", row.end.local, row.end.peer), outcome(&row.end)]
}

fn ended(rows: &[EndedRow], style: Style, out: &mut dyn Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let cells: Vec<_> = rows.iter().take(SHOWN).map(end_cells).collect();
    writeln!(out)?;
    table::lines(&["at", "ended", "how"], 0..0, &cells, style.columns)
        .iter()
        .try_for_each(|line| writeln!(out, "{line}"))?;
    match rows.len() - cells.len() {
        0 => Ok(()),
        rest => writeln!(out, "and {rest} more; --format json lists all"),
    }
}

/// `reset · 120 B in doubt · worker 4711`
fn outcome(row: &TracedEnd) -> String {
    let likely = if row.proven { "" } else { " (likely)" };
    let mut parts = vec![format!("{}{likely}", row.how.words())];
    if row.in_doubt_bytes > 0 {
        parts.push(format!("{} never acknowledged", bytes(row.in_doubt_bytes)));
    }
    parts.extend(row.owner.as_ref().map(|owner| format!("{} {}", owner.program, owner.pid)));
    clean(&parts.join(" · "))
}

/// Returns the word for an event of a trace, and the rest of its line; `None` for what only the report shows.
pub(super) fn parts(traced: &Traced) -> Option<(&'static str, String)> {
    Some(match traced {
        Traced::Watching(TraceSize { connections, servers }) => {
            ("watching", format!("{} to {}", count(*connections, "connection"), count(*servers, "server")))
        }
        Traced::Found(found) => ("found", format!("{} ({})", found.finding.text, found.code())),
        Traced::Cleared(found) => ("cleared", format!("{} at {}", found.code(), found.server)),
        Traced::Ended(end) => ("ended", format!("{} → {} · {}", end.local, end.peer, outcome(end))),
        Traced::Unnoticed(Unnoticed { local, peer, owner: Owner { pid, program }, how }) => {
            let text = format!("{local} to {peer} was {}, and {program} ({pid}) has not noticed (RD238)", how.words());
            ("found", text)
        }
        Traced::AttemptFailed(AttemptFailed { peer, how, syn_retries, after }) => {
            let how = match how {
                AttemptEnd::Refused => "refused",
                AttemptEnd::Unanswered => "no answer",
                AttemptEnd::Dropped => "dropped immediately",
            };
            let mut text = format!("to {peer}: {how}");
            if *syn_retries > 0 {
                text.push_str(&format!(" after {}", count(u64::from(*syn_retries) + 1, "SYN")));
            }
            text.extend(after.map(|after| format!(", {} after the one before", span(after))));
            ("attempt", text)
        }
        Traced::Connected(Returned { local, peer, after }) => {
            ("connected", format!("{local} → {peer} after {}", span(*after)))
        }
        Traced::Sampled(_) | Traced::Standing(_) | Traced::Connection(_) => return None,
    })
}

/// Returns the color of the line of an event.
pub(super) fn color(traced: &Traced) -> Option<&'static str> {
    match traced {
        Traced::Found(found) if found.finding.severity == Severity::Critical => Some("31"),
        Traced::Found(found) if found.finding.severity == Severity::Info => None,
        Traced::Found(_) | Traced::Ended(_) | Traced::Unnoticed(_) | Traced::AttemptFailed(_) => Some("33"),
        Traced::Watching(_) | Traced::Cleared(_) | Traced::Connected(_) => Some("32"),
        Traced::Sampled(_) | Traced::Standing(_) | Traced::Connection(_) => None,
    }
}
