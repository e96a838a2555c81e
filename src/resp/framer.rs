//! Finds where values begin and end in a stream of RESP2 or RESP3, without keeping them. The scan can stop and resume at
//! any byte.

use super::{LONGEST_LINE, integer, words};

/// The bytes are not RESP (TLS, for instance).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotResp;

/// The result of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The input is used up inside a value.
    More,
    /// The first word of an array is complete, and the value is not.
    Named,
    /// A value is complete.
    Complete,
}

/// Words kept of a command.
const WORDS: usize = 16;
/// Bytes kept of a word.
const WORD: usize = 512;

/// The side of a conversation that a stream carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// Arrays of bulk strings, or lines typed by hand.
    Client,
    /// Any value.
    Server,
}

/// A place in a stream.
#[derive(Debug)]
pub(crate) struct Framer {
    speaker: Speaker,
    /// Elements still to come of each open aggregate, from the outside in.
    open: Vec<u64>,
    /// Bytes of a bulk string still to come, with its line end.
    skip: u64,
    /// A header line so far, when it came in pieces.
    line: Vec<u8>,
    /// The first byte of the value.
    kind: u8,
    /// Elements of the outermost aggregate; 1 for a scalar.
    elements: u64,
    /// Elements so far, with those of nested aggregates.
    items: u64,
    words: Vec<Vec<u8>>,
    /// Number of `words` in use.
    count: usize,
    /// No more words are kept.
    full: bool,
    inside: bool,
    named: bool,
}

impl Framer {
    pub(crate) fn new(speaker: Speaker) -> Self {
        Self {
            speaker,
            open: Vec::new(),
            skip: 0,
            line: Vec::new(),
            kind: 0,
            elements: 0,
            items: 0,
            words: Vec::new(),
            count: 0,
            full: false,
            inside: false,
            named: false,
        }
    }

    /// True if the next byte begins a value.
    pub(crate) fn at_boundary(&self) -> bool {
        !self.inside
    }

    /// The first byte of the present value, or of the last when it is complete.
    pub(crate) fn kind(&self) -> u8 {
        self.kind
    }

    /// Elements of its outermost aggregate.
    pub(crate) fn elements(&self) -> u64 {
        self.elements
    }

    /// Elements of the value so far, with those of nested aggregates.
    pub(crate) fn items(&self) -> u64 {
        self.items
    }

    /// Its first words, each cut off where it gets long.
    pub(crate) fn words(&self) -> &[Vec<u8>] {
        &self.words[..self.count]
    }

    /// Continues to the next step, and returns the number of bytes of `input` that it consumed.
    pub(crate) fn advance(&mut self, input: &[u8]) -> Result<(usize, Step), NotResp> {
        if !self.inside && !input.is_empty() {
            self.begin(input[0])?;
        }
        let mut at = 0;
        while at < input.len() {
            let done = if self.skip > 0 { self.body(input, &mut at) } else { self.header(input, &mut at)? };
            if done && self.item_done() {
                self.inside = false;
                return Ok((at, Step::Complete));
            }
            if !self.named && self.count > 0 && self.skip == 0 && self.line.is_empty() {
                self.named = true;
                return Ok((at, Step::Named));
            }
        }
        Ok((at, Step::More))
    }

    fn begin(&mut self, first: u8) -> Result<(), NotResp> {
        let known = match self.speaker {
            Speaker::Client => first == b'*' || first.is_ascii_alphabetic() || b"\r\n \"'".contains(&first),
            Speaker::Server => b"+-:$*_,#(!=%~>|".contains(&first),
        };
        if !known {
            return Err(NotResp);
        }
        (self.kind, self.elements, self.items, self.count) = (first, 1, 0, 0);
        (self.full, self.inside, self.named) = (false, true, false);
        Ok(())
    }

    /// Passes over a bulk string; true if it is complete.
    fn body(&mut self, input: &[u8], at: &mut usize) -> bool {
        let here = &input[*at..];
        let taken = usize::try_from(self.skip).unwrap_or(usize::MAX).min(here.len());
        // The last two bytes are its line end.
        let text = usize::try_from(self.skip.saturating_sub(2)).unwrap_or(usize::MAX).min(taken);
        if let Some(word) = self.count.checked_sub(1).and_then(|last| self.words.get_mut(last)).filter(|_| !self.full) {
            let room = WORD.saturating_sub(word.len());
            word.extend_from_slice(&here[..text.min(room)]);
        }
        *at += taken;
        self.skip -= taken as u64;
        self.skip == 0
    }

    /// Reads a header line; true if it was a whole item.
    fn header(&mut self, input: &[u8], at: &mut usize) -> Result<bool, NotResp> {
        let here = &input[*at..];
        let Some(end) = here.iter().position(|byte| *byte == b'\n') else {
            self.line.extend_from_slice(here);
            *at = input.len();
            return if self.line.len() > LONGEST_LINE { Err(NotResp) } else { Ok(false) };
        };
        *at += end + 1;
        if self.line.is_empty() {
            return self.item(&here[..=end]);
        }
        let mut line = std::mem::take(&mut self.line);
        line.extend_from_slice(&here[..=end]);
        let whole = self.item(&line);
        line.clear();
        self.line = line;
        whole
    }

    fn item(&mut self, line: &[u8]) -> Result<bool, NotResp> {
        if self.speaker == Speaker::Client && self.open.is_empty() && line[0] != b'*' {
            return self.inline(line);
        }
        self.items += 1;
        let text = line.strip_suffix(b"\r\n").ok_or(NotResp)?;
        let (kind, rest) = text.split_first().ok_or(NotResp)?;
        match kind {
            b'$' | b'!' | b'=' => match integer(rest).ok_or(NotResp)? {
                -1 => Ok(true),
                length => {
                    self.skip = u64::try_from(length).map_err(|_| NotResp)? + 2;
                    self.word(b"");
                    Ok(false)
                }
            },
            b'*' | b'~' | b'>' | b'%' | b'|' => self.aggregate(*kind, integer(rest).ok_or(NotResp)?),
            b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' if self.speaker == Speaker::Server => {
                self.word(rest);
                Ok(true)
            }
            _ => Err(NotResp),
        }
    }

    fn aggregate(&mut self, kind: u8, length: i64) -> Result<bool, NotResp> {
        let items = match (kind, u64::try_from(length)) {
            (b'*', Err(_)) if length == -1 => 0,
            (_, Err(_)) => return Err(NotResp),
            (b'%', Ok(pairs)) => pairs.saturating_mul(2),
            // An attribute only adorns the value that follows it.
            (b'|', Ok(pairs)) => pairs.saturating_mul(2).saturating_add(1),
            (_, Ok(items)) => items,
        };
        if self.open.is_empty() {
            self.elements = items;
        }
        if items == 0 {
            return Ok(true);
        }
        if self.open.len() > 128 {
            return Err(NotResp);
        }
        self.open.push(items);
        Ok(false)
    }

    /// Reads a line of words, as typed in `nc`.
    fn inline(&mut self, line: &[u8]) -> Result<bool, NotResp> {
        self.elements = 0;
        for place in words(line) {
            self.elements += 1;
            self.word(&line[place]);
        }
        Ok(true)
    }

    fn word(&mut self, text: &[u8]) {
        // A reply is known by its first word; that of a subscription is followed by the channel.
        let most = if self.speaker == Speaker::Client { WORDS } else { 2 };
        if self.count >= most {
            self.full = true;
            return;
        }
        if self.words.len() == self.count {
            self.words.push(Vec::new());
        }
        let word = &mut self.words[self.count];
        word.clear();
        word.extend_from_slice(&text[..text.len().min(WORD)]);
        self.count += 1;
    }

    /// Ends an item; true if that ends the outermost value.
    fn item_done(&mut self) -> bool {
        while let Some(left) = self.open.last_mut() {
            *left -= 1;
            if *left > 0 {
                return false;
            }
            self.open.pop();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{Fuzz, pieces};

    /// The lengths of the values in `input`, fed in pieces of `step` bytes, each with its first words.
    fn values(speaker: Speaker, input: &[u8], step: usize) -> Result<Vec<(usize, Vec<String>)>, NotResp> {
        let mut framer = Framer::new(speaker);
        let (mut found, mut length) = (Vec::new(), 0);
        for mut piece in input.chunks(step) {
            while !piece.is_empty() {
                let (used, step) = framer.advance(piece)?;
                length += used;
                piece = &piece[used..];
                if step == Step::Complete {
                    let words = framer.words().iter().map(|word| String::from_utf8_lossy(word).into_owned());
                    found.push((length, words.collect()));
                    length = 0;
                }
            }
        }
        Ok(found)
    }

    #[test]
    fn values_end_where_they_end_however_they_arrive() {
        let replies: &[&[u8]] = &[
            b"+OK\r\n",
            b"$-1\r\n",
            b"$0\r\n\r\n",
            b"$4\r\na\r\nb\r\n",
            b"*-1\r\n",
            b"*0\r\n",
            b"*2\r\n*1\r\n:1\r\n$1\r\nx\r\n",
            b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n",
            b"%1\r\n+a\r\n*2\r\n_\r\n#t\r\n",
            b"|1\r\n+ttl\r\n:3600\r\n*1\r\n,1.5\r\n",
            b"=8\r\ntxt:abcd\r\n",
            b"-ERR x\r\n",
        ];
        let input = replies.concat();
        let expected: Vec<usize> = replies.iter().map(|reply| reply.len()).collect();
        for step in 1..=input.len() {
            let found = values(Speaker::Server, &input, step).unwrap();
            assert_eq!(found.iter().map(|(length, _)| *length).collect::<Vec<_>>(), expected, "in pieces of {step}");
            assert_eq!(found[7].1, ["message", "c"]);
        }
    }

    #[test]
    fn requests_are_known_by_their_first_word() {
        let input = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING  a\r\n\r\n*0\r\n*1\r\n$4\r\nQUIT\r\n";
        for step in 1..=input.len() {
            let found = values(Speaker::Client, input, step).unwrap();
            let words: Vec<_> = found.into_iter().map(|(_, words)| words.join(" ")).collect();
            assert_eq!(words, ["GET k", "PING a", "", "", "QUIT"], "in pieces of {step}");
        }
        let mut framer = Framer::new(Speaker::Client);
        assert_eq!(framer.advance(b"*2\r\n$3\r\nGET\r\n$1000000\r\nx"), Ok((13, Step::Named)));
        assert_eq!((framer.words()[0].as_slice(), framer.elements()), (b"GET".as_slice(), 2));
        assert_eq!(framer.advance(b"$1000000\r\nx"), Ok((11, Step::More)));
    }

    #[test]
    fn what_is_not_resp_is_refused_at_its_first_byte_or_line() {
        assert_eq!(Framer::new(Speaker::Client).advance(b"\x16\x03\x01"), Err(NotResp));
        assert_eq!(Framer::new(Speaker::Server).advance(b"HTTP/1.1 200 OK\r\n"), Err(NotResp));
        assert_eq!(values(Speaker::Server, b"$x\r\n", 1), Err(NotResp));
        assert_eq!(values(Speaker::Server, b"*?\r\n", 1), Err(NotResp));
    }

    /// The length and the words of a value.
    type Scanned = (usize, Vec<Vec<u8>>);

    /// The values of a stream that is cut at any place; false if it ends because it is not RESP.
    fn scanned<'a>(speaker: Speaker, pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Scanned>, bool) {
        let (mut framer, mut found, mut length) = (Framer::new(speaker), Vec::new(), 0);
        for mut piece in pieces {
            while !piece.is_empty() {
                let Ok((used, step)) = framer.advance(piece) else { return (found, false) };
                assert!(used <= piece.len() && (used > 0 || step == Step::Named));
                length += used;
                piece = &piece[used..];
                if step == Step::Complete {
                    found.push((std::mem::take(&mut length), framer.words().to_vec()));
                }
            }
        }
        (found, true)
    }

    #[test]
    fn fuzz_streams() {
        let words = ["*2\r\n", "$3\r\n", "+", "-", "%1\r\n", ">1\r\n", "|1\r\n", "*-1\r\n", "$-1\r\n", "\r\n"];
        for (name, speaker) in [("replies", Speaker::Server), ("requests", Speaker::Client)] {
            Fuzz::new(name, &words).run(|input| {
                let whole = scanned(speaker, std::iter::once(input));
                assert_eq!(scanned(speaker, pieces(input)), whole);
                assert!(
                    whole
                        .0
                        .iter()
                        .all(|(_, words)| words.len() <= WORDS && words.iter().all(|word| word.len() <= WORD))
                );
            });
        }
    }
}
