//! The arguments of one command, as slices of the connection's read buffer.

use std::ops::Range;

use crate::resp::integer;

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
        integer(self.get(index))
    }

    pub(super) fn skip(self, count: usize) -> impl Iterator<Item = &'a [u8]> {
        (count..self.len()).map(move |index| self.get(index))
    }
}
