//! What passes on of a chunk when parts of it are left out or put in.

use super::Passed;

/// Copies only when something is left out or put in.
pub(super) struct Rewriter<'a> {
    chunk: &'a [u8],
    /// So much from its start goes on as it is.
    kept: usize,
    instead: Option<Vec<u8>>,
}

impl<'a> Rewriter<'a> {
    pub(super) fn new(chunk: &'a [u8]) -> Self {
        Self { chunk, kept: 0, instead: None }
    }

    /// Bytes that are not from this chunk.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.instead().extend_from_slice(bytes);
        }
    }

    /// A part of this chunk.
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
