//! A comparison of two runs in every format.

use std::io::{self, Write};

use serde::Serialize;

use super::{
    Style,
    document::Document,
    fit, table,
    units::{clean, duration, percent, three_digits},
    views::{Overview, Table, escaped},
};
use crate::{
    output::Rows,
    report::{Comparison, FigureRow, Judgment, Problem, Setting, Unit},
};

/// The columns of the human-readable tables.
const COLUMNS: [&str; 5] = ["figure", "before", "after", "change", "judgment"];

/// The columns of CSV.
const FIGURES: [&str; 8] = ["figure", "unit", "before", "after", "change", "noise", "probability", "judgment"];

impl Document for Comparison {
    fn root(&self) -> impl Serialize {
        self
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        fit::write_fitted(style.columns, out, |lines| text(self, style.columns, lines))
    }

    /// Figures without units of text.
    fn rows(&self, _: Rows) -> io::Result<Table> {
        Ok(Table { header: FIGURES.to_vec(), rows: self.figures.iter().map(plain).collect() })
    }

    fn overview(&self, _: Style) -> io::Result<Overview> {
        let rows = self.figures.iter().map(|row| cells(row).to_vec()).collect();
        let mut below = vec![format!("verdict: {}", headline(self))];
        below.extend(settings(self).map(|setting| escaped(&line(setting))));
        below.extend(self.fixed.iter().map(|problem| format!("fixed: {}", escaped(&named(problem)))));
        below.extend(self.new.iter().map(|problem| format!("new: {}", escaped(&named(problem)))));
        Ok(Overview { above: Vec::new(), table: Table { header: COLUMNS.to_vec(), rows }, below })
    }
}

fn settings(comparison: &Comparison) -> impl Iterator<Item = &Setting> {
    comparison.workload.iter().chain(&comparison.changes)
}

fn text(comparison: &Comparison, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    for (label, side) in [("before", &comparison.before), ("after", &comparison.after)] {
        let lasted = duration(side.duration);
        writeln!(out, "{label:<8}  {} · {} for {lasted} · {}", clean(&side.name), side.time, side.verdict)?;
    }
    changes(comparison, columns, out)?;
    writeln!(out, "verdict   {}", headline(comparison))
}

/// Writes the comparison of a run with an earlier one, below the figures of the run.
pub(super) fn section(comparison: &Comparison, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let Comparison { before, .. } = comparison;
    writeln!(out, "\nbaseline  {} · {} for {}", clean(&before.name), before.time, duration(before.duration))?;
    changes(comparison, columns, out)?;
    writeln!(out, "compared  {}", headline(comparison))
}

fn changes(comparison: &Comparison, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    for setting in settings(comparison) {
        writeln!(out, "{}", line(setting))?;
    }
    writeln!(out)?;
    let rows: Vec<_> = comparison.figures.iter().map(|row| cells(row).to_vec()).collect();
    table::lines(&COLUMNS, 1..4, &rows, columns).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    writeln!(out)?;
    for (label, problems) in [("fixed", &comparison.fixed), ("new", &comparison.new)] {
        problems.iter().try_for_each(|problem| writeln!(out, "{label:<8}  {}", named(problem)))?;
    }
    for gate in comparison.gates.iter().filter(|gate| gate.tripped) {
        writeln!(out, "failed    --fail-on '{}'", clean(&gate.condition))?;
    }
    let without = [&comparison.before, &comparison.after].into_iter().find(|side| side.without_intervals);
    if let Some(side) = without {
        writeln!(out, "note      {} is a report: compare journals to judge its latencies", clean(&side.name))?;
    }
    Ok(())
}

fn line(setting: &Setting) -> String {
    format!("{}: {} → {}", setting.name, clean(&setting.before), clean(&setting.after))
}

fn named(problem: &Problem) -> String {
    format!("{} {}", problem.code, clean(&problem.text))
}

/// `BETTER  3 figures are better, 1 is worse`
fn headline(comparison: &Comparison) -> String {
    let of = |judgment| comparison.judged(judgment).count();
    let (better, worse, unknown) = (of(Judgment::Better), of(Judgment::Worse), of(Judgment::Unknown));
    let new = comparison.new.len();
    let word = match (better, worse + new) {
        (0, 0) => "SAME",
        (_, 0) => "BETTER",
        (0, _) => "WORSE",
        (..) => "MIXED",
    };
    let mut parts = vec![format!("{better} better"), format!("{worse} worse")];
    if new > 0 {
        parts.push(format!("{new} new {}", if new == 1 { "problem" } else { "problems" }));
    }
    if unknown > 0 {
        parts.push(format!("{unknown} without known noise"));
    }
    format!("{word}  {}", parts.join(", "))
}

fn cells(row: &FigureRow) -> [String; 5] {
    let value = |value: Option<f64>| value.map_or("-".to_owned(), |value| row.unit.shown(value));
    let noise = row.noise.filter(|_| row.judgment == Judgment::Noise);
    let noise = noise.map(|noise| format!(" (up to ±{} by chance)", percent(noise))).unwrap_or_default();
    [row.figure.to_owned(), value(row.before), value(row.after), change(row), format!("{}{noise}", word(row.judgment))]
}

/// `+12 %`, `×3.1`, or for a share `-0.2 points`
fn change(row: &FigureRow) -> String {
    let Some(change) = row.change else { return String::new() };
    match row.unit {
        Unit::Share => format!("{:+.3} points", change * 100.0),
        _ if change >= 1.0 => format!("×{}", three_digits(change + 1.0)),
        _ => format!("{:+.0} %", change * 100.0),
    }
}

fn word(judgment: Judgment) -> &'static str {
    match judgment {
        Judgment::Same => "same",
        Judgment::Noise => "noise",
        Judgment::Better => "BETTER",
        Judgment::Worse => "WORSE",
        Judgment::Unknown => "noise not known",
    }
}

fn plain(row: &FigureRow) -> Vec<String> {
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let unit = match row.unit {
        Unit::Seconds => "seconds",
        Unit::Count => "count",
        Unit::Share => "share",
        Unit::PerSecond => "per_second",
    };
    vec![
        row.figure.to_owned(),
        unit.to_owned(),
        number(row.before),
        number(row.after),
        number(row.change),
        number(row.noise),
        number(row.probability),
        row.judgment.to_string(),
    ]
}
