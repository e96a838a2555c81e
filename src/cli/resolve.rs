//! What the flags mean together: from parsed arguments to a [`Plan`].

use std::{collections::HashSet, ffi::OsString, hash::BuildHasher, os::unix::ffi::OsStrExt, time::Duration};

use super::{
    Invocation, ReportRequest, RunRequest,
    args::{Command, PingArgs, ReportArgs, SoakArgs, SubscribeArgs, Workload},
    check, completions,
    environment::Environment,
    explain, faults,
    groups::{OutputArgs, RunArgs},
    idle, man, policy, target, value, wait,
};
use crate::{
    output::{ColorChoice, Format, OutputOptions},
    plan::{self, Name, Pace, Plan, ProbeKind, ProbePlan, StopCondition, SubscriptionPlan},
};

const DEFAULT_RATE: Pace = Pace::Every(Duration::from_millis(100));
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2);

/// Turns a command into what is to be done.
///
/// # Errors
/// One line for the user, which begins with the flag or variable it is about.
pub(super) fn resolve(command: Command, environment: &Environment) -> Result<Invocation, String> {
    let request = match command {
        Command::Check(args) => {
            return check::check(&args, environment).map(|request| Invocation::Check(Box::new(request)));
        }
        Command::Ping(args) => ping(&args, environment)?,
        Command::Subscribe(args) => subscribe(&args, environment)?,
        Command::Soak(args) => soak(&args, environment)?,
        Command::Proxy(args) => return faults::proxy(&args, environment).map(Invocation::Proxy),
        Command::Drill(args) => return faults::drill(&args, environment).map(Invocation::Drill),
        Command::Idle(args) => return idle::resolve(&args, environment).map(Box::new).map(Invocation::Idle),
        Command::Wait(args) => return wait::resolve(&args, environment).map(Invocation::Wait),
        Command::Report(args) => return Ok(Invocation::Report(report(args, environment))),
        Command::Explain(args) => return explain::explain(&args, environment).map(Invocation::Explain),
        Command::Completions { shell } => return Ok(Invocation::Print(completions::script(shell))),
        Command::Man => return Ok(Invocation::Print(man::page())),
    };
    Ok(Invocation::Run(Box::new(request)))
}

fn ping(args: &PingArgs, environment: &Environment) -> Result<RunRequest, String> {
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

fn subscribe(args: &SubscribeArgs, environment: &Environment) -> Result<RunRequest, String> {
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

fn soak(args: &SoakArgs, environment: &Environment) -> Result<RunRequest, String> {
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

fn report(args: ReportArgs, environment: &Environment) -> ReportRequest {
    let output = OutputOptions {
        format: args.format.format,
        exit_zero: args.gates.exit_zero,
        ..output(&args.output, environment)
    };
    ReportRequest { files: args.files, output, fail_on: args.gates.fail_on, warn_on: args.gates.warn_on }
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

fn output(args: &OutputArgs, environment: &Environment) -> OutputOptions {
    let color = color(args.color, environment);
    OutputOptions { output: args.output.clone(), quiet: args.quiet, color, ..OutputOptions::default() }
}

/// What `--color` means in these surroundings.
pub(super) fn color(choice: ColorChoice, environment: &Environment) -> ColorChoice {
    match choice {
        ColorChoice::Auto if environment.has("NO_COLOR") => ColorChoice::Never,
        ColorChoice::Auto if environment.has("CLICOLOR_FORCE") => ColorChoice::Always,
        choice => choice,
    }
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

/// Another number each time, short enough to be typed again.
pub(super) fn fresh_seed() -> u64 {
    std::hash::RandomState::new().hash_one(std::process::id()) >> 32
}
