//! The command line: from arguments and environment to an [`Invocation`] that holds only valid values.
//!
//! The only module that knows the argument parser, and the only one that reads the environment. Parsing is separate
//! from meaning: `args` and `groups` define the flags, `value` and `uri` read single values, `target`, `policy` and
//! `resolve` decide what they mean together, `error` words every refusal (without passwords, exit code 3).
//!
//! A new command is a variant of `args::Command` and an arm in `resolve`; one that runs a plan flattens
//! `groups::RunArgs`.

mod args;
mod check;
mod choice;
mod completions;
mod environment;
mod error;
mod explain;
mod faults;
mod groups;
mod help;
mod idle;
mod man;
mod policy;
mod resolve;
mod target;
mod uri;
mod value;
mod wait;

use std::{ffi::OsString, net::SocketAddr, path::PathBuf, time::Duration};

use clap::{CommandFactory, FromArgMatches};

use crate::{
    exit::Exit,
    fault::{Case, FaultSchedule},
    output::{CheckFormat, ColorChoice, DocumentFormat, DrillFormat, EventFormat, Format, OutputOptions},
    plan::{Gate, Plan, PolicyName, Protocol, Range, ReconnectPolicy, Target},
};
use environment::Environment;
pub use idle::IdleRequest;
pub use wait::WaitRequest;

/// What the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Invocation {
    /// Look once at server, path and machine.
    Check(Box<CheckRequest>),
    /// Run a plan.
    Run(Box<RunRequest>),
    /// Run the fault proxy alone.
    Proxy(ProxyRequest),
    /// Put policies through faults.
    Drill(DrillRequest),
    /// Search for the idle limit of a path.
    Idle(Box<IdleRequest>),
    /// Wait until a server is ready.
    Wait(WaitRequest),
    /// Make a report again from journals.
    Report(ReportRequest),
    /// Say what is known about something.
    Explain(ExplainRequest),
    /// Write this text to stdout: a completion script or the manual page.
    Print(String),
}

/// What to look at, and what to write about it.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckRequest {
    /// The server; with `sandbox`, it is yet to be started.
    pub target: Target,
    /// Whether the embedded server is the target.
    pub sandbox: bool,
    /// The protocol that is wanted.
    pub protocol: Protocol,
    /// The policy of the client in question.
    pub policy: ReconnectPolicy,
    /// The limit of everything together.
    pub deadline: Duration,
    /// The PING time (milliseconds) is a warning outside of this.
    pub warning: Option<Range>,
    /// The PING time (milliseconds) is critical outside of this.
    pub critical: Option<Range>,
    /// A channel that nobody else knows.
    pub channel: String,
    /// Whether a degraded or critical verdict still exits 0.
    pub exit_zero: bool,
    /// The form of the result.
    pub format: CheckFormat,
    /// Where it goes instead of stdout.
    pub output: Option<PathBuf>,
    /// Only what is not in order.
    pub quiet: bool,
    /// Whether to use colour.
    pub color: ColorChoice,
    /// Remarks for the user, one line each without line end, for stderr.
    pub warnings: Vec<String>,
}

/// A plan and what to write about it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRequest {
    /// What to do.
    pub plan: Plan,
    /// What to write.
    pub output: OutputOptions,
}

/// A fault proxy, and what is behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProxyRequest {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The server; with `sandbox`, it is yet to be started.
    pub upstream: Target,
    /// Whether the embedded server is to be behind it.
    pub sandbox: bool,
    /// Faults, counted from the start.
    pub faults: Vec<FaultSchedule>,
    /// All randomness comes from this number.
    pub seed: u64,
    /// The form of its events.
    pub format: EventFormat,
    /// Remarks for the user, one line each without line end, for stderr.
    pub warnings: Vec<String>,
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
    pub format: DrillFormat,
    /// Where they go instead of stdout.
    pub output: Option<PathBuf>,
    /// No progress.
    pub quiet: bool,
    /// Remarks for the user, one line each without line end, for stderr.
    pub warnings: Vec<String>,
}

/// Journals and what to write about them.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportRequest {
    /// The journals, at least one.
    pub files: Vec<PathBuf>,
    /// What to write.
    pub output: OutputOptions,
    /// Conditions that make the verdict critical.
    pub fail_on: Vec<Gate>,
    /// Conditions that make the verdict degraded.
    pub warn_on: Vec<Gate>,
}

/// A question to the knowledge base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainRequest {
    /// What is asked about; absent asks for the list of everything.
    pub query: Option<String>,
    /// The form of the answer.
    pub format: DocumentFormat,
    /// Whether to use colour.
    pub color: ColorChoice,
}

/// Why there is nothing to do: help was asked for, or the usage is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliError {
    /// The whole text, with its line ends. It never holds a password.
    pub message: String,
    /// How to end.
    pub exit: Exit,
    /// Whether the text is what was asked for (help, version) and belongs on stdout, not stderr.
    pub to_stdout: bool,
    /// The form in which the report was wanted, as far as that could be understood.
    pub format: Format,
}

/// Reads the arguments (the first is the program's name) and the environment.
///
/// # Errors
/// Help, the version, or wrong usage, ready to be written.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, CliError> {
    parse_in(args.into_iter().collect(), &Environment::of_the_process())
}

fn parse_in(mut args: Vec<OsString>, environment: &Environment) -> Result<Invocation, CliError> {
    lone_h_is_help(&mut args);
    check::is_the_default(&mut args);
    explain::error_replies_are_words(&mut args);
    let command = match briefly(&args) {
        Some(command) => command,
        None => fully(&args).map_err(|refusal| error::from_clap(&refusal, &args))?,
    };
    resolve::resolve(command, environment).map_err(|message| error::usage(&message, &args))
}

/// Reads the arguments by the definition of their own command alone, for making all of them takes longer than a PING.
/// What that does not understand (help, a mistake) is left to [`fully`], which can say what is wrong.
fn briefly(args: &[OsString]) -> Option<args::Command> {
    let matches = args::Command::alone(args.get(1)?.to_str()?)?.try_get_matches_from(args).ok()?;
    args::Command::from_arg_matches(&matches).ok()
}

fn fully(args: &[OsString]) -> Result<args::Command, clap::Error> {
    let matches = command(args).try_get_matches_from(args)?;
    args::Cli::from_arg_matches(&matches).map(|cli| cli.command)
}

/// The definitions; with the lists of faults and cases only where they are read, for making them takes a while.
fn command(args: &[OsString]) -> clap::Command {
    let command = args::Cli::command();
    if !args.iter().any(|arg| arg == "--help" || arg == "help") {
        return command;
    }
    command
        .mut_subcommand("proxy", |proxy| proxy.after_help(help::proxy()))
        .mut_subcommand("drill", |drill| drill.after_help(help::drill()))
}

/// As in redis-cli: `-h` takes a host, but as the last argument it asks for help.
fn lone_h_is_help(args: &mut [OsString]) {
    let only_flags = !args.iter().any(|arg| arg == "--");
    if let Some(last) = args.last_mut().filter(|last| only_flags && *last == "-h") {
        *last = "--help".into();
    }
}

#[cfg(test)]
mod tests;
