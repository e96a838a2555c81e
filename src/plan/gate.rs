//! Gates: conditions on the figures of a run (`p99>5ms`, `lost>0`).

use std::{fmt, str::FromStr, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use strum::{EnumString, VariantNames};

use crate::{fault::duration_text, suggestion};

/// A condition on a figure, as `--fail-on` and `--warn-on` take it: `p99>5ms`, `lost>0`.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(with = "String")]
pub struct Gate {
    /// Figure to compare.
    pub metric: Metric,
    /// Comparison with the limit.
    pub comparison: Comparison,
    /// Limit in the base unit of the metric: seconds, a count, or a fraction of 1.
    pub limit: f64,
    text: String,
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
}

/// A figure that a gate can compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Metric {
    /// Commands whose outcome is unknown (count).
    Ambiguous,
    /// Failed attempts to connect of a traced application (count).
    AttemptsFailed,
    /// Share of the run without an outage (fraction of 1).
    Availability,
    /// Bytes of traced connections that were sent and never acknowledged (count).
    BytesInDoubt,
    /// Traced connections that their client did not close (count).
    ConnectionsLost,
    /// Wrong replies (count).
    Desyncs,
    /// Numbered messages delivered twice (count).
    Duplicated,
    /// End-to-end publish-to-receive latency, 99th percentile (seconds).
    E2eP99,
    /// Elements that the server removed and an observed application did not receive (count).
    ElementsLost,
    /// Failed probes as a share of all (fraction of 1), or as a count.
    Errors,
    /// Numbered messages that never arrived (count).
    Lost,
    /// Largest latency (seconds).
    Max,
    /// Mean latency (seconds).
    Mean,
    /// The longest outage (seconds).
    Outage,
    /// Median latency (seconds).
    P50,
    /// 90th percentile (seconds).
    P90,
    /// 99th percentile (seconds).
    P99,
    /// 99.9th percentile (seconds).
    #[strum(serialize = "p99.9")]
    P999,
    /// Commands of an observed application that ran twice (count).
    RanTwice,
    /// Largest number of connections that came back within 100 ms (count).
    ReconnectPeak,
    /// Reconnects (count).
    Reconnects,
    /// Numbered messages out of order (count).
    Reordered,
    /// Share of the run in which the workload was answered well (fraction of 1).
    Service,
    /// Probes without a reply in time (count).
    Timeouts,
}

/// The unit of a limit.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Seconds,
    Count,
    Fraction,
    CountOrFraction,
}

impl Metric {
    /// The name of each figure.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Self::VARIANTS.iter().copied()
    }

    /// The name of each figure of a trace.
    pub(crate) fn of_trace() -> impl Iterator<Item = &'static str> {
        Self::names().filter(|name| name.parse().is_ok_and(Self::is_of_trace))
    }

    /// Returns true for a figure of a trace.
    pub(crate) fn is_of_trace(self) -> bool {
        matches!(self, Self::AttemptsFailed | Self::BytesInDoubt | Self::ConnectionsLost)
    }

    fn unit(self) -> Unit {
        match self {
            Self::Availability | Self::Service => Unit::Fraction,
            Self::Errors => Unit::CountOrFraction,
            Self::E2eP99 | Self::Max | Self::Mean | Self::Outage | Self::P50 | Self::P90 | Self::P99 | Self::P999 => {
                Unit::Seconds
            }
            Self::Ambiguous
            | Self::AttemptsFailed
            | Self::BytesInDoubt
            | Self::ConnectionsLost
            | Self::Desyncs
            | Self::Duplicated
            | Self::ElementsLost
            | Self::Lost
            | Self::RanTwice
            | Self::ReconnectPeak
            | Self::Reconnects
            | Self::Reordered
            | Self::Timeouts => Unit::Count,
        }
    }
}

impl Gate {
    /// Returns true if the measured value (in the base unit of the metric) trips the gate.
    pub fn trips(&self, value: f64) -> bool {
        match self.comparison {
            Comparison::Above => value > self.limit,
            Comparison::AtLeast => value >= self.limit,
            Comparison::Below => value < self.limit,
            Comparison::AtMost => value <= self.limit,
        }
    }

    /// Returns true if [`Metric::Errors`] is a share of all probes, not a count.
    pub fn is_share(&self) -> bool {
        self.text.ends_with('%')
    }
}

impl FromStr for Gate {
    type Err = String;

    /// Reads a condition as a user writes it.
    fn from_str(text: &str) -> Result<Self, String> {
        let gate = Self::read(text)?;
        match gate.text.rsplit(['<', '>', '=']).next() {
            Some(limit) if gate.metric.unit() == Unit::Seconds && gate.limit > 0.0 && limit.parse::<f64>().is_ok() => {
                Err(format!("'{}': {limit} has no unit; write for example {}", gate.text, example(limit, gate.limit)))
            }
            _ => Ok(gate),
        }
    }
}

/// Returns a number of seconds with the unit that may have been meant.
fn example(limit: &str, seconds: f64) -> String {
    match limit.bytes().all(|byte| byte.is_ascii_digit()) {
        true => format!("{limit}ms or {limit}s"),
        false => duration_text(Duration::try_from_secs_f64(seconds).unwrap_or_default()),
    }
}

impl Gate {
    /// Reads a condition; a limit without a unit, as in older journals, has the base unit of its figure.
    fn read(text: &str) -> Result<Self, String> {
        let text: String = text.chars().filter(|char| !char.is_whitespace()).collect();
        let at = text.find(['<', '>']).ok_or_else(|| {
            let known: Vec<_> = Metric::names().collect();
            format!("'{text}' is not a condition; expected for example p99>5ms (figures: {})", known.join(", "))
        })?;
        let (name, rest) = text.split_at(at);
        let (comparison, limit) = match (rest.strip_prefix(">="), rest.strip_prefix("<=")) {
            (Some(limit), _) => (Comparison::AtLeast, limit),
            (_, Some(limit)) => (Comparison::AtMost, limit),
            _ if rest.starts_with('>') => (Comparison::Above, &rest[1..]),
            _ => (Comparison::Below, &rest[1..]),
        };
        let metric: Metric = name
            .parse()
            .map_err(|_| format!("'{name}' is not a figure; {}", suggestion::instead(name, Metric::names())))?;
        let limit = parse_limit(limit, metric.unit()).map_err(|why| format!("'{text}': {why}"))?;
        Ok(Self { metric, comparison, limit, text })
    }
}

fn parse_limit(text: &str, unit: Unit) -> Result<f64, String> {
    let number = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
    if unit == Unit::Seconds {
        return number(text)
            .or_else(|| humantime::parse_duration(text).ok().map(|duration: Duration| duration.as_secs_f64()))
            .ok_or_else(|| format!("'{text}' is not a duration; expected for example 5ms or 2s"));
    }
    if let Some(percent) = text.strip_suffix('%') {
        return match unit {
            Unit::Count => Err("this figure is a count, not a percentage".into()),
            _ => number(percent).map(|value| value / 100.0).ok_or_else(|| format!("'{text}' is not a percentage")),
        };
    }
    match unit {
        Unit::Fraction => Err(format!("'{text}' is not a percentage; expected for example {text}%")),
        _ => number(text).ok_or_else(|| format!("'{text}' is not a number")),
    }
}

/// Formats as it was written.
impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Gate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Gate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::read(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{Fuzz, assert_stable};

    #[test]
    fn conditions_are_read_in_the_metrics_own_unit() {
        for (text, limit) in [
            ("p99>5ms", 0.005),
            ("outage > 2s", 2.0),
            ("reconnects>0", 0.0),
            ("errors>1%", 0.01),
            ("errors>=3", 3.0),
            ("availability<99.9%", 0.999),
            ("p99.9>500ms", 0.5),
            ("p99>0", 0.0),
        ] {
            let gate: Gate = text.parse().unwrap();
            assert!((gate.limit - limit).abs() < 1e-12, "{text}");
        }
        let gate: Gate = "lost>0".parse().unwrap();
        assert!(gate.trips(1.0) && !gate.trips(0.0));
    }

    #[test]
    fn a_time_needs_a_unit_except_in_an_old_journal() {
        for (text, meant) in [("p99>5", "5ms or 5s"), ("outage>=2", "2ms or 2s"), ("max>0.05", "50ms")] {
            let error = text.parse::<Gate>().unwrap_err();
            assert!(error.contains("has no unit") && error.ends_with(meant), "{error}");
            let json = serde_json::to_string(text).unwrap();
            assert!(serde_json::from_str::<Gate>(&json).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_wrong_condition_lists_the_valid_names() {
        for text in ["p98>5ms", "nonsense", ">5"] {
            assert!(text.parse::<Gate>().unwrap_err().contains("ambiguous, attempts_failed"), "{text}");
        }
        for text in ["p99>x", "lost>1%", "availability<99", "p99>", "lost>-1", "errors>NaN"] {
            assert!(text.parse::<Gate>().is_err(), "{text}");
        }
    }

    #[test]
    fn fuzz_gates() {
        let words: Vec<&str> = Metric::VARIANTS.iter().copied().chain([">", "<", "=", "%", "ms", "inf"]).collect();
        Fuzz::new("gate", &words).run_on_text(|text| {
            assert_stable::<Gate>(text);
            if let Ok(gate) = text.parse::<Gate>() {
                assert!(gate.limit >= 0.0 && gate.limit.is_finite(), "{gate:?}");
            }
        });
    }
}
