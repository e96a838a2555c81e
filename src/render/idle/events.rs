//! The events of a search as lines of NDJSON.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    clock::{Stamp, WallTime},
    idle::Progress,
};

/// An event of a search, with the first fields of a run's events.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EventLine {
    t: Stamp,
    time: WallTime,
    #[serde(flatten)]
    news: Progress,
}

/// Writes the line of an event.
///
/// # Errors
/// If writing fails.
pub(crate) fn idle_event(at: Stamp, time: WallTime, news: Progress, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &EventLine { t: at, time, news })?;
    out.write_all(b"\n")
}
