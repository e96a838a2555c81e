//! OpenMetrics text (1.0), for a scraper or a push gateway.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write},
    sync::LazyLock,
    time::Duration,
};

use crate::{
    record::BUCKETS,
    render::{
        Style,
        document::Document,
        views::{Family, Value},
    },
};

/// Prefix of every name.
pub(in crate::render) const PREFIX: &str = "redis_doctor_";

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    families(&document.metrics()?, out)
}

pub(in crate::render) fn families(families: &[Family<'_>], out: &mut dyn Write) -> io::Result<()> {
    families.iter().filter(|family| !family.samples.is_empty()).try_for_each(|metric| family(metric, out))?;
    out.write_all(b"# EOF\n")
}

fn family(family: &Family<'_>, out: &mut dyn Write) -> io::Result<()> {
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
pub(super) fn samples(Family { name, samples, .. }: &Family<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (mut labels, mut lines) = (String::new(), String::new());
    for sample in samples {
        labels.clear();
        for (label, text) in &sample.labels {
            let comma = if labels.is_empty() { "" } else { "," };
            labels.extend([comma, label, "=\"", &escaped(text), "\""]);
        }
        lines.clear();
        let mut line = |suffix: &str, labels: &str, more: &str, value: f64| {
            lines.extend([PREFIX, name, suffix]);
            if !labels.is_empty() || !more.is_empty() {
                lines.extend(["{", labels, if labels.is_empty() || more.is_empty() { "" } else { "," }, more, "}"]);
            }
            lines.push(' ');
            push_number(&mut lines, value);
            lines.push('\n');
        };
        match sample.value {
            Value::Number(value) => line(sample.suffix, &labels, "", value),
            Value::Histogram(histogram) => {
                for (limit, count) in LIMITS.iter().zip(histogram.cumulative()) {
                    line("_bucket", &labels, limit, count as f64);
                }
                line("_bucket", &labels, "le=\"+Inf\"", histogram.count as f64);
                line("_count", &labels, "", histogram.count as f64);
                line("_sum", &labels, "", histogram.sum.as_secs_f64());
            }
        }
        out.write_all(lines.as_bytes())?;
    }
    Ok(())
}

/// The label of each bucket: a scrape of many targets has thousands.
static LIMITS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let limits = BUCKETS.iter().map(|limit| Duration::from_micros(*limit).as_secs_f64());
    limits.map(|limit| format!("le=\"{limit:?}\"")).collect()
});

/// Largest number below which each whole number has its exact float.
const WHOLE: f64 = (1_u64 << 53) as f64;

/// Appends a number as `Display` writes it. Most are counts, which an integer writes faster.
fn push_number(text: &mut String, number: f64) {
    if number.fract() == 0.0 && (0.0..WHOLE).contains(&number) && number.is_sign_positive() {
        text.push_str(itoa::Buffer::new().format(number as u64));
    } else {
        // Writing into memory cannot fail.
        let _ = write!(text, "{number}");
    }
}

/// Returns a label as the formats write it. Most need no copy: a scrape has tens of thousands.
fn escaped(label: &str) -> Cow<'_, str> {
    if !label.contains(['\\', '"', '\n']) {
        return label.into();
    }
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").into()
}
