//! What is written where and in which form, as plain data: the part of a command line that the renderers need, without
//! the parser it came from.

use std::path::PathBuf;

/// What is written, where, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputOptions {
    /// The form of the report.
    pub format: Format,
    /// The form of received messages (`subscribe` only).
    pub messages: MessageFormat,
    /// Where the report goes; absent is stdout, or stderr for `subscribe`, whose stdout carries the messages.
    pub output: Option<PathBuf>,
    /// Where every event is kept (append-only NDJSON).
    pub journal: Option<PathBuf>,
    /// Only the report: no lines while the run goes on, no messages.
    pub quiet: bool,
    /// A wall-clock time before each line.
    pub timestamps: bool,
    /// Whether to use colour.
    pub color: ColorChoice,
    /// Whether a degraded or critical verdict still exits 0.
    pub exit_zero: bool,
    /// Remarks for the user, one line each without line end, for stderr.
    pub warnings: Vec<String>,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// One JSON document a line: every event as it happens, then the report, a line for each of its records.
    Ndjson,
    /// `name,value`, one figure a line.
    Csv,
    /// The Prometheus / OpenMetrics exposition format.
    Openmetrics,
    /// One line with performance data, for monitoring plugins.
    Nagios,
}

/// The form of events as they happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventFormat {
    /// A line for people.
    #[default]
    Text,
    /// One JSON document a line, as in a journal.
    Ndjson,
}

/// The form of a check's result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CheckFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// One line with performance data, for monitoring systems.
    Nagios,
}

/// The form of what `idle` finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdleFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// One JSON document a line: rounds and silences as they happen, then the result, a line for each of its records.
    Ndjson,
    /// One line with performance data, for monitoring systems.
    Nagios,
}

/// The form of a drill's results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DrillFormat {
    /// A table for people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// A line of names, then a line a cell.
    Csv,
    /// A table for a wiki or a pull request.
    Markdown,
}

/// The form of one document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DocumentFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

/// The form of received messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageFormat {
    /// `channel  message`, with everything unprintable escaped.
    #[default]
    Text,
    /// One JSON document a line.
    Ndjson,
    /// The bytes of the message and a line end, nothing else.
    Raw,
}

/// Whether to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorChoice {
    /// Whether to use colour on an output that is a terminal, or not.
    pub fn on(self, terminal: bool) -> bool {
        match self {
            Self::Auto => terminal,
            Self::Always => true,
            Self::Never => false,
        }
    }
}
