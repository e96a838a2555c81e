//! The passwords of this process, and the search for their parts in a text.

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{PoisonError, RwLock},
};

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Shortest part of a password that is hidden.
pub(super) const PART: usize = 4;

/// Passwords of one source that changes them which stay hidden.
pub(super) const RECENT: usize = 8;

pub(super) const HIDDEN: &str = "***";

/// Characters that percent-encoding escapes (RFC 3986 section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Hides a password in every text from outside, for the rest of the process.
pub(crate) fn hide(password: &str) {
    hide_from(None, password);
}

/// Hides a password from a source that changes them. Of each source the latest [`RECENT`] stay hidden: a server has no
/// reason to repeat an older one, and they must not fill the memory.
pub(crate) fn hide_recent(source: usize, password: &str) {
    hide_from(Some(source), password);
}

fn hide_from(source: Option<usize>, password: &str) {
    with_secrets(|secrets| {
        let known = secrets.read().unwrap_or_else(PoisonError::into_inner).knows(password);
        if !known {
            secrets.write().unwrap_or_else(PoisonError::into_inner).add(source, password);
        }
    });
}

/// The passwords of this process. A process has one set of them, and a text may enter anywhere.
#[cfg(not(test))]
static SECRETS: RwLock<Secrets> = RwLock::new(Secrets::NONE);

// The tests share a process, and the secrets of one are the texts of another.
#[cfg(test)]
thread_local! {
    static SECRETS: RwLock<Secrets> = const { RwLock::new(Secrets::NONE) };
}

#[cfg(not(test))]
pub(super) fn with_secrets<T>(work: impl FnOnce(&RwLock<Secrets>) -> T) -> T {
    work(&SECRETS)
}

#[cfg(test)]
pub(super) fn with_secrets<T>(work: impl FnOnce(&RwLock<Secrets>) -> T) -> T {
    SECRETS.with(work)
}

/// Passwords, as parts to look for.
pub(super) struct Secrets {
    /// With the source of those that it will replace.
    pub(super) known: Vec<(Option<usize>, String)>,
    /// Every part of [`PART`] bytes of every password in each encoding, normalized.
    pub(super) parts: Option<HashSet<[u8; PART]>>,
    /// Passwords shorter than a part: they count only as a whole word.
    pub(super) short: Vec<Vec<u8>>,
}

impl Secrets {
    pub(super) const NONE: Self = Self { known: Vec::new(), parts: None, short: Vec::new() };

    fn knows(&self, password: &str) -> bool {
        self.known.iter().any(|(_, known)| known == password)
    }

    pub(super) fn add(&mut self, source: Option<usize>, password: &str) {
        let of_source = |(other, _): &(Option<usize>, String)| source.is_some() && *other == source;
        if self.known.iter().filter(|known| of_source(known)).count() >= RECENT
            && let Some(oldest) = self.known.iter().position(of_source)
        {
            self.known.remove(oldest);
            (self.parts, self.short) = (None, Vec::new());
            for password in self.known.iter().map(|(_, password)| password.clone()).collect::<Vec<_>>() {
                self.add_parts(&password);
            }
        }
        self.known.push((source, password.to_owned()));
        self.add_parts(password);
    }

    fn add_parts(&mut self, password: &str) {
        for form in forms(password) {
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
    pub(super) fn masked<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.parts.is_none() && self.short.is_empty() {
            return Cow::Borrowed(text);
        }
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
            return Cow::Borrowed(text);
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
        Cow::Owned(masked)
    }
}

pub(super) fn is_space(char: char) -> bool {
    char.is_ascii() && is_blank(char as u8)
}

fn is_blank(byte: u8) -> bool {
    byte <= b' ' || byte == 0x7f
}

/// Lower case, and one kind of space: a server may fold the case and replace line ends.
pub(super) fn normalized(text: &str) -> Vec<u8> {
    text.bytes().map(|byte| if is_blank(byte) { b' ' } else { byte.to_ascii_lowercase() }).collect()
}

/// Returns a password in each encoding in which a server or a library may repeat it.
pub(super) fn forms(password: &str) -> impl Iterator<Item = String> {
    let quoted = serde_json::to_string(password).unwrap_or_default();
    let json = quoted.trim_matches('"').to_owned();
    let debug = password.escape_debug().to_string();
    // In base64 a text has three forms, by its place.
    let base64 = ["", "a", "aa"].into_iter().flat_map(|before| base64(before, password));
    // A shorter one can be any word.
    let base64 = base64.filter(|form| form.len() >= PART);
    [password.to_owned(), utf8_percent_encode(password, RESERVED).to_string(), escaped(password), json, debug]
        .into_iter()
        .chain(base64)
}

/// Returns what base64 makes of the text after `before`, in both of its alphabets, without the characters that depend on
/// the neighbors.
fn base64(before: &str, text: &str) -> [String; 2] {
    [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD].map(|alphabet| {
        let whole = alphabet.encode(format!("{before}{text}"));
        let (from, to) = ((before.len() * 8).div_ceil(6), (before.len() + text.len()) * 8 / 6);
        whole.get(from..to).unwrap_or_default().to_owned()
    })
}

/// As Redis quotes a string in a message (`sdscatrepr`).
pub(super) fn escaped(text: &str) -> String {
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
