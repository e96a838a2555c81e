//! The address of a server and the login.

use std::{fmt, net::SocketAddr, path::PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::Display;

use super::{Password, Secret, TlsOptions};
use crate::foreign;

/// The server under diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// Address that it listens on.
    pub address: Address,
    /// Number of the logical database.
    pub db: i64,
    /// ACL user; null is the default user.
    #[serde(deserialize_with = "foreign::cleaned_option")]
    pub user: Option<String>,
    /// Password; never written.
    #[serde(skip)]
    pub password: Option<Password>,
    /// TLS settings; absent if all are the defaults.
    #[serde(default, skip_serializing_if = "TlsOptions::is_default")]
    pub tls: TlsOptions,
    /// Name set with CLIENT SETNAME; null is none.
    #[serde(deserialize_with = "foreign::cleaned_option")]
    pub client_name: Option<String>,
    /// Name that the list of targets gives it; absent if none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "foreign::cleaned_option")]
    pub name: Option<String>,
    /// Protocol that its URL requests, if the run has several targets; absent if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// Flag or variable that named the server: `--uri`, `REDIS_URL`, `default` …
    #[serde(deserialize_with = "foreign::cleaned")]
    pub named_by: String,
}

impl Target {
    /// Creates a target without a login, named by this flag or source.
    pub(crate) fn new(address: Address, named_by: impl Into<String>) -> Self {
        Self {
            address,
            db: 0,
            user: None,
            password: None,
            tls: TlsOptions::default(),
            client_name: None,
            name: None,
            protocol: None,
            named_by: named_by.into(),
        }
    }

    /// Returns its name, or `host:port` and the database if it is not 0.
    pub fn label(&self) -> String {
        match (&self.name, self.db) {
            (Some(name), _) => name.clone(),
            (None, 0) => self.address.to_string(),
            (None, db) => format!("{}/{db}", self.address),
        }
    }

    /// Returns the host of its address; `None` for a Unix socket, which is on this machine.
    pub(crate) fn host(&self) -> Option<&str> {
        match &self.address {
            Address::Tcp { host, .. } => Some(host),
            Address::Unix(_) => None,
        }
    }

    /// Returns another server of the same kind: with the same login and the same encryption.
    pub(crate) fn at(&self, host: &str, port: u16) -> Self {
        let address = Address::Tcp { host: host.to_owned(), port, tls: self.speaks_tls() };
        Self { address, name: None, ..self.clone() }
    }

    /// Returns the URL of a proxy before it, with the login of the server if it does not change. `tls` is that of the proxy.
    pub(crate) fn url_through(&self, proxy: SocketAddr, tls: bool) -> Secret {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let user = self.user.as_deref().map(encoded).unwrap_or_default();
        let login = match &self.password {
            Some(Password::Given(secret)) => format!("{user}:{}@", encoded(secret.given())),
            Some(Password::Asked(_)) | None => String::new(),
        };
        let db = if self.db == 0 { String::new() } else { format!("/{}", self.db) };
        let scheme = if tls { "rediss" } else { "redis" };
        Secret::new(format!("{scheme}://{login}{proxy}{db}"))
    }

    /// Returns true if connections to it are encrypted.
    pub fn speaks_tls(&self) -> bool {
        matches!(self.address, Address::Tcp { tls: true, .. })
    }
}

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// Host and port, with or without TLS.
    Tcp {
        /// Name or IP address (IPv6 without brackets).
        #[serde(deserialize_with = "foreign::cleaned")]
        host: String,
        /// Port number.
        port: u16,
        /// True if the connection is encrypted.
        tls: bool,
    },
    /// Path of a Unix socket.
    Unix(#[serde(deserialize_with = "foreign::cleaned")] PathBuf),
}

/// Formats as `host:port`, `[v6]:port` or the path of the socket.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port, .. } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Formats as a URL without credentials.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match &self.address {
            Address::Tcp { tls: true, .. } => "rediss",
            Address::Tcp { tls: false, .. } => "redis",
            Address::Unix(_) => "unix",
        };
        write!(f, "{scheme}://{}", self.address)?;
        if self.db != 0 {
            let separator = if matches!(self.address, Address::Unix(_)) { "?db=" } else { "/" };
            write!(f, "{separator}{}", self.db)?;
        }
        Ok(())
    }
}

/// A requested protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Display, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// RESP3; a finding if the server does not support it.
    #[default]
    #[strum(serialize = "RESP3")]
    Resp3,
    /// RESP2, with a second connection for subscriptions.
    #[strum(serialize = "RESP2")]
    Resp2,
    /// RESP3 if the server supports it, otherwise RESP2.
    #[strum(serialize = "auto")]
    Auto,
}

impl Protocol {
    /// Returns true for RESP3 and false for RESP2; `None` if it depends on the server.
    pub fn is_resp3(self) -> Option<bool> {
        match self {
            Self::Resp3 => Some(true),
            Self::Resp2 => Some(false),
            Self::Auto => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Secret;

    fn target(address: Address, db: i64) -> Target {
        let password = Some(Password::Given(Secret::new("hunter2")));
        Target { db, password, ..Target::new(address, "--uri") }
    }

    #[test]
    fn a_target_prints_without_its_password() {
        let tcp = target(Address::Tcp { host: "::1".into(), port: 6379, tls: true }, 3);
        assert_eq!(tcp.to_string(), "rediss://[::1]:6379/3");
        let unix = target(Address::Unix("/run/redis.sock".into()), 0);
        assert_eq!(unix.to_string(), "unix:///run/redis.sock");
        for shown in [format!("{tcp:?}"), serde_json::to_string(&tcp).unwrap()] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
