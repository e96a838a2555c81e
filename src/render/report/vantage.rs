//! Outages of one server as several vantage points saw them, and the offsets of their clocks.

use std::{
    cmp::Reverse,
    io::{self, Write},
};

use crate::{
    event::RunClock,
    render::{
        Times,
        fit::{self, INDENT},
        units::{clean, count, duration},
    },
    report::{Clocks, Extent, Report, Run, VantageIncident},
};

/// Incidents that the text shows, journals and runs that a sentence names.
const INCIDENTS: usize = 12;
const NAMED: usize = 4;

pub(super) fn write(report: &Report, times: Times, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let lines = lines(report, times);
    if !lines.is_empty() {
        writeln!(out)?;
    }
    lines.iter().try_for_each(|line| writeln!(out, "{}", fit::wrapped(line, 0, INDENT, width)))
}

/// Returns the lines about the clocks and the incidents.
pub(in crate::render) fn lines(report: &Report, times: Times) -> Vec<String> {
    let mut lines = clocks(&report.runs);
    let Some(vantage) = &report.vantage else { return lines };
    let servers = if vantage.servers == 1 { "one server".into() } else { format!("{} servers", vantage.servers) };
    let seen = if vantage.count == 0 { "no incident".into() } else { count(vantage.count, "incident") };
    lines.push(format!("vantage   {} runs watched {servers}: {seen}", vantage.runs));
    let mut rows: Vec<_> = vantage.rows.iter().collect();
    rows.sort_by_key(|row| Reverse((row.seen_by, row.longest)));
    rows.truncate(INCIDENTS);
    rows.sort_by_key(|row| row.time);
    lines.extend(rows.iter().map(|row| incident(row, &report.runs, times, vantage.servers > 1)));
    let others = vantage.count - rows.len() as u64;
    lines.extend((others > 0).then(|| format!("… and {} that fewer saw", count(others, "more incident"))));
    lines
}

fn incident(row: &VantageIncident, runs: &[Run], times: Times, names_server: bool) -> String {
    let VantageIncident { time, within, server, seen_by, of, extent, longest, unresolved, .. } = row;
    let mut parts = vec![format!("seen by {seen_by} of {of} vantage points")];
    if *seen_by > 1 {
        parts.push(format!("within {}", duration(within.as_secs_f64())));
    }
    let server = if names_server { format!("{} · ", clean(server)) } else { String::new() };
    let over = if *unresolved > 0 { format!(", {unresolved} not over") } else { String::new() };
    let who = match extent {
        Extent::All => "the server, or what all of them share".to_owned(),
        Extent::Most => "the server, or what most of them share".to_owned(),
        Extent::Some => format!("what these share: {}", named(row, runs)),
        Extent::One => {
            format!("{}: its path, its machine or its own connections; the server served the others", named(row, runs))
        }
    };
    let [seen, longest] = [parts.join(" "), duration(longest.as_secs_f64())];
    format!("{}  {server}{seen} · {longest}{over} · {who}", times.of(*time))
}

/// Names the runs that saw an incident.
fn named(row: &VantageIncident, runs: &[Run]) -> String {
    let name = |number: &u32| {
        let clock = runs.get((*number as usize).saturating_sub(1)).and_then(|run| run.clock.as_ref());
        clock.map_or_else(|| format!("run {number}"), |clock| clean(&clock.journal))
    };
    let more = row.seen_by.saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", row.runs.iter().take(NAMED).map(name).collect::<Vec<_>>().join(", "))
}

fn clocks(runs: &[Run]) -> Vec<String> {
    let Some(clocks) = Clocks::of(runs) else { return Vec::new() };
    let Clocks { shifted, compared, agree_within, unknown } = clocks;
    let mut lines = Vec::new();
    if compared > 0 {
        let agree = compared - shifted.len();
        let within = format!("agree with the server's clock within {}", duration(agree_within));
        let text = match (shifted.as_slice(), agree) {
            ([], _) => format!("all {compared} runs {within}"),
            (shifted, agree) => {
                let of = format!("{} of {compared} runs shifted to the server's clock", shifted.len());
                let named: Vec<_> = shifted.iter().take(NAMED).map(|clock| shift(clock)).collect();
                let more = shifted.len().saturating_sub(NAMED);
                let more = if more > 0 { format!(" and {more} by less") } else { String::new() };
                let others = if agree > 0 { format!("; the others {within}") } else { String::new() };
                format!("{of}: {}{more}{others}", named.join(", "))
            }
        };
        lines.push(format!("clocks    {text}"));
    }
    if !unknown.is_empty() {
        let named: Vec<_> = unknown.iter().take(NAMED).map(|number| format!("run {number}")).collect();
        let more = unknown.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        lines.push(format!(
            "clocks    offset unknown of {}: {}{more}; no other run has read the clock of the same server, so their times \
             are as their journals have them",
            count(unknown.len() as u64, "run"),
            named.join(", ")
        ));
    }
    lines
}

/// `east.ndjson by −2.001 s ± 0.2 ms (drift 12 ms)`
fn shift(clock: &RunClock) -> String {
    let signed = |seconds: f64| format!("{}{}", if seconds < 0.0 { "-" } else { "+" }, duration(seconds.abs()));
    let drift = if clock.drift == 0.0 { String::new() } else { format!(" (drift {})", signed(clock.drift)) };
    format!("{} by {} ± {}{drift}", clean(&clock.journal), signed(-clock.offset), duration(clock.error))
}
