//! HdrHistogram's log (`.hlog`), version 1.3: a line for each interval, with its histogram in nanoseconds.
//!
//! The histograms of probes have no tag, those of numbered messages the tag `end_to_end`. Of several targets, the label of
//! the target comes first.

use std::io::{self, Write};

use crate::{
    render::{Style, document::Document},
    report::Log,
};

/// The largest value of a line is in milliseconds, as in the logs of HdrHistogram itself.
const MILLI: f64 = 1e3;

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let Log { start, rows } = document.log()?;
    let seconds = |nanos: u64| nanos as f64 / 1e9;
    writeln!(out, "#[Logged with redis-doctor]")?;
    writeln!(out, "#[Histogram log format version 1.3]")?;
    writeln!(out, "#[StartTime: {:.3} (seconds since epoch), {start}]", seconds(start.unix_nanos()))?;
    writeln!(out, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"")?;
    for row in rows {
        if let Some(tag) = row.tag {
            write!(out, "Tag={},", plain(&tag))?;
        }
        let after = seconds(row.time.unix_nanos().saturating_sub(start.unix_nanos()));
        writeln!(out, "{after:.3},{:.3},{:.3},{}", row.span, row.max * MILLI, row.histogram)?;
    }
    Ok(())
}

/// Returns a tag without the characters that end it or its line.
fn plain(tag: &str) -> String {
    tag.chars().map(|char| if char == ',' || char.is_whitespace() || char.is_control() { '_' } else { char }).collect()
}
