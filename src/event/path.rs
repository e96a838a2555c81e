//! Independent connection attempts, stage by stage.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    classify::{Failure, Stage},
    clock::Seconds,
    event::ServerIdentity,
};

/// The result of an independent connection attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PathProbed {
    /// Completed stages in order.
    pub stages: Vec<StageTime>,
    /// Failure of the stage that did not complete; null if the server answered PING (or forbade it to a user without
    /// the right to PING).
    pub failure: Option<Failure>,
    /// Server that answered, as HELLO describes it; absent if it did not get so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Box<ServerIdentity>>,
}

/// A completed stage of a connection attempt.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageTime {
    /// Name of the stage.
    pub stage: Stage,
    /// Duration of the stage.
    #[serde(with = "Seconds")]
    pub took: Duration,
}
