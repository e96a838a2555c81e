//! The lines of `ping`, one for each reply, as ping(8) has them.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use crate::{
    clock::Stamp,
    event::{Event, EventKind, EventSink, Reply},
    render::units::{clean, millis},
};

/// Writes `PONG from 127.0.0.1:6379: seq=1 time=0.123 ms` for each answered probe, and what went wrong for the others.
pub struct PingLines {
    out: Box<dyn Write>,
    timestamps: bool,
    address: String,
    /// The run's beginning, to turn stamps into wall-clock time.
    start: Option<Event>,
    line: String,
    error: Option<io::Error>,
}

impl PingLines {
    /// Writes to `out`, each line at once and in one piece; with `timestamps`, each begins with the time in seconds
    /// since the Unix epoch, as `ping -D` has it.
    pub fn new(out: Box<dyn Write>, timestamps: bool) -> Self {
        Self { out, timestamps, address: String::new(), start: None, line: String::new(), error: None }
    }

    /// The error that ended the output ([`io::ErrorKind::BrokenPipe`] when nobody reads it any more).
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    fn write(&mut self, reply: &Reply) -> io::Result<()> {
        self.line.clear();
        if self.timestamps {
            self.timestamp(reply.at);
        }
        let number = reply.number;
        // Writing to a String does not fail.
        let _ = match &reply.outcome {
            Ok(_) => write!(self.line, "PONG from {}: seq={number} time={}", self.address, millis(reply.latency)),
            Err(failure) => write!(
                self.line,
                "seq={number} {} [{}, {}]",
                clean(&failure.text),
                failure.key.class,
                failure.key.origin
            ),
        };
        if !reply.waited.is_zero() {
            let _ = write!(self.line, " waited={}", millis(reply.waited));
        }
        self.line.push('\n');
        self.out.write_all(self.line.as_bytes())?;
        self.out.flush()
    }

    fn timestamp(&mut self, at: Stamp) {
        if let Some(start) = &self.start {
            let micros = start.wall_of(at).unix_nanos() / 1000;
            let _ = write!(self.line, "[{}.{:06}] ", micros / 1_000_000, micros % 1_000_000);
        }
    }
}

impl EventSink for PingLines {
    fn on_event(&mut self, event: &Event) {
        if let EventKind::RunStarted(started) = &event.kind {
            self.address = started.plan.target.address.to_string();
            self.start = Some(event.clone());
        }
    }

    fn on_reply(&mut self, reply: &Reply) {
        if self.error.is_none() {
            self.error = self.write(reply).err();
        }
    }
}
