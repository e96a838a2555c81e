//! The arguments of one command, as slices of the connection's read buffer.

use std::ops::Range;

/// The arguments of one command, the command's name first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Args<'a> {
    input: &'a [u8],
    ranges: &'a [Range<usize>],
}

impl<'a> Args<'a> {
    /// Creates the arguments at `ranges` of `input`.
    pub(super) fn new(input: &'a [u8], ranges: &'a [Range<usize>]) -> Self {
        Self { input, ranges }
    }

    pub(super) fn len(self) -> usize {
        self.ranges.len()
    }

    /// Returns the argument at `index`; empty if there is none, which the arity check rules out.
    pub(super) fn get(self, index: usize) -> &'a [u8] {
        self.ranges.get(index).map_or(&[], |range| &self.input[range.clone()])
    }

    /// True if the argument at `index` is `word`, ignoring case.
    pub(super) fn is(self, index: usize, word: &str) -> bool {
        self.get(index).eq_ignore_ascii_case(word.as_bytes())
    }

    pub(super) fn text(self, index: usize) -> String {
        String::from_utf8_lossy(self.get(index)).into_owned()
    }

    pub(super) fn integer(self, index: usize) -> Option<i64> {
        parse_integer(self.get(index))
    }

    pub(super) fn skip(self, count: usize) -> impl Iterator<Item = &'a [u8]> {
        (count..self.len()).map(move |index| self.get(index))
    }
}

/// Parses an integer as strictly as Redis: no plus sign, no leading zeros, no spaces.
pub(super) fn parse_integer(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let odd = matches!(digits, [b'+', ..] | [b'0', _, ..]) || text == b"-0";
    if odd { None } else { std::str::from_utf8(text).ok()?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_strict() {
        for (text, expected) in [("0", Some(0)), ("-5", Some(-5)), ("9223372036854775807", Some(i64::MAX))] {
            assert_eq!(parse_integer(text.as_bytes()), expected);
        }
        for text in ["", "-", "+1", "01", "-0", "-01", " 1", "1 ", "9223372036854775808", "a"] {
            assert_eq!(parse_integer(text.as_bytes()), None, "{text}");
        }
    }
}
