//! A server that follows the test's script: silence, HTTP, garbage, or Redis in a state that is hard to reach.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::resp::{Malformed, parse_command};
use super::{Target, free_listener};

/// What the server does next on a connection.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Closes (FIN, or RST where the client's bytes are unread, as any server does).
    Close,
    /// Sends the bytes.
    Reply(Vec<u8>),
    /// Sends the bytes and closes.
    ReplyThenClose(Vec<u8>),
    /// Resets the connection (RST).
    Reset,
    /// Says nothing.
    Silence,
}

impl Action {
    /// Sends a line: `Action::line("+PONG")`.
    pub(crate) fn line(text: &str) -> Self {
        Self::Reply(format!("{text}\r\n").into_bytes())
    }
}

type OnBytes = dyn Fn(&[u8]) -> Action + Send + Sync;
type OnCommand = dyn Fn(&[String]) -> Action + Send + Sync;

enum Script {
    /// Asked once for each chunk read.
    Bytes(Box<OnBytes>),
    /// Asked once for each command.
    Commands(Box<OnCommand>),
    /// Done on acceptance, whatever the client says.
    Greeting(Action),
}

/// A server on a loopback port of its own. Dropping it ends it and its connections.
pub(crate) struct ScriptedServer {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Seen {
    accepted: usize,
    commands: Vec<Vec<String>>,
}

impl ScriptedServer {
    /// Answers each chunk of bytes, of whatever protocol.
    pub(crate) fn raw(answer: impl Fn(&[u8]) -> Action + Send + Sync + 'static) -> Self {
        Self::start(Script::Bytes(Box::new(answer)))
    }

    /// Answers each command, name first; pipelined commands one by one.
    pub(crate) fn answering(answer: impl Fn(&[String]) -> Action + Send + Sync + 'static) -> Self {
        Self::start(Script::Commands(Box::new(answer)))
    }

    /// Does one thing as soon as a client connects, and then nothing more.
    pub(crate) fn greeting(action: Action) -> Self {
        Self::start(Script::Greeting(action))
    }

    /// Accepts, reads, and never answers.
    pub(crate) fn mute() -> Self {
        Self::raw(|_| Action::Silence)
    }

    /// A web server.
    pub(crate) fn http() -> Self {
        Self::raw(|_| {
            let response =
                "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nbad request\n";
            Action::ReplyThenClose(response.into())
        })
    }

    /// Answers with bytes of no protocol at all.
    pub(crate) fn garbage() -> Self {
        Self::raw(|_| Action::Reply(b"\x00\xff\x17garbage\r\n\r\n".to_vec()))
    }

    /// A Redis that is still loading its data set.
    pub(crate) fn loading() -> Self {
        Self::answering(|_| Action::line("-LOADING Redis is loading the dataset in memory"))
    }

    /// A peer that speaks RESP2 and knows little: PING, SELECT and GET, and neither HELLO nor INFO.
    pub(crate) fn without_hello() -> Self {
        Self::answering(|command| match command[0].to_ascii_uppercase().as_str() {
            "PING" => Action::line("+PONG"),
            "SELECT" => Action::line("+OK"),
            "GET" => Action::line("$-1"),
            _ => {
                let arguments: String = command[1..].iter().map(|a| format!("`{a}`, ")).collect();
                Action::line(&format!("-ERR unknown command `{}`, with args beginning with: {arguments}", command[0]))
            }
        })
    }

    /// A proxy in the manner of Envoy: it answers PING itself, without the argument, passes on GET and SET while `backend`
    /// is true, and refuses everything else in its own words.
    pub(crate) fn envoy_like(backend: &Arc<AtomicBool>) -> Self {
        let backend = Arc::clone(backend);
        let data = Mutex::new(HashMap::new());
        Self::answering(move |command| match command[0].to_ascii_uppercase().as_str() {
            "PING" => Action::line("+PONG"),
            "GET" | "SET" => stored(&data, command, backend.load(Ordering::SeqCst)),
            _ => Action::line(&format!("-unsupported command '{}'", command[0])),
        })
    }

    /// A proxy in the manner of twemproxy: it answers PING itself, passes on GET and SET, and closes the connection on
    /// everything else, PING with an argument included.
    pub(crate) fn twemproxy_like() -> Self {
        let data = Mutex::new(HashMap::new());
        Self::answering(move |command| match (command[0].to_ascii_uppercase().as_str(), command.len()) {
            ("PING", 1) => Action::line("+PONG"),
            ("GET" | "SET", _) => stored(&data, command, true),
            _ => Action::Close,
        })
    }

    /// A Redis that has as many clients as it admits.
    pub(crate) fn max_clients() -> Self {
        let refusal = b"-ERR max number of clients reached\r\n";
        Self::greeting(Action::ReplyThenClose(refusal.to_vec()))
    }

    /// A Redis in protected mode, seen from another machine.
    pub(crate) fn protected() -> Self {
        let refusal = "-DENIED Redis is running in protected mode because protected mode is enabled and no password \
                       is set for the default user. In this mode connections are only accepted from the loopback \
                       interface.\r\n";
        Self::greeting(Action::ReplyThenClose(refusal.into()))
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections accepted so far.
    pub(crate) fn accepted(&self) -> usize {
        self.seen.lock().unwrap().accepted
    }

    /// Commands received so far by a server made with [`Self::answering`].
    pub(crate) fn commands(&self) -> Vec<Vec<String>> {
        self.seen.lock().unwrap().commands.clone()
    }

    fn start(script: Script) -> Self {
        let listener = free_listener();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let (stop, stopped) = oneshot::channel();
        let seen = Arc::<Mutex<Seen>>::default();
        let host = Host { script: Arc::new(script), seen: Arc::clone(&seen) };
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(host.serve(listener, stopped));
        });
        Self { address, seen, stop: Some(stop), thread: Some(thread) }
    }
}

impl Target for ScriptedServer {
    fn url(&self) -> String {
        self.address.url()
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The answer to GET or SET.
fn stored(data: &Mutex<HashMap<String, String>>, command: &[String], backend: bool) -> Action {
    let mut data = data.lock().unwrap();
    match command.get(2) {
        _ if !backend => Action::line("-no upstream host"),
        Some(value) => {
            data.insert(command[1].clone(), value.clone());
            Action::line("+OK")
        }
        None => match data.get(&command[1]) {
            Some(value) => Action::line(&format!("${}\r\n{value}", value.len())),
            None => Action::line("$-1"),
        },
    }
}

/// The side that runs on the server's own thread.
#[derive(Clone)]
struct Host {
    script: Arc<Script>,
    seen: Arc<Mutex<Seen>>,
}

impl Host {
    async fn serve(self, listener: std::net::TcpListener, mut stopped: oneshot::Receiver<()>) {
        let listener = TcpListener::from_std(listener).unwrap();
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                _ = &mut stopped => return,
                Ok((stream, _)) = listener.accept() => {
                    self.seen.lock().unwrap().accepted += 1;
                    let host = self.clone();
                    connections.spawn(async move { host.converse(stream).await });
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }

    /// Goes on until the script or the client ends it.
    async fn converse(&self, mut stream: TcpStream) -> Option<()> {
        if let Script::Greeting(action) = &*self.script {
            stream = perform(action.clone(), stream).await?;
        }
        let mut unread = Vec::new();
        loop {
            let mut chunk = [0; 16 * 1024];
            let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
            unread.extend(&chunk[..count]);
            for action in self.answers(&mut unread) {
                stream = perform(action, stream).await?;
            }
        }
    }

    /// What to do about the bytes read, which are used up as far as they go.
    fn answers(&self, unread: &mut Vec<u8>) -> Vec<Action> {
        match &*self.script {
            Script::Bytes(answer) => vec![answer(&std::mem::take(unread))],
            Script::Commands(answer) => {
                let mut actions = Vec::new();
                loop {
                    match parse_command(unread) {
                        Ok(Some((command, used))) => {
                            unread.drain(..used);
                            if command.is_empty() {
                                continue;
                            }
                            actions.push(answer(&command));
                            self.seen.lock().unwrap().commands.push(command);
                        }
                        Ok(None) => return actions,
                        Err(Malformed) => {
                            let refusal = b"-ERR Protocol error: unbalanced quotes in request\r\n";
                            actions.push(Action::ReplyThenClose(refusal.to_vec()));
                            return actions;
                        }
                    }
                }
            }
            Script::Greeting(_) => {
                unread.clear();
                Vec::new()
            }
        }
    }
}

/// Gives the connection back unless it is over.
async fn perform(action: Action, mut stream: TcpStream) -> Option<TcpStream> {
    match action {
        Action::Close => return None,
        Action::Reply(bytes) => stream.write_all(&bytes).await.ok()?,
        Action::ReplyThenClose(bytes) => {
            stream.write_all(&bytes).await.ok()?;
            return None;
        }
        Action::Reset => {
            stream.set_zero_linger().ok()?;
            return None;
        }
        Action::Silence => {}
    }
    Some(stream)
}
