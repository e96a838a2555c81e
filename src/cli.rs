//! The command line: from arguments and environment to an [`Invocation`] that holds only valid values.
//!
//! The only module that knows the argument parser, and the only one that reads the environment. Parsing is separate
//! from meaning. Each command has a file: its flags, its request, and how the one becomes the other (those that run a
//! plan share `run`). `args` lists the commands, `groups` has the flags that several share, `value` and `uri` read
//! single values, `target` and `policy` decide what groups of flags mean, `error` words every refusal (without
//! passwords, exit code 3), and `tips` knows what the flags of other tools are called here.
//!
//! A new command is a file of its own, a variant of `args::Command` and an arm in `resolve`.

mod args;
mod check;
mod choice;
mod completions;
mod drill;
mod environment;
mod error;
mod explain;
mod faults;
mod groups;
mod help;
mod idle;
mod man;
mod policy;
mod proxy;
mod report;
mod resolve;
mod run;
mod target;
mod tips;
mod uri;
mod value;
mod wait;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches};

use self::environment::Environment;
pub use self::{
    check::CheckRequest, drill::DrillRequest, explain::ExplainRequest, idle::IdleRequest, proxy::ProxyRequest,
    report::ReportRequest, run::RunRequest, wait::WaitRequest,
};
use crate::{exit::Exit, output::Format};

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
