//! `redis-doctor man`: its argument.

use clap::{Args, builder::PossibleValuesParser};

use crate::cli::{commands, environment::Environment, error::UsageError, subcommand::Subcommand};

/// The argument of `man`.
#[derive(Args, Debug)]
pub(in crate::cli) struct ManArgs {
    /// Command to describe [default: the whole tool]
    #[arg(value_name = "COMMAND", hide_possible_values = true, value_parser = PossibleValuesParser::new(commands::names()))]
    command: Option<String>,
}

/// A manual page to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ManRequest {
    /// The command; `None` for the page of the whole tool.
    pub command: Option<String>,
}

impl Subcommand for ManArgs {
    const NAME: &'static str = "man";
    const ABOUT: &'static str = "Print the manual page (roff)";
    const HELP: &'static str = "\
Example:
  mkdir -p ~/.local/share/man/man1
  redis-doctor man > ~/.local/share/man/man1/redis-doctor.1
  redis-doctor man soak > ~/.local/share/man/man1/redis-doctor-soak.1";
    const CONFIGURABLE: bool = false;
    type Request = ManRequest;

    fn resolve(self, _: &Environment) -> Result<ManRequest, UsageError> {
        Ok(ManRequest { command: self.command })
    }
}
