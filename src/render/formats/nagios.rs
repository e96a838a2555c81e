//! One line for Nagios and its kin: `REDIS-DOCTOR OK - text | 'label'=value[unit];warn;crit;min;max …`.
//!
//! The part before the pipe stays under 80 characters. The exit code of the process is the verdict in Nagios' own terms.

use std::{
    fmt,
    io::{self, Write},
};

use crate::{
    render::{Style, document::Document, units::clean},
    verdict::Verdict,
};

const WIDTH: usize = 79;

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let PluginLine { verdict, text, figures } = document.plugin_line()?;
    let figures: Vec<_> = figures.iter().map(Figure::to_string).collect();
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

/// A verdict in a few words, and the figures behind it.
#[derive(Debug)]
pub(crate) struct PluginLine {
    /// `None` where nothing is known.
    pub(in crate::render) verdict: Option<Verdict>,
    pub(in crate::render) text: String,
    pub(in crate::render) figures: Vec<Figure>,
}

/// A figure from zero up, with its thresholds as Nagios ranges.
#[derive(Debug)]
pub(in crate::render) struct Figure {
    pub(in crate::render) label: &'static str,
    /// `None` where it is not known.
    pub(in crate::render) value: Option<f64>,
    pub(in crate::render) unit: &'static str,
    pub(in crate::render) warn: String,
    pub(in crate::render) crit: String,
    pub(in crate::render) max: String,
}

impl Figure {
    /// A figure without thresholds and without an upper limit.
    pub(in crate::render) fn new(label: &'static str, value: Option<f64>, unit: &'static str) -> Self {
        Self { label, value, unit, warn: String::new(), crit: String::new(), max: String::new() }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, value, unit, warn, crit, max } = self;
        let value = value.map_or("U".into(), |value| format!("{}{unit}", rounded(value)));
        write!(f, "'{label}'={value};{warn};{crit};0;{max}")
    }
}

/// A number without the noise of binary fractions.
pub(in crate::render) fn rounded(value: f64) -> String {
    // A whole number has none, and a large one would lose its last digits.
    if value.fract() == 0.0 { value.to_string() } else { ((value * 1e6).round() / 1e6).to_string() }
}
