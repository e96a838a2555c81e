//! The capabilities of a terminal, and the one that the progress line is drawn on, a few columns narrower than it is.
//!
//! A progress line fills its terminal's width, so the `^C` that a terminal echoes would land on the next line, and the
//! progress line, cleared where the cursor is, would stay behind.

use std::io::{self, IsTerminal};

use console::Term;
use indicatif::TermLike;

/// Returns true for a terminal that has colors and can redraw a line. A dumb one (of an editor, for example) shows control
/// sequences as text.
pub(crate) fn is_capable_terminal(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("TERM").is_none_or(|name| name != "dumb")
}

/// Returns the rows and columns of the terminal on stderr, which can change; `None` if it is not a terminal.
pub(super) fn size() -> Option<(usize, usize)> {
    Term::stderr().size_checked().map(|(rows, columns)| (rows.into(), columns.into()))
}

/// `^C` twice.
pub(super) const ECHO: usize = 4;

/// Standard error, with room at the end of a line.
#[derive(Debug)]
pub(super) struct Narrow(Term);

impl Narrow {
    pub(super) fn stderr() -> Self {
        Self(Term::stderr())
    }
}

impl TermLike for Narrow {
    fn width(&self) -> u16 {
        self.0.width().saturating_sub(ECHO as u16).max(1)
    }
    fn height(&self) -> u16 {
        self.0.height()
    }
    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }
    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }
    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }
    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }
    fn write_line(&self, line: &str) -> io::Result<()> {
        self.0.write_line(line)
    }
    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }
    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }
    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}
