//! Lines on stderr, and on a terminal a progress line below them.
//!
//! The progress line is redrawn when there is something new, never by a separate thread.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use super::{fit, terminal::Narrow};

const REDRAWS_PER_SECOND: u8 = 2;

/// Lines, and the progress line below them once it has begun.
pub(super) struct Lines {
    out: Box<dyn Write>,
    /// Width at which long lines are wrapped.
    columns: Option<usize>,
    bar: Option<ProgressBar>,
}

/// A handle that clears the lines below for a time.
#[derive(Clone)]
pub(crate) struct Pause(Option<ProgressBar>);

impl Pause {
    /// Does something while the lines below are cleared.
    pub(crate) fn around<T>(&self, work: impl FnOnce() -> T) -> T {
        match self.0.as_ref().filter(|bar| !bar.is_finished()) {
            Some(bar) => bar.suspend(work),
            None => work(),
        }
    }
}

impl Lines {
    /// Writes to `out` (stderr); `columns` is the width of the terminal, if it is one.
    pub(super) fn new(out: Box<dyn Write>, columns: Option<usize>) -> Self {
        Self { out, columns, bar: None }
    }

    /// Writes a line, above the progress line if there is one. If stderr is closed, it is lost.
    pub(super) fn line(&mut self, line: &str) {
        let line = fit::fitted(line, self.columns);
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

    /// Begins a progress line on stderr: a bar if the end is known, then `text` (a template of indicatif).
    pub(super) fn begin_progress(&mut self, length: Option<u64>, text: &str) {
        let template = if length.is_some() { format!("[{{bar:16}}] {text}") } else { format!("{{spinner}} {text}") };
        let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(Narrow::stderr()), REDRAWS_PER_SECOND);
        let bar = ProgressBar::with_draw_target(length, target)
            .with_style(style.progress_chars("=> "))
            .with_finish(ProgressFinish::AndClear);
        self.bar = Some(bar);
    }

    /// Begins lines on stderr whose whole text is their message.
    pub(super) fn begin_status(&mut self) {
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(Narrow::stderr()), REDRAWS_PER_SECOND);
        let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(None, target).with_style(style).with_finish(ProgressFinish::AndClear);
        self.bar = Some(bar);
    }

    /// Returns a handle on the lines below.
    pub(super) fn pause(&self) -> Pause {
        Pause(self.bar.clone())
    }

    /// Returns the progress line, if there is one.
    pub(super) fn progress(&self) -> Option<&ProgressBar> {
        self.bar.as_ref()
    }

    /// Removes the progress line.
    pub(super) fn end_progress(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
