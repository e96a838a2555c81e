//! A drill: its progress, and its results in every format.

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Write},
};

use serde::Serialize;

use super::{
    Style,
    document::Document,
    fit::{self, INDENT},
    html::{self, Page},
    lines::Lines,
    table,
    units::{clean, duration},
    views::{Overview, Problem, Suite, Table, TestCase, escaped},
};
use crate::{
    drill::{Cell, Outcome},
    output::Rows,
    report::{Cause, Diagnosis},
};

/// The columns of the human-readable tables.
const COLUMNS: [&str; 10] = [
    "case",
    "policy",
    "outcome",
    "survived",
    "recovery",
    "failed",
    "outcome unknown",
    "lost",
    "wrong replies",
    "cause",
];

/// The columns of CSV.
const FIGURES: [&str; 11] = [
    "case",
    "policy",
    "outcome",
    "survived",
    "recovery_seconds",
    "failed",
    "ambiguous",
    "lost",
    "wrong_replies",
    "cause",
    "confidence",
];

/// Columns that hold numbers.
const NUMBERS: std::ops::Range<usize> = 4..9;

impl Document for [Cell] {
    fn root(&self) -> impl Serialize {
        self
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        fit::write_fitted(style.columns, out, |lines| text(self, style.columns, lines))
    }

    /// Figures without units.
    fn rows(&self, _: Rows) -> io::Result<Table> {
        Ok(Table { header: FIGURES.to_vec(), rows: self.iter().map(figures).collect() })
    }

    fn overview(&self, _: Style) -> io::Result<Overview> {
        let remark = |(code, Diagnosis { cause, remedy, .. }): (&str, &Diagnosis)| {
            format!("{code} {cause}: {}; see `redis-doctor explain {code}`", escaped(remedy))
        };
        let table = Table { header: COLUMNS.to_vec(), rows: self.iter().map(|cell| row(cell).to_vec()).collect() };
        Ok(Overview { above: Vec::new(), table, below: advice(self).into_iter().map(remark).collect() })
    }

    fn suite(&self) -> io::Result<Suite> {
        Ok(Suite { name: "redis-doctor drill", cases: self.iter().map(test_case).collect() })
    }

    fn page(&self) -> io::Result<Page> {
        Ok(html::of_drill(self, &survivals(self)))
    }
}

/// Returns the columns of a cell as text.
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

fn text(cells: &[Cell], columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let mut last = "";
    let mut rows = Vec::new();
    for cell in cells {
        let mut columns = row(cell).to_vec();
        // The name of a case is written once, before its first policy.
        if std::mem::replace(&mut last, &cell.case) == cell.case {
            columns[0].clear();
        }
        rows.push(columns);
    }
    table::lines(&COLUMNS, NUMBERS, &rows, columns).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    writeln!(out)?;
    for (policy, survived, of) in survivals(cells) {
        writeln!(out, "{policy:<11}  survives {survived} of {of}")?;
    }
    let reasons = reasons(cells);
    if !reasons.is_empty() {
        writeln!(out)?;
    }
    for (policy, why, cases) in reasons {
        writeln!(out, "{policy:<11}  under {}: {}", cases.join(", "), clean(why))?;
    }
    let advice = advice(cells);
    if !advice.is_empty() {
        writeln!(out, "\nRemedies by cause (more: redis-doctor explain CODE):")?;
    }
    advice.iter().try_for_each(|(code, diagnosis)| writeln!(out, "{code}  {}: {}", diagnosis.cause, diagnosis.remedy))
}

/// Returns each policy and reason with the cases that it did not survive for this reason.
fn reasons(cells: &[Cell]) -> Vec<(String, &str, Vec<&str>)> {
    let mut reasons: Vec<(String, &str, Vec<&str>)> = Vec::new();
    for cell in cells.iter().filter(|cell| !cell.survived) {
        let policy = cell.policy.to_string();
        let why = cell.why.as_ref().or(cell.error.as_ref()).map_or("", String::as_str);
        match reasons.iter_mut().find(|(whose, known, _)| *whose == policy && *known == why) {
            Some((_, _, cases)) => cases.push(&cell.case),
            None => reasons.push((policy, why, vec![&cell.case])),
        }
    }
    reasons
}

/// Returns a diagnosis of each named cause, by its code.
fn advice(cells: &[Cell]) -> BTreeMap<&str, &Diagnosis> {
    let named = cells.iter().flat_map(|cell| &cell.diagnoses).filter(|diagnosis| diagnosis.cause != Cause::Unknown);
    named.map(|diagnosis| (diagnosis.code, diagnosis)).collect()
}

/// Returns each policy with the number of cases that it survived, and of all its cases.
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

/// Returns the columns of a cell as figures without units.
fn figures(cell: &Cell) -> Vec<String> {
    vec![
        cell.case.clone(),
        cell.policy.to_string(),
        cell.outcome.to_string(),
        cell.survived.to_string(),
        cell.recovery.map(|recovery| recovery.as_secs_f64().to_string()).unwrap_or_default(),
        cell.failed.to_string(),
        cell.ambiguous.to_string(),
        cell.lost.to_string(),
        cell.wrong.to_string(),
        cell.cause.map(|cause| cause.to_string()).unwrap_or_default(),
        cell.confidence.map(|confidence| confidence.to_string()).unwrap_or_default(),
    ]
}

/// Returns a cell as a test of its policy. The duration of a cell is that of its case, which is not a result.
fn test_case(cell: &Cell) -> TestCase {
    let kind = match (cell.survived, cell.outcome) {
        (true, _) => None,
        (false, Outcome::NotRun) => Some(Problem::Error),
        (false, _) => Some(Problem::Failure),
    };
    let why = cell.why.as_ref().or(cell.error.as_ref()).cloned().unwrap_or_default();
    let figures = [
        format!("recovery: {}", cell.recovery.map_or("none".to_owned(), |recovery| duration(recovery.as_secs_f64()))),
        format!("failed {}, outcome unknown {}, messages lost {}", cell.failed, cell.ambiguous, cell.lost),
    ];
    TestCase {
        name: cell.case.clone(),
        class: format!("redis-doctor.drill.{}", cell.policy),
        seconds: cell.recovery.map(|recovery| recovery.as_secs_f64()).unwrap_or_default(),
        problem: kind.map(|kind| (kind, cell.outcome.to_string(), why)),
        output: figures.to_vec(),
    }
}

/// Progress of a drill.
pub(crate) struct DrillProgress {
    lines: Lines,
}

impl DrillProgress {
    /// Writes `heading` to `out` (stderr), and draws the number of finished cells on stderr if it is a terminal.
    pub(crate) fn new(style: Style, out: Box<dyn Write>, heading: &str, cells: u64) -> Self {
        let mut lines = Lines::new(out, style.columns);
        if !style.quiet {
            lines.line(&fit::wrapped(heading, 0, INDENT, fit::readable(style.columns)));
            if style.terminal {
                lines.begin_progress(Some(cells), "{pos} of {len} · {elapsed} · {wide_msg}");
            }
        }
        Self { lines }
    }

    /// Counts a finished cell or case.
    pub(crate) fn done(&self, ended: &impl fmt::Display) {
        if let Some(bar) = self.lines.progress() {
            bar.set_message(clean(&ended.to_string()));
            bar.inc(1);
        }
    }

    /// Removes the progress line.
    pub(crate) fn finish(&mut self) {
        self.lines.end_progress();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        diagnose::Confidence,
        drill::{Outcome, Stuck},
        plan::PolicyName,
    };

    fn cell(case: &str, policy: PolicyName, outcome: Outcome, why: Option<&str>) -> Cell {
        let recovered = outcome == Outcome::Recovered;
        Cell {
            case: case.to_owned(),
            policy,
            outcome,
            survived: recovered,
            cause: Some(Cause::NetworkReset),
            confidence: Some(Confidence::Likely),
            recovery: recovered.then(|| Duration::from_millis(306)),
            failed: if recovered { 1 } else { 28 },
            ambiguous: 1,
            lost: 0,
            wrong: 0,
            error: None,
            why: why.map(str::to_owned),
            diagnoses: Vec::new(),
        }
    }

    fn shown(columns: Option<usize>) -> String {
        let dead = Some("this client never reconnects: from now on every command fails without being sent");
        let cells = [
            cell("reset-in-flight", PolicyName::Bare, Outcome::Stuck(Stuck::Dead), dead),
            cell("reset-in-flight", PolicyName::Elasticache, Outcome::Recovered, None),
            cell("refuse-12s-silent", PolicyName::Bare, Outcome::Stuck(Stuck::Dead), dead),
            cell("refuse-12s-silent", PolicyName::Elasticache, Outcome::Recovered, None),
        ];
        let mut out = Vec::new();
        cells.text(Style { columns, ..Style::default() }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_matrix_fits_the_terminal_and_says_each_reason_once() {
        let narrow = "\
case               policy       outcome    survived  recovery  failed
reset-in-flight    bare         dead       NO                      28
                   outcome unknown 1 · cause network_reset, likely
                   elasticache  recovered  yes         306 ms       1
                   outcome unknown 1 · cause network_reset, likely
refuse-12s-silent  bare         dead       NO                      28
                   outcome unknown 1 · cause network_reset, likely
                   elasticache  recovered  yes         306 ms       1
                   outcome unknown 1 · cause network_reset, likely

bare         survives 0 of 2
elasticache  survives 2 of 2

bare         under reset-in-flight, refuse-12s-silent: this client never
             reconnects: from now on every command fails without being sent
";
        assert_eq!(shown(Some(80)), narrow);
        let wide = shown(Some(200));
        let row = "refuse-12s-silent  bare         dead       NO                      28                1     0              \
                   0  network_reset, likely\n";
        assert!(wide.contains(row), "{wide}");
        assert!((60..200).all(|columns| shown(Some(columns)).lines().all(|line| line.chars().count() <= columns)));
    }
}
