//! The command line of a run as its journal keeps it: without passwords, wherever they stand in it.

use std::ffi::OsString;

use clap::{Arg, Command};

use super::uri::{masked_url, without_secrets};

/// Arguments kept, and characters of each.
const ARGUMENTS: usize = 200;
const CHARACTERS: usize = 500;

/// Flags whose values are secret as a whole.
const SECRET: [&str; 2] = ["pass", "otlp_header"];

/// Flags whose values are URLs, with a password in them, and one whose values may be.
const URL: &str = "uri";
const SENTINEL: &str = "sentinel";

/// A flag whose value is the URL of another service, which may hold a token anywhere but in its host.
const COLLECTOR: &str = "otlp";

const HIDDEN: &str = "***";

/// Returns the arguments of a command, the name of the program first.
pub(super) fn shown(args: &[OsString], command: &Command) -> Vec<String> {
    let mut shown = vec!["redis-doctor".to_owned()];
    // The flag whose value is the next argument.
    let mut expected: Option<&Arg> = None;
    for arg in args.iter().skip(1).take(ARGUMENTS) {
        let text = arg.to_string_lossy();
        if expected.is_none() && text == "--" {
            // What follows is of another program, with its own secrets.
            shown.extend(["--".to_owned(), "…".to_owned()]);
            break;
        }
        // A flag whose value can be missing takes no flag for it.
        let is_value = |flag: &&Arg| !(text.starts_with('-') && can_lack_a_value(flag));
        shown.push(match expected.take().filter(is_value) {
            Some(flag) => hidden(flag, &text),
            None => {
                let (text, next) = argument(&text, command);
                expected = next;
                text
            }
        });
    }
    shown.iter().map(|text| text.chars().take(CHARACTERS).collect()).collect()
}

fn can_lack_a_value(flag: &Arg) -> bool {
    flag.get_num_args().is_some_and(|number| number.min_values() == 0)
}

/// Returns an argument, and the flag that takes the next one as its value.
fn argument<'a>(text: &str, command: &'a Command) -> (String, Option<&'a Arg>) {
    if let Some(long) = text.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let flag = command.get_arguments().find(|flag| flag.get_long() == Some(name));
        return match (flag.filter(|flag| flag.get_action().takes_values()), value) {
            (Some(flag), Some(value)) => (format!("--{name}={}", hidden(flag, value)), None),
            (flag, None) => (text.to_owned(), flag),
            (None, Some(_)) => (without_secrets(text), None),
        };
    }
    let bundle = text.strip_prefix('-').filter(|bundle| !bundle.is_empty());
    for (at, short) in bundle.into_iter().flat_map(str::char_indices) {
        let flag = command.get_arguments().find(|flag| flag.get_short() == Some(short));
        if let Some(flag) = flag.filter(|flag| flag.get_action().takes_values()) {
            let (head, value) = text.split_at(1 + at + short.len_utf8());
            let equals = if value.starts_with('=') { "=" } else { "" };
            return match &value[equals.len()..] {
                "" => (text.to_owned(), Some(flag)),
                value => (format!("{head}{equals}{}", hidden(flag, value)), None),
            };
        }
    }
    // A server without a flag is a URL, or has no password.
    let masked = if text.contains("://") { masked_url(text) } else { Some(without_secrets(text)) };
    (masked.unwrap_or_else(|| HIDDEN.to_owned()), None)
}

/// Returns the value of a flag without what is secret in it.
fn hidden(flag: &Arg, value: &str) -> String {
    match flag.get_id().as_str() {
        id if SECRET.contains(&id) => HIDDEN.to_owned(),
        URL => masked_url(value).unwrap_or_else(|| HIDDEN.to_owned()),
        COLLECTOR => collector(value),
        SENTINEL => value.split(',').map(sentinel).collect::<Vec<_>>().join(","),
        _ => without_secrets(value),
    }
}

/// Returns the scheme and the host of a collector.
fn collector(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    match rest.split_once(['/', '?', '#']) {
        _ if scheme.is_empty() || rest.contains('@') => HIDDEN.to_owned(),
        Some((host, "")) => format!("{scheme}://{host}"),
        Some((host, _)) => format!("{scheme}://{host}/{HIDDEN}"),
        None => url.to_owned(),
    }
}

/// Returns the place of a Sentinel without its login.
fn sentinel(place: &str) -> String {
    let masked = if place.contains(['/', '@']) { masked_url(place) } else { Some(without_secrets(place)) };
    masked.unwrap_or_else(|| HIDDEN.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::commands;

    #[test]
    fn no_form_of_a_password_is_kept() {
        let command = commands::definition_of("soak").unwrap();
        let shown = |line: &str| {
            let args: Vec<_> = line.split(' ').map(OsString::from).collect();
            shown(&args, &command).join(" ")
        };
        for (line, expected) in [
            ("x soak -a hunter2 --for 5s", "redis-doctor soak -a *** --for 5s"),
            ("x soak -ahunter2", "redis-doctor soak -a***"),
            ("x soak -a=hunter2", "redis-doctor soak -a=***"),
            ("x soak -qahunter2", "redis-doctor soak -qa***"),
            ("x soak --pass hunter2 -p 1", "redis-doctor soak --pass *** -p 1"),
            ("x soak --pass=hunter2", "redis-doctor soak --pass=***"),
            ("x soak --pass --fail-on", "redis-doctor soak --pass ***"),
            ("x soak -u redis://me:hunter2@host:1/2 -q", "redis-doctor soak -u redis://***@host:1/2 -q"),
            ("x soak --uri=redis://:hunter2@host:1", "redis-doctor soak --uri=redis://***@host:1"),
            ("x soak -uredis://:hunter2@host:1", "redis-doctor soak -uredis://***@host:1"),
            ("x soak redis://:hunter2@host:1", "redis-doctor soak redis://***@host:1"),
            // A password that is part of a flag's name changes nothing else.
            ("x soak -a out --timeout 5s", "redis-doctor soak -a *** --timeout 5s"),
            ("x soak -q -- run --token hunter2", "redis-doctor soak -q -- …"),
            ("x soak --fault reset_peer@10s", "redis-doctor soak --fault reset_peer@10s"),
            ("x soak --otlp -a hunter2", "redis-doctor soak --otlp -a ***"),
            ("x soak --otlp http://c:4318/hunter2 -q", "redis-doctor soak --otlp http://c:4318/*** -q"),
            ("x soak --otlp=https://me:hunter2@c", "redis-doctor soak --otlp=***"),
            ("x soak --otlp https://c --otlp-header k=hunter2", "redis-doctor soak --otlp https://c --otlp-header ***"),
        ] {
            assert_eq!(shown(line), expected);
        }
    }
}
