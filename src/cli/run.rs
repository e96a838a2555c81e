//! `ping`, `subscribe` and `soak`, which run a plan: their flags, and what they mean together.

use std::{collections::HashSet, ffi::OsString, os::unix::ffi::OsStrExt, time::Duration};

use clap::{Args, ValueEnum};

use super::{
    choice::formats,
    environment::Environment,
    faults,
    groups::{FormatArgs, RunArgs},
    policy,
    resolve::{fresh_seed, output},
    target, value,
};
use crate::{
    output::{Content, Format, MessageFormat, OutputOptions},
    plan::{self, Name, Pace, Plan, ProbeKind, ProbePlan, StopCondition, SubscriptionPlan},
};

const DEFAULT_RATE: Pace = Pace::Every(Duration::from_millis(100));
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2);

/// Flags of `ping`.
#[derive(Args, Debug)]
pub(super) struct PingArgs {
    /// Stop after this many PINGs [default: until a signal]
    #[arg(short, long, visible_short_alias = 'r', value_name = "N", value_parser = value::count, allow_hyphen_values = true)]
    count: Option<u64>,
    /// Time between two PINGs (bare numbers are seconds); 0 is back to back
    #[arg(short, long, value_name = "TIME", default_value = "1s", value_parser = value::interval, allow_hyphen_values = true)]
    interval: Pace,
    /// Stop after this long, whatever came back [default: until a signal]
    #[arg(short = 'w', long, alias = "duration", value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    deadline: Option<Duration>,
    /// A PING without a reply after this long has failed
    #[arg(short = 'W', long, value_name = "TIME", default_value = "2s", value_parser = value::positive_duration, allow_hyphen_values = true)]
    timeout: Duration,
    /// Bytes that travel with each PING beside its nonce (64k, 1m; at most 16m)
    #[arg(long, value_name = "BYTES", default_value = "0", value_parser = value::size, allow_hyphen_values = true)]
    payload: usize,
    /// Print the time before each line, in seconds since 1970 as ping -D does
    #[arg(short = 'D', long)]
    timestamps: bool,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Flags of `subscribe`.
#[derive(Args, Debug)]
pub(super) struct SubscribeArgs {
    /// Channels (any bytes)
    #[arg(value_name = "CHANNEL")]
    channels: Vec<OsString>,
    /// Pattern of channels, as PSUBSCRIBE takes it (repeatable)
    #[arg(long = "pattern", value_name = "GLOB")]
    patterns: Vec<OsString>,
    /// Shard channel, as SSUBSCRIBE takes it (repeatable)
    #[arg(long = "shard", value_name = "CHANNEL")]
    shards: Vec<OsString>,
    /// Stop after this many messages [default: until a signal]
    #[arg(short, long, value_name = "N", value_parser = value::count, allow_hyphen_values = true)]
    count: Option<u64>,
    /// Stop after this long (bare numbers are seconds) [default: until a signal]
    #[arg(short, long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    duration: Option<Duration>,
    /// Alarm when no message came for this long
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    expect_every: Option<Duration>,
    /// Publish numbered messages to each CHANNEL from a second connection and account for every one; other subscribers
    /// see them, too
    #[arg(long)]
    verify: bool,
    /// Pace of --verify: 10, 10/s, 600/m [default: 10/s]
    #[arg(long, value_name = "RATE", requires = "verify", value_parser = value::publish_rate, allow_hyphen_values = true)]
    rate: Option<Pace>,
    /// Print the time (UTC) before each line
    #[arg(short = 'D', long)]
    timestamps: bool,
    /// Form of the messages on stdout; raw is the bytes and a line end
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: MessageFormat,
    /// Form of the report in --output FILE; without that, a summary goes to stderr [default: text]
    #[arg(long, value_name = "FORMAT", requires = "output", value_parser = formats(Content::Report))]
    report_format: Option<Format>,
    #[command(flatten)]
    run: RunArgs,
}

/// Flags of `soak`.
#[derive(Args, Debug)]
pub(super) struct SoakArgs {
    /// Stop after this long (bare numbers are seconds) [default: until a signal]
    #[arg(short, long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    duration: Option<Duration>,
    /// Probes per connection: 10, 10/s, 600/m; 0 is as fast as they go [default: 10/s]
    #[arg(long, value_name = "RATE", value_parser = value::rate, allow_hyphen_values = true)]
    rate: Option<Pace>,
    /// What to do, comma-separated; mixed is all three
    #[arg(long, value_name = "WORKLOAD", value_delimiter = ',', default_value = "ping,pubsub")]
    workload: Vec<Workload>,
    /// Connections under test, 1 to 10000
    #[arg(long, value_name = "N", default_value = "1", value_parser = value::parallelism, allow_hyphen_values = true)]
    connections: u32,
    /// Probes in flight at once on each connection, 1 to 10000 [default: 1]
    #[arg(long, value_name = "M", value_parser = value::parallelism, allow_hyphen_values = true)]
    concurrency: Option<u32>,
    /// Bytes that travel with each probe beside its nonce (64k, 1m; at most 16m) [default: 0]
    #[arg(long, value_name = "BYTES", value_parser = value::size, allow_hyphen_values = true)]
    payload: Option<usize>,
    /// A probe without a reply after this long has failed [default: 2s]
    #[arg(short = 'W', long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    timeout: Option<Duration>,
    /// Numbered messages per connection: 10, 10/s, 600/m [default: 10/s]
    #[arg(long, value_name = "RATE", value_parser = value::publish_rate, allow_hyphen_values = true)]
    verify_rate: Option<Pace>,
    /// Channels subscribed on each connection, 1 to 10000; the numbered messages go to the first [default: 1]
    #[arg(long, value_name = "N", value_parser = value::parallelism, allow_hyphen_values = true)]
    channels: Option<u32>,
    /// Stop at the first state the connection cannot leave by itself, instead of going on with a fresh one
    #[arg(long)]
    stop_on_critical: bool,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// One part of what `soak` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Workload {
    /// PING with a nonce
    Ping,
    /// Numbered messages on channels redis-doctor:<run>:<n>, each accounted for
    Pubsub,
    /// SET and GET of keys under redis-doctor: that expire by themselves
    Kv,
    /// All three
    Mixed,
}

/// A plan and what to write about it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRequest {
    /// What to do.
    pub plan: Plan,
    /// What to write.
    pub output: OutputOptions,
}

/// Decides for `ping`.
pub(super) fn ping(args: &PingArgs, environment: &Environment) -> Result<RunRequest, String> {
    let mut request = base(plan::Command::Ping, &args.run, environment)?;
    request.output.format = args.format.format;
    request.output.timestamps = args.timestamps;
    request.plan.probes = Some(ProbePlan {
        kind: ProbeKind::Ping,
        pace: args.interval,
        concurrency: 1,
        payload: args.payload,
        report_each: !args.run.output.quiet && args.format.format == Format::Text,
        timeout: args.timeout,
    });
    request.plan.stop = StopCondition { count: args.count, duration: args.deadline, on_critical: false };
    complete(request, &args.run, environment)
}

/// Decides for `subscribe`.
pub(super) fn subscribe(args: &SubscribeArgs, environment: &Environment) -> Result<RunRequest, String> {
    let subscription = SubscriptionPlan {
        channels: names(&args.channels, "CHANNEL")?,
        patterns: names(&args.patterns, "--pattern")?,
        shards: names(&args.shards, "--shard")?,
        expect_every: args.expect_every,
        verify: args.verify.then(|| args.rate.unwrap_or(DEFAULT_RATE)),
        tail: !args.run.output.quiet,
        private: 0,
    };
    if subscription.wanted() == 0 {
        return Err(
            "CHANNEL: there is nothing to subscribe to; name a channel, --pattern GLOB or --shard CHANNEL".into()
        );
    }
    if args.verify && subscription.channels.is_empty() {
        return Err("--verify: it publishes to a CHANNEL, and only patterns or shard channels are given; \
                    name a channel, for example doctor:test"
            .into());
    }
    let mut request = base(plan::Command::Subscribe, &args.run, environment)?;
    request.output.format = args.report_format.unwrap_or_default();
    request.output.messages = args.format;
    request.output.timestamps = args.timestamps;
    request.plan.subscription = Some(subscription);
    request.plan.stop = StopCondition { count: args.count, duration: args.duration, on_critical: false };
    complete(request, &args.run, environment)
}

/// Decides for `soak`.
pub(super) fn soak(args: &SoakArgs, environment: &Environment) -> Result<RunRequest, String> {
    let wants = |part| args.workload.contains(&part) || args.workload.contains(&Workload::Mixed);
    let kind = match (wants(Workload::Ping), wants(Workload::Kv)) {
        (true, true) => Some(ProbeKind::Mixed),
        (true, false) => Some(ProbeKind::Ping),
        (false, true) => Some(ProbeKind::Kv),
        (false, false) => None,
    };
    refuse_idle_flags(args, kind.is_some(), wants(Workload::Pubsub))?;
    let mut request = base(plan::Command::Soak, &args.run, environment)?;
    request.output.format = args.format.format;
    request.plan.probes = kind.map(|kind| ProbePlan {
        kind,
        pace: args.rate.unwrap_or(DEFAULT_RATE),
        concurrency: args.concurrency.unwrap_or(1),
        payload: args.payload.unwrap_or(0),
        report_each: false,
        timeout: args.timeout.unwrap_or(DEFAULT_TIMEOUT),
    });
    // No channels: each connection gets one of its own, which depends on the run.
    request.plan.subscription = wants(Workload::Pubsub).then(|| SubscriptionPlan {
        private: args.channels.unwrap_or(1),
        verify: Some(args.verify_rate.unwrap_or(DEFAULT_RATE)),
        ..SubscriptionPlan::default()
    });
    request.plan.connections = args.connections;
    request.plan.stop = StopCondition { count: None, duration: args.duration, on_critical: args.stop_on_critical };
    complete(request, &args.run, environment)
}

/// A flag for something that the workload does not do is a misunderstanding.
fn refuse_idle_flags(args: &SoakArgs, probes: bool, pubsub: bool) -> Result<(), String> {
    let for_probes = [
        ("--rate", args.rate.is_some()),
        ("--concurrency", args.concurrency.is_some()),
        ("--payload", args.payload.is_some()),
        ("--timeout", args.timeout.is_some()),
    ];
    if let Some((flag, _)) = for_probes.iter().find(|(_, given)| *given && !probes) {
        return Err(format!(
            "{flag}: it is for probes, and --workload pubsub sends none; add ping to the workload{}",
            if *flag == "--rate" { " or write --verify-rate" } else { "" }
        ));
    }
    let for_pubsub = [("--verify-rate", args.verify_rate.is_some()), ("--channels", args.channels.is_some())];
    if let Some((flag, _)) = for_pubsub.iter().find(|(_, given)| *given && !pubsub) {
        return Err(format!("{flag}: the workload has no messages to verify; add pubsub to --workload"));
    }
    Ok(())
}

/// What all runs have in common; the caller fills in probes, subscription and stop.
fn base(command: plan::Command, args: &RunArgs, environment: &Environment) -> Result<RunRequest, String> {
    let connection = target::resolve(&args.connection, environment)?;
    let journal = args.journal.journal.clone();
    if journal.is_some() && journal == args.output.output {
        return Err("--journal: it is the same file as --output; name two files".into());
    }
    let faults = faults::expand(&args.faults);
    let plan = Plan {
        command,
        target: connection.target,
        sandbox: args.connection.sandbox,
        protocol: connection.protocol,
        policy: policy::resolve(&args.policy)?,
        probes: None,
        subscription: None,
        connections: 1,
        stop: StopCondition::default(),
        faults,
        fail_on: args.gates.fail_on.clone(),
        warn_on: args.gates.warn_on.clone(),
        evidence: !args.no_evidence,
        seed: args.seed.unwrap_or_else(fresh_seed),
    };
    let output = OutputOptions {
        journal,
        exit_zero: args.gates.exit_zero,
        warnings: connection.warnings,
        ..output(&args.output, environment)
    };
    Ok(RunRequest { plan, output })
}

/// The last step: whoever has to type a password should not do so for a command that is then refused.
fn complete(mut request: RunRequest, args: &RunArgs, environment: &Environment) -> Result<RunRequest, String> {
    target::ask(&mut request.plan.target, &args.connection, environment)?;
    Ok(request)
}

/// Channel names as given, each once: the server confirms a repeated one twice, but subscribes it once.
fn names(given: &[OsString], flag: &str) -> Result<Vec<Name>, String> {
    let mut known = HashSet::with_capacity(given.len());
    let mut names = Vec::with_capacity(given.len());
    for text in given {
        let name = value::channel(text.as_bytes()).map_err(|why| format!("{flag}: {why}"))?;
        if known.insert(text) {
            names.push(name);
        }
    }
    Ok(names)
}
