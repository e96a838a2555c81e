//! `redis-doctor idle`: its flags and its request.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use crate::{
    cli::{
        choice::formats,
        environment::{Environment, fresh_seed},
        error::UsageError,
        groups::{ConnectionArgs, FaultArgs, TargetArgs},
        subcommand::Subcommand,
        target, targets,
        value::{self, ValueError},
    },
    idle::{Cloud, IdlePlan, Steps},
    output::{self, Content, Format},
    plan::LocalServer,
};

/// Default number of silences in the first round: room for the common limits, and few connections for a server.
const STEPS: usize = 48;

/// Default longest limit to look for.
const MAX: Duration = Duration::from_secs(20 * 60);

/// Most silences in the first round.
const MOST_STEPS: usize = 10_000;

/// Flags of `idle`.
#[derive(Args, Debug)]
pub(in crate::cli) struct IdleArgs {
    /// Longest limit to look for [default: 20m]
    ///
    /// With --profile or --must-survive, the default is the longer of their limits.
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    max: Option<Duration>,
    /// Number of silences to try in parallel, or a list
    ///
    /// 1 to 10000 connections, each with its own silence; or the silences of the first round, for example 30s,1m,5m.
    #[arg(long, value_name = "N|TIME,…", value_parser = steps, default_value = "48", allow_hyphen_values = true)]
    steps: Steps,
    /// Search closely around the common limits of a cloud
    #[arg(long, value_name = "CLOUD")]
    profile: Option<Cloud>,
    /// Required precision of the limit [default: 2 %]
    ///
    /// The search stops at this precision. The default is 2 % of the limit, and at least 100ms.
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    resolution: Option<Duration>,
    /// Timeout of the PING after a silence
    #[arg(short = 'W', long, value_name = "TIME", default_value = "5s", value_parser = value::positive_duration,
          allow_hyphen_values = true)]
    timeout: Duration,
    /// End the search after this long
    ///
    /// The result is what is known by then, as after Ctrl-C.
    #[arg(short = 'w', long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    deadline: Option<Duration>,
    /// Exit 2 (critical) unless connections survive this silence
    ///
    /// A longer limit does not affect the exit status.
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    must_survive: Option<Duration>,
    /// Result format [default: that of the name of --output, or text]
    #[arg(long, value_name = "FORMAT", value_parser = formats(Content::IdleReport))]
    format: Option<Format>,
    /// Write the result to this file, - for stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print only the result
    #[arg(short, long)]
    quiet: bool,
    /// Seed of the faults' randomness [default: random]
    #[arg(long, value_name = "N", value_parser = value::seed, allow_hyphen_values = true)]
    seed: Option<u64>,
    #[command(flatten)]
    faults: FaultArgs,
    #[command(flatten)]
    servers: TargetArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// A search for the idle limit and the output it produces.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IdleRequest {
    /// With a `server`, its target is not started yet.
    pub plan: IdlePlan,
    /// The server that redis-doctor starts as the target.
    pub server: Option<LocalServer>,
    pub format: Format,
    /// Instead of stdout.
    pub output: Option<PathBuf>,
    pub quiet: bool,
    /// Warnings for stderr, one line each, without line end.
    pub warnings: Vec<String>,
}

impl Subcommand for IdleArgs {
    const NAME: &'static str = "idle";
    const ABOUT: &'static str = "Find the idle timeout of the path or server";
    const HELP: &'static str = "\
Examples:
  redis-doctor idle -u rediss://cache.example:6379   # up to 20 minutes
  redis-doctor idle --profile aws                    # closely around 350 s
  redis-doctor idle --steps 1000 --max 1h            # a finer first round
  redis-doctor idle --steps 50s,60s,70s --resolution 1s
  redis-doctor idle --sandbox --fault idle_drop=3s,then=reset --max 5s
  redis-doctor idle --must-survive 5m --format nagios
  redis-doctor idle --profile gcp -o idle.html       # a page for a browser

The connections send nothing and have no TCP keepalive; each gets a PING when
its silence ends. The first round takes as long as the limit, or --max. Ctrl-C
or --deadline ends the search and reports what is known so far.
Exit status: 0 no limit found, 1 a limit found, 2 unreachable or nothing
survived, 3 wrong usage, or ended too early. With --must-survive: 0 it survives,
2 it does not, regardless of any other limit.";
    type Request = IdleRequest;

    fn resolve(mut self, environment: &Environment) -> Result<IdleRequest, UsageError> {
        if let Steps::List(_) = self.steps {
            let contradicting = [("--max", self.max.is_some()), ("--profile", self.profile.is_some())];
            if let Some((flag, _)) = contradicting.into_iter().find(|(_, given)| *given) {
                return Err(UsageError::new(
                    flag,
                    "it chooses silences, and --steps lists them",
                    "omit one of the two",
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
            let problem = format!("{must} is not tested, because {flag} ends at {longest}");
            return Err(UsageError::new("--must-survive", problem, format!("raise {flag}")));
        }
        self.servers.add_to(&mut self.connection);
        targets::refuse(&self.connection, "idle")?;
        let mut connection = target::resolve(&self.connection, environment)?;
        target::ask(&mut connection.target, &self.connection, environment)?;
        let plan = IdlePlan {
            target: connection.target,
            protocol: connection.protocol,
            steps: self.steps,
            max: self.max.or(self.profile.map(Cloud::longest_limit).max(self.must_survive)).unwrap_or(MAX),
            profile: self.profile,
            resolution: self.resolution,
            timeout: self.timeout,
            deadline: self.deadline,
            must_survive: self.must_survive,
            faults: self.faults.schedules(),
            seed: self.seed.unwrap_or_else(fresh_seed),
        };
        Ok(IdleRequest {
            plan,
            server: self.connection.spawn.or_sandbox(self.connection.sandbox),
            format: Format::chosen(self.format, self.output.as_deref(), Content::IdleReport),
            output: output::file(self.output),
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
            ("-3", ["negative", "number of silences"]),
            ("1s,,2s", ["'' is not a duration", "number of silences"]),
            ("many", ["'many' is not a duration", "number of silences"]),
        ] {
            let why = steps(text).unwrap_err().to_string();
            assert!(parts.iter().all(|part| why.contains(part)), "{text}: {why}");
        }
    }
}
