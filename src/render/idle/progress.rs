//! The progress of a search on stderr: a line when a round begins and when its first connection dies, and on a terminal a
//! progress line below them.

use std::{cell::RefCell, io::Write, time::Duration};

use super::{heading, settings};
use crate::{
    clock::Stamp,
    idle::{Ending, Progress, ServerSummary, Silence},
    plan::Target,
    render::{
        Style,
        fit::{self, INDENT},
        lines::Lines,
        units::{count, span},
    },
};

/// Progress of a search.
pub(crate) struct IdleProgress {
    style: Style,
    state: RefCell<State>,
}

struct State {
    lines: Lines,
    /// Number of the present round; its start, connections and longest silence follow.
    number: u32,
    began: Stamp,
    connections: usize,
    longest: Duration,
    survived: usize,
    died: usize,
    not_opened: usize,
    best: Duration,
}

impl IdleProgress {
    /// Writes to `out` (stderr), and draws on stderr if the style says that it is a terminal.
    pub(crate) fn new(style: Style, out: Box<dyn Write>) -> Self {
        let state = State {
            lines: Lines::new(out, style.columns),
            number: 0,
            began: Stamp::START,
            connections: 0,
            longest: Duration::ZERO,
            survived: 0,
            died: 0,
            not_opened: 0,
            best: Duration::ZERO,
        };
        Self { style, state: RefCell::new(state) }
    }

    /// Writes the heading once the server has been reached.
    pub(crate) fn begin(&self, target: &Target, server: &ServerSummary) {
        if self.style.quiet {
            return;
        }
        let mut state = self.state.borrow_mut();
        let target = format!("{target} ({})", target.named_by);
        let width = fit::readable(self.style.columns);
        state.lines.line(&fit::wrapped(&heading(&target, server), 0, INDENT, width));
        state.lines.line(&format!("server    {}", settings(server)));
    }

    /// Shows an event of the search.
    pub(crate) fn tell(&self, now: Stamp, news: Progress) {
        if self.style.quiet {
            return;
        }
        let mut state = self.state.borrow_mut();
        match news {
            Progress::Round { number, connections, shortest, longest } => {
                (state.number, state.began, state.connections, state.longest) = (number, now, connections, longest);
                (state.survived, state.died, state.not_opened) = (0, 0, 0);
                let silences = count(connections as u64, "silence");
                let range = if shortest == longest {
                    format!("of {}", span(longest))
                } else {
                    format!("from {} to {}", span(shortest), span(longest))
                };
                state.lines.line(&format!("round {number}   {silences} in parallel, {range}"));
                if self.style.terminal && state.lines.progress().is_none() {
                    state.lines.begin_progress(Some(1), "{wide_msg}");
                }
            }
            Progress::Ended(silence) => state.ended(&silence),
            Progress::NotOpened => state.not_opened += 1,
        }
        state.redraw(now);
    }

    /// Redraws the progress line.
    pub(crate) fn tick(&self, now: Stamp) {
        self.state.borrow().redraw(now);
    }

    /// Writes interim figures.
    pub(crate) fn interim(&self, now: Stamp) {
        let mut state = self.state.borrow_mut();
        let text = state.standing(now);
        state.lines.line(&text);
    }

    /// Removes the progress line.
    pub(crate) fn finish(&self) {
        self.state.borrow_mut().lines.end_progress();
    }
}

impl State {
    fn ended(&mut self, silence: &Silence) {
        if silence.ending == Ending::Answered {
            self.survived += 1;
            self.best = self.best.max(silence.lasted);
        }
        if !silence.died() {
            return;
        }
        self.died += 1;
        if self.died == 1 {
            let idle = span(silence.lasted);
            let how = match (silence.ending, silence.dated) {
                (Ending::Unanswered, _) => format!("first command after {idle} idle got no reply"),
                (Ending::Closed, true) => format!("idle connection was closed (FIN) after {idle}"),
                (Ending::Closed, false) => format!("first command after {idle} idle got FIN"),
                (_, true) => format!("idle connection was reset (RST) after {idle}"),
                (_, false) => format!("first command after {idle} idle got RST"),
            };
            self.lines.line(&format!("died      {how}"));
        }
    }

    fn redraw(&self, now: Stamp) {
        let Some(bar) = self.lines.progress() else { return };
        bar.set_length(self.longest.as_millis() as u64);
        bar.set_position(now.since(self.began).min(self.longest).as_millis() as u64);
        bar.set_message(self.standing(now));
    }

    /// `round 1 · at most 15 min 2 s left · 12 survived, at most 1 min · 2 died · 34 silent`
    fn standing(&self, now: Stamp) -> String {
        let silent = self.connections.saturating_sub(self.survived + self.died + self.not_opened);
        // In whole seconds: fractions would flicker.
        let left = Duration::from_secs(self.longest.saturating_sub(now.since(self.began)).as_secs());
        let mut parts = vec![format!("round {}", self.number), format!("at most {} left", span(left))];
        if !self.best.is_zero() {
            parts.push(format!("{} survived, at most {}", self.survived, span(self.best)));
        }
        if self.died > 0 {
            parts.push(format!("{} died", self.died));
        }
        parts.push(format!("{silent} silent"));
        parts.join(" · ")
    }
}
