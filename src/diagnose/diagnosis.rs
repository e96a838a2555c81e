//! A diagnosis: a cause, its confidence and the evidence.

use schemars::JsonSchema;
use serde::Serialize;

use super::{causes::Cause, obstacle::Obstacle};

/// The confidence of a diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::Display, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Confidence {
    /// Some fact points to the cause.
    Possible,
    /// The facts fit the cause, and no other cause as well.
    Likely,
    /// The facts rule out every other cause.
    Certain,
}

/// The cause of an outage, with evidence and remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Diagnosis {
    /// The cause.
    pub cause: Cause,
    /// The confidence.
    pub confidence: Confidence,
    /// The code of the cause, for `redis-doctor explain`.
    #[schemars(extend("enum" = Cause::ALL.iter().map(|cause| cause.code()).collect::<Vec<_>>()))]
    pub code: &'static str,
    /// Evidence for the cause, strongest first.
    pub evidence_for: Vec<String>,
    /// Evidence against the cause, and other possible causes.
    pub evidence_against: Vec<String>,
    /// Facts that were queried and not available.
    pub missing: Vec<String>,
    /// The remedy, in one sentence.
    pub remedy: &'static str,
    /// The failure that kept the client out afterwards, for more than about a second; absent if nothing did, or if it follows from the
    /// cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<Obstacle>,
}
