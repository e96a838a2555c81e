//! `redis-doctor idle`: its flags, and what they mean together.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{
    choice::formats,
    environment::Environment,
    faults,
    groups::{ConnectionArgs, FaultArgs},
    resolve::fresh_seed,
    target, value,
};
use crate::{
    fault::FaultSchedule,
    idle::{Cloud, Steps},
    output::{Content, Format},
    plan::{Protocol, Target},
};

/// Silences at once, unless somebody says otherwise: room for the common limits, and few connections for a server.
const STEPS: usize = 48;

/// Limits up to this are looked for, unless somebody says otherwise.
const MAX: Duration = Duration::from_secs(20 * 60);

/// Silences at once, at most.
const MOST_STEPS: usize = 10_000;

/// Flags of `idle`.
#[derive(Args, Debug)]
pub(super) struct IdleArgs {
    /// Longest limit to look for [default: 20m, or the profile's longest, or --must-survive]
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    max: Option<Duration>,
    /// Connections at once, each with a silence of its own, 1 to 10000; or the silences of the first round: 30s,1m,5m
    #[arg(long, value_name = "N|TIME,…", value_parser = steps, default_value = "48", allow_hyphen_values = true)]
    steps: Steps,
    /// Look closely at the limits that are common in this cloud
    #[arg(long, value_name = "CLOUD")]
    profile: Option<Cloud>,
    /// Go on until the limit is known this well [default: one part in fifty, but not below 100ms]
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    resolution: Option<Duration>,
    /// A PING after a silence is lost when it is not answered after this long
    #[arg(short = 'W', long, value_name = "TIME", default_value = "5s", value_parser = value::positive_duration,
          allow_hyphen_values = true)]
    timeout: Duration,
    /// Critical (exit 2) when a connection does not survive this much silence; a longer limit is in order
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    must_survive: Option<Duration>,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(Content::IdleReport))]
    format: Format,
    /// Write the result to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only the result
    #[arg(short, long)]
    quiet: bool,
    /// Seed of all randomness of the faults [default: another one each time]
    #[arg(long, value_name = "N", value_parser = value::seed, allow_hyphen_values = true)]
    seed: Option<u64>,
    #[command(flatten)]
    faults: FaultArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// A search for the idle limit and what to write about it.
#[derive(Clone, Debug, PartialEq)]
pub struct IdleRequest {
    /// The server; with `sandbox`, it is yet to be started.
    pub target: Target,
    /// Whether the embedded server is the target.
    pub sandbox: bool,
    /// The protocol of the connections.
    pub protocol: Protocol,
    /// The silences of the first round.
    pub steps: Steps,
    /// The longest limit that is looked for.
    pub max: Duration,
    /// The cloud whose limits are looked at closely.
    pub profile: Option<Cloud>,
    /// How well the limit is to be known.
    pub resolution: Option<Duration>,
    /// How long the PING after a silence may take.
    pub patience: Duration,
    /// What goes wrong on purpose.
    pub faults: Vec<FaultSchedule>,
    /// All randomness of the faults comes from this number.
    pub seed: u64,
    /// The silence that a connection must survive.
    pub must_survive: Option<Duration>,
    /// The form of the result.
    pub format: Format,
    /// Where it goes instead of stdout.
    pub output: Option<PathBuf>,
    /// No progress.
    pub quiet: bool,
    /// Remarks for the user, one line each without line end, for stderr.
    pub warnings: Vec<String>,
}

/// Decides from flags and environment.
pub(super) fn resolve(args: &IdleArgs, environment: &Environment) -> Result<IdleRequest, String> {
    if let Steps::List(_) = args.steps {
        let contradicting = [("--max", args.max.is_some()), ("--profile", args.profile.is_some())];
        if let Some((flag, _)) = contradicting.iter().find(|(_, given)| *given) {
            return Err(format!("{flag}: it chooses silences, and --steps lists them; leave one of the two out"));
        }
    }
    let longest = match &args.steps {
        Steps::List(list) => list.iter().max().copied(),
        Steps::Count(_) => args.max,
    };
    if let Some((must, longest)) = args.must_survive.zip(longest).filter(|(must, longest)| must > longest) {
        let flag = if args.max.is_some() { "--max" } else { "--steps" };
        let [must, longest] = [must, longest].map(humantime::format_duration);
        return Err(format!("--must-survive: {must} is not looked at, because {flag} ends at {longest}; raise {flag}"));
    }
    let mut connection = target::resolve(&args.connection, environment)?;
    let faults = faults::expand(&args.faults);
    target::ask(&mut connection.target, &args.connection, environment)?;
    Ok(IdleRequest {
        target: connection.target,
        sandbox: args.connection.sandbox,
        protocol: connection.protocol,
        steps: args.steps.clone(),
        max: args.max.or(args.profile.map(Cloud::longest_limit).max(args.must_survive)).unwrap_or(MAX),
        profile: args.profile,
        resolution: args.resolution,
        patience: args.timeout,
        faults,
        seed: args.seed.unwrap_or_else(fresh_seed),
        must_survive: args.must_survive,
        format: args.format,
        output: args.output.clone(),
        quiet: args.quiet,
        warnings: connection.warnings,
    })
}

/// A number of silences, or a list of them.
fn steps(text: &str) -> Result<Steps, String> {
    if let Ok(count) = text.trim().parse::<usize>() {
        return match count {
            1..=MOST_STEPS => Ok(Steps::Count(count)),
            _ => Err(format!("'{text}' is out of range; write 1 to {MOST_STEPS}, for example {STEPS}")),
        };
    }
    let silences: Result<Vec<_>, _> = text.split(',').map(value::positive_duration).collect();
    let mut silences =
        silences.map_err(|why| format!("{why}; or write how many silences to try, for example {STEPS}"))?;
    silences.sort_unstable();
    silences.dedup();
    Ok(Steps::List(silences))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_a_number_or_a_list() {
        let list = |millis: &[u64]| Ok(Steps::List(millis.iter().copied().map(Duration::from_millis).collect()));
        assert_eq!(steps("1000"), Ok(Steps::Count(1000)));
        assert_eq!(steps("60s,500ms, 2,60"), list(&[500, 2000, 60_000]));
        assert_eq!(steps("1m"), list(&[60_000]));
        for (text, parts) in [
            ("0", ["out of range", "1 to 10000"]),
            ("10001", ["out of range", "1 to 10000"]),
            ("-3", ["negative", "how many"]),
            ("1s,,2s", ["'' is not a duration", "how many"]),
            ("many", ["'many' is not a duration", "how many silences"]),
        ] {
            let why = steps(text).unwrap_err();
            assert!(parts.iter().all(|part| why.contains(part)), "{text}: {why}");
        }
    }
}
