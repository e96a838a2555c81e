//! The checkups of several servers in every format.

use std::io::{self, Write};

use serde::Serialize;

use super::{
    Style, check,
    document::Document,
    table,
    units::{clean, count, duration},
    views::{Family, Figure, PluginLine, of_all_targets},
};
use crate::{
    checkup::{ScopeCheckup, TargetCheckup},
    verdict::Verdict,
};

/// Servers that the headline names.
const NAMED: usize = 3;

impl Document for ScopeCheckup {
    fn root(&self) -> impl Serialize {
        self
    }

    /// A row for each server, then the problems of those that have some.
    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        if !style.quiet {
            let servers = count(self.targets.len() as u64, "target");
            writeln!(out, "redis-doctor {} · check · {servers}\n", self.version)?;
            let rows: Vec<_> = self.targets.iter().map(row).collect();
            let lines = table::lines(&["target", "verdict", "ping", ""], 2..3, &rows, style.columns);
            lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        }
        let problems = Style { quiet: true, ..style };
        for TargetCheckup { label, checkup } in &self.targets {
            if checkup.verdict != Verdict::Healthy {
                writeln!(out, "\n--- {} ({})", clean(label), clean(&checkup.target))?;
                checkup.text(problems, out)?;
            }
        }
        let word = self.verdict.to_string().to_uppercase();
        writeln!(out, "\nverdict  {word}  {}", headline(self))
    }

    fn plugin_line(&self) -> io::Result<PluginLine> {
        let of = |verdict| self.targets.iter().filter(|target| target.checkup.verdict == verdict).count();
        let number = |label, value: usize| Figure::new(label, Some(value as f64), "");
        let figures = vec![
            number("targets", self.targets.len()),
            number("healthy", of(Verdict::Healthy)),
            number("degraded", of(Verdict::Degraded)),
            number("critical", of(Verdict::Critical)),
        ];
        Ok(PluginLine { verdict: Some(self.verdict), text: headline(self), figures })
    }

    fn metrics(&self) -> io::Result<Vec<Family<'_>>> {
        let of_each = self.targets.iter().map(|target| (clean(&target.label), check::families(&target.checkup)));
        Ok(of_all_targets(of_each))
    }
}

fn row(TargetCheckup { label, checkup }: &TargetCheckup) -> Vec<String> {
    let ping = checkup.facts.ping.map_or("–".into(), |ping| duration(ping.as_secs_f64()));
    vec![clean(label), checkup.verdict.to_string(), ping, clean(&checkup.headline)]
}

fn headline(checkups: &ScopeCheckup) -> String {
    let all = checkups.targets.len();
    let mut parts = Vec::new();
    for verdict in [Verdict::Critical, Verdict::Degraded] {
        let of_it: Vec<_> = checkups.targets.iter().filter(|target| target.checkup.verdict == verdict).collect();
        if !of_it.is_empty() {
            let mut names: Vec<_> = of_it.iter().take(NAMED).map(|target| clean(&target.label)).collect();
            names.extend((of_it.len() > NAMED).then(|| "…".to_owned()));
            parts.push(format!("{} of {all} targets {verdict}: {}", of_it.len(), names.join(", ")));
        }
    }
    if parts.is_empty() {
        parts.push(format!("all {all} targets healthy"));
    }
    if !checkups.rejected.is_empty() {
        parts.push(format!("{} of the list skipped", count(checkups.rejected.len() as u64, "line")));
    }
    parts.join(" · ")
}
