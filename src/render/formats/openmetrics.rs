//! OpenMetrics text (1.0), for a scraper or a push gateway.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use crate::render::{
    Style,
    document::Document,
    views::{Family, Sample},
};

/// Prefix of every name.
pub(in crate::render) const PREFIX: &str = "redis_doctor_";

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    families(&document.metrics()?, out)
}

pub(in crate::render) fn families(families: &[Family], out: &mut dyn Write) -> io::Result<()> {
    families.iter().filter(|family| !family.samples.is_empty()).try_for_each(|metric| family(metric, out))?;
    out.write_all(b"# EOF\n")
}

fn family(family: &Family, out: &mut dyn Write) -> io::Result<()> {
    let Family { name, kind, help, .. } = family;
    writeln!(out, "# TYPE {PREFIX}{name} {kind}")?;
    for unit in ["seconds", "bytes", "ratio"] {
        if name.ends_with(&format!("_{unit}")) {
            writeln!(out, "# UNIT {PREFIX}{name} {unit}")?;
        }
    }
    writeln!(out, "# HELP {PREFIX}{name} {help}")?;
    samples(family, out)
}

/// Writes the samples of a family, which are the same in both formats.
pub(super) fn samples(Family { name, samples, .. }: &Family, out: &mut dyn Write) -> io::Result<()> {
    for Sample { suffix, labels, value } in samples {
        write!(out, "{PREFIX}{name}{suffix}")?;
        for (number, (label, text)) in labels.iter().enumerate() {
            write!(out, "{}{label}=\"{}\"", if number == 0 { '{' } else { ',' }, escaped(text))?;
        }
        writeln!(out, "{} {value}", if labels.is_empty() { "" } else { "}" })?;
    }
    Ok(())
}

/// Returns a label as the formats write it. Most need no copy: a scrape has tens of thousands.
fn escaped(label: &str) -> Cow<'_, str> {
    if !label.contains(['\\', '"', '\n']) {
        return label.into();
    }
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").into()
}
