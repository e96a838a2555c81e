//! The figures of a distribution.

use std::time::Duration;

use crate::distribution::Distribution;

/// What a distribution of durations comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many durations.
    pub count: u64,
    /// All of them together (as the mean tells it).
    pub sum: Duration,
    /// The smallest.
    pub min: Duration,
    /// The arithmetic mean.
    pub mean: Duration,
    /// The standard deviation.
    pub deviation: Duration,
    /// The median.
    pub p50: Duration,
    /// The 90th percentile.
    pub p90: Duration,
    /// The 99th percentile.
    pub p99: Duration,
    /// The 99.9th percentile.
    pub p999: Duration,
    /// The largest.
    pub max: Duration,
}

impl Summary {
    /// The figures of a distribution; `None` when it is empty.
    pub fn of(distribution: &Distribution) -> Option<Self> {
        let count = distribution.count();
        let mean = distribution.mean()?;
        Some(Self {
            count,
            sum: Duration::from_secs_f64(mean.as_secs_f64() * count as f64),
            min: distribution.min()?,
            mean,
            deviation: distribution.deviation()?,
            p50: distribution.quantile(0.5)?,
            p90: distribution.quantile(0.9)?,
            p99: distribution.quantile(0.99)?,
            p999: distribution.quantile(0.999)?,
            max: distribution.max()?,
        })
    }
}
