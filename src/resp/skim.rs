//! Recognizes common values that are complete in one chunk, without the state of a [`Framer`](super::Framer). What it
//! does not recognize is left to the framer, so a miss costs time and nothing else.

/// Counts the commands at the front of `input`, up to one that is not `ordinary` by its name and
/// its bytes, and their bytes.
pub(crate) fn commands(input: &[u8], mut ordinary: impl FnMut(&[u8], &[u8]) -> bool) -> (u64, usize) {
    let (mut count, mut at) = (0, 0);
    while let Some((length, name)) = command(&input[at..])
        && ordinary(name, &input[at..at + length])
    {
        (count, at) = (count + 1, at + length);
    }
    (count, at)
}

/// Counts the replies at the front of `input` that are neither aggregates nor errors, and their bytes;
/// `take` gets each.
pub(crate) fn replies(input: &[u8], mut take: impl FnMut(&[u8])) -> (u64, usize) {
    let (mut count, mut at) = (0, 0);
    while let Some(length) = reply(&input[at..]) {
        take(&input[at..at + length]);
        (count, at) = (count + 1, at + length);
    }
    (count, at)
}

/// Returns the length and the name of the command at the front of `input`, an array of bulk strings.
fn command(input: &[u8]) -> Option<(usize, &[u8])> {
    let (elements, mut at) = header(input, b'*')?;
    let mut name: Option<&[u8]> = None;
    for _ in 0..elements {
        let (length, used) = header(input.get(at..)?, b'$')?;
        let begin = at + used;
        // Behind it comes its line end.
        at = begin + length + 2;
        let word = input.get(begin..at)?;
        name.get_or_insert(&word[..length]);
    }
    Some((at, name?))
}

/// Returns the length of the reply at the front of `input`, if it is neither an aggregate nor an error.
fn reply(input: &[u8]) -> Option<usize> {
    let kind = *input.first()?;
    match kind {
        b'+' | b':' | b'_' | b',' | b'#' | b'(' => {
            let end = input.iter().position(|byte| *byte == b'\n')?;
            (input[end - 1] == b'\r').then_some(end + 1)
        }
        b'$' | b'=' => {
            let (length, used) = header(input, kind)?;
            let whole = used + length + 2;
            (whole <= input.len()).then_some(whole)
        }
        _ => None,
    }
}

/// Reads a header line, `kind` and a plain number below 10^9; returns the number and the length of the line.
#[inline]
fn header(input: &[u8], kind: u8) -> Option<(usize, usize)> {
    match input {
        // Most counts and lengths have one digit.
        [first, digit @ b'0'..=b'9', b'\r', b'\n', ..] if *first == kind => Some((usize::from(digit - b'0'), 4)),
        [first, ..] if *first == kind => long_header(input),
        _ => None,
    }
}

/// The same for any number of digits.
fn long_header(input: &[u8]) -> Option<(usize, usize)> {
    let (mut value, mut at) = (0, 1);
    loop {
        match *input.get(at)? {
            // A zero in front is not a number to Redis.
            b'0' if at == 1 => return None,
            digit @ b'0'..=b'9' if at < 10 => value = value * 10 + usize::from(digit - b'0'),
            b'\r' if at > 1 => break,
            _ => return None,
        }
        at += 1;
    }
    (*input.get(at + 1)? == b'\n').then_some((value, at + 2))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{Framer, Speaker, Step},
        *,
    };

    /// The length and the first word of the first value, by the framer; `None` if it is incomplete or not RESP.
    fn scanned(speaker: Speaker, input: &[u8]) -> Option<(usize, Vec<u8>)> {
        let (mut framer, mut at) = (Framer::new(speaker), 0);
        loop {
            let (used, step) = framer.advance(&input[at..]).ok()?;
            at += used;
            match step {
                Step::Complete => return Some((at, framer.words().first().cloned().unwrap_or_default())),
                Step::More => return None,
                Step::Named => {}
            }
        }
    }

    #[test]
    fn the_common_forms_are_recognised_and_no_others() {
        assert_eq!(command(b"*2\r\n$3\r\nGET\r\n$0\r\n\r\n*1"), Some((19, &b"GET"[..])));
        for other in [&b"PING\r\n"[..], b"*0\r\n", b"*1\r\n$-1\r\n", b"*1\r\n$4\r\nPING\r", b"*1\r\n:1\r\n", b""] {
            assert_eq!(command(other), None, "{}", other.escape_ascii());
        }
        for (input, length) in [(&b"+OK\r\nx"[..], 5), (b"$2\r\n\r\n\r\n$", 8), (b":1\r\n", 4)] {
            assert_eq!(reply(input), Some(length), "{}", input.escape_ascii());
        }
        for other in
            [&b"*1\r\n:1\r\n"[..], b"$-1\r\n", b"-E x\r\n", b">1\r\n+a\r\n", b"+OK\n", b"+", b"$5\r\nabcde\r", b""]
        {
            assert_eq!(reply(other), None, "{}", other.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn what_is_recognised_is_what_the_scanner_finds(
            parts in prop::collection::vec(
                prop_oneof![
                    prop::sample::select(vec![
                        "*1\r\n", "*2\r\n", "*10\r\n", "*", "$", "$1\r\n", "$4\r\nPING\r\n", "$0\r\n\r\n", "$-1\r\n", "+OK\r\n",
                        ":7\r\n", "-ERR a\r\n", "*1\r\n$4\r\nPING\r\n", "*2\r\n$3\r\nGET\r\n$1\r\na\r\n", "*2\r\n$3\r\nGET\r\n", "_\r\n", "\r", "\n", "\r\n", "0", "12", "=8\r\ntxt:abcd\r\n", "%1\r\n",
                    ]).prop_map(|text| text.as_bytes().to_vec()),
                    prop::collection::vec(any::<u8>(), 0..4),
                ],
                0..8,
            ),
        ) {
            let input = parts.concat();
            if let Some((length, name)) = command(&input) {
                prop_assert_eq!(scanned(Speaker::Client, &input), Some((length, name.to_vec())));
            }
            if let Some(length) = reply(&input) {
                prop_assert_eq!(scanned(Speaker::Server, &input).map(|(length, _)| length), Some(length));
            }
        }
    }
}
