//! A raw test client: it sends given bytes and compares the bytes of the reply.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::sandbox::Sandbox;

/// A line-based client for readable tests: spaces separate arguments.
pub(super) struct Wire(pub(super) TcpStream);

impl Wire {
    pub(super) fn to(sandbox: &Sandbox) -> Self {
        let stream = TcpStream::connect(sandbox.addr()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self(stream)
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.write_all(bytes).unwrap();
        self
    }

    pub(super) fn command(&mut self, line: &str) -> &mut Self {
        let words: Vec<_> = line.split(' ').collect();
        let mut bytes = format!("*{}\r\n", words.len());
        for word in words {
            bytes.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.send(bytes.as_bytes())
    }

    /// Reads exactly the expected bytes; in `expected`, a space is a line end.
    #[track_caller]
    pub(super) fn expect(&mut self, expected: &str) -> &mut Self {
        let mut bytes = vec![0; expected.replace(' ', "\r\n").replace('~', " ").len()];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.0.read(&mut bytes[filled..]) {
                Ok(0) | Err(_) => break,
                Ok(read) => filled += read,
            }
        }
        let got = String::from_utf8_lossy(&bytes[..filled]).replace(' ', "~").replace("\r\n", " ");
        assert_eq!(got, expected);
        self
    }

    /// Expects these bytes and then the end of the connection.
    #[track_caller]
    pub(super) fn expect_end(&mut self, expected: &str) {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).unwrap();
        let got = String::from_utf8_lossy(&bytes).replace(' ', "~").replace("\r\n", " ");
        assert_eq!(got, expected);
    }

    pub(super) fn id(&mut self) -> u64 {
        self.command("CLIENT ID").number()
    }

    /// Returns the bulk string reply to a command.
    pub(super) fn bulk(&mut self, command: &str) -> String {
        let length = usize::try_from(self.command(command).number()).unwrap();
        let mut bytes = vec![0; length + 2];
        self.0.read_exact(&mut bytes).unwrap();
        bytes.truncate(length);
        String::from_utf8(bytes).unwrap()
    }

    /// Reads the number in a line such as `:7` or `$7`.
    fn number(&mut self) -> u64 {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            line.push(byte[0]);
        }
        std::str::from_utf8(&line[1..line.len() - 2]).unwrap().parse().unwrap()
    }
}
