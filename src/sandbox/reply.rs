//! Protocol-independent replies, and their encoding in RESP2 and RESP3.
//!
//! Commands build a [`Reply`]; only the encoder knows that RESP2 sends a map as a flat array and a push as an array.

use bytes::{Bytes, BytesMut};

/// The protocol that a client selected with `HELLO`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Protocol {
    Resp2,
    Resp3,
}

impl Protocol {
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Resp2 => 2,
            Self::Resp3 => 3,
        }
    }
}

/// The reply to a command.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    Array(Vec<Reply>),
    Bulk(Bytes),
    Error(String),
    Integer(i64),
    Map(Vec<(Reply, Reply)>),
    Null,
    /// In RESP2 a null array, with which EXEC answers when a watched key has changed.
    NullArray,
    Push(Vec<Reply>),
    /// Several replies in sequence, such as the confirmations of `SUBSCRIBE a b`.
    Sequence(Vec<Reply>),
    Simple(&'static str),
    /// Human-readable text: a verbatim string in RESP3, a bulk string in RESP2.
    Text(String),
}

impl Reply {
    pub(super) const OK: Self = Self::Simple("OK");

    pub(super) fn bulk(bytes: &[u8]) -> Self {
        Self::Bulk(Bytes::copy_from_slice(bytes))
    }

    pub(super) fn word(word: &'static str) -> Self {
        Self::Bulk(Bytes::from_static(word.as_bytes()))
    }

    /// Creates an error from a code and text; line breaks become spaces, because they would end the reply.
    pub(super) fn error(text: impl Into<String>) -> Self {
        Self::Error(text.into().replace(['\r', '\n'], " "))
    }

    pub(super) fn syntax_error() -> Self {
        Self::error("ERR syntax error")
    }

    pub(super) fn not_an_integer() -> Self {
        Self::error("ERR value is not an integer or out of range")
    }

    pub(super) fn count(count: usize) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Appends the reply's bytes to `out`.
    pub(super) fn encode(self, protocol: Protocol, out: &mut BytesMut) {
        match self {
            Self::Sequence(replies) => replies.into_iter().for_each(|reply| reply.encode(protocol, out)),
            one => one.encode_one(protocol, out),
        }
    }

    /// Appends exactly one reply; a nested sequence becomes an array.
    fn encode_one(self, protocol: Protocol, out: &mut BytesMut) {
        let resp3 = protocol == Protocol::Resp3;
        let all = |sign: u8, items: Vec<Self>, out: &mut BytesMut| {
            length(sign, items.len(), out);
            items.into_iter().for_each(|item| item.encode_one(protocol, out));
        };
        match self {
            Self::Array(items) | Self::Sequence(items) => all(b'*', items, out),
            Self::Push(items) => all(if resp3 { b'>' } else { b'*' }, items, out),
            Self::Map(pairs) => {
                let (sign, each) = if resp3 { (b'%', 1) } else { (b'*', 2) };
                length(sign, pairs.len() * each, out);
                for item in pairs.into_iter().flat_map(|(key, value)| [key, value]) {
                    item.encode_one(protocol, out);
                }
            }
            Self::Bulk(data) => blob(b'$', &[&data], out),
            Self::Text(text) if resp3 => blob(b'=', &[b"txt:", text.as_bytes()], out),
            Self::Text(text) => blob(b'$', &[text.as_bytes()], out),
            Self::Error(text) => line(b'-', text.as_bytes(), out),
            Self::Simple(text) => line(b'+', text.as_bytes(), out),
            Self::Integer(number) => line(b':', number.to_string().as_bytes(), out),
            Self::Null => out.extend_from_slice(if resp3 { b"_\r\n" } else { b"$-1\r\n" }),
            Self::NullArray => out.extend_from_slice(if resp3 { b"_\r\n" } else { b"*-1\r\n" }),
        }
    }
}

/// Writes a sign, a text and the line end.
fn line(sign: u8, text: &[u8], out: &mut BytesMut) {
    out.reserve(text.len() + 3);
    out.extend_from_slice(&[sign]);
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

/// Writes the number of bytes or items that follow.
fn length(sign: u8, length: usize, out: &mut BytesMut) {
    line(sign, length.to_string().as_bytes(), out);
}

/// Writes the total length of the parts, then the parts.
fn blob(sign: u8, parts: &[&[u8]], out: &mut BytesMut) {
    length(sign, parts.iter().map(|part| part.len()).sum(), out);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(reply: Reply, protocol: Protocol) -> String {
        let mut out = BytesMut::new();
        reply.encode(protocol, &mut out);
        out.escape_ascii().to_string().replace("\\r\\n", " ")
    }

    #[test]
    fn each_kind_of_reply_has_its_form_in_both_protocols() {
        let pair = || (Reply::word("k"), Reply::Integer(-7));
        let cases = [
            (Reply::OK, "+OK ", "+OK "),
            (Reply::error("ERR no\r\nway"), "-ERR no  way ", "-ERR no  way "),
            (Reply::Integer(-42), ":-42 ", ":-42 "),
            (Reply::bulk(b"a\x00\xff"), "$3 a\\x00\\xff ", "$3 a\\x00\\xff "),
            (Reply::bulk(b""), "$0  ", "$0  "),
            (Reply::Null, "$-1 ", "_ "),
            (Reply::NullArray, "*-1 ", "_ "),
            (Reply::Text("hi\n".into()), "$3 hi\\n ", "=7 txt:hi\\n "),
            (Reply::Array(vec![Reply::Null]), "*1 $-1 ", "*1 _ "),
            (Reply::Array(vec![]), "*0 ", "*0 "),
            (Reply::Push(vec![Reply::word("m")]), "*1 $1 m ", ">1 $1 m "),
            (Reply::Map(vec![pair()]), "*2 $1 k :-7 ", "%1 $1 k :-7 "),
            (Reply::Map(vec![]), "*0 ", "%0 "),
            (Reply::Sequence(vec![Reply::OK, Reply::Null]), "+OK $-1 ", "+OK _ "),
            (Reply::Sequence(vec![]), "", ""),
            (Reply::Array(vec![Reply::Sequence(vec![Reply::OK])]), "*1 *1 +OK ", "*1 *1 +OK "),
        ];
        for (reply, resp2, resp3) in cases {
            assert_eq!(encoded(reply.clone(), Protocol::Resp2), resp2, "{reply:?}");
            assert_eq!(encoded(reply.clone(), Protocol::Resp3), resp3, "{reply:?}");
        }
    }

    #[test]
    fn numbers_of_every_length_leave_nothing_behind() {
        let powers = (0..19).map(|digits| 10_i64.pow(digits));
        let numbers = powers.flat_map(|power| [power - 1, power, power + 1, -power, 1 - power]);
        for number in numbers.chain([i64::MIN, i64::MAX]) {
            for protocol in [Protocol::Resp2, Protocol::Resp3] {
                let pair = || Reply::Array(vec![Reply::Integer(number), Reply::Integer(number)]);
                let twice = Reply::Sequence(vec![pair(), pair()]);
                assert_eq!(encoded(twice, protocol), format!("*2 :{number} :{number} ").repeat(2));
            }
        }
    }
}
