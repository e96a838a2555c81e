//! The live view of a run on stderr: event lines, and on a terminal a line below them with current figures.
//!
//! That line is redrawn with each interval (once a second).

use std::{cmp::Reverse, collections::HashSet, io::Write, time::Duration};

use super::{
    Style, diagnosis, event_line, fit, header,
    lines::Lines,
    terminal::ECHO,
    units::{clean, count, duration, span, three_digits},
};
use crate::{
    classify::{ErrorClass, Stage},
    clock::Stamp,
    event::{Event, EventKind, Interval, PathProbed, RunStarted, StopReason},
    foreign::Foreign,
    plan::Command,
    record::{Measure, Records, Recurrence, Standing},
    report::{OutageRow, RegularityRow},
};

/// Targets that have a row below the progress line.
const ROWS: usize = 8;

/// Targets whose connections are shown one by one.
const FEW: usize = 8;

/// Time between two redraws for several targets, whose intervals do not end together.
const REDRAW: Duration = Duration::from_secs(1);

/// The target and connection of an outage, its loss, and the lines of its diagnosis.
type Shown = (Option<Foreign>, u32, Stamp, Vec<String>);

/// The target, connection and class of a refusal that is not over.
type OpenRefusal = (Option<Foreign>, Option<u32>, ErrorClass, Stage);

/// The live view of a run.
pub(crate) struct Live {
    style: Style,
    lines: Lines,
    /// The figures of the last interval.
    pace: String,
    /// Number of targets; 0 if the run has a single one.
    targets: usize,
    /// Time of the last redraw, if there are several targets.
    drawn: Stamp,
    /// The last diagnosis shown.
    shown: Option<Shown>,
    /// Regularities shown so far.
    regular: Vec<(Option<Foreign>, Recurrence, Measure)>,
    /// Open refusals, by target, connection and class: their commands are counted instead of shown one by one.
    refused: HashSet<OpenRefusal>,
}

impl Live {
    /// Writes the header and event lines to `out` (stderr), and draws a progress line on stderr if the style's `terminal`
    /// is true; for `ping`, whose lines it would disturb, it is false.
    pub(crate) fn new(style: Style, out: Box<dyn Write>) -> Self {
        let lines = Lines::new(out, style.columns);
        Self {
            style,
            lines,
            pace: String::new(),
            targets: 0,
            drawn: Stamp::START,
            shown: None,
            regular: Vec::new(),
            refused: HashSet::new(),
        }
    }

    /// Shows an event that the recorder has already seen.
    pub(crate) fn on_event(&mut self, event: &Event, so_far: &Records) {
        match &event.kind {
            EventKind::Interval(interval) => return self.interval(event, interval, so_far),
            EventKind::RunStarted(started) => self.begin(started),
            EventKind::RunFinished { .. } if event.target.is_none() => {
                self.lines.end_progress();
                // Its statistics show the end.
                if so_far.of(event).plan().is_some_and(|plan| plan.command == Command::Ping) {
                    return;
                }
            }
            _ => {}
        }
        if self.style.quiet {
            return;
        }
        if self.is_counted(event) || self.is_one_of_many(event) {
            return;
        }
        let outage = so_far.of(event).latest_outage(event.connection.unwrap_or_default());
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
                let key = (event.target.clone(), event.connection, began.key.class, began.key.stage);
                _ = self.refused.insert(key);
            }
            EventKind::RefusalEnded(ended) => {
                _ = self.refused.remove(&(event.target.clone(), event.connection, ended.class, ended.stage));
            }
            // The failures of a second may be of any connection.
            EventKind::CommandFailed(failed) => {
                let same = |(target, _, class, _): &OpenRefusal| *target == event.target && *class == failed.key.class;
                return failed.key.is_refusal() && self.refused.iter().any(same);
            }
            _ => {}
        }
        false
    }

    /// Returns true for what happens to every target of many, or ends with the run.
    fn is_one_of_many(&self, event: &Event) -> bool {
        match event.kind {
            EventKind::Connected(_)
            | EventKind::Subscribed(_)
            | EventKind::PathProbed(PathProbed { failure: None, .. }) => self.targets > FEW,
            EventKind::RunFinished { reason } => event.target.is_some() && reason != StopReason::Unreachable,
            _ => false,
        }
    }

    fn begin(&mut self, started: &RunStarted) {
        self.targets = started.plan.scope.as_ref().map_or(0, |scope| scope.targets.len());
        if self.style.quiet {
            return;
        }
        self.lines.line(&header::header(started, self.style.columns).join("\n"));
        if self.style.terminal {
            let length = started.plan.stop.duration.map(|duration| duration.as_secs());
            let text = if self.targets > 0 { "{wide_msg}\n{prefix}" } else { "{wide_msg}" };
            self.lines.begin_progress(length, text);
        }
    }

    /// Shows the diagnosis of an outage below the lines of its events.
    pub(crate) fn on_diagnosis(&mut self, target: Option<&Foreign>, row: &OutageRow) {
        let lines = diagnosis::lines(target.map(|target| &**target), row);
        let diagnosis = (target.cloned(), row.outage.connection, row.outage.lost, lines);
        // A long outage has evidence early and again at its end: the same diagnosis is not repeated.
        if self.style.quiet || self.shown.as_ref() == Some(&diagnosis) {
            return;
        }
        diagnosis.3.iter().for_each(|line| self.lines.line(line));
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
    pub(crate) fn on_regularity(&mut self, target: Option<&Foreign>, row: &RegularityRow) {
        let kind = (target.cloned(), row.regularity.of, row.regularity.by);
        if self.style.quiet || self.regular.contains(&kind) {
            return;
        }
        self.regular.push(kind);
        let target = event_line::of_target(target.map(|target| &**target));
        self.lines.line(&diagnosis::detail("regular", &format!("{target}{}", row.text())));
    }

    fn interval(&mut self, event: &Event, interval: &Interval, so_far: &Records) {
        if self.targets > 0 {
            return self.interval_of_several(event, so_far);
        }
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

    /// Redraws once a second, however many targets there are.
    fn interval_of_several(&mut self, event: &Event, so_far: &Records) {
        if event.at.since(self.drawn) < REDRAW {
            return;
        }
        self.drawn = event.at;
        self.redraw(event, so_far);
        let Some(bar) = self.lines.progress() else { return };
        if bar.length().is_some() {
            bar.set_position(event.at.elapsed().as_secs());
        } else {
            bar.tick();
        }
    }

    /// Draws the sums of all targets, and a row for each of the worst.
    fn redraw_several(&self, event: &Event, so_far: &Records) {
        let Some(bar) = self.lines.progress() else { return };
        let mut standings = so_far.standings();
        standings.sort_by_key(|(_, standing)| Reverse(standing.badness()));
        let down = standings.iter().filter(|(_, standing)| standing.is_down).count();
        let mut parts = vec![duration(event.at.elapsed().as_secs() as f64), format!("{} up", standings.len() - down)];
        parts.extend((down > 0).then(|| format!("{down} DOWN")));
        let sums = standings.iter().fold(Standing::default(), |sums, (_, standing)| sums.plus(standing));
        parts.extend(happened(&sums));
        bar.set_message(parts.join(" · "));
        let few = self.targets <= ROWS;
        let width = self.style.columns.unwrap_or(fit::WIDTH).saturating_sub(ECHO);
        let row = |(target, standing): &(&str, Standing)| {
            let mut parts = vec![if standing.is_down { "DOWN" } else { "up" }.to_owned()];
            parts.extend(happened(standing));
            console::truncate_str(&format!("  {}  {}", clean(target), parts.join(" · ")), width, "…").into_owned()
        };
        let rows = standings.iter().filter(|(_, standing)| few || standing.badness() > Default::default());
        bar.set_prefix(rows.take(ROWS).map(row).collect::<Vec<_>>().join("\n"));
    }

    fn redraw(&self, event: &Event, so_far: &Records) {
        if self.targets > 0 {
            return self.redraw_several(event, so_far);
        }
        let Some(bar) = self.lines.progress() else { return };
        let standing = so_far.of(event).standing();
        let mut parts = vec![duration(event.at.elapsed().as_secs() as f64)];
        if let Some(length) = bar.length() {
            parts[0] += &format!(" of {}", duration(length as f64));
        }
        parts.push(if standing.is_down { "DOWN" } else { "up" }.to_owned());
        // A narrow terminal cuts off the end.
        parts.extend(happened(&standing));
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

/// Returns what has happened so far.
fn happened(standing: &Standing) -> Vec<String> {
    let Standing { drops, stalls, failed, timed_out, lost, .. } = *standing;
    let happened = [
        (drops, count(drops, "drop")),
        (stalls, count(stalls, "stall")),
        (failed, format!("{failed} failed")),
        (timed_out, format!("{timed_out} timed out")),
        (lost, format!("{} lost", count(lost, "message"))),
    ];
    happened.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text).collect()
}
