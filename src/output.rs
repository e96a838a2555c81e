//! Output options and formats as plain data: the part of a command line that the renderers need, without its parser.

use std::path::{Path, PathBuf};

use strum::{EnumString, IntoStaticStr, VariantArray};

/// Destinations and formats of a run's output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OutputOptions {
    /// Report format.
    pub format: Format,
    /// Rows of CSV.
    pub rows: Rows,
    /// Write every section of a text report.
    pub verbose: bool,
    /// Show times in the local time zone instead of UTC.
    pub local_time: bool,
    /// Format of received messages (`subscribe` only).
    pub messages: MessageFormat,
    /// File for the report. `None` is stdout, or stderr for `subscribe`, whose stdout carries the messages: there, `-` is
    /// stdout.
    pub output: Option<PathBuf>,
    /// File to which every event is appended as NDJSON.
    pub journal: Option<PathBuf>,
    /// Size in bytes at which that file is renamed and a new one is begun.
    pub journal_max_size: Option<u64>,
    /// SIGHUP does not end the run, because it asks for a new journal file.
    pub journal_reopen: bool,
    /// Write only the report: no event lines, no messages.
    pub quiet: bool,
    /// Begin each line with the time.
    pub timestamps: bool,
    /// Use of color.
    pub color: ColorChoice,
    /// Exit 0 for any verdict.
    pub exit_zero: bool,
    /// Warnings for stderr, one line each, without line end.
    pub warnings: Vec<String>,
}

/// Returns the file that `--output` names; `-` is stdout.
pub(crate) fn file(output: Option<PathBuf>) -> Option<PathBuf> {
    output.filter(|path| !is_stdout(path))
}

/// Returns true for a name of stdout.
pub(crate) fn is_stdout(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdout")
}

/// The one list of formats. A row has the variant of [`Format`], whose name in lower case is its name on the command line,
/// the file of its writer in `render/formats`, and each [`Content`] that it can show.
///
/// It is given to a macro, so that the enum is made here and the call of each writer in `render`.
macro_rules! formats {
    ($make:ident) => {
        $make! {
            /// Human-readable text.
            #[default]
            Text in text: Report, Comparison, Checkup, IdleReport, Drill, Survival, Trace, Explanation, Events;
            /// One JSON document.
            Json in json: Report, Comparison, Checkup, IdleReport, Drill, Survival, Trace, Explanation;
            /// One JSON document a line: events as they happen, then the result, one line for each of its records.
            Ndjson in ndjson: Report, IdleReport, Trace, Events;
            /// RFC 4180: a header line, then one line for each row, or for each figure as `name,value`.
            Csv in csv: Report, Comparison, Drill, Survival, Trace;
            /// OpenMetrics 1.0, for Prometheus and its relatives.
            Openmetrics in openmetrics: Report, Checkup;
            /// The text format of Prometheus, for the textfile collector of node_exporter.
            Prometheus in prometheus: Report, Checkup;
            /// One line with performance data, for monitoring plugins.
            Nagios in nagios: Report, Checkup, IdleReport, Trace;
            /// A table for a ticket, a wiki or a pull request.
            Markdown in markdown: Report, Comparison, Drill, Survival, Trace;
            /// JUnit's XML: a test case for each case of a drill.
            Junit in junit: Drill, Survival;
            /// One self-contained page for a browser.
            Html in html: Report, IdleReport, Drill, Survival, Trace;
            /// HdrHistogram's distribution of percentiles, in milliseconds.
            Hgrm in hgrm: Report;
            /// HdrHistogram's log: a compressed histogram for each interval, in nanoseconds.
            Hlog in hlog: Report;
        }
    };
}
pub(crate) use formats;

macro_rules! define {
    ($($(#[$meta:meta])* $format:ident in $module:ident: $($content:ident),+;)+) => {
        /// An output format.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
        #[strum(serialize_all = "lowercase")]
        pub enum Format {
            $($(#[$meta])* $format,)+
        }

        impl Format {
            /// Returns true if this format can show the content.
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
    /// Returns the formats that can show the content.
    pub fn all_of(content: Content) -> impl Iterator<Item = Self> {
        Self::VARIANTS.iter().copied().filter(move |format| format.shows(content))
    }

    /// Returns the format that the name of a file implies by its extension, if it can show the content.
    pub fn of_file(path: &Path, content: Content) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        let name = match extension.as_str() {
            "htm" => "html",
            "md" => "markdown",
            "txt" => "text",
            // The only names that the textfile collector reads, and it does not read OpenMetrics.
            "prom" => "prometheus",
            name => name,
        };
        name.parse().ok().filter(|format: &Self| format.shows(content))
    }

    /// Returns the format that a flag gives, or else the name of the output file; without either, text.
    pub fn chosen(given: Option<Self>, file: Option<&Path>, content: Content) -> Self {
        given.or_else(|| Self::of_file(file?, content)).unwrap_or_default()
    }

    /// Returns its name on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The format of a page of metrics for a scraper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposition {
    /// OpenMetrics text 1.0.
    OpenMetrics,
    /// The older text format of Prometheus.
    Text,
    /// The protobuf messages of Prometheus: the only format with native histograms.
    Protobuf,
}

/// Something that is written in one of several formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray)]
pub enum Content {
    /// The report of `ping`, `subscribe`, `soak`, `proxy` and `report`.
    Report,
    /// The result of `compare`.
    Comparison,
    /// The result of `check`.
    Checkup,
    /// The result of `idle`.
    IdleReport,
    /// The result of `drill` for policies.
    Drill,
    /// The result of `drill` for an application.
    Survival,
    /// The result of `trace`.
    Trace,
    /// The answer of `explain`.
    Explanation,
    /// The events of `proxy`, as they happen.
    Events,
}

/// The rows of a report as CSV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Each figure as `name,value`.
    #[default]
    Figures,
    /// The intervals, with the latencies of each.
    Intervals,
    /// The outages, with their causes.
    Outages,
    /// The kinds of errors.
    Errors,
}

/// Format of received messages. Not a [`Format`]: a message is foreign bytes, not a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MessageFormat {
    /// `channel  message`, with everything unprintable escaped.
    #[default]
    Text,
    /// One JSON document a line.
    Ndjson,
    /// The bytes of the message and a line end, nothing else.
    Raw,
}

/// Use of color.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ColorChoice {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorChoice {
    /// Returns true if output should be colored, given that it is a terminal or not.
    pub(crate) fn on(self, terminal: bool) -> bool {
        match self {
            Self::Auto => terminal,
            Self::Always => true,
            Self::Never => false,
        }
    }
}
