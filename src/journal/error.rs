//! The reasons why a journal cannot be read.

use std::{fmt, io, path::PathBuf};

use serde_json::error::Category;

use crate::{event::SCHEMA_VERSION, foreign::Foreign};

/// Returns what is wrong with a line, without the text in it: any file may be taken for a journal.
pub(super) fn problem(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Data => format!("its fields are not those of an event, at column {}", error.column()),
        Category::Io | Category::Syntax | Category::Eof => error.to_string(),
    }
}

/// An error while reading a journal.
#[derive(Debug)]
pub(crate) enum JournalError {
    /// The file cannot be read.
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
    /// A line is not an event, in a file that has no other lines or is read strictly.
    Garbage {
        /// The file.
        path: PathBuf,
        /// The line (from 1).
        line: u64,
        /// Problem with the line.
        why: String,
    },
    /// The journal was written by a newer redis-doctor.
    Newer {
        /// The file.
        path: PathBuf,
        /// The line (from 1).
        line: u64,
        /// Schema version of the journal.
        found: u32,
    },
    /// The same run occurs twice, and would be counted twice.
    Twice {
        /// The file with the second occurrence.
        path: PathBuf,
        /// The run.
        run_id: Foreign,
    },
    /// The file is compressed.
    Compressed {
        /// The file.
        path: PathBuf,
    },
    /// The file holds no run.
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Garbage { path, line, why } => {
                write!(f, "{}:{line}: not a journal line: {why}", path.display())?;
                // Probably another program's file, or a report.
                if *line == 1 {
                    f.write_str("; a journal is what --journal FILE or --format ndjson writes")?;
                }
                Ok(())
            }
            Self::Newer { path, line, found } => write!(
                f,
                "{}:{line}: written by a newer redis-doctor (journal version {found}; this version reads up to \
                 {SCHEMA_VERSION}); use that version or a later one",
                path.display()
            ),
            Self::Twice { path, run_id } => write!(f, "{}: run {run_id} was already read", path.display()),
            Self::Compressed { path } => {
                let path = path.display();
                write!(f, "{path}: it is compressed with gzip; use: zcat {path} | redis-doctor report -")
            }
            Self::Empty { path } => write!(f, "{}: there is no run in this file", path.display()),
        }
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
