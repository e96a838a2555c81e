//! The setup of each run: policy, plan, faults, versions, seed and command line.

use std::fmt::Write as _;

use super::markup::{figure, section, text};
use crate::{
    render::{event_line, header, units::duration},
    report::{Report, Run},
};

/// Runs that are described; the JSON has all.
const RUNS: usize = 20;

pub(super) fn write(report: &Report) -> String {
    let mut html = String::new();
    for (index, run) in report.runs.iter().enumerate().take(RUNS) {
        if report.runs.len() > 1 {
            let _ = writeln!(html, "<h3>Run {}</h3>", text(&run.started.run_id));
        }
        html.push_str(&one(index, run));
    }
    if report.runs.len() > RUNS {
        let _ = writeln!(html, "<p>… and {} more runs, in the JSON.</p>", report.runs.len() - RUNS);
    }
    html.push_str(
        "<p class=\"js\" hidden><button type=\"button\" id=\"save\">Save the JSON of this report</button></p>\n\
         <p class=\"js-off\">The JSON of this report is in this file: the element <code>script#report</code>.</p>\n",
    );
    section("setup", "Setup", "", &html)
}

fn one(index: usize, run: &Run) -> String {
    let started = &run.started;
    let mut rows = vec![("target", list(&header::target_line(started)))];
    rows.extend(header::policy_line(started).map(|line| ("policy", list(rest(&line)))));
    rows.push(("plan", list(rest(&header::plan_line(&started.plan)))));
    rows.extend(header::faults_line(&started.plan).map(|line| ("faults", list(rest(&line)))));
    rows.push(("seed", figure(&format!("runs.{index}.plan.seed"), started.plan.seed, &started.plan.seed.to_string())));
    let end = run.stopped.map_or("not ended", event_line::stopped);
    let mut course = vec![format!("{} for {}", run.time.to_the_second(), duration(run.duration)), end.to_owned()];
    if let Some(connected) = &run.connected {
        course.extend(connected.server.introduction());
        course.push(format!("RESP{}", connected.resp));
    }
    rows.push(("course", list(&course.join(" · "))));
    if !started.plan.command_line.is_empty() {
        let words: Vec<_> = started.plan.command_line.iter().map(|word| quoted(word)).collect();
        rows.push(("command", format!("<code class=\"cmd\">{}</code>", text(&words.join(" ")))));
    }
    let rows: Vec<_> =
        rows.into_iter().map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>")).collect();
    format!("<dl class=\"setup\">{}</dl>\n", rows.join("\n"))
}

/// Returns a line without its first word.
fn rest(line: &str) -> &str {
    line.split_once(' ').map_or(line, |(_, rest)| rest)
}

/// Returns the parts of a line as they would be separated in a terminal.
fn list(line: &str) -> String {
    let parts: Vec<_> = line.split(" · ").map(|part| format!("<span>{}</span>", text(part))).collect();
    parts.join(" ")
}

/// Returns a word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_=./:@%+,".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_can_be_pasted() {
        for (word, shown) in [("--uri", "--uri"), ("p99>5ms", "'p99>5ms'"), ("it's", "'it'\\''s'"), ("", "''")] {
            assert_eq!(quoted(word), shown);
        }
    }
}
