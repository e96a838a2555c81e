//! The course of the runs as two lines: the median latency, and where connections were down.

use std::io::{self, Write};

use crate::{
    clock::WallTime,
    render::{
        Times,
        scale::{DOWN, Scale},
        units::{duration, percent},
    },
    report::{Column, Report},
};

/// Narrowest terminal with a chart.
const NARROWEST: usize = 40;

/// Widest chart.
const WIDEST: usize = 120;

/// Columns of a label, and of the figures on the right.
const LABEL: usize = 5;
const FIGURES: usize = 20;

pub(super) fn write(report: &Report, times: Times, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let Some(room) = columns.filter(|columns| *columns >= NARROWEST) else { return Ok(()) };
    let [Some(first), Some(last)] = [report.intervals.first(), report.intervals.last()] else { return Ok(()) };
    if report.intervals.len() < 2 {
        return Ok(());
    }
    let width = room.min(WIDEST) - LABEL - FIGURES;
    let course = report.course(width);
    writeln!(out)?;
    if let Some((line, range)) = latency(&course) {
        writeln!(out, "{:<LABEL$}{line}  {range}", "p50")?;
    }
    let availability = report.outages.availability.map(percent).unwrap_or_default();
    let line: String = course.iter().map(mark).collect();
    writeln!(out, "{:<LABEL$}{line}  {availability}", "up")?;
    let end = WallTime::from_unix_nanos(last.time.unix_nanos().saturating_add((last.span * 1e9) as u64));
    let [begin, end] = [first.time, end].map(|time| times.to_the_second(time));
    let gap = course.len().saturating_sub(begin.len() + end.len());
    if gap > 0 {
        writeln!(out, "{}{begin}{}{end}", " ".repeat(LABEL), " ".repeat(gap))?;
    }
    Ok(())
}

fn mark(column: &Column) -> char {
    match column {
        Column { known: false, .. } => ' ',
        Column { down: true, .. } => DOWN,
        Column { .. } => '─',
    }
}

/// Returns the median of each column, and the smallest and the largest one.
fn latency(course: &[Column]) -> Option<(String, String)> {
    let known = || course.iter().filter_map(|column| column.p50);
    let scale = Scale::of(known())?;
    let line = course.iter().map(|column| column.p50.map_or(' ', |value| scale.mark(value))).collect();
    let (low, high) = (duration(scale.low), duration(scale.high));
    Some((line, if low == high { low } else { format!("{low} to {high}") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_are_logarithmic_and_gaps_stay_open() {
        let column = |p50: Option<f64>| Column { known: true, down: false, p50 };
        let course = [Some(0.000_1), Some(0.001), None, Some(0.009)].map(column);
        assert_eq!(latency(&course), Some(("▁▅ █".into(), "100 µs to 9 ms".into())));
        assert_eq!(latency(&[column(None)]), None);
    }
}
