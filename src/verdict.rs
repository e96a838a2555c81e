//! The words of every result: the verdict, a finding, and its severity.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::foreign;

/// The result of a run or a check; OK, WARNING and CRITICAL in Nagios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::Display, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Verdict {
    /// No finding, or only remarks.
    Healthy,
    /// It dropped or stalled and recovered on its own, or there were errors, or a warning gate tripped.
    Degraded,
    /// Unreachable, not recovered, an unrecoverable state or `pinned` to the end, subscription or messages lost, wrong
    /// replies, silence, or a failing gate.
    Critical,
}

impl Verdict {
    /// Returns the verdict of the worst severity.
    pub fn worst(severities: impl IntoIterator<Item = Severity>) -> Self {
        match severities.into_iter().max() {
            Some(Severity::Critical) => Self::Critical,
            Some(Severity::Warning) => Self::Degraded,
            Some(Severity::Info) | None => Self::Healthy,
        }
    }
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::Display, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// The connection is degraded.
    Warning,
    /// The connection failed its user.
    Critical,
}

/// A finding of a check-up or a trace, with its evidence and a remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckFinding {
    /// Severity of the finding.
    pub severity: Severity,
    /// Code for `redis-doctor explain`: `RD` and a number, or an error number of the kernel; null if there is no entry.
    #[schemars(regex(pattern = r"^(RD\d{3}|\d+)$"))]
    #[serde(deserialize_with = "cleaned_code")]
    pub code: Option<Cow<'static, str>>,
    /// Text of the finding, one sentence.
    #[serde(deserialize_with = "foreign::cleaned")]
    pub text: String,
    /// Observed facts.
    #[serde(deserialize_with = "foreign::cleaned")]
    pub evidence: String,
    /// Action that removes the problem.
    #[serde(deserialize_with = "foreign::cleaned")]
    pub remedy: String,
}

impl CheckFinding {
    /// Creates a finding without evidence and remedy; [`CheckFinding::evidence`] and [`CheckFinding::remedy`] add them.
    pub(crate) fn new(severity: Severity, code: &'static str, text: impl Into<String>) -> Self {
        Self { severity, code: Some(code.into()), text: text.into(), evidence: String::new(), remedy: String::new() }
    }

    pub(crate) fn evidence(self, evidence: impl Into<String>) -> Self {
        Self { evidence: evidence.into(), ..self }
    }

    pub(crate) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: remedy.into(), ..self }
    }
}

/// Reads a code.
fn cleaned_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'static, str>>, D::Error> {
    Ok(foreign::cleaned_option(deserializer)?.map(Cow::Owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_severity_decides() {
        assert_eq!(Verdict::worst([]), Verdict::Healthy);
        assert_eq!(Verdict::worst([Severity::Info]), Verdict::Healthy);
        assert_eq!(Verdict::worst([Severity::Warning, Severity::Info]), Verdict::Degraded);
        assert_eq!(Verdict::worst([Severity::Info, Severity::Critical, Severity::Warning]), Verdict::Critical);
    }
}
