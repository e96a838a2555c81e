//! The command line: from arguments and environment to a [`Job`] that holds only valid values.
//!
//! No other module knows the argument parser or reads the environment. Imports point one way:
//!
//! | files | hold |
//! | --- | --- |
//! | `value`, `uri`, `error`, `environment` | single values, refusals as types, the environment of the process |
//! | `presets`, `config` | values of flags from the environment and the configuration file |
//! | `groups`, `tls`, `choice` | flags that several commands share, and the names of their values |
//! | `target`, `targets`, `policy`, `run` | the meaning of a group of flags |
//! | [`commands`] | one file per command: its flags, its help, and the request made from them |
//! | `completions`, `man`, `tips`, `refusal` | texts derived from the list of commands |

mod choice;
mod command_line;
pub(crate) mod commands;
mod completions;
mod config;
mod deployment;
mod environment;
mod error;
mod groups;
mod man;
mod policy;
mod presets;
mod refusal;
pub(crate) mod run;
mod subcommand;
mod target;
mod targets;
mod tips;
mod tls;
mod uri;
mod value;

use std::{any::Any, ffi::OsString};

use self::{commands::proxy::ProxyRequest, environment::Environment, presets::Line};
pub(crate) use self::{completions::script as completion_script, man::page as manual_page, uri::without_secrets};
pub use self::{error::CliError, subcommand::Job};

/// Parses the arguments (the first is the program's name) and the environment.
///
/// # Errors
/// Help, the version, or wrong usage, ready to be written.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Box<dyn Job>, CliError> {
    parse_in(args.into_iter().collect(), &Environment::of_the_process())
}

fn parse_in(mut args: Vec<OsString>, environment: &Environment) -> Result<Box<dyn Job>, CliError> {
    lone_h_is_help(&mut args);
    commands::check::is_the_default(&mut args);
    commands::check::names_are_targets(&mut args);
    commands::explain::error_replies_are_words(&mut args);
    let mut line = Line::new(args.clone());
    let completed = line.complete(environment);
    let Line { args: all, matches, added, .. } = line;
    let job = completed.and_then(|()| {
        let matches = matches?;
        let mut job = commands::resolve(&matches, environment)?;
        let request: &mut dyn Any = job.as_mut();
        let run = match request.downcast_mut::<ProxyRequest>() {
            Some(ProxyRequest::Observe(run)) => Some(&mut **run),
            Some(ProxyRequest::Relay(_)) => None,
            None => request.downcast_mut::<run::RunRequest>(),
        };
        if let (Some(run), Some(command)) = (run, matches.subcommand_name().and_then(commands::definition_of)) {
            run.plan.command_line = command_line::shown(&args, &command);
        }
        Ok(job)
    });
    job.map_err(|error| refusal::worded(&presets::named(error, &added), &all))
}

/// As in redis-cli, `-h` takes a host, but prints help as the last argument: the short help, as in most programs.
fn lone_h_is_help(args: &mut Vec<OsString>) {
    if args.iter().any(|arg| arg == "--") || args.pop_if(|last| *last == "-h").is_none() {
        return;
    }
    // The command `help` has no flags.
    if args.get(1).is_none_or(|command| command != "help") {
        args.push(commands::SHORT_HELP.into());
    }
}

#[cfg(test)]
mod tests;
