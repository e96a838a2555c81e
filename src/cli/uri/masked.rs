//! The printable form of a refused URL: every part that can be a password, or a part of one, is `***`.
//!
//! A URL that cannot be parsed may hold a password anywhere, so only a part that looks like a host, a port or a path, in
//! the place of one, is repeated.

use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) const HIDDEN: &str = "***";

/// The longest name of a host (RFC 1035 section 2.3.4).
const LONGEST_HOST: usize = 253;

/// Maximum length of a path that is repeated.
const LONGEST_PATH: usize = 40;

/// Returns the refused text with possible secrets hidden; `None` where nothing of it may be shown.
pub(in crate::cli) fn masked(text: &str) -> Option<String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return is_host_and_port(text).then(|| text.to_owned());
    };
    if !is_scheme(scheme) {
        return None;
    }
    let (login, place) = match rest.rsplit_once('@') {
        // The end of the password cannot be found.
        Some((before, _)) if before.contains(['?', '#']) => return Some(format!("{scheme}://{HIDDEN}")),
        // It may have an '@' in it, and no host behind it.
        Some((_, place)) if !place.is_empty() && !begins_with_a_host(place) => {
            return Some(format!("{scheme}://{HIDDEN}@{HIDDEN}"));
        }
        Some((_, place)) => ("***@", place),
        None => ("", rest),
    };
    Some(format!("{scheme}://{login}{}", shown_place(place, scheme.ends_with("unix"))))
}

/// Returns true for what can be a scheme (RFC 3986 section 3.1); a longer one may be a password.
pub(super) fn is_scheme(text: &str) -> bool {
    let is_part = |char: char| char.is_ascii_alphanumeric() || "+.-".contains(char);
    (1..=15).contains(&text.len()) && text.chars().all(is_part)
}

/// Returns true if this can only be a host: an address, `localhost`, or a name with the number of a port.
fn begins_with_a_host(place: &str) -> bool {
    let authority = place.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    match port {
        _ if is_ipv6(authority) => true,
        "" => host == "localhost" || host.parse::<Ipv4Addr>().is_ok(),
        port => is_name(host) && is_number(port),
    }
}

/// Returns true for a server in the form of other tools: `cache.example:6379`.
pub(super) fn is_host_and_port(text: &str) -> bool {
    let is_known = |host: &str| is_name(host) && (host.contains('.') || host == "localhost");
    text.split_once(':').is_some_and(|(host, port)| is_known(host) && port.parse::<u16>().is_ok())
}

/// Returns host, port and path, with parameters hidden.
fn shown_place(place: &str, unix: bool) -> String {
    let (place, more) = match place.find(['?', '#']) {
        Some(at) => (&place[..at], &place[at..=at]),
        None => (place, ""),
    };
    let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let more = if more.is_empty() { String::new() } else { format!("{more}{HIDDEN}") };
    match shown_authority(authority) {
        Some(authority) if !unix || authority.is_empty() => format!("{authority}{}{more}", shown_path(path)),
        Some(_) | None => HIDDEN.to_owned(),
    }
}

fn shown_authority(authority: &str) -> Option<String> {
    if authority.is_empty() || is_ipv6(authority) {
        return Some(authority.to_owned());
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    match is_name(host) {
        true if is_number(port) => Some(authority.to_owned()),
        // The host may have been left out: then this is a password.
        true => Some(format!("{host}:{HIDDEN}")),
        false => None,
    }
}

/// Returns true for an IPv6 address, or an attempt at one.
fn is_ipv6(authority: &str) -> bool {
    let is_address = |char: char| char.is_ascii_hexdigit() || "[]:.".contains(char);
    authority.parse::<Ipv6Addr>().is_ok() || authority.starts_with('[') && authority.chars().all(is_address)
}

fn is_number(port: &str) -> bool {
    let digits = port.strip_prefix('-').unwrap_or(port);
    digits.len() <= 6 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn shown_path(path: &str) -> &str {
    let is_plain = path.len() <= LONGEST_PATH && path.chars().all(|char| char.is_ascii_graphic());
    if is_plain { path } else { "/***" }
}

fn is_name(host: &str) -> bool {
    let is_part = |char: char| char.is_ascii_alphanumeric() || "._-,*%".contains(char);
    (1..=LONGEST_HOST).contains(&host.len()) && host.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_shown_and_what_may_be_a_password_is_not() {
        for (text, shown) in [
            ("valkey://host:99999", Some("valkey://host:99999")),
            ("redis://me:hunter2@host:99999/3", Some("redis://***@host:99999/3")),
            ("redis://:hunter2@ss@host:1", Some("redis://***@host:1")),
            ("redis://:hunter2/x@localhost/3", Some("redis://***@localhost/3")),
            ("redis://me:hunter2@10.0.0.1/x", Some("redis://***@10.0.0.1/x")),
            ("redis://me:hunter2@[::1]:x", Some("redis://***@***")),
            ("redis://me:hunter2@[::1", Some("redis://***@[::1")),
            ("redis://:my@hunter2", Some("redis://***@***")),
            ("redis://:my@hun.ter2/db", Some("redis://***@***")),
            ("redis://:my@hun:ter2", Some("redis://***@***")),
            ("redis://:my@hunter2/x", Some("redis://***@***")),
            ("redis://:my@hunter2,x", Some("redis://***@***")),
            ("redis://:my@hunter2?x", Some("redis://***@***")),
            ("redis://:my@:123456", Some("redis://***@***")),
            ("redis://:123456", Some("redis://***")),
            ("redis://me:hunter2@", Some("redis://***@")),
            ("redis://me:hunter2", Some("redis://me:***")),
            ("redis://:hunter2", Some("redis://***")),
            ("redis://me:hunter2/x", Some("redis://me:***/x")),
            ("redis://:hunter2?x@host", Some("redis://***")),
            ("redis://:hunter2#x@host", Some("redis://***")),
            ("redis://host?password=hunter2", Some("redis://host?***")),
            ("redis://host?password=a@hunter2", Some("redis://***")),
            ("redis://host#hunter2", Some("redis://host#***")),
            ("redis://host/hun ter2", Some("redis://host/***")),
            ("redis://hun\tter2:1", Some("redis://***")),
            ("redis://[::1", Some("redis://[::1")),
            ("redis://::1:6379", Some("redis://::1:6379")),
            ("unix://hunter2/redis.sock", Some("unix://***")),
            ("unix://", Some("unix://")),
            ("cache.example:6379", Some("cache.example:6379")),
            ("hunter2", None),
            ("me:12345", None),
            ("hun/ter2://host", None),
        ] {
            assert_eq!(masked(text).as_deref(), shown, "{text}");
        }
    }
}
