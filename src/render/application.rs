//! The report of an observed application.

use std::io::{self, Write};

use serde::Serialize;

use super::{
    Style,
    document::Document,
    fit,
    units::{clean, count, span},
    views::{Figure, PluginLine, Records},
};
use crate::{report::Application, units};

impl Document for Application {
    fn root(&self) -> impl Serialize {
        self
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        lines(self).iter().try_for_each(|line| writeln!(out, "{}", fit::fitted(&clean(line), style.columns)))
    }

    fn records(&self, records: &mut Records<'_>) -> io::Result<()> {
        records.summary(self)?;
        records.each("client", &self.clients)?;
        records.each("role", &self.roles)?;
        records.each("ran_twice", &self.ran_twice)?;
        records.each("element_lost", &self.elements_lost)?;
        records.each("lock_orphaned", &self.locks_orphaned)?;
        records.each("finding", &self.findings)
    }

    fn plugin_line(&self) -> io::Result<PluginLine> {
        let figures = vec![
            Figure::new("ran_twice", Some(self.ran_twice.len() as f64), ""),
            Figure::new("elements_lost", Some(self.elements_lost.len() as f64), ""),
            Figure::new("outcome_unknown", Some(self.outcome_unknown as f64), ""),
        ];
        Ok(PluginLine { verdict: Some(self.verdict), text: headline(self), figures })
    }
}

fn headline(it: &Application) -> String {
    it.findings.first().map_or_else(|| "no problem was observed".to_owned(), |finding| finding.text.clone())
}

fn lines(it: &Application) -> Vec<String> {
    let mut lines = vec![
        format!("redis-doctor {} · application behind the proxy · {}", it.version, it.target),
        row("verdict", &format!("{} · {}", it.verdict.to_string().to_uppercase(), headline(it))),
        row("observed", &format!("{} · {}", span(it.duration), count(it.connections, "connection"))),
    ];
    for client in &it.clients {
        let mut parts = vec![
            client
                .library
                .as_ref()
                .map_or_else(|| "a client that does not name itself".to_owned(), ToString::to_string),
        ];
        parts.extend(client.name.as_ref().map(|name| format!("name {name}")));
        parts.extend(client.user.as_ref().map(|user| format!("user {user}")));
        parts.push(count(client.connections, "connection"));
        lines.push(row("application", &parts.join(" · ")));
    }
    for role in &it.roles {
        let outages = match role.outages.as_slice() {
            [] => "no outage".to_owned(),
            outages => {
                let each = outages.iter().take(8).map(|outage| match outage.lasted {
                    Some(lasted) => {
                        format!("back after {} ({})", units::duration(lasted), count(outage.attempts, "attempt"))
                    }
                    None if role.unproven => "unproven: nothing was sent afterwards".to_owned(),
                    None => "not back".to_owned(),
                });
                format!("{}: {}", count(outages.len() as u64, "outage"), each.collect::<Vec<_>>().join(", "))
            }
        };
        lines.push(row(&role.role.to_string(), &format!("{} · {outages}", count(role.connections, "connection"))));
    }
    let totals = &it.totals;
    lines.push(row(
        "commands",
        &format!(
            "{} · {}",
            totals.commands,
            count(totals.errors, "error reply").replace("error replys", "error replies")
        ),
    ));
    lines.extend(latency(it).map(|text| row("latency", &text)));
    for fault in &it.faults {
        lines.push(row("fault", &format!("{} · {}", fault.fault, count(fault.times, "time"))));
    }
    for twice in it.ran_twice.iter().take(10) {
        lines.push(row("ran twice", &crate::event::Observed::RanTwice(twice.clone()).to_string()));
    }
    for lost in it.elements_lost.iter().take(10) {
        lines.push(row("element lost", &crate::event::Observed::ElementLost(lost.clone()).to_string()));
    }
    for lock in it.locks_orphaned.iter().take(10) {
        lines.push(row("lock orphaned", &crate::event::Observed::LockOrphaned(lock.clone()).to_string()));
    }
    lines.extend(it.findings.iter().map(|finding| row(&finding.severity.to_string(), &finding.text)));
    lines
}

/// Returns the latencies of the server and of the application; `None` without a reply.
fn latency(it: &Application) -> Option<String> {
    let known = [("server", it.totals.server), ("application", it.totals.application)].into_iter();
    let known = known.filter(|(_, [_, slow])| *slow > 0.0).map(|(of, figures)| {
        let [median, slow] = figures.map(units::duration);
        format!("{of} p50 {median} p99 {slow}")
    });
    let known: Vec<_> = known.collect();
    (!known.is_empty()).then(|| known.join(" · "))
}

fn row(word: &str, text: &str) -> String {
    format!("{word:<13} {text}")
}
