//! An observed application as lines of a label and a text, for every format that people read.

use super::units::{clean, count, duration, span};
use crate::{
    event::{FlowRole, Observed, Quantiles},
    plan::Plan,
    record::{Application, RoleRow},
    report::Report,
};

/// Consequences of each kind that are shown.
const SHOWN: usize = 10;

/// Attempts and processes that are shown.
const ATTEMPTS: usize = 5;

/// The way in which the connections of a run are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Naming {
    /// By their number, except for the first.
    #[default]
    Others,
    /// By their number.
    All,
    /// By the role with this number.
    Roles,
}

impl Naming {
    /// The way for a plan, in lines of which each is about one connection.
    pub(super) fn of(plan: &Plan) -> Self {
        match (&plan.application, plan.connections) {
            (Some(_), _) => Self::Roles,
            (None, 0 | 1) => Self::Others,
            (None, _) => Self::All,
        }
    }

    /// The way for a run of a report, in tables.
    pub(super) fn in_table(report: &Report, run: u32) -> Self {
        let run = report.runs.get(run.saturating_sub(1) as usize);
        let observed = run.is_some_and(|run| run.started.plan.application.is_some());
        if observed { Self::Roles } else { Self::Others }
    }

    /// Returns the name of a connection; `None` if it needs none.
    pub(super) fn name(self, connection: u32) -> Option<String> {
        match self {
            Self::Roles => FlowRole::numbered(connection).map(|role| role.to_string()),
            Self::Others if connection == 0 => None,
            Self::Others | Self::All => Some(format!("#{connection}")),
        }
    }
}

/// Returns the application, each line with its label.
pub(super) fn lines(it: &Application) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    for client in &it.clients {
        let library = client.library.as_ref().map(|library| clean(library));
        let mut parts = vec![library.unwrap_or_else(|| "a client that does not name itself".to_owned())];
        parts.extend(client.name.as_ref().map(|name| format!("name {}", clean(name))));
        parts.extend(client.user.as_ref().map(|user| format!("user {}", clean(user))));
        let processes: Vec<_> =
            client.processes.iter().take(ATTEMPTS).map(|(pid, name)| format!("{pid} ({})", clean(name))).collect();
        if !processes.is_empty() {
            parts.push(format!("pid {}", processes.join(", ")));
        }
        parts.push(count(client.connections, "connection"));
        lines.push(("client", parts.join(" · ")));
    }
    lines.extend(it.roles.iter().map(|row| ("role", role(row))));
    if let Some(totals) = &it.totals {
        let errors =
            if totals.errors == 1 { "1 error reply".into() } else { format!("{} error replies", totals.errors) };
        lines.push(("commands", format!("{} · {errors}", totals.commands)));
        let times = [("server", totals.server), ("proxy", totals.proxy), ("application", totals.application)];
        let times: Vec<_> = times.into_iter().filter_map(|(whose, times)| Some(part(whose, times?))).collect();
        lines.extend((!times.is_empty()).then(|| ("time", times.join(" · "))));
    }
    let mut consequences = |label: &'static str, number: u64, texts: Vec<String>| {
        let more = number.saturating_sub(texts.len() as u64);
        lines.extend(texts.into_iter().map(|text| (label, clean(&text))));
        lines.extend((more > 0).then(|| (label, format!("… and {more} more"))));
    };
    let twice = it.ran_twice.iter().take(SHOWN).map(|twice| Observed::RanTwice(twice.clone()).to_string());
    consequences("ran twice", it.ran_twice_count, twice.collect());
    let twice = it.ran_twice_probably.iter().take(SHOWN);
    let twice = twice.map(|twice| Observed::ProbablyRanTwice(twice.clone()).to_string());
    consequences("ran twice", it.ran_twice_probably.len() as u64, twice.collect());
    let lost = it.elements_lost.iter().take(SHOWN).map(|lost| Observed::ElementLost(lost.clone()).to_string());
    consequences("lost", it.elements_lost_count, lost.collect());
    let locks = it.locks_orphaned.iter().take(SHOWN).map(|lock| Observed::LockOrphaned(lock.clone()).to_string());
    consequences("lock", it.locks_orphaned.len() as u64, locks.collect());
    let pending = it.left_pending.iter().take(SHOWN).map(|left| Observed::LeftPending(left.clone()).to_string());
    consequences("pending", it.left_pending.len() as u64, pending.collect());
    lines
}

/// `server p50 120 µs p99 1.1 ms`
fn part(whose: &str, times: Quantiles) -> String {
    format!("{whose} p50 {} p99 {}", span(times.p50), span(times.p99))
}

/// `commands · 2 connections · 1 outage · last: 3 attempts at 0.004 / 0.11 / 1.2 s, back`
fn role(row: &RoleRow) -> String {
    let mut parts = vec![row.role.to_string(), count(row.connections, "connection")];
    parts.push(if row.outages == 0 { "no outage".to_owned() } else { count(row.outages, "outage") });
    if let Some(last) = row.returns.last() {
        let starts: Vec<_> = last.schedule.iter().take(ATTEMPTS).map(|start| duration(start.as_secs_f64())).collect();
        let end = match (last.back, row.unproven) {
            (true, _) => "back",
            (false, true) => "unproven",
            (false, false) => "not back",
        };
        let more = if last.attempts > starts.len() as u64 { " …" } else { "" };
        let starts = if starts.is_empty() { String::new() } else { format!(" after {}{more}", starts.join(", ")) };
        let which = if row.outages > 1 { "in the last one: " } else { "" };
        parts.push(format!("{which}{}{starts}, {end}", count(last.attempts, "attempt")));
    }
    parts.join(" · ")
}
