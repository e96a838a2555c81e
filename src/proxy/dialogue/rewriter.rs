//! A chunk from which parts are removed, or to which bytes are added.

use super::Passed;

/// Copies only if something is removed or added.
pub(super) struct Rewriter<'a> {
    chunk: &'a [u8],
    /// Length of the part at its start that passes unchanged.
    kept: usize,
    instead: Option<Vec<u8>>,
}

impl<'a> Rewriter<'a> {
    pub(super) fn new(chunk: &'a [u8]) -> Self {
        Self { chunk, kept: 0, instead: None }
    }

    /// Adds bytes from elsewhere.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.instead().extend_from_slice(bytes);
        }
    }

    /// Adds a part of this chunk.
    pub(super) fn keep(&mut self, from: usize, to: usize) {
        if self.instead.is_none() && self.kept == from {
            self.kept = to;
        } else {
            let bytes = &self.chunk[from..to];
            self.instead().extend_from_slice(bytes);
        }
    }

    fn instead(&mut self) -> &mut Vec<u8> {
        self.instead.get_or_insert_with(|| self.chunk[..self.kept].to_vec())
    }

    pub(super) fn finish(mut self) -> Passed<Vec<u8>> {
        if self.instead.is_none() && self.kept == self.chunk.len() {
            return Passed::Whole;
        }
        self.instead();
        Passed::Instead(self.instead.unwrap_or_default())
    }
}
