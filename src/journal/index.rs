//! The places of each run's lines in the files: the lines of several runs may be mixed, and a run may fill several files.

use std::collections::BTreeMap;

use memchr::memmem;
use serde::{Deserialize, de::IgnoredAny};

use super::{
    clocks::Readings,
    error::{JournalError, problem},
    source::Source,
};
use crate::event::{Event, SCHEMA_VERSION};

/// The part of a line that holds a reading of a server's clock. No text in a line contains it: there, quotes are escaped.
const CLOCK: &[u8] = b"\"event\":\"server_clock\"";

/// The first bytes of a gzip file (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The runs of some files, in the order in which they begin.
#[derive(Default)]
pub(super) struct Index {
    pub(super) runs: Vec<IndexedRun>,
    numbers: BTreeMap<String, usize>,
}

/// The lines of one run.
pub(super) struct IndexedRun {
    pub(super) name: RunName,
    /// One for each file.
    pub(super) parts: Vec<Part>,
    /// Its readings of the clocks of servers.
    pub(super) readings: Readings,
}

/// The part of a file from a run's first line to its last; lines of other runs may be between them.
#[derive(Clone, Copy)]
pub(super) struct Part {
    /// Number of the file.
    pub(super) source: usize,
    /// Place and number of the first line.
    pub(super) first: (u64, u64),
    /// Place of the last line.
    pub(super) last: u64,
    /// Place and number of a copy of the run's `run_started`.
    pub(super) copied_start: Option<(u64, u64)>,
    /// Time of the first line on the clock of the run.
    begins: f64,
}

impl Part {
    /// Returns true if both begin with the same line of their run.
    pub(super) fn begins_with(&self, other: &Self) -> bool {
        self.begins.total_cmp(&other.begins).is_eq()
    }
}

/// The id of a run, and the beginning of the lines that carry it.
#[derive(Clone, Default)]
pub(super) struct RunName {
    pub(super) id: String,
    prefix: Vec<u8>,
}

/// The parts of a line that say what it is.
#[derive(Deserialize)]
struct Head {
    run: Option<OfRun>,
    /// Only of the first line of a run.
    run_id: Option<String>,
    schema_version: Option<u32>,
    copy: Option<bool>,
    event: Option<String>,
    t: Option<f64>,
    /// Only of the lines of a report, which `--format ndjson` writes after those of the run.
    #[serde(rename = "type")]
    kind: Option<IgnoredAny>,
}

/// The `run` of a line: the id of its run, or in a line of a report its number.
#[derive(Deserialize)]
#[serde(untagged)]
enum OfRun {
    Id(String),
    Number(IgnoredAny),
}

impl OfRun {
    fn id(self) -> Option<String> {
        match self {
            Self::Id(id) => Some(id),
            Self::Number(_) => None,
        }
    }
}

/// A line as far as its run is concerned.
pub(super) enum Kind {
    /// An event; true if it repeats one of an earlier file.
    Event { copy: bool },
    /// Not an event, but harmless: an empty line, or a line of a report.
    Other,
    /// Not an event, and why.
    Damaged(String),
}

impl Index {
    /// Adds all lines of a file. Only the first line of a stretch of lines of the same run is parsed.
    pub(super) fn add(&mut self, source: &mut Source, number: usize) -> Result<(), JournalError> {
        let finder = memmem::Finder::new(CLOCK);
        let mut current = RunName::default();
        let mut known: Option<usize> = None;
        let mut found = false;
        while source.advance()? {
            if source.line.number == 1 && source.line.text.starts_with(&GZIP) {
                return Err(JournalError::Compressed { path: source.path.clone() });
            }
            let place = (source.line.offset, source.line.number);
            let known_run = known.filter(|_| current.owns(&source.line.text));
            if let Some(run) = known_run.filter(|_| !current.is_copy(&source.line.text)) {
                self.extend(run, number, place.0);
                self.read_clock(run, &source.line.text, &finder);
                continue;
            }
            let (head, kind) = read(source)?;
            match kind {
                Kind::Other => continue,
                Kind::Damaged(why) => {
                    source.damage(why);
                    continue;
                }
                Kind::Event { .. } => {}
            }
            let begins = head.as_ref().and_then(|head| head.t).unwrap_or_default();
            let starts = head.as_ref().is_some_and(|head| head.event.as_deref() == Some("run_started"));
            let copy = matches!(kind, Kind::Event { copy: true });
            let changed = current.follow(head);
            let run = match known.filter(|_| !changed) {
                Some(run) => run,
                None => self.number_of(&current),
            };
            known = Some(run);
            found = true;
            if !copy {
                self.read_clock(run, &source.line.text, &finder);
            }
            let parts = &mut self.runs[run].parts;
            if parts.last().is_none_or(|part| part.source != number) {
                parts.push(Part { source: number, first: place, last: place.0, copied_start: None, begins });
            }
            if let Some(part) = parts.last_mut() {
                part.last = place.0;
                part.copied_start = part.copied_start.or(Some(place).filter(|_| starts && copy));
            }
        }
        if found {
            return Ok(());
        }
        Err(source.garbage().unwrap_or_else(|| JournalError::Empty { path: source.path.clone() }))
    }

    /// Puts the parts of each run in the order of their times.
    pub(super) fn sort(&mut self) {
        self.runs.iter_mut().for_each(|run| run.parts.sort_by(|one, other| one.begins.total_cmp(&other.begins)));
    }

    fn number_of(&mut self, name: &RunName) -> usize {
        let next = self.runs.len();
        let number = *self.numbers.entry(name.id.clone()).or_insert(next);
        if number == next {
            self.runs.push(IndexedRun { name: name.clone(), parts: Vec::new(), readings: Readings::default() });
        }
        number
    }

    /// Takes the reading of a server's clock from a line that has one.
    fn read_clock(&mut self, run: usize, line: &[u8], finder: &memmem::Finder<'_>) {
        if finder.find(line).is_some()
            && let Ok(event) = serde_json::from_slice::<Event>(line)
        {
            self.runs[run].readings.add(&event);
        }
    }

    /// Extends the run's part of the file to this place.
    fn extend(&mut self, run: usize, source: usize, offset: u64) {
        if let Some(part) = self.runs[run].parts.last_mut().filter(|part| part.source == source) {
            part.last = offset;
        }
    }
}

impl RunName {
    /// Returns true for a line that carries this id; a journal of an older version has none.
    pub(super) fn owns(&self, line: &[u8]) -> bool {
        !self.prefix.is_empty() && line.starts_with(&self.prefix)
    }

    /// Returns true for a line that carries this id and repeats one of an earlier file.
    pub(super) fn is_copy(&self, line: &[u8]) -> bool {
        line.get(self.prefix.len()..).is_some_and(|rest| rest.starts_with(b"\"copy\":true"))
    }

    /// Becomes the run of a line; without an id it is the run of the line before. Returns true if it is another run.
    fn follow(&mut self, head: Option<Head>) -> bool {
        let Some(head) = head else { return false };
        let started = head.run_id.filter(|_| head.event.as_deref() == Some("run_started"));
        let own = head.run.and_then(OfRun::id);
        let Some(id) = own.clone().or(started) else { return false };
        let changed = id != self.id;
        if changed || self.prefix.is_empty() && own.is_some() {
            let quoted = serde_json::to_string(&id).unwrap_or_default();
            let prefix = own.map(|_| format!("{{\"run\":{quoted},").into_bytes());
            *self = Self { id, prefix: prefix.unwrap_or_default() };
        }
        changed
    }

    /// Becomes the run of the current line, and returns the line's kind.
    pub(super) fn identify(&mut self, source: &Source) -> Result<Kind, JournalError> {
        let (head, kind) = read(source)?;
        if let Kind::Event { .. } = kind {
            self.follow(head);
        }
        Ok(kind)
    }
}

/// Reads what the current line is.
fn read(source: &Source) -> Result<(Option<Head>, Kind), JournalError> {
    let line = &source.line;
    if line.text.trim_ascii().is_empty() {
        return Ok((None, Kind::Other));
    }
    if line.is_too_long {
        return Ok((None, Kind::Damaged("it is too long".into())));
    }
    let head = match serde_json::from_slice::<Head>(&line.text) {
        Ok(head) => head,
        Err(error) => return Ok((None, Kind::Damaged(problem(&error)))),
    };
    if let Some(found) = head.schema_version.filter(|found| *found > SCHEMA_VERSION) {
        return Err(JournalError::Newer { path: source.path.clone(), line: line.number, found });
    }
    let kind = match (&head.event, &head.kind) {
        (Some(_), _) => Kind::Event { copy: head.copy == Some(true) },
        (None, Some(_)) => Kind::Other,
        (None, None) => Kind::Damaged("missing field `event`".into()),
    };
    Ok((Some(head), kind))
}
