//! The JSON Schemas (draft 2020-12) of all that is written as JSON. A test compares each list in them with the type
//! that it lists.

/// `--format json`.
pub const REPORT: &str = include_str!("schema/report.schema.json");
/// `check --format json`.
pub const CHECK: &str = include_str!("schema/check.schema.json");
/// A line of `--journal`.
pub const JOURNAL: &str = include_str!("schema/journal.schema.json");
/// Of what `idle --format json` writes.
pub const IDLE: &str = include_str!("schema/idle.schema.json");
/// Of a line of `idle --format ndjson`.
pub const IDLE_LINE: &str = include_str!("schema/idle-line.schema.json");
/// Of what `drill --format json` writes.
pub const DRILL: &str = include_str!("schema/drill.schema.json");

#[cfg(test)]
mod tests;
