//! The reader of journals: the events of each run in turn.
//!
//! Lines are parsed on a separate thread, beside the sink: both take about as long.

use std::{
    collections::BTreeMap,
    mem, panic,
    path::{Path, PathBuf},
    sync::mpsc::{SyncSender, sync_channel},
    thread,
};

use super::{
    clocks::{self, Compared},
    error::{JournalError, problem},
    index::{Index, IndexedRun, Kind, Part},
    missing::{self, Missing},
    source::Source,
};
use crate::{
    event::{Event, EventKind, EventSink, RunStarted},
    foreign::Foreign,
};

/// Bytes of lines whose events are handed over together, and the number of such batches that wait: few, so that memory does
/// not grow with the files.
const BATCH: usize = 64 << 10;
const WAITING: usize = 4;

/// Feeds the events of several journals to a sink, one run after the other. Memory does not grow with the files. The name
/// `-` is the standard input.
///
/// The times of runs whose clocks differ are moved to the clock of a server that they have in common.
///
/// The lines of several runs may be mixed, and a run may continue in another file. The stdout of `--format ndjson` is a
/// journal, too: the lines of its report are skipped. A damaged line costs that line: it is counted, and a note says where
/// it is; `strict` refuses it.
///
/// # Errors
/// Returns the first error; the sink has seen all events before it.
pub(crate) fn replay(paths: &[PathBuf], strict: bool, sink: &mut dyn EventSink) -> Result<(), JournalError> {
    let (sender, batches) = sync_channel(WAITING);
    thread::scope(|scope| {
        let reader = thread::Builder::new().name("journal".into());
        let reader = reader.spawn_scoped(scope, move || read(paths, strict, sender)).map_err(|error| {
            JournalError::Io { path: paths.first().map(PathBuf::as_path).unwrap_or(Path::new("-")).to_owned(), error }
        })?;
        batches.iter().flatten().for_each(|event| sink.on_event(&event));
        reader.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))
    })
}

/// Sends the events of several journals in batches.
fn read(paths: &[PathBuf], strict: bool, sender: SyncSender<Vec<Event>>) -> Result<(), JournalError> {
    let mut index = Index::default();
    let mut sources = Vec::new();
    for (number, path) in paths.iter().enumerate() {
        let mut source = Source::open(path)?;
        index.add(&mut source, number)?;
        sources.push(source);
    }
    index.sort();
    let compared = compared(&index, paths);
    let mut replay = Replay { sources, sender, clock: None, batch: Vec::new(), bytes: 0, last: None };
    let read = index.runs.iter().zip(compared).try_for_each(|(run, clock)| {
        replay.clock = clock;
        replay.run(run)
    });
    let read = read.and_then(|()| replay.finish(strict));
    // The sink sees all events before an error.
    replay.hand_over();
    read
}

/// Returns the clock of each run, as far as they can be compared.
fn compared(index: &Index, paths: &[PathBuf]) -> Vec<Option<Compared>> {
    let journal = |run: &IndexedRun| run.parts.first().map(|part| paths[part.source].display().to_string());
    let named = |run| Foreign::new(&journal(run).unwrap_or_default());
    clocks::compare(&index.runs.iter().map(|run| (&run.readings, named(run))).collect::<Vec<_>>())
}

/// The state of the reader.
struct Replay {
    sources: Vec<Source>,
    sender: SyncSender<Vec<Event>>,
    /// The clock of the current run, if it is known.
    clock: Option<Compared>,
    /// Events that are not handed over yet, and the bytes of their lines.
    batch: Vec<Event>,
    bytes: usize,
    /// The latest event handed over.
    last: Option<Event>,
}

impl Replay {
    fn run(&mut self, run: &IndexedRun) -> Result<(), JournalError> {
        let mut state = State::Expected;
        for (number, part) in run.parts.iter().enumerate() {
            let twice = run.parts[..number].iter().any(|earlier| earlier.begins_with(part));
            if twice {
                return Err(self.twice(part, run));
            }
            self.part(run, part, &mut state)?;
        }
        Ok(())
    }

    fn part(&mut self, run: &IndexedRun, part: &Part, state: &mut State) -> Result<(), JournalError> {
        let mut current = run.name.clone();
        self.sources[part.source].go_to(part.first.0, part.first.1)?;
        loop {
            let source = &mut self.sources[part.source];
            if !source.advance()? || source.line.offset > part.last {
                return Ok(());
            }
            let copy = if run.name.owns(&source.line.text) {
                current.clone_from(&run.name);
                run.name.is_copy(&source.line.text)
            } else {
                match current.identify(source)? {
                    Kind::Event { copy } if current.id == run.name.id => copy,
                    // Lines of other runs; damaged ones are known from the first reading.
                    Kind::Event { .. } | Kind::Other | Kind::Damaged(_) => continue,
                }
            };
            self.bytes += source.line.text.len();
            match serde_json::from_slice::<Event>(&source.line.text) {
                Ok(event) => self.event(event, copy, Place { run, part }, state)?,
                Err(error) => source.damage(problem(&error)),
            }
        }
    }

    fn event(&mut self, event: Event, copy: bool, place: Place<'_>, state: &mut State) -> Result<(), JournalError> {
        let starts = matches!(event.kind, EventKind::RunStarted(_));
        match state {
            State::Expected if starts && !copy => *state = State::Begun,
            State::Expected => {
                let (started, example) = self.assumed(&event, place)?;
                let (path, connections) = (self.sources[place.part.source].path.display(), started.plan.connections);
                let text = format!("{path}: the beginning of this run is missing; its figures start here");
                let note =
                    Event { target: None, connection: None, ..event.with(EventKind::Note { text: text.into() }) };
                let started = event.with(EventKind::RunStarted(started));
                self.forward(Event { target: None, connection: None, ..started });
                self.forward(note);
                *state = State::Without(Unlisted { connections, example, targets: BTreeMap::new() });
            }
            State::Begun | State::Without(_) if starts && !copy => return Err(self.twice(place.part, place.run)),
            State::Begun | State::Without(_) => {}
        }
        match state {
            State::Without(unlisted) => {
                unlisted.of(&event).complete(event, copy).into_iter().for_each(|event| self.forward(event));
            }
            State::Begun if copy => {}
            State::Begun | State::Expected => self.forward(event),
        }
        Ok(())
    }

    /// Returns the start of a run without its beginning, and a connection with its subscriptions, if they are repeated
    /// later in the file.
    fn assumed(&mut self, first: &Event, place: Place<'_>) -> Result<(Box<RunStarted>, Vec<Event>), JournalError> {
        let Place { run, part } = place;
        let source = &mut self.sources[part.source];
        let back = (source.line.offset, source.line.number);
        let mut copies = Vec::new();
        if let Some((offset, number)) = part.copied_start {
            source.go_to(offset, number)?;
            while copies.len() < 3 && source.advance()? {
                copies.extend(serde_json::from_slice::<Event>(&source.line.text).ok());
            }
            source.go_to(back.0, back.1)?;
            source.advance()?;
        }
        let mut copies = copies.into_iter();
        let started = copies.next().and_then(|event| match event.kind {
            EventKind::RunStarted(started) => Some(Box::new(RunStarted { continued: true, ..*started })),
            _ => None,
        });
        let example: Vec<_> = copies
            .filter(|event| matches!(event.kind, EventKind::Connected(_) | EventKind::Subscribed(_)))
            .map(|event| Event { target: event.target, connection: event.connection, ..first.with(event.kind) })
            .collect();
        Ok((started.unwrap_or_else(|| Box::new(missing::start(&run.name.id))), example))
    }

    fn forward(&mut self, mut event: Event) {
        if let Some(clock) = &self.clock {
            clock.apply(&mut event);
        }
        self.batch.push(event);
        if self.bytes >= BATCH {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        let batch = mem::take(&mut self.batch);
        self.bytes = 0;
        if let Some(last) = batch.last() {
            self.last = Some(last.clone());
            // The receiver outlives this thread, unless the sink panics.
            let _ = self.sender.send(batch);
        }
    }

    /// Reports the damage.
    fn finish(&mut self, strict: bool) -> Result<(), JournalError> {
        self.hand_over();
        let garbage = self.sources.iter().find_map(Source::garbage);
        let Some(last) = &self.last else { return garbage.map_or(Ok(()), Err) };
        if let Some(garbage) = garbage.filter(|_| strict) {
            return Err(garbage);
        }
        for text in self.sources.iter().filter_map(Source::describe_damage) {
            let note = last.with(EventKind::Note { text: text.into() });
            self.batch.push(Event { target: None, connection: None, ..note });
        }
        Ok(())
    }

    fn twice(&self, part: &Part, run: &IndexedRun) -> JournalError {
        let (path, run_id) = (self.sources[part.source].path.clone(), Foreign::new(&run.name.id));
        JournalError::Twice { path, run_id }
    }
}

/// A run and the part of it that is read.
#[derive(Clone, Copy)]
struct Place<'a> {
    run: &'a IndexedRun,
    part: &'a Part,
}

/// The progress of reading a run.
enum State {
    /// Its first line is expected.
    Expected,
    /// It has been read from its beginning.
    Begun,
    /// Its beginning is missing.
    Without(Unlisted),
}

/// The connections of a run whose beginning is missing.
struct Unlisted {
    /// Number of connections to each target.
    connections: u32,
    /// A connection and its subscriptions.
    example: Vec<Event>,
    /// Those of each target, without a label if there is a single one.
    targets: BTreeMap<Option<Foreign>, Missing>,
}

impl Unlisted {
    /// Returns those of the target of an event.
    fn of(&mut self, event: &Event) -> &mut Missing {
        self.targets.entry(event.target.clone()).or_insert_with_key(|target| {
            let example = self.example.iter().filter(|example| example.target == *target).cloned();
            Missing::of(self.connections, example.collect())
        })
    }
}
