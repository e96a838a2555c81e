//! The journal: every event of a run as a line of JSON, appended as it happens.
//!
//! It is what survives a crash, and what `redis-doctor report` makes the report from again. Counters are written each
//! second as they come; the histograms, which are long, are summed up and written every tenth second and at the end.
//! A file may hold several runs, one after the other.

mod reader;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod tests;
mod writer;

pub use reader::{JournalError, replay};
pub use writer::JournalWriter;
