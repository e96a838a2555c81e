//! The receivers of a run's events: the recorder, and each output that the user chose.

use std::{io, time::Duration};

use super::{baseline::Baseline, metrics::LiveMetrics};
use crate::{
    clock::Stamp,
    diagnose,
    event::{Event, EventKind, EventSink, Evidence, Reply},
    journal::JournalWriter,
    output::Format,
    record::Records,
    render::{self, Live, PingLines, Style, TimelineLines},
    report::{OutageRow, RegularityRow, RunReport},
};

const SECOND: Duration = Duration::from_secs(1);

/// Outages that the live diagnoses may compare per second. Each diagnosis looks at all of them, so those of a fleet that was
/// lost together would take a time that grows with the square of its size, in which nothing reconnects.
const COMPARED: usize = 20_000;

/// The receivers of a run's events.
pub(super) struct Sinks {
    pub(super) recorder: Records,
    /// `--journal`.
    pub(super) journal: Option<JournalWriter>,
    /// Event lines and the progress line on stderr.
    pub(super) live: Live,
    /// The lines of `watch` on stdout.
    pub(super) timeline: Option<TimelineLines>,
    /// The stream has changes only (`watch` and `trace`).
    pub(super) only_changes: bool,
    /// The lines of `ping` on stdout.
    pub(super) replies: Option<PingLines>,
    /// The events themselves on stdout (`--format ndjson`).
    pub(super) stream: Option<JournalWriter>,
    /// A write error of the journal, or of the stream, has been reported.
    pub(super) reported: [bool; 2],
    /// The last event has been passed on.
    pub(super) finished: bool,
    pub(super) effort: Effort,
    /// `--baseline`.
    pub(super) baseline: Option<Baseline>,
    /// `--listen-metrics` and `--otlp`.
    pub(super) metrics: Option<LiveMetrics>,
    /// Style of interim reports.
    pub(super) interim: Style,
}

/// The effort of the live diagnoses in the current second.
#[derive(Debug, Default)]
pub(super) struct Effort {
    began: Stamp,
    compared: usize,
    /// Outages left to the report since that was last shown.
    omitted: u64,
}

impl Effort {
    /// Returns true if an outage may be diagnosed now; one a second always may.
    fn allows(&mut self, now: Stamp) -> bool {
        if now.since(self.began) >= SECOND {
            (self.began, self.compared) = (now, 0);
        }
        let allowed = self.compared < COMPARED;
        self.omitted += u64::from(!allowed);
        allowed
    }
}

impl Sinks {
    fn pass_on(&mut self, event: &Event) {
        self.finished |= ends_the_run(event);
        let is_streamed =
            !self.only_changes || event.kind.is_change() || matches!(event.kind, EventKind::RunStarted(_));
        let stream = self.stream.as_mut().filter(|_| is_streamed);
        for writer in self.journal.iter_mut().chain(stream) {
            writer.on_event(event);
        }
        self.show(event);
    }

    fn show(&mut self, event: &Event) {
        self.recorder.on_event(event);
        if let (Some(baseline), EventKind::Interval(interval)) = (&mut self.baseline, &event.kind) {
            baseline.add(interval);
        }
        if let Some(metrics) = &mut self.metrics {
            metrics.on_event(event, &self.recorder);
        }
        if let Some(timeline) = &mut self.timeline {
            timeline.on_event(event);
        }
        // Replies first: an outage follows the reply before it.
        if let Some(replies) = &mut self.replies {
            replies.on_event(event);
        }
        self.live.on_event(event, &self.recorder);
        match &event.kind {
            EventKind::Evidence(evidence) if self.effort.allows(event.at) => self.diagnose(event, evidence),
            EventKind::Evidence(evidence) if !evidence.ongoing => {
                if let Some(metrics) = &mut self.metrics {
                    metrics.undiagnosed(event, &self.recorder);
                }
            }
            EventKind::Interval(_) | EventKind::RunFinished { .. } => {
                self.live.on_undiagnosed(std::mem::take(&mut self.effort.omitted));
            }
            _ => {}
        }
    }

    /// Shows the cause of an outage, and what has become regular with it.
    fn diagnose(&mut self, event: &Event, evidence: &Evidence) {
        let recorder = self.recorder.of(event);
        let outages = recorder.outages();
        self.effort.compared += outages.list().len();
        if let Some((outage, diagnosis)) = diagnose::for_event(&outages, event.connection, evidence) {
            let (target, plan, incident) = (event.target.as_ref(), recorder.plan(), recorder.incident_of(&outage));
            let policy = plan.and_then(|plan| plan.known_policy());
            let row = OutageRow::new(outage, diagnosis, policy, event.at);
            if let Some(metrics) = self.metrics.as_mut().filter(|_| !evidence.ongoing) {
                metrics.diagnosed(event, &row);
            }
            self.live.on_diagnosis(event, &row, incident);
            let judged = |found| RegularityRow::new(found, plan?);
            let rows = recorder.regularities().into_iter().filter_map(judged);
            rows.for_each(|row| self.live.on_regularity(target, &row));
        }
    }

    /// Reports that a journal cannot be written any more, and that it can again.
    fn watch_the_writers(&mut self, event: &Event) {
        let Some(text) = self.complaint() else { return };
        let note = Event { target: None, connection: None, ..event.with(EventKind::Note { text: text.into() }) };
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
        let style = Style { columns: render::stderr_columns(), ..self.interim };
        let write = || render::write(&report, Format::Text, style, &mut io::stderr().lock());
        let _ = self.live.pause().around(write);
    }
}

/// Returns true for the last event of a run; a target of several can end before it.
fn ends_the_run(event: &Event) -> bool {
    event.target.is_none() && matches!(event.kind, EventKind::RunFinished { .. })
}
