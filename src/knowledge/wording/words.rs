//! The words of a log line, reduced so that two programs that report the same thing share most of them.
//!
//! Numbers, addresses, package names and small words are dropped. Names in camel case are split, so that the class
//! `ConnectTimeoutException` says the same as "connect timed out". Endings are cut, and the common ways to say
//! "cannot" and "timeout" become one word each.

/// Words without a meaning for the comparison.
const EMPTY: [&str; 32] = [
    "a", "an", "and", "are", "as", "at", "be", "been", "by", "for", "from", "has", "have", "in", "is", "it", "its",
    "of", "on", "or", "so", "that", "the", "this", "to", "was", "were", "will", "with", "you", "your", "did",
];

/// Words that occur in lines of every kind.
const COMMON: [&str; 5] = ["error", "except", "redi", "valkey", "java"];

/// Endings that are cut, the longest first.
const ENDINGS: [&str; 10] = ["ations", "ation", "ions", "ion", "ings", "ing", "ed", "es", "s", "e"];

/// The largest error number of Linux.
const LAST_ERRNO: u16 = 133;

/// Returns the words of a line, in order.
pub(super) fn words(line: &str) -> Vec<String> {
    let raw = unified(split(line));
    let kept = raw.into_iter().filter(|word| word.len() > 1 && !EMPTY.contains(&word.as_str()));
    kept.map(|word| stem(&word)).filter(|word| !COMMON.contains(&word.as_str())).collect()
}

/// Cuts one ending off a word in lower case, if at least three letters are left.
pub(super) fn stem(word: &str) -> String {
    let ending = ENDINGS.iter().find(|ending| word.ends_with(**ending) && word.len() >= ending.len() + 3);
    let cut = ending.filter(|_| !word.ends_with("ss") && word.is_ascii());
    cut.and_then(|ending| word.strip_suffix(ending)).unwrap_or(word).to_owned()
}

/// Splits a line into words in lower case, without numbers, package names and the codes of terminal colors. A number
/// that is announced as an error number becomes the word `errno104`.
fn split(line: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find(|char: char| char.is_alphanumeric() || char == '\x1b') {
        rest = &rest[start..];
        if let Some(code) = rest.strip_prefix('\x1b') {
            rest = after_color(code);
            continue;
        }
        let end = rest.find(|char: char| !char.is_alphanumeric()).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        rest = tail;
        match word.parse::<u16>() {
            Ok(number) if announces_errno(&found, tail) && (1..=LAST_ERRNO).contains(&number) => {
                found.push(format!("errno{number}"));
            }
            _ if is_number(word) || is_qualifier(word, tail) || is_host(tail) => {}
            _ => parts(word, &mut found),
        }
    }
    found
}

/// Returns the text behind the code of a color, `[31m`.
fn after_color(text: &str) -> &str {
    let Some(code) = text.strip_prefix('[') else { return text };
    let end = code.find(|char: char| !char.is_ascii_digit() && char != ';');
    end.and_then(|end| code.get(end + 1..)).unwrap_or_default()
}

/// True if the number between these words and this text is an error number: `errno 104`, `os error 104`,
/// `Error 104 while`, `SocketException (111)`.
fn announces_errno(before: &[String], after: &str) -> bool {
    match before {
        [.., one, two] if one == "os" && two == "error" => true,
        [.., last] if last == "errno" => true,
        [.., last] if last == "error" => [" connecting", " while"].iter().any(|next| after.starts_with(next)),
        [.., last] if last == "exception" => after.starts_with(')'),
        _ => false,
    }
}

/// True for a number, also one with a unit or in hexadecimal.
fn is_number(word: &str) -> bool {
    let digits = word.find(|char: char| !char.is_ascii_digit()).unwrap_or(word.len());
    let unit = &word[digits..];
    unit.is_empty()
        || digits > 0 && unit.len() <= 3 && unit.bytes().all(|byte| byte.is_ascii_alphabetic())
        || word.bytes().any(|byte| byte.is_ascii_digit()) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// True if the text behind a word makes it part of a host with a port: `cache.example:6379`.
fn is_host(tail: &str) -> bool {
    let part = |char: char| char.is_ascii_alphanumeric() || char == '-';
    let mut rest = tail;
    while let Some(next) = rest.strip_prefix('.').filter(|next| next.starts_with(part)) {
        rest = next.trim_start_matches(part);
    }
    let port = rest.strip_prefix(':').unwrap_or_default();
    port.bytes().take_while(u8::is_ascii_digit).count() >= 4
}

/// True if a word only qualifies the name of a class behind it: a package (`io.netty.channel.`) or a namespace
/// (`Redis::`, `Predis\`).
fn is_qualifier(word: &str, tail: &str) -> bool {
    let capital = |text: &str| text.starts_with(|first: char| first.is_ascii_uppercase());
    if let Some(next) = tail.strip_prefix("::").or_else(|| tail.strip_prefix('\\')) {
        return capital(next);
    }
    let mut rest = tail;
    let lower = |text: &str| text.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    if !lower(word) {
        return false;
    }
    while let Some(next) = rest.strip_prefix('.') {
        if capital(next) {
            return true;
        }
        if !lower(next) {
            return false;
        }
        rest = next.trim_start_matches(|char: char| char.is_alphanumeric() || char == '_');
    }
    false
}

/// Adds the parts of a name in camel case, in lower case. A word in capitals stays whole.
fn parts(word: &str, found: &mut Vec<String>) {
    let is_upper = |char: char| char.is_uppercase();
    if !word.chars().any(char::is_lowercase) {
        found.push(word.to_lowercase());
        return;
    }
    let chars: Vec<char> = word.chars().collect();
    let mut part = String::new();
    for (at, char) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let begins_capital = is_upper(*char)
            && (before.is_some_and(|before| !is_upper(*before))
                || chars.get(at + 1).is_some_and(|next| next.is_lowercase()));
        let begins_number = char.is_ascii_digit() != before.is_some_and(char::is_ascii_digit);
        if (begins_capital || begins_number) && !part.is_empty() {
            found.push(std::mem::take(&mut part));
        }
        part.extend(char.to_lowercase());
    }
    found.push(part);
    found.retain(|part| !part.bytes().all(|byte| byte.is_ascii_digit()));
}

/// Replaces phrases with one word each.
fn unified(words: Vec<String>) -> Vec<String> {
    const PHRASES: [(&[&str], &str); 14] = [
        (&["timed", "out"], "timeout"),
        (&["time", "out"], "timeout"),
        (&["timedout"], "timeout"),
        (&["i", "o"], "io"),
        (&["not", "possible", "to"], "cannot"),
        (&["not", "able", "to"], "cannot"),
        (&["unable", "to"], "cannot"),
        (&["failed", "to"], "cannot"),
        (&["could", "not"], "cannot"),
        (&["can", "not"], "cannot"),
        (&["couldn", "t"], "cannot"),
        (&["couldnt"], "cannot"),
        (&["can", "t"], "cannot"),
        (&["cant"], "cannot"),
    ];
    let mut found: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let rest = &words[at..];
        let phrase = PHRASES.iter().find(|(phrase, _)| {
            rest.len() >= phrase.len() && rest.iter().zip(*phrase).all(|(word, part)| word == part)
        });
        match phrase {
            Some((phrase, word)) => {
                found.push((*word).to_owned());
                at += phrase.len();
            }
            // isn't, doesn't, won't
            None if rest[0].len() > 2 && rest[0].ends_with('n') && rest.get(1).is_some_and(|next| next == "t") => {
                found.push("not".to_owned());
                at += 2;
            }
            None => {
                found.push(rest[0].clone());
                at += 1;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_report_has_the_same_words() {
        for (line, expected) in [
            (
                "io.netty.channel.ConnectTimeoutException: connection timed out: redis/10.0.0.1:6379",
                "connect timeout connect timeout",
            ),
            (
                "Redis::CannotConnectError: Connection refused - connect(2) for 127.0.0.1:6379",
                "cannot connect connect refus connect",
            ),
            ("\x1b[31mread ECONNRESET\x1b[0m at 0x7f3a after 5000ms", "read econnreset after"),
            ("Error 111 connecting to localhost:6379.", "errno111 connect"),
            ("[Errno 104] Connection reset by peer", "errno errno104 connect reset peer"),
            ("SocketException (111): Connection refused", "socket errno111 connect refus"),
            ("Predis\\Connection\\ConnectionException: couldn't read", "connect cannot read"),
            ("UnableToConnect on cache.example", "cannot connect cach exampl"),
            ("Stream isn't writeable", "stream not writeabl"),
            ("dial tcp: i/o timeout", "dial tcp io timeout"),
            ("L4CON, 3 of 12", "l4con"),
            ("日本語 \u{fffd}", "日本語"),
            ("\x1b", ""),
            ("\x1b[", ""),
        ] {
            assert_eq!(words(line).join(" "), expected, "{line}");
        }
    }
}
