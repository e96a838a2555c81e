//! OpenMetrics text (1.0), for a node exporter's textfile collector or a push gateway.

use std::io::{self, Write};

use crate::render::{
    Style,
    document::Document,
    views::{Family, Sample},
};

/// Prefix of every name.
const PREFIX: &str = "redis_doctor_";

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    document.metrics()?.iter().try_for_each(|metric| family(metric, out))?;
    out.write_all(b"# EOF\n")
}

fn family(family: &Family, out: &mut dyn Write) -> io::Result<()> {
    let Family { name, kind, help, samples } = family;
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

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
