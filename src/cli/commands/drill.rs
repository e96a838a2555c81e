//! `redis-doctor drill`: its flags and its request.

mod lab;

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use clap::{ArgGroup, Args, builder::StringValueParser};
use strum::VariantArray as _;

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
    plan::{LabCase, LabKind, LocalServer, PolicyName, Protocol, Subject, Target},
    suggestion,
};

/// Cases of an application that run at the same time.
const JOBS: usize = 4;

/// Name of all cases.
const ALL: &str = "all";

/// Flags of `drill`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("application").args(["exec", "listen"]).multiple(true)))]
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
          value_parser = completed(StringValueParser::new(), case_names))]
    case: Vec<String>,
    /// Drill a set of servers that redis-doctor starts for it
    ///
    /// sentinel is a primary, a replica and three Sentinels; cluster is three primaries, each with a replica. It takes the
    /// redis-server or valkey-server in the PATH, and the servers end with the drill.
    #[arg(long, value_name = "KIND", conflicts_with_all = ["servers", "uri", "targets", "host", "port", "socket", "sandbox",
          "spawn", "faults", "incidents", "application"])]
    lab: Option<LabKind>,
    /// Policies to test, comma-separated
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "bare,library,elasticache,hardened")]
    policy: Vec<PolicyName>,
    /// Exit 2 unless these policies survive every case
    ///
    /// Policy names, comma-separated. With --exec or --listen, exit 2 unless the application survives these cases: their
    /// names, or all.
    #[arg(long, value_name = "NAME", value_delimiter = ',', hide_possible_values = true,
          value_parser = completed(StringValueParser::new(), survivors))]
    must_survive: Vec<String>,
    /// Start this application, and drill it instead of the policies
    ///
    /// A shell command, started for each case in its own process group. Its environment has REDIS_URL, REDIS_HOST and
    /// REDIS_PORT of the proxy, and {url} in the command is replaced. It ends, with all that it started, at the end of the case.
    #[arg(long, value_name = "COMMAND", conflicts_with = "policy")]
    exec: Option<OsString>,
    /// Drill the application that connects to this address
    ///
    /// HOST:PORT, or a port of 127.0.0.1. The cases run one after the other, each with a proxy on this address. With --exec,
    /// the address of the proxy.
    #[arg(long, value_name = "ADDRESS", value_parser = value::listen, conflicts_with = "policy")]
    listen: Option<SocketAddr>,
    /// Let the application speak TLS to the proxy
    ///
    /// The URLs begin with rediss://. The certificate of the proxy is from an authority that is made for the drill: its file is
    /// in REDIS_CA_CERT and NODE_EXTRA_CA_CERTS, and {ca} in the command is replaced by it; SSL_CERT_FILE has it
    /// with the certificates of this system. The faults act on the connection below TLS. --tls is about the server.
    #[arg(long, requires = "exec")]
    listen_tls: bool,
    /// Put the URL of the proxy into this variable, too (repeatable)
    #[arg(long, value_name = "NAME", requires = "exec")]
    url_env: Vec<String>,
    /// Check the health of the application with this command
    ///
    /// A shell command that exits with 0 while the application is healthy. It runs before the faults, until it succeeds, and at
    /// the end of the case.
    #[arg(long, value_name = "COMMAND", requires = "application")]
    health: Option<OsString>,
    /// Run this command beside the application
    ///
    /// A shell command that makes the application use Redis. It ends with the case.
    #[arg(long, value_name = "COMMAND", requires = "application")]
    load: Option<OsString>,
    /// Start a new process for each case
    ///
    /// This is the default.
    #[arg(long, requires = "exec")]
    fresh: bool,
    /// Run this many cases at the same time [default: 4]
    ///
    /// Each has its own proxy and process. Use 1 if two processes of the application disturb each other.
    #[arg(long, value_name = "N", value_parser = value::jobs, requires = "exec",
          conflicts_with = "listen")]
    jobs: Option<u8>,
    /// Write the output of the application to this folder
    ///
    /// Each case has a file. The default is a new folder for temporary files, whose path is printed.
    #[arg(long, value_name = "DIR", requires = "exec")]
    log_dir: Option<PathBuf>,
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
    pub examinee: Examinee,
    /// Source of all randomness.
    pub seed: u64,
    pub format: Format,
    /// Instead of stdout.
    pub output: Option<PathBuf>,
    pub quiet: bool,
    /// Warnings for stderr, one line each, without line end.
    pub warnings: Vec<String>,
}

/// The clients that a drill examines.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Examinee {
    /// Our own client under these policies.
    Policies {
        /// The cases of the lab; empty if there is a target.
        lab: Vec<LabCase>,
        policies: Vec<PolicyName>,
        /// The policies that must survive every case.
        must_survive: Vec<PolicyName>,
    },
    /// An application.
    Application {
        subject: Subject,
        /// Cases that run at the same time.
        jobs: usize,
        /// Folder for its output; `None` is a new one.
        logs: Option<PathBuf>,
        /// It speaks TLS to the proxy.
        tls: bool,
        /// The cases that it must survive.
        must_survive: Vec<String>,
    },
}

impl Subcommand for DrillArgs {
    const NAME: &'static str = "drill";
    const ABOUT: &'static str = "Run each reconnect policy, or an application, through each fault";
    const HELP: &'static str = "\
Examples:
  redis-doctor drill --sandbox                     # everything, in two minutes
  redis-doctor drill --sandbox --case reset-in-flight --policy library,hardened
  redis-doctor drill --incident failover --must-survive hardened
  redis-doctor drill --sandbox -o drill.html        # a matrix for a browser
  redis-doctor drill --lab cluster --policy library,hardened

Each cell is a short soak through its own fault proxy. The schedules of --fault
and --incident begin with the probes; leave them a quiet second first.
Exit status: 0 done, 2 a policy of --must-survive did not survive, or a cell
could not run, 3 wrong usage.

With --exec, the subject is an application in any language. Each case starts it
behind its own proxy, waits until it is healthy, injects the faults, and watches
until it is back. It survives a case if it was seen to work afterwards:
  redis-doctor drill --spawn --exec 'python worker.py'
  redis-doctor drill -u redis://127.0.0.1 --exec './app --redis {url}' \\
    --health 'curl -fs localhost:8080/ready' --jobs 1 -o drill.junit
  redis-doctor drill --listen 6380 --case close,refuse-12s --must-survive all
Exit status: 2 if it did not survive a case of --must-survive, or one could not
run.";
    type Request = DrillRequest;

    fn resolve(mut self, environment: &Environment) -> Result<DrillRequest, UsageError> {
        self.servers.add_to(&mut self.connection);
        targets::refuse(&self.connection, "drill")?;
        let lab = lab::cases(self.lab, &self.case)?;
        // A variable must not name a server beside the lab.
        self.connection.sandbox |= self.lab.is_some();
        let mut connection = target::resolve(&self.connection, environment)?;
        self.connection.sandbox &= self.lab.is_none();
        let of_application = self.exec.is_some() || self.listen.is_some();
        let mut cases = if self.lab.is_some() { Vec::new() } else { named(&self.case, of_application)? };
        let single = self.faults.faults.iter().map(|fault| (fault.to_string(), vec![fault.clone()]));
        let incidents = self.faults.incidents.iter().map(|incident| (incident.to_string(), incident.schedules()));
        cases.extend(single.chain(incidents).map(|(name, faults)| Case::of(name, faults)));
        if self.lab.is_none() && (self.all || cases.is_empty()) {
            cases = if of_application { Case::of_applications() } else { Case::all() };
        }
        let content = if of_application { Content::Survival } else { Content::Drill };
        let examinee = if of_application {
            let listen = loopback(self.listen)?;
            Examinee::Application {
                must_survive: surviving_cases(self.must_survive, &cases)?,
                jobs: if listen.port() == 0 { self.jobs.map_or(JOBS, usize::from) } else { 1 },
                logs: self.log_dir,
                tls: self.listen_tls,
                subject: Subject {
                    command: self.exec,
                    url_names: variables(self.url_env)?,
                    health: self.health,
                    load: self.load,
                    listen,
                    trust: None,
                },
            }
        } else {
            let must_survive = surviving_policies(&self.must_survive, &self.policy)?;
            Examinee::Policies { lab, policies: self.policy, must_survive }
        };
        target::ask(&mut connection.target, &self.connection, environment)?;
        Ok(DrillRequest {
            protocol: connection.protocol,
            target: connection.target,
            server: self.connection.spawn.or_sandbox(self.connection.sandbox),
            cases,
            examinee,
            seed: self.seed.unwrap_or_else(fresh_seed),
            format: Format::chosen(self.format, self.output.as_deref(), content),
            output: output::file(self.output),
            quiet: self.quiet,
            warnings: connection.warnings,
        })
    }

    fn help() -> String {
        let list = |cases: Vec<Case>| -> String {
            let line = |case: &Case| {
                let faults: Vec<_> = case.faults.iter().map(ToString::to_string).collect();
                format!("\n  {}: {}", case.name, faults.join("  "))
            };
            cases.iter().map(line).collect()
        };
        let (policies, applications) = (list(Case::all()), list(Case::of_applications()));
        let labs = lab::help();
        format!("{}\n\nCases:{policies}\n\nCases in a lab:{labs}\n\nCases of an application:{applications}", Self::HELP)
    }
}

/// Returns the name of every case.
fn case_names() -> Vec<&'static str> {
    let policies: Vec<_> = Case::names().collect();
    let applications = Case::names_of_applications().filter(|name| !policies.contains(name)).collect::<Vec<_>>();
    [policies, applications, lab::names().collect()].concat()
}

/// Returns the names that --must-survive takes.
fn survivors() -> Vec<&'static str> {
    let policies = PolicyName::VARIANTS.iter().map(|policy| policy.into());
    policies.chain([ALL]).chain(Case::names_of_applications()).collect()
}

/// Finds the cases with these names. An application can be drilled with those of the policies, too.
fn named(names: &[String], of_application: bool) -> Result<Vec<Case>, UsageError> {
    let (known, more) = match of_application {
        true => (Case::of_applications(), Case::all()),
        false => (Case::all(), Vec::new()),
    };
    let find = |name: &String| {
        known.iter().chain(&more).find(|case| case.name == *name).cloned().ok_or_else(|| {
            let problem = format!("'{name}' is not a case of this drill");
            UsageError::new("--case", problem, suggestion::instead(name, known.iter().map(|case| case.name.as_str())))
        })
    };
    names.iter().map(find).collect()
}

/// Returns the policies that must survive; each is part of the drill.
fn surviving_policies(names: &[String], policies: &[PolicyName]) -> Result<Vec<PolicyName>, UsageError> {
    let find = |name: &String| {
        policies.iter().find(|policy| policy.to_string() == *name).copied().ok_or_else(|| {
            let problem = format!("{name} is not among the policies of this drill");
            UsageError::new("--must-survive", problem, "add it to --policy")
        })
    };
    names.iter().map(find).collect()
}

/// Returns the cases that must be survived; each is part of the drill.
fn surviving_cases(names: Vec<String>, cases: &[Case]) -> Result<Vec<String>, UsageError> {
    if names.iter().any(|name| name == ALL) {
        return Ok(cases.iter().map(|case| case.name.clone()).collect());
    }
    match names.iter().find(|name| cases.iter().all(|case| case.name != **name)) {
        Some(stranger) => {
            let problem = format!("{stranger} is not among the cases of this drill");
            Err(UsageError::new("--must-survive", problem, "add it to --case, or use all"))
        }
        None => Ok(names),
    }
}

/// Returns the address for the proxies; a free port for each without one.
fn loopback(listen: Option<SocketAddr>) -> Result<SocketAddr, UsageError> {
    let listen = listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
    if listen.ip().is_loopback() {
        return Ok(listen);
    }
    let problem = format!("{listen} is reachable from other machines, which could then reach the server");
    Err(UsageError::new("--listen", problem, format!("use 127.0.0.1:{}", listen.port())))
}

/// Returns the names of variables; each must be one.
fn variables(names: Vec<String>) -> Result<Vec<String>, UsageError> {
    match names.iter().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
        Some(name) => {
            let problem = format!("'{name}' is not the name of a variable");
            Err(UsageError::new("--url-env", problem, "use a name such as CACHE_URL"))
        }
        None => Ok(names),
    }
}
