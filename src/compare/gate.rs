//! Conditions on a change (`p99>+20%`, `lost>+0`).

use std::{fmt, str::FromStr};

use super::figures;
use crate::{
    report::{FigureRow, GateOutcome, Judgment, Unit},
    suggestion,
};

/// A condition on the change of a figure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChangeGate {
    figure: String,
    /// True for `>`, false for `<`.
    above: bool,
    limit: Limit,
    text: String,
}

/// The limit of a change.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    /// A fraction of the first value; of a share, percentage points.
    Relative(f64),
    /// A difference in the unit of the figure.
    Absolute(f64),
}

impl ChangeGate {
    /// The names of the figures that a condition may name.
    pub(crate) fn figures() -> impl Iterator<Item = &'static str> {
        figures::names()
    }

    /// Judges the figures. A change that may be chance trips no condition.
    pub(super) fn judge(&self, rows: &[FigureRow]) -> GateOutcome {
        let row = rows.iter().find(|row| row.figure == self.figure);
        let change = row.and_then(|row| match self.limit {
            Limit::Relative(_) => row.change,
            Limit::Absolute(_) => Some(row.after? - row.before?),
        });
        let (Limit::Relative(limit) | Limit::Absolute(limit)) = self.limit;
        let is_past = |change: f64| if self.above { change > limit } else { change < limit };
        let is_noise = row.is_some_and(|row| matches!(row.judgment, Judgment::Noise | Judgment::Same));
        // From nothing to something is more than any percentage.
        let from_zero = row.is_some_and(|row| self.above && row.before == Some(0.0) && row.after > Some(0.0));
        let tripped = !is_noise && (change.is_some_and(is_past) || (change.is_none() && from_zero));
        GateOutcome { condition: self.text.clone(), change, tripped }
    }
}

impl fmt::Display for ChangeGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for ChangeGate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text: String = text.chars().filter(|char| !char.is_whitespace()).collect();
        let Some(at) = text.find(['<', '>']) else {
            let known: Vec<_> = figures::names().collect();
            return Err(format!(
                "'{text}' is not a condition; expected for example p99>+20% (figures: {})",
                known.join(", ")
            ));
        };
        let (name, limit) = (&text[..at], &text[at + 1..]);
        let unit = figures::unit(name)
            .ok_or_else(|| format!("'{name}' is not a figure; {}", suggestion::instead(name, figures::names())))?;
        let limit = parse(limit, unit).ok_or_else(|| {
            let example = match unit {
                Unit::Seconds => "+20% or +5ms",
                Unit::Count => "+20% or +3",
                Unit::PerSecond => "-10%",
                Unit::Share => "+0.1% (percentage points)",
            };
            format!("'{limit}' is not a change of {name}; expected for example {example}")
        })?;
        Ok(Self { figure: name.to_owned(), above: text.as_bytes()[at] == b'>', limit, text })
    }
}

fn parse(text: &str, unit: Unit) -> Option<Limit> {
    let (sign, size) = match (text.strip_prefix('-'), text.strip_prefix('+')) {
        (Some(size), _) => (-1.0, size),
        (None, Some(size)) => (1.0, size),
        // Without a sign, it reads like a limit of the figure itself.
        (None, None) => return None,
    };
    let number = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
    if let Some(percent) = size.strip_suffix('%') {
        return Some(Limit::Relative(sign * number(percent)? / 100.0));
    }
    match unit {
        Unit::Seconds => Some(Limit::Absolute(sign * humantime::parse_duration(size).ok()?.as_secs_f64())),
        Unit::Count => Some(Limit::Absolute(sign * number(size)?)),
        Unit::Share | Unit::PerSecond => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(judgment: Judgment, before: f64, after: f64) -> FigureRow {
        FigureRow {
            figure: "p99",
            unit: Unit::Seconds,
            before: Some(before),
            after: Some(after),
            change: (before > 0.0).then(|| after / before - 1.0),
            noise: None,
            probability: None,
            judgment,
        }
    }

    #[test]
    fn a_change_past_the_limit_trips_unless_it_is_noise() {
        let trips =
            |gate: &str, row: &FigureRow| gate.parse::<ChangeGate>().unwrap().judge(std::slice::from_ref(row)).tripped;
        let worse = row(Judgment::Worse, 0.010, 0.013);
        assert!(trips("p99>+20%", &worse) && trips("p99 > +2ms", &worse));
        assert!(!trips("p99>+40%", &worse) && !trips("p99>+4ms", &worse) && !trips("p50>+1%", &worse));
        assert!(!trips("p99>+20%", &row(Judgment::Noise, 0.010, 0.013)));
        assert!(trips("p99<-20%", &row(Judgment::Better, 0.010, 0.005)));
    }

    #[test]
    fn a_condition_without_a_sign_or_of_an_unknown_figure_is_refused_with_the_remedy() {
        for (text, remedy) in [
            ("p99>20%", "expected for example +20% or +5ms"),
            ("p98>+20%", "expected one of drops, outage"),
            ("lost>+x", "expected for example +20% or +3"),
            ("availability<-1", "percentage points"),
            ("nonsense", "figures: drops, outage, availability"),
        ] {
            let error = text.parse::<ChangeGate>().unwrap_err();
            assert!(error.contains(remedy), "{text}: {error}");
        }
    }
}
