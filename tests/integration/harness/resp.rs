//! A small RESP2/RESP3 reader and a blocking client on a plain socket. The harness has its own, so that a mistake in
//! a codec or client that the program uses cannot hide itself from the tests.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use socket2::Socket;

const PATIENCE: Duration = Duration::from_secs(10);
/// Longest header line accepted; anything longer is not RESP.
const LINE_LIMIT: usize = 64 * 1024;

/// One RESP value; kinds that no test distinguishes share a variant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// An array or a set.
    Array(Vec<Value>),
    /// A bulk or verbatim string.
    Bulk(Vec<u8>),
    /// An error, simple or bulk, without the leading `-`.
    Error(String),
    Integer(i64),
    /// Keys and values in turn.
    Map(Vec<Value>),
    Null,
    /// An out-of-band message of RESP3.
    Push(Vec<Value>),
    /// A simple string, boolean, double or big number, as written.
    Simple(String),
}

impl Value {
    /// The text of a string or error; the elements of an aggregate, one per line.
    pub(crate) fn text(&self) -> String {
        self.to_string()
    }

    /// A published message, which answers no command.
    pub(crate) fn is_out_of_band(&self) -> bool {
        let (Self::Push(items) | Self::Array(items)) = self else {
            return false;
        };
        let kind = items.first().map(Value::text).unwrap_or_default();
        match self {
            Self::Push(_) => !kind.ends_with("subscribe"),
            _ => matches!(kind.as_str(), "message" | "pmessage" | "smessage"),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Array(items) | Self::Map(items) | Self::Push(items) => {
                let lines: Vec<_> = items.iter().map(Value::text).collect();
                f.write_str(&lines.join("\n"))
            }
            Self::Bulk(bytes) => f.write_str(&String::from_utf8_lossy(bytes)),
            Self::Error(text) | Self::Simple(text) => f.write_str(text),
            Self::Integer(number) => number.fmt(f),
            Self::Null => f.write_str("(nil)"),
        }
    }
}

/// The bytes are not RESP.
#[derive(Debug)]
pub(crate) struct Malformed;

/// A value and the number of bytes it took; `None` when it is not complete yet.
pub(crate) type Parsed<T> = Result<Option<(T, usize)>, Malformed>;

/// The first value in `bytes`.
pub(crate) fn parse(bytes: &[u8]) -> Parsed<Value> {
    let Some((line, start)) = header(bytes)? else {
        return Ok(None);
    };
    let text = || String::from_utf8_lossy(&line[1..]).into_owned();
    let number = || text().parse::<i64>().map_err(|_| Malformed);
    let value = match line.first().ok_or(Malformed)? {
        b'+' | b',' | b'#' | b'(' => Value::Simple(text()),
        b'-' => Value::Error(text()),
        b':' => Value::Integer(number()?),
        b'_' => Value::Null,
        kind @ (b'$' | b'!' | b'=') => return bulk(*kind, number()?, bytes, start),
        kind @ (b'*' | b'~' | b'>' | b'%' | b'|') => {
            return aggregate(*kind, number()?, bytes, start);
        }
        _ => return Err(Malformed),
    };
    Ok(Some((value, start)))
}

fn header(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, Malformed> {
    if bytes.first().is_some_and(|kind| !b"+-:,#(_$!=*~>%|".contains(kind)) {
        return Err(Malformed);
    }
    match bytes.windows(2).take(LINE_LIMIT).position(|pair| pair == b"\r\n") {
        Some(end) => Ok(Some((&bytes[..end], end + 2))),
        None if bytes.len() > LINE_LIMIT => Err(Malformed),
        None => Ok(None),
    }
}

fn bulk(kind: u8, length: i64, bytes: &[u8], start: usize) -> Parsed<Value> {
    if length == -1 {
        return Ok(Some((Value::Null, start)));
    }
    let end = start + usize::try_from(length).map_err(|_| Malformed)?;
    if bytes.len() < end + 2 {
        return Ok(None);
    }
    let body = &bytes[start..end];
    let value = match kind {
        b'!' => Value::Error(String::from_utf8_lossy(body).into_owned()),
        b'=' => Value::Bulk(body.get(4..).unwrap_or_default().to_vec()),
        _ => Value::Bulk(body.to_vec()),
    };
    Ok(Some((value, end + 2)))
}

fn aggregate(kind: u8, length: i64, bytes: &[u8], start: usize) -> Parsed<Value> {
    if length == -1 {
        return Ok(Some((Value::Null, start)));
    }
    let pairs = if matches!(kind, b'%' | b'|') { 2 } else { 1 };
    let mut items = Vec::new();
    let mut at = start;
    for _ in 0..length.max(0) * pairs {
        let Some((item, used)) = parse(&bytes[at..])? else {
            return Ok(None);
        };
        items.push(item);
        at += used;
    }
    let value = match kind {
        b'>' => Value::Push(items),
        b'%' => Value::Map(items),
        // An attribute only adorns the value that follows it.
        b'|' => return Ok(parse(&bytes[at..])?.map(|(value, used)| (value, at + used))),
        _ => Value::Array(items),
    };
    Ok(Some((value, at)))
}

/// The first command in what a client sent (an array of strings, or an inline line), and its length.
pub(crate) fn parse_command(bytes: &[u8]) -> Parsed<Vec<String>> {
    match bytes.first() {
        None => Ok(None),
        Some(b'*') => match parse(bytes)? {
            Some((Value::Array(items), used)) => Ok(Some((items.iter().map(Value::text).collect(), used))),
            Some(_) => Err(Malformed),
            None => Ok(None),
        },
        Some(first) if first.is_ascii_alphabetic() => {
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
                return Ok(None);
            };
            let line = std::str::from_utf8(&bytes[..end]).map_err(|_| Malformed)?;
            Ok(Some((line.split_whitespace().map(str::to_owned).collect(), end + 1)))
        }
        Some(_) => Err(Malformed),
    }
}

/// A command as an array of bulk strings.
pub(crate) fn encode<A: AsRef<[u8]>>(arguments: impl IntoIterator<Item = A>) -> Vec<u8> {
    let mut count = 0;
    let mut body = Vec::new();
    for argument in arguments {
        let argument = argument.as_ref();
        count += 1;
        body.extend(format!("${}\r\n", argument.len()).bytes());
        body.extend(argument);
        body.extend(b"\r\n");
    }
    [format!("*{count}\r\n").into_bytes(), body].concat()
}

/// A blocking connection that sends and reads only what the test asks of it.
pub(crate) struct RawClient {
    stream: Socket,
    buffer: Vec<u8>,
}

impl RawClient {
    /// Connects; reads and writes give up after ten seconds.
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        Self::on(stream.into())
    }

    /// The same over a Unix socket.
    pub(crate) fn connect_unix(path: &Path) -> io::Result<Self> {
        Self::on(UnixStream::connect(path)?.into())
    }

    fn on(stream: Socket) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Changes how long a read waits; past it, reading fails with `WouldBlock` or `TimedOut`.
    pub(crate) fn patience(&self, patience: Duration) {
        self.stream.set_read_timeout(Some(patience)).unwrap();
    }

    /// The client's own end of the connection.
    pub(crate) fn local_address(&self) -> SocketAddr {
        self.stream.local_addr().unwrap().as_socket().unwrap()
    }

    /// Sends a command without waiting for its reply.
    pub(crate) fn send<A: AsRef<[u8]>>(&mut self, arguments: impl IntoIterator<Item = A>) -> io::Result<()> {
        self.send_bytes(&encode(arguments))
    }

    /// Sends bytes as they are.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Ends the stream to the server, and can still read.
    pub(crate) fn finish(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// The next value; the end of the stream is `UnexpectedEof`, what is not RESP is `InvalidData`.
    pub(crate) fn read(&mut self) -> io::Result<Value> {
        loop {
            match parse(&self.buffer) {
                Ok(Some((value, used))) => {
                    self.buffer.drain(..used);
                    return Ok(value);
                }
                Ok(None) => {}
                Err(Malformed) => {
                    let shown = String::from_utf8_lossy(&self.buffer).into_owned();
                    return Err(io::Error::new(io::ErrorKind::InvalidData, shown));
                }
            }
            let mut chunk = [0; 16 * 1024];
            match self.stream.read(&mut chunk)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.buffer.extend(&chunk[..count]),
            }
        }
    }

    /// Sends a command and reads one value.
    pub(crate) fn call<A: AsRef<[u8]>>(&mut self, arguments: impl IntoIterator<Item = A>) -> io::Result<Value> {
        self.send(arguments)?;
        self.read()
    }
}
