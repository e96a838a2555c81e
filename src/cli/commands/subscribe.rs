//! `redis-doctor subscribe`: its flags and its request.

use std::{collections::HashSet, ffi::OsString, os::unix::ffi::OsStrExt, time::Duration};

use clap::Args;

use crate::{
    cli::{
        choice::formats,
        environment::Environment,
        error::UsageError,
        groups::{MetricsArgs, RunArgs},
        run::{self, DEFAULT_RATE, RunRequest},
        subcommand::Subcommand,
        value,
    },
    output::{Content, Format, MessageFormat},
    plan::{Command, Name, Pace, StopCondition, SubscriptionPlan},
};

/// Flags of `subscribe`.
#[derive(Args, Debug)]
pub(in crate::cli) struct SubscribeArgs {
    /// Channels to subscribe to (any bytes)
    #[arg(value_name = "CHANNEL")]
    channels: Vec<OsString>,
    /// Subscribe to a pattern with PSUBSCRIBE (repeatable)
    #[arg(long = "pattern", value_name = "GLOB")]
    patterns: Vec<OsString>,
    /// Subscribe to a shard channel with SSUBSCRIBE (repeatable)
    #[arg(long = "shard", value_name = "CHANNEL")]
    shards: Vec<OsString>,
    /// Stop after this many messages [default: until a signal]
    #[arg(short, long, value_name = "N", value_parser = value::count, allow_hyphen_values = true)]
    count: Option<u64>,
    /// Stop after this long [default: until a signal]
    #[arg(short, long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    duration: Option<Duration>,
    /// Report a gap if no message arrives for this long
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    expect_every: Option<Duration>,
    /// Publish numbered messages and account for each
    ///
    /// They are published to each CHANNEL from a second connection; other subscribers receive them, too.
    #[arg(long)]
    verify: bool,
    /// Publish rate of --verify [default: 10/s]
    ///
    /// For example 10, 10/s or 600/m.
    #[arg(long, value_name = "RATE", requires = "verify", value_parser = value::publish_rate, allow_hyphen_values = true)]
    rate: Option<Pace>,
    /// Print the UTC time before each line
    #[arg(short = 'D', long)]
    timestamps: bool,
    /// Message format on stdout
    ///
    /// raw is the bytes of the message and a line end.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: MessageFormat,
    /// Report format of --output [default: that of its name, or text]
    ///
    /// Without --output, the summary goes to stderr as text.
    #[arg(long, value_name = "FORMAT", requires = "output", value_parser = formats(Content::Report))]
    report_format: Option<Format>,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    metrics: MetricsArgs,
}

impl Subcommand for SubscribeArgs {
    const NAME: &'static str = "subscribe";
    const ABOUT: &'static str = "Tail channels; show drops, resubscriptions and lost messages";
    const HELP: &'static str = "\
Examples:
  redis-doctor subscribe news --pattern 'jobs.*'   # events go to stderr
  redis-doctor subscribe news --format raw -c 1    # one message, its bytes only
  redis-doctor subscribe heartbeat --expect-every 30s --duration 1h
  redis-doctor subscribe doctor:test --verify --rate 100/s -d 10m
  redis-doctor subscribe news -d 1h -o report.json

Messages go to stdout in --format; the summary goes to stderr,
or with --output to a file in --report-format.
Exit status: 0 healthy, 1 degraded, 2 critical, 3 wrong usage.";
    type Request = RunRequest;

    fn resolve(self, environment: &Environment) -> Result<RunRequest, UsageError> {
        let subscription = SubscriptionPlan {
            channels: names(&self.channels, "CHANNEL")?,
            patterns: names(&self.patterns, "--pattern")?,
            shards: names(&self.shards, "--shard")?,
            expect_every: self.expect_every,
            verify: self.verify.then(|| self.rate.unwrap_or(DEFAULT_RATE)),
            tail: !self.run.output.quiet,
            private: 0,
            sharded: false,
            optional: false,
        };
        if subscription.wanted() == 0 {
            return Err(UsageError::new(
                "CHANNEL",
                "there is nothing to subscribe to",
                "name a channel, --pattern GLOB or --shard CHANNEL",
            ));
        }
        if self.verify && subscription.channels.is_empty() {
            return Err(UsageError::new(
                "--verify",
                "it publishes to a CHANNEL, and only patterns or shard channels are given",
                "name a channel, for example doctor:test",
            ));
        }
        let implied = self.run.output.output.as_deref().and_then(|path| Format::of_file(path, Content::Report));
        let format = self.report_format.or(implied).unwrap_or_default();
        let args = (self.run, Some(&self.metrics));
        run::resolve(Command::Subscribe, args, environment, |RunRequest { plan, output, .. }| {
            output.format = format;
            output.messages = self.format;
            output.timestamps = self.timestamps;
            plan.subscription = Some(subscription);
            plan.stop = StopCondition { count: self.count, duration: self.duration, on_critical: false };
        })
    }
}

/// Channel names as given, each once: the server confirms a repeated one twice, but subscribes it once.
fn names(given: &[OsString], argument: &'static str) -> Result<Vec<Name>, UsageError> {
    let mut known = HashSet::with_capacity(given.len());
    let mut names = Vec::with_capacity(given.len());
    for text in given {
        let name = value::channel(text.as_bytes()).map_err(|source| UsageError::Value { argument, source })?;
        if known.insert(text) {
            names.push(name);
        }
    }
    Ok(names)
}
