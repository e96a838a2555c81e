//! Usage errors: each names the argument, the problem and the remedy.

use std::{borrow::Cow, io};

use thiserror::Error;

use super::{uri::UrlError, value::ValueError};
use crate::{exit::Exit, output::Format};

/// A command line or an environment that cannot be run. No message holds a password, except where the parser quotes
/// an argument.
#[derive(Debug, Error)]
pub(super) enum UsageError {
    /// A refusal by the parser itself, or its help.
    #[error(transparent)]
    Parser(#[from] clap::Error),
    /// Arguments that contradict each other, or one that is missing.
    #[error("{argument}: {problem}; {remedy}")]
    Argument { argument: &'static str, problem: Cow<'static, str>, remedy: Cow<'static, str> },
    #[error("{argument}: {source}")]
    Value { argument: &'static str, source: ValueError },
    /// A flag or a variable that names the server.
    #[error("{argument}: {source}")]
    Url { argument: &'static str, source: UrlError },
    /// A value that a variable or the configuration file gives, or the file itself.
    #[error("{origin}: {problem}")]
    Preset { origin: String, problem: String },
    #[error("{variable}: its value is not valid UTF-8; change it or unset it")]
    NotUtf8 { variable: &'static str },
    #[error("--askpass: cannot read a password: {0}")]
    Password(#[source] io::Error),
}

impl UsageError {
    /// Creates an error from an argument, its problem and the remedy.
    pub(super) fn new(
        argument: &'static str,
        problem: impl Into<Cow<'static, str>>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Argument { argument, problem: problem.into(), remedy: remedy.into() }
    }
}

/// Help, the version or a usage error, ready to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliError {
    /// The whole text, with its line ends. It never holds a password.
    pub message: String,
    /// Exit code of the process.
    pub exit: Exit,
    /// True if the text is the requested output (help, version), which belongs on stdout, not stderr.
    pub to_stdout: bool,
    /// Requested report format, as far as it could be parsed.
    pub format: Format,
}
