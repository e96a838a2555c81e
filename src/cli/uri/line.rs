//! A line of foreign text, as far as it may be shown: passwords in URLs and behind their names are `***`.

use super::masked::{HIDDEN, masked};

/// Names behind which a secret stands, after `=` or `:`.
const NAMES: [&str; 8] = ["password", "passwd", "pass", "pwd", "secret", "token", "auth", "key"];

/// Commands and settings behind which a secret stands, after a blank.
const COMMANDS: [&str; 4] = ["AUTH", "requirepass", "masterauth", "primaryauth"];

/// Characters that end a word of a line.
const ENDS: [char; 12] = [' ', '\t', '"', '\'', '`', '<', '>', ',', ';', '&', '(', ')'];

/// Returns the line without credentials.
pub(crate) fn without_secrets(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut command = false;
    let mut rest = line;
    while !rest.is_empty() {
        // A URL ends at a blank or a quote only: its password may have any other character.
        let url = rest.find("://").is_some_and(|at| !rest[..at].contains(ENDS));
        let end = rest.find(|char: char| if url { " \t\"'`<>".contains(char) } else { ENDS.contains(&char) });
        let (word, tail) = rest.split_at(end.unwrap_or(rest.len()));
        let separator = tail.chars().next().map_or(0, char::len_utf8);
        if command && !word.is_empty() && !word.starts_with('<') {
            shown.push_str(HIDDEN);
            command = false;
        } else {
            shown.push_str(&without_secret(word));
            command = COMMANDS.contains(&word) || command && word.is_empty();
        }
        // A value in quotes or behind a blank: `"password": "hunter2"`.
        let (gap, behind) = tail.split_at(separator);
        shown.push_str(gap);
        // A placeholder, `AUTH <password>`, is no secret.
        command &= gap != "<";
        rest = behind;
        if is_name(word.trim_end_matches([':', '=']).trim_end_matches('"'))
            && (word.ends_with([':', '=']) || behind.trim_start().starts_with([':', '=']))
        {
            let start = behind.find(|char: char| !" :=\"'".contains(char)).unwrap_or(behind.len());
            let (filler, value) = behind.split_at(start);
            shown.push_str(filler);
            shown.push_str(HIDDEN);
            rest = &value[value.find(ENDS).unwrap_or(value.len())..];
        }
    }
    shown
}

/// Returns a word without the secret in it.
fn without_secret(word: &str) -> String {
    if word.contains("://") {
        let end = word.trim_end_matches(|char: char| ")]}.,;:".contains(char)).len();
        let (url, tail) =
            word.split_at(if word.contains('@') && !word.ends_with([':', '.', ']']) { word.len() } else { end });
        // Before the scheme there may be a name: `url=redis://…`.
        let scheme = url.find("://").unwrap_or_default();
        let is_scheme = |char: char| char.is_ascii_alphanumeric() || "+-.".contains(char);
        let start = url[..scheme].trim_end_matches(is_scheme).len();
        let (name, url) = url.split_at(start);
        return format!("{name}{}{tail}", masked(url).unwrap_or_else(|| HIDDEN.to_owned()));
    }
    if let Some((name, value)) = word.split_once(['=', ':']).filter(|(name, value)| is_name(name) && !value.is_empty())
    {
        let separator = &word[name.len()..word.len() - value.len()];
        return format!("{name}{separator}{HIDDEN}");
    }
    match word.rsplit_once('@') {
        // user:password@host
        Some((login, host)) if login.contains(':') && !host.is_empty() => format!("{HIDDEN}@{host}"),
        _ => word.to_owned(),
    }
}

/// True for the name of a secret, also at the end of a longer one: `redis_password`.
fn is_name(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    NAMES.iter().any(|name| {
        lower.strip_suffix(name).is_some_and(|before| !before.ends_with(|char: char| char.is_ascii_alphabetic()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_left_and_the_rest_is_as_it_was() {
        for (line, shown) in [
            (
                "Cannot connect to redis://:hunter2@localhost:6379/0: Connection refused",
                "Cannot connect to redis://***@localhost:6379/0: Connection refused",
            ),
            ("url=redis://me:hunter2@cache.example:6379/0, retrying", "url=redis://***@cache.example:6379/0, retrying"),
            ("[tcp://127.0.0.1:6379]", "[tcp://127.0.0.1:6379]"),
            ("to→redis://me:hunter2@cache:6379", "to→redis://***@cache:6379"),
            ("Connection refused [tcp://127.0.0.1:6379] at x", "Connection refused [tcp://127.0.0.1:6379] at x"),
            ("localhost:6379,password=hunter2,ssl=True", "localhost:6379,password=***,ssl=True"),
            ("REDIS_PASSWORD=hunter2 x", "REDIS_PASSWORD=*** x"),
            ("{\"password\": \"hunter2\", \"db\": 0}", "{\"password\": \"***\", \"db\": 0}"),
            ("{\"password\":\"hunter2\"}", "{\"password\":\"***\"}"),
            ("password: hunter2", "password: ***"),
            ("AUTH hunter2", "AUTH ***"),
            ("requirepass hunter2", "requirepass ***"),
            (
                "ERR AUTH <password> called without any password configured",
                "ERR AUTH <password> called without any password configured",
            ),
            (
                "WRONGPASS invalid username-password pair or user is disabled.",
                "WRONGPASS invalid username-password pair or user is disabled.",
            ),
            ("me:hunter2@cache.example:6379 x", "***@cache.example:6379 x"),
            ("+sdown slave 10.0.0.2:6379 @ mymaster", "+sdown slave 10.0.0.2:6379 @ mymaster"),
            (
                "read tcp 10.0.0.5:51234->10.0.0.1:6379: i/o timeout",
                "read tcp 10.0.0.5:51234->10.0.0.1:6379: i/o timeout",
            ),
            ("", ""),
        ] {
            assert_eq!(without_secrets(line), shown, "{line}");
        }
        for line in [
            "redis://:hun(ter2@localhost",
            "redis://:hunter2",
            "x redis://a:b@hunter2@h:1,",
            "'redis://u:hunter2@[::1]:6379/1'",
        ] {
            assert!(!without_secrets(line).contains("ter2"), "{line}: {}", without_secrets(line));
        }
    }
}
