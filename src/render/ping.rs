//! The lines of `ping`, one for each reply, as in ping(8).

use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{self, Write},
};

use crate::{
    clock::Stamp,
    event::{Event, EventKind, EventSink, Reply},
    foreign::Foreign,
    render::units::{clean, push_millis},
};

/// Writes `PONG from 127.0.0.1:6379: seq=1 time=0.123 ms` for each answered probe, and the error of the others.
pub(crate) struct PingLines {
    out: Box<dyn Write>,
    timestamps: bool,
    /// The beginning of the line of each answered probe.
    head: String,
    /// The same for each of several targets.
    heads: HashMap<Foreign, String>,
    /// The start of the run, to turn stamps into wall-clock time.
    start: Option<Event>,
    line: String,
    error: Option<io::Error>,
}

impl PingLines {
    /// Writes to `out`, each line immediately and in one piece; with `timestamps`, each begins with the time in seconds
    /// since the Unix epoch, as in `ping -D`.
    pub(crate) fn new(out: Box<dyn Write>, timestamps: bool) -> Self {
        Self {
            out,
            timestamps,
            head: String::new(),
            heads: HashMap::new(),
            start: None,
            line: String::new(),
            error: None,
        }
    }

    /// Returns the error that ended the output ([`io::ErrorKind::BrokenPipe`] if the reader is gone).
    #[cfg(test)]
    pub(crate) fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    fn write(&mut self, reply: &Reply) -> io::Result<()> {
        self.line.clear();
        if self.timestamps {
            self.timestamp(reply.at);
        }
        let mut number = itoa::Buffer::new();
        let number = number.format(reply.number);
        match &reply.outcome {
            // In a run without pauses the next probe is in flight while this is written: nothing slow here.
            Ok(_) => {
                let head = reply.target.as_ref().and_then(|target| self.heads.get(target)).unwrap_or(&self.head);
                self.line.extend([head, number]);
                if let Some(latency) = reply.latency {
                    self.line.push_str(" time=");
                    push_millis(&mut self.line, latency);
                }
            }
            Err(failure) => {
                let (text, key) = (clean(&failure.text), failure.key);
                if let Some(target) = &reply.target {
                    self.line.extend([&*clean(target), ": "]);
                }
                // Writing to a String does not fail.
                let _ = write!(self.line, "seq={number} {text} [{}, {}]", key.class, key.origin);
            }
        }
        if !reply.waited.is_zero() {
            self.line.push_str(" waited=");
            push_millis(&mut self.line, reply.waited);
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
            let head = |from: &str| format!("PONG from {from}: seq=");
            self.head = head(&started.plan.target.address.to_string());
            let targets = started.plan.scope.iter().flat_map(|scope| &scope.targets);
            self.heads = targets.map(|target| (target.label().into(), head(&clean(&target.label())))).collect();
            self.start = Some(event.clone());
        }
    }

    fn on_reply(&mut self, reply: &Reply) {
        if self.error.is_none() {
            self.error = self.write(reply).err();
        }
    }
}
