//! The pace of probes: a pure function from the number of a probe to its intended start, testable without sleeping.

use std::{fmt, str::FromStr, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Seconds;

/// Largest deviation of the time between two starts: this part of the interval, and at most this time.
const JITTER: u32 = 10;
const MOST_JITTER: Duration = Duration::from_millis(100);

/// The spacing of intended starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// Each probe starts as soon as the one before it is done.
    Unpaced,
    /// A probe starts each interval, regardless of replies (open loop).
    Every(#[serde(with = "Seconds")] Duration),
}

impl Pace {
    /// Returns the pace of one start each `interval`; zero is [`Pace::Unpaced`].
    pub fn every(interval: Duration) -> Self {
        if interval.is_zero() { Self::Unpaced } else { Self::Every(interval) }
    }

    /// Returns the time from start 0 to the intended start `n`; `None` if unpaced.
    pub fn due(self, n: u64) -> Option<Duration> {
        match self {
            Self::Unpaced => None,
            Self::Every(interval) => {
                let nanos = interval.as_nanos().saturating_mul(u128::from(n));
                Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
            }
        }
    }

    /// Returns the largest deviation of the time between two starts from the interval, see [`super::Jitter`].
    pub fn jitter(self) -> Duration {
        self.due(1).map_or(Duration::ZERO, |interval| (interval / JITTER).min(MOST_JITTER))
    }

    /// Returns the shortest time between two starts; `None` if unpaced.
    pub fn shortest(self) -> Option<Duration> {
        self.due(1).map(|interval| interval - self.jitter())
    }

    /// Returns the longest time between two starts; `None` if unpaced.
    pub fn longest(self) -> Option<Duration> {
        self.due(1).map(|interval| interval + self.jitter())
    }
}

/// Parses a rate: `10`, `10/s`, `600/m`, `36000/h`; 0 is unpaced.
impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a rate; expected for example 10, 10/s, 600/m or 0 (unlimited)");
        let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
        let per = match unit.trim() {
            "s" | "sec" | "second" => 1.0,
            "m" | "min" | "minute" => 60.0,
            "h" | "hour" => 3600.0,
            _ => return Err(wrong()),
        };
        let count: f64 = number.trim().parse().map_err(|_| wrong())?;
        if count == 0.0 {
            return Ok(Self::Unpaced);
        }
        let interval = per / count;
        if !(count > 0.0 && (1e-6..=86_400.0).contains(&interval)) {
            return Err(format!("the rate '{text}' is out of range: between 1 a day and 1000000 a second"));
        }
        Ok(Self::Every(Duration::from_secs_f64(interval)))
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unpaced => f.write_str("unpaced"),
            Self::Every(interval) => {
                let rate = 1.0 / interval.as_secs_f64();
                if rate >= 1.0 {
                    write!(f, "{}/s", (rate * 100.0).round() / 100.0)
                } else {
                    write!(f, "{}/m", (rate * 6000.0).round() / 100.0)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_in_the_units_people_write() {
        for (text, interval) in [("10", 0.1), ("10/s", 0.1), ("600/m", 0.1), ("0.5", 2.0), ("36000/h", 0.1)] {
            assert_eq!(text.parse(), Ok(Pace::Every(Duration::from_secs_f64(interval))), "{text}");
        }
        assert_eq!("0".parse(), Ok(Pace::Unpaced));
    }

    #[test]
    fn nonsense_rates_are_refused() {
        for text in ["", "-1", "abc", "10/x", "1e99", "inf", "NaN", "10/s/s", "1e-9"] {
            assert!(text.parse::<Pace>().is_err(), "{text}");
        }
    }

    #[test]
    fn intended_starts_do_not_drift() {
        let pace = Pace::every(Duration::from_millis(100));
        assert_eq!(pace.due(0), Some(Duration::ZERO));
        assert_eq!(pace.due(36_000), Some(Duration::from_secs(3600)));
        assert_eq!(Pace::every(Duration::ZERO).due(7), None);
    }

    #[test]
    fn a_pace_prints_as_a_rate() {
        assert_eq!(Pace::every(Duration::from_millis(100)).to_string(), "10/s");
        assert_eq!(Pace::every(Duration::from_secs(2)).to_string(), "30/m");
        assert_eq!(Pace::Unpaced.to_string(), "unpaced");
    }
}
