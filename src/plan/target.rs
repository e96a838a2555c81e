//! The address of a server and the login.

use std::{fmt, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::Display;

/// The server under diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// Address that it listens on.
    pub address: Address,
    /// Number of the logical database.
    pub db: i64,
    /// ACL user; null is the default user.
    pub user: Option<String>,
    /// Password; never written.
    #[serde(skip)]
    pub password: Option<Secret>,
    /// Name set with CLIENT SETNAME; null is none.
    pub client_name: Option<String>,
    /// Flag or variable that named the server: `--uri`, `REDIS_URL`, `default` …
    pub named_by: String,
}

impl Target {
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
        host: String,
        /// Port number.
        port: u16,
        /// True if the connection is encrypted.
        tls: bool,
    },
    /// Path of a Unix socket.
    Unix(PathBuf),
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

/// A password that cannot be printed, logged or serialized.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a password.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    /// Returns the password, for the handshake only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Length from which a part of a password counts as the password.
const TELLING: usize = 4;

/// Error replies that are the same for every password, so that they reveal nothing about one.
const CONSTANT: [&str; 3] = [
    "WRONGPASS invalid username-password pair or user is disabled.",
    "NOAUTH Authentication required.",
    "ERR invalid password",
];

impl Secret {
    /// Hides the password in text from outside: a server that does not know a command quotes its arguments, possibly cut
    /// off or escaped. Any four bytes in a row of it hide the whole word, because the rest of a known word would give
    /// them away.
    pub(crate) fn hidden_in(&self, text: &str) -> String {
        let secret = self.0.as_bytes();
        if secret.is_empty() || CONSTANT.contains(&text) {
            return text.to_owned();
        }
        let telling = secret.len().min(TELLING);
        let mut hidden = vec![false; text.len()];
        for (at, window) in text.as_bytes().windows(telling).enumerate() {
            if secret.windows(telling).any(|part| part == window) {
                hidden[at..at + telling].fill(true);
            }
        }
        let word = |char: char| !char.is_whitespace() && !"'\"`,;()".contains(char);
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let begins_with_word = rest.starts_with(word);
            let end = rest.find(|char: char| word(char) != begins_with_word).unwrap_or(rest.len());
            let start = text.len() - rest.len();
            let masks = hidden[start..start + end].contains(&true);
            shown.push_str(if masks { "***" } else { &rest[..end] });
            rest = &rest[end..];
        }
        shown
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
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
    use proptest::prelude::*;

    use super::*;

    fn target(address: Address, db: i64) -> Target {
        let password = Some(Secret::new("hunter2"));
        Target { address, db, user: None, password, client_name: None, named_by: "--uri".into() }
    }

    #[test]
    fn a_word_with_a_part_of_the_password_is_hidden_whole() {
        let hidden = |password: &str, text: &str| Secret::new(password).hidden_in(text);
        let constant = "WRONGPASS invalid username-password pair or user is disabled.";
        for password in ["pass", "password", "word", "hunter2", "", "user"] {
            assert_eq!(hidden(password, constant), constant);
        }
        assert_eq!(hidden("pass", "ERR no such password-store"), "ERR no such ***");
        let quoted = "ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'hunter2'";
        assert_eq!(hidden("hunter2", quoted), quoted.replace("hunter2", "***"));
        assert_eq!(hidden("hunter2-and-more", quoted), quoted.replace("hunter2", "***"), "cut off by the server");
        assert_eq!(hidden("abc", "ERR 'abc' or 'bcd'"), "ERR '***' or 'bcd'");
        assert_eq!(hidden("hunter2", "ERR unknown command 'HELLO'"), "ERR unknown command 'HELLO'");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_four_bytes_of_a_password_are_shown(
            password in "[a-z0-9@ é%'-]{1,20}",
            before in "[ -~é]{0,20}",
            after in "[ -~é]{0,20}",
            cut in 0..20_usize,
        ) {
            let part: String = password.chars().skip(cut / 4).take(20 - cut).collect();
            let shown = Secret::new(password.clone()).hidden_in(&format!("ERR {before}{part}{after}"));
            let telling = password.len().min(TELLING);
            for leaked in password.as_bytes().windows(telling).filter(|part| !b"***".windows(telling).any(|mask| mask == *part)) {
                let shown = shown.as_bytes().windows(telling);
                prop_assert!(!shown.into_iter().any(|window| window == leaked && !window.contains(&b' ') && !window.contains(&b'\'')));
            }
        }
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
