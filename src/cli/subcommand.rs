//! The parts of a subcommand: its arguments, its help, and the request that they become.

use std::{any::Any, fmt};

use clap::Args;

use super::{environment::Environment, error::UsageError};
use crate::exit::Exit;

/// A subcommand, implemented by its arguments.
pub(super) trait Subcommand: Args {
    /// The word on the command line.
    const NAME: &'static str;
    /// One line in the list of commands, and the first of its own help.
    const ABOUT: &'static str;
    /// Examples that work when pasted, and what flags alone cannot say.
    const HELP: &'static str;
    /// The arguments with everything decided.
    type Request: Job;

    /// Decides from the arguments and the environment.
    fn resolve(self, environment: &Environment) -> Result<Self::Request, UsageError>;

    /// The text under the flags.
    fn help() -> String {
        Self::HELP.to_owned()
    }
}

/// A request that runs to an exit code. The composition root implements it, so a request that nothing runs does not
/// compile.
pub trait Job: Any + fmt::Debug {
    /// Runs the request to its end.
    fn run(self: Box<Self>) -> Exit;
}
