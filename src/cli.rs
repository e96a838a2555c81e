//! The command line: from arguments and environment to a [`Job`] that holds only valid values.
//!
//! The only module that knows the argument parser, and the only one that reads the environment. Imports point one way:
//!
//! | files | hold |
//! | --- | --- |
//! | `value`, `uri`, `error`, `environment` | single values, refusals as types, what comes from outside |
//! | `groups`, `choice` | the flags that several commands share, and their words |
//! | `target`, `policy`, `run` | what groups of flags mean together |
//! | [`commands`] | a file for each command: its flags, its help, its request, and how the one becomes the other |
//! | `completions`, `man`, `tips`, `refusal` | what is derived from the list of commands |

mod choice;
pub(crate) mod commands;
mod completions;
mod environment;
mod error;
mod groups;
mod man;
mod policy;
mod refusal;
pub(crate) mod run;
mod subcommand;
mod target;
mod tips;
mod uri;
mod value;

use std::ffi::OsString;

use self::environment::Environment;
pub(crate) use self::{completions::script as completion_script, man::page as manual_page, uri::without_secrets};
pub use self::{error::CliError, subcommand::Job};

/// Reads the arguments (the first is the program's name) and the environment.
///
/// # Errors
/// Help, the version, or wrong usage, ready to be written.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Box<dyn Job>, CliError> {
    parse_in(args.into_iter().collect(), &Environment::of_the_process())
}

fn parse_in(mut args: Vec<OsString>, environment: &Environment) -> Result<Box<dyn Job>, CliError> {
    lone_h_is_help(&mut args);
    commands::check::is_the_default(&mut args);
    commands::explain::error_replies_are_words(&mut args);
    let matches = commands::definition().try_get_matches_from(&args);
    let job = matches.map_err(Into::into).and_then(|matches| commands::resolve(&matches, environment));
    job.map_err(|error| refusal::worded(&error, &args))
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
