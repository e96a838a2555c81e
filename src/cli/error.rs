//! Refusals as values: what the user must change before there is anything to run.

use std::{borrow::Cow, io};

use thiserror::Error;

use super::{uri::UrlError, value::ValueError};
use crate::{exit::Exit, output::Format};

/// A command line or an environment that cannot be run. No message holds a password, except where the parser quotes
/// an argument.
#[derive(Debug, Error)]
pub(super) enum UsageError {
    /// A refusal by the parser itself, which also says so when help is wanted.
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
    #[error("{variable}: its value is not valid UTF-8; set it anew or unset it")]
    NotUtf8 { variable: &'static str },
    #[error("--askpass: no password could be read ({0})")]
    Password(#[source] io::Error),
}

impl UsageError {
    /// What is wrong with an argument, and what to write instead.
    pub(super) fn new(
        argument: &'static str,
        problem: impl Into<Cow<'static, str>>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Argument { argument, problem: problem.into(), remedy: remedy.into() }
    }
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
