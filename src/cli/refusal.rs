//! The wording of refusals: the flag, the problem of its value, and the remedy.
//!
//! A text of the parser may quote an argument, and an argument may be a URL with a password in it (in the wrong place:
//! without `-u`, or after a flag that takes something else). Such an argument is struck out of every text.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{
    commands,
    error::{CliError, UsageError},
    tips, uri,
};
use crate::{exit::Exit, output::Format, suggestion};

const CLUSTER: &str = "-c is --count here; use --cluster to examine the nodes of a cluster";

/// Returns help, the version, or a refusal, as it is printed.
pub(super) fn worded(error: &UsageError, args: &[OsString]) -> CliError {
    match error {
        UsageError::Parser(error) => from_clap(error, args),
        error => usage(&error.to_string(), args),
    }
}

fn usage(message: &str, args: &[OsString]) -> CliError {
    refusal(&format!("error: {message}\n\nFor more information, try '{} --help'.\n", command(args)), args)
}

/// Returns a refusal by the parser, reworded where the parser's own text is less helpful.
fn from_clap(error: &clap::Error, args: &[OsString]) -> CliError {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let message = error.render().to_string();
        return CliError { message, exit: Exit::Healthy, to_stdout: true, format: Format::Text };
    }
    let message = match error.kind() {
        ErrorKind::UnknownArgument => Some(unknown_argument(error, args)),
        _ => explain(error, args).map(|message| strike(&message, args)),
    };
    match message {
        Some(message) => usage(&message, args),
        None => refusal(&strike(&error.render().to_string(), args), args),
    }
}

/// Returns the refusal of an unknown argument and its remedy, with quoted URLs struck out. (A tip may show the form of a
/// URL, so it is added afterwards.)
fn unknown_argument(error: &clap::Error, args: &[OsString]) -> String {
    let first = |kind| context(error, kind).into_iter().next();
    let argument = first(ContextKind::InvalidArg).unwrap_or_default();
    if let Some(misplaced) = url_without_flag(&argument).or_else(|| stray(&argument, args)) {
        return strike(&misplaced, args);
    }
    let similar = || first(ContextKind::SuggestedArg).map(|flag| format!("did you mean {flag}?"));
    let remedy = known_elsewhere(&argument, args).or_else(similar).map(|remedy| format!("; {remedy}"));
    strike(&format!("{} has no {argument}", command(args)), args) + &remedy.unwrap_or_default()
}

fn explain(error: &clap::Error, args: &[OsString]) -> Option<String> {
    let first = |kind| context(error, kind).into_iter().next();
    let argument = first(ContextKind::InvalidArg).unwrap_or_default();
    let flag = argument.split(' ').next().unwrap_or_default();
    match error.kind() {
        ErrorKind::InvalidUtf8 => Some(not_utf8(args)),
        ErrorKind::ValueValidation => {
            let why = wrong_value(error)?;
            let value = first(ContextKind::InvalidValue)?;
            let is_number = value.parse::<f64>().is_ok();
            if flag == "--count" && !is_number && has_c(args) && value.starts_with('-') {
                return Some(format!("--count: a number is missing; {CLUSTER}"));
            }
            let hint =
                if flag == "--count" && !is_number && has_c(args) { format!(" ({CLUSTER})") } else { String::new() };
            Some(format!("{flag}: {why}{hint}"))
        }
        ErrorKind::InvalidValue => match (first(ContextKind::InvalidValue)?.as_str(), flag) {
            ("", "--count") if has_c(args) => Some(format!("--count: a number is missing; {CLUSTER}")),
            ("", _) => None,
            _ => Some(format!("{flag}: {}", wrong_value(error)?)),
        },
        ErrorKind::ArgumentConflict => late_command(error, args),
        ErrorKind::InvalidSubcommand => {
            let word = first(ContextKind::InvalidSubcommand)?;
            let unknown = || format!("unknown command '{word}'; {}", suggestion::instead(&word, commands::names()));
            Some(url_without_flag(&word).unwrap_or_else(unknown))
        }
        _ => None,
    }
}

/// Returns the problem of a value that the parser refuses, and its remedy, without the flag.
fn wrong_value(error: &clap::Error) -> Option<String> {
    match error.kind() {
        ErrorKind::ValueValidation => Some(std::error::Error::source(error)?.to_string()),
        ErrorKind::InvalidValue => {
            let value = context(error, ContextKind::InvalidValue).into_iter().next()?;
            let known = context(error, ContextKind::ValidValue);
            let remedy = suggestion::instead(&value, known.iter().map(String::as_str));
            Some(format!("invalid value '{value}'; {remedy}"))
        }
        _ => None,
    }
}

/// Returns the problem of a value that is not from the command line. `args` has it as an argument.
pub(super) fn value_problem(error: &clap::Error, args: &[OsString]) -> String {
    let problem = match error.kind() {
        ErrorKind::InvalidUtf8 => "its value is not valid UTF-8; change it".to_owned(),
        _ => wrong_value(error).unwrap_or_else(|| error.kind().to_string()),
    };
    strike(&problem, args)
}

fn url_without_flag(argument: &str) -> Option<String> {
    let message = "the URL of a server needs -u; use redis-doctor ping -u URL";
    uri::has_known_scheme(argument.as_bytes()).then(|| message.to_owned())
}

/// Returns the refusal of a misplaced argument, if the intention can be guessed.
fn stray(argument: &str, args: &[OsString]) -> Option<String> {
    if argument == "-c" {
        return Some("-c is not a flag of this command; ping, soak and subscribe take --cluster".into());
    }
    if has_c(args) && args.windows(2).any(|pair| pair[0] == "-c" && pair[1].as_encoded_bytes().starts_with(b"-")) {
        return Some(format!("--count: a number is missing; {CLUSTER}"));
    }
    if commands::names().any(|name| name == argument) {
        return Some(command_first(argument));
    }
    let command = commands::definition_of(args.get(1)?.to_str()?)?;
    if argument.starts_with('-') || command.get_positionals().any(|positional| !positional.is_last_set()) {
        return None;
    }
    // After a password, the stray word may be the rest of one with a blank in it.
    let is_login = |arg: &OsString| {
        let starts = |flag: &&str| arg.as_encoded_bytes().starts_with(flag.as_bytes());
        ["-a", "--pass", "--askpass"].iter().any(starts)
    };
    let shown = if args.iter().any(is_login) { String::new() } else { format!(": '{argument}'") };
    Some(format!("unexpected argument{shown}; a value with blanks needs quotes"))
}

fn command_first(command: &str) -> String {
    format!("the command comes first; use redis-doctor {command}, then its flags")
}

/// Returns the refusal of a command that was taken as a server, because `check` was inserted before the flags.
fn late_command(error: &clap::Error, args: &[OsString]) -> Option<String> {
    let mut involved =
        [ContextKind::InvalidArg, ContextKind::PriorArg].into_iter().flat_map(|kind| context(error, kind));
    let word =
        args.iter().skip(2).filter_map(|arg| arg.to_str()).find(|arg| commands::names().any(|name| name == *arg))?;
    involved.any(|argument| argument.contains("TARGET")).then(|| command_first(word))
}

/// Returns the name that a flag of another tool has in this command.
fn known_elsewhere(argument: &str, args: &[OsString]) -> Option<String> {
    tips::tip(argument, &commands::definition_of(args.get(1)?.to_str()?)?)
}

fn has_c(args: &[OsString]) -> bool {
    args.iter().any(|arg| arg == "-c")
}

pub(super) fn context(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

/// Returns the refusal of an argument that is not UTF-8, without quoting it: it may be a password.
fn not_utf8(args: &[OsString]) -> String {
    let place = (1..args.len()).find(|&place| args[place].to_str().is_none()).unwrap_or_default();
    let flag = args[..place].last().and_then(|arg| arg.to_str()).filter(|arg| arg.starts_with('-'));
    let after = flag.map(|flag| format!(" (after {flag})")).unwrap_or_default();
    format!(
        "argument {place}{after} is not valid UTF-8; expected UTF-8 (only channels, patterns and file names may be \
         other bytes)"
    )
}

/// Returns `redis-doctor ping`, or without a known command, `redis-doctor`.
fn command(args: &[OsString]) -> String {
    let given = args.get(1).and_then(|arg| arg.to_str()).filter(|arg| commands::names().any(|name| name == *arg));
    given.map_or("redis-doctor".into(), |given| format!("redis-doctor {given}"))
}

fn refusal(message: &str, args: &[OsString]) -> CliError {
    CliError { message: message.to_owned(), exit: Exit::Unknown, to_stdout: false, format: format(args) }
}

/// Returns the value of `--format`: a monitoring system needs its line even if the rest of the command line is wrong.
fn format(args: &[OsString]) -> Format {
    let mut args = args.iter().filter_map(|arg| arg.to_str());
    let value = loop {
        match args.next() {
            None => return Format::Text,
            Some("--format") => break args.next(),
            Some(arg) if arg.starts_with("--format=") => break arg.strip_prefix("--format="),
            Some(_) => {}
        }
    };
    value.and_then(|value| value.parse().ok()).unwrap_or_default()
}

/// Masks every URL in a text that may quote arguments: arguments that look like one or like `user:password@host`,
/// in every form in which they may be quoted, and then anything left that looks like one (a part of an argument).
fn strike(message: &str, args: &[OsString]) -> String {
    let mut quoted = Vec::new();
    for arg in args.iter().map(|arg| arg.to_string_lossy()).filter(|arg| arg.contains("://") || arg.contains('@')) {
        let value = arg.split_once('=').filter(|(flag, _)| flag.starts_with('-')).map(|(_, value)| value.to_owned());
        for text in [Some(arg.into_owned()), value].into_iter().flatten() {
            quoted.push(text.escape_debug().collect());
            quoted.push(text.chars().filter(|char| !char.is_whitespace()).collect());
            quoted.push(text);
        }
    }
    quoted.sort_by_key(|text: &String| std::cmp::Reverse(text.len()));
    let mut text = quoted.iter().fold(message.to_owned(), |text, quoted| text.replace(quoted, "***"));
    while let Some(at) = text.find("://") {
        let is_scheme = |char: char| char.is_ascii_alphanumeric() || "+.-".contains(char);
        let start = text[..at].trim_end_matches(is_scheme).len();
        let end = text[at..].find(char::is_whitespace).map_or(text.len(), |length| at + length);
        text.replace_range(start..end, "***");
    }
    text
}
