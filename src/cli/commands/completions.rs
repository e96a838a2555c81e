//! `redis-doctor completions`: its argument.

use clap::{Args, ValueEnum};

use crate::cli::{environment::Environment, error::UsageError, subcommand::Subcommand};

/// The argument of `completions`.
#[derive(Args, Debug)]
pub(in crate::cli) struct CompletionsArgs {
    /// Shell to complete in
    shell: Shell,
}

/// A shell with a completion script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum Shell {
    Bash,
    Elvish,
    Fish,
    Nushell,
    Powershell,
    Zsh,
}

/// A completion script to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CompletionsRequest {
    pub(crate) shell: Shell,
}

impl Subcommand for CompletionsArgs {
    const NAME: &'static str = "completions";
    const ABOUT: &'static str = "Print a completion script for a shell";
    const HELP: &'static str = "\
Examples:
  source <(redis-doctor completions bash)          # in ~/.bashrc
  redis-doctor completions zsh > \"${fpath[1]}/_redis-doctor\"
  redis-doctor completions fish > ~/.config/fish/completions/redis-doctor.fish";
    type Request = CompletionsRequest;

    fn resolve(self, _: &Environment) -> Result<CompletionsRequest, UsageError> {
        Ok(CompletionsRequest { shell: self.shell })
    }
}
