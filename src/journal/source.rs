//! The lines of one journal file, which can be read several times.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom},
    os::{fd::AsFd, unix::fs::OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::error::JournalError;

/// The name of the standard input.
const STDIN: &str = "-";

/// Maximum length of a line; a longer one is damaged.
const LONGEST: u64 = 16 << 20;

/// Number of bytes from a pipe that are kept in memory; more are kept in a temporary file.
const IN_MEMORY: u64 = 32 << 20;

/// Number of damaged lines of a file that are remembered.
const REMEMBERED: usize = 1000;

/// Number of damaged lines of a file that are listed.
const LISTED: usize = 10;

/// A file that can be read from any place.
trait Input: Read + Seek + Send {}

impl<T: Read + Seek + Send> Input for T {}

/// A journal file and its damage.
pub(super) struct Source {
    pub(super) path: PathBuf,
    input: BufReader<Box<dyn Input>>,
    offset: u64,
    /// The current line.
    pub(super) line: Line,
    /// Numbers of damaged lines, and what is wrong with them.
    damaged: BTreeMap<u64, String>,
    omitted: usize,
}

/// A line of a file.
#[derive(Default)]
pub(super) struct Line {
    pub(super) text: Vec<u8>,
    /// Place of its first byte.
    pub(super) offset: u64,
    /// Its number (from 1).
    pub(super) number: u64,
    /// It is longer than `text`.
    pub(super) is_too_long: bool,
}

impl Source {
    /// Opens a file, or the standard input as `-`.
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        let opened = || -> io::Result<(Box<dyn Input>, u64)> {
            let mut file = match path.as_os_str() == STDIN {
                true => File::from(io::stdin().as_fd().try_clone_to_owned()?),
                false => File::open(path)?,
            };
            if file.metadata()?.is_file() {
                let start = file.stream_position()?;
                return Ok((Box::new(file), start));
            }
            Ok((kept(file)?, 0))
        };
        let (input, offset) = opened().map_err(|error| JournalError::Io { path: path.to_owned(), error })?;
        let input = BufReader::with_capacity(64 << 10, input);
        Ok(Self { path: path.to_owned(), input, offset, line: Line::default(), damaged: BTreeMap::new(), omitted: 0 })
    }

    /// Goes to a line, so that it is read next.
    pub(super) fn go_to(&mut self, offset: u64, number: u64) -> Result<(), JournalError> {
        if offset != self.offset {
            self.input.seek(SeekFrom::Start(offset)).map_err(|error| self.io(error))?;
        }
        self.offset = offset;
        self.line.number = number - 1;
        Ok(())
    }

    /// Reads the next line; returns false at the end.
    pub(super) fn advance(&mut self) -> Result<bool, JournalError> {
        self.read_line().map_err(|error| self.io(error))
    }

    fn read_line(&mut self) -> io::Result<bool> {
        let Self { input, offset, line, .. } = self;
        line.text.clear();
        // A file that was truncated while a writer kept its place begins with a hole.
        loop {
            let buffer = input.fill_buf()?;
            let zeros = buffer.iter().take_while(|byte| **byte == 0).count();
            if zeros == 0 {
                break;
            }
            input.consume(zeros);
            *offset += zeros as u64;
        }
        line.offset = *offset;
        let length = input.by_ref().take(LONGEST).read_until(b'\n', &mut line.text)? as u64;
        line.is_too_long = length == LONGEST && line.text.last() != Some(&b'\n');
        let rest = if line.is_too_long { input.skip_until(b'\n')? } else { 0 };
        *offset += length + rest as u64;
        line.number += 1;
        Ok(length > 0)
    }

    /// Notes that the current line cannot be read.
    pub(super) fn damage(&mut self, why: String) {
        // A line is read once to find its run, and again for its event.
        if self.damaged.contains_key(&self.line.number) {
            return;
        }
        if self.damaged.len() < REMEMBERED {
            self.damaged.insert(self.line.number, why);
        } else {
            self.omitted += 1;
        }
    }

    /// Returns the first damaged line as an error.
    pub(super) fn garbage(&self) -> Option<JournalError> {
        let (line, why) = self.damaged.first_key_value()?;
        Some(JournalError::Garbage { path: self.path.clone(), line: *line, why: why.clone() })
    }

    /// Describes the damage for the reader of the report: `FILE: 2 damaged lines skipped: 17, 203`.
    pub(super) fn describe_damage(&self) -> Option<String> {
        let count = self.damaged.len() + self.omitted;
        let lines = if count == 1 { "line" } else { "lines" };
        let numbers: Vec<_> = self.damaged.keys().take(LISTED).map(|line| line.to_string()).collect();
        let more = if count > LISTED { " …" } else { "" };
        let path = self.path.display();
        (count > 0).then(|| format!("{path}: {count} damaged {lines} skipped: {}{more}", numbers.join(", ")))
    }

    fn io(&self, error: io::Error) -> JournalError {
        JournalError::Io { path: self.path.clone(), error }
    }
}

/// Keeps the content of a pipe.
fn kept(mut pipe: File) -> io::Result<Box<dyn Input>> {
    let mut start = Vec::new();
    if pipe.by_ref().take(IN_MEMORY).read_to_end(&mut start)? < IN_MEMORY as usize {
        return Ok(Box::new(Cursor::new(start)));
    }
    let path = std::env::temp_dir().join(format!("redis-doctor-{}", std::process::id()));
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    // It lives as long as it is open.
    fs::remove_file(&path)?;
    io::copy(&mut start.as_slice(), &mut file)?;
    drop(start);
    io::copy(&mut pipe, &mut file)?;
    file.rewind()?;
    Ok(Box::new(file))
}
