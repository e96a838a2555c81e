//! Which server is on the other side.

use serde::{Deserialize, Serialize};

/// Which server process answered, as far as INFO tells (an ACL may forbid it).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerIdentity {
    /// `Redis` or `Valkey`.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// `run_id`: changes when the process restarts.
    pub run_id: Option<String>,
    /// `master`, `slave` …
    pub role: Option<String>,
}

impl ServerIdentity {
    /// For people, as far as it is known: `Redis 7.2.4 master`.
    pub fn introduction(&self) -> Option<String> {
        let words = [&self.product, &self.version, &self.role];
        let words: Vec<_> = words.into_iter().flatten().map(String::as_str).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }
}
