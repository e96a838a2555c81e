//! The distributions of a report, for the formats of HdrHistogram.

use std::time::Duration;

use super::{Report, ScopeReport, TargetReport};
use crate::{
    clock::WallTime,
    distribution::{Distribution, Level},
    record::Slice,
};

/// Tag of the latency of numbered messages in a log. That of probes has none.
const END_TO_END: &str = "end_to_end";

/// The distribution of percentiles of all runs: of the probes, or without any, of the numbered messages.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Percentiles {
    pub levels: Vec<Level>,
    /// In seconds, as are the others.
    pub mean: f64,
    pub deviation: f64,
    pub max: f64,
    pub count: u64,
    /// Number of buckets of the histogram, and that of their parts.
    pub buckets: (u32, u64),
}

/// Consecutive distributions.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Log {
    /// Start of the first one.
    pub start: WallTime,
    /// In order of their start.
    pub rows: Vec<LogRow>,
}

/// The distribution of an interval.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogRow {
    /// Target and kind, as far as there are several.
    pub tag: Option<String>,
    pub time: WallTime,
    /// In seconds, as is the maximum.
    pub span: f64,
    pub max: f64,
    /// Compressed HDR V2 encoding in base64.
    pub histogram: String,
}

impl Percentiles {
    fn of(distribution: &Distribution) -> Self {
        let seconds = |value: Option<Duration>| value.unwrap_or_default().as_secs_f64();
        Self {
            levels: distribution.levels(),
            mean: seconds(distribution.mean()),
            deviation: seconds(distribution.deviation()),
            max: seconds(distribution.max()),
            count: distribution.count(),
            buckets: distribution.buckets(),
        }
    }
}

impl Report {
    /// Returns the distribution of percentiles.
    pub(crate) fn percentiles(&self) -> Percentiles {
        percentiles(&[self])
    }

    /// Returns the distributions of all intervals.
    pub(crate) fn log(&self) -> Log {
        log(rows(None, self))
    }
}

impl ScopeReport {
    /// Returns the distribution of percentiles of all targets.
    pub(crate) fn percentiles(&self) -> Percentiles {
        let reports: Vec<_> = self.targets.iter().map(|target| &target.report).collect();
        percentiles(&reports)
    }

    /// Returns the distributions of all intervals of all targets.
    pub(crate) fn log(&self) -> Log {
        log(self.targets.iter().flat_map(|TargetReport { target, report }| rows(Some(target), report)))
    }
}

fn percentiles(reports: &[&Report]) -> Percentiles {
    let sum = |of: fn(&Slice) -> Distribution| {
        let mut sum = Distribution::default();
        reports.iter().flat_map(|report| &report.intervals).for_each(|row| sum.merge(&of(&row.slice)));
        sum
    };
    let latency = sum(Slice::latency);
    Percentiles::of(&if latency.is_empty() { sum(Slice::end_to_end) } else { latency })
}

fn log(rows: impl Iterator<Item = LogRow>) -> Log {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| row.time);
    Log { start: rows.first().map(|row| row.time).unwrap_or_default(), rows }
}

fn rows<'a>(target: Option<&'a str>, report: &'a Report) -> impl Iterator<Item = LogRow> + 'a {
    let tag = |kind: Option<&str>| {
        let parts: Vec<_> = target.into_iter().chain(kind).collect();
        (!parts.is_empty()).then(|| parts.join("."))
    };
    let (probes, messages) = (tag(None), tag(Some(END_TO_END)));
    report.intervals.iter().flat_map(move |row| {
        let of = |distribution: Distribution, tag: &Option<String>| {
            (!distribution.is_empty()).then(|| LogRow {
                tag: tag.clone(),
                time: row.time,
                span: row.span,
                max: distribution.max().unwrap_or_default().as_secs_f64(),
                // Only a failure of the allocator keeps it from being compressed.
                histogram: distribution.base64().unwrap_or_default(),
            })
        };
        [of(row.slice.latency(), &probes), of(row.slice.end_to_end(), &messages)].into_iter().flatten()
    })
}
