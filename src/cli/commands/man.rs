//! `redis-doctor man`, which has no flags.

use clap::Args;

use crate::cli::{environment::Environment, error::UsageError, subcommand::Subcommand};

/// `man` takes no arguments.
#[derive(Args, Debug)]
pub(in crate::cli) struct ManArgs {}

/// A manual page to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ManRequest;

impl Subcommand for ManArgs {
    const NAME: &'static str = "man";
    const ABOUT: &'static str = "Print the manual page (roff)";
    const HELP: &'static str = "\
Example:
  mkdir -p ~/.local/share/man/man1
  redis-doctor man > ~/.local/share/man/man1/redis-doctor.1";
    const CONFIGURABLE: bool = false;
    type Request = ManRequest;

    fn resolve(self, _: &Environment) -> Result<ManRequest, UsageError> {
        Ok(ManRequest)
    }
}
