//! Ranges of healthy values as monitoring plug-ins take them: `10`, `10:`, `~:10`, `10:20`, `@10:20`.

use std::{fmt, str::FromStr};

/// An alert range: alerts outside of two bounds, or with `@` inside; both bounds count as inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    /// The lower bound; absent is minus infinity.
    start: Option<f64>,
    /// The upper bound; absent is infinity.
    end: Option<f64>,
    /// True if values inside raise the alert, not values outside.
    inside: bool,
}

impl Range {
    /// Returns true if the value raises an alert.
    pub(crate) fn alerts(&self, value: f64) -> bool {
        let within = self.start.is_none_or(|start| value >= start) && self.end.is_none_or(|end| value <= end);
        within == self.inside
    }
}

impl Range {
    /// Returns the range in a larger unit.
    pub(crate) fn divided_by(self, unit: f64) -> Self {
        let [start, end] = [self.start, self.end].map(|bound| bound.map(|bound| bound / unit));
        Self { start, end, ..self }
    }
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{text}' is not a range; expected for example 10 (alert above), 10: (below), 10:20 or @10:20 (between)"
            )
        };
        let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(wrong);
        let bounds = text.trim();
        let (inside, bounds) = bounds.strip_prefix('@').map_or((false, bounds), |bounds| (true, bounds));
        let (start, end) = match bounds.split_once(':') {
            None => (Some(0.0), Some(number(bounds)?)),
            Some((start, end)) => {
                let start = match start {
                    "~" => None,
                    "" => Some(0.0),
                    start => Some(number(start)?),
                };
                (start, if end.is_empty() { None } else { Some(number(end)?) })
            }
        };
        if start.zip(end).is_some_and(|(start, end)| start > end) {
            return Err(format!("'{text}' ends before it starts; write the smaller number first, for example 10:20"));
        }
        Ok(Self { start, end, inside })
    }
}

/// Formats in the same grammar.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.inside {
            f.write_str("@")?;
        }
        match (self.start, self.end) {
            (Some(0.0), Some(end)) => return write!(f, "{end}"),
            (Some(start), _) => write!(f, "{start}:")?,
            (None, _) => f.write_str("~:")?,
        }
        self.end.map_or(Ok(()), |end| write!(f, "{end}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{Fuzz, assert_stable};

    #[test]
    fn the_ranges_of_the_guidelines_alert_where_they_should() {
        // Monitoring Plugins Development Guidelines, table "Example ranges".
        for (text, alerts, quiet) in [
            ("10", &[-0.1, 10.1][..], &[0.0, 10.0][..]),
            ("10:", &[9.9][..], &[10.0, 1e9][..]),
            ("~:10", &[10.1][..], &[-1e9, 10.0][..]),
            ("10:20", &[9.9, 20.1][..], &[10.0, 20.0][..]),
            ("@10:20", &[10.0, 20.0][..], &[9.9, 20.1][..]),
        ] {
            let range: Range = text.parse().unwrap();
            assert_eq!(range.to_string(), text);
            assert!(alerts.iter().all(|value| range.alerts(*value)), "{text}");
            assert!(!quiet.iter().any(|value| range.alerts(*value)), "{text}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused_with_an_example() {
        for text in ["", "a", "1:b", "@", "nan", "inf:"] {
            let why = text.parse::<Range>().unwrap_err();
            assert!(why.contains("10:20"), "{text}: {why}");
        }
        assert!("20:10".parse::<Range>().unwrap_err().contains("smaller number first"));
    }

    #[test]
    fn fuzz_ranges() {
        Fuzz::new("range", &["@", "~", ":", "-0", "1e309", "inf"]).run_on_text(assert_stable::<Range>);
    }
}
