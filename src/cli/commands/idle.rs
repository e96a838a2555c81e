//! `redis-doctor idle`: its flags, and what they mean together.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use crate::{
    cli::{
        environment::{Environment, fresh_seed},
        error::UsageError,
        groups::{ConnectionArgs, FaultArgs},
        subcommand::Subcommand,
        target,
        value::{self, ValueError},
    },
    fault::FaultSchedule,
    idle::{Cloud, Steps},
    order,
    output::IdleFormat,
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
pub(in crate::cli) struct IdleArgs {
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
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: IdleFormat,
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
    pub format: IdleFormat,
    /// Where it goes instead of stdout.
    pub output: Option<PathBuf>,
    /// No progress.
    pub quiet: bool,
    /// Remarks for the user, one line each without line end, for stderr.
    pub warnings: Vec<String>,
}

impl Subcommand for IdleArgs {
    const NAME: &'static str = "idle";
    const ABOUT: &'static str =
        "Find out after how much silence something on the path, or the server, gives a connection up";
    const HELP: &'static str = "\
Examples:
  redis-doctor idle -u rediss://cache.example:6379   # up to 20 minutes
  redis-doctor idle --profile aws                    # closely around 350 s
  redis-doctor idle --steps 1000 --max 1h            # a finer first round
  redis-doctor idle --steps 50s,60s,70s --resolution 1s
  redis-doctor idle --sandbox --fault idle_drop=3s,then=reset --max 5s
  redis-doctor idle --must-survive 5m --format nagios

The connections send nothing and have no TCP keepalive; each is asked with a
PING when its silence is over. The first round takes as long as the limit, or as
--max. Ctrl-C ends the search with what is known so far.
Exit status: 0 no limit found, 1 a limit found, 2 unreachable or nothing
survived, 3 wrong usage, or ended too early to tell. With --must-survive: 0 it
survives, 2 it does not, whatever other limit is found.";
    type Request = IdleRequest;

    fn resolve(self, environment: &Environment) -> Result<IdleRequest, UsageError> {
        if let Steps::List(_) = self.steps {
            let contradicting = [("--max", self.max.is_some()), ("--profile", self.profile.is_some())];
            if let Some((flag, _)) = contradicting.into_iter().find(|(_, given)| *given) {
                return Err(UsageError::new(
                    flag,
                    "it chooses silences, and --steps lists them",
                    "leave one of the two out",
                ));
            }
        }
        let longest = match &self.steps {
            Steps::List(list) => list.iter().max().copied(),
            Steps::Count(_) => self.max,
        };
        if let Some((must, longest)) = self.must_survive.zip(longest).filter(|(must, longest)| must > longest) {
            let flag = if self.max.is_some() { "--max" } else { "--steps" };
            let [must, longest] = [must, longest].map(humantime::format_duration);
            let problem = format!("{must} is not looked at, because {flag} ends at {longest}");
            return Err(UsageError::new("--must-survive", problem, format!("raise {flag}")));
        }
        let mut connection = target::resolve(&self.connection, environment)?;
        target::ask(&mut connection.target, &self.connection, environment)?;
        Ok(IdleRequest {
            target: connection.target,
            sandbox: self.connection.sandbox,
            protocol: connection.protocol,
            steps: self.steps,
            max: self.max.or(self.profile.map(Cloud::longest_limit).max(self.must_survive)).unwrap_or(MAX),
            profile: self.profile,
            resolution: self.resolution,
            patience: self.timeout,
            faults: self.faults.schedules(),
            seed: self.seed.unwrap_or_else(fresh_seed),
            must_survive: self.must_survive,
            format: self.format,
            output: self.output,
            quiet: self.quiet,
            warnings: connection.warnings,
        })
    }
}

/// A number of silences, or a list of them.
fn steps(text: &str) -> Result<Steps, ValueError> {
    if let Ok(count) = text.trim().parse::<usize>() {
        return match count {
            1..=MOST_STEPS => Ok(Steps::Count(count)),
            _ => Err(ValueError::Steps { text: text.to_owned(), most: MOST_STEPS, example: STEPS }),
        };
    }
    let silences: Result<Vec<_>, _> = text.split(',').map(value::positive_duration).collect();
    let mut silences = silences.map_err(|source| ValueError::Silences { source: Box::new(source), example: STEPS })?;
    order::sort_by_key(&mut silences, |silence| *silence);
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
            let why = steps(text).unwrap_err().to_string();
            assert!(parts.iter().all(|part| why.contains(part)), "{text}: {why}");
        }
    }
}
