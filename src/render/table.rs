//! Tables that fit the terminal: columns without room continue in a line below their row, with their names.

use std::ops::Range;

use comfy_table::{Cell, CellAlignment, Table, presets};
use console::measure_text_width;

use super::fit::{self, GAP, LAST_MARGIN, WIDTH};

/// Returns the lines of a table; numbers, from column `numbers.start` to `numbers.end`, are aligned to the right. The last
/// columns are the first to go below.
pub(super) fn lines(
    header: &[&str],
    numbers: Range<usize>,
    rows: &[Vec<String>],
    columns: Option<usize>,
) -> Vec<String> {
    let widths = widths(header, rows);
    let room = columns.unwrap_or(WIDTH);
    let all_numbers = numbers.end == header.len();
    // Between numbers a single blank is enough.
    let gap = if all_numbers && width(&widths, GAP.len()) > room && width(&widths, 1) <= room { 1 } else { GAP.len() };
    let beside = beside(&widths, gap, room);
    let cells = |row: &[String]| -> Vec<Cell> {
        let cells = row.iter().take(beside).enumerate();
        cells.map(|(column, text)| Cell::new(text).set_alignment(alignment(&numbers, column))).collect()
    };
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(cells(&header.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()));
    rows.iter().for_each(|row| _ = table.add_row(cells(row)));
    for column in table.column_iter_mut() {
        column.set_padding((0, gap as u16));
    }
    let margin = (widths.first().copied().unwrap_or_default() + GAP.len()).min(LAST_MARGIN).min(room / 2);
    let mut lines = Vec::new();
    let mut beside_lines = table.lines().map(|line| line.trim_end().to_owned());
    lines.extend(beside_lines.next());
    for (row, line) in rows.iter().zip(beside_lines) {
        lines.push(line);
        let below = below(header, row, beside);
        if !below.is_empty() {
            // In a file it stays on one line.
            let below = match columns {
                Some(columns) => fit::wrapped(&below, margin, margin, columns),
                None => below,
            };
            lines.push(format!("{}{below}", " ".repeat(margin)));
        }
    }
    lines
}

fn alignment(numbers: &Range<usize>, column: usize) -> CellAlignment {
    if numbers.contains(&column) { CellAlignment::Right } else { CellAlignment::Left }
}

/// Returns the width of each column.
fn widths(header: &[&str], rows: &[Vec<String>]) -> Vec<usize> {
    let of = |column: usize, name: &str| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|text| measure_text_width(text));
        cells.chain([measure_text_width(name)]).max().unwrap_or_default()
    };
    header.iter().enumerate().map(|(column, name)| of(column, name)).collect()
}

/// Returns the width of such columns side by side.
fn width(widths: &[usize], gap: usize) -> usize {
    widths.iter().sum::<usize>() + gap * widths.len().saturating_sub(1)
}

/// Returns the number of columns that fit beside each other.
fn beside(widths: &[usize], gap: usize, room: usize) -> usize {
    let all = widths.len();
    // A text that begins this early continues below itself.
    let is_text = width(&widths[..all.saturating_sub(1)], gap) + gap <= LAST_MARGIN;
    let fits = |count: &usize| width(&widths[..*count], gap) <= room;
    if is_text { all } else { (1..=all).rev().find(fits).unwrap_or(1) }
}

/// `cause network_reset, certain · reported as broken pipe`, without empty cells and zeros.
fn below(header: &[&str], row: &[String], beside: usize) -> String {
    let cells = header.iter().zip(row).skip(beside).filter(|(_, text)| !text.is_empty() && *text != "0");
    let named = cells.map(|(name, text)| if name.is_empty() { text.clone() } else { format!("{name} {text}") });
    named.collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [&str; 5] = ["when", "lasted", "lost", "end", "reported as"];

    fn rows() -> Vec<Vec<String>> {
        let row = |cells: [&str; 5]| cells.map(str::to_owned).to_vec();
        vec![row(["10:00:01", "1.2 s", "3", "recovered", "broken pipe"]), row(["10:00:09", "7 s", "0", "", ""])]
    }

    fn shown(columns: usize) -> String {
        lines(&HEADER, 1..3, &rows(), Some(columns)).join("\n")
    }

    #[test]
    fn what_finds_no_room_beside_goes_below_with_its_name() {
        let wide = "\
when      lasted  lost  end        reported as
10:00:01   1.2 s     3  recovered  broken pipe
10:00:09     7 s     0";
        let narrow = "\
when      lasted  lost  end
10:00:01   1.2 s     3  recovered
          reported as broken pipe
10:00:09     7 s     0";
        for (columns, expected) in [(200, wide), (46, wide), (45, narrow), (33, narrow)] {
            assert_eq!(shown(columns), expected, "{columns}");
        }
        let narrower = "\
when      lasted  lost
10:00:01   1.2 s     3
          end recovered ·
          reported as broken
          pipe
10:00:09     7 s     0";
        assert_eq!(shown(32), narrower);
        assert!((22..60).all(|columns| shown(columns).lines().all(|line| line.chars().count() <= columns)));
    }

    #[test]
    fn without_a_terminal_a_table_is_as_wide_as_the_rest() {
        let row = vec!["1".to_owned(), "x".repeat(28), "y".repeat(40), "z".repeat(20)];
        let lines = lines(&["a", "b", "c", "d"], 0..0, &[row], None);
        assert!(lines[1].ends_with('y') && lines[2].ends_with('z'), "{lines:?}");
    }

    #[test]
    fn a_text_that_begins_early_stays_beside() {
        let row = vec!["10:00:01".to_owned(), "wedged".to_owned(), "long ".repeat(30)];
        assert_eq!(lines(&["state", "", ""], 0..0, &[row], Some(40)).len(), 2);
    }

    #[test]
    fn numbers_move_together_before_one_goes_below() {
        let row = ["latency", "100", "200"].map(str::to_owned).to_vec();
        let shown = |columns| lines(&["", "p50", "p99"], 1..3, std::slice::from_ref(&row), Some(columns)).join("\n");
        assert_eq!(shown(17), "         p50  p99\nlatency  100  200");
        assert_eq!(shown(15), "        p50 p99\nlatency 100 200");
    }
}
