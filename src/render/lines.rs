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
