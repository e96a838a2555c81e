//! `redis-doctor completions`: its argument.

use clap::{Args, ValueEnum};

use crate::cli::{config::Config, environment::Environment, error::UsageError, subcommand::Subcommand};

/// The argument of `completions`.
#[derive(Args, Debug)]
#[command(override_usage = "redis-doctor completions <SHELL>")]
pub(in crate::cli) struct CompletionsArgs {
    /// Shell to complete in
    #[arg(required_unless_present = "targets")]
    shell: Option<Shell>,
    /// Print the names of the targets, for the scripts
    #[arg(long, hide = true, conflicts_with = "shell")]
    targets: bool,
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

/// The text to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CompletionsRequest {
    /// The script of a shell.
    Script(Shell),
    /// The names of the targets in the configuration file.
    Targets(Vec<String>),
}

impl Subcommand for CompletionsArgs {
    const NAME: &'static str = "completions";
    const ABOUT: &'static str = "Print a completion script for a shell";
    const HELP: &'static str = "\
Examples:
  source <(redis-doctor completions bash)          # in ~/.bashrc
  redis-doctor completions zsh > \"${fpath[1]}/_redis-doctor\"
  redis-doctor completions fish > ~/.config/fish/completions/redis-doctor.fish";
    const CONFIGURABLE: bool = false;
    type Request = CompletionsRequest;

    fn resolve(self, environment: &Environment) -> Result<CompletionsRequest, UsageError> {
        if let Some(shell) = self.shell {
            return Ok(CompletionsRequest::Script(shell));
        }
        let config = Config::read(None, environment)?;
        Ok(CompletionsRequest::Targets(config.targets().map(str::to_owned).collect()))
    }
}
