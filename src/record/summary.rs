//! The figures of a distribution.

use std::time::Duration;

use crate::distribution::Distribution;

/// The figures of a distribution of durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Number of durations.
    pub count: u64,
    /// Sum of all durations, from the mean.
    pub sum: Duration,
    /// Smallest duration.
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
    /// Largest duration.
    pub max: Duration,
}

impl Summary {
    /// Returns the figures of a distribution; `None` if it is empty.
    pub(crate) fn of(distribution: &Distribution) -> Option<Self> {
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
