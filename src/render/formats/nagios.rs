//! One line for Nagios and its kin: `REDIS-DOCTOR OK - text | 'label'=value[unit];warn;crit;min;max …`.
//!
//! The part before the pipe stays under 80 characters. The exit code of the process is the verdict in Nagios' own terms.

use std::io::{self, Write};

use crate::{
    render::{
        Style,
        document::Document,
        units::clean,
        views::{Figure, PluginLine, rounded},
    },
    verdict::Verdict,
};

const WIDTH: usize = 79;

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let PluginLine { verdict, text, figures } = document.plugin_line()?;
    let figures: Vec<_> = figures.iter().map(figure).collect();
    writeln!(out, "{} | {}", line(verdict, &text), figures.join(" "))
}

/// Writes the line of a run that has no result: wrong usage, a file that cannot be written.
pub(in crate::render) fn unknown(why: &str, out: &mut dyn Write) -> io::Result<()> {
    let why = why.lines().next().unwrap_or_default();
    writeln!(out, "{}", line(None, &clean(why.strip_prefix("error: ").unwrap_or(why))))
}

fn line(verdict: Option<Verdict>, text: &str) -> String {
    let word = match verdict {
        Some(Verdict::Healthy) => "OK",
        Some(Verdict::Degraded) => "WARNING",
        Some(Verdict::Critical) => "CRITICAL",
        None => "UNKNOWN",
    };
    // The pipe ends the text, and may therefore not be in it.
    let text = format!("REDIS-DOCTOR {word} - {text}").replace('|', "/");
    match text.char_indices().nth(WIDTH) {
        Some(_) => text.chars().take(WIDTH - 1).chain(['…']).collect(),
        None => text,
    }
}

/// `'p99'=0.0012s;0.005;;0;`
pub(super) fn figure(figure: &Figure) -> String {
    let Figure { label, value, unit, warn, crit, max } = figure;
    let value = value.map_or("U".into(), |value| format!("{}{unit}", rounded(value)));
    format!("'{label}'={value};{warn};{crit};0;{max}")
}
