//! `redis-doctor compare`: two files side by side.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
};

use super::{Problem, Work, check_writable, deliver};
use crate::{
    cli::commands::compare::CompareRequest,
    compare::{Recording, Side, compare},
    exit::Exit,
    journal,
    output::Format,
    render::{self, Style},
};

/// Maximum size of a JSON report in bytes; its lists are bounded, so a real one is far smaller.
const LARGEST_REPORT: u64 = 64 << 20;

/// Bytes at the beginning of a file that distinguish a report from a journal: its first line is a whole JSON document.
const BEGINNING: usize = 16;

impl Work for CompareRequest {
    fn format(&self) -> Format {
        self.output.format
    }

    /// Reads both files and writes the comparison.
    fn perform(self) -> Result<Exit, Problem> {
        check_writable(self.output.output.as_deref())?;
        let (before, after) = (side(&self.before)?, side(&self.after)?);
        let comparison = compare(&before, &after, &self.fail_on);
        if let (Some(setting), false) = (comparison.workload.first(), self.force) {
            return Err(Problem::Incomparable {
                name: setting.name.clone(),
                before: setting.before.clone(),
                after: setting.after.clone(),
            });
        }
        let write =
            |out: &mut dyn Write, columns| render::write(&comparison, self.output.format, Style::plain(columns), out);
        deliver(self.output.output.as_deref(), write)?;
        Ok(comparison.verdict.into())
    }
}

/// Reads one file.
pub(super) fn side(path: &Path) -> Result<Side, Problem> {
    let name = path.display().to_string();
    let unreadable = |source| Problem::Uncomparable { path: path.to_owned(), source };
    if let Some(report) = report(path).map_err(Problem::reading(path))? {
        return Side::saved(name, &report).map_err(unreadable);
    }
    let mut recording = Recording::default();
    journal::replay(&[path.to_owned()], false, &mut recording)?;
    Side::recorded(name, recording).map_err(unreadable)
}

/// Returns the text of a JSON report; `None` for anything else. A report is written with line breaks, and a journal is not.
fn report(path: &Path) -> std::io::Result<Option<String>> {
    let mut file = File::open(path)?;
    let mut beginning = Vec::new();
    Read::by_ref(&mut file).take(BEGINNING as u64).read_to_end(&mut beginning)?;
    let mut words = beginning.iter().filter(|byte| !matches!(byte, b' ' | b'\t'));
    if words.next() != Some(&b'{') || !matches!(words.next(), Some(b'\n' | b'\r')) {
        return Ok(None);
    }
    let mut text = beginning;
    file.take(LARGEST_REPORT).read_to_end(&mut text)?;
    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
}
