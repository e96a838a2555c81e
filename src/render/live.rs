//! The live view of a run on stderr: event lines, and on a terminal a line below them with current figures.
//!
//! That line is redrawn with each interval (once a second).

use std::{collections::HashSet, io::Write};

use super::{
    Style, diagnosis, event_line, header,
    lines::Lines,
    units::{count, duration, span, three_digits},
};
use crate::{
    classify::{ErrorClass, Stage},
    clock::Stamp,
    event::{Event, EventKind, Interval, RunStarted},
    plan::Command,
    record::{Measure, Recorder, Recurrence, Standing},
    report::{OutageRow, RegularityRow},
};

/// The live view of a run.
pub(crate) struct Live {
    style: Style,
    lines: Lines,
    /// The figures of the last interval.
    pace: String,
    /// The last diagnosis shown: its connection, the loss, and its lines.
    shown: Option<(u32, Stamp, Vec<String>)>,
    /// Regularities shown so far.
    regular: Vec<(Recurrence, Measure)>,
    /// Open refusals, by connection and class: their commands are counted instead of shown one by one.
    refused: HashSet<(Option<u32>, ErrorClass, Stage)>,
}

impl Live {
    /// Writes the header and event lines to `out` (stderr), and draws a progress line on stderr if the style's `terminal`
    /// is true; for `ping`, whose lines it would disturb, it is false.
    pub(crate) fn new(style: Style, out: Box<dyn Write>) -> Self {
        let lines = Lines::new(out, style.columns);
        Self { style, lines, pace: String::new(), shown: None, regular: Vec::new(), refused: HashSet::new() }
    }

    /// Shows an event that the recorder has already seen.
    pub(crate) fn on_event(&mut self, event: &Event, so_far: &Recorder) {
        match &event.kind {
            EventKind::Interval(interval) => return self.interval(event, interval, so_far),
            EventKind::RunStarted(started) => self.begin(started),
            EventKind::RunFinished { .. } => {
                self.lines.end_progress();
                // Its statistics show the end.
                if so_far.plan().is_some_and(|plan| plan.command == Command::Ping) {
                    return;
                }
            }
            _ => {}
        }
        if self.style.quiet {
            return;
        }
        if self.is_counted(event) {
            return;
        }
        let outage = so_far.latest_outage(event.connection.unwrap_or_default());
        if let Some(line) = event_line::line_of(event, outage) {
            let line = self.paint(event, line);
            self.redraw(event, so_far);
            self.lines.line(&line);
        }
    }

    /// Returns true for failures that belong to a refusal whose begin is shown.
    fn is_counted(&mut self, event: &Event) -> bool {
        match &event.kind {
            EventKind::RefusalBegan(began) => {
                _ = self.refused.insert((event.connection, began.key.class, began.key.stage))
            }
            EventKind::RefusalEnded(ended) => _ = self.refused.remove(&(event.connection, ended.class, ended.stage)),
            // The failures of a second may be of any connection.
            EventKind::CommandFailed(failed) => {
                return failed.key.is_refusal() && self.refused.iter().any(|(_, class, _)| *class == failed.key.class);
            }
            _ => {}
        }
        false
    }

    fn begin(&mut self, started: &RunStarted) {
        if self.style.quiet {
            return;
        }
        self.lines.line(&header::header(started, self.style.columns).join("\n"));
        if self.style.terminal {
            let length = started.plan.stop.duration.map(|duration| duration.as_secs());
            self.lines.begin_progress(length, "{wide_msg}");
        }
    }

    /// Shows the diagnosis of an outage below the lines of its events.
    pub(crate) fn on_diagnosis(&mut self, row: &OutageRow) {
        let diagnosis = (row.outage.connection, row.outage.lost, diagnosis::lines(row));
        // A long outage has evidence early and again at its end: the same diagnosis is not repeated.
        if self.style.quiet || self.shown.as_ref() == Some(&diagnosis) {
            return;
        }
        diagnosis.2.iter().for_each(|line| self.lines.line(line));
        self.shown = Some(diagnosis);
    }

    /// Shows how many outages are diagnosed in the report only.
    pub(crate) fn on_undiagnosed(&mut self, outages: u64) {
        if outages > 0 && !self.style.quiet {
            let text = format!("the report has the causes of {} more", count(outages, "outage"));
            self.lines.line(&diagnosis::detail("more", &text));
        }
    }

    /// Shows once that something repeats.
    pub(crate) fn on_regularity(&mut self, row: &RegularityRow) {
        let kind = (row.regularity.of, row.regularity.by);
        if self.style.quiet || self.regular.contains(&kind) {
            return;
        }
        self.regular.push(kind);
        self.lines.line(&diagnosis::detail("regular", &row.text()));
    }

    fn interval(&mut self, event: &Event, interval: &Interval, so_far: &Recorder) {
        let Some(bar) = self.lines.progress() else { return };
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
        self.redraw(event, so_far);
        if bar.length().is_some() {
            bar.set_position(event.at.elapsed().as_secs());
        } else {
            bar.tick();
        }
    }

    fn redraw(&self, event: &Event, so_far: &Recorder) {
        let Some(bar) = self.lines.progress() else { return };
        let Standing { drops, stalls, is_down, failed, timed_out, lost } = so_far.standing();
        let mut parts = vec![duration(event.at.elapsed().as_secs() as f64)];
        if let Some(length) = bar.length() {
            parts[0] += &format!(" of {}", duration(length as f64));
        }
        parts.push(if is_down { "DOWN" } else { "up" }.to_owned());
        // A narrow terminal cuts off the end.
        let happened = [
            (drops, count(drops, "drop")),
            (stalls, count(stalls, "stall")),
            (failed, format!("{failed} failed")),
            (timed_out, format!("{timed_out} timed out")),
            (lost, format!("{} lost", count(lost, "message"))),
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
            | EventKind::RefusalBegan(_)
            | EventKind::StateEntered { .. } => "31",
            EventKind::Connected(_)
            | EventKind::Reconnected(_)
            | EventKind::Resumed { .. }
            | EventKind::SpedUp { .. }
            | EventKind::RefusalEnded(_)
            | EventKind::StateLeft { .. } => "32",
            EventKind::CommandFailed(_)
            | EventKind::SessionReplaced { .. }
            | EventKind::Slowed { .. }
            | EventKind::Duplicated { .. }
            | EventKind::Reordered { .. } => "33",
            _ => return line,
        };
        if self.style.color { format!("\x1b[{color}m{line}\x1b[0m") } else { line }
    }
}
