//! The text report: the verdict, a block for each incident, the course, then totals, tables and findings.
//! For `ping` it begins with the statistics of ping(8).

use std::io::{self, Write};

use super::{course, failovers, incidents, tables, vantage};
use crate::{
    event::list_of,
    plan::Command,
    record::LedgerFigures,
    render::{
        Style, Times, application, compare, event_line,
        fit::{self, INDENT},
        header,
        units::{clean, count, duration, percent, three_digits},
    },
    report::{Delivery, Outages, Probes, Refusals, Report, Run, SlowStretches, Subscriptions, together},
    verdict::{Severity, Verdict},
};

/// Runs that are described; the JSON has all.
const RUNS: usize = 10;

pub(super) fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    fit::write_fitted(style.columns, out, |text| unbroken(report, style, text))
}

fn unbroken(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (columns, times) = (style.columns, Times::of_report(report, style));
    let ping = report.runs.iter().all(|run| run.started.plan.command == Command::Ping);
    if ping && !report.runs.is_empty() {
        ping_statistics(report, out)?;
        writeln!(out)?;
        verdict(report.verdict, report.interim, &headline(report), style, out)?;
        incidents::write(report, times, out)?;
    } else {
        let width = fit::readable(columns);
        verdict(report.verdict, report.interim, &headline(report), style, out)?;
        heading(report, times, width, style.below_header, out)?;
        application(report, width, out)?;
        incidents::write(report, times, out)?;
        vantage::write(report, times, width, out)?;
        course::write(report, times, columns, out)?;
        totals(report, times, width, out)?;
        tables::latencies(report, columns, out)?;
    }
    report.comparison.iter().try_for_each(|comparison| compare::section(comparison, columns, out))?;
    details(report, times, style, out)
}

/// Writes what no block of an incident shows: failovers, slow stretches, refusals, findings. A verbose report has each outage
/// with all of its evidence, the errors, the states and the gates, too.
pub(super) fn details(report: &Report, times: Times, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Style { columns, verbose, .. } = style;
    failovers::write(&report.failovers, times, out)?;
    if verbose {
        tables::outages(report, times, columns, out)?;
        tables::causes(&report.outages.rows, times, verbose, out)?;
    }
    tables::slow(report, times, columns, out)?;
    tables::causes(&report.slow.rows, times, verbose, out)?;
    tables::refusals(report, times, columns, out)?;
    if verbose {
        tables::errors(report, times, columns, out)?;
        tables::states(report, times, columns, out)?;
        tables::gates(report, columns, out)?;
    }
    remarks(report, out)
}

/// Writes the verdict, with the reason in a few words.
pub(super) fn verdict(
    verdict: Verdict,
    interim: bool,
    reason: &str,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let word = verdict.to_string().to_uppercase();
    let color = match verdict {
        Verdict::Healthy => "32",
        Verdict::Degraded => "33",
        Verdict::Critical => "31",
    };
    let word = if style.color { format!("\x1b[1;{color}m{word}\x1b[0m") } else { word };
    let interim = if interim { " so far" } else { "" };
    writeln!(out, "verdict  {word}{interim}  {reason}")
}

/// Returns the verdict in a few words.
pub(super) fn headline(report: &Report) -> String {
    let mut parts: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Critical)
        .take(2)
        .map(|finding| clean(&finding.text))
        .collect();
    let outages = &report.outages;
    let happened: Vec<_> = [(outages.drops, "drop"), (outages.stalls, "stall")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, name)| count(number, name))
        .collect();
    if !happened.is_empty() {
        let all = outages.unresolved == 0 && outages.not_by_itself == 0;
        let recovered = if all { ", all recovered" } else { "" };
        parts.push(format!("{}{recovered}", happened.join(", ")));
        parts.push(format!("worst outage {}", duration(outages.longest)));
    }
    if report.slow.stretches > 0 {
        parts.push(format!("replies took up to {}", duration(report.slow.latency)));
    }
    let availability = outages.availability.filter(|_| report.ever_connected());
    parts.extend(availability.map(|share| format!("availability {}", percent(share))));
    // After an outage, a resubscription takes a moment longer: no news.
    let differs = |share: &f64| availability.is_some_and(|availability| availability - share >= 0.001);
    let service = outages.service.filter(differs);
    parts.extend(service.map(|share| format!("service {}", percent(share))));
    if let Some(delivery) = report.delivery.as_ref().filter(|delivery| delivery.verified && delivery.published > 0) {
        parts.push(format!("{} lost of {}", count(delivery.lost, "message"), delivery.published));
    }
    if let Some(probes) = report.probes.as_ref().filter(|probes| probes.failed + probes.timed_out > 0) {
        parts.push(format!("{} failed, {} timed out", probes.failed, probes.timed_out));
    }
    parts.extend(report.change().map(|change| clean(&change)));
    parts.join(" · ")
}

fn heading(report: &Report, times: Times, width: usize, below_header: bool, out: &mut dyn Write) -> io::Result<()> {
    for run in report.runs.iter().take(RUNS) {
        writeln!(out)?;
        if !below_header {
            line(&clean(&header::target_line(&run.started)), width, out)?;
            if let Some(policy) = header::policy_line(&run.started) {
                line(&clean(&policy), width, out)?;
            }
        }
        line(&clean(&summary(run, times)), width, out)?;
    }
    match report.runs.len().saturating_sub(RUNS) {
        0 => Ok(()),
        more => writeln!(out, "… and {}", count(more as u64, "more run")),
    }
}

/// Writes the lines about an observed application.
fn application(report: &Report, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let Some(application) = &report.application else { return Ok(()) };
    writeln!(out)?;
    let lines = application::lines(application);
    lines.iter().try_for_each(|(label, text)| line(&format!("{label:<9}  {text}"), width, out))
}

fn line(text: &str, width: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", fit::wrapped(text, 0, INDENT, width))
}

/// `2026-11-22 14:02:11 UTC for 1 min · duration reached · Redis 7.2.4 primary · RESP3`
pub(super) fn summary(run: &Run, times: Times) -> String {
    let mut parts = vec![format!("{} for {}", times.in_full(run.time), duration(run.duration))];
    parts.push(run.stopped.map_or("not ended", event_line::stopped).to_owned());
    if let Some(connected) = &run.connected {
        parts.extend(connected.server.introduction());
        parts.push(format!("RESP{}", connected.resp));
    }
    parts.join(" · ")
}

fn totals(report: &Report, times: Times, width: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    total_lines(report, times).iter().try_for_each(|(label, text)| line(&format!("{label:<8}  {text}"), width, out))
}

/// Returns the totals, each with its label.
pub(super) fn total_lines(report: &Report, times: Times) -> Vec<(&'static str, String)> {
    let herd = report.reconnect_peak.as_ref().filter(|peak| peak.of > 1);
    let lines = [
        report.probes.as_ref().map(|probes| ("probes", probes_line(probes))),
        report.delivery.as_ref().map(|delivery| ("messages", delivery_line(delivery))),
        report.subscriptions.as_ref().map(|subscriptions| ("channels", channels_line(subscriptions))),
        Some(("outages", outages_line(&report.outages))),
        several(report).map(|text| ("servers", text)),
        report.ledger.as_ref().map(|ledger| ("ledger", ledger_line(ledger, times))),
        (report.slow.stretches > 0).then(|| ("slow", slow_line(&report.slow))),
        (report.refusals.count > 0).then(|| ("refusals", refusals_line(&report.refusals))),
        herd.map(|peak| ("herd", format!("at most {}", together(peak)))),
    ];
    lines.into_iter().flatten().collect()
}

fn several(report: &Report) -> Option<String> {
    let together = &report.servers.together;
    (!together.is_empty()).then(|| format!("{} behind this address: {}", together.len(), clean(&list_of(together))))
}

fn ledger_line(ledger: &LedgerFigures, times: Times) -> String {
    let mut parts = vec![count(ledger.acknowledged, "acknowledged write"), format!("{} gone", ledger.gone)];
    if let (Some(first), Some(last)) = (ledger.first_gone, ledger.last_gone) {
        parts.push(format!("acknowledged from {} to {}", times.of(first), times.of(last)));
    }
    if ledger.unread > 0 {
        parts.push(format!("{} not read back", ledger.unread));
    }
    parts.join(" · ")
}

fn probes_line(probes: &Probes) -> String {
    let mut parts = vec![
        format!("{} sent", probes.launched),
        format!("{} answered", probes.ok),
        format!("{} failed", probes.failed),
        format!("{} timed out", probes.timed_out),
    ];
    for (number, what) in [(probes.paused, "during our own pause"), (probes.untimed, "not timed")] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    if probes.unfinished > 0 {
        parts.push(format!("{} unfinished", probes.unfinished));
    }
    if probes.skipped > 0 {
        parts.push(format!("{} skipped", probes.skipped));
    }
    parts.extend(probes.rate.map(|rate| format!("{}/s", three_digits(rate))));
    parts.join(" · ")
}

fn delivery_line(delivery: &Delivery) -> String {
    let mut parts = Vec::new();
    if delivery.verified {
        parts.push(format!("{} published", delivery.published));
        parts.push(format!("{} received", delivery.received));
        parts.push(format!("{} lost ({} in outages)", delivery.lost, delivery.lost_in_outages));
        parts.push(format!("{} duplicated", delivery.duplicated));
        parts.push(format!("{} reordered", delivery.reordered));
    }
    if !delivery.verified || delivery.messages > 0 {
        let source = if delivery.verified { " from other publishers" } else { "" };
        parts.push(format!("{} received{source}", delivery.messages));
        parts.push(count(delivery.message_bytes, "byte"));
    }
    if delivery.messages_not_shown > 0 {
        parts.push(format!("{} not shown", delivery.messages_not_shown));
    }
    parts.join(" · ")
}

fn channels_line(subscriptions: &Subscriptions) -> String {
    let mut parts = vec![format!("{} of {} confirmed", subscriptions.confirmed, subscriptions.wanted)];
    if subscriptions.resubscriptions > 0 {
        parts.push(format!("resubscribed {}", count(subscriptions.resubscriptions, "time")));
    }
    if subscriptions.silences > 0 {
        let longest = duration(subscriptions.longest_silence);
        parts.push(format!("{}, longest {longest}", count(subscriptions.silences, "silence")));
    }
    parts.join(" · ")
}

fn outages_line(outages: &Outages) -> String {
    let mut parts = vec![count(outages.drops, "drop"), count(outages.stalls, "stall")];
    parts.push(count(outages.reconnects, "reconnect"));
    if outages.drops + outages.stalls > 0 {
        parts.push(format!("longest {}", duration(outages.longest)));
        parts.extend(outages.mean_repair.map(|repair| format!("mean time to repair {}", duration(repair))));
        parts.push(format!("longest uptime {}", duration(outages.longest_up)));
    }
    parts.extend(outages.availability.map(|share| format!("availability {}", percent(share))));
    parts.extend(outages.service.map(|share| format!("service {}", percent(share))));
    parts.join(" · ")
}

fn refusals_line(refusals: &Refusals) -> String {
    let mut parts = vec![count(refusals.count, "refusal"), format!("{} refused", count(refusals.commands, "command"))];
    if refusals.unresolved > 0 {
        parts.push(format!("{} not over", refusals.unresolved));
    }
    parts.push(format!("longest {}", duration(refusals.longest)));
    parts.join(" · ")
}

fn slow_line(slow: &SlowStretches) -> String {
    let stretches = if slow.stretches == 1 { "1 stretch".into() } else { format!("{} stretches", slow.stretches) };
    format!("{stretches} · {} in slow replies · longest reply {}", duration(slow.waiting), duration(slow.latency))
}

fn ping_statistics(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for run in &report.runs {
        writeln!(out, "\n--- {} ping statistics ---", run.started.plan.target.address)?;
    }
    if let Some(probes) = &report.probes {
        let share = probes.error_share.map(|share| format!("{} loss, ", percent(share))).unwrap_or_default();
        writeln!(
            out,
            "{} sent, {} answered, {} failed, {} timed out, {share}time {}",
            probes.launched,
            probes.ok,
            probes.failed,
            probes.timed_out,
            duration(report.duration)
        )?;
    }
    if let Some(latency) = &report.latency {
        let millis =
            [latency.min, latency.mean, latency.max, latency.deviation].map(|time| format!("{:.3}", time * 1e3));
        writeln!(out, "rtt min/avg/max/mdev = {} ms", millis.join("/"))?;
        let millis = [latency.p50, latency.p90, latency.p99, latency.p999].map(|time| format!("{:.3}", time * 1e3));
        writeln!(out, "rtt p50/p90/p99/p99.9 = {} ms", millis.join("/"))?;
    }
    Ok(())
}

/// Findings and notes.
fn remarks(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if !report.findings.is_empty() || !report.notes.is_empty() {
        writeln!(out)?;
    }
    for finding in &report.findings {
        let code = finding.code.map(|code| format!("{code} · ")).unwrap_or_default();
        writeln!(out, "{:<8}  {code}{}", finding.severity, clean(&finding.text))?;
    }
    for note in &report.notes {
        writeln!(out, "note      {}", clean(&note.text))?;
    }
    Ok(())
}
