//! `redis-doctor wait`: its flags, and what they mean together.

use std::time::Duration;

use clap::Args;

use super::{environment::Environment, groups::ConnectionArgs, target, value};
use crate::plan::{Protocol, Readiness, Target};

/// Flags of `wait`.
#[derive(Args, Debug)]
pub(super) struct WaitArgs {
    /// What to wait for
    #[arg(long = "for", value_name = "STATE", default_value = "ready")]
    wanted: Readiness,
    /// Give up after this long
    #[arg(short = 'W', long, value_name = "TIME", default_value = "60s", value_parser = value::positive_duration,
          allow_hyphen_values = true)]
    timeout: Duration,
    /// Between the beginnings of two looks
    #[arg(short, long, value_name = "TIME", default_value = "500ms", value_parser = value::positive_duration,
          allow_hyphen_values = true)]
    interval: Duration,
    /// End at once when waiting does not usually help: wrong password, missing permission, refused certificate
    #[arg(long)]
    fail_fast: bool,
    /// Nothing but the last obstacle, when the time is up
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// What to wait for, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitRequest {
    /// The server; with `sandbox`, it is yet to be started.
    pub target: Target,
    /// Whether the embedded server is the target.
    pub sandbox: bool,
    /// The protocol of the connections.
    pub protocol: Protocol,
    /// What to wait for.
    pub wanted: Readiness,
    /// For how long.
    pub timeout: Duration,
    /// Between the beginnings of two looks.
    pub interval: Duration,
    /// Do not wait for what does not usually come.
    pub fail_fast: bool,
    /// No progress.
    pub quiet: bool,
    /// Remarks for the user, one line each without line end, for stderr.
    pub warnings: Vec<String>,
}

/// Decides from flags and environment.
pub(super) fn resolve(args: &WaitArgs, environment: &Environment) -> Result<WaitRequest, String> {
    let mut connection = target::resolve(&args.connection, environment)?;
    target::ask(&mut connection.target, &args.connection, environment)?;
    Ok(WaitRequest {
        target: connection.target,
        sandbox: args.connection.sandbox,
        protocol: connection.protocol,
        wanted: args.wanted,
        timeout: args.timeout,
        interval: args.interval,
        fail_fast: args.fail_fast,
        quiet: args.quiet,
        warnings: connection.warnings,
    })
}
