//! The parts of a subcommand: its arguments, its help, and its request.

use std::{any::Any, fmt};

use clap::Args;

use super::{environment::Environment, error::UsageError};
use crate::exit::Exit;

/// A subcommand, implemented by its arguments.
pub(super) trait Subcommand: Args {
    /// The word on the command line.
    const NAME: &'static str;
    /// Description in the list of commands and at the top of the command's help.
    const ABOUT: &'static str;
    /// A heading and examples that work when pasted, the most useful first; after an empty line, the details. The short
    /// help has the first examples, the long help has everything.
    const HELP: &'static str;
    /// True if the flags may have values from the environment and the configuration file.
    const CONFIGURABLE: bool = true;
    /// The request that the arguments become.
    type Request: Job;

    /// Makes the request from the arguments and the environment.
    fn resolve(self, environment: &Environment) -> Result<Self::Request, UsageError>;

    /// Returns the text below the flags in the long help.
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
