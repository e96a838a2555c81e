//! The events of a search as lines of NDJSON.

use std::io::{self, Write};

use serde::Serialize;

use crate::{
    clock::{Stamp, WallTime},
    idle::Progress,
};

/// The first fields of a line are those of a run's events.
#[derive(Serialize)]
struct Told {
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
    serde_json::to_writer(&mut *out, &Told { t: at, time, news })?;
    out.write_all(b"\n")
}
