//! What the arguments of `explain` mean: words, whatever they look like.

use std::ffi::OsString;

use super::{ExplainRequest, args::ExplainArgs, environment::Environment, resolve};

/// Turns the arguments into a question.
///
/// # Errors
/// One line for the user when there is no question.
pub(super) fn explain(args: &ExplainArgs, environment: &Environment) -> Result<ExplainRequest, String> {
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
        color: resolve::color(args.color, environment),
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
