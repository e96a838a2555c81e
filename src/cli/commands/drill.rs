//! `redis-doctor drill`: its flags, and what they mean together.

use std::path::PathBuf;

use clap::Args;

use crate::{
    cli::{
        choice::formats,
        environment::{Environment, fresh_seed},
        error::UsageError,
        groups::{ConnectionArgs, FaultArgs},
        subcommand::Subcommand,
        target, value,
    },
    fault::Case,
    output::{Content, Format},
    plan::{PolicyName, Protocol, Target},
};

/// Flags of `drill`.
#[derive(Args, Debug)]
pub(in crate::cli) struct DrillArgs {
    /// Run every case (the default without --case, --fault and --incident)
    #[arg(long)]
    all: bool,
    /// Cases to run, comma-separated (listed below)
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = Case::named, conflicts_with = "all")]
    case: Vec<Case>,
    /// Policies to test, comma-separated
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "bare,library,elasticache,hardened")]
    policy: Vec<PolicyName>,
    /// Exit 2 unless these policies survive every case, comma-separated
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    must_survive: Vec<PolicyName>,
    /// Form of the results
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(Content::Drill))]
    format: Format,
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
    connection: ConnectionArgs,
}

/// A drill and the output it produces.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DrillRequest {
    /// The server; with `sandbox`, it is yet to be started.
    pub target: Target,
    /// Use the embedded server.
    pub sandbox: bool,
    /// The protocol of the clients.
    pub protocol: Protocol,
    /// The faults.
    pub cases: Vec<Case>,
    /// The policies.
    pub policies: Vec<PolicyName>,
    /// The policies that must survive every case.
    pub must_survive: Vec<PolicyName>,
    /// All randomness comes from this number.
    pub seed: u64,
    /// The form of the results.
    pub format: Format,
    /// Where they go instead of stdout.
    pub output: Option<PathBuf>,
    /// No progress.
    pub quiet: bool,
    /// Remarks for the user, one line each without line end, for stderr.
    pub warnings: Vec<String>,
}

impl Subcommand for DrillArgs {
    const NAME: &'static str = "drill";
    const ABOUT: &'static str = "Run each reconnect policy through each fault, and show which client survives what";
    const HELP: &'static str = "\
Examples:
  redis-doctor drill --sandbox                     # everything, in two minutes
  redis-doctor drill --sandbox --case reset-in-flight --policy library,hardened
  redis-doctor drill --incident failover --must-survive hardened

Each cell is a short soak through its own fault proxy. The schedules of --fault
and --incident begin with the probes; leave them a quiet second first.";
    type Request = DrillRequest;

    fn resolve(self, environment: &Environment) -> Result<DrillRequest, UsageError> {
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
            sandbox: self.connection.sandbox,
            cases,
            policies: self.policy,
            must_survive: self.must_survive,
            seed: self.seed.unwrap_or_else(fresh_seed),
            format: self.format,
            output: self.output,
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
