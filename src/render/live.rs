//! What is seen while a run goes on, on stderr: event lines, and on a terminal a line below them with current figures.
//!
//! The line is redrawn when an interval comes (once a second), never by a thread of its own.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use super::{
    Style, diagnosis, event_line, header,
    terminal::Narrow,
    units::{count, duration, span, three_digits},
};
use crate::{
    clock::Stamp,
    event::{Event, EventKind, EventSink, Interval, RunStarted},
    record::Recorder,
    report::OutageRow,
};

const REDRAWS_PER_SECOND: u8 = 2;

/// Shows a run as it goes on.
pub struct Live {
    style: Style,
    out: Box<dyn Write>,
    bar: Option<ProgressBar>,
    /// Outages and losses so far; it is given no histograms.
    recorder: Recorder,
    /// The figures of the last interval.
    pace: String,
    /// The diagnosis that was shown last: of which connection and loss, and its lines.
    told: Option<(u32, Stamp, Vec<String>)>,
}

impl Live {
    /// Writes the header and event lines to `out` (stderr), and draws a progress line on stderr if the style says that
    /// it is a terminal. `ping` wants its lines undisturbed: `terminal: false`.
    pub fn new(style: Style, out: Box<dyn Write>) -> Self {
        Self { style, out, bar: None, recorder: Recorder::default(), pace: String::new(), told: None }
    }

    fn begin(&mut self, started: &RunStarted) {
        if self.style.quiet {
            return;
        }
        self.line(&header::header(started).join("\n"));
        if self.style.terminal {
            let length = started.plan.stop.duration.map(|duration| duration.as_secs());
            let target = ProgressDrawTarget::term_like_with_hz(Box::new(Narrow::stderr()), REDRAWS_PER_SECOND);
            let template = match length {
                Some(_) => "[{bar:24}] {wide_msg}",
                None => "{spinner} {wide_msg}",
            };
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::with_draw_target(length, target)
                .with_style(style.progress_chars("=> "))
                .with_finish(ProgressFinish::AndClear);
            self.bar = Some(bar);
        }
    }

    /// One line, above the progress line if there is one. Nothing depends on it: if stderr is closed, it is lost.
    fn line(&mut self, line: &str) {
        let out = &mut self.out;
        let mut write = || -> io::Result<()> {
            out.write_all(format!("{line}\n").as_bytes())?;
            out.flush()
        };
        let _ = match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        };
    }

    /// What an outage's evidence comes to, below the lines of its events.
    pub fn on_diagnosis(&mut self, row: &OutageRow) {
        let told = (row.outage.connection, row.outage.lost, diagnosis::lines(row));
        // Of a long outage evidence comes early, and again at its end: the same is not told twice.
        if self.style.quiet || self.told.as_ref() == Some(&told) {
            return;
        }
        told.2.iter().for_each(|line| self.line(line));
        self.told = Some(told);
    }

    fn interval(&mut self, event: &Event, interval: &Interval) {
        let Some(bar) = &self.bar else { return };
        let mut parts = Vec::new();
        parts.extend(interval.rate().map(|rate| format!("{}/s", three_digits(rate))));
        if let Some(latency) = &interval.latency {
            let quantile = |name: &str, quantile: f64| {
                let value = latency.quantile(quantile)?;
                Some(format!("{name} {}", span(value)))
            };
            parts.extend([quantile("p50", 0.5), quantile("p99", 0.99)].into_iter().flatten());
        }
        self.pace = parts.join(" · ");
        self.redraw(event);
        if bar.length().is_some() {
            bar.set_position(event.at.elapsed().as_secs());
        } else {
            bar.tick();
        }
    }

    fn redraw(&self, event: &Event) {
        let Some(bar) = &self.bar else { return };
        let figures = self.recorder.interim(event.at);
        let mut parts = vec![duration(event.at.elapsed().as_secs() as f64)];
        if let Some(length) = bar.length() {
            parts[0] += &format!(" of {}", duration(length as f64));
        }
        let (down, counters) = (figures.downtime, figures.counters);
        parts.push(if down.unresolved > 0 { "DOWN" } else { "up" }.to_owned());
        // What is at the end is the first to be cut off on a narrow terminal.
        let happened = [
            (down.drops, count(down.drops, "drop")),
            (down.stalls, count(down.stalls, "stall")),
            (counters.failed, format!("{} failed", counters.failed)),
            (counters.timed_out, format!("{} timed out", counters.timed_out)),
            (figures.tally.lost, format!("{} lost", count(figures.tally.lost, "message"))),
        ];
        parts.extend(happened.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text));
        if !self.pace.is_empty() {
            parts.push(self.pace.clone());
        }
        bar.set_message(parts.join(" · "));
    }

    fn paint(&self, event: &Event, line: String) -> String {
        let color = match &event.kind {
            EventKind::Disconnected(_)
            | EventKind::Stalled { .. }
            | EventKind::MessagesMissed { .. }
            | EventKind::Silent { .. }
            | EventKind::Desynced { .. }
            | EventKind::StateEntered { .. } => "31",
            EventKind::Connected(_) | EventKind::Reconnected(_) | EventKind::Resumed { .. } => "32",
            EventKind::CommandFailed(_)
            | EventKind::SessionReplaced { .. }
            | EventKind::Duplicated { .. }
            | EventKind::Reordered { .. } => "33",
            _ => return line,
        };
        if self.style.color { format!("\x1b[{color}m{line}\x1b[0m") } else { line }
    }
}

impl EventSink for Live {
    fn on_event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Interval(interval) if self.bar.is_some() => {
                let counted = Interval { span: interval.span, counters: interval.counters, ..Interval::default() };
                self.recorder.on_event(&Event { kind: EventKind::Interval(Box::new(counted)), ..event.clone() });
                self.interval(event, interval);
                return;
            }
            EventKind::Interval(_) => return,
            EventKind::RunStarted(started) => self.begin(started),
            EventKind::RunFinished { .. } => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
            }
            _ => {}
        }
        if self.bar.is_some() {
            self.recorder.on_event(event);
        }
        if self.style.quiet {
            return;
        }
        if let Some(line) = event_line(event) {
            let line = self.paint(event, line);
            self.redraw(event);
            self.line(&line);
        }
    }
}
