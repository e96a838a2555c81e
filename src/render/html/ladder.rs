//! A run that never connected: how far a connection came, step by step.

use std::fmt::Write as _;

use super::markup::{explain, grouped, section, text};
use crate::{classify::Stage, plan::Address, record::ErrorRow, report::Report};

/// A step of a connection, and the stages in which it fails.
struct Step {
    name: &'static str,
    stages: &'static [Stage],
}

const DNS: Step = Step { name: "DNS", stages: &[Stage::Dns] };
const TCP: Step = Step { name: "TCP", stages: &[Stage::Tcp, Stage::Connect] };
const UNIX: Step = Step { name: "Unix socket", stages: &[Stage::Unix, Stage::Connect] };
const TLS: Step = Step { name: "TLS", stages: &[Stage::Tls] };
const HELLO: Step = Step { name: "HELLO, AUTH", stages: &[Stage::Hello] };
const REPLY: Step =
    Step { name: "PING", stages: &[Stage::Command, Stage::WaitingForReconnect, Stage::Subscribe, Stage::Publish] };

/// Returns the ladder; nothing without a run.
pub(super) fn write(report: &Report) -> String {
    let Some(run) = report.runs.last() else { return String::new() };
    let target = &run.started.plan.target;
    let mut steps = match target.address {
        Address::Unix(_) => vec![UNIX],
        Address::Tcp { .. } => vec![DNS, TCP],
    };
    if target.speaks_tls() {
        steps.push(TLS);
    }
    steps.extend([HELLO, REPLY]);
    // The most frequent error of the earliest step that failed: later ones follow from it, or from a proxy.
    let failed = steps.iter().position(|step| error(report, step).is_some());
    let mut html = String::from("<ol class=\"ladder\">\n");
    for (index, step) in steps.iter().enumerate() {
        let (class, state, detail) = match (failed, error(report, step)) {
            (Some(at), Some(row)) if at == index => {
                let detail =
                    format!("{} <small>{}×</small> {}", text(&row.example), grouped(row.count), explain(row.code));
                ("no", "failed", detail)
            }
            (Some(at), _) if index > at => ("later", "not reached", String::new()),
            (Some(_), _) => ("yes", "passed", String::new()),
            (None, _) => ("later", "not known", String::new()),
        };
        let _ = writeln!(html, "<li class=\"{class}\"><b>{}</b><span>{state}</span><p>{detail}</p></li>", step.name);
    }
    html.push_str("</ol>\n");
    section("ladder", "How far a connection came", "", &html)
}

fn error<'a>(report: &'a Report, step: &Step) -> Option<&'a ErrorRow> {
    report.errors.iter().filter(|row| step.stages.contains(&row.key.stage)).max_by_key(|row| row.count)
}
