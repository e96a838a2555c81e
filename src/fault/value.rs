//! Single values in the grammar of faults: times, bytes, shares. Each reads what it writes.

use std::{fmt, str::FromStr, time::Duration};

use crate::units;

/// The longest time accepted: 100 years.
const LONGEST: Duration = Duration::from_secs(100 * 31_557_600);

/// A share of all cases in percent, above 0 and at most 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Share(f64);

impl Share {
    /// Every case.
    pub(super) const ALL: Self = Self(100.0);

    /// True if a case is in it, given a random number from 0 up to 1.
    pub(super) fn covers(self, unit: f64) -> bool {
        unit * 100.0 < self.0
    }
}

impl Default for Share {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// `25%` or `0.25`.
impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let percent = match text.strip_suffix('%') {
            Some(percent) => percent.parse::<f64>(),
            None => text.parse::<f64>().map(|share| share * 100.0),
        };
        match percent {
            Ok(percent) if percent > 0.0 && percent <= 100.0 => Ok(Self(percent)),
            _ => Err(format!("'{text}' is not a share; write for example 25% or 0.25 (above 0, at most 100%)")),
        }
    }
}

/// A time as the grammar writes it: `350s`, `50ms`, in the largest unit in which it is a whole number.
pub(crate) fn text(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    match nanos {
        _ if nanos.is_multiple_of(1_000_000_000) => format!("{}s", nanos / 1_000_000_000),
        _ if nanos.is_multiple_of(1_000_000) => format!("{}ms", nanos / 1_000_000),
        _ if nanos.is_multiple_of(1_000) => format!("{}us", nanos / 1_000),
        _ => format!("{nanos}ns"),
    }
}

/// `50ms`, `1h 30m`; zero included. A number needs a unit: other tools read it as milliseconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let trimmed = text.trim();
    let parsed = match trimmed.parse::<f64>() {
        Ok(0.0) => Some(Duration::ZERO),
        Ok(number) => return Err(without_unit(text, trimmed, number)),
        Err(_) => humantime::parse_duration(trimmed).ok(),
    };
    parsed
        .filter(|duration| *duration <= LONGEST)
        .ok_or_else(|| format!("'{text}' is not a time; write for example 50ms, 10s or 1h 30m"))
}

/// Describes a number without a unit, with what may have been meant.
fn without_unit(text: &str, trimmed: &str, number: f64) -> String {
    let whole = number.fract() == 0.0 && trimmed.bytes().all(|byte| byte.is_ascii_digit());
    match Duration::try_from_secs_f64(number).ok().filter(|duration| *duration <= LONGEST) {
        Some(_) if whole => format!("'{text}' has no unit; write {trimmed}ms or {trimmed}s"),
        Some(seconds) => format!("'{text}' has no unit; write {} for that many seconds", self::text(seconds)),
        None => format!("'{text}' is not a time; write for example 50ms, 10s or 1h 30m"),
    }
}

/// A time of at least a millisecond.
pub(super) fn positive(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration < Duration::from_millis(1) {
        return Err(format!("'{text}' is too short; write at least 1ms"));
    }
    Ok(duration)
}

/// A number of bytes from 1: `512`, `64k`, `1m`, `2g`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    units::parse_bytes(text).filter(|bytes| *bytes > 0).ok_or_else(|| {
        format!("'{text}' is not a number of bytes; write a whole number from 1, for example 512, 64k or 1m")
    })
}

/// A number of bytes as the grammar writes it.
pub(super) fn bytes_text(bytes: u64) -> String {
    match bytes {
        _ if bytes.is_multiple_of(1 << 30) => format!("{}g", bytes >> 30),
        _ if bytes.is_multiple_of(1 << 20) => format!("{}m", bytes >> 20),
        _ if bytes.is_multiple_of(1 << 10) => format!("{}k", bytes >> 10),
        _ => bytes.to_string(),
    }
}
