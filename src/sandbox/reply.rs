//! Replies: what a command answers, independent of the protocol, and its bytes in RESP2 and RESP3.
//!
//! Commands build a [`Reply`]; only the encoder knows that a map is a flat array and a push an ordinary one in RESP2.

use bytes::{Bytes, BytesMut};
use redis_protocol::bytes_utils::Str;
use redis_protocol::resp2::types::{BytesFrame as Frame2, Resp2Frame as _};
use redis_protocol::resp3::types::{BytesFrame as Frame3, Resp3Frame as _, VerbatimStringFormat};
use redis_protocol::{resp2, resp3};

/// Room beyond the length that the encoder announces. It counts the digits of a number by a floating-point logarithm, which
/// is one too many for some large ones; what is not used is cut off again.
const SLACK: usize = 8;

/// The protocol a client has chosen with `HELLO`.
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

/// What a command answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    Array(Vec<Reply>),
    Bulk(Bytes),
    Error(String),
    Integer(i64),
    Map(Vec<(Reply, Reply)>),
    Null,
    Push(Vec<Reply>),
    /// Several replies one after the other, such as the confirmations of `SUBSCRIBE a b`.
    Sequence(Vec<Reply>),
    Simple(&'static str),
    /// Text for people: a verbatim string in RESP3, a bulk string in RESP2.
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

    /// An error with the given code and text; line breaks become spaces, as they would end the reply.
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
        if let Self::Sequence(replies) = self {
            for reply in replies {
                reply.encode(protocol, out);
            }
            return;
        }
        let start = out.len();
        let encoded = match protocol {
            Protocol::Resp2 => {
                let frame = self.into_resp2();
                out.resize(start + frame.encode_len(false) + SLACK, 0);
                resp2::encode::encode_bytes(&mut out[start..], &frame, false)
            }
            Protocol::Resp3 => {
                let frame = self.into_resp3();
                out.resize(start + frame.encode_len(false) + SLACK, 0);
                resp3::encode::complete::encode_bytes(&mut out[start..], &frame, false)
            }
        };
        let written = encoded.expect("there is more room than the frame needs");
        out.truncate(start + written);
    }

    fn into_resp2(self) -> Frame2 {
        match self {
            Self::Array(items) | Self::Push(items) | Self::Sequence(items) => {
                Frame2::Array(items.into_iter().map(Self::into_resp2).collect())
            }
            Self::Bulk(data) => Frame2::BulkString(data),
            Self::Error(text) => Frame2::Error(Str::from(text)),
            Self::Integer(number) => Frame2::Integer(number),
            Self::Map(pairs) => Frame2::Array(
                pairs.into_iter().flat_map(|(key, value)| [key.into_resp2(), value.into_resp2()]).collect(),
            ),
            Self::Null => Frame2::Null,
            Self::Simple(text) => Frame2::SimpleString(Bytes::from_static(text.as_bytes())),
            Self::Text(text) => Frame2::BulkString(text.into()),
        }
    }

    fn into_resp3(self) -> Frame3 {
        let attributes = None;
        match self {
            Self::Array(items) | Self::Sequence(items) => {
                let data = items.into_iter().map(Self::into_resp3).collect();
                Frame3::Array { data, attributes }
            }
            Self::Bulk(data) => Frame3::BlobString { data, attributes },
            Self::Error(text) => {
                let data = Str::from(text);
                Frame3::SimpleError { data, attributes }
            }
            Self::Integer(data) => Frame3::Number { data, attributes },
            Self::Map(pairs) => {
                let data = pairs.into_iter().map(|(key, value)| (key.into_resp3(), value.into_resp3())).collect();
                Frame3::Map { data, attributes }
            }
            Self::Null => Frame3::Null,
            Self::Push(items) => {
                let data = items.into_iter().map(Self::into_resp3).collect();
                Frame3::Push { data, attributes }
            }
            Self::Simple(text) => {
                let data = Bytes::from_static(text.as_bytes());
                Frame3::SimpleString { data, attributes }
            }
            Self::Text(text) => {
                Frame3::VerbatimString { data: text.into(), format: VerbatimStringFormat::Text, attributes }
            }
        }
    }
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
            (Reply::Text("hi\n".into()), "$3 hi\\n ", "=7 txt:hi\\n "),
            (Reply::Array(vec![Reply::Null]), "*1 $-1 ", "*1 _ "),
            (Reply::Array(vec![]), "*0 ", "*0 "),
            (Reply::Push(vec![Reply::word("m")]), "*1 $1 m ", ">1 $1 m "),
            (Reply::Map(vec![pair()]), "*2 $1 k :-7 ", "%1 $1 k :-7 "),
            (Reply::Map(vec![]), "*0 ", "%0 "),
            (Reply::Sequence(vec![Reply::OK, Reply::Null]), "+OK $-1 ", "+OK _ "),
            (Reply::Sequence(vec![]), "", ""),
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
