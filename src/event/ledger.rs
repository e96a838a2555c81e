//! The read-back of the numbered keys of the ledger workload.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{clock::Stamp, foreign::Foreign};

/// Numbered keys were read back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerRead {
    /// Server that was queried: the primary of that time; absent if none could be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Foreign>,
    /// Acknowledged writes whose keys were to be read.
    pub acknowledged: u64,
    /// Keys that the server does not have.
    pub gone: u64,
    /// Keys that could not be read.
    pub unread: u64,
    /// Time at which the first write that is gone was acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_gone: Option<Stamp>,
    /// Time at which the last write that is gone was acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_gone: Option<Stamp>,
}
