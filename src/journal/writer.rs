//! The writer of journals.

use std::{
    io::{self, Write},
    path::Path,
    time::Duration,
};

use super::{
    beginning::Beginning,
    file::{JournalFile, OpenError},
    intervals::Intervals,
};
use crate::{
    clock::Stamp,
    event::{Event, EventKind, EventSink, Line, Traced},
};

/// Maximum age of events that are not in the file yet, and interval between attempts after a failure.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// Interval between requests to write the file through to the disk.
const SYNC_EVERY: Duration = Duration::from_secs(10);
/// Maximum number of bytes that wait for a full disk; later events are counted and lost.
const CAPACITY: usize = 4 << 20;
/// Number of waiting bytes that are written without delay.
const BATCH: usize = 16 << 10;

/// Appends events to a file or a stream. A write error does not end the run. The end of a stream is final; a file is
/// tried again each second, and the events wait.
pub(crate) struct JournalWriter {
    out: Outlet,
    run: String,
    /// Lines that are not written yet.
    waiting: Vec<u8>,
    /// Bytes of `waiting` that are written, after a write that took only a part.
    done: usize,
    failure: Option<Failing>,
    /// Events lost since the last gap in the journal, and in all.
    lost: [u64; 2],
    flushed: Stamp,
    synced: Stamp,
    /// Intervals that are not lines yet.
    intervals: Intervals,
    beginning: Beginning,
}

enum Outlet {
    File(JournalFile),
    Stream(Box<dyn Write>),
    /// A stream that has failed.
    Ended,
}

/// A failure to write, and the time of the first attempt.
struct Failing {
    error: OpenError,
    since: Stamp,
}

impl JournalWriter {
    /// Opens a file for appending, or creates it; a wrong path is reported here.
    pub(crate) fn open(path: &Path, max_size: Option<u64>) -> Result<Self, OpenError> {
        JournalFile::open(path, max_size).map(|file| Self::with(Outlet::File(file)))
    }

    /// Writes to something that is not a file.
    pub(crate) fn new(out: Box<dyn Write>) -> Self {
        Self::with(Outlet::Stream(out))
    }

    fn with(out: Outlet) -> Self {
        Self {
            out,
            run: String::new(),
            waiting: Vec::new(),
            done: 0,
            failure: None,
            lost: [0; 2],
            flushed: Stamp::START,
            synced: Stamp::START,
            intervals: Intervals::default(),
            beginning: Beginning::default(),
        }
    }

    /// Returns the error that keeps events from being written (a full disk, for example).
    pub(crate) fn error(&self) -> Option<&OpenError> {
        self.failure.as_ref().map(|failing| &failing.error)
    }

    /// Returns the number of events that are missing from the journal for good.
    pub(crate) fn lost(&self) -> u64 {
        self.lost[1]
    }

    fn add(&mut self, event: &Event) {
        if let EventKind::RunStarted(started) = &event.kind {
            self.run = started.run_id.to_string();
        }
        let (due, line) = self.intervals.take(event);
        due.iter().for_each(|interval| self.add_line(interval, false));
        if line {
            self.add_line(event, false);
        }
    }

    /// Adds a line, unless too many wait already.
    fn add_line(&mut self, event: &Event, copy: bool) {
        let length = self.waiting.len();
        let line = Line { run: &self.run, copy, event };
        if length - self.done >= CAPACITY || serde_json::to_writer(&mut self.waiting, &line).is_err() {
            self.waiting.truncate(length);
            self.lost = self.lost.map(|lost| lost + 1);
            return;
        }
        self.waiting.push(b'\n');
    }

    /// Writes what waits. Whatever fails is tried again later.
    fn flush(&mut self, now: &Event) {
        self.flushed = now.at;
        match self.write_out(now) {
            Ok(()) => self.failure = None,
            Err(error) => {
                let since = self.failure.take().map_or(now.at, |failing| failing.since);
                self.failure = Some(Failing { error, since });
                if let Outlet::Stream(_) = self.out {
                    self.out = Outlet::Ended;
                }
            }
        }
    }

    fn write_out(&mut self, now: &Event) -> Result<(), OpenError> {
        let more = self.waiting.len() - self.done;
        let renewed = match &mut self.out {
            Outlet::File(file) => match file.renew(more) {
                Err(error) if file.is_gone() => return Err(error),
                renewed => renewed,
            },
            Outlet::Stream(_) => Ok(false),
            Outlet::Ended => return Ok(()),
        };
        if let Ok(true) = renewed {
            self.begin_again(now);
        }
        self.write_waiting()?;
        if self.lost[0] > 0 {
            let events = std::mem::take(&mut self.lost[0]);
            let after = self.failure.as_ref().map_or(Duration::ZERO, |failing| now.at.since(failing.since));
            let gap = now.with(EventKind::JournalGap { events, after });
            self.add_line(&Event { target: None, connection: None, ..gap }, false);
            self.write_waiting()?;
        }
        renewed.map(|_| ())
    }

    fn write_waiting(&mut self) -> io::Result<()> {
        let out: &mut dyn Write = match &mut self.out {
            Outlet::File(file) => file,
            Outlet::Stream(out) => out,
            Outlet::Ended => return Ok(()),
        };
        while self.done < self.waiting.len() {
            match out.write(&self.waiting[self.done..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.done += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.waiting.clear();
        self.done = 0;
        out.flush()
    }

    /// Puts the beginning of the run before what waits: it goes to a new file.
    fn begin_again(&mut self, now: &Event) {
        // A line that is only partly in the old file is written to the new one as a whole.
        let whole = self.waiting[..self.done].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let waiting = self.waiting.split_off(whole);
        (self.waiting, self.done) = (Vec::new(), 0);
        let beginning = std::mem::take(&mut self.beginning);
        beginning.as_of(now).iter().for_each(|event| self.add_line(event, true));
        self.beginning = beginning;
        if let Outlet::File(file) = &mut self.out {
            file.begins_with(self.waiting.len());
        }
        self.waiting.extend(waiting);
    }
}

impl EventSink for JournalWriter {
    fn on_event(&mut self, event: &Event) {
        if let Outlet::Ended = self.out {
            return;
        }
        self.add(event);
        // The first connection decides what a journal that is cut off soon can say.
        let immediate = match event.kind {
            EventKind::RunStarted(_) => true,
            // Those of several targets would be a write each.
            EventKind::RunFinished { .. } | EventKind::Interval(_) => event.target.is_none(),
            EventKind::Connected(_) => self.beginning.is_connecting(),
            // The rows of the last sample may be thousands.
            EventKind::Traced(ref traced) => !matches!(**traced, Traced::Standing(_) | Traced::Connection(_)),
            _ => false,
        };
        let ends = event.target.is_none() && matches!(event.kind, EventKind::RunFinished { .. });
        let due = event.at.since(self.flushed) >= FLUSH_EVERY || ends;
        let full = self.waiting.len() >= BATCH;
        if due || (immediate || full) && self.failure.is_none() {
            self.flush(event);
        }
        let Outlet::File(file) = &self.out else { return };
        self.beginning.keep(event);
        let first = matches!(event.kind, EventKind::RunStarted(_) | EventKind::Connected(_)) && immediate;
        if first || event.at.since(self.synced) >= SYNC_EVERY {
            self.synced = event.at;
            file.sync();
        }
    }
}

/// Writes the rest of a run that ends without its report.
impl Drop for JournalWriter {
    fn drop(&mut self) {
        let due = self.intervals.rest();
        due.iter().for_each(|interval| self.add_line(interval, false));
        let _ = self.write_waiting();
        if let Outlet::File(file) = std::mem::replace(&mut self.out, Outlet::Ended) {
            file.close();
        }
    }
}
