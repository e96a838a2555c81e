//! A transaction of a client: the commands between MULTI and EXEC, and the keys that it watches.

use std::ops::Range;

use bytes::Bytes;

/// The transaction of a client.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Transaction {
    /// The commands so far; `None` outside a transaction.
    pub(in crate::sandbox) queued: Option<Vec<Queued>>,
    /// True if a command was refused: EXEC then runs none.
    pub(in crate::sandbox) spoiled: bool,
    /// Database, name and version of each watched key.
    pub(in crate::sandbox) watched: Vec<(usize, Bytes, u64)>,
}

/// A command that waits for EXEC.
#[derive(Debug)]
pub(in crate::sandbox) struct Queued {
    pub(in crate::sandbox) bytes: Vec<u8>,
    /// Places of the arguments in these bytes.
    pub(in crate::sandbox) arguments: Vec<Range<usize>>,
}

impl Queued {
    /// Keeps a command with these arguments.
    pub(in crate::sandbox) fn new<'a>(arguments: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut queued = Self { bytes: Vec::new(), arguments: Vec::new() };
        for argument in arguments {
            let from = queued.bytes.len();
            queued.bytes.extend_from_slice(argument);
            queued.arguments.push(from..queued.bytes.len());
        }
        queued
    }
}
