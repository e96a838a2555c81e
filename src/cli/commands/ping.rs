//! `redis-doctor ping`: its flags and its request.

use std::time::Duration;

use clap::Args;

use crate::{
    cli::{
        environment::Environment,
        error::UsageError,
        groups::{FormatArgs, RunArgs, TargetArgs},
        run::{self, RunRequest},
        subcommand::Subcommand,
        value,
    },
    output::Format,
    plan::{Command, Pace, ProbeKind, ProbePlan, StopCondition},
};

/// Flags of `ping`.
#[derive(Args, Debug)]
pub(in crate::cli) struct PingArgs {
    /// Stop after this many PINGs [default: until a signal]
    #[arg(short, long, visible_short_alias = 'r', value_name = "N", value_parser = value::count, allow_hyphen_values = true)]
    count: Option<u64>,
    /// Time between PINGs; 0 = back to back
    #[arg(short, long, value_name = "TIME", default_value = "1s", value_parser = value::interval, allow_hyphen_values = true)]
    interval: Pace,
    /// Stop after this long [default: until a signal]
    ///
    /// It stops even without replies.
    #[arg(short = 'w', long, alias = "duration", value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    deadline: Option<Duration>,
    /// Timeout of a PING
    ///
    /// A PING without a reply counts as failed after this long.
    #[arg(short = 'W', long, value_name = "TIME", default_value = "2s", value_parser = value::positive_duration, allow_hyphen_values = true)]
    timeout: Duration,
    /// Extra bytes in each PING, at most 16m
    ///
    /// For example 512, 64k or 1m.
    #[arg(long, value_name = "BYTES", default_value = "0", value_parser = value::size, allow_hyphen_values = true)]
    payload: usize,
    /// Print a Unix timestamp before each line, like ping -D
    #[arg(short = 'D', long)]
    timestamps: bool,
    #[command(flatten)]
    servers: TargetArgs,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    format: FormatArgs,
}

impl Subcommand for PingArgs {
    const NAME: &'static str = "ping";
    const ABOUT: &'static str = "Send PINGs over one connection, one line per reply, like ping(8)";
    const HELP: &'static str = "\
Examples:
  redis-doctor ping                                # one a second, until Ctrl-C
  redis-doctor ping -h cache.example -c 5 -i 0.2   # five, 200 ms apart
  redis-doctor ping -i 0 -w 10s -q --fail-on 'p99>5ms'
  redis-doctor ping -c 3 --format nagios           # for a monitoring system

An error reply (NOAUTH, LOADING …) counts as a failure, not as a reply.
Exit status: 0 healthy, 1 degraded, 2 critical, 3 wrong usage.";
    type Request = RunRequest;

    fn resolve(mut self, environment: &Environment) -> Result<RunRequest, UsageError> {
        let (format, rows) = self.format.resolve(self.run.output.output.as_deref())?;
        let each = !self.run.output.quiet && format == Format::Text;
        self.servers.add_to(&mut self.run.connection);
        run::resolve(Command::Ping, (self.run, None), environment, |RunRequest { plan, output, .. }| {
            (output.format, output.rows) = (format, rows);
            output.timestamps = self.timestamps;
            plan.probes = Some(ProbePlan {
                kind: ProbeKind::Ping,
                pace: self.interval,
                concurrency: 1,
                payload: self.payload,
                report_each: each,
                timeout: self.timeout,
            });
            plan.stop = StopCondition { count: self.count, duration: self.deadline, on_critical: false };
        })
    }
}
