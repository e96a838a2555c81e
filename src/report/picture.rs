//! The data for the drawings of a report besides its figures: the axis of time, the curve of percentiles, and the heat map.

use std::collections::BTreeMap;

use super::Report;
use crate::{clock::WallTime, distribution::Distribution};

/// Rows of the heat map in each decade of latency.
const ROWS_PER_DECADE: f64 = 8.0;

/// Points of the curve in each decade of its axis.
const POINTS_PER_DECADE: f64 = 12.0;

/// The axis of time: the runs one after the other, without the time between them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    /// Start of each run in nanoseconds since the Unix epoch, its place in seconds, and its length in seconds.
    pub runs: Vec<(u64, f64, f64)>,
    /// Length of all runs in seconds.
    pub length: f64,
}

impl Axis {
    /// Returns the place of a moment of a run (from 1), as a share of the axis.
    pub(crate) fn place(&self, run: u32, time: WallTime) -> f64 {
        let Some((start, offset, length)) = self.runs.get(run.saturating_sub(1) as usize) else { return 0.0 };
        self.share(offset + (seconds(time.unix_nanos()) - seconds(*start)).clamp(0.0, *length))
    }

    /// Returns the place of a moment whose run is not recorded.
    pub(crate) fn place_of(&self, time: WallTime) -> f64 {
        let begun = |(start, ..): &(u64, f64, f64)| *start <= time.unix_nanos();
        let run = self.runs.iter().filter(|run| begun(run)).count().max(1);
        self.place(u32::try_from(run).unwrap_or(u32::MAX), time)
    }

    /// Returns a number of seconds as a share of the axis.
    pub(crate) fn share(&self, seconds: f64) -> f64 {
        if self.length > 0.0 { (seconds / self.length).clamp(0.0, 1.0) } else { 0.0 }
    }
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

/// A point of a curve of percentiles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// Share of the durations that are not longer, 0 to 1.
    pub quantile: f64,
    /// Duration in seconds.
    pub seconds: f64,
}

/// A heat map of latency: the share of each column's replies in each row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heat {
    pub columns: usize,
    /// The lowest row; row `n` begins at 10^(n/8) seconds.
    pub bottom: i32,
    pub rows: i32,
    pub cells: Vec<Cell>,
}

/// A cell of a heat map that is not empty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cell {
    pub column: usize,
    pub row: i32,
    /// Share of the column's replies.
    pub share: f64,
}

impl Report {
    /// Returns the axis of time.
    pub(crate) fn axis(&self) -> Axis {
        let mut length = 0.0;
        let mut runs = Vec::with_capacity(self.runs.len());
        for run in &self.runs {
            runs.push((run.time.unix_nanos(), length, run.duration));
            length += run.duration;
        }
        Axis { runs, length }
    }

    /// Returns the curve of the latency of answered probes.
    pub(crate) fn latency_curve(&self) -> Vec<Point> {
        self.curve(|row| row.slice.latency())
    }

    /// Returns the curve of the latency of numbered messages.
    pub(crate) fn end_to_end_curve(&self) -> Vec<Point> {
        self.curve(|row| row.slice.end_to_end())
    }

    fn curve(&self, of: impl Fn(&super::IntervalRow) -> Distribution) -> Vec<Point> {
        let mut all = Distribution::default();
        self.intervals.iter().for_each(|row| all.merge(&of(row)));
        let count = all.count() as f64;
        if count < 2.0 {
            return Vec::new();
        }
        // Beyond one in all of them, a percentile is the maximum.
        let end = count.log10();
        let points = (end * POINTS_PER_DECADE).ceil() as u32;
        let quantile = |index: u32| 1.0 - 10f64.powf(-(f64::from(index) / POINTS_PER_DECADE).min(end));
        let point = |quantile| Some(Point { quantile, seconds: all.quantile(quantile)?.as_secs_f64() });
        (0..=points).filter_map(|index| point(quantile(index))).collect()
    }

    /// Returns the heat map of the latency of answered probes in at most this many columns; `None` if there are fewer than
    /// three.
    pub(crate) fn heat(&self, columns: usize) -> Option<Heat> {
        let axis = self.axis();
        let columns = columns.min(self.intervals.len());
        let mut counted: BTreeMap<usize, BTreeMap<i32, u64>> = BTreeMap::new();
        for row in &self.intervals {
            let place = axis.place(row.run, row.time) + axis.share(row.span / 2.0);
            let column = counted.entry(((place * columns as f64) as usize).min(columns.saturating_sub(1))).or_default();
            row.slice.latency().counts().into_iter().for_each(|(latency, count)| {
                let seconds = latency.as_secs_f64().max(1e-9);
                *column.entry((seconds.log10() * ROWS_PER_DECADE).floor() as i32).or_default() += count;
            });
        }
        counted.retain(|_, rows| !rows.is_empty());
        let rows = || counted.values().flat_map(BTreeMap::keys);
        // Whole decades, as on the other axes of latency.
        let decade = ROWS_PER_DECADE as i32;
        let bottom = rows().min()?.div_euclid(decade) * decade;
        let top = (rows().max()?.div_euclid(decade) + 1) * decade;
        if counted.len() < 3 {
            return None;
        }
        let cells_of = |(column, rows): (&usize, &BTreeMap<i32, u64>)| {
            let (column, all) = (*column, rows.values().sum::<u64>() as f64);
            let cell = |(row, count): (&i32, &u64)| Cell { column, row: *row, share: *count as f64 / all };
            rows.iter().map(cell).collect::<Vec<_>>()
        };
        let cells = counted.iter().flat_map(cells_of).collect();
        Some(Heat { columns, bottom, rows: top - bottom, cells })
    }
}
