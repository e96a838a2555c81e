//! Lines for a terminal: those that are too long for it go on below their text instead of in the first column, broken
//! between words. What is written to a file or a pipe keeps its lines.

use console::{Term, measure_text_width};

/// A label and what follows it are divided by so many blanks at least.
const GAP: &str = "  ";

/// Text begins in one of these columns; where there is a gap behind them, the line is a row of a table.
const LAST_MARGIN: usize = 30;

/// Columns of the terminal on stderr; `None` where it is none.
pub fn stderr_columns() -> Option<usize> {
    Term::stderr().size_checked().map(|(_, columns)| columns.into())
}

/// Columns of the terminal on stdout; `None` where it is none.
pub fn stdout_columns() -> Option<usize> {
    Term::stdout().size_checked().map(|(_, columns)| columns.into())
}

/// The same text in lines of at most so many columns, as far as there are blanks; rows of tables stay as they are.
pub fn fitted(text: &str, columns: Option<usize>) -> String {
    let Some(columns) = columns else { return text.to_owned() };
    let lines: Vec<_> = text.split('\n').map(|line| broken(line, columns)).collect();
    lines.join("\n")
}

fn broken(line: &str, columns: usize) -> String {
    if measure_text_width(line) <= columns {
        return line.to_owned();
    }
    let head = line.rfind(GAP).map_or(0, |at| at + GAP.len());
    let start = measure_text_width(&line[..head]);
    if start > LAST_MARGIN {
        return line.to_owned();
    }
    // No margin that leaves nothing beside it.
    let margin = start.min(columns / 2);
    format!("{}{}", &line[..head], wrapped(&line[head..], start, margin, columns))
}

/// Breaks a text that starts in column `start` at blanks, so that it fits into so many columns; later lines begin with
/// a margin.
pub(super) fn wrapped(text: &str, start: usize, margin: usize, columns: usize) -> String {
    let mut lines = String::new();
    let mut width = start;
    for (number, word) in text.split(' ').enumerate() {
        let length = measure_text_width(word);
        if number > 0 && width + 1 + length > columns && !word.is_empty() {
            lines.truncate(lines.trim_end().len());
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', margin));
            width = margin;
        } else if number > 0 {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_goes_on_below_its_text() {
        let line = "14:07:58.911  disconnected  Connection reset by peer (os error 104) · 3 in flight · idle 100 ms";
        let expected = "14:07:58.911  disconnected  Connection reset by peer (os error 104) · 3 in\n                            \
                        flight · idle 100 ms";
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
    fn a_table_stays_a_table() {
        let row =
            "2 d  a          1          2          3          4    hello   a long example of an error that comes last";
        assert_eq!(fitted(row, Some(40)), row);
        let text = "short\n\nverdict  HEALTHY  availability 100 %";
        assert_eq!(fitted(text, Some(80)), text);
        assert_eq!(fitted(text, Some(30)), "short\n\nverdict  HEALTHY  availability\n               100 %");
    }
}
