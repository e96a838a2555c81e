//! `redis-doctor explain`: its flags, and what they mean: words, whatever they look like.

use std::ffi::OsString;

use clap::Args;

use super::{choice::formats, environment::Environment, resolve::color};
use crate::output::{ColorChoice, Content, Format};

/// Flags of `explain`.
#[derive(Args, Debug)]
pub(super) struct ExplainArgs {
    /// A code (RD012), an errno (104, ECONNRESET), a name from a report, or any words, also a whole line of a log
    #[arg(value_name = "WORDS")]
    words: Vec<OsString>,
    /// List everything there is
    #[arg(long, conflicts_with = "words")]
    list: bool,
    /// Form of the explanation
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(Content::Explanation))]
    format: Format,
    /// Colour; auto is on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

/// A question to the knowledge base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainRequest {
    /// What is asked about; absent asks for the list of everything.
    pub query: Option<String>,
    /// The form of the answer.
    pub format: Format,
    /// Whether to use colour.
    pub color: ColorChoice,
}

/// Turns the arguments into a question.
///
/// # Errors
/// One line for the user when there is no question.
pub(super) fn resolve(args: &ExplainArgs, environment: &Environment) -> Result<ExplainRequest, String> {
    // A log may hold anything; what is no text cannot be part of a name either.
    let words: Vec<_> = args.words.iter().map(|word| word.to_string_lossy()).collect();
    let query = words.join(" ");
    if !args.list && query.trim().is_empty() {
        return Err("WORDS: there is nothing to explain; write a code (RD012), an errno (104), words of an error \
                    message, or --list"
            .into());
    }
    Ok(ExplainRequest {
        query: (!args.list).then_some(query),
        format: args.format,
        color: color(args.color, environment),
    })
}

/// An error reply as the server writes it, `-ERR max number of clients reached`, is no flag: no flag begins with a
/// capital letter.
pub(super) fn error_replies_are_words(args: &mut [OsString]) {
    if args.get(1).is_none_or(|command| command != "explain") {
        return;
    }
    for arg in args {
        let reply = arg.to_str().and_then(|text| text.strip_prefix('-'));
        if let Some(reply) = reply.filter(|reply| reply.starts_with(|first: char| first.is_ascii_uppercase())) {
            *arg = reply.into();
        }
    }
}
