//! The flags for output: destination, form and format of a report, and the journal.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    cli::{choice::formats, environment::Environment, error::UsageError, value},
    output::{ColorChoice, Content, Format, OutputOptions, Rows},
};

/// Report destination and style.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct OutputArgs {
    /// Write the report to this file, - for stdout
    ///
    /// A file is replaced only by a complete report.
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Print only the report, no events or progress
    #[arg(short, long)]
    pub(in crate::cli) quiet: bool,
    /// When to use color
    ///
    /// auto means on a terminal, unless NO_COLOR is set.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(in crate::cli) color: ColorChoice,
}

impl OutputArgs {
    /// Returns the output options that these flags decide.
    pub(in crate::cli) fn options(self, environment: &Environment) -> OutputOptions {
        let color = environment.color(self.color);
        OutputOptions { output: self.output, quiet: self.quiet, color, ..OutputOptions::default() }
    }
}

/// Destination and style of a result that is a list of problems.
// Each flag has its heading: one for the group would also hold for the arguments that the command declares after it.
#[derive(Args, Debug)]
pub(in crate::cli) struct ResultArgs {
    /// Write the result to this file, - for stdout
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Print only problems
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
    /// When to use color
    ///
    /// auto means on a terminal, unless NO_COLOR is set.
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub(in crate::cli) color: ColorChoice,
}

/// Form of a text report, for the commands that report on runs.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct TextArgs {
    /// Show every section of the text report
    ///
    /// Adds each outage with all evidence for and against its cause, the errors, the client states and the gates. The other
    /// formats always have them.
    #[arg(short, long)]
    verbose: bool,
    /// Show local times instead of UTC
    ///
    /// In event lines, text and Markdown. The time zone is that of TZ, or of the system. The other formats always have UTC.
    #[arg(long)]
    local_time: bool,
}

impl TextArgs {
    /// Sets the output options that these flags decide.
    pub(in crate::cli) fn apply_to(&self, output: &mut OutputOptions) {
        (output.verbose, output.local_time) = (self.verbose, self.local_time);
    }
}

/// Report format, for the commands that write the report to stdout.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct FormatArgs {
    /// Report format [default: that of the name of --output, or text]
    ///
    /// A name that ends with .html, .json, .ndjson, .csv, .md, .prom, .hgrm or .hlog implies the format.
    #[arg(long, value_name = "FORMAT", value_parser = formats(Content::Report))]
    format: Option<Format>,
    /// Rows of CSV [default: figures]
    ///
    /// figures has a row for each figure of the JSON report, with its name. The others have a row for each interval, outage
    /// or kind of error.
    #[arg(long, value_name = "ROWS")]
    rows: Option<Rows>,
}

impl FormatArgs {
    /// Returns true if rows are chosen.
    pub(in crate::cli) fn has_rows(&self) -> bool {
        self.rows.is_some()
    }

    /// Returns the format that is named.
    pub(in crate::cli) fn given(&self) -> Option<Format> {
        self.format
    }

    /// Returns the format and the rows of a report in this file, or on stdout.
    pub(in crate::cli) fn resolve(&self, output: Option<&Path>) -> Result<(Format, Rows), UsageError> {
        let format = Format::chosen(self.format, output, Content::Report);
        if self.rows.is_some() && format != Format::Csv {
            let problem = format!("it is for CSV, and the format is {}", format.name());
            return Err(UsageError::new("--rows", problem, "add --format csv"));
        }
        Ok((format, self.rows.unwrap_or_default()))
    }
}

/// The journal of events.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct JournalArgs {
    /// Append all events to this file as NDJSON
    ///
    /// 'redis-doctor report FILE' rebuilds the report from it.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) journal: Option<PathBuf>,
    /// Rename the journal to FILE.1 at this size
    ///
    /// A new file is begun; an older FILE.1 is replaced. For example 500k, 100m or 2g.
    #[arg(long, value_name = "SIZE", value_parser = value::file_size, requires = "journal")]
    pub(in crate::cli) journal_max_size: Option<u64>,
    /// Do not end the run on SIGHUP, for logrotate
    ///
    /// A renamed, truncated or removed journal is noticed within a second, with or without a signal. This flag is for
    /// tools that send SIGHUP after a rotation.
    #[arg(long, requires = "journal")]
    pub(in crate::cli) journal_reopen: bool,
}
