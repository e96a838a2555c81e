//! The journal: every event of a run as a line of JSON, appended as it happens.
//!
//! It survives a crash, and `redis-doctor report` rebuilds the report from it. Counters are written each second;
//! histograms, which are long, are summed and written every ten seconds and at the end. A file may hold several runs in
//! sequence.

mod reader;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use reader::{JournalError, replay};
pub(crate) use writer::JournalWriter;
