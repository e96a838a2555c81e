//! `redis-doctor explain`: its flags and its request.

use std::ffi::OsString;

use clap::{Args, builder::OsStringValueParser};

use crate::{
    cli::{
        choice::{completed, formats},
        environment::Environment,
        error::UsageError,
        subcommand::Subcommand,
    },
    knowledge,
    output::{ColorChoice, Content, Format},
};

/// Flags of `explain`.
#[derive(Args, Debug)]
pub(in crate::cli) struct ExplainArgs {
    /// Error, code, words or log lines; - reads stdin
    ///
    /// A code (RD012), an errno (104, ECONNRESET), a name from a report, or any words, even a whole log.
    #[arg(value_name = "WORDS", hide_possible_values = true,
          value_parser = completed(OsStringValueParser::new(), knowledge::words))]
    words: Vec<OsString>,
    /// List all entries
    #[arg(long, conflicts_with = "words")]
    list: bool,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(Content::Explanation))]
    format: Format,
    /// When to use color
    ///
    /// auto means on a terminal, unless NO_COLOR is set.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

/// A query of the knowledge base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExplainRequest {
    /// The words to look up, or where they are.
    pub(crate) question: Question,
    pub format: Format,
    pub color: ColorChoice,
}

/// The subject of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Every entry, as a list.
    All,
    /// Words, or the lines of a log.
    Words(String),
    /// The lines on stdin.
    Stdin,
}

impl Subcommand for ExplainArgs {
    const NAME: &'static str = "explain";
    const ABOUT: &'static str = "Explain an error, cause or finding, and what to do (offline)";
    const HELP: &'static str = "\
Examples:
  redis-doctor explain 104
  redis-doctor explain 'Connection reset by peer (os error 104)'
  redis-doctor explain broken pipe
  redis-doctor explain RD012
  redis-doctor explain aws-nlb       # idle limits of clouds, proxies, kernels
  redis-doctor explain --list
  redis-doctor explain --list --format json
  redis-doctor explain - < app.log   # what occurs, how often, and when

The best match is shown in full, others are listed; if it may be wrong, only the
nearest entries are listed. Of several lines or a log, each entry is counted,
and the most frequent one is explained. Each source is marked as tried, code
(read in the source), documented, thread, or unverified.
Exit status: 0 found, 1 not sure, 3 nothing found, or wrong usage.";
    type Request = ExplainRequest;

    fn resolve(self, environment: &Environment) -> Result<ExplainRequest, UsageError> {
        // A log may hold any bytes; those that are not text are not part of a name either.
        let words: Vec<_> = self.words.iter().map(|word| word.to_string_lossy()).collect();
        let query = words.join(" ");
        if !self.list && query.trim().is_empty() {
            return Err(UsageError::new(
                "WORDS",
                "there is nothing to explain",
                "expected a code (RD012), an errno (104), words of an error message, - for stdin, or --list",
            ));
        }
        Ok(ExplainRequest {
            question: match query {
                _ if self.list => Question::All,
                query if query == "-" => Question::Stdin,
                query => Question::Words(query),
            },
            format: self.format,
            color: environment.color(self.color),
        })
    }
}

/// Strips the dashes of pasted text: of an error reply, `-ERR max number of clients reached`, or of a whole line,
/// `--- lost ---`. The only flag with one dash is `-h`, and no flag has a space in it.
pub(in crate::cli) fn error_replies_are_words(args: &mut [OsString]) {
    if args.get(1).is_none_or(|command| command != "explain") {
        return;
    }
    for arg in args {
        let Some(text) = arg.to_str() else { continue };
        let words = text.trim_start_matches('-');
        let is_reply = text.starts_with('-') && !text.starts_with("--") && words.len() > 1;
        let is_line = text.starts_with('-') && words.contains(char::is_whitespace);
        if is_reply || is_line {
            *arg = words.into();
        }
    }
}
