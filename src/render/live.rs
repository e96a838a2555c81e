//! The live view of a run on stderr: event lines, and on a terminal a few lines below them with the current state.
//!
//! Those are redrawn with each interval (once a second). An event line is written once for a cause: what happens to many
//! connections at the same time is joined, and failures that go on are counted.

mod several;
mod status;
mod streaks;
mod together;

use std::{
    collections::{HashSet, VecDeque},
    io::Write,
    time::Duration,
};

use self::{
    status::{View, Window, happened},
    streaks::Streaks,
    together::Together,
};
use super::{
    Style, Times,
    application::Naming,
    diagnosis, event_line, fit, header,
    lines::{Lines, Pause},
    terminal::{self, ECHO},
    units::count,
};
use crate::{
    classify::{ErrorClass, Stage},
    clock::Stamp,
    event::{ClusterEvent, Event, EventKind, Interval, PathProbed, RunStarted, StopReason},
    foreign::Foreign,
    plan::Command,
    record::{Incident, Measure, Records, Recurrence},
    report::{OutageRow, RegularityRow},
};

/// Targets whose connections are shown one by one.
const FEW: usize = 8;

/// Time between two redraws for several targets, whose intervals do not end together.
const REDRAW: Duration = Duration::from_secs(1);

/// Rows of a terminal whose height is unknown.
const HEIGHT: usize = 24;

/// Diagnoses that are not shown again.
const SHOWN: usize = 64;

/// The target and connection of an outage, its loss, and the lines of its diagnosis; those of a whole incident have the
/// start of that instead.
type Shown = (Option<Foreign>, Option<u32>, Stamp, Vec<String>);

/// The target, connection and class of a refusal that is not over.
type OpenRefusal = (Option<Foreign>, Option<u32>, ErrorClass, Stage);

/// The live view of a run.
pub(crate) struct Live {
    style: Style,
    lines: Lines,
    /// Keys are read.
    keys: bool,
    window: Window,
    /// Failures of the present outage, by class.
    failures: Vec<(ErrorClass, u64)>,
    /// Number of targets; 0 if the run has a single one.
    targets: usize,
    /// Each target has several connections.
    many: bool,
    naming: Naming,
    /// Time of the last redraw, if there are several targets.
    drawn: Stamp,
    /// The last diagnoses shown.
    shown: VecDeque<Shown>,
    /// Regularities shown so far.
    regular: Vec<(Option<Foreign>, Recurrence, Measure)>,
    /// Open refusals, by target, connection and class: their commands are counted instead of shown one by one.
    refused: HashSet<OpenRefusal>,
    streaks: Streaks,
    together: Together,
    /// Renewed subscriptions of connections whose recovery is still to be reported.
    early: Vec<Event>,
}

impl Live {
    /// Writes the header and event lines to `out` (stderr), and draws the state below them on stderr if the style's
    /// `terminal` is true; for `ping`, whose lines it would disturb, it is false.
    pub(crate) fn new(style: Style, out: Box<dyn Write>) -> Self {
        let mut lines = Lines::new(out, style.columns);
        if style.terminal && !style.quiet {
            lines.begin_status();
        }
        Self {
            style,
            lines,
            keys: false,
            window: Window::default(),
            failures: Vec::new(),
            targets: 0,
            many: false,
            naming: Naming::default(),
            drawn: Stamp::START,
            shown: VecDeque::new(),
            regular: Vec::new(),
            refused: HashSet::new(),
            streaks: Streaks::default(),
            together: Together::default(),
            early: Vec::new(),
        }
    }

    /// Returns true if the state is drawn.
    pub(crate) fn is_drawn(&self) -> bool {
        self.lines.progress().is_some()
    }

    /// Names the keys below the state.
    pub(crate) fn name_keys(&mut self) {
        self.keys = true;
    }

    /// Returns a handle that clears the state for a time.
    pub(crate) fn pause(&self) -> Pause {
        self.lines.pause()
    }

    /// Shows an event that the recorder has already seen.
    pub(crate) fn on_event(&mut self, event: &Event, so_far: &Records) {
        if self.together.are_due(event.at) {
            self.write_waiting(event, so_far);
        }
        match &event.kind {
            EventKind::Interval(interval) => return self.interval(event, interval, so_far),
            EventKind::RunStarted(started) => self.begin(started),
            EventKind::Cluster(observed) if matches!(**observed, ClusterEvent::Joined { .. }) => self.targets += 1,
            EventKind::RunFinished { .. } if event.target.is_none() => self.end(event, so_far),
            _ => {}
        }
        let is_ping = || so_far.of(event).plan().is_some_and(|plan| plan.command == Command::Ping);
        let is_end = matches!(event.kind, EventKind::RunFinished { .. }) && event.target.is_none();
        // The statistics of ping show the end.
        if self.style.quiet || is_end && is_ping() {
            return;
        }
        if self.is_counted(event) || self.is_one_of_many(event) || self.is_early(event, so_far) {
            return;
        }
        self.show(event, so_far);
        if let EventKind::Reconnected(_) | EventKind::Connected(_) = event.kind {
            let of_it = |early: &mut Event| early.target == event.target && early.connection == event.connection;
            let late: Vec<_> = self.early.extract_if(.., of_it).collect();
            late.iter().for_each(|event| self.show(event, so_far));
        }
        if is_end {
            self.write_waiting(event, so_far);
        }
    }

    /// Shows the line of an event, in a run of many connections after a moment.
    fn show(&mut self, event: &Event, so_far: &Records) {
        let outage = so_far.of(event).latest_outage(event.connection.unwrap_or_default());
        let Some(line) = event_line::line_of(event, self.times(), outage, self.naming) else { return };
        if self.many {
            return self.together.add(event, outage, line);
        }
        self.redraw(event, so_far);
        self.write(event, &[line]);
    }

    /// Writes the lines that waited for equal ones.
    fn write_waiting(&mut self, event: &Event, so_far: &Records) {
        self.redraw(event, so_far);
        for (first, lines) in self.together.take(self.times()) {
            self.write(&first, &lines);
        }
    }

    fn times(&self) -> Times {
        Times::moments(self.style)
    }

    fn write(&mut self, event: &Event, lines: &[String]) {
        for line in lines {
            // A diagnosis has its own words; only the line of an event has the color of that.
            let line = if lines.len() == 1 { self.paint(event, line.clone()) } else { line.clone() };
            self.lines.line(&line);
        }
    }

    /// Writes what is due before the last line.
    fn end(&mut self, event: &Event, so_far: &Records) {
        if !self.style.quiet {
            std::mem::take(&mut self.early).iter().for_each(|event| self.show(event, so_far));
            self.end_streaks(None);
            self.write_waiting(event, so_far);
        }
        self.lines.end_progress();
    }

    fn end_streaks(&mut self, now: Option<Stamp>) {
        for (last, line) in self.streaks.ended(now, self.times()) {
            if self.many {
                self.together.push(&last, vec![line]);
            } else {
                self.write(&last, &[line]);
            }
        }
    }

    /// Returns true for failures that are counted: those of a refusal whose begin is shown, and those that go on.
    fn is_counted(&mut self, event: &Event) -> bool {
        match &event.kind {
            EventKind::RefusalBegan(began) => {
                let key = (event.target.clone(), event.connection, began.key.class, began.key.stage);
                _ = self.refused.insert(key);
            }
            EventKind::RefusalEnded(ended) => {
                _ = self.refused.remove(&(event.target.clone(), event.connection, ended.class, ended.stage));
            }
            EventKind::CommandFailed(failed) => {
                // The publisher has its own connection; a command that waits for a reconnect has not met the reason.
                if !matches!(failed.key.stage, Stage::Publish | Stage::WaitingForReconnect) {
                    status::count_failures(&mut self.failures, failed.key.class, failed.count);
                }
                // The failures of a second may be of any connection.
                let same = |(target, _, class, _): &OpenRefusal| *target == event.target && *class == failed.key.class;
                let refused = failed.key.is_refusal() && self.refused.iter().any(same);
                return refused || self.streaks.continues(event, failed);
            }
            EventKind::PathProbed(probed) => {
                if let Some(failure) = &probed.failure {
                    status::count_failures(&mut self.failures, failure.key.class, 1);
                }
                return self.streaks.path_continues(event, probed);
            }
            _ => {}
        }
        false
    }

    /// Keeps a renewed subscription whose connection is not reported as recovered yet: the reply that proves the recovery
    /// can come later. Returns true if it is kept.
    fn is_early(&mut self, event: &Event, so_far: &Records) -> bool {
        let EventKind::Resubscribed(_) = event.kind else { return false };
        let outage = so_far.of(event).latest_outage(event.connection.unwrap_or_default());
        let early = outage.is_some_and(|outage| outage.restored.is_none());
        if early {
            self.early.push(event.clone());
        }
        early
    }

    /// Returns true for what happens to every target of many, or ends with the run.
    fn is_one_of_many(&self, event: &Event) -> bool {
        match event.kind {
            EventKind::Connected(_)
            | EventKind::Subscribed(_)
            | EventKind::PathProbed(PathProbed { failure: None, .. }) => self.targets > FEW,
            EventKind::RunFinished { reason } => {
                event.target.is_some() && !matches!(reason, StopReason::Unreachable | StopReason::Left)
            }
            _ => false,
        }
    }

    fn begin(&mut self, started: &RunStarted) {
        self.targets = started.plan.scope.as_ref().map_or(0, |scope| scope.targets.len());
        self.many = started.plan.connections > 1;
        self.naming = Naming::of(&started.plan);
        let header = header::header(started, self.style.columns);
        if !self.style.quiet && !header.is_empty() {
            self.lines.line(&header.join("\n"));
        }
    }

    /// Shows the diagnosis of an outage below the lines of its events; once for all outages of the same incident with the
    /// same cause.
    pub(crate) fn on_diagnosis(&mut self, event: &Event, row: &OutageRow, incident: Option<&Incident>) {
        let outage = &row.outage;
        let several = incident.filter(|incident| incident.connections > 1);
        let connection = match several {
            Some(incident) => format!("{} of {} · ", incident.connections, count(incident.of.into(), "connection")),
            None => self.naming.name(outage.connection).map(|name| format!("{name} ")).unwrap_or_default(),
        };
        let lines = diagnosis::lines(event.target.as_deref(), &connection, row);
        let target = event.target.clone();
        // A long outage has evidence early and again at its end: the same diagnosis is not repeated.
        let diagnosis = match several {
            Some(incident) => (target, None, incident.began_at, vec![diagnosis::named(&row.diagnosis)]),
            None => (target, Some(outage.connection), outage.lost, lines.clone()),
        };
        if self.style.quiet || self.shown.contains(&diagnosis) {
            return;
        }
        if self.many {
            self.together.push(event, lines);
        } else {
            lines.iter().for_each(|line| self.lines.line(line));
        }
        self.shown.push_front(diagnosis);
        self.shown.truncate(SHOWN);
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
        if !self.style.quiet {
            self.end_streaks(Some(event.at));
        }
        if self.targets > 0 {
            return self.interval_of_several(event, so_far);
        }
        if self.lines.progress().is_none() {
            return;
        }
        let standing = so_far.of(event).standing();
        self.window.add(event.at, interval, &standing);
        if !standing.is_down {
            self.failures.clear();
        }
        self.redraw(event, so_far);
    }

    /// Redraws once a second, however many targets there are.
    fn interval_of_several(&mut self, event: &Event, so_far: &Records) {
        if event.at.since(self.drawn) < REDRAW {
            return;
        }
        self.drawn = event.at;
        self.redraw(event, so_far);
    }

    fn redraw_several(&self, event: &Event, so_far: &Records) {
        let Some(bar) = self.lines.progress() else { return };
        let (_, columns) = self.size();
        let mut lines = several::lines(event.at, so_far, columns.saturating_sub(ECHO));
        lines.extend(self.keys.then(|| status::KEYS.to_owned()));
        bar.set_message(lines.join("\n"));
    }

    fn redraw(&self, event: &Event, so_far: &Records) {
        if self.targets > 0 {
            return self.redraw_several(event, so_far);
        }
        let Some(bar) = self.lines.progress() else { return };
        let record = so_far.of(event);
        let standing = record.standing();
        let size = self.size();
        let view = View {
            now: event.at,
            plan: record.plan(),
            standing,
            outage: record.latest_outage(0),
            failures: &self.failures,
            window: &self.window,
            happened: happened(&standing),
            keys: self.keys,
            color: self.style.color,
            size,
        };
        let width = size.1.saturating_sub(ECHO);
        let fitting = |line: String| console::truncate_str(&line, width, "…").into_owned();
        bar.set_message(view.lines().into_iter().map(fitting).collect::<Vec<_>>().join("\n"));
    }

    /// Returns the rows and columns of the terminal.
    fn size(&self) -> (usize, usize) {
        terminal::size().unwrap_or((HEIGHT, self.style.columns.unwrap_or(fit::WIDTH)))
    }

    fn paint(&self, event: &Event, line: String) -> String {
        match event_line::color(&event.kind).filter(|_| self.style.color) {
            Some(color) => format!("\x1b[{color}m{line}\x1b[0m"),
            None => line,
        }
    }
}
