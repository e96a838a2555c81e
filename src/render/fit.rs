//! The width of text, and the wrapping of long lines: between parts, which are divided by ` · `, or else between words.
//! A line continues below its text, not in the first column.
//!
//! A report in a file or a pipe keeps each sentence on one line, so it can be searched.

use std::io::{self, Write};

use console::{Term, measure_text_width};

/// Columns of text without a terminal.
pub(super) const WIDTH: usize = 80;

/// Column of the text after a name, and of its continuation.
pub(super) const INDENT: usize = 10;

/// Minimum gap between a label and its text.
pub(super) const GAP: &str = "  ";

/// Maximum column in which text begins; a later gap is part of the text.
pub(super) const LAST_MARGIN: usize = 30;

const DIVIDER: &str = " ·";

/// Returns the columns of the terminal on stderr; `None` if it is not a terminal.
pub(crate) fn stderr_columns() -> Option<usize> {
    Term::stderr().size_checked().map(|(_, columns)| columns.into())
}

/// Returns the columns of the terminal on stdout; `None` if it is not a terminal.
pub(crate) fn stdout_columns() -> Option<usize> {
    Term::stdout().size_checked().map(|(_, columns)| columns.into())
}

/// Returns the columns of easily read text: those of the terminal, within limits.
pub(super) fn readable(columns: Option<usize>) -> usize {
    const NARROWEST: usize = 30;
    const WIDEST: usize = 100;
    columns.map_or(WIDTH, |columns| columns.clamp(NARROWEST, WIDEST))
}

/// Writes what `unbroken` writes, with its lines broken so that they fit into these columns.
///
/// # Errors
/// Those of either writer.
pub(super) fn write_fitted(
    columns: Option<usize>,
    out: &mut dyn Write,
    unbroken: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
) -> io::Result<()> {
    let mut text = Vec::new();
    unbroken(&mut text)?;
    out.write_all(fitted(&String::from_utf8_lossy(&text), columns).as_bytes())
}

/// Breaks the lines of a text at blanks so that they fit into these columns.
pub(crate) fn fitted(text: &str, columns: Option<usize>) -> String {
    let Some(columns) = columns else { return text.to_owned() };
    let lines: Vec<_> = text.split('\n').map(|line| broken(line, columns)).collect();
    lines.join("\n")
}

fn broken(line: &str, columns: usize) -> String {
    if measure_text_width(line) <= columns {
        return line.to_owned();
    }
    let texts = line.char_indices().filter(|(at, char)| *char != ' ' && line[..*at].ends_with(GAP));
    let starts = texts.map(|(at, _)| (at, measure_text_width(&line[..at])));
    let (head, start) = starts.take_while(|(_, start)| *start <= LAST_MARGIN).last().unwrap_or_default();
    // A margin leaves at least half of the columns.
    let margin = start.min(columns / 2);
    format!("{}{}", &line[..head], wrapped(&line[head..], start, margin, columns))
}

/// Breaks a text that starts in column `start` so that it fits into `columns`; later lines begin with a margin.
pub(super) fn wrapped(text: &str, start: usize, margin: usize, columns: usize) -> String {
    let mut lines = String::with_capacity(text.len() + columns);
    let mut width = start;
    for (number, piece) in pieces(text, columns.saturating_sub(margin)).into_iter().enumerate() {
        let length = measure_text_width(&piece);
        if number > 0 && width + 1 + length > columns && !piece.is_empty() {
            lines.truncate(lines.trim_end().len());
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', margin));
            width = margin;
        } else if number > 0 {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(&piece);
        width += length;
    }
    lines
}

/// Returns the unbreakable pieces: parts with the dividers behind them, or the words of a part that is wider than the room.
fn pieces(text: &str, room: usize) -> Vec<String> {
    let parts: Vec<_> = text.split(" · ").collect();
    let last = parts.len() - 1;
    let mut pieces = Vec::new();
    for (number, part) in parts.into_iter().enumerate() {
        let divider = if number < last { DIVIDER } else { "" };
        if measure_text_width(part) + measure_text_width(divider) <= room && last > 0 {
            pieces.push(format!("{part}{divider}"));
            continue;
        }
        pieces.extend(words(part));
        if let Some(word) = pieces.last_mut() {
            word.push_str(divider);
        }
    }
    pieces
}

/// Words, numbers with their units, and short commands.
fn words(text: &str) -> Vec<String> {
    const UNITS: [&str; 11] = ["s", "ms", "µs", "min", "h", "d", "%", "×", "B", "KiB", "MiB"];
    /// Columns of the longest command that stays in one piece.
    const COMMAND: usize = 32;
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let is_unit = UNITS.contains(&word.trim_end_matches([',', ';', ':', '.', ')']));
        let belongs = |before: &String| {
            let is_command = before.matches('`').count() % 2 == 1 && before.len() + word.len() < COMMAND;
            is_command || is_unit && before.ends_with(|char: char| char.is_ascii_digit())
        };
        match words.last_mut().filter(|before| belongs(before)) {
            Some(before) => before.extend([" ", word]),
            None => words.push(word.to_owned()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_continues_below_its_text() {
        let line = "14:07:58.911  disconnected  Connection reset by peer (os error 104) · 3 in flight · idle 100 ms";
        let expected = "14:07:58.911  disconnected  Connection reset by peer (os error 104) ·\n                            \
                        3 in flight · idle 100 ms";
        assert_eq!(fitted(line, Some(80)), expected);
        assert_eq!(fitted("for       CLIENT KILL was called", Some(26)), "for       CLIENT KILL was\n          called");
        assert_eq!(fitted(line, None), line);
        assert_eq!(fitted(line, Some(200)), line);
        let painted = format!("\x1b[31m{line}\x1b[0m");
        assert_eq!(fitted(&painted, Some(80)), format!("\x1b[31m{expected}\x1b[0m"));
        let narrow = fitted(line, Some(24));
        assert_eq!(narrow.split_whitespace().collect::<Vec<_>>(), line.split_whitespace().collect::<Vec<_>>());
        assert!(narrow.lines().skip(2).all(|line| line.chars().count() <= 24), "{narrow}");
        assert!(narrow.lines().skip(1).all(|line| line.starts_with("            ")), "{narrow}");
    }

    #[test]
    fn a_gap_within_the_text_is_not_a_margin() {
        let text = "short\n\nverdict  HEALTHY  availability 100 %";
        assert_eq!(fitted(text, Some(80)), text);
        assert_eq!(fitted(text, Some(30)), "short\n\nverdict  HEALTHY  availability\n               100 %");
        let line = "14:07:58.911  failed        1 × an error with  two blanks, of some server far away";
        let expected = "14:07:58.911  failed        1 × an error with  two blanks,\n                            \
                        of some server far away";
        assert_eq!(fitted(line, Some(58)), expected);
    }

    #[test]
    fn lines_are_broken_between_their_parts_and_never_before_a_divider() {
        let parts = |count: usize| vec!["0123456789"; count].join(" · ");
        let folded = |text: &str, margin| wrapped(text, 0, margin, 80);
        assert_eq!(folded(&parts(6), 4), parts(6));
        assert_eq!(folded(&parts(8), 4), format!("{} ·\n    {}", parts(6), parts(2)));
        let long = "x".repeat(100);
        assert_eq!(folded(&format!("{long} · a"), 0), format!("{long} ·\na"));
        assert!(folded(&parts(30), 9).lines().all(|line| line.chars().count() <= 80));
        // A part that fits into no line is broken between words, where it stands.
        assert_eq!(wrapped("ab · cd ef gh ij kl", 0, 2, 12), "ab · cd ef\n  gh ij kl");
        assert_eq!(wrapped("aa bb · cc", 0, 0, 5), "aa\nbb ·\ncc");
    }

    #[test]
    fn words_are_wrapped_and_none_is_lost_or_cut() {
        assert_eq!(wrapped("aa bb cc", 0, 0, 5), "aa bb\ncc");
        assert_eq!(wrapped("aa bb cc", 2, 2, 7), "aa bb\n  cc");
        assert_eq!(wrapped("a loooooong b", 0, 0, 4), "a\nloooooong\nb");
        assert_eq!(wrapped("", 0, 4, 10), "");
    }

    #[test]
    fn a_number_keeps_its_unit_and_a_command_its_words() {
        assert_eq!(wrapped("see `redis-doctor explain RD011`", 0, 0, 30), "see\n`redis-doctor explain RD011`");
        assert_eq!(wrapped("it lasted 2.0 s, then", 0, 0, 13), "it lasted\n2.0 s, then");
        assert_eq!(wrapped("it lasted 2.0 s, then", 0, 0, 16), "it lasted 2.0 s,\nthen");
    }
}
