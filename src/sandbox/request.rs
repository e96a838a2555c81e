//! Requests: cuts a client's bytes into commands.
//!
//! A command is an array of bulk strings, or a line of words typed by hand. The array is taken apart here, one argument at a
//! time, and each argument is decoded by the `redis-protocol` crate: so a command that arrives in pieces is not decoded
//! again from its start, arrays cannot be nested, and a client that breaks the protocol is told so in Redis' words.

use std::ops::Range;

use bytes::{Buf as _, BytesMut};
use redis_protocol::resp2::decode::decode_range;
use redis_protocol::resp2::types::RangeFrame;

use super::args::{Args, parse_integer};

/// Lines longer than this are taken for an attack or a mistake, as in Redis.
const LONGEST_LINE: usize = 64 * 1024;
/// Redis' `proto-max-bulk-len`.
const LONGEST_ARGUMENT: i64 = 512 * 1024 * 1024;
/// What a client may send before it has authenticated.
const ANONYMOUS_ARGUMENTS: i64 = 10;
const ANONYMOUS_ARGUMENT_LENGTH: i64 = 16_384;

/// What a client did wrong, for `-ERR Protocol error: …`.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct ProtocolError(pub(super) String);

/// Where a connection is in the command it is receiving.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// Where the current command starts, and where decoding goes on.
    start: usize,
    position: usize,
    /// Arguments that are still to come; `None` between commands.
    missing: Option<i64>,
    ranges: Vec<Range<usize>>,
}

impl Decoder {
    /// Decodes up to the end of one command in `input`; `false` when more bytes are needed first.
    pub(super) fn decode(&mut self, input: &[u8], authenticated: bool) -> Result<bool, ProtocolError> {
        if self.missing.is_none() {
            self.ranges.clear();
        }
        loop {
            let missing = match self.missing {
                Some(missing) => missing,
                None => {
                    self.start = self.position;
                    match input.get(self.start) {
                        None => return Ok(false),
                        Some(b'*') => match self.decode_count(input, authenticated)? {
                            None => return Ok(false),
                            Some(count) => count,
                        },
                        Some(_) => match self.decode_inline(input)? {
                            None => return Ok(false),
                            Some(()) => 0,
                        },
                    }
                }
            };
            if !self.decode_arguments(input, missing, authenticated)? {
                return Ok(false);
            }
            self.missing = None;
            if !self.ranges.is_empty() {
                return Ok(true);
            }
        }
    }

    /// The arguments of the command that was decoded last.
    pub(super) fn args<'a>(&'a self, input: &'a [u8]) -> Args<'a> {
        Args::new(input, &self.ranges)
    }

    /// Drops the bytes of commands that are done with.
    pub(super) fn discard(&mut self, input: &mut BytesMut) {
        let done = if self.missing.is_some() { self.start } else { self.position };
        input.advance(done);
        self.start = 0;
        self.position -= done;
        if self.missing.is_some() {
            for range in &mut self.ranges {
                *range = range.start - done..range.end - done;
            }
        }
    }

    /// Decodes `*3\r\n`; counts below one stand for a command without any effect.
    fn decode_count(&mut self, input: &[u8], authenticated: bool) -> Result<Option<i64>, ProtocolError> {
        let Some(line) = line(&input[self.position..], b"\r\n") else {
            return too_long(&input[self.position..], "too big mbulk count string");
        };
        let count = parse_integer(&line[1..])
            .filter(|&count| count <= i64::from(i32::MAX))
            .ok_or_else(|| protocol_error("invalid multibulk length"))?;
        if count > ANONYMOUS_ARGUMENTS && !authenticated {
            return Err(protocol_error("unauthenticated multibulk length"));
        }
        self.position += line.len() + 2;
        Ok(Some(count))
    }

    /// Decodes a line of words parted by spaces, for people with `nc` at hand; quotes are not understood.
    fn decode_inline(&mut self, input: &[u8]) -> Result<Option<()>, ProtocolError> {
        let Some(line) = line(&input[self.position..], b"\n") else {
            return too_long(&input[self.position..], "too big inline request");
        };
        let mut word: Option<usize> = None;
        for (at, byte) in line.iter().chain(b"\n").enumerate() {
            match (word, byte.is_ascii_whitespace()) {
                (None, false) => word = Some(at),
                (Some(first), true) => {
                    self.ranges.push(self.position + first..self.position + at);
                    word = None;
                }
                _ => {}
            }
        }
        self.position += line.len() + 1;
        Ok(Some(()))
    }

    fn decode_arguments(&mut self, input: &[u8], missing: i64, authenticated: bool) -> Result<bool, ProtocolError> {
        for done in 0..missing {
            self.missing = Some(missing - done);
            let rest = &input[self.position..];
            match rest.first() {
                None => return Ok(false),
                Some(b'$') => {}
                Some(&byte) => {
                    let byte = if byte.is_ascii_control() { ' ' } else { char::from(byte) };
                    return Err(ProtocolError(format!("expected '$', got '{byte}'")));
                }
            }
            match decode_range(rest) {
                Ok(Some((RangeFrame::BulkString((first, end)), width))) => {
                    check_length(i64::try_from(end - first).unwrap_or(i64::MAX), authenticated)?;
                    self.ranges.push(self.position + first..self.position + end);
                    self.position += width;
                }
                Ok(None) => return check_announced(rest, authenticated).map(|()| false),
                Ok(Some(_)) | Err(_) => return Err(protocol_error("invalid bulk length")),
            }
        }
        Ok(true)
    }
}

/// Refuses an argument that is still on its way when its announced length is already too much.
fn check_announced(rest: &[u8], authenticated: bool) -> Result<(), ProtocolError> {
    match line(rest, b"\r\n") {
        Some(line) => check_length(parse_integer(&line[1..]).unwrap_or(i64::MAX), authenticated),
        None => too_long(rest, "too big bulk count string").map(|_: Option<()>| ()),
    }
}

fn check_length(length: i64, authenticated: bool) -> Result<(), ProtocolError> {
    if length > LONGEST_ARGUMENT {
        Err(protocol_error("invalid bulk length"))
    } else if length > ANONYMOUS_ARGUMENT_LENGTH && !authenticated {
        Err(protocol_error("unauthenticated bulk length"))
    } else {
        Ok(())
    }
}

/// The bytes before the first `end`.
fn line<'a>(input: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    let mut from = 0;
    while let Some(found) = input[from..].iter().position(|&byte| byte == end[0]) {
        let at = from + found;
        if input[at..].starts_with(end) {
            return Some(&input[..at]);
        }
        from = at + 1;
    }
    None
}

/// No line yet: wait for the rest of it, unless it is suspiciously long.
fn too_long<T>(input: &[u8], complaint: &str) -> Result<Option<T>, ProtocolError> {
    if input.len() > LONGEST_LINE { Err(protocol_error(complaint)) } else { Ok(None) }
}

fn protocol_error(text: &str) -> ProtocolError {
    ProtocolError(text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds `input` in pieces of `step` bytes and returns the commands, or the error that ended them.
    fn commands(input: &[u8], step: usize) -> Result<Vec<Vec<Vec<u8>>>, ProtocolError> {
        let (mut decoder, mut buffer, mut found) = (Decoder::default(), BytesMut::new(), Vec::new());
        for piece in input.chunks(step) {
            buffer.extend_from_slice(piece);
            while decoder.decode(&buffer, true)? {
                found.push(decoder.args(&buffer).skip(0).map(<[u8]>::to_vec).collect());
            }
            decoder.discard(&mut buffer);
        }
        Ok(found)
    }

    #[test]
    fn commands_are_the_same_however_they_arrive() {
        let input = b"*2\r\n$4\r\nECHO\r\n$4\r\n\r\n\x00\xff\r\n*0\r\n*-1\r\n\r\nPING  a\r\n*1\r\n$0\r\n\r\nQUIT\n";
        let whole = commands(input, input.len()).unwrap();
        let expected: Vec<Vec<&[u8]>> =
            vec![vec![b"ECHO", b"\r\n\x00\xff"], vec![b"PING", b"a"], vec![b""], vec![b"QUIT"]];
        assert_eq!(whole, expected);
        for step in 1..input.len() {
            assert_eq!(commands(input, step).unwrap(), whole, "in pieces of {step}");
        }
    }

    #[test]
    fn a_broken_protocol_is_named_as_redis_names_it() {
        let cases: &[(&[u8], &str)] = &[
            (b"*x\r\n", "invalid multibulk length"),
            (b"*2147483648\r\n", "invalid multibulk length"),
            (b"*1\r\nPING\r\n", "expected '$', got 'P'"),
            (b"*1\r\n*1\r\n$4\r\nPING\r\n", "expected '$', got '*'"),
            (b"*1\r\n\r\n", "expected '$', got ' '"),
            (b"*1\r\n$x\r\n", "invalid bulk length"),
            (b"*1\r\n$-1\r\n", "invalid bulk length"),
            (b"*1\r\n$999999999999\r\n", "invalid bulk length"),
        ];
        for (input, expected) in cases {
            assert_eq!(commands(input, 3), Err(protocol_error(expected)), "{}", input.escape_ascii());
        }
        let endless = b"*".repeat(LONGEST_LINE + 1);
        assert_eq!(commands(&endless, 1024), Err(protocol_error("too big mbulk count string")));
    }

    #[test]
    fn strangers_may_not_send_much() {
        let mut decoder = Decoder::default();
        let error = decoder.decode(b"*11\r\n", false).unwrap_err();
        assert_eq!(error, protocol_error("unauthenticated multibulk length"));
        let mut decoder = Decoder::default();
        let error = decoder.decode(b"*1\r\n$16385\r\n", false).unwrap_err();
        assert_eq!(error, protocol_error("unauthenticated bulk length"));
    }

    proptest! {
        #[test]
        fn any_input_means_the_same_however_it_arrives(words in prop::collection::vec(any_word(), 0..20), step in 1_usize..9) {
            let input = words.concat();
            prop_assert_eq!(commands(&input, step), commands(&input, input.len().max(1)));
        }
    }

    /// Bits of the protocol, and noise.
    fn any_word() -> impl Strategy<Value = Vec<u8>> {
        let bits: &[&[u8]] =
            &[b"*1\r\n", b"*2\r\n", b"*-1\r\n", b"$1\r\na\r\n", b"$0\r\n\r\n", b"$3\r\n", b"\r\n", b"abc", b"$", b"*"];
        let bits: Vec<Vec<u8>> = bits.iter().map(|bit| bit.to_vec()).collect();
        prop_oneof![8 => prop::sample::select(bits), 1 => prop::collection::vec(any::<u8>(), 0..6)]
    }
}
