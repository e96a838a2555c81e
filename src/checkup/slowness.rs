//! Judgment of the slow commands that the server reports, and of its accept queue.

use std::time::Duration;

use super::{
    Mark, Sheet,
    finding::{self, CheckFinding},
    survey::SlowFacts,
};
use crate::{
    event::CommandTime,
    units::{count, span, whole_percent},
    verdict::Severity,
};

/// A command that takes longer than this is slow: all others wait for it.
const SLOW: Duration = Duration::from_millis(100);

/// An entry this recent says something about now.
const RECENT: u64 = 600;

/// An older entry is not mentioned in a finding.
const OLD: u64 = 86_400;

/// Slow commands that take more than this share of the time slow all clients down.
const BUSY: f64 = 0.2;

const REMEDY: &str = "the server runs one command at a time, and all others wait: replace KEYS by SCAN, split large ranges, \
                      deletes (UNLINK) and scripts into parts, and find the client in SLOWLOG GET or CLIENT LIST";

pub(super) fn judge(sheet: &mut Sheet<'_>) {
    slow(sheet);
    queue(sheet);
}

/// A slow command or event in words, with its severity.
struct Slow {
    severity: Severity,
    text: String,
}

fn slow(sheet: &mut Sheet<'_>) {
    let facts = &sheet.facts.slow;
    if !facts.log_known && facts.commands.is_empty() {
        return sheet.line("slow", Mark::NotAvailable, "not known (SLOWLOG, INFO commandstats)");
    }
    let now = sheet.facts.server.unix_time.unwrap_or(sheet.time.unix_nanos() / 1_000_000_000);
    let found = [busy(facts), logged(facts, now), event(facts, now)];
    // Of equals the first, which is current.
    let worst = found.iter().flatten().rev().max_by_key(|slow| slow.severity);
    let evidence: Vec<&str> = found.iter().flatten().map(|slow| slow.text.as_str()).collect();
    let mut mark = Mark::Ok;
    let line = match worst {
        Some(worst) => {
            let text = format!("the server is held up by slow commands: {}", worst.text);
            let finding = CheckFinding::new(worst.severity, finding::SLOW_COMMANDS, text);
            mark = sheet.finding(finding.evidence(evidence.join("; ")).remedy(REMEDY));
            worst.text.clone()
        }
        None => match facts.log.first() {
            Some(slowest) => format!("longest in the slow log: {} {}", slowest.name, span(slowest.time)),
            None => "the slow log is empty".to_owned(),
        },
    };
    sheet.line("slow", mark, line);
}

/// Finds the command that took most of the server's time during the check.
fn busy(facts: &SlowFacts) -> Option<Slow> {
    let worst: &CommandTime = facts.commands.first()?;
    let each = worst.time.div_f64(worst.calls as f64);
    let share = worst.time.as_secs_f64() / facts.window.as_secs_f64();
    (each > SLOW / 2 && share > BUSY).then(|| Slow {
        severity: Severity::Warning,
        text: format!(
            "{} took {} of the server's time during the check ({} of {})",
            worst.name,
            whole_percent(worst.time.min(facts.window).as_micros() as u64, facts.window.as_micros() as u64),
            count(worst.calls, "call"),
            span(each)
        ),
    })
}

/// Finds the slowest recent entry of the slow log.
fn logged(facts: &SlowFacts, now: u64) -> Option<Slow> {
    let age = |unix_time: u64| now.saturating_sub(unix_time);
    let entry = facts.log.iter().filter(|entry| age(entry.unix_time) <= RECENT).max_by_key(|entry| entry.time);
    let entry = entry.filter(|entry| entry.time >= SLOW).or(facts.log.first()).filter(|entry| entry.time >= SLOW)?;
    let (age, client) = (age(entry.unix_time), entry.client.as_deref());
    let from = client.map(|client| format!(" from {client}")).unwrap_or_default();
    let text = format!("{}{from} took {}, {} ago", entry.name, span(entry.time), span(Duration::from_secs(age)));
    let severity = match age {
        0..=RECENT => Severity::Warning,
        _ => Severity::Info,
    };
    (age <= OLD).then_some(Slow { severity, text })
}

/// Finds the longest recent spike of the latency monitor.
fn event(facts: &SlowFacts, now: u64) -> Option<Slow> {
    let recent =
        facts.events.iter().filter(|event| now.saturating_sub(event.unix_time) <= RECENT && event.time >= SLOW);
    let event = recent.max_by_key(|event| event.time)?;
    let ago = span(Duration::from_secs(now.saturating_sub(event.unix_time)));
    let text = format!("the latency monitor has '{}' of {}, {ago} ago", event.name, span(event.time));
    Some(Slow { severity: Severity::Warning, text })
}

/// Adds the line of the accept queue, if the server is on this machine.
fn queue(sheet: &mut Sheet<'_>) {
    let Some(queue) = sheet.facts.pings.queue else { return };
    // Other ports of this machine are counted along, so the queue itself must have been nearly full.
    let dropped = sheet.facts.slow.listen_overflows.filter(|_| queue.waiting * 2 > queue.backlog).unwrap_or_default();
    let mut mark = Mark::Ok;
    if queue.is_full() || dropped > 0 {
        let text = "new connections wait or are dropped: the server's accept queue is full";
        let evidence = format!(
            "{} connections waited in a queue of {}; ListenOverflows rose by {dropped} during the check",
            queue.waiting, queue.backlog
        );
        let remedy = "the server accepts connections only between commands: find what keeps it busy (line 'slow'), let \
                      clients keep their connections, and raise tcp-backlog and net.core.somaxconn";
        let finding = CheckFinding::new(Severity::Warning, finding::ACCEPT_QUEUE, text);
        mark = sheet.finding(finding.evidence(evidence).remedy(remedy));
    }
    sheet.line("queue", mark, format!("{} of {} connections wait to be accepted", queue.waiting, queue.backlog));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{LatencyEvent, SlowCommand};

    const NOW: u64 = 1_700_000_000;

    fn entry(name: &str, millis: u64, ago: u64) -> SlowCommand {
        SlowCommand { unix_time: NOW - ago, name: name.into(), time: Duration::from_millis(millis), client: None }
    }

    #[test]
    fn a_recent_entry_counts_more_than_a_longer_old_one() {
        let found = |log: Vec<SlowCommand>| logged(&SlowFacts { log, ..SlowFacts::default() }, NOW);
        let both = found(vec![entry("eval", 900, 7_200), entry("keys", 400, 3)]).unwrap();
        assert_eq!((both.severity, both.text.as_str()), (Severity::Warning, "keys took 400 ms, 3 s ago"));
        let old = found(vec![entry("eval", 900, 7_200)]).unwrap();
        assert_eq!((old.severity, old.text.as_str()), (Severity::Info, "eval took 900 ms, 2 h ago"));
        assert!(found(vec![entry("eval", 900, 90_000)]).is_none() && found(vec![entry("get", 20, 1)]).is_none());
    }

    #[test]
    fn a_command_holds_the_server_up_if_it_is_slow_and_takes_much_of_the_time() {
        let took = |calls, millis| {
            let time = Duration::from_millis(millis);
            let commands = vec![CommandTime { name: "keys".into(), calls, time }];
            busy(&SlowFacts { window: Duration::from_millis(1_500), commands, ..SlowFacts::default() })
        };
        let text = took(2, 1_000).unwrap().text;
        assert!(text.starts_with("keys took 6") && text.ends_with("(2 calls of 500 ms)"), "{text}");
        assert!(took(10_000, 1_000).is_none(), "many quick commands are a busy server, not a slow command");
        assert!(took(1, 200).is_none());
    }

    #[test]
    fn a_spike_of_the_latency_monitor_is_named() {
        let spike = |ago, millis| {
            let event = LatencyEvent { name: "fork".into(), unix_time: NOW - ago, time: Duration::from_millis(millis) };
            event_of(event)
        };
        fn event_of(event: LatencyEvent) -> Option<String> {
            super::event(&SlowFacts { events: vec![event], ..SlowFacts::default() }, NOW).map(|slow| slow.text)
        }
        assert_eq!(spike(5, 300).as_deref(), Some("the latency monitor has 'fork' of 300 ms, 5 s ago"));
        assert_eq!((spike(5, 60), spike(1_000, 300)), (None, None));
    }
}
