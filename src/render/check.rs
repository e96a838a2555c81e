//! A checkup in every format.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::Duration,
};

use serde::Serialize;

use super::{
    Style,
    document::Document,
    fit::{self, INDENT},
    table,
    units::{clean, duration},
    views::{Family, Figure, PluginLine, level},
};
use crate::{
    checkup::{Blackout, Bound, CheckFinding, CheckLine, Checkup, EndedBy, Mark},
    verdict::{Severity, Verdict},
};

/// Columns before a line's text: its mark, name and time.
const MARGIN: usize = 26;

impl Document for Checkup {
    fn root(&self) -> impl Serialize {
        self
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        text(self, style, out)
    }

    fn plugin_line(&self) -> io::Result<PluginLine> {
        Ok(PluginLine { verdict: Some(self.verdict), text: clean(&self.headline), figures: figures(self) })
    }

    fn metrics(&self) -> io::Result<Vec<Family<'_>>> {
        Ok(families(self))
    }
}

/// The families of a checkup. They have no label for the server, which the scraper of a probe adds.
pub(super) fn families(checkup: &Checkup) -> Vec<Family<'_>> {
    let mut about = Family::new("check", "info", "Server that was checked.");
    about.push("_info", vec![("url", checkup.target.clone()), ("version", checkup.version.clone())], 1.0);
    let answered = f64::from(u8::from(checkup.facts.ping.is_some()));
    let (mut steps, mut findings) = (BTreeMap::<_, Duration>::new(), BTreeMap::<_, u32>::new());
    for (step, took) in checkup.lines.iter().filter_map(|line| Some((line.name, line.took?))) {
        *steps.entry(step).or_default() += took;
    }
    for CheckFinding { code, severity, .. } in &checkup.findings {
        *findings.entry((code.as_deref().unwrap_or_default(), *severity)).or_default() += 1;
    }
    let mut durations = Family::new("check_step_seconds", "gauge", "Duration of each step of the check.");
    for (step, took) in steps {
        durations.push("", vec![("step", step.to_owned())], took.as_secs_f64());
    }
    let mut problems = Family::new("check_findings", "gauge", "Findings of the check, by code and severity.");
    for ((code, severity), number) in findings {
        let labels = vec![("code", code.to_owned()), ("severity", severity.to_string())];
        problems.push("", labels, f64::from(number));
    }
    vec![
        about,
        Family::gauge("check_success", "1 if the server answered PING.", answered),
        Family::gauge("check_verdict", "0 healthy, 1 degraded, 2 critical.", level(checkup.verdict)),
        Family::gauge("check_duration_seconds", "Duration of the check.", checkup.took.as_secs_f64()),
        durations,
        problems,
    ]
}

fn text(checkup: &Checkup, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if !style.quiet {
        let Checkup { version, target, named_by, .. } = checkup;
        let heading = format!("redis-doctor {version} · check · {target} ({named_by})");
        writeln!(out, "{}\n", wrapped(&heading, 0, INDENT, style))?;
    }
    let wanted = |line: &&CheckLine| !style.quiet || line.mark > Mark::Ok;
    checkup.lines.iter().filter(wanted).try_for_each(|line| self::line(line, style, out))?;
    if !style.quiet {
        blackouts(&checkup.blackouts, style, out)?;
    }
    let wanted = |finding: &&CheckFinding| !style.quiet || finding.severity > Severity::Info;
    checkup.findings.iter().filter(wanted).try_for_each(|finding| self::finding(finding, style, out))?;
    verdict(Some(checkup.verdict), &checkup.headline, style, out)
}

/// `verdict  HEALTHY  Redis 7.0.15 answers PING in 93 µs`
pub(super) fn verdict(verdict: Option<Verdict>, headline: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let word = verdict.map_or("UNKNOWN".to_owned(), |verdict| verdict.to_string().to_uppercase());
    let plain = word.chars().count();
    let mark = match verdict {
        Some(Verdict::Healthy) => Mark::Ok,
        Some(Verdict::Degraded) => Mark::Warning,
        Some(Verdict::Critical) => Mark::Bad,
        None => Mark::NotAvailable,
    };
    let word = painted(&word, style, mark);
    writeln!(out, "\nverdict  {word}  {}", wrapped(&clean(headline), plain + 11, plain + 11, style))
}

/// `✔ tcp              0.13 ms  10.0.9.4:51322 → 10.0.3.17:6379`
fn line(line: &CheckLine, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let took = line.took.map(|took| duration(took.as_secs_f64())).unwrap_or_default();
    let mark = painted(mark(line.mark), style, line.mark);
    writeln!(out, "{mark} {:<12} {took:>9}  {}", line.name, wrapped(&clean(&line.text), MARGIN, MARGIN, style))
}

fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::NotAvailable => "–",
        Mark::Ok => "✔",
        Mark::Warning => "!",
        Mark::Bad => "✘",
    }
}

pub(super) fn painted(text: &str, style: Style, mark: Mark) -> String {
    let styled = console::style(text).force_styling(style.color);
    match mark {
        Mark::NotAvailable => styled.dim(),
        Mark::Ok => styled.green(),
        Mark::Warning => styled.yellow(),
        Mark::Bad => styled.red(),
    }
    .to_string()
}

pub(super) fn finding(finding: &CheckFinding, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mark = match finding.severity {
        Severity::Info => Mark::NotAvailable,
        Severity::Warning => Mark::Warning,
        Severity::Critical => Mark::Bad,
    };
    let word = painted(&format!("{:<8}", finding.severity), style, mark);
    writeln!(out, "\n{word}  {}", wrapped(&clean(&finding.text), INDENT, INDENT, style))?;
    for (name, text) in [("seen", &finding.evidence), ("remedy", &finding.remedy)] {
        if !text.is_empty() {
            writeln!(out, "  {name:<6}  {}", wrapped(&clean(text), INDENT, INDENT, style))?;
        }
    }
    finding.code.as_ref().map_or(Ok(()), |code| writeln!(out, "  more    redis-doctor explain {code}"))
}

/// Writes the worst case of each policy.
fn blackouts(rows: &[Blackout], style: Style, out: &mut dyn Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nworst case before a dead path is noticed")?;
    let row = |row: &Blackout| {
        let chosen = if row.selected { "→" } else { " " };
        vec![format!("{chosen} {}", row.policy), bound(&row.sends), bound(&row.listens)]
    };
    // Without a watchdog's PINGs, only the kernel notices.
    let kernel = |bound: &Bound| bound.kernel_alone.map_or("never".into(), |after| duration(after.as_secs_f64()));
    let alone = rows.iter().filter(|row| row.sends.ended_by == EndedBy::Watchdog);
    let alone =
        alone.map(|row| vec![format!("  {}, no watchdog", row.policy), kernel(&row.sends), kernel(&row.listens)]);
    let rows: Vec<_> = rows.iter().map(row).chain(alone).collect();
    let header = ["  policy", "active client", "subscriber only"];
    table::lines(&header, 0..0, &rows, style.columns).iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// `3 s (watchdog)`, `never`
fn bound(bound: &Bound) -> String {
    let after = bound.after.map(|after| duration(after.as_secs_f64())).unwrap_or_default();
    match bound.ended_by {
        EndedBy::Watchdog => format!("{after} (watchdog)"),
        EndedBy::UserTimeout => format!("{after} (user timeout)"),
        EndedBy::Keepalive => format!("{after} (keepalive)"),
        EndedBy::Retransmissions => format!("≥ {after} (tcp_retries2)"),
        EndedBy::Nothing => "never".into(),
        EndedBy::NeverReconnects => "never (no reconnect)".into(),
        EndedBy::Unknown => "unknown".into(),
    }
}

fn wrapped(text: &str, start: usize, margin: usize, style: Style) -> String {
    fit::wrapped(text, start, margin, fit::readable(style.columns))
}

/// Returns the figures of the plugin line with their thresholds.
fn figures(checkup: &Checkup) -> Vec<Figure> {
    let facts = &checkup.facts;
    let time = |label, time: Option<Duration>| Figure::new(label, time.map(|time| time.as_secs_f64()), "s");
    let amount = |label, value: Option<u64>, limit: Option<u64>, unit| Figure {
        max: limit.filter(|limit| *limit > 0).map(|limit| limit.to_string()).unwrap_or_default(),
        ..Figure::new(label, value.map(|value| value as f64), unit)
    };
    // The flags take milliseconds, as those of check_ping do; performance data have seconds everywhere.
    let seconds = |range: crate::plan::Range| range.divided_by(1e3).to_string();
    let [warn, crit] = checkup.thresholds.map(|range| range.map(seconds).unwrap_or_default());
    let connect = checkup.lines.iter().filter(|line| ["dns", "tcp", "unix", "tls", "hello"].contains(&line.name));
    let connect: Duration = connect.filter_map(|line| line.took).sum();
    let server = &facts.server;
    vec![
        Figure { warn, crit, ..time("ping", facts.ping) },
        time("connect", facts.ping.map(|_| connect)),
        time("pubsub", facts.pubsub),
        amount("clients", server.connected_clients, server.maxclients, ""),
        amount("memory", server.used_memory, server.maxmemory, "B"),
    ]
}
