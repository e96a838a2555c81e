//! Replies of a server: errors with Redis' own texts, and RESP3 pushes.

use std::{fmt, str::FromStr};

use super::{Reach, commands::Traits};
use crate::suggestion;

/// Errors by their first word, with the texts of Redis 7.
const ERRORS: [(&str, &str); 14] = [
    ("LOADING", "LOADING Redis is loading the dataset in memory"),
    ("READONLY", "READONLY You can't write against a read only replica."),
    ("MASTERDOWN", "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
    ("NOAUTH", "NOAUTH Authentication required."),
    ("WRONGPASS", "WRONGPASS invalid username-password pair or user is disabled."),
    ("NOPERM", "NOPERM User default has no permissions to run this command"),
    ("OOM", "OOM command not allowed when used memory > 'maxmemory'."),
    ("CLUSTERDOWN", "CLUSTERDOWN The cluster is down"),
    ("MOVED", "MOVED 3999 127.0.0.1:6381"),
    ("MAXCLIENTS", "ERR max number of clients reached"),
    ("BUSY", "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."),
    ("MISCONF", "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk."),
    ("TRYAGAIN", "TRYAGAIN Multiple keys request during rehashing of slot"),
    ("ERR", "ERR unknown error"),
];

/// An error that a server may reply with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ErrorCode(usize);

impl ErrorCode {
    /// The whole error, without the leading `-` and the line end.
    pub(super) fn wording(self) -> &'static str {
        ERRORS[self.0].1
    }

    fn name(self) -> &'static str {
        ERRORS[self.0].0
    }

    /// True if the server closes the connection after it.
    pub(super) fn is_final(self) -> bool {
        self.name() == "MAXCLIENTS"
    }

    /// The connections that get it unless the user names others: a server that is full keeps those that it has.
    pub(super) fn reach(self) -> Reach {
        if self.is_final() { Reach::New } else { Reach::All }
    }

    /// True if a server replies with it to this command.
    pub(super) fn refuses(self, name: &str, traits: &Traits) -> bool {
        match self.name() {
            "READONLY" => traits.has("write"),
            "MISCONF" => traits.has("write") || name == "PING",
            "OOM" => traits.has("denyoom"),
            "LOADING" => !traits.has("loading"),
            "MASTERDOWN" => !traits.has("stale"),
            "BUSY" => !traits.has("allow_busy"),
            "NOPERM" => !traits.has("no_auth"),
            // HELLO without AUTH is refused, although it may come before a password.
            "NOAUTH" => !traits.has("no_auth") || name == "HELLO",
            "WRONGPASS" => matches!(name, "AUTH" | "HELLO"),
            "MOVED" | "CLUSTERDOWN" => traits.has("keyed"),
            "TRYAGAIN" => traits.has("multikey"),
            // MAXCLIENTS, which is for connections, and ERR.
            _ => true,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ERRORS[self.0].0)
    }
}

impl FromStr for ErrorCode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.trim().to_ascii_uppercase().replace(['_', ' '], "");
        let found = ERRORS.iter().position(|(name, _)| *name == word);
        found.map(Self).ok_or_else(|| {
            let known = ERRORS.iter().map(|(name, _)| *name);
            format!("'{text}' is not a known error; {}", suggestion::instead(text, known))
        })
    }
}

/// Pushes that servers send, with typical arguments as the default.
const ANNOUNCED: [(&str, &[&str]); 6] = [
    ("MOVING", &["1", "15", "127.0.0.1:6379"]),
    ("MIGRATING", &["1", "15", "1"]),
    ("MIGRATED", &["1", "1"]),
    ("FAILING_OVER", &["1", "15", "1"]),
    ("FAILED_OVER", &["1", "1"]),
    ("invalidate", &["redis-doctor"]),
];

/// A RESP3 push: its kind, and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PushFrame(Vec<String>);

impl PushFrame {
    /// The bytes of the push: numbers as integers, the rest as bulk strings; `invalidate` has its keys in an array.
    pub(super) fn encode(&self) -> Vec<u8> {
        let element = |word: &String| match word.parse::<i64>() {
            Ok(number) => format!(":{number}\r\n"),
            Err(_) => format!("${}\r\n{word}\r\n", word.len()),
        };
        let arguments: String = self.0[1..].iter().map(element).collect();
        let kind = format!("${}\r\n{}\r\n", self.0[0].len(), self.0[0]);
        match self.0[0].as_str() {
            "invalidate" => format!(">2\r\n{kind}*{}\r\n{arguments}", self.0.len() - 1),
            _ => format!(">{}\r\n{kind}{arguments}", self.0.len()),
        }
        .into_bytes()
    }
}

impl fmt::Display for PushFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl FromStr for PushFrame {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let Some(kind) = words.first_mut() else {
            return Err("a push needs a kind; write for example push=MOVING or 'push=MOVING 1 15 10.0.0.1:6379'".into());
        };
        let announced = ANNOUNCED.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind));
        if let Some((name, usual)) = announced {
            *kind = (*name).to_owned();
            if words.len() == 1 {
                words.extend(usual.iter().map(|word| (*word).to_owned()));
            }
        }
        Ok(Self(words))
    }
}
