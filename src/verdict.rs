//! The words of every result: the verdict, and the severity of a finding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
