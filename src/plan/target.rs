//! Where the server is and how to log in.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

/// The server under diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Where it listens.
    pub address: Address,
    /// The logical database.
    pub db: i64,
    /// The ACL user, if not the default one.
    pub user: Option<String>,
    /// The password; written nowhere.
    #[serde(skip)]
    pub password: Option<Secret>,
    /// CLIENT SETNAME.
    pub client_name: Option<String>,
    /// Which flag or variable named it, for the heading (`--uri`, `REDIS_URL`, `default` …).
    pub named_by: String,
}

impl Target {
    /// Whether connections to it are encrypted.
    pub fn speaks_tls(&self) -> bool {
        matches!(self.address, Address::Tcp { tls: true, .. })
    }
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// Host and port, with or without TLS.
    Tcp {
        /// A name or an IP address (IPv6 without brackets).
        host: String,
        /// The port.
        port: u16,
        /// Whether the connection is encrypted.
        tls: bool,
    },
    /// A unix socket.
    Unix(PathBuf),
}

/// `host:port`, `[v6]:port` or the socket's path.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port, .. } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The address as a URL without credentials.
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

/// A password: it can be used, but not printed, logged or serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a password.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    /// The password itself, for the handshake only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// The protocol the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// RESP3, or a clear finding where the server cannot.
    #[default]
    Resp3,
    /// RESP2, with a second connection for subscriptions.
    Resp2,
    /// RESP3 where the server can, otherwise RESP2.
    Auto,
}

impl Protocol {
    /// Whether it is RESP3, where that does not depend on the server.
    pub fn is_resp3(self) -> Option<bool> {
        match self {
            Self::Resp3 => Some(true),
            Self::Resp2 => Some(false),
            Self::Auto => None,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Resp3 => "RESP3",
            Self::Resp2 => "RESP2",
            Self::Auto => "auto",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(address: Address, db: i64) -> Target {
        let password = Some(Secret::new("hunter2"));
        Target { address, db, user: None, password, client_name: None, named_by: "--uri".into() }
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
