//! A minimal RESP client over a raw stream, for the path probe: HELLO, AUTH, SELECT, INFO, PING.
//!
//! A reply is decoded only when it is complete, so its size is known before it takes more memory than its bytes.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf as _, BytesMut};
use redis::{ErrorKind, RedisError, Value};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::{
    identity,
    reply::{Reply, Settings, Text, text},
};
use crate::{
    classify::{ErrorClass, Failure, Origin, Stage, client},
    clock::within,
    event::ServerIdentity,
    foreign::Foreign,
    plan::{Secret, Target},
    resp::{Framer, Speaker, Step},
    units::{bytes, span},
};

/// Bytes kept from the start of the stream, to recognize another protocol.
const HEAD: usize = 96;

/// Longest reply, in bytes. The list of two thousand clients has one megabyte.
const LONGEST: usize = 2 * 1024 * 1024;

/// Most elements of a reply with all that is nested in it: each takes a hundred times the memory of its bytes.
const ELEMENTS: u64 = 64 * 1024;

/// Minimum room for a read, in bytes.
const READ: usize = 4 * 1024;

/// A byte stream to a server.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A RESP connection to a server over TCP, TLS or a unix socket.
pub(crate) struct RespStream<S = Box<dyn Stream>> {
    stream: Headed<S>,
    /// Bytes received that belong to no reply yet.
    received: BytesMut,
    /// Timeout of each reply; a caller can have a shorter one.
    limit: Duration,
    /// The server has answered in RESP: a later error is not caused by another protocol.
    understood: bool,
}

impl<S: Stream> RespStream<S> {
    pub(crate) fn new(stream: S, limit: Duration) -> Self {
        let stream = Headed { inner: stream, head: Vec::new() };
        Self { stream, received: BytesMut::new(), limit, understood: false }
    }

    /// Sends `HELLO 3`, with the credentials if there are any.
    pub(crate) async fn hello(
        &mut self,
        target: &Target,
        password: Option<&Secret>,
    ) -> Result<ServerIdentity, Failure> {
        let mut hello = redis::cmd("HELLO");
        hello.arg(3);
        if let Some(password) = password {
            let user = target.user.as_deref().unwrap_or("default");
            hello.arg("AUTH").arg(user).arg(password.reveal());
        }
        self.send(Stage::Hello, &hello).await.map(|reply| identity::from_hello(&reply))
    }

    /// Sends `AUTH` if there are credentials.
    pub(crate) async fn auth(&mut self, target: &Target, password: Option<&Secret>) -> Result<(), Failure> {
        let Some(password) = password else {
            return Ok(());
        };
        let mut auth = redis::cmd("AUTH");
        if let Some(user) = &target.user {
            auth.arg(user);
        }
        auth.arg(password.reveal());
        self.send(Stage::Hello, &auth).await.map(drop)
    }

    /// Sends `SELECT`, unless the database is 0.
    pub(crate) async fn select(&mut self, db: i64) -> Result<(), Failure> {
        if db == 0 {
            return Ok(());
        }
        self.send(Stage::Hello, redis::cmd("SELECT").arg(db)).await.map(drop)
    }

    pub(crate) async fn ping(&mut self) -> Result<(), Failure> {
        self.send(Stage::Command, &redis::cmd("PING")).await.map(drop)
    }

    /// Returns product and version from `INFO server`.
    pub(crate) async fn describe(&mut self) -> Result<ServerIdentity, Failure> {
        let reply = self.send(Stage::Hello, redis::cmd("INFO").arg("server")).await?;
        Ok(text(&reply).map(|info| identity::from_info(info.part())).unwrap_or_default())
    }

    /// Reads a key that does not exist, and that no workload writes. A proxy answers PING itself, but GET only with a server
    /// behind it: nil, or NOPERM and other code words of a server.
    pub(crate) async fn reach_backend(&mut self) -> Result<(), Failure> {
        match self.command(&["GET", "redis-doctor:backend"]).await {
            Err(failure) if !matches!(failure.key.class, ErrorClass::NoPerm | ErrorClass::Moved) => Err(failure),
            _ => Ok(()),
        }
    }

    /// Sends a command given as words, such as `["CONFIG", "GET", "timeout"]`.
    pub(crate) async fn command(&mut self, words: &[&str]) -> Result<Value, Failure> {
        let mut command = redis::Cmd::new();
        words.iter().for_each(|word| _ = command.arg(word));
        self.send(Stage::Command, &command).await
    }

    /// Returns a field of a section of INFO; `None` if it is forbidden or absent.
    pub(crate) async fn info(&mut self, section: &str, field: &str) -> Option<Foreign> {
        text(&self.command(&["INFO", section]).await.ok()?)?.part().info().shown(field)
    }

    /// Returns a setting by name; `None` if the server has no such setting.
    pub(crate) async fn setting(&mut self, name: &str) -> Result<Option<Text>, Failure> {
        let reply = self.command(&["CONFIG", "GET", name]).await?;
        Ok(Settings::read(reply).and_then(|mut settings| settings.remove(name)))
    }

    /// Waits for unsolicited input: bytes (their number), the end of the stream (0), or an error; `None` if nothing comes
    /// within `limit`.
    pub(crate) async fn unsolicited(&mut self, limit: Duration) -> Option<io::Result<usize>> {
        within(limit, self.stream.read(&mut [0; HEAD])).await
    }

    /// Reads the next push of the server: a message for a subscriber.
    pub(crate) async fn pushed(&mut self) -> Result<Value, Failure> {
        self.receive(Stage::Subscribe, Ok(())).await
    }

    async fn send(&mut self, stage: Stage, command: &redis::Cmd) -> Result<Value, Failure> {
        let sent = within(self.limit, self.stream.inner.write_all(&command.get_packed_command())).await;
        self.receive(stage, sent.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))).await
    }

    async fn receive(&mut self, stage: Stage, sent: io::Result<()>) -> Result<Value, Failure> {
        // Even if writing fails there may be a last line to read: a server at its limit speaks first, then closes.
        let Some(reply) = within(self.limit, read(&mut self.stream, &mut self.received)).await else {
            let text = format!("no reply within {}", span(self.limit));
            return Err(Failure::doctor(ErrorClass::ResponseTimeout, stage, text));
        };
        let value = match reply {
            Ok(value) => value.extract_error(),
            Err(Unread::Failed(error)) => Err(error),
            Err(Unread::TooLarge) => {
                let text = format!("the reply has more than {} or {ELEMENTS} elements", bytes(LONGEST as u64));
                return Err(Failure::doctor(ErrorClass::ReplyTooLarge, stage, text));
            }
        };
        match value {
            Ok(value) => {
                self.understood = true;
                Ok(value)
            }
            Err(error) => {
                let failure = client::failure(stage, &error);
                let silent = self.understood || self.stream.head.is_empty();
                Err(match sent {
                    Err(write) if silent && failure.key.errno.is_none() && !failure.key.class.is_tls() => {
                        Failure::io(stage, &write)
                    }
                    _ => self.interpret(stage, failure),
                })
            }
        }
    }

    /// Explains the failure if the other side does not speak RESP.
    fn interpret(&self, stage: Stage, failure: Failure) -> Failure {
        if failure.key.origin == Origin::Server || failure.key.class.is_tls() || self.understood {
            return failure;
        }
        let head = &self.stream.head;
        let first_line = head.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
        let (class, text) = match head.first() {
            None if failure.key.errno.is_none() => {
                (ErrorClass::ConnectionClosed, "the connection was accepted, then closed without a reply".into())
            }
            None if failure.key.class == ErrorClass::Reset => (
                ErrorClass::Reset,
                format!("the connection was accepted, then reset without a reply: {}", failure.text).into(),
            ),
            None => return failure,
            // A TLS alert record: content type 21, version 3.x (RFC 8446 section 5.1).
            Some(0x15) => (ErrorClass::Tls, "the port speaks TLS; use rediss:// instead of redis://".into()),
            Some(_) if head.starts_with(b"HTTP/") => {
                let line = Foreign::from_bytes(first_line);
                (ErrorClass::ProtocolGarbage, format!("an HTTP server answers on this port: {line}").into())
            }
            Some(_) => {
                let shown = Foreign::new(&crate::plan::Name::from(head.as_slice()).to_string());
                (ErrorClass::ProtocolGarbage, format!("not a reply in the Redis protocol: {shown}").into())
            }
        };
        let mut failure = failure;
        failure.key.class = class;
        failure.key.stage = stage;
        if failure.key.errno.is_none() {
            // redis-doctor's interpretation of the bytes, not the library's.
            failure.key.origin = Origin::Doctor;
        }
        failure.text = text;
        failure
    }
}

/// The reason why there is no reply.
enum Unread {
    Failed(RedisError),
    TooLarge,
}

/// Reads the next reply; what follows it stays in `received`.
async fn read<S: Stream>(stream: &mut Headed<S>, received: &mut BytesMut) -> Result<Value, Unread> {
    let mut framer = Framer::new(Speaker::Server);
    let mut scanned = 0;
    loop {
        while scanned < received.len() {
            let garbage = |_| Unread::Failed((ErrorKind::Parse, "not a reply in the Redis protocol").into());
            let (length, step) = framer.advance(&received[scanned..]).map_err(garbage)?;
            scanned += length;
            if scanned > LONGEST || framer.items() > ELEMENTS {
                return Err(Unread::TooLarge);
            }
            if step == Step::Complete {
                let reply = redis::parse_redis_value(&received[..scanned]);
                received.advance(scanned);
                return reply.map_err(Unread::Failed);
            }
        }
        received.reserve(READ);
        let read = stream.read_buf(received).await.map_err(|error| Unread::Failed(error.into()))?;
        if read == 0 {
            return Err(Unread::Failed(io::Error::from(io::ErrorKind::UnexpectedEof).into()));
        }
    }
}

/// A stream that keeps the first bytes it read.
struct Headed<S> {
    inner: S,
    head: Vec<u8>,
}

impl<S: Stream> AsyncRead for Headed<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let result = Pin::new(&mut this.inner).poll_read(cx, buffer);
        let room = HEAD - this.head.len();
        let new = &buffer.filled()[before..];
        this.head.extend_from_slice(&new[..new.len().min(room)]);
        result
    }
}
