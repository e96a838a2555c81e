//! What an independent connection attempt found.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    classify::{Failure, Stage},
    clock::seconds,
};

/// An independent connection attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathProbed {
    /// Completed stages with their durations, in order.
    pub stages: Vec<StageTime>,
    /// The stage that failed, and how; absent when the server answered PING (or forbade it to a user
    /// who needs none).
    pub failure: Option<Failure>,
}

/// How long a stage of a connection attempt took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageTime {
    /// The stage.
    pub stage: Stage,
    /// Its duration.
    #[serde(with = "seconds")]
    pub took: Duration,
}
