//! The views of a result that the formats need: a table, a plugin line, metric families, and a stream of records.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use serde::Serialize;
use serde_json::Value as Json;

use super::units::clean;
use crate::{record::Histogram, verdict::Verdict};

/// A table of texts.
#[derive(Debug)]
pub(crate) struct Table {
    pub(super) header: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

/// A table in Markdown, with remarks. The remarks are Markdown, in which a text from outside is [`escaped`].
#[derive(Debug)]
pub(crate) struct Overview {
    /// Paragraphs before the table.
    pub(super) above: Vec<String>,
    pub(super) table: Table,
    /// Items of the list after the table.
    pub(super) below: Vec<String>,
}

/// Returns a text in which nothing is Markdown, HTML, or the mention of a user, except for the quotation of a command of
/// redis-doctor.
pub(super) fn escaped(text: &str) -> String {
    let text = clean(text);
    let mut escaped = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((before, quoted, after)) = command(rest) {
        escape(before, &mut escaped);
        escaped.extend(["`", quoted, "`"]);
        rest = after;
    }
    escape(rest, &mut escaped);
    escaped
}

/// Divides a text at its first quotation, if that is a command such as `redis-doctor explain RD018`.
fn command(text: &str) -> Option<(&str, &str, &str)> {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || " -./:=_".contains(char);
    let (before, after) = text.split_once('`')?;
    let (quoted, after) = after.split_once('`')?;
    (quoted.starts_with("redis-doctor ") && quoted.chars().all(is_plain)).then_some((before, quoted, after))
}

fn escape(text: &str, escaped: &mut String) {
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            // After a letter or a digit, neither mentions a user nor emphasizes.
            '@' if !escaped.ends_with(char::is_alphanumeric) => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' | '#' | '!' | '>' => escaped.extend(['\\', char]),
            '_' if !escaped.ends_with(char::is_alphanumeric) => escaped.push_str("\\_"),
            _ => escaped.push(char),
        }
    }
}

impl Table {
    /// Returns each figure of a JSON document with its path.
    pub(super) fn of_figures(root: &Json) -> Self {
        let mut rows = Vec::new();
        collect(String::new(), root, &mut rows);
        Self { header: vec!["name", "value"], rows }
    }
}

fn collect(name: String, of: &Json, rows: &mut Vec<Vec<String>>) {
    let below = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    match of {
        Json::Object(fields) => fields.iter().for_each(|(key, of)| collect(below(key), of, rows)),
        Json::Array(entries) => {
            entries.iter().enumerate().for_each(|(number, of)| collect(below(&number.to_string()), of, rows));
        }
        Json::Null => rows.push(vec![name, String::new()]),
        Json::String(text) => rows.push(vec![name, text.clone()]),
        Json::Bool(_) | Json::Number(_) => rows.push(vec![name, of.to_string()]),
    }
}

/// A result as tests that passed or failed.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(super) name: &'static str,
    pub(super) cases: Vec<TestCase>,
}

/// A test.
#[derive(Debug)]
pub(crate) struct TestCase {
    pub(super) name: String,
    /// The group that it belongs to.
    pub(super) class: String,
    pub(super) seconds: f64,
    /// Kind, outcome and reason; `None` if it passed.
    pub(super) problem: Option<(Problem, String, String)>,
    /// Lines of its output.
    pub(super) output: Vec<String>,
}

/// The reason why a test did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It failed.
    Failure,
    /// It could not run.
    Error,
}

/// A verdict in a few words, and the figures behind it.
#[derive(Debug)]
pub(crate) struct PluginLine {
    /// `None` if it is unknown.
    pub(super) verdict: Option<Verdict>,
    pub(super) text: String,
    pub(super) figures: Vec<Figure>,
}

/// A figure from zero up, with its thresholds as Nagios ranges.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(super) label: &'static str,
    /// `None` if it is unknown.
    pub(super) value: Option<f64>,
    pub(super) unit: &'static str,
    pub(super) warn: String,
    pub(super) crit: String,
    pub(super) max: String,
}

impl Figure {
    /// Creates a figure without thresholds and without an upper limit.
    pub(super) fn new(label: &'static str, value: Option<f64>, unit: &'static str) -> Self {
        Self { label, value, unit, warn: String::new(), crit: String::new(), max: String::new() }
    }
}

/// Formats a number without the noise of binary fractions.
pub(super) fn rounded(value: f64) -> String {
    // A whole number has none, and a large one would lose its last digits.
    if value.fract() == 0.0 { value.to_string() } else { ((value * 1e6).round() / 1e6).to_string() }
}

/// Returns a verdict as the value of a metric.
pub(super) fn level(verdict: Verdict) -> f64 {
    match verdict {
        Verdict::Healthy => 0.0,
        Verdict::Degraded => 1.0,
        Verdict::Critical => 2.0,
    }
}

/// A metric family. A unit is the last word of its name.
#[derive(Debug)]
pub(crate) struct Family<'a> {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) help: &'static str,
    pub(super) samples: Vec<Sample<'a>>,
}

/// The labels of a sample, with their values.
pub(super) type Labels<'a> = Vec<(&'static str, Cow<'a, str>)>;

#[derive(Debug)]
pub(super) struct Sample<'a> {
    /// Appended to the name of the family.
    pub(super) suffix: &'static str,
    pub(super) labels: Labels<'a>,
    pub(super) value: Value<'a>,
}

/// The value of a sample.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Number(f64),
    Histogram(&'a Histogram),
}

impl<'a> Family<'a> {
    pub(super) fn new(name: &'static str, kind: &'static str, help: &'static str) -> Self {
        Self { name, kind, help, samples: Vec::new() }
    }

    /// Creates a gauge with one value.
    pub(super) fn gauge(name: &'static str, help: &'static str, value: f64) -> Self {
        let mut family = Self::new(name, "gauge", help);
        family.push("", Labels::new(), value);
        family
    }

    /// Creates a counter with one value.
    pub(super) fn counter(name: &'static str, help: &'static str, value: f64) -> Self {
        let mut family = Self::new(name, "counter", help);
        family.push("_total", Labels::new(), value);
        family
    }

    /// Creates a counter with a value for each value of a label.
    pub(super) fn counters(
        name: &'static str,
        help: &'static str,
        label: &'static str,
        values: &[(&str, u64)],
    ) -> Self {
        let mut family = Self::new(name, "counter", help);
        for (value, count) in values {
            family.push("_total", vec![(label, (*value).to_owned())], *count as f64);
        }
        family
    }

    /// Adds a sample.
    pub(super) fn push<T: Into<Cow<'a, str>>>(
        &mut self,
        suffix: &'static str,
        labels: Vec<(&'static str, T)>,
        value: f64,
    ) {
        let labels = labels.into_iter().map(|(name, text)| (name, text.into())).collect();
        self.samples.push(Sample { suffix, labels, value: Value::Number(value) });
    }
}

/// Returns the families of several targets, every sample with the label of its target.
pub(super) fn of_all_targets<'a>(targets: impl Iterator<Item = (String, Vec<Family<'a>>)>) -> Vec<Family<'a>> {
    let mut all = Vec::<Family<'_>>::new();
    for (target, families) in targets {
        for mut family in families {
            for sample in &mut family.samples {
                // In a run of a single target, this is its URL.
                sample.labels.iter_mut().filter(|(name, _)| *name == "target").for_each(|(name, _)| *name = "url");
                sample.labels.insert(0, ("target", target.clone().into()));
            }
            match all.iter_mut().find(|known| known.name == family.name) {
                Some(known) => known.samples.append(&mut family.samples),
                None => all.push(family),
            }
        }
    }
    all
}

/// A stream of JSON documents, one a line. The first field of each is its `type`.
pub(crate) struct Records<'a> {
    out: &'a mut dyn Write,
}

impl<'a> Records<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out }
    }

    /// Writes a result without its lists.
    pub(super) fn summary(&mut self, of: &impl Serialize) -> io::Result<()> {
        self.without_lists("summary", of)
    }

    /// Writes a record without its lists.
    pub(super) fn without_lists(&mut self, kind: &str, of: &impl Serialize) -> io::Result<()> {
        let mut summary = serde_json::to_value(of)?;
        if let Json::Object(fields) = &mut summary {
            fields.retain(|_, value| !value.is_array());
        }
        for section in ["outages", "incidents", "refusals", "slow", "vantage"] {
            if let Some(Json::Object(section)) = summary.get_mut(section) {
                section.remove("rows");
            }
        }
        self.line(kind, &summary)
    }

    /// Writes each entry of a list.
    pub(super) fn each<T: Serialize>(&mut self, kind: &str, records: &[T]) -> io::Result<()> {
        records.iter().try_for_each(|record| self.line(kind, record))
    }

    /// Writes each remark.
    pub(super) fn notes(&mut self, notes: &[String]) -> io::Result<()> {
        notes.iter().try_for_each(|text| self.line("note", &serde_json::json!({ "text": text })))
    }

    /// Writes one record.
    pub(super) fn line<T: Serialize>(&mut self, kind: &str, record: &T) -> io::Result<()> {
        // Flattened into another type, each type of record would be compiled twice. An empty record has no fields.
        let record = serde_json::to_vec(record)?;
        let fields = record.strip_prefix(b"{").unwrap_or(&record);
        write!(self.out, "{{\"type\":\"{kind}\",")?;
        self.out.write_all(fields)?;
        self.out.write_all(b"\n")
    }

    /// Writes an event, which contains its kind.
    pub(super) fn event(&mut self, event: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut *self.out, event)?;
        self.out.write_all(b"\n")
    }
}
