//! The identity of a server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foreign::Foreign;

/// The identity of a server process, from INFO; null is unknown (an ACL may forbid INFO).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerIdentity {
    /// Product name: `Redis` or `Valkey`.
    pub product: Option<Foreign>,
    /// Version of the server.
    pub version: Option<Foreign>,
    /// `run_id` of the process; a restart changes it.
    pub run_id: Option<Foreign>,
    /// `role`, as INFO reports it: `master`, `slave`, or `sentinel`.
    pub role: Option<Foreign>,
    /// `redis_mode` or `server_mode`: `standalone`, `cluster` or `sentinel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Foreign>,
    /// Address of the primary that a replica follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<Foreign>,
    /// True if a replica is connected to its primary (`master_link_status`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_link: Option<bool>,
    /// `uptime_in_seconds` at the time of the query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime: Option<u64>,
    /// Proxy that answers for the server, if its replies show one; a transparent proxy shows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyKind>,
}

/// A kind of proxy in front of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProxyKind {
    /// It refuses HELLO.
    Resp2Only,
    /// Its protocols are unknown: HELLO was not sent.
    Unspecified,
}

impl std::fmt::Display for ProxyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Resp2Only => "a proxy that speaks RESP2 only",
            Self::Unspecified => "a proxy",
        })
    }
}

impl ServerIdentity {
    /// Returns the known parts as text: `Redis 7.2.4 replica of 10.0.3.18:6379`, or `a proxy that speaks RESP2 only`.
    pub fn introduction(&self) -> Option<String> {
        let role = self.role.as_deref().map(role_name);
        let primary = self.primary.as_ref().map(|primary| format!("of {primary}"));
        let words = [self.product.as_deref(), self.version.as_deref(), role, primary.as_deref()];
        let words: Vec<_> = words.into_iter().flatten().collect();
        match (words.is_empty(), self.proxy) {
            (true, proxy) => proxy.map(|proxy| proxy.to_string()),
            (false, None) => Some(words.join(" ")),
            (false, Some(proxy)) => Some(format!("{} behind {proxy}", words.join(" "))),
        }
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
                role: role.map(Into::into),
                ..ServerIdentity::default()
            };
            server.introduction().unwrap()
        };
        for (role, text) in [("master", "primary"), ("slave", "replica"), ("sentinel", "sentinel")] {
            assert_eq!(introduced(Some(role)), format!("Valkey 9.0.1 {text}"));
        }
        assert_eq!(introduced(None), "Valkey 9.0.1");
        assert_eq!(ServerIdentity::default().introduction(), None);
        let proxied = ServerIdentity { proxy: Some(ProxyKind::Resp2Only), ..ServerIdentity::default() };
        assert_eq!(proxied.introduction().unwrap(), "a proxy that speaks RESP2 only");
        let behind = ServerIdentity { product: Some("Redis".into()), ..proxied };
        assert_eq!(behind.introduction().unwrap(), "Redis behind a proxy that speaks RESP2 only");
    }
}
