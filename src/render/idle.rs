//! The result of a search for the idle limit in every format, and its progress.

mod events;
mod progress;

use std::{
    io::{self, Write},
    time::Duration,
};

pub(super) use events::EventLine;
pub(crate) use events::idle_event;
pub(crate) use progress::IdleProgress;

use serde::Serialize;

use super::{
    Style,
    document::Document,
    fit::{self, INDENT},
    html::{self, Page},
    units::{clean, count, span, three_digits},
    views::{Figure, PluginLine, Records, rounded},
};
use crate::idle::{Advice, Ending, IdleReport, Limit, Outcome, ServerSummary, Silence, Suspect};

impl Document for IdleReport {
    fn root(&self) -> impl Serialize {
        self
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        text(self, style.columns, out)
    }

    /// The result without its lists as `summary`, then each entry of each list.
    fn records(&self, records: &mut Records<'_>) -> io::Result<()> {
        records.summary(self)?;
        records.each("suspect", &self.suspects)?;
        records.notes(&self.notes)?;
        records.each("silence", &self.silences)
    }

    /// `--must-survive` is a threshold.
    fn plugin_line(&self) -> io::Result<PluginLine> {
        let known = self.silences.iter().any(|silence| silence.ending != Ending::Interrupted);
        let limit = self.limit.as_ref().map(|limit| limit.at_least.as_secs_f64());
        let died = self.silences.iter().filter(|silence| Silence::died(silence)).count();
        let must_survive = self.must_survive.map(|must| format!("{}:", rounded(must.as_secs_f64())));
        let figures = vec![
            Figure {
                crit: must_survive.unwrap_or_default(),
                ..Figure::new("survived", known.then_some(self.survived.as_secs_f64()), "s")
            },
            Figure::new("limit", limit, "s"),
            Figure::new("silences", Some(self.silences.len() as f64), ""),
            Figure::new("died", Some(died as f64), ""),
        ];
        Ok(PluginLine { verdict: self.verdict, text: headline(self), figures })
    }

    fn page(&self) -> io::Result<Page> {
        let answers: Vec<_> = answers(self).into_iter().map(|(label, answer)| (question(label), answer)).collect();
        Ok(html::of_idle(self, &headline(self), &answers))
    }
}

fn text(report: &IdleReport, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let width = fit::readable(columns);
    let mut line = |text: &str| writeln!(out, "{}", fit::wrapped(text, 0, INDENT, width));
    let target = format!("{} ({})", clean(&report.target), report.named_by);
    line(&heading(&target, &report.server))?;
    let interrupted = if report.interrupted { " · ended early" } else { "" };
    line(&format!("{} for {}{interrupted}", report.started.to_the_second(), span(report.lasted)))?;
    let answers = answers(report);
    if !answers.is_empty() {
        line("")?;
    }
    answers.iter().try_for_each(|(label, answer)| line(&format!("{label:<8}  {answer}")))?;
    for note in &report.notes {
        line(&format!("note      {}", clean(note)))?;
    }
    let word = report.verdict.map_or("UNKNOWN".to_owned(), |verdict| verdict.to_string().to_uppercase());
    let so_far = if report.interrupted { " so far" } else { "" };
    line("")?;
    line(&format!("verdict  {word}{so_far}  {}", headline(report)))
}

/// Returns what is known about the limit, each with its label; nothing if the server could not be reached.
fn answers(report: &IdleReport) -> Vec<(&'static str, String)> {
    if report.failure.is_some() {
        return Vec::new();
    }
    let mut answers =
        vec![("silences", silences(report)), ("limit", report.limit.as_ref().map_or_else(|| none(report), limit))];
    if report.is_server_timeout {
        let timeout = report.server.timeout.unwrap_or_default();
        answers.push(("cause", format!("the server's own timeout, {} (explain r-timeout)", span(timeout))));
    } else if !report.suspects.is_empty() {
        let names: Vec<_> = report.suspects.iter().map(suspect).collect();
        answers.push(("perhaps", names.join(" · ")));
    }
    answers.extend(report.advice.as_ref().map(|advice| ("safe", safe(advice))));
    answers.push(("server", settings(&report.server)));
    answers
}

/// Returns a label as the heading of an answer on a page.
fn question(label: &'static str) -> &'static str {
    match label {
        "silences" => "Silences",
        "limit" => "Limit",
        "cause" => "Cause",
        "perhaps" => "Products with such a limit",
        "safe" => "Safe",
        _ => "Server",
    }
}

/// `redis-doctor 0.1.0 · idle · redis://127.0.0.1:6379 (--uri) · Redis 7.0.15 primary`
fn heading(target: &str, server: &ServerSummary) -> String {
    let mut parts = vec![format!("redis-doctor {}", env!("CARGO_PKG_VERSION")), "idle".to_owned(), target.to_owned()];
    parts.extend(server.identity.as_deref().map(clean));
    parts.join(" · ")
}

fn silences(report: &IdleReport) -> String {
    let of = |ending| report.silences.iter().filter(|silence| silence.ending == ending).count() as u64;
    let mut parts = vec![format!("{} in {}", report.silences.len(), count(report.rounds.into(), "round"))];
    if of(Ending::Answered) > 0 {
        parts.push(format!("{} survived, at most {}", of(Ending::Answered), span(report.survived)));
    }
    let others = [
        (Ending::Reset, "reset"),
        (Ending::Closed, "closed"),
        (Ending::Unanswered, "never answered"),
        (Ending::Interrupted, "interrupted"),
    ];
    parts.extend(others.into_iter().filter(|(ending, _)| of(*ending) > 0).map(|(ending, word)| {
        let number = of(ending);
        format!("{number} {word}")
    }));
    parts.extend(
        report.refused.as_ref().map(|refused| format!("{} not opened: {}", refused.count, clean(&refused.why))),
    );
    parts.join(" · ")
}

/// `between 346 s and 354 s of silence · then the next command gets a reset (RST)`
fn limit(limit: &Limit) -> String {
    let Limit { at_least, at_most, ending, dated, .. } = limit;
    if *dated {
        let how = if *ending == Ending::Closed { "closed (FIN)" } else { "reset (RST)" };
        return format!("after {} of silence the connection is {how}", range(limit));
    }
    let how = match ending {
        Ending::Unanswered => "the next command gets no reply",
        Ending::Closed => "the next command gets a clean close (FIN)",
        _ => "the next command gets a reset (RST)",
    };
    format!("between {} and {} of silence · then {how}", in_seconds(*at_least), in_seconds(*at_most))
}

/// `346 s to 354 s`, or `600 s`.
fn range(limit: &Limit) -> String {
    let (from, to) = (in_seconds(limit.at_least), in_seconds(limit.at_most));
    if from == to { from } else { format!("{from} to {to}") }
}

/// Formats a time in seconds, from one second: documentation writes idle limits in seconds.
fn in_seconds(time: Duration) -> String {
    if time.as_secs() > 0 { format!("{} s", three_digits(time.as_secs_f64())) } else { span(time) }
}

fn none(report: &IdleReport) -> String {
    match report.outcome {
        Outcome::NoLimit => format!("none up to {}", span(report.survived)),
        _ => "unknown".to_owned(),
    }
}

/// `AWS NAT gateway (350 s, explain aws-natgw)`
fn suspect(suspect: &Suspect) -> String {
    let Suspect { id, name, limit, ends_so } = suspect;
    let manner = if *ends_so { "" } else { ", though it is not known to end connections in this way" };
    format!("{name} ({} s, explain {id}{manner})", limit.as_secs())
}

fn safe(advice: &Advice) -> String {
    let ping = format!("a PING every {}", span(advice.ping_every));
    match (&advice.keepalive, advice.no_keepalive) {
        (Some(keepalive), _) => {
            let [time, interval] = [keepalive.time, keepalive.interval].map(|time| time.as_secs());
            format!("TCP keepalive {time}/{interval}/{} (idle s / interval s / probes) · or {ping}", keepalive.probes)
        }
        (None, Some(why)) => format!("{ping} · TCP keepalive does not help: {why}"),
        (None, None) => ping,
    }
}

/// `timeout off · tcp-keepalive 300 s`
fn settings(server: &ServerSummary) -> String {
    let value = |value: Option<Duration>| match value {
        Some(Duration::ZERO) => "off".to_owned(),
        Some(time) => format!("{} s", time.as_secs()),
        None => "unknown".to_owned(),
    };
    format!("timeout {} · tcp-keepalive {}", value(server.timeout), value(server.tcp_keepalive))
}

fn headline(report: &IdleReport) -> String {
    let failure = || report.failure.as_ref().or(report.refused.as_ref().map(|refused| &refused.why));
    match (&report.outcome, &report.limit) {
        (Outcome::Unreachable, _) => failure().map(|why| clean(why)).unwrap_or_default(),
        (Outcome::Dead, _) => "no connection survived any silence".to_owned(),
        (Outcome::Limit, Some(limit)) => format!("idle limit {}{}", range(limit), wanted(report)),
        (Outcome::Unknown, _) | (_, None) if report.outcome != Outcome::NoLimit => {
            "ended before the first result".to_owned()
        }
        _ if report.verdict.is_none() => {
            format!("ended too early: no idle limit up to {}{}", span(report.survived), wanted(report))
        }
        _ => format!("no idle limit up to {}{}", span(report.survived), wanted(report)),
    }
}

/// `, 5 min must survive`
fn wanted(report: &IdleReport) -> String {
    report.must_survive.map_or(String::new(), |must| format!(", {} must survive", span(must)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::WallTime,
        idle::{Search, SearchContext, Silence, Steps},
    };

    /// Renders a search whose silences, in seconds, ended in these ways.
    fn shown(silences: &[(u64, Ending, bool)]) -> String {
        let planned = silences.iter().map(|(seconds, ..)| Duration::from_secs(*seconds)).collect();
        let mut search = Search::new(&Steps::List(planned), Duration::MAX, None, None);
        search.next_round();
        for (seconds, ending, dated) in silences {
            let planned = Duration::from_secs(*seconds);
            let silence = Silence { round: 1, planned, lasted: planned, ending: *ending, dated: *dated };
            search.ended(planned, Some(silence));
        }
        let [never, often] = [0, 300].map(Duration::from_secs);
        let server = ServerSummary { timeout: Some(never), tcp_keepalive: Some(often), ..ServerSummary::default() };
        let circumstances = SearchContext {
            target: "rediss://cache.example:6379".into(),
            named_by: "--uri".into(),
            started: WallTime::from_unix_nanos(1_795_356_131_204_512_000),
            lasted: Duration::from_secs(362),
            interrupted: false,
            server: Ok(server),
            refused: None,
            restarted: false,
            must_survive: None,
        };
        let mut out = Vec::new();
        text(&IdleReport::new(&search, circumstances), None, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_limit_is_shown_with_what_has_such_a_limit_and_what_is_safe() {
        let shown =
            shown(&[(238, Ending::Answered, false), (242, Ending::Unanswered, false), (247, Ending::Reset, false)]);
        assert_eq!(
            shown,
            concat!(
                "redis-doctor ",
                env!("CARGO_PKG_VERSION"),
                " · idle · rediss://cache.example:6379 (--uri)\n\
             2026-11-22T14:02:11Z for 6 min 2 s\n\
             \n\
             silences  3 in 1 round · 1 survived, at most 3 min 58 s · 1 reset ·\n          \
             1 never answered\n\
             limit     between 238 s and 242 s of silence ·\n          \
             then the next command gets no reply\n\
             perhaps   Azure Load Balancer (240 s, explain az-lb) ·\n          \
             IBM Cloud public gateway (240 s, explain ibm-pgw)\n\
             safe      TCP keepalive 60/15/3 (idle s / interval s / probes) ·\n          \
             or a PING every 1 min\n\
             server    timeout off · tcp-keepalive 300 s\n\
             note      the server's own keepalive probes are sent every 300 s, too late for\n          this limit\n\
             \n\
             verdict  DEGRADED  idle limit 238 s to 242 s\n"
            )
        );
    }

    #[test]
    fn a_dated_limit_is_shown_as_it_was_seen() {
        let shown =
            shown(&[(3500, Ending::Answered, false), (3600, Ending::Closed, true), (3601, Ending::Closed, true)]);
        for part in [
            "limit     after 3600 s to 3601 s of silence the connection is closed (FIN)\n",
            "perhaps   Envoy or Istio (3600 s, explain envoy)\n",
            "safe      a PING every 1 min · TCP keepalive does not help: a device that closes\n          with a FIN",
            "note      the server's own keepalive probes, every 300 s, do not refresh it: the\n          device counts",
        ] {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
    }
}
