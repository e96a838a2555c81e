//! Fault schedules: `KIND[=ARGS]@START[+FOR]` or `KIND[=ARGS]@every:PERIOD[+FOR]`.

use std::{fmt, str::FromStr, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Fault,
    value::{duration, positive, text},
};

/// Below this a repeated fault is a permanent one.
const SHORTEST_PERIOD: Duration = Duration::from_millis(10);

/// A fault and when it is active, counted from the start of the probes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct FaultSchedule {
    /// The fault.
    pub fault: Fault,
    /// The beginning.
    pub timing: Timing,
    /// The duration; `None` is to the end, or no time for a momentary fault.
    pub lasts: Option<Duration>,
}

/// The beginning of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// Once.
    At(Duration),
    /// After each period.
    Every(Duration),
}

impl FaultSchedule {
    /// Schedules a fault that begins immediately and lasts to the end.
    pub fn now(fault: Fault) -> Self {
        Self { fault, timing: Timing::At(Duration::ZERO), lasts: None }
    }

    /// Returns the time from one beginning to the next; `None` if it begins once.
    pub fn period(&self) -> Option<Duration> {
        match self.timing {
            Timing::At(_) => None,
            Timing::Every(period) => Some(period),
        }
    }

    /// Lists beginnings and ends in order, as far as they begin before `until`; the last end is at most `until`. A
    /// momentary fault ends when it begins.
    pub fn instances(&self, until: Duration) -> Instances {
        let (first, period) = match self.timing {
            Timing::At(start) => (Some(start), None),
            Timing::Every(period) => (Some(period), Some(period)),
        };
        let lasts = if self.fault.is_momentary() { Some(Duration::ZERO) } else { self.lasts };
        Instances { next: first, period, lasts, until }
    }
}

/// The beginnings and ends of a schedule.
#[derive(Clone, Debug)]
pub struct Instances {
    next: Option<Duration>,
    period: Option<Duration>,
    lasts: Option<Duration>,
    until: Duration,
}

impl Iterator for Instances {
    type Item = (Duration, Duration);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next.filter(|start| *start < self.until)?;
        self.next = self.period.and_then(|period| start.checked_add(period));
        let end = self.lasts.map_or(self.until, |lasts| start.saturating_add(lasts).min(self.until));
        Some((start, end))
    }
}

impl fmt::Display for FaultSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@", self.fault)?;
        match self.timing {
            Timing::At(start) => write!(f, "{}", text(start))?,
            Timing::Every(period) => write!(f, "every:{}", text(period))?,
        }
        self.lasts.map_or(Ok(()), |lasts| write!(f, "+{}", text(lasts)))
    }
}

/// Without `@START` it begins immediately.
impl FromStr for FaultSchedule {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        // An @ behind an = begins the name of a category of commands, unless a time follows.
        let is_time = |text: &str| text.starts_with(|first: char| first.is_ascii_digit()) || text.starts_with("every:");
        let begins = |fault: &str, text: &str| !fault.trim_end().ends_with('=') || is_time(text.trim_start());
        let parts = given.rsplit_once('@').filter(|(fault, when)| begins(fault, when));
        let (fault, timing, lasts) = match parts {
            Some((fault, when)) => {
                let (when, lasts) = when.split_once('+').map_or((when, None), |(when, lasts)| (when, Some(lasts)));
                let timing = match when.trim().strip_prefix("every:") {
                    Some(period) => Timing::Every(duration(period)?),
                    None => Timing::At(duration(when)?),
                };
                (fault, timing, lasts)
            }
            None => {
                let (fault, lasts) =
                    given.rsplit_once('+').map_or((given, None), |(fault, lasts)| (fault, Some(lasts)));
                (fault, Timing::At(Duration::ZERO), lasts)
            }
        };
        let schedule = Self { fault: fault.parse()?, timing, lasts: lasts.map(positive).transpose()? };
        schedule.check()
    }
}

impl FaultSchedule {
    /// The errors quote parts only: a whole schedule looks like `user@host` to the code that masks passwords.
    fn check(self) -> Result<Self, String> {
        let kind = self.fault.kind();
        if self.fault.is_momentary() && self.lasts.is_some() {
            return Err(format!("{kind} happens at one moment; leave out the + and what follows it"));
        }
        let Timing::Every(period) = self.timing else {
            return Ok(self);
        };
        if period < SHORTEST_PERIOD {
            return Err(format!("every {} is too often for {kind}; write a period of at least 10ms", text(period)));
        }
        match self.lasts {
            None if !self.fault.is_momentary() => {
                Err(format!("{kind} every {} has no duration; add for example +1s", text(period)))
            }
            Some(lasts) if lasts >= period => {
                let (lasts, period) = (text(lasts), text(period));
                Err(format!("{kind} for {lasts} every {period} would never end; write less than {period} after the +"))
            }
            _ => Ok(self),
        }
    }
}

impl From<FaultSchedule> for String {
    fn from(schedule: FaultSchedule) -> Self {
        schedule.to_string()
    }
}

impl TryFrom<String> for FaultSchedule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}
