//! Refusals: times in which a server that was reached answered commands with an error.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    classify::{ErrorClass, FailureKey, Stage},
    clock::Stamp,
    foreign::Foreign,
};

/// The start of a refusal: the first error reply of a class after good replies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RefusalBegan {
    /// Row of the error table.
    #[serde(flatten)]
    pub key: FailureKey,
    /// Error reply.
    pub text: Foreign,
    /// Refused command, without its arguments.
    pub command: Foreign,
    /// Start of the first refused command.
    pub since: Stamp,
}

/// The end of a refusal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RefusalEnded {
    /// Class of its error replies.
    pub class: ErrorClass,
    /// Operation that was refused.
    pub stage: Stage,
    /// Start of the first refused command.
    pub since: Stamp,
    /// Time of its end.
    pub until: Stamp,
    /// Refused commands.
    pub count: u64,
    /// Kind of end.
    pub end: RefusalEnd,
}

/// A kind of end of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalEnd {
    /// Everything that had been refused was answered again.
    Served,
    /// The connection was lost: what followed is part of the outage.
    ConnectionLost,
    /// All slots of the target moved to other nodes of the cluster.
    SlotsMoved,
    /// The run ended first.
    RunEnded,
}
