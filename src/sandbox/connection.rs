//! One connection: reads requests, has them executed, and writes what is due.
//!
//! All commands that have arrived are executed before anything is written, so a pipeline is answered with one write. Replies
//! and pushes share one queue in the registry, which keeps their order.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::args::Args;
use super::command;
use super::reply::Reply;
use super::state::{ClientId, State};
use crate::resp::CommandDecoder;

/// Maximum length of one read, in bytes.
const READ_SIZE: usize = 16 * 1024;
/// A client that leaves more replies than this unread is not read from until it has caught up, in bytes.
const UNREAD_REPLIES: usize = 4 * 1024 * 1024;
/// A request that is longer than this in total ends the connection: `client-query-buffer-limit`.
const LONGEST_REQUEST: usize = 20 * 1024 * 1024;

/// Serves one client until either side ends the connection.
pub(super) async fn serve(stream: TcpStream, id: ClientId, wake: Rc<Notify>, state: Rc<RefCell<State>>) {
    let mut connection = Connection {
        decoder: CommandDecoder::default(),
        id,
        input: BytesMut::new(),
        held: false,
        postponed: false,
        state,
        stream,
    };
    // To a server, a connection that breaks and one that is closed are the same.
    let _ = connection.run(&wake).await;
    let mut state = connection.state.borrow_mut();
    state.with_client(id, command::forget);
    state.disconnect(id);
}

struct Connection {
    decoder: CommandDecoder,
    id: ClientId,
    input: BytesMut,
    /// Commands have arrived that wait until the client has read its replies.
    held: bool,
    /// A command has arrived that waits for the end of a pause.
    postponed: bool,
    state: Rc<RefCell<State>>,
    stream: TcpStream,
}

/// The events that a connection waits for.
struct Due {
    reading: bool,
    writing: bool,
}

impl Connection {
    async fn run(&mut self, wake: &Notify) -> io::Result<()> {
        loop {
            let Some(due) = self.flush()? else {
                return Ok(());
            };
            let pause = self.pause();
            if (self.held || self.postponed && pause.is_none()) && due.reading {
                self.execute(0);
                continue;
            }
            tokio::select! {
                () = wake.notified() => {}
                () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
                ready = self.stream.readable(), if due.reading && !self.postponed => {
                    ready?;
                    if !self.receive()? {
                        return Ok(());
                    }
                    self.flush()?;
                    // A client that always has another request ready must not keep subscribers from their messages.
                    tokio::task::yield_now().await;
                }
                ready = self.stream.writable(), if due.writing => ready?,
            }
        }
    }

    /// Returns the rest of a pause, if a command waits for its end.
    fn pause(&self) -> Option<Duration> {
        let state = self.state.borrow();
        let pause = state.pause().filter(|_| self.postponed)?;
        Some(pause.until.saturating_sub(state.time.elapsed()))
    }

    /// Writes what the socket takes, and returns what is to be done next; `None` when the connection is to be closed.
    fn flush(&mut self) -> io::Result<Option<Due>> {
        let mut state = self.state.borrow_mut();
        let State { clients, stats, .. } = &mut *state;
        let Some(client) = clients.get_mut(&self.id) else {
            return Ok(None);
        };
        while !client.out.is_empty() {
            match self.stream.try_write(&client.out) {
                Ok(written) => {
                    client.out.advance(written);
                    stats.bytes_out += written as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let due =
            Due { reading: !client.closing && client.out.len() <= UNREAD_REPLIES, writing: !client.out.is_empty() };
        Ok((due.reading || due.writing).then_some(due))
    }

    /// Reads what there is and executes it; `false` at the end of the stream.
    fn receive(&mut self) -> io::Result<bool> {
        self.input.reserve(READ_SIZE);
        match self.stream.try_read_buf(&mut self.input) {
            Ok(0) => return Ok(false),
            Ok(read) => self.execute(read),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(self.input.len() <= LONGEST_REQUEST)
    }

    fn execute(&mut self, read: usize) {
        let mut state = self.state.borrow_mut();
        let now = state.time.elapsed();
        state.stats.bytes_in += read as u64;
        let Self { decoder, input, held, postponed, .. } = self;
        state.with_client(self.id, |state, client| {
            client.active_at = now;
            client.unread = input.len();
            *held = false;
            while !client.closing {
                *held = client.out.len() > UNREAD_REPLIES;
                if *held {
                    break;
                }
                let decoded =
                    if std::mem::take(postponed) { Ok(true) } else { decoder.decode(input, client.authenticated) };
                match decoded {
                    Ok(true) if command::is_paused(state, Args::new(input, decoder.arguments())) => {
                        *postponed = true;
                        return;
                    }
                    Ok(true) => command::execute(state, client, Args::new(input, decoder.arguments())),
                    Ok(false) => break,
                    Err(error) => {
                        client.closing = true;
                        state.finish(client, Reply::error(format!("ERR Protocol error: {}", error.0)));
                    }
                }
            }
            decoder.discard(input);
            client.unread = input.len();
        });
    }
}
