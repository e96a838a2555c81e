//! OpenMetrics text (1.0), for a node exporter's textfile collector or a push gateway.

use std::io::{self, Write};

use crate::render::{Style, document::Document};

/// Every name begins so.
const PREFIX: &str = "redis_doctor_";

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    document.metrics()?.iter().try_for_each(|family| family.write(out))?;
    out.write_all(b"# EOF\n")
}

/// A metric family. A unit is the last word of its name.
#[derive(Debug)]
pub(crate) struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    samples: Vec<Sample>,
}

#[derive(Debug)]
struct Sample {
    /// Appended to the name of the family.
    suffix: &'static str,
    labels: Vec<(&'static str, String)>,
    value: f64,
}

impl Family {
    pub(in crate::render) fn new(name: &'static str, kind: &'static str, help: &'static str) -> Self {
        Self { name, kind, help, samples: Vec::new() }
    }

    /// A gauge with one value.
    pub(in crate::render) fn gauge(name: &'static str, help: &'static str, value: f64) -> Self {
        let mut family = Self::new(name, "gauge", help);
        family.push("", Vec::new(), value);
        family
    }

    /// A counter with one value.
    pub(in crate::render) fn counter(name: &'static str, help: &'static str, value: f64) -> Self {
        let mut family = Self::new(name, "counter", help);
        family.push("_total", Vec::new(), value);
        family
    }

    /// A counter with a value for each value of a label.
    pub(in crate::render) fn counters(
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
    pub(in crate::render) fn push(&mut self, suffix: &'static str, labels: Vec<(&'static str, String)>, value: f64) {
        self.samples.push(Sample { suffix, labels, value });
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { name, kind, help, samples } = self;
        writeln!(out, "# TYPE {PREFIX}{name} {kind}")?;
        for unit in ["seconds", "bytes", "ratio"] {
            if name.ends_with(&format!("_{unit}")) {
                writeln!(out, "# UNIT {PREFIX}{name} {unit}")?;
            }
        }
        writeln!(out, "# HELP {PREFIX}{name} {help}")?;
        for Sample { suffix, labels, value } in samples {
            let labels: Vec<_> = labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escaped(text))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            writeln!(out, "{PREFIX}{name}{suffix}{labels} {value}")?;
        }
        Ok(())
    }
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
