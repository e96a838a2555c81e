//! The samples of a run over time, in blocks of equal length.

use std::time::Duration;

use crate::{
    distribution::Distribution,
    event::{Counters, Interval},
};

/// Maximum number of windows that are kept; beyond it, each two neighbors become one.
const WINDOWS: usize = 1024;

/// Number of blocks of the shorter run. Neighbors within a block may be alike; 20 against 20 blocks still distinguish a
/// chance of one in a thousand from one in a hundred.
const BLOCKS: usize = 20;

/// Width of a bucket of durations: 1 %.
const STEP: f64 = 0.01;

/// Number of buckets: up to an hour, from the smallest duration that a [`Distribution`] distinguishes.
const BUCKETS: u16 = 2420;
const SMALLEST: f64 = 128.0;

/// The windows of a run in order, of about equal length.
#[derive(Debug, Default)]
pub(crate) struct Series {
    windows: Vec<Block>,
    /// Length up to which intervals are joined to one window.
    length: Duration,
    /// The window that is not complete.
    open: Block,
}

/// Counters and durations of a piece of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    pub(super) span: Duration,
    pub(super) counters: Counters,
    pub(super) latency: Durations,
    pub(super) end_to_end: Durations,
}

/// Durations, counted by bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct Durations(Vec<(u16, u32)>);

impl Durations {
    fn add(&mut self, distribution: &Distribution) {
        for (duration, count) in distribution.counts() {
            self.0.push((bucket(duration), u32::try_from(count).unwrap_or(u32::MAX)));
        }
        self.settle();
    }

    fn join(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
        self.settle();
    }

    /// One entry for each bucket, in order.
    fn settle(&mut self) {
        self.0.sort_unstable_by_key(|(bucket, _)| *bucket);
        self.0.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                earlier.1 = earlier.1.saturating_add(later.1);
            }
            same
        });
    }

    /// Returns the logarithm of a quantile, in units of the smallest duration; not a number if there are no durations.
    pub(super) fn quantile(&self, quantile: f64) -> f64 {
        let total: u64 = self.0.iter().map(|(_, count)| u64::from(*count)).sum();
        let wanted = ((total as f64 * quantile).ceil() as u64).max(1);
        let mut seen = 0;
        let found = self.0.iter().find(|(_, count)| {
            seen += u64::from(*count);
            seen >= wanted
        });
        found.map_or(f64::NAN, |(bucket, _)| logarithm(*bucket))
    }
}

fn bucket(duration: Duration) -> u16 {
    let bucket = (duration.as_nanos() as f64 / SMALLEST).max(1.0).ln() / STEP;
    (bucket as u16).min(BUCKETS - 1)
}

/// Returns the natural logarithm of the middle of a bucket, in units of the smallest duration.
fn logarithm(bucket: u16) -> f64 {
    (f64::from(bucket) + 0.5) * STEP
}

impl Block {
    fn add(&mut self, interval: &Interval) {
        self.span += interval.span;
        self.counters += interval.counters;
        let parts = [(&mut self.latency, &interval.latency), (&mut self.end_to_end, &interval.end_to_end)];
        for (sum, part) in parts {
            part.iter().for_each(|part| sum.add(part));
        }
    }

    fn join(&mut self, other: &Self) {
        self.span += other.span;
        self.counters += other.counters;
        self.latency.join(&other.latency);
        self.end_to_end.join(&other.end_to_end);
    }
}

impl Series {
    /// Adds the samples of the next interval. The durations of an interval without any come with a later one, so a window
    /// ends only with durations.
    pub(crate) fn add(&mut self, interval: &Interval) {
        self.open.add(interval);
        let has_durations = interval.latency.is_some() || interval.end_to_end.is_some();
        if has_durations && self.open.span >= self.length {
            self.windows.push(std::mem::take(&mut self.open));
        }
        if self.windows.len() > WINDOWS {
            self.windows = joined(&self.windows, 2);
            self.length = self.windows[0].span;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    fn span(&self) -> Duration {
        self.windows.iter().map(|window| window.span).sum()
    }
}

/// Cuts both runs into blocks of about equal length.
pub(super) fn blocks(one: &Series, other: &Series) -> (Vec<Block>, Vec<Block>) {
    let length = one.span().min(other.span()) / BLOCKS as u32;
    let cut = |series: &Series| {
        let window = series.span() / u32::try_from(series.windows.len().max(1)).unwrap_or(u32::MAX);
        let each = length.as_secs_f64() / window.as_secs_f64().max(f64::MIN_POSITIVE);
        joined(&series.windows, (each.round() as usize).max(1))
    };
    (cut(one), cut(other))
}

/// Joins each `count` neighbors. A rest that is less than half of that belongs to the last block.
fn joined(windows: &[Block], count: usize) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for chunk in windows.chunks(count) {
        let rest = chunk.len() * 2 < count;
        let mut chunk = chunk.iter();
        if let Some(last) = blocks.last_mut().filter(|_| rest) {
            chunk.for_each(|window| last.join(window));
        } else if let Some(mut block) = chunk.next().cloned() {
            chunk.for_each(|window| block.join(window));
            blocks.push(block);
        }
    }
    blocks
}
