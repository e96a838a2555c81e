//! The lines of an input of any length, each cut at a limit, so that little of it is in memory.

use std::io::{self, BufRead};

/// Maximum length of a line in bytes; the rest of a longer one is skipped.
const LONGEST: usize = 4096;

/// Reads an input line by line.
pub(super) struct Lines<R> {
    input: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn of(input: R) -> Self {
        Self { input, line: Vec::new() }
    }

    /// Returns the next line without its end; bytes that are no text are replaced. `None` at the end of the input.
    pub(super) fn next(&mut self) -> io::Result<Option<String>> {
        self.line.clear();
        let mut any = false;
        loop {
            let buffer = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                filled => filled?,
            };
            if buffer.is_empty() {
                break;
            }
            any = true;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let length = end.unwrap_or(buffer.len());
            let room = LONGEST.saturating_sub(self.line.len());
            self.line.extend(buffer.iter().take(length.min(room)));
            self.input.consume(end.map_or(length, |end| end + 1));
            if end.is_some() {
                break;
            }
        }
        Ok(any.then(|| String::from_utf8_lossy(&self.line).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    #[test]
    fn a_line_of_any_length_takes_bounded_memory() {
        let input = io::repeat(b'x').take(10_000_000).chain(&b"\nnext\r\n\nlast"[..]);
        let mut lines = Lines::of(BufReader::new(input));
        assert_eq!(lines.next().unwrap().unwrap().len(), LONGEST);
        assert!(lines.line.capacity() <= 2 * LONGEST);
        assert_eq!(lines.next().unwrap().unwrap(), "next\r");
        assert_eq!(lines.next().unwrap().unwrap(), "");
        assert_eq!(lines.next().unwrap().unwrap(), "last");
        assert_eq!(lines.next().unwrap(), None);
    }
}
