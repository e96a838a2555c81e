//! `redis-doctor wait`: its flags, and what they mean together.

use std::time::Duration;

use clap::Args;

use crate::{
    cli::{environment::Environment, error::UsageError, groups::ConnectionArgs, subcommand::Subcommand, target, value},
    plan::{Protocol, Readiness, Target},
};

/// Flags of `wait`.
#[derive(Args, Debug)]
pub(in crate::cli) struct WaitArgs {
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

impl Subcommand for WaitArgs {
    const NAME: &'static str = "wait";
    const ABOUT: &'static str = "Wait until a server is ready, or a primary, or a replica: for scripts and containers";
    const HELP: &'static str = "\
Examples:
  redis-doctor wait && exec my-application
  redis-doctor wait --for primary --timeout 5m -u redis://cache.example:6379
  redis-doctor wait --for replica -q || exit 1

Ready is who answers PING after the login: not a server that loads its data set
(LOADING), not a replica that lost its primary and may serve no stale data
(MASTERDOWN). A primary or replica also says so (ROLE, or INFO replication), and
a replica's link to its primary is up. Each look is a connection of its own.
A wrong password, a missing permission or a refused certificate is waited for,
too, since whoever starts first may not have been set up yet; --fail-fast ends
at once.
Exit status: 0 ready, 2 the time is up, 3 wrong usage, 130 a signal.";
    type Request = WaitRequest;

    fn resolve(self, environment: &Environment) -> Result<WaitRequest, UsageError> {
        let mut connection = target::resolve(&self.connection, environment)?;
        target::ask(&mut connection.target, &self.connection, environment)?;
        Ok(WaitRequest {
            target: connection.target,
            sandbox: self.connection.sandbox,
            protocol: connection.protocol,
            wanted: self.wanted,
            timeout: self.timeout,
            interval: self.interval,
            fail_fast: self.fail_fast,
            quiet: self.quiet,
            warnings: connection.warnings,
        })
    }
}
