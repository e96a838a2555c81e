//! `redis-doctor drill`: its flags and its request.

use std::path::PathBuf;

use clap::Args;

use crate::{
    cli::{
        choice::{completed, formats},
        environment::{Environment, fresh_seed},
        error::UsageError,
        groups::{ConnectionArgs, FaultArgs, TargetArgs},
        subcommand::Subcommand,
        target, targets, value,
    },
    fault::Case,
    output::{self, Content, Format},
    plan::{LocalServer, PolicyName, Protocol, Target},
};

/// Flags of `drill`.
#[derive(Args, Debug)]
pub(in crate::cli) struct DrillArgs {
    /// Run every case
    ///
    /// This is the default without --case, --fault and --incident.
    #[arg(long)]
    all: bool,
    /// Cases to run, comma-separated
    ///
    /// They are listed below.
    #[arg(long, value_name = "NAME", value_delimiter = ',', conflicts_with = "all", hide_possible_values = true,
          value_parser = completed(Case::named, || Case::names().collect()))]
    case: Vec<Case>,
    /// Policies to test, comma-separated
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "bare,library,elasticache,hardened")]
    policy: Vec<PolicyName>,
    /// Exit 2 unless these policies survive every case
    ///
    /// Policy names, comma-separated.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    must_survive: Vec<PolicyName>,
    /// Result format [default: that of the name of --output, or text]
    #[arg(long, value_name = "FORMAT", value_parser = formats(Content::Drill))]
    format: Option<Format>,
    /// Write the results to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print no progress
    #[arg(short, long)]
    quiet: bool,
    /// Seed for all randomness [default: random]
    #[arg(long, value_name = "N", value_parser = value::seed, allow_hyphen_values = true)]
    seed: Option<u64>,
    #[command(flatten)]
    faults: FaultArgs,
    #[command(flatten)]
    servers: TargetArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// A drill and the output it produces.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DrillRequest {
    /// With a `server`, the server is not started yet.
    pub target: Target,
    /// The server that redis-doctor starts as the target.
    pub server: Option<LocalServer>,
    pub protocol: Protocol,
    pub cases: Vec<Case>,
    pub policies: Vec<PolicyName>,
    /// The policies that must survive every case.
    pub must_survive: Vec<PolicyName>,
    /// Source of all randomness.
    pub seed: u64,
    pub format: Format,
    /// Instead of stdout.
    pub output: Option<PathBuf>,
    pub quiet: bool,
    /// Warnings for stderr, one line each, without line end.
    pub warnings: Vec<String>,
}

impl Subcommand for DrillArgs {
    const NAME: &'static str = "drill";
    const ABOUT: &'static str = "Run each reconnect policy through each fault";
    const HELP: &'static str = "\
Examples:
  redis-doctor drill --sandbox                     # everything, in two minutes
  redis-doctor drill --sandbox --case reset-in-flight --policy library,hardened
  redis-doctor drill --incident failover --must-survive hardened
  redis-doctor drill --sandbox -o drill.html        # a matrix for a browser

Each cell is a short soak through its own fault proxy. The schedules of --fault
and --incident begin with the probes; leave them a quiet second first.
Exit status: 0 done, 2 a policy of --must-survive did not survive, or a cell
could not run, 3 wrong usage.";
    type Request = DrillRequest;

    fn resolve(mut self, environment: &Environment) -> Result<DrillRequest, UsageError> {
        self.servers.add_to(&mut self.connection);
        targets::refuse(&self.connection, "drill")?;
        let mut connection = target::resolve(&self.connection, environment)?;
        let mut cases = self.case;
        let single = self.faults.faults.iter().map(|fault| (fault.to_string(), vec![fault.clone()]));
        let incidents = self.faults.incidents.iter().map(|incident| (incident.to_string(), incident.schedules()));
        cases.extend(single.chain(incidents).map(|(name, faults)| Case::of(name, faults)));
        if self.all || cases.is_empty() {
            cases = Case::all();
        }
        if let Some(stranger) = self.must_survive.iter().find(|policy| !self.policy.contains(policy)) {
            let problem = format!("{stranger} is not among the policies of this drill");
            return Err(UsageError::new("--must-survive", problem, "add it to --policy"));
        }
        target::ask(&mut connection.target, &self.connection, environment)?;
        Ok(DrillRequest {
            protocol: connection.protocol,
            target: connection.target,
            server: self.connection.spawn.or_sandbox(self.connection.sandbox),
            cases,
            policies: self.policy,
            must_survive: self.must_survive,
            seed: self.seed.unwrap_or_else(fresh_seed),
            format: Format::chosen(self.format, self.output.as_deref(), Content::Drill),
            output: output::file(self.output),
            quiet: self.quiet,
            warnings: connection.warnings,
        })
    }

    fn help() -> String {
        let cases: String = Case::all()
            .iter()
            .map(|case| {
                let faults: Vec<_> = case.faults.iter().map(ToString::to_string).collect();
                format!("  {}: {}\n", case.name, faults.join("  "))
            })
            .collect();
        format!("{}\n\nCases:\n{}", Self::HELP, cases.trim_end())
    }
}
