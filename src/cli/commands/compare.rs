//! `redis-doctor compare`: its flags and its request.

use std::path::PathBuf;

use clap::Args;

use crate::{
    cli::{
        choice::{completed, formats},
        environment::Environment,
        error::UsageError,
        groups::OutputArgs,
        subcommand::Subcommand,
    },
    compare::ChangeGate,
    output::{self, Content, Format, OutputOptions},
};

/// Flags of `compare`.
#[derive(Args, Debug)]
pub(in crate::cli) struct CompareArgs {
    /// Journal or JSON report of the first run
    #[arg(value_name = "BEFORE")]
    before: PathBuf,
    /// Journal or JSON report of the second run
    #[arg(value_name = "AFTER")]
    after: PathBuf,
    /// Exit 2 if a figure changes by more than this (repeatable)
    ///
    /// For example p99>+20%, outage>+2s, lost>+0 or availability<-0.1%. The limit is a change, with its sign; of a share,
    /// it is in percentage points. A change that may be chance does not count.
    #[arg(long, value_name = "CONDITION", hide_possible_values = true,
          value_parser = completed(str::parse::<ChangeGate>, || ChangeGate::figures().collect()))]
    fail_on: Vec<ChangeGate>,
    /// Compare runs with different workloads, too
    #[arg(long)]
    force: bool,
    /// Result format [default: that of the name of --output, or text]
    #[arg(long, value_name = "FORMAT", value_parser = formats(Content::Comparison))]
    format: Option<Format>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Two files to compare.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CompareRequest {
    pub before: PathBuf,
    pub after: PathBuf,
    /// Conditions that make the result critical.
    pub fail_on: Vec<ChangeGate>,
    /// Accept different workloads.
    pub force: bool,
    pub output: OutputOptions,
}

impl Subcommand for CompareArgs {
    const NAME: &'static str = "compare";
    const ABOUT: &'static str = "Compare two runs, and distinguish a change from noise";
    const HELP: &'static str = "\
Examples:
  redis-doctor compare before.ndjson after.ndjson
  redis-doctor compare monday.json tuesday.json --fail-on 'p99>+20%'
  redis-doctor compare library.ndjson hardened.ndjson --format markdown

Each file is a journal of --journal or a report of --format json. A report has
no figures over time, so the noise of its latencies is not known.

A difference is better or worse only if it is improbable between two equal runs
(less than one in 200) and large enough to matter: 10 % of a median, 25 % of a
99th percentile. Runs under a minute are seldom long enough.

Exit status: 0 nothing is worse, 1 a figure is worse or a problem is new,
2 a --fail-on condition, 3 wrong usage, or different workloads.";
    type Request = CompareRequest;

    fn resolve(self, environment: &Environment) -> Result<CompareRequest, UsageError> {
        if self.before == self.after {
            return Err(UsageError::new("AFTER", "it is the same file as BEFORE", "name two files"));
        }
        let options = self.output.options(environment);
        let format = Format::chosen(self.format, options.output.as_deref(), Content::Comparison);
        Ok(CompareRequest {
            before: self.before,
            after: self.after,
            fail_on: self.fail_on,
            force: self.force,
            output: OutputOptions { output: output::file(options.output), format, ..options },
        })
    }
}
