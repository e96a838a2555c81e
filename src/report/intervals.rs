//! The course of the runs in a report: the figures of consecutive slices of time.

use schemars::JsonSchema;
use serde::Serialize;

use super::Report;
use crate::{
    clock::{OptionalSeconds, Seconds, Stamp, WallTime},
    distribution::Distribution,
    record::{Figures, Slice},
};

/// A slice of a run: one second, or longer in a long run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct IntervalRow {
    /// Number of the run (from 1).
    pub run: u32,
    /// Start on the wall clock.
    pub time: WallTime,
    /// Start on the clock of the run.
    pub began_at: Stamp,
    /// Length in seconds.
    #[schemars(with = "Seconds")]
    pub span: f64,
    /// Time in which connections were down, all connections together, in seconds.
    #[schemars(with = "Seconds")]
    pub down: f64,
    /// Probes with the right reply.
    pub ok: u64,
    /// Probes that failed.
    pub failed: u64,
    /// Probes without a reply in time.
    pub timed_out: u64,
    /// Numbered messages received for the first time.
    pub received: u64,
    /// Numbered messages published in it that never arrived.
    pub lost: u64,
    /// Median latency of answered probes in seconds; null (as below) if none was answered.
    #[schemars(with = "OptionalSeconds")]
    pub p50: Option<f64>,
    /// 99th percentile of the latency in seconds.
    #[schemars(with = "OptionalSeconds")]
    pub p99: Option<f64>,
    /// 99.9th percentile of the latency in seconds.
    #[schemars(with = "OptionalSeconds")]
    pub p999: Option<f64>,
    /// Largest latency in seconds.
    #[schemars(with = "OptionalSeconds")]
    pub max: Option<f64>,
    /// Median latency of numbered messages in seconds, from PUBLISH to receipt; null if none arrived.
    #[schemars(with = "OptionalSeconds")]
    pub end_to_end_p50: Option<f64>,
    /// The recorded slice, with its distributions.
    #[serde(skip)]
    pub slice: Slice,
}

/// A column of a chart: a part of the runs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Column {
    /// False if there is no interval in it.
    pub known: bool,
    /// True if a connection was down in it.
    pub down: bool,
    /// Median latency of the probes answered in it, in seconds.
    pub p50: Option<f64>,
}

impl Report {
    /// Divides the runs into columns of equal length; a short run has a column for each interval.
    pub(crate) fn course(&self, columns: usize) -> Vec<Column> {
        let rows = &self.intervals;
        let number = columns.min(rows.len()).max(1);
        let total: f64 = rows.iter().map(|row| row.span).sum();
        let mut course = vec![(Column::default(), Distribution::default()); number];
        let mut before = 0.0;
        for row in rows {
            let middle = before + row.span / 2.0;
            before += row.span;
            let place = if total > 0.0 { (middle / total * number as f64) as usize } else { 0 };
            let (column, latency) = &mut course[place.min(number - 1)];
            column.known = true;
            column.down |= row.down > 0.0;
            latency.merge(&row.slice.latency());
        }
        let column = |(column, latency): (Column, Distribution)| Column { p50: quantile(&latency, 0.5), ..column };
        course.into_iter().map(column).collect()
    }
}

fn quantile(of: &Distribution, quantile: f64) -> Option<f64> {
    of.quantile(quantile).map(|value| value.as_nanos() as f64 / 1e9)
}

/// Returns the slices of all runs, in order.
pub(super) fn rows(figures: &Figures) -> Vec<IntervalRow> {
    figures.slices.iter().map(row).collect()
}

fn row(slice: &Slice) -> IntervalRow {
    let latency = slice.latency().unpacked();
    IntervalRow {
        run: slice.run,
        time: slice.time,
        began_at: slice.from,
        span: slice.to.since(slice.from).as_secs_f64(),
        down: slice.down.as_secs_f64(),
        ok: slice.counters.ok,
        failed: slice.counters.failed,
        timed_out: slice.counters.timed_out,
        received: slice.counters.received,
        lost: slice.lost,
        p50: quantile(&latency, 0.5),
        p99: quantile(&latency, 0.99),
        p999: quantile(&latency, 0.999),
        max: quantile(&latency, 1.0),
        end_to_end_p50: quantile(&slice.end_to_end(), 0.5),
        slice: slice.clone(),
    }
}
