//! A drill: its progress, and its results as a table, JSON, CSV or Markdown.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use comfy_table::{CellAlignment, Table, presets};

use super::{Style, lines::Lines, units::duration};
use crate::{
    drill::Cell,
    output::DrillFormat,
    report::{Cause, Diagnosis},
};

/// The columns of every table.
const COLUMNS: [&str; 10] =
    ["case", "policy", "outcome", "survived", "recovery", "failed", "ambiguous", "lost", "wrong replies", "cause"];

/// Columns that hold numbers.
const NUMBERS: std::ops::Range<usize> = 4..9;

/// Writes the results.
///
/// # Errors
/// Whatever writing returns.
pub fn drill(cells: &[Cell], format: DrillFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        DrillFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, cells)?;
            out.write_all(b"\n")
        }
        DrillFormat::Csv => csv(cells, out),
        DrillFormat::Markdown => markdown(cells, out),
        DrillFormat::Text => text(cells, out),
    }?;
    out.flush()
}

/// A cell's columns, for people.
fn row(cell: &Cell) -> [String; 10] {
    [
        cell.case.clone(),
        cell.policy.to_string(),
        cell.outcome.to_string(),
        if cell.survived { "yes" } else { "NO" }.to_owned(),
        cell.recovery.map(|recovery| duration(recovery.as_secs_f64())).unwrap_or_default(),
        cell.failed.to_string(),
        cell.ambiguous.to_string(),
        cell.lost.to_string(),
        cell.wrong.to_string(),
        named(cell),
    ]
}

/// `network_reset, certain`
fn named(cell: &Cell) -> String {
    let confidence = cell.confidence.filter(|_| cell.cause != Some(Cause::Unknown));
    let confidence = confidence.map(|confidence| format!(", {confidence}")).unwrap_or_default();
    cell.cause.map(|cause| format!("{cause}{confidence}")).unwrap_or_default()
}

fn text(cells: &[Cell], out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(COLUMNS);
    let mut last = "";
    for cell in cells {
        let mut columns = row(cell);
        // A case's name stands once, before its first policy.
        if std::mem::replace(&mut last, &cell.case) == cell.case {
            columns[0].clear();
        }
        table.add_row(columns);
    }
    for column in table.column_iter_mut().skip(NUMBERS.start).take(NUMBERS.len()) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    writeln!(out)?;
    for (policy, survived, of) in survivals(cells) {
        writeln!(out, "{policy:<12} survives {survived} of {of}")?;
    }
    writeln!(out)?;
    for cell in cells.iter().filter(|cell| !cell.survived) {
        let why = cell.why.as_ref().or(cell.error.as_ref());
        writeln!(out, "{} under {}: {}", cell.policy, cell.case, why.map_or("", String::as_str))?;
    }
    let advice = advice(cells);
    if !advice.is_empty() {
        writeln!(out, "\nWhat helps against the causes:")?;
    }
    advice.iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// What can be done about each cause that was named, once.
fn advice(cells: &[Cell]) -> Vec<String> {
    let told = cells.iter().flat_map(|cell| &cell.diagnoses).filter(|diagnosis| diagnosis.cause != Cause::Unknown);
    let lines: BTreeMap<_, _> = told.map(|diagnosis| (diagnosis.code, diagnosis)).collect();
    let line = |(code, diagnosis): (&str, &Diagnosis)| {
        format!("{code} {}: {}; see `redis-doctor explain {code}`", diagnosis.cause, diagnosis.remedy)
    };
    lines.into_iter().map(line).collect()
}

/// Each policy with the cases that it survived, and all of its cases.
fn survivals(cells: &[Cell]) -> Vec<(String, usize, usize)> {
    let mut counts: Vec<(String, usize, usize)> = Vec::new();
    for cell in cells {
        let policy = cell.policy.to_string();
        let index = counts.iter().position(|(name, ..)| *name == policy).unwrap_or_else(|| {
            counts.push((policy, 0, 0));
            counts.len() - 1
        });
        counts[index].1 += usize::from(cell.survived);
        counts[index].2 += 1;
    }
    counts
}

fn markdown(cells: &[Cell], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| {} |", COLUMNS.join(" | "))?;
    writeln!(out, "|{}", " --- |".repeat(COLUMNS.len()))?;
    cells.iter().try_for_each(|cell| writeln!(out, "| {} |", row(cell).join(" | ")))?;
    let advice = advice(cells);
    if !advice.is_empty() {
        writeln!(out)?;
    }
    advice.iter().try_for_each(|line| writeln!(out, "- {line}"))
}

fn csv(cells: &[Cell], out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "case,policy,outcome,survived,recovery_seconds,failed,ambiguous,lost,wrong_replies,cause,confidence"
    )?;
    for cell in cells {
        let recovery = cell.recovery.map(|recovery| recovery.as_secs_f64().to_string()).unwrap_or_default();
        // A case that the user wrote is named by its schedule, which may hold commas.
        let case = format!("\"{}\"", cell.case.replace('"', "\"\""));
        let Cell { policy, outcome, survived, failed, ambiguous, lost, wrong, .. } = cell;
        let cause = cell.cause.map(|cause| cause.to_string()).unwrap_or_default();
        let confidence = cell.confidence.map(|confidence| confidence.to_string()).unwrap_or_default();
        write!(out, "{case},{policy},{outcome},{survived},{recovery},{failed},{ambiguous},{lost},{wrong}")?;
        writeln!(out, ",{cause},{confidence}")?;
    }
    Ok(())
}

/// Shows a drill as it goes on.
pub struct DrillProgress {
    lines: Lines,
}

impl DrillProgress {
    /// Writes `heading` to `out` (stderr), and draws how many of so many cells are done on stderr, if the style says
    /// that it is a terminal.
    pub fn new(style: Style, out: Box<dyn Write>, heading: &str, cells: u64) -> Self {
        let mut lines = Lines::new(out);
        if !style.quiet {
            lines.line(heading);
            if style.terminal {
                lines.begin_progress(Some(cells), "{pos} of {len} cells · {elapsed} · {wide_msg}");
            }
        }
        Self { lines }
    }

    /// A cell has ended.
    pub fn done(&self, cell: &Cell) {
        if let Some(bar) = self.lines.progress() {
            bar.set_message(format!("{} under {}: {}", cell.policy, cell.case, cell.outcome));
            bar.inc(1);
        }
    }

    /// All cells have ended.
    pub fn finish(&mut self) {
        self.lines.end_progress();
    }
}
