//! The journal: every event of a run as a line of JSON, appended as it happens.
//!
//! It survives a crash, and `redis-doctor report` rebuilds the report from it. Counts and histograms are written each
//! second in the first ten minutes and around outages, and every ten seconds elsewhere. Each line carries the id of its
//! run: a file may hold several runs, in sequence or mixed, and a run may continue in another file, which then begins
//! with copies of what is needed to read it on its own.

mod beginning;
mod clocks;
mod error;
mod file;
mod index;
mod intervals;
mod missing;
mod reader;
#[cfg(test)]
mod scenarios;
mod source;
mod sync;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use error::JournalError;
pub(crate) use file::OpenError;
pub(crate) use reader::replay;
pub(crate) use writer::JournalWriter;
