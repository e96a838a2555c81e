//! Text from outside: replies of a server, names that clients chose, lines of a file.
//!
//! Such text may repeat a password, move the cursor of a terminal, or be a megabyte long. [`Foreign`] is made from it
//! once, where it enters, and is safe to show and to store.

use std::{
    collections::HashSet,
    fmt,
    sync::{PoisonError, RwLock},
};

use crate::units::clean;

/// Maximum length of a text, in bytes.
const LONGEST: usize = 1024;

/// Shortest part of a password that is hidden.
const PART: usize = 4;

const HIDDEN: &str = "***";

/// Replies that a server never varies: they repeat nothing, so nothing in them is hidden. A password such as `pass` would
/// otherwise show in what is missing from them. Sources: redis `src/acl.c`, `src/server.c`, `src/networking.c`; twemproxy
/// `src/nc_message.c`; Envoy `source/extensions/filters/network/redis_proxy`.
const FIXED: &[&str] = &[
    "WRONGPASS invalid username-password pair or user is disabled.",
    "WRONGPASS invalid username-password pair",
    "NOAUTH Authentication required.",
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> \
     option can be used to authenticate the client and select the RESP protocol version at the same time",
    "ERR invalid password",
    "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is \
     correct?",
    "ERR Client sent AUTH, but no password is set",
    "ERR invalid auth",
    "Password authentication failed",
];

/// A text from outside on one line: passwords hidden, control characters escaped, at most about 1 KB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Foreign(String);

impl Foreign {
    /// Makes a text safe to show.
    pub(crate) fn new(text: &str) -> Self {
        let shown = cut(text);
        let hidden = SECRETS.read().unwrap_or_else(PoisonError::into_inner);
        let masked = if FIXED.contains(&text.trim_end()) { shown.to_owned() } else { hidden.masked(shown) };
        let mut clean = clean(&masked);
        if shown.len() < text.len() {
            clean.push_str(&format!(" … ({} bytes)", text.len()));
        }
        Self(clean)
    }

    /// Makes bytes safe to show; what is not UTF-8 becomes U+FFFD.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let more = &bytes[..bytes.len().min(LONGEST + PART)];
        Self::new(&String::from_utf8_lossy(more))
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<Foreign> for String {
    fn from(foreign: Foreign) -> Self {
        foreign.0
    }
}

/// Hides a password in every text from outside, for the rest of the process.
pub(crate) fn hide(password: &str) {
    let known = SECRETS.read().unwrap_or_else(PoisonError::into_inner).known.iter().any(|known| known == password);
    if !known {
        SECRETS.write().unwrap_or_else(PoisonError::into_inner).add(password);
    }
}

fn cut(text: &str) -> &str {
    let end = (0..=text.len().min(LONGEST)).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// The passwords of this process. A process has one set of them, and a text may enter anywhere.
static SECRETS: RwLock<Secrets> = RwLock::new(Secrets { known: Vec::new(), parts: None, short: Vec::new() });

/// Passwords, as parts to look for.
struct Secrets {
    known: Vec<String>,
    /// Every part of [`PART`] bytes of every password in each encoding, normalized.
    parts: Option<HashSet<[u8; PART]>>,
    /// Passwords shorter than a part: they count only as a whole word.
    short: Vec<Vec<u8>>,
}

impl Secrets {
    fn add(&mut self, password: &str) {
        self.known.push(password.to_owned());
        for form in [password.to_owned(), percent_encoded(password), escaped(password)] {
            let form = normalized(&form);
            if form.len() >= PART {
                let parts = form.windows(PART).filter_map(|part| <[u8; PART]>::try_from(part).ok());
                self.parts.get_or_insert_default().extend(parts);
            } else if !form.is_empty() && !self.short.contains(&form) {
                self.short.push(form);
            }
        }
    }

    /// Replaces each word that shares a part with a password. Half a word would show what is missing from it.
    fn masked(&self, text: &str) -> String {
        let bytes = normalized(text);
        let mut found = vec![false; bytes.len()];
        for (at, part) in bytes.windows(PART).enumerate() {
            if self.parts.as_ref().is_some_and(|parts| parts.contains(part)) {
                found[at..at + PART].fill(true);
            }
        }
        for short in &self.short {
            let is_edge = |at: Option<&u8>| at.is_none_or(|byte| !byte.is_ascii_alphanumeric());
            for (at, _) in bytes.windows(short.len()).enumerate().filter(|(_, part)| part == short) {
                let before = at.checked_sub(1).and_then(|before| bytes.get(before));
                if is_edge(before) && is_edge(bytes.get(at + short.len())) {
                    found[at..at + short.len()].fill(true);
                }
            }
        }
        if !found.contains(&true) {
            return text.to_owned();
        }
        let mut masked = String::with_capacity(text.len());
        let mut at = 0;
        for piece in text.split_inclusive(is_space) {
            let word = piece.trim_end_matches(is_space);
            let hidden = found[at..at + word.len()].contains(&true);
            masked.push_str(if hidden { HIDDEN } else { word });
            masked.push_str(&piece[word.len()..]);
            at += piece.len();
        }
        masked
    }
}

fn is_space(char: char) -> bool {
    char.is_ascii() && is_blank(char as u8)
}

fn is_blank(byte: u8) -> bool {
    byte <= b' ' || byte == 0x7f
}

/// Lower case, and one kind of space: a server may fold the case and replace line ends.
fn normalized(text: &str) -> Vec<u8> {
    text.bytes().map(|byte| if is_blank(byte) { b' ' } else { byte.to_ascii_lowercase() }).collect()
}

fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded =
        text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    encoded.collect()
}

/// As Redis quotes a string in a message (`sdscatrepr`).
fn escaped(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b'\\' | b'"' => format!("\\{}", char::from(byte)),
        b'\n' => "\\n".to_owned(),
        b'\r' => "\\r".to_owned(),
        b'\t' => "\\t".to_owned(),
        0x07 => "\\a".to_owned(),
        0x08 => "\\b".to_owned(),
        byte if byte.is_ascii_graphic() || byte == b' ' => char::from(byte).to_string(),
        byte => format!("\\x{byte:02x}"),
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz::{Fuzz, assert_clean};

    fn secrets(passwords: &[&str]) -> Secrets {
        let mut secrets = Secrets { known: Vec::new(), parts: None, short: Vec::new() };
        passwords.iter().for_each(|password| secrets.add(password));
        secrets
    }

    #[test]
    fn words_that_share_a_part_with_a_password_are_hidden_whole() {
        let secrets = secrets(&["s3cret/pass\nword!", "ab"]);
        for (text, shown) in [
            ("ERR unknown command 'AUTH', with args beginning with: 's3cret/pass", "*** at the end"),
            ("ERR 's3cr and more", "ERR *** and more"),
            ("ERR 's3c and more", "ERR 's3c and more"),
            ("ERR pass word! is wrong", "ERR *** *** is wrong"),
            ("S3CRET%2FPASS%0AWORD%21", "***"),
            (r"args: s3cret/pass\nword!", "args: ***"),
            ("user ab: no", "user *** no"),
            ("about abs", "about abs"),
            ("nothing here", "nothing here"),
        ] {
            let masked = secrets.masked(text);
            if shown == "*** at the end" {
                assert!(masked.ends_with(": ***"), "{masked}");
            } else {
                assert_eq!(masked, shown, "{text:?}");
            }
        }
    }

    #[test]
    fn a_text_is_one_clean_line_of_bounded_length() {
        for (text, shown) in [
            ("a\x1b[31mb\r\nc", "a\\u{1b}[31mb  c"),
            ("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"),
            ("abc\u{202e}fed\u{200b}", "abc\\u{202e}fed\\u{200b}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("größer … 東京", "größer … 東京"),
        ] {
            assert_eq!(Foreign::new(text).to_string(), shown);
        }
        let long = Foreign::new(&"ä".repeat(1_000_000)).to_string();
        assert!(long.len() < 1100 && long.ends_with("ä … (2000000 bytes)"), "{}", long.len());
        assert_eq!(Foreign::from_bytes(b"a\xff\xfeb").to_string(), "a\u{fffd}\u{fffd}b");
        assert!(Foreign::from_bytes(&vec![b'A'; 1 << 20]).to_string().len() < 1100);
    }

    #[test]
    fn a_fixed_reply_is_shown_whatever_the_password() {
        // The global list is not used here: other tests read texts at the same time.
        assert!(FIXED.iter().all(|reply| !secrets(&["pass"]).masked("x").is_empty() && !reply.contains('\'')));
        assert_eq!(Foreign::new(FIXED[0]).to_string(), FIXED[0]);
    }

    proptest! {
        /// No part of a password survives, wherever a server cuts the text that repeats it.
        #[test]
        fn no_part_of_a_password_is_left(
            password in "[ -~\n\r\tä-ü]{4,200}",
            before in "[a-z' ]{0,20}",
            from in 0usize..200,
            length in 0usize..200,
            form in 0usize..3,
        ) {
            let form = match form {
                0 => password.clone(),
                1 => percent_encoded(&password),
                _ => escaped(&password),
            };
            let bytes = form.as_bytes();
            let from = from.min(bytes.len());
            let piece = &bytes[from..bytes.len().min(from + length)];
            let text = format!("ERR {before}'{}", String::from_utf8_lossy(piece));
            let masked = normalized(&clean(&secrets(&[&password]).masked(&text)));
            let words = |text: &[u8]| -> Vec<Vec<u8>> { text.split(|byte| *byte == b' ').map(<[u8]>::to_vec).collect() };
            for part in normalized(&form).windows(PART).filter(|part| !part.contains(&b' ')) {
                let left = words(&masked).iter().any(|word| word.windows(PART).any(|other| other == part));
                prop_assert!(!left, "{:?} in {:?}", String::from_utf8_lossy(part), String::from_utf8_lossy(&masked));
            }
        }
    }

    #[test]
    fn fuzz_foreign_texts() {
        let words = ["s3cret/pass", "%2F", "\\n", "word!", "\u{2066}", "\u{feff}"];
        Fuzz::new("errors", &words).run(|input| {
            let shown = Foreign::from_bytes(input).to_string();
            assert_clean(&shown);
            assert!(shown.len() <= LONGEST * 10 + 100, "{}", shown.len());
            let text = String::from_utf8_lossy(input);
            let masked = secrets(&["s3cret/pass\nword!", "ab"]).masked(&text);
            assert!(!masked.to_ascii_lowercase().contains("s3cr"), "{masked}");
        });
    }
}
