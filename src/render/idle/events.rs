//! A search as NDJSON: what happens in it, when it happens, then the result, a line for each of its records.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    clock::{Stamp, WallTime},
    idle::{IdleReport, Progress},
    render::json,
};

/// An event of a search, with the first fields of a run's events.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EventLine {
    t: Stamp,
    time: WallTime,
    #[serde(flatten)]
    news: Progress,
}

/// Writes a line about something that has just happened.
///
/// # Errors
/// Whatever writing returns.
pub fn idle_event(at: Stamp, time: WallTime, news: Progress, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &EventLine { t: at, time, news })?;
    out.write_all(b"\n")
}

/// The result without its lists as `summary`, then each entry of each list: `suspect`, `note`, `silence`.
pub(super) fn lines(report: &IdleReport, out: &mut dyn Write) -> io::Result<()> {
    json::summary(report, out)?;
    json::each("suspect", &report.suspects, out)?;
    for text in &report.notes {
        json::line("note", &serde_json::json!({ "text": text }), out)?;
    }
    json::each("silence", &report.silences, out)
}
