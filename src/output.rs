//! What is written where and in which form, as plain data: the part of a command line that the renderers need, without
//! the parser it came from.

use std::path::PathBuf;

use strum::{EnumString, IntoStaticStr, VariantArray};

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

/// The one list of formats. A row has the variant of [`Format`], whose name in lower case is the word on the command line,
/// the file of its writer below `render/formats`, and each [`Content`] that can be written so.
///
/// It is given to a macro, so that the enum is made here and the call of each writer in `render`.
macro_rules! formats {
    ($make:ident) => {
        $make! {
            /// Text for people.
            #[default]
            Text in text: Report, Checkup, IdleReport, Drill, Explanation, Events;
            /// One JSON document.
            Json in json: Report, Checkup, IdleReport, Drill, Explanation;
            /// One JSON document a line: events as they happen, then the result, one line for each of its records.
            Ndjson in ndjson: Report, IdleReport, Events;
            /// RFC 4180: a header line, then one line for each row, or for each figure as `name,value`.
            Csv in csv: Report, Drill;
            /// The Prometheus / OpenMetrics exposition format.
            Openmetrics in openmetrics: Report;
            /// One line with performance data, for monitoring plugins.
            Nagios in nagios: Report, Checkup, IdleReport;
            /// A table for a wiki or a pull request.
            Markdown in markdown: Drill;
        }
    };
}
pub(crate) use formats;

macro_rules! define {
    ($($(#[$meta:meta])* $format:ident in $module:ident: $($content:ident),+;)+) => {
        /// A form in which a result is written.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
        #[strum(serialize_all = "lowercase")]
        pub enum Format {
            $($(#[$meta])* $format,)+
        }

        impl Format {
            /// Returns true if such content can be written in this format.
            fn shows(self, content: Content) -> bool {
                match self {
                    $(Self::$format => matches!(content, $(Content::$content)|+),)+
                }
            }
        }
    };
}
formats!(define);

impl Format {
    /// Returns the formats in which such content can be written.
    pub fn all_of(content: Content) -> impl Iterator<Item = Self> {
        Self::VARIANTS.iter().copied().filter(move |format| format.shows(content))
    }

    /// Returns its word on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Something that is written in one of several formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray)]
pub enum Content {
    /// The report of `ping`, `subscribe`, `soak` and `report`.
    Report,
    /// The result of `check`.
    Checkup,
    /// The result of `idle`.
    IdleReport,
    /// The result of `drill`.
    Drill,
    /// The answer of `explain`.
    Explanation,
    /// The events of `proxy`, as they happen.
    Events,
}

/// The form of received messages. Not a [`Format`]: a message is bytes of others, and no result.
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
