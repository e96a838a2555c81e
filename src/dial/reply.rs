//! The text of replies: INFO, the lines of CLIENT LIST, settings, names.
//!
//! A server may send anything. Its text is compared and parsed here, and leaves only as a number, an address or a
//! [`Foreign`]: what a reply says cannot reach an output in any other form.

use std::{collections::HashMap, net::SocketAddr, str::FromStr};

use redis::Value;

use crate::foreign::Foreign;

/// Maximum length of a host name (RFC 1035 section 2.3.4).
const LONGEST_HOST: usize = 253;

/// A reply of a known type.
pub(crate) trait Reply: Sized {
    /// Reads a reply; `None` if it has another type.
    fn read(reply: Value) -> Option<Self>;
}

impl Reply for Text {
    fn read(reply: Value) -> Option<Self> {
        text(&reply)
    }
}

/// Settings by name, as CONFIG GET returns them.
pub(crate) type Settings = HashMap<Text, Text>;

impl Reply for Settings {
    fn read(reply: Value) -> Option<Self> {
        let pairs = reply.as_map_iter()?;
        pairs.map(|(name, value)| Some((text(name)?, text(value)?))).collect()
    }
}

/// Lists of lists, such as SLOWLOG.
impl Reply for Vec<Vec<Value>> {
    fn read(reply: Value) -> Option<Self> {
        redis::from_redis_value(reply).ok()
    }
}

/// Two numbers, as TIME returns them.
impl Reply for (u64, u64) {
    fn read(reply: Value) -> Option<Self> {
        redis::from_redis_value(reply).ok()
    }
}

/// A text as the server sent it.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Text(String);

impl Text {
    /// Returns all of it as a part.
    pub(crate) fn part(&self) -> Part<'_> {
        Part(&self.0)
    }
}

/// Several replies in a row, such as sections of INFO.
impl FromIterator<Text> for Text {
    fn from_iter<T: IntoIterator<Item = Self>>(texts: T) -> Self {
        Self(texts.into_iter().map(|text| text.0).collect())
    }
}

impl From<i64> for Text {
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}

impl std::borrow::Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A part of a [`Text`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Part<'a>(&'a str);

impl<'a> From<&'a str> for Part<'a> {
    fn from(text: &'a str) -> Self {
        Self(text)
    }
}

/// Values that a [`Part`] can be parsed into: those that hold no text.
pub(crate) trait Figure: FromStr {}

impl Figure for u16 {}
impl Figure for u32 {}
impl Figure for u64 {}
impl Figure for i64 {}
impl Figure for SocketAddr {}

impl<'a> Part<'a> {
    /// Returns it in a form that is safe to show.
    pub(crate) fn shown(self) -> Foreign {
        Foreign::new(self.0)
    }

    /// Returns the name of a command: its first visible characters in lower case.
    pub(crate) fn word(self, most: usize) -> Foreign {
        let visible = self.0.chars().filter(char::is_ascii_graphic).take(most);
        Foreign::new(&visible.collect::<String>().to_ascii_lowercase())
    }

    /// Returns true if it is this text.
    pub(crate) fn is(self, text: &str) -> bool {
        self.0 == text
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(self) -> usize {
        self.0.len()
    }

    /// Returns true for an id that is made of zeros: none.
    pub(crate) fn is_zeros(self) -> bool {
        self.0.bytes().all(|digit| digit == b'0')
    }

    /// Returns true for a number without a sign.
    pub(crate) fn is_digits(self) -> bool {
        !self.0.is_empty() && self.0.bytes().all(|byte| byte.is_ascii_digit())
    }

    pub(crate) fn parse<T: Figure>(self) -> Option<T> {
        self.0.parse().ok()
    }

    pub(crate) fn lines(self) -> impl Iterator<Item = Self> + Clone {
        self.0.lines().filter(|line| !line.trim().is_empty()).map(Self)
    }

    /// Returns the pieces between the characters.
    pub(crate) fn split(self, between: char) -> impl Iterator<Item = Self> {
        self.0.split(between).map(Self)
    }

    /// Returns the parts around the last such character.
    pub(crate) fn around_last(self, between: char) -> Option<(Self, Self)> {
        self.0.rsplit_once(between).map(|(before, after)| (Self(before), Self(after)))
    }

    /// Reads a reply to INFO.
    pub(crate) fn info(self) -> Info<'a> {
        Info(self.0.lines().filter_map(|line| line.trim_end().split_once(':')).collect())
    }

    /// Returns a field of a line such as `id=7 addr=10.0.9.4:51322` (CLIENT LIST, separated by spaces) or
    /// `ip=10.0.0.2,port=6379` (a value in INFO, separated by commas).
    pub(crate) fn field(self, between: char, wanted: &str) -> Option<Self> {
        let mut fields = self.0.trim_end().split(between).filter_map(|field| field.split_once('='));
        fields.find(|(name, _)| *name == wanted).map(|(_, value)| Self(value))
    }

    /// Returns the address of a host and a port, with brackets around an IPv6 address.
    pub(crate) fn at(self, port: Part<'_>) -> Foreign {
        let (host, port) = (self.0, port.0);
        Foreign::new(&if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
    }

    /// Returns the host to connect to; `None` if it cannot be one. It is not to be shown.
    pub(crate) fn host(self) -> Option<String> {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:%".contains(&byte);
        ((1..=LONGEST_HOST).contains(&self.0.len()) && self.0.bytes().all(is_part)).then(|| self.0.to_owned())
    }
}

/// The fields of a reply to INFO.
pub(crate) struct Info<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Info<'a> {
    /// Returns a field; the first one if there are several.
    pub(crate) fn get(&self, wanted: &str) -> Option<Part<'a>> {
        self.0.iter().find(|(name, _)| *name == wanted).map(|(_, value)| Part(value))
    }

    /// Returns a field that is safe to show.
    pub(crate) fn shown(&self, wanted: &str) -> Option<Foreign> {
        self.get(wanted).map(Part::shown)
    }

    /// Returns a field that is a number.
    pub(crate) fn number<T: Figure>(&self, wanted: &str) -> Option<T> {
        self.get(wanted)?.parse()
    }

    /// Returns a field that is `wanted` or something else.
    pub(crate) fn has(&self, name: &str, wanted: &str) -> Option<bool> {
        self.get(name).map(|value| value.is(wanted))
    }

    /// Returns the address in two fields, of a host and of a port.
    pub(crate) fn address(&self, host: &str, port: &str) -> Option<Foreign> {
        Some(self.get(host)?.at(self.get(port)?))
    }

    /// Returns the rest of the name and the value of each field whose name begins with `prefix`.
    pub(crate) fn beginning<'b>(&'b self, prefix: &'b str) -> impl Iterator<Item = (Part<'a>, Part<'a>)> + 'b {
        self.0.iter().filter_map(move |(name, value)| Some((Part(name.strip_prefix(prefix)?), Part(value))))
    }
}

/// Returns a textual reply of any type: RESP3 has a separate type for INFO and CLIENT LIST.
pub(crate) fn text(reply: &Value) -> Option<Text> {
    match reply {
        Value::BulkString(bytes) => Some(Text(String::from_utf8_lossy(bytes).into_owned())),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(Text(text.clone())),
        _ => None,
    }
}

/// Returns a textual reply in a form that is safe to show.
pub(crate) fn shown(reply: &Value) -> Option<Foreign> {
    text(reply).map(|text| text.part().shown())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_empty_lines_and_line_ends_are_not_part_of_a_field() {
        let text = "# Server\r\nredis_version:7.2.4\r\n\r\n# Replication\r\nslave0:ip=10.0.0.2,port=6379\r\nempty:\r\n";
        let info = Part(text).info();
        assert_eq!(info.0, [("redis_version", "7.2.4"), ("slave0", "ip=10.0.0.2,port=6379"), ("empty", "")]);
        assert_eq!(info.shown("redis_version").unwrap(), "7.2.4");
        assert_eq!(info.shown("redis"), None);
        let replicas: Vec<_> = info.beginning("slave").map(|(number, _)| number.0).collect();
        assert_eq!(replicas, ["0"]);
    }

    #[test]
    fn a_field_is_found_by_its_whole_name_and_may_be_empty() {
        let field = |line, between, wanted| Part(line).field(between, wanted).map(|part| part.0);
        let client = "id=7 addr=10.0.9.4:51322 laddr=10.0.3.17:6379 name= resp=3\n";
        assert_eq!(field(client, ' ', "addr"), Some("10.0.9.4:51322"));
        assert_eq!(field(client, ' ', "name"), Some(""));
        assert_eq!(field(client, ' ', "resp"), Some("3"));
        assert_eq!(field("ip=::1,port=6379", ',', "port"), Some("6379"));
        assert_eq!(field("nonsense", ' ', "id"), None);
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_nothing_else() {
        for host in ["cache-1.example", "10.0.0.1", "fd00::7"] {
            assert_eq!(Part(host).host().as_deref(), Some(host));
        }
        for other in ["", "a b", "a\x1b[31m", &"a".repeat(LONGEST_HOST + 1)] {
            assert_eq!(Part(other).host(), None);
        }
        assert_eq!(Part("fd00::7").at(Part("6379")), "[fd00::7]:6379");
    }
}
