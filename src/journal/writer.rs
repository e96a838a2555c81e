//! The writer of journals.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    path::Path,
    time::Duration,
};

use crate::{
    clock::Stamp,
    distribution::Distribution,
    event::{Event, EventKind, EventSink, Interval},
};

/// Interval between histograms.
const DISTRIBUTIONS_EVERY: Duration = Duration::from_secs(10);
/// Maximum age of events that are not in the file yet.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// Appends events to a file. A write error does not end the run: it is kept for [`JournalWriter::error`], and nothing
/// more is written.
pub(crate) struct JournalWriter {
    out: BufWriter<Box<dyn Write>>,
    error: Option<io::Error>,
    line: Vec<u8>,
    flushed: Stamp,
    /// Histograms not yet written, for each connection.
    pending: BTreeMap<Option<u32>, Pending>,
}

#[derive(Default)]
struct Pending {
    interval: Interval,
    since: Stamp,
}

impl JournalWriter {
    /// Opens a file for appending, or creates it; a wrong path is reported here. A last line that a crash cut off is
    /// ended first.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let mut writer = Self::new(Box::new(file));
        if ends_within_a_line(path) {
            writer.out.write_all(b"\n")?;
        }
        Ok(writer)
    }

    /// Writes to something that is not a file.
    pub(crate) fn new(out: Box<dyn Write>) -> Self {
        Self {
            out: BufWriter::new(out),
            error: None,
            line: Vec::new(),
            flushed: Stamp::START,
            pending: BTreeMap::new(),
        }
    }

    /// Returns the error that ended the journal before the run's end (a full disk, for example).
    pub(crate) fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    fn write(&mut self, event: &Event) -> io::Result<()> {
        match &event.kind {
            EventKind::Interval(interval) => self.write_interval(event, interval)?,
            EventKind::RunFinished { .. } => {
                self.write_pending(event)?;
                self.write_line(event)?;
            }
            _ => self.write_line(event)?,
        }
        let immediate =
            matches!(event.kind, EventKind::RunStarted(_) | EventKind::RunFinished { .. } | EventKind::Interval(_));
        if immediate || event.at.since(self.flushed) >= FLUSH_EVERY {
            self.flushed = event.at;
            self.out.flush()?;
        }
        Ok(())
    }

    fn write_interval(&mut self, event: &Event, interval: &Interval) -> io::Result<()> {
        let pending = self.pending.entry(event.connection).or_default();
        pending.interval.add_distributions(interval);
        let mut kept = Interval { span: interval.span, counters: interval.counters, ..Interval::default() };
        if event.at.since(pending.since) >= DISTRIBUTIONS_EVERY {
            kept.add_distributions(&std::mem::take(&mut pending.interval));
            pending.since = event.at;
        }
        self.write_line(&event.with(EventKind::Interval(Box::new(kept))))
    }

    /// Writes the histograms that are due when the run ends, in intervals without counters.
    fn write_pending(&mut self, end: &Event) -> io::Result<()> {
        for (connection, pending) in std::mem::take(&mut self.pending) {
            if pending.interval != Interval::default() {
                self.write_line(&Event {
                    at: end.at,
                    time: end.time,
                    connection,
                    kind: EventKind::Interval(Box::new(pending.interval)),
                })?;
            }
        }
        Ok(())
    }

    /// Writes a line in one piece, so a full disk or a slow reader leaves whole lines.
    fn write_line(&mut self, event: &Event) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, event)?;
        self.line.push(b'\n');
        self.out.write_all(&self.line)
    }
}

impl EventSink for JournalWriter {
    fn on_event(&mut self, event: &Event) {
        if self.error.is_none() {
            self.error = self.write(event).err();
        }
    }
}

impl Interval {
    /// Adds the other's histograms, leaving out empty ones; counters and span stay.
    fn add_distributions(&mut self, other: &Self) {
        let add = |sum: &mut Option<Distribution>, part: &Option<Distribution>| {
            if let Some(part) = part.as_ref().filter(|part| !part.is_empty()) {
                sum.get_or_insert_default().merge(part);
            }
        };
        add(&mut self.latency, &other.latency);
        add(&mut self.service, &other.service);
        add(&mut self.failed_latency, &other.failed_latency);
        add(&mut self.waited, &other.waited);
        add(&mut self.end_to_end, &other.end_to_end);
    }
}

/// Returns true if it is a regular file and its last byte is not a line feed.
fn ends_within_a_line(path: &Path) -> bool {
    let last_byte = || -> io::Result<u8> {
        let mut byte = [b'\n'];
        // Opening a pipe for reading would wait for its other end.
        if std::fs::metadata(path)?.is_file() {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut byte)?;
        }
        Ok(byte[0])
    };
    last_byte().is_ok_and(|byte| byte != b'\n')
}
