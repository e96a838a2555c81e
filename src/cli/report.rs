//! `redis-doctor report`: its flags, and what they mean.

use std::path::PathBuf;

use clap::Args;

use super::{
    environment::Environment,
    groups::{FormatArgs, GateArgs, OutputArgs},
    resolve::output,
};
use crate::{output::OutputOptions, plan::Gate};

/// Flags of `report`.
#[derive(Args, Debug)]
pub(super) struct ReportArgs {
    /// Journals, or the saved stdout of --format ndjson, - for stdin; several are merged
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    gates: GateArgs,
}

/// Journals and what to write about them.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportRequest {
    /// The journals, at least one.
    pub files: Vec<PathBuf>,
    /// What to write.
    pub output: OutputOptions,
    /// Conditions that make the verdict critical.
    pub fail_on: Vec<Gate>,
    /// Conditions that make the verdict degraded.
    pub warn_on: Vec<Gate>,
}

/// Decides from flags and environment.
pub(super) fn resolve(args: ReportArgs, environment: &Environment) -> ReportRequest {
    let output = OutputOptions {
        format: args.format.format,
        exit_zero: args.gates.exit_zero,
        ..output(&args.output, environment)
    };
    ReportRequest { files: args.files, output, fail_on: args.gates.fail_on, warn_on: args.gates.warn_on }
}
