//! `redis-doctor report`: its flags and its request.

use std::path::PathBuf;

use clap::Args;

use crate::{
    cli::{
        environment::Environment,
        error::UsageError,
        groups::{FormatArgs, GateArgs, OutputArgs, TextArgs},
        subcommand::Subcommand,
    },
    output::{self, OutputOptions},
    plan::Gate,
};

/// Flags of `report`.
#[derive(Args, Debug)]
pub(in crate::cli) struct ReportArgs {
    /// Journals to read; - is stdin
    ///
    /// Journals of --journal, or saved output of --format ndjson. Several are merged into one report.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Refuse a damaged line instead of skipping it
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    gates: GateArgs,
}

/// Journals and the output of their report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReportRequest {
    /// Journals, at least one.
    pub files: Vec<PathBuf>,
    /// Refuse damaged lines.
    pub strict: bool,
    pub output: OutputOptions,
    /// Conditions that make the verdict critical.
    pub fail_on: Vec<Gate>,
    /// Conditions that make the verdict degraded.
    pub warn_on: Vec<Gate>,
}

impl Subcommand for ReportArgs {
    const NAME: &'static str = "report";
    const ABOUT: &'static str = "Rebuild a report from journals, including one cut off by a crash";
    const HELP: &'static str = "\
Examples:
  redis-doctor report soak.ndjson
  redis-doctor soak -d 1h --format ndjson > saved && redis-doctor report saved
  redis-doctor report node-*.ndjson -o merged.json
  redis-doctor report soak.ndjson -v --local-time
  redis-doctor report soak.ndjson --format csv --rows outages
  redis-doctor report soak.ndjson --fail-on 'availability<99.99%'

Without --fail-on and --warn-on, the gates of the run apply.

Exit status: 0 healthy, 1 degraded, 2 critical, 3 wrong usage.";
    type Request = ReportRequest;

    fn resolve(self, environment: &Environment) -> Result<ReportRequest, UsageError> {
        let mut options = self.output.options(environment);
        self.text.apply_to(&mut options);
        let (format, rows) = self.format.resolve(options.output.as_deref())?;
        let output = OutputOptions {
            output: output::file(options.output),
            format,
            rows,
            exit_zero: self.gates.exit_zero,
            ..options
        };
        Ok(ReportRequest {
            files: self.files,
            strict: self.strict,
            output,
            fail_on: self.gates.fail_on,
            warn_on: self.gates.warn_on,
        })
    }
}
