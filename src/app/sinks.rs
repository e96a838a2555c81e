//! Where the events of a run go: the recorder always, and what the user asked for.

use std::io;

use crate::{
    clock::Stamp,
    diagnose,
    event::{Event, EventKind, EventSink, Reply},
    journal::JournalWriter,
    output::Format,
    record::Recorder,
    render::{self, Live, PingLines, Style},
    report::{OutageRow, Report},
};

/// The receivers of a run's events.
pub(super) struct Sinks {
    pub(super) recorder: Recorder,
    /// `--journal`.
    pub(super) journal: Option<JournalWriter>,
    /// Event lines and the progress line on stderr.
    pub(super) live: Live,
    /// The lines of `ping` on stdout.
    pub(super) replies: Option<PingLines>,
    /// The events themselves on stdout (`--format ndjson`).
    pub(super) stream: Option<JournalWriter>,
    /// The user knows that the journal, or the stream, has ended before the run.
    pub(super) told: [bool; 2],
}

impl Sinks {
    fn pass_on(&mut self, event: &Event) {
        for writer in [&mut self.journal, &mut self.stream].into_iter().flatten() {
            writer.on_event(event);
        }
        self.show(event);
    }

    fn show(&mut self, event: &Event) {
        self.recorder.on_event(event);
        // Lines first, so that an outage stands after the reply before it.
        if let Some(replies) = &mut self.replies {
            replies.on_event(event);
        }
        self.live.on_event(event, &self.recorder);
        if let EventKind::Evidence(evidence) = &event.kind
            && let Some((outage, diagnosis)) = diagnose::for_event(&self.recorder.outages(), event.connection, evidence)
        {
            self.live.on_diagnosis(&OutageRow::new(outage, diagnosis, event.at));
        }
    }

    /// Says once, when it happens, that a journal cannot be written any more.
    fn watch_the_writers(&mut self, event: &Event) {
        let Some(text) = self.complaint() else { return };
        let note = Event { connection: None, ..event.with(EventKind::Note { text }) };
        match event.kind {
            // The last event of a stream stays the last.
            EventKind::RunFinished { .. } => self.show(&note),
            _ => self.pass_on(&note),
        }
    }

    /// An error that the user has not been told of.
    fn complaint(&mut self) -> Option<String> {
        let writers = [("--journal", &self.journal), ("--format ndjson", &self.stream)];
        for ((flag, writer), told) in writers.into_iter().zip(&mut self.told) {
            let error = writer.as_ref().and_then(JournalWriter::error);
            // A reader that has gone does not want to hear of it.
            if let Some(error) = error.filter(|error| !*told && error.kind() != io::ErrorKind::BrokenPipe) {
                *told = true;
                return Some(format!("{flag}: writing failed, the journal is incomplete from here on: {error}"));
            }
        }
        None
    }
}

impl EventSink for Sinks {
    fn on_event(&mut self, event: &Event) {
        self.pass_on(event);
        self.watch_the_writers(event);
    }

    fn on_reply(&mut self, reply: &Reply) {
        if let Some(replies) = &mut self.replies {
            replies.on_reply(reply);
        }
    }

    fn on_interim(&mut self, at: Stamp) {
        let report = Report::new(&self.recorder.interim(at));
        // Interim figures are a courtesy; the run does not depend on stderr.
        let _ = render::write(&report, Format::Text, Style::plain(render::stderr_columns()), &mut io::stderr().lock());
    }
}
