//! The parts of a distribution that HdrHistogram's own text formats contain.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use hdrhistogram::serialization::{Serializer, V2DeflateSerializeError, V2DeflateSerializer};

use super::{DIGITS, Distribution, LOWEST};

/// Steps in each half of the distance to 100 %, as in HdrHistogram's own output.
const STEPS: u32 = 5;

/// A level of the distribution of percentiles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Level {
    /// Largest duration that the level contains.
    pub value: Duration,
    /// Share of the durations, 0 to 1.
    pub quantile: f64,
    /// Number of durations up to this value.
    pub count: u64,
}

impl Distribution {
    /// Returns the levels of the distribution of percentiles, which are closer together toward 100 %.
    pub(crate) fn levels(&self) -> Vec<Level> {
        let (histogram, mut count) = (self.histogram(), 0);
        let levels = histogram.iter_quantiles(STEPS).map(|level| {
            count += level.count_since_last_iteration();
            let value = Duration::from_nanos(level.value_iterated_to());
            Level { value, quantile: level.quantile_iterated_to(), count }
        });
        levels.collect()
    }

    /// Returns the number of buckets of the histogram, and that of their parts.
    pub(crate) fn buckets(&self) -> (u32, u64) {
        let parts = (2 * 10_u64.pow(DIGITS.into())).next_power_of_two();
        let highest = self.histogram().high();
        let mut beyond = parts << LOWEST.ilog2();
        let mut buckets = 1;
        while beyond <= highest {
            beyond <<= 1;
            buckets += 1;
        }
        (buckets, parts)
    }

    /// Returns the compressed HDR V2 encoding in base64.
    ///
    /// # Errors
    /// If it cannot be compressed.
    pub(crate) fn base64(&self) -> Result<String, V2DeflateSerializeError> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(&self.histogram(), &mut bytes)?;
        Ok(STANDARD.encode(bytes))
    }
}
