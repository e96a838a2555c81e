//! `redis-doctor drill`: its flags, and what they mean together.

use std::path::PathBuf;

use clap::Args;

use super::{
    choice::formats,
    environment::Environment,
    groups::{ConnectionArgs, FaultArgs},
    resolve::fresh_seed,
    target, value,
};
use crate::{
    fault::Case,
    output::{Content, Format},
    plan::{PolicyName, Protocol, Target},
};

/// Flags of `drill`.
#[derive(Args, Debug)]
pub(super) struct DrillArgs {
    /// Every case there is; the default when neither --case nor --fault nor --incident is given
    #[arg(long)]
    all: bool,
    /// Cases by name, comma-separated (the names are below)
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = Case::named, conflicts_with = "all")]
    case: Vec<Case>,
    /// Policies to put through it, comma-separated
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
    /// No progress
    #[arg(short, long)]
    quiet: bool,
    /// Seed of all randomness [default: another one each time]
    #[arg(long, value_name = "N", value_parser = value::seed, allow_hyphen_values = true)]
    seed: Option<u64>,
    #[command(flatten)]
    faults: FaultArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// A drill and what to write about it.
#[derive(Clone, Debug, PartialEq)]
pub struct DrillRequest {
    /// The server; with `sandbox`, it is yet to be started.
    pub target: Target,
    /// Whether the embedded server is the target.
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

/// Decides from flags and environment.
pub(super) fn resolve(args: &DrillArgs, environment: &Environment) -> Result<DrillRequest, String> {
    let mut connection = target::resolve(&args.connection, environment)?;
    let mut cases = args.case.clone();
    let single = args.faults.faults.iter().map(|fault| (fault.to_string(), vec![fault.clone()]));
    let incidents = args.faults.incidents.iter().map(|incident| (incident.to_string(), incident.schedules()));
    cases.extend(single.chain(incidents).map(|(name, faults)| Case::of(name, faults)));
    if args.all || cases.is_empty() {
        cases = Case::all();
    }
    if let Some(stranger) = args.must_survive.iter().find(|policy| !args.policy.contains(policy)) {
        return Err(format!("--must-survive: {stranger} is not among the policies of this drill; add it to --policy"));
    }
    target::ask(&mut connection.target, &args.connection, environment)?;
    Ok(DrillRequest {
        protocol: connection.protocol,
        target: connection.target,
        sandbox: args.connection.sandbox,
        cases,
        policies: args.policy.clone(),
        must_survive: args.must_survive.clone(),
        seed: args.seed.unwrap_or_else(fresh_seed),
        format: args.format,
        output: args.output.clone(),
        quiet: args.quiet,
        warnings: connection.warnings,
    })
}
