//! `redis-doctor wait`: its flags and its request.

use std::time::Duration;

use clap::Args;

use crate::{
    cli::{
        environment::Environment,
        error::UsageError,
        groups::{ConnectionArgs, TargetArgs},
        subcommand::Subcommand,
        target, targets, value,
    },
    plan::{LocalServer, Protocol, Readiness, Scope, Target},
};

/// Flags of `wait`.
#[derive(Args, Debug)]
pub(in crate::cli) struct WaitArgs {
    /// State to wait for
    #[arg(long = "for", value_name = "STATE", default_value = "ready")]
    wanted: Readiness,
    /// Give up after this long
    #[arg(short = 'W', long, value_name = "TIME", default_value = "60s", value_parser = value::positive_duration,
          allow_hyphen_values = true)]
    timeout: Duration,
    /// Interval between checks
    #[arg(short, long, value_name = "TIME", default_value = "500ms", value_parser = value::positive_duration,
          allow_hyphen_values = true)]
    interval: Duration,
    /// Stop immediately on a lasting error
    ///
    /// A wrong password, a missing permission or a rejected certificate does not usually go away on its own.
    #[arg(long)]
    fail_fast: bool,
    /// Print only the last error on a timeout
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    servers: TargetArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// A wait for a server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WaitRequest {
    /// With a `server`, the server is not started yet.
    pub target: Target,
    /// All servers; `None` if there is one.
    pub scope: Option<Scope>,
    /// The server that redis-doctor starts as the target.
    pub server: Option<LocalServer>,
    pub protocol: Protocol,
    pub wanted: Readiness,
    /// Timeout of the whole wait.
    pub timeout: Duration,
    pub interval: Duration,
    /// Stop immediately if waiting does not usually help.
    pub fail_fast: bool,
    pub quiet: bool,
    /// Warnings for stderr, one line each, without line end.
    pub warnings: Vec<String>,
}

impl Subcommand for WaitArgs {
    const NAME: &'static str = "wait";
    const ABOUT: &'static str = "Wait until a server is ready, a primary or a replica";
    const HELP: &'static str = "\
Examples:
  redis-doctor wait && exec my-application
  redis-doctor wait --for primary --timeout 5m -u redis://cache.example:6379
  redis-doctor wait --for replica -q || exit 1

A server is ready if it answers PING after the login. A server that is loading
its data set (LOADING) is not ready, nor is a replica that lost its primary and
may not serve stale data (MASTERDOWN). A primary or replica must also report
that role (ROLE, or INFO replication), and a replica's link to its primary must
be up. The cluster of a node must serve its slots. A proxy that answers PING
itself (use --protocol auto) must also read a missing key from a server, whose
role cannot be known through it. Each check uses a new connection. A wrong
password, a missing permission or a rejected certificate is retried too, because
the server may not be set up yet; --fail-fast stops immediately.
Exit status: 0 ready, 2 timeout, 3 wrong usage, 130 a signal.";
    type Request = WaitRequest;

    fn resolve(mut self, environment: &Environment) -> Result<WaitRequest, UsageError> {
        self.servers.add_to(&mut self.connection);
        let mut connection = target::resolve(&self.connection, environment)?;
        targets::ask_for(&mut connection, &self.connection, environment)?;
        Ok(WaitRequest {
            target: connection.target,
            scope: connection.scope,
            server: self.connection.spawn.or_sandbox(self.connection.sandbox),
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
