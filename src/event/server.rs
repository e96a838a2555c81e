//! The identity of a server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The identity of a server process, from INFO; null is unknown (an ACL may forbid INFO).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerIdentity {
    /// Product name: `Redis` or `Valkey`.
    pub product: Option<String>,
    /// Version of the server.
    pub version: Option<String>,
    /// `run_id` of the process; a restart changes it.
    pub run_id: Option<String>,
    /// `role`, as INFO reports it: `master`, `slave`, or `sentinel`.
    pub role: Option<String>,
}

impl ServerIdentity {
    /// Returns the known parts as text: `Redis 7.2.4 primary`.
    pub fn introduction(&self) -> Option<String> {
        let role = self.role.as_deref().map(role_name);
        let words = [self.product.as_deref(), self.version.as_deref(), role];
        let words: Vec<_> = words.into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join(" "))
    }
}

/// Returns `primary` and `replica` for the `master` and `slave` of INFO, HELLO and ROLE.
pub(crate) fn role_name(role: &str) -> &str {
    match role {
        "master" => "primary",
        "slave" => "replica",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_introduced_in_one_word_for_its_role() {
        let introduced = |role: Option<&str>| {
            let server = ServerIdentity {
                product: Some("Valkey".into()),
                version: Some("9.0.1".into()),
                role: role.map(str::to_owned),
                run_id: None,
            };
            server.introduction().unwrap()
        };
        for (role, text) in [("master", "primary"), ("slave", "replica"), ("sentinel", "sentinel")] {
            assert_eq!(introduced(Some(role)), format!("Valkey 9.0.1 {text}"));
        }
        assert_eq!(introduced(None), "Valkey 9.0.1");
        assert_eq!(ServerIdentity::default().introduction(), None);
    }
}
