//! A diagnosis: a cause, how sure it is, and the evidence.

use serde::Serialize;

use super::causes::Cause;

/// How sure a diagnosis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::Display)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Confidence {
    /// Something points to it.
    Possible,
    /// The facts fit it, and fit nothing else as well.
    Likely,
    /// The facts allow nothing else.
    Certain,
}

/// What ended a connection, or silenced it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The cause.
    pub cause: Cause,
    /// How sure it is.
    pub confidence: Confidence,
    /// The cause's code, for `redis-doctor explain`.
    pub code: &'static str,
    /// What speaks for it, the strongest first.
    pub evidence_for: Vec<String>,
    /// What speaks against it, and what else it might have been.
    pub evidence_against: Vec<String>,
    /// What was asked for and could not be had.
    pub missing: Vec<String>,
    /// What can be done.
    pub remedy: &'static str,
}
