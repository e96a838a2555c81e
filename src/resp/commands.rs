//! Cuts a client's bytes into commands, as a server does.
//!
//! A command is an array of bulk strings, or a line of words typed by hand. Decoding continues after the last complete
//! argument when more bytes arrive; arrays cannot be nested; a protocol error has Redis' own text.

use std::ops::Range;

use bytes::{Buf as _, BytesMut};

use super::{LONGEST_LINE, integer, words};

/// `proto-max-bulk-len`. Less than Redis' 512 MiB, because any client can fill it; the largest probe has 16 MiB.
const LONGEST_ARGUMENT: i64 = 17 * 1024 * 1024;

/// Most arguments of a command: the place of each takes 16 bytes.
const MOST_ARGUMENTS: i64 = 256 * 1024;
/// Limits for a client that has not authenticated.
const ANONYMOUS_ARGUMENTS: i64 = 10;
const ANONYMOUS_ARGUMENT_LENGTH: i64 = 16_384;

/// A client's mistake, for `-ERR Protocol error: …`.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct ProtocolError(pub(crate) String);

/// The state of a connection inside the command it is receiving.
#[derive(Debug, Default)]
pub(crate) struct CommandDecoder {
    /// Start of the current command, and the position at which decoding continues.
    start: usize,
    position: usize,
    /// Arguments that are still to come; `None` between commands.
    missing: Option<i64>,
    ranges: Vec<Range<usize>>,
}

impl CommandDecoder {
    /// Decodes up to the end of one command in `input`; `false` when more bytes are needed first.
    pub(crate) fn decode(&mut self, input: &[u8], authenticated: bool) -> Result<bool, ProtocolError> {
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

    /// The places in `input` of the arguments of the command that was decoded last.
    pub(crate) fn arguments(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// Drops the bytes of commands that are done with.
    pub(crate) fn discard(&mut self, input: &mut BytesMut) {
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

    /// Decodes `*3\r\n`; counts below one mean a command without any effect.
    fn decode_count(&mut self, input: &[u8], authenticated: bool) -> Result<Option<i64>, ProtocolError> {
        let Some(line) = line(&input[self.position..], b"\r\n") else {
            return too_long(&input[self.position..], "too big mbulk count string");
        };
        let count = integer(&line[1..])
            .filter(|&count| count <= MOST_ARGUMENTS)
            .ok_or_else(|| protocol_error("invalid multibulk length"))?;
        if count > ANONYMOUS_ARGUMENTS && !authenticated {
            return Err(protocol_error("unauthenticated multibulk length"));
        }
        self.position += line.len() + 2;
        Ok(Some(count))
    }

    /// Decodes a line of words separated by spaces, as typed in `nc`; quotes are not understood.
    fn decode_inline(&mut self, input: &[u8]) -> Result<Option<()>, ProtocolError> {
        let Some(line) = line(&input[self.position..], b"\n") else {
            return too_long(&input[self.position..], "too big inline request");
        };
        let from = self.position;
        self.ranges.extend(words(line).map(|word| from + word.start..from + word.end));
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
                    let byte = if byte.is_ascii_graphic() { char::from(byte) } else { ' ' };
                    return Err(ProtocolError(format!("expected '$', got '{byte}'")));
                }
            }
            let Some(line) = line(rest, b"\r\n") else {
                return too_long(rest, "too big bulk count string").map(|_: Option<()>| false);
            };
            let length = argument_length(&line[1..], authenticated)?;
            let first = line.len() + 2;
            // Behind it comes its line end, which Redis does not look at, either.
            let Some(whole) = Some(first + length + 2).filter(|whole| *whole <= rest.len()) else {
                return Ok(false);
            };
            self.ranges.push(self.position + first..self.position + first + length);
            self.position += whole;
        }
        Ok(true)
    }
}

/// Reads the announced length of an argument and refuses one that is too long, before its bytes arrive.
fn argument_length(digits: &[u8], authenticated: bool) -> Result<usize, ProtocolError> {
    let length = integer(digits).filter(|length| (0..=LONGEST_ARGUMENT).contains(length));
    let length = length.ok_or_else(|| protocol_error("invalid bulk length"))?;
    if length > ANONYMOUS_ARGUMENT_LENGTH && !authenticated {
        return Err(protocol_error("unauthenticated bulk length"));
    }
    usize::try_from(length).map_err(|_| protocol_error("invalid bulk length"))
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
    use crate::fuzz::{Fuzz, assert_clean};

    /// Feeds `input` in pieces of `step` bytes and returns the commands, or the error that ended them.
    fn commands(input: &[u8], step: usize) -> Result<Vec<Vec<Vec<u8>>>, ProtocolError> {
        let (mut decoder, mut buffer, mut found) = (CommandDecoder::default(), BytesMut::new(), Vec::new());
        for piece in input.chunks(step) {
            buffer.extend_from_slice(piece);
            while decoder.decode(&buffer, true)? {
                found.push(decoder.arguments().iter().map(|place| buffer[place.clone()].to_vec()).collect());
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
        let mut decoder = CommandDecoder::default();
        let error = decoder.decode(b"*11\r\n", false).unwrap_err();
        assert_eq!(error, protocol_error("unauthenticated multibulk length"));
        let mut decoder = CommandDecoder::default();
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

    #[test]
    fn fuzz_commands() {
        let words = ["*1\r\n", "*2\r\n", "*-1\r\n", "$1\r\na\r\n", "$0\r\n\r\n", "$3\r\n", "\r\n", "PING\r\n"];
        Fuzz::new("requests", &words).run(|input| {
            let whole = commands(input, input.len().max(1));
            assert_eq!(commands(input, 1), whole);
            if let Err(ProtocolError(text)) = whole {
                assert_clean(&text);
            }
        });
    }
}
