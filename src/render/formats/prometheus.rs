//! The text format of Prometheus (0.0.4), for the textfile collector of node_exporter and for older servers.

use std::io::{self, Write};

use super::openmetrics::{PREFIX, samples};
use crate::render::{Style, document::Document, views::Family};

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    families(&document.metrics()?, out)
}

pub(in crate::render) fn families(families: &[Family<'_>], out: &mut dyn Write) -> io::Result<()> {
    families.iter().filter(|family| !family.samples.is_empty()).try_for_each(|metric| family(metric, out))
}

/// A family has the name of its samples here, and there are no types besides the first ones.
fn family(family: &Family<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Family { name, kind, help, .. } = family;
    let (suffix, kind) = match *kind {
        "counter" => ("_total", "counter"),
        "info" => ("_info", "gauge"),
        kind => ("", kind),
    };
    writeln!(out, "# HELP {PREFIX}{name}{suffix} {help}")?;
    writeln!(out, "# TYPE {PREFIX}{name}{suffix} {kind}")?;
    samples(family, out)
}
