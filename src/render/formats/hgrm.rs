//! HdrHistogram's distribution of percentiles (`.hgrm`), in milliseconds, as its plotters read it.
//!
//! The layout is that of `outputPercentileDistribution` in HdrHistogram.

use std::io::{self, Write};

use crate::{
    render::{Style, document::Document},
    report::Percentiles,
};

const MILLI: f64 = 1e3;

pub(super) fn write<D: Document + ?Sized>(document: &D, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let Percentiles { levels, mean, deviation, max, count, buckets: (buckets, parts) } = document.percentiles()?;
    writeln!(out, "{:>12} {:>14} {:>10} {:>14}\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)")?;
    for level in levels {
        let (value, quantile, number) = (level.value.as_secs_f64() * MILLI, level.quantile, level.count);
        write!(out, "{value:12.3} {quantile:2.12} {number:10}")?;
        // Of the last level, it is infinite.
        if quantile < 1.0 {
            write!(out, " {:14.2}", 1.0 / (1.0 - quantile))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "#[Mean    = {:12.3}, StdDeviation   = {:12.3}]", mean * MILLI, deviation * MILLI)?;
    writeln!(out, "#[Max     = {:12.3}, Total count    = {count:12}]", max * MILLI)?;
    writeln!(out, "#[Buckets = {buckets:12}, SubBuckets     = {parts:12}]")
}
