//! The reader of journals, one event at a time.

use std::{
    collections::BTreeSet,
    fmt,
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::IgnoredAny};

use crate::event::{Event, EventKind, EventSink, SCHEMA_VERSION};

/// The name of the standard input.
const STDIN: &str = "-";

/// The first bytes of a gzip file (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// An error while reading a journal.
#[derive(Debug)]
pub(crate) enum JournalError {
    /// The file cannot be read.
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
    /// A line is not an event, and was not cut off by a crash.
    Garbage {
        /// The file.
        path: PathBuf,
        /// The line (from 1).
        line: u64,
        /// Problem with the line.
        why: String,
    },
    /// The journal was written by a newer redis-doctor.
    Newer {
        /// The file.
        path: PathBuf,
        /// The line (from 1).
        line: u64,
        /// Schema version of the journal.
        found: u32,
    },
    /// The same run occurs twice, and would be counted twice.
    Twice {
        /// The file with the second occurrence.
        path: PathBuf,
        /// The run.
        run_id: String,
    },
    /// The file is compressed.
    Compressed {
        /// The file.
        path: PathBuf,
    },
    /// The file holds no run.
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Garbage { path, line, why } => {
                write!(f, "{}:{line}: not a journal line: {why}", path.display())?;
                // Probably another program's file, or a report.
                if *line == 1 {
                    f.write_str("; a journal is what --journal FILE or --format ndjson writes")?;
                }
                Ok(())
            }
            Self::Newer { path, line, found } => write!(
                f,
                "{}:{line}: written by a newer redis-doctor (journal version {found}; this version reads up to \
                 {SCHEMA_VERSION}); use that version or a later one",
                path.display()
            ),
            Self::Twice { path, run_id } => write!(f, "{}: run {run_id} was already read", path.display()),
            Self::Compressed { path } => {
                let path = path.display();
                write!(f, "{path}: it is compressed with gzip; use: zcat {path} | redis-doctor report -")
            }
            Self::Empty { path } => write!(f, "{}: there is no run in this file", path.display()),
        }
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// Feeds the events of several journals, in the given order, to a sink. Memory does not grow with the files. The name
/// `-` is the standard input.
///
/// The stdout of `--format ndjson` is a journal, too: the lines of its report are skipped.
///
/// A line that a crash cut off is skipped with a note: the last one of a file, or one before the start of a new run.
///
/// # Errors
/// Returns the first error; the sink has seen all events before it.
pub(crate) fn replay(paths: &[PathBuf], sink: &mut dyn EventSink) -> Result<(), JournalError> {
    let mut seen = BTreeSet::new();
    for path in paths {
        let mut replay = Replay { path, seen: &mut seen, sink, line: 0, last: None, reported: None, torn: None };
        if path.as_os_str() == STDIN {
            replay.all(io::stdin().lock())?;
            continue;
        }
        let file = File::open(path).map_err(|error| JournalError::Io { path: path.clone(), error })?;
        replay.all(BufReader::new(file))?;
    }
    Ok(())
}

/// The state of the reader in one file.
struct Replay<'a> {
    path: &'a Path,
    seen: &'a mut BTreeSet<String>,
    sink: &'a mut dyn EventSink,
    line: u64,
    /// The latest event, once a run has begun.
    last: Option<Event>,
    /// A line of a report, which follows a run.
    reported: Option<u64>,
    /// A line that could not be read: its number and the reason.
    torn: Option<(u64, String)>,
}

/// The part of the first line that every version has.
#[derive(Deserialize)]
struct Version {
    schema_version: u32,
}

/// The part that every line of a report has and no event has.
#[derive(Deserialize)]
struct ReportLine {
    #[serde(rename = "type")]
    _type: IgnoredAny,
}

impl Replay<'_> {
    fn all(&mut self, mut input: impl BufRead) -> Result<(), JournalError> {
        let mut text = Vec::new();
        loop {
            text.clear();
            let length = input.read_until(b'\n', &mut text).map_err(|error| self.io(error))?;
            if length == 0 {
                break;
            }
            self.line += 1;
            if !text.trim_ascii().is_empty() {
                self.one(&text)?;
            }
        }
        match self.last {
            Some(_) => self.note_torn(),
            None => self.garbage().map_or_else(|| Err(JournalError::Empty { path: self.path.to_owned() }), Err)?,
        }
        Ok(())
    }

    fn one(&mut self, text: &[u8]) -> Result<(), JournalError> {
        if self.line == 1 && text.starts_with(&GZIP) {
            return Err(JournalError::Compressed { path: self.path.to_owned() });
        }
        self.check_version(text)?;
        if self.belongs_to_a_report(text) {
            self.reported = Some(self.line);
            return Ok(());
        }
        match serde_json::from_slice::<Event>(text) {
            Ok(event) => self.event(event),
            // A second line that cannot be read: the first one was not the last of its run.
            Err(_) if self.torn.is_some() => self.garbage().map_or(Ok(()), Err),
            Err(error) => {
                self.torn = Some((self.line, error.to_string()));
                Ok(())
            }
        }
    }

    fn event(&mut self, event: Event) -> Result<(), JournalError> {
        match &event.kind {
            EventKind::RunStarted(started) => {
                self.reported = None;
                if self.last.is_some() {
                    self.note_torn();
                }
                if !self.seen.insert(started.run_id.clone()) {
                    return Err(JournalError::Twice { path: self.path.to_owned(), run_id: started.run_id.clone() });
                }
            }
            _ if self.last.is_none() => self.torn = self.torn.take().or(Some((self.line, "no run has begun".into()))),
            _ => {}
        }
        if let Some(line) = self.reported.take() {
            self.torn = Some((line, "a report in the middle of a run".into()));
        }
        if let Some(garbage) = self.garbage() {
            return Err(garbage);
        }
        self.sink.on_event(&event);
        self.last = Some(event);
        Ok(())
    }

    /// Notes a line that a crash cut off, for the reader of the report.
    fn note_torn(&mut self) {
        let (Some((line, _)), Some(last)) = (self.torn.take(), &self.last) else {
            return;
        };
        let text = format!("{}:{line}: this line was cut off and is not counted", self.path.display());
        self.sink.on_event(&Event { connection: None, kind: EventKind::Note { text }, ..last.clone() });
    }

    /// Returns true for a report line: `--format ndjson` writes a journal to stdout, and after each run its report.
    fn belongs_to_a_report(&self, text: &[u8]) -> bool {
        self.last.is_some() && self.torn.is_none() && serde_json::from_slice::<ReportLine>(text).is_ok()
    }

    fn check_version(&self, text: &[u8]) -> Result<(), JournalError> {
        match serde_json::from_slice::<Version>(text) {
            Ok(Version { schema_version }) if schema_version > SCHEMA_VERSION => {
                Err(JournalError::Newer { path: self.path.to_owned(), line: self.line, found: schema_version })
            }
            _ => Ok(()),
        }
    }

    /// Returns the unreadable line as an error.
    fn garbage(&mut self) -> Option<JournalError> {
        self.torn.take().map(|(line, why)| JournalError::Garbage { path: self.path.to_owned(), line, why })
    }

    fn io(&self, error: io::Error) -> JournalError {
        JournalError::Io { path: self.path.to_owned(), error }
    }
}
