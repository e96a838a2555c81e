//! Text from outside: replies of a server, names that clients chose, lines of a file.
//!
//! Such text may repeat a password, move the cursor of a terminal, or be a megabyte long. [`Foreign`] is made from it
//! once, where it enters, and is safe to show and to store.

mod secrets;

use std::{
    borrow::{Borrow, Cow},
    fmt,
    hash::{BuildHasher as _, RandomState},
    net::{IpAddr, SocketAddr},
    ops::Deref,
    sync::{Arc, LazyLock, PoisonError},
};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

use self::secrets::{HIDDEN, PART, is_space, with_secrets};
pub(crate) use self::secrets::{hide, hide_recent};
use crate::units::clean;

/// Maximum length of a text, in bytes.
const LONGEST: usize = 1024;

/// Replies and words that a server never varies: they repeat nothing, so nothing in them is hidden. A password such as
/// `pass` would otherwise show in what is missing from them, and one such as `master1` would hide the role of a server.
/// Sources: redis `src/acl.c`, `src/server.c`, `src/networking.c`; twemproxy `src/nc_message.c`; Envoy
/// `source/extensions/filters/network/redis_proxy`.
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
    "master",
    "slave",
    "sentinel",
    "standalone",
    "cluster",
    "redis",
    "Redis",
    "valkey",
    "Valkey",
    "connected",
    "fail",
];

/// A text that is safe to show: one line without control characters, of at most 1 KB. A text from outside also hides the
/// passwords. It serializes as a string, and one that is read from a file is made safe as well.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Foreign(Arc<str>);

impl Foreign {
    /// Makes a text from outside safe to show.
    pub(crate) fn new(text: &str) -> Self {
        let shown = cut(text, LONGEST);
        let masked = with_secrets(|secrets| secrets.read().unwrap_or_else(PoisonError::into_inner).masked(shown));
        let masked = match masked {
            Cow::Owned(_) if is_telling_nothing(text) => Cow::Borrowed(shown),
            // A name: hidden ones must not all be the same.
            Cow::Owned(_) if !text.contains(is_space) => Cow::Owned(alias(text)),
            masked => masked,
        };
        Self(safe(&masked, text.len()))
    }

    /// Makes bytes from outside safe to show; what is not UTF-8 becomes U+FFFD.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let more = &bytes[..bytes.len().min(LONGEST + PART)];
        Self::new(&String::from_utf8_lossy(more))
    }
}

/// The text of redis-doctor itself, which hides nothing.
#[cfg(not(test))]
impl From<&'static str> for Foreign {
    fn from(text: &'static str) -> Self {
        Self(safe(text, text.len()))
    }
}

/// Unit tests play the server.
#[cfg(test)]
impl From<&str> for Foreign {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// The text of redis-doctor itself, which hides nothing; the texts from outside in it are safe already.
impl From<String> for Foreign {
    fn from(text: String) -> Self {
        Self(safe(&text, text.len()))
    }
}

impl From<Foreign> for String {
    fn from(text: Foreign) -> Self {
        text.0.as_ref().to_owned()
    }
}

impl Default for Foreign {
    fn default() -> Self {
        Self(Arc::from(""))
    }
}

impl Deref for Foreign {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Foreign {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq<str> for Foreign {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Foreign {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl JsonSchema for Foreign {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Foreign {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

/// Reads a string of a journal that is not a [`Foreign`] because redis-doctor works with it, such as a host.
pub(crate) fn cleaned<'de, D: Deserializer<'de>, T: From<String>>(deserializer: D) -> Result<T, D::Error> {
    Foreign::deserialize(deserializer).map(|text| String::from(text).into())
}

/// Reads a string that may be null, as [`cleaned`] does.
pub(crate) fn cleaned_option<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<Foreign>::deserialize(deserializer).map(|text| text.map(String::from))
}

/// Returns the text on one line, without control characters and cut; `length` is that of the whole text.
fn safe(text: &str, length: usize) -> Arc<str> {
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_plain && text.len().max(length) <= LONGEST {
        return text.into();
    }
    let clean = clean(text);
    if clean.len().max(length) <= LONGEST {
        return clean.into();
    }
    let mark = format!(" … ({length} bytes)");
    format!("{}{mark}", cut(&clean, LONGEST - mark.len())).into()
}

/// Returns true if the text cannot repeat a password: it is one of a few, or an IP address.
fn is_telling_nothing(text: &str) -> bool {
    FIXED.contains(&text.trim_end()) || text.parse::<SocketAddr>().is_ok() || text.parse::<IpAddr>().is_ok()
}

/// Returns what is shown for a name that is hidden. Two names differ in it, as the ids of two servers must; it has three
/// letters and so no part of a password.
fn alias(name: &str) -> String {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    let mut digest = KEY.hash_one(name);
    let letters = std::iter::repeat_with(|| {
        let letter = char::from(b'a' + u8::try_from(digest % 26).unwrap_or_default());
        digest /= 26;
        letter
    });
    HIDDEN.chars().chain(letters.take(PART - 1)).collect()
}

fn cut(text: &str, most: usize) -> &str {
    let end = (0..=text.len().min(most)).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::{
        secrets::{RECENT, Secrets, forms, normalized},
        *,
    };
    use crate::fuzz::{Fuzz, assert_clean};

    fn secrets(passwords: &[&str]) -> Secrets {
        let mut secrets = Secrets { known: Vec::new(), parts: None, short: Vec::new() };
        passwords.iter().for_each(|password| secrets.add(None, password));
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
    fn a_text_that_was_made_safe_stays_as_it_is() {
        for text in ["a\x1b[31mb", &"\u{202e}".repeat(900), &"ä".repeat(2000), &"x".repeat(1024), ""] {
            let once = Foreign::new(text);
            assert!(once.len() <= LONGEST, "{} bytes of {}", once.len(), text.len());
            assert_eq!(Foreign::new(&once), once);
            let read: Foreign = serde_json::from_str(&serde_json::to_string(text).unwrap()).unwrap();
            assert_eq!(read, once, "a stranger may have written it");
        }
    }

    #[test]
    fn two_hidden_names_differ_and_share_nothing_with_the_password() {
        assert_eq!(alias("0f3c-a"), alias("0f3c-a"));
        let aliases: HashSet<_> = (0..100).map(|number| alias(&number.to_string())).collect();
        assert!(aliases.len() > 90, "{aliases:?}");
        assert!(alias("x").strip_prefix(HIDDEN).is_some_and(|letters| letters.len() < PART));
    }

    #[test]
    fn a_password_does_not_hide_the_role_or_the_address_of_a_server() {
        for text in ["master", "cluster", "10.0.3.17:6379", "[fd00::7]:6379", "::1"] {
            assert!(is_telling_nothing(text), "{text}");
        }
        for text in ["6379", "master1", "cache.example:6379"] {
            assert!(!is_telling_nothing(text), "{text}");
        }
    }

    #[test]
    fn a_fixed_reply_is_shown_whatever_the_password() {
        // The global list is not used here: other tests read texts at the same time.
        assert!(FIXED.iter().all(|reply| !secrets(&["pass"]).masked("x").is_empty() && !reply.contains('\'')));
        assert_eq!(Foreign::new(FIXED[0]).to_string(), FIXED[0]);
    }

    #[test]
    fn of_a_source_that_changes_its_passwords_the_latest_are_hidden() {
        let mut secrets = secrets(&["gr4nted-for-good"]);
        (0..100).for_each(|number| secrets.add(Some(1), &format!("{number:04}-token")));
        secrets.add(Some(2), "from-elsewhere");
        assert_eq!(secrets.known.len(), RECENT + 2);
        for (text, shown) in [
            ("'gr4nted-for-good'", "***"),
            ("'from-elsewhere'", "***"),
            ("got 0099-token", "got ***"),
            ("got 0092-token", "got ***"),
            ("got 0013", "got 0013"),
        ] {
            assert_eq!(secrets.masked(text), shown);
        }
    }

    proptest! {
        /// No part of a password survives, wherever a server cuts the text that repeats it.
        #[test]
        fn no_part_of_a_password_is_left(
            password in "[ -~\n\r\tä-ü]{4,200}",
            before in "[a-z' ]{0,20}",
            from in 0usize..200,
            length in 0usize..200,
            form in 0usize..11,
        ) {
            let form = forms(&password).nth(form).unwrap();
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
