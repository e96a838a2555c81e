//! The settings of this machine's name resolver, from resolv.conf(5).

use std::{path::Path, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use crate::clock::Seconds;

/// `RES_TIMEOUT` and its upper limit (resolv.conf(5)).
const TIMEOUT: u64 = 5;
const LONGEST: u64 = 30;

/// `RES_DFLRETRY` and its upper limit (resolv.conf(5)).
const ATTEMPTS: u64 = 2;
const MOST: u64 = 5;

/// Settings of name lookups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Resolver {
    /// Addresses of the name servers, in order.
    pub(crate) name_servers: Vec<String>,
    /// Time without an answer after which the resolver sends its query again (`options timeout`).
    #[serde(rename = "timeout_seconds", with = "Seconds")]
    pub(crate) timeout: Duration,
    /// Number of rounds through the name servers (`options attempts`).
    pub(crate) attempts: u64,
}

impl Resolver {
    /// Reads `/etc/resolv.conf`.
    pub(crate) fn read() -> Option<Self> {
        Self::read_from(Path::new("/etc/resolv.conf"))
    }

    fn read_from(file: &Path) -> Option<Self> {
        Some(Self::parse(&std::fs::read_to_string(file).ok()?))
    }

    fn parse(text: &str) -> Self {
        let mut found = Self { name_servers: Vec::new(), timeout: Duration::from_secs(TIMEOUT), attempts: ATTEMPTS };
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("nameserver") => found.name_servers.extend(words.next().map(str::to_owned)),
                Some("options") => words.for_each(|option| found.set(option)),
                _ => {}
            }
        }
        found
    }

    fn set(&mut self, option: &str) {
        match option.split_once(':').and_then(|(name, value)| Some((name, value.parse::<u64>().ok()?))) {
            Some(("timeout", seconds)) => self.timeout = Duration::from_secs(seconds.clamp(1, LONGEST)),
            Some(("attempts", count)) => self.attempts = count.clamp(1, MOST),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::Fuzz;

    #[test]
    fn the_resolvers_options_are_read_and_default_to_those_of_the_manual() {
        let read = |text| {
            let found = Resolver::parse(text);
            (found.name_servers, found.timeout.as_secs(), found.attempts)
        };
        let servers = ["10.96.0.10".to_owned(), "fd00::10".to_owned()].to_vec();
        let usual = "# generated\nsearch svc.test\nnameserver 10.96.0.10\nnameserver fd00::10\noptions ndots:5\n";
        assert_eq!(read(usual), (servers, 5, 2));
        assert_eq!(read("options timeout:1 attempts:3 single-request-reopen"), (vec![], 1, 3));
        assert_eq!(read("options timeout:90 attempts:0\n"), (vec![], 30, 1));
        assert_eq!(read("options timeout:soon\nnameserver\n"), (vec![], 5, 2));
        assert_eq!(Resolver::read_from(Path::new("/nonexistent/resolv.conf")), None);
    }

    #[test]
    fn fuzz_resolvers() {
        Fuzz::new("resolv", &["nameserver ", "options ", "timeout:", "attempts:"]).run_on_text(|text| {
            let found = Resolver::parse(text);
            assert!(found.timeout <= Duration::from_secs(LONGEST) && found.attempts <= MOST, "{found:?}");
        });
    }
}
