//! The receivers of a run's events: the recorder, and each output that the user chose.

use std::io;

use crate::{
    clock::Stamp,
    diagnose,
    event::{Event, EventKind, EventSink, Reply},
    journal::JournalWriter,
    output::Format,
    record::Records,
    render::{self, Live, PingLines, Style},
    report::{OutageRow, RegularityRow, RunReport},
};

/// The receivers of a run's events.
pub(super) struct Sinks {
    pub(super) recorder: Records,
    /// `--journal`.
    pub(super) journal: Option<JournalWriter>,
    /// Event lines and the progress line on stderr.
    pub(super) live: Live,
    /// The lines of `ping` on stdout.
    pub(super) replies: Option<PingLines>,
    /// The events themselves on stdout (`--format ndjson`).
    pub(super) stream: Option<JournalWriter>,
    /// A write error of the journal, or of the stream, has been reported.
    pub(super) reported: [bool; 2],
    /// The last event has been passed on.
    pub(super) finished: bool,
}

impl Sinks {
    fn pass_on(&mut self, event: &Event) {
        self.finished |= ends_the_run(event);
        for writer in [&mut self.journal, &mut self.stream].into_iter().flatten() {
            writer.on_event(event);
        }
        self.show(event);
    }

    fn show(&mut self, event: &Event) {
        self.recorder.on_event(event);
        // Replies first: an outage follows the reply before it.
        if let Some(replies) = &mut self.replies {
            replies.on_event(event);
        }
        self.live.on_event(event, &self.recorder);
        if let EventKind::Evidence(evidence) = &event.kind
            && let recorder = self.recorder.of(event)
            && let Some((outage, diagnosis)) = diagnose::for_event(&recorder.outages(), event.connection, evidence)
        {
            let target = event.target.as_ref();
            self.live.on_diagnosis(target, &OutageRow::new(outage, diagnosis, event.at));
            let plan = recorder.plan();
            let judged = |found| RegularityRow::new(found, plan?);
            let rows = recorder.regularities().into_iter().filter_map(judged);
            rows.for_each(|row| self.live.on_regularity(target, &row));
        }
    }

    /// Reports that a journal cannot be written any more, and that it can again.
    fn watch_the_writers(&mut self, event: &Event) {
        let Some(text) = self.complaint() else { return };
        let note = Event { target: None, connection: None, ..event.with(EventKind::Note { text }) };
        match event.kind {
            // The last event of a stream stays the last.
            EventKind::RunFinished { .. } if event.target.is_none() => self.show(&note),
            _ => self.pass_on(&note),
        }
    }

    /// Returns what has changed and is not reported yet.
    fn complaint(&mut self) -> Option<String> {
        let writers =
            [("--journal", &self.journal, "until it works again"), ("--format ndjson", &self.stream, "from here on")];
        for ((flag, writer, until), reported) in writers.into_iter().zip(&mut self.reported) {
            let Some(writer) = writer else { continue };
            match writer.error() {
                // A closed reader is not an error.
                Some(error) if !*reported && !error.is_closed_reader() => {
                    *reported = true;
                    return Some(format!("{flag}: writing failed, the journal is incomplete {until}: {error}"));
                }
                None if *reported => {
                    *reported = false;
                    let missing = match writer.lost() {
                        0 => "nothing is missing".to_owned(),
                        lost => format!("events are missing: {lost}"),
                    };
                    return Some(format!("{flag}: writing works again; {missing}"));
                }
                _ => {}
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
        let report = RunReport::new(&self.recorder.interim(at));
        // Interim figures are a courtesy; the run does not depend on stderr.
        let _ = render::write(&report, Format::Text, Style::plain(render::stderr_columns()), &mut io::stderr().lock());
    }
}

/// Returns true for the last event of a run; a target of several can end before it.
fn ends_the_run(event: &Event) -> bool {
    event.target.is_none() && matches!(event.kind, EventKind::RunFinished { .. })
}
