//! What is seen of a search while it goes on, on stderr: a line when a round begins and when the first connection of it
//! dies, and on a terminal a line below them that says how far it is.

use std::{
    cell::RefCell,
    io::{self, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use super::{heading, settings};
use crate::{
    clock::Stamp,
    idle::{Ending, Progress, ServerSays, Silence},
    plan::Target,
    render::{
        Style,
        terminal::Narrow,
        units::{INDENT, count, folded, span},
    },
};

const REDRAWS_PER_SECOND: u8 = 2;

/// Shows a search as it goes on.
pub struct IdleProgress {
    style: Style,
    state: RefCell<State>,
}

struct State {
    out: Box<dyn Write>,
    bar: Option<ProgressBar>,
    /// The present round: its number, when it began, how many silences it has, and its longest.
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
    pub fn new(style: Style, out: Box<dyn Write>) -> Self {
        let state = State {
            out,
            bar: None,
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

    /// The server has been reached.
    pub fn begin(&self, target: &Target, server: &ServerSays) {
        if self.style.quiet {
            return;
        }
        let mut state = self.state.borrow_mut();
        let target = format!("{target} ({})", target.named_by);
        state.line(&folded(&heading(&target, server), INDENT));
        state.line(&format!("server    {}", settings(server)));
    }

    /// Something has happened.
    pub fn tell(&self, now: Stamp, news: Progress) {
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
                state.line(&format!("round {number}   {silences} at once, {range}"));
                if self.style.terminal {
                    state.draw_bar();
                }
            }
            Progress::Ended(silence) => state.ended(&silence),
            Progress::NotOpened => state.not_opened += 1,
        }
        state.redraw(now);
    }

    /// Time has passed.
    pub fn tick(&self, now: Stamp) {
        self.state.borrow().redraw(now);
    }

    /// Says how far it is.
    pub fn interim(&self, now: Stamp) {
        let mut state = self.state.borrow_mut();
        let text = state.standing(now);
        state.line(&text);
    }

    /// The search is over.
    pub fn finish(&self) {
        if let Some(bar) = self.state.borrow_mut().bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl State {
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
            let how = match (silence.ending, silence.dated) {
                (Ending::Unanswered, _) => "does not answer any more",
                (Ending::Closed, true) => "was closed (FIN)",
                (Ending::Closed, false) => "was closed (FIN) when spoken to",
                (_, true) => "was reset (RST)",
                (_, false) => "was reset (RST) when spoken to",
            };
            self.line(&format!("died      a connection {how} after {} of silence", span(silence.lasted)));
        }
    }

    fn draw_bar(&mut self) {
        if self.bar.is_none() {
            let target = ProgressDrawTarget::term_like_with_hz(Box::new(Narrow::stderr()), REDRAWS_PER_SECOND);
            let style = ProgressStyle::with_template("[{bar:24}] {wide_msg}");
            let bar = ProgressBar::with_draw_target(Some(1), target)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "))
                .with_finish(ProgressFinish::AndClear);
            self.bar = Some(bar);
        }
    }

    fn redraw(&self, now: Stamp) {
        let Some(bar) = &self.bar else { return };
        bar.set_length(self.longest.as_millis() as u64);
        bar.set_position(now.since(self.began).min(self.longest).as_millis() as u64);
        bar.set_message(self.standing(now));
    }

    /// `round 1 · at most 15 min 2 s left · 12 survived, at most 1 min · 2 died · 34 silent`
    fn standing(&self, now: Stamp) -> String {
        let silent = self.connections.saturating_sub(self.survived + self.died + self.not_opened);
        // To whole seconds: the line would only flicker.
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
