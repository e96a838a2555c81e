//! RESP2 and RESP3 as bytes, for everything that reads them without redis-rs.
//!
//! Two readers, because they keep different things. [`Framer`] finds the ends of values in a stream that is not kept, in
//! chunks of any size: the proxy passes bytes on while it counts commands and replies. [`CommandDecoder`] finds
//! the arguments of commands in a buffer and enforces a server's limits: the sandbox executes them. [`skim`] is a fast
//! path for common values that are complete.

mod blocking;
mod commands;
mod framer;
pub(crate) mod skim;

use std::ops::Range;

pub(crate) use blocking::{may_block, may_wait};
pub(crate) use commands::CommandDecoder;
pub(crate) use framer::{Framer, NotResp, Speaker, Step};

/// The longest header or inline command, as in Redis; anything longer is not RESP, or an attack.
const LONGEST_LINE: usize = 64 * 1024;

/// Returns true for a command that is a line of an HTTP request: a web page makes a browser send one to any port. Redis
/// ends such connections, too (redis `src/server.c`, securityWarningCommand; there POST and `Host:`).
pub(crate) fn is_http<'a>(mut words: impl Iterator<Item = &'a [u8]>) -> bool {
    let is = |word: &[u8], name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    let Some(name) = words.next() else { return false };
    is(name, "POST") || is(name, "Host:") || words.nth(1).is_some_and(|version| version.starts_with(b"HTTP/"))
}

/// Parses an integer as Redis does: no plus sign, no leading zeros, no spaces.
pub(crate) fn integer(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let odd = matches!(digits, [b'+', ..] | [b'0', _, ..]) || text == b"-0";
    if odd { None } else { std::str::from_utf8(text).ok()?.parse().ok() }
}

/// The places of the words in an inline command; quotes are not understood.
fn words(line: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    line.split(u8::is_ascii_whitespace).filter_map(move |word| {
        let start = at;
        at += word.len() + 1;
        (!word.is_empty()).then_some(start..start + word.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_strict() {
        for (text, expected) in [("0", Some(0)), ("-5", Some(-5)), ("9223372036854775807", Some(i64::MAX))] {
            assert_eq!(integer(text.as_bytes()), expected);
        }
        for text in ["", "-", "+1", "01", "-0", "-01", " 1", "1 ", "9223372036854775808", "a"] {
            assert_eq!(integer(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn words_lie_between_blanks() {
        assert_eq!(words(b" PING\ta  bc\r\n").collect::<Vec<_>>(), [1..5, 6..7, 9..11]);
        assert_eq!(words(b" \r\n").count(), 0);
    }
}
