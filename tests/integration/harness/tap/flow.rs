//! One relayed connection: bytes both ways, with a look at each before it goes on.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::time::Instant;

use super::super::resp::{Malformed, Parsed, parse, parse_command};
use super::{Done, InFlight, Mode, Shared, close_in_order, reset, shut_down_writing};

/// Bytes waiting in one direction before the relay stops reading more: a slow reader must slow its writer down.
const QUEUE_LIMIT: usize = 256 * 1024;

/// What can be done to a connection from outside.
#[derive(Clone)]
pub(super) enum FlowOrder {
    Close,
    Forget,
    HalfClose,
    Inject(Vec<u8>),
    InjectToServer(Vec<u8>),
    Reset,
    ResetClient,
}

/// How a connection ends.
enum End {
    /// FIN on both sides.
    Close,
    /// The sockets are closed as they are.
    Drop,
    /// RST on both sides.
    Reset,
    /// RST to the client; the server is left in the belief that it is connected.
    ResetClient,
}

pub(super) struct Flow {
    id: u64,
    mode: watch::Receiver<Mode>,
    shared: Arc<Shared>,
    inbox: UnboundedReceiver<(FlowOrder, Done)>,
    /// To be sent once the reset in flight has happened.
    report: Option<(Sender<InFlight>, InFlight)>,
    forgotten: bool,
    client_open: bool,
    server_open: bool,
    /// The client has been sent FIN; nothing can follow.
    client_told: bool,
    server_told: bool,
    to_server: Vec<u8>,
    to_client: Vec<u8>,
    /// Read from the server, kept until its time.
    held: VecDeque<(Instant, Vec<u8>)>,
    first_reply: Option<Vec<u8>>,
    /// What has come of the reply to be replaced.
    first_reply_part: Vec<u8>,
    requests: Framing,
    replies: Framing,
    /// Replies that the commands so far call for, less those passed on.
    outstanding: u64,
    /// Replies read from the server and not passed on.
    withheld: u64,
    /// Commands of a workload.
    probes: u64,
}

/// Commands of redis-doctor's workloads. A connection that only looks at the server sends one PING at most.
const WORKLOAD: [&str; 4] = ["PING", "SET", "GET", "PUBLISH"];

impl Flow {
    pub(super) fn new(
        id: u64,
        mode: watch::Receiver<Mode>,
        shared: Arc<Shared>,
        inbox: UnboundedReceiver<(FlowOrder, Done)>,
    ) -> Self {
        let first_reply = mode.borrow().first_reply.clone();
        Self {
            id,
            mode,
            shared,
            inbox,
            report: None,
            forgotten: false,
            client_open: true,
            server_open: true,
            client_told: false,
            server_told: false,
            to_server: Vec::new(),
            to_client: Vec::new(),
            held: VecDeque::new(),
            first_reply,
            first_reply_part: Vec::new(),
            requests: Framing::default(),
            replies: Framing::default(),
            outstanding: 0,
            withheld: 0,
            probes: 0,
        }
    }

    /// Relays until an end.
    pub(super) async fn run(mut self, client: TcpStream, server: SocketAddr) {
        drop(client.set_nodelay(true));
        let server = match self.dial(server).await {
            Ok(server) => server,
            Err(Some((FlowOrder::Reset | FlowOrder::ResetClient, _done))) => return reset(client),
            // A relay without a backend closes.
            Err(order) => {
                shut_down_writing(&client);
                drop(order);
                return close_in_order(client).await;
            }
        };
        drop(server.set_nodelay(true));
        let (end, done) = self.relay(&client, &server).await;
        match end {
            End::Close => {
                shut_down_writing(&client);
                shut_down_writing(&server);
                drop(done);
                tokio::join!(close_in_order(client), close_in_order(server));
            }
            End::Drop => {}
            End::Reset => {
                reset(client);
                reset(server);
                if let Some((report, hit)) = self.report {
                    // Nobody need be waiting for it any more.
                    let _ = report.send(hit);
                }
            }
            End::ResetClient => {
                reset(client);
                self.shared.orphans.lock().unwrap().push(server);
            }
        }
    }

    /// Connects to the server, but not through a partition. An order meanwhile is the end.
    async fn dial(&mut self, server: SocketAddr) -> Result<TcpStream, Option<(FlowOrder, Done)>> {
        tokio::select! {
            biased;
            order = self.inbox.recv() => Err(order),
            stream = async {
                self.mode.wait_for(|mode| !mode.partition).await.ok()?;
                TcpStream::connect(server).await.ok()
            } => stream.ok_or(None),
        }
    }

    async fn relay(&mut self, client: &TcpStream, server: &TcpStream) -> (End, Option<Done>) {
        loop {
            let mode = self.mode.borrow_and_update().clone();
            if let Some(end) = self.settle(&mode, client, server) {
                return (end, None);
            }
            let silent = mode.partition || self.id < mode.silent_below;
            let passing = !silent && !self.forgotten;
            let due = self.held.front().map(|(due, _)| *due).filter(|_| !mode.hold_replies);
            let queued = self.held.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
            let step = tokio::select! {
                // First what the test says, so that a control that has returned is obeyed.
                biased;
                order = self.inbox.recv() => match order {
                    Some((order, done)) => match self.obey(order, client) {
                        Some(end) => return (end, Some(done)),
                        None => Ok(None),
                    },
                    None => Ok(Some(End::Drop)),
                },
                _ = self.mode.changed() => Ok(None),
                _ = server.writable(), if passing && !self.to_server.is_empty() => self.write_server(server),
                _ = client.writable(), if passing && !self.to_client.is_empty() => self.write_client(client),
                _ = client.readable(), if !silent && self.client_open && self.to_server.len() < QUEUE_LIMIT => {
                    self.read_client(client)
                }
                _ = server.readable(), if passing && self.server_open && queued + self.to_client.len() < QUEUE_LIMIT => {
                    self.read_server(server, &mode)
                }
                () = sleep_until(due), if passing && due.is_some() => {
                    self.release();
                    Ok(None)
                }
            };
            match step {
                Ok(None) => {}
                Ok(Some(end)) => return (end, None),
                // One side was reset: a faithful relay passes that on.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                    return (End::Reset, None);
                }
                Err(_) => return (End::Drop, None),
            }
        }
    }

    /// Ends and half-ends that follow from the present state.
    fn settle(&mut self, mode: &Mode, client: &TcpStream, server: &TcpStream) -> Option<End> {
        if mode.delay.is_zero() && !mode.hold_replies {
            self.release();
        }
        if self.withheld > 0 && self.probes > 1 {
            let armed = self.shared.armed.lock().unwrap().take();
            if let Some(report) = armed {
                let hit = InFlight { connection: self.id, unanswered: self.outstanding.max(1) };
                self.report = Some((report, hit));
                return Some(End::Reset);
            }
        }
        if !self.client_open && self.to_server.is_empty() && !self.server_told {
            self.server_told = true;
            shut_down_writing(server);
        }
        let passed_on = self.to_client.is_empty() && self.held.is_empty();
        if !self.server_open && passed_on && !self.client_told {
            self.client_told = true;
            shut_down_writing(client);
        }
        let over = !self.client_open && !self.server_open && self.client_told && self.server_told;
        over.then_some(End::Drop)
    }

    fn obey(&mut self, order: FlowOrder, client: &TcpStream) -> Option<End> {
        match order {
            FlowOrder::Close => return Some(End::Close),
            FlowOrder::Forget => self.forgotten = true,
            FlowOrder::HalfClose => {
                self.client_told = true;
                shut_down_writing(client);
            }
            FlowOrder::Inject(bytes) => self.to_client.extend(bytes),
            FlowOrder::InjectToServer(bytes) => self.to_server.extend(bytes),
            FlowOrder::Reset => return Some(End::Reset),
            FlowOrder::ResetClient => return Some(End::ResetClient),
        }
        None
    }

    fn read_client(&mut self, client: &TcpStream) -> io::Result<Option<End>> {
        let mut chunk = [0; 16 * 1024];
        let Some(count) = ready(client.try_read(&mut chunk))? else {
            return Ok(None);
        };
        if self.forgotten {
            return Ok(Some(End::ResetClient));
        }
        if count == 0 {
            self.client_open = false;
            return Ok(None);
        }
        self.to_server.extend(&chunk[..count]);
        let mut counters = self.shared.counters.lock().unwrap();
        match self.requests.feed(&chunk[..count], parse_command) {
            Some(commands) => {
                for command in commands {
                    self.outstanding += expected_replies(&command);
                    let name = command.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default();
                    self.probes += u64::from(WORKLOAD.contains(&name.as_str()));
                    *counters.commands.entry(name).or_default() += 1;
                }
            }
            None => self.outstanding += 1,
        }
        Ok(None)
    }

    fn read_server(&mut self, server: &TcpStream, mode: &Mode) -> io::Result<Option<End>> {
        let mut chunk = [0; 16 * 1024];
        match ready(server.try_read(&mut chunk))? {
            None => {}
            Some(0) => self.server_open = false,
            Some(count) => {
                let bytes = &chunk[..count];
                self.withheld += match self.replies.feed(bytes, parse) {
                    Some(values) => values.iter().filter(|v| !v.is_out_of_band()).count() as u64,
                    None => 1,
                };
                let bytes = self.with_first_reply_replaced(bytes);
                self.held.push_back((Instant::now() + mode.delay, bytes));
            }
        }
        Ok(None)
    }

    /// The bytes to pass on for `bytes` from the server; empty while the reply to be replaced is not complete.
    fn with_first_reply_replaced(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Some(replacement) = &self.first_reply else {
            return bytes.to_vec();
        };
        self.first_reply_part.extend(bytes);
        let rest = match parse(&self.first_reply_part) {
            Ok(None) => return Vec::new(),
            Ok(Some((_, used))) => &self.first_reply_part[used..],
            Err(Malformed) => &[],
        };
        let bytes = [replacement.as_slice(), rest].concat();
        self.first_reply = None;
        bytes
    }

    /// Moves what is due to the client's queue.
    fn release(&mut self) {
        let now = Instant::now();
        while self.held.front().is_some_and(|(due, _)| *due <= now) {
            let (_, bytes) = self.held.pop_front().unwrap();
            self.to_client.extend(bytes);
        }
    }

    fn write_server(&mut self, server: &TcpStream) -> io::Result<Option<End>> {
        // Locked first: bytes that have arrived are already counted.
        let mut counters = self.shared.counters.lock().unwrap();
        if let Some(count) = ready(server.try_write(&self.to_server))? {
            self.to_server.drain(..count);
            counters.bytes_to_server += count as u64;
        }
        Ok(None)
    }

    fn write_client(&mut self, client: &TcpStream) -> io::Result<Option<End>> {
        let mut counters = self.shared.counters.lock().unwrap();
        if self.client_told {
            self.to_client.clear();
        } else if let Some(count) = ready(client.try_write(&self.to_client))? {
            self.to_client.drain(..count);
            counters.bytes_to_clients += count as u64;
        }
        if self.to_client.is_empty() && self.held.is_empty() {
            self.outstanding = self.outstanding.saturating_sub(self.withheld);
            self.withheld = 0;
        }
        Ok(None)
    }
}

/// Splits a stream into its values, until something comes that is not RESP (TLS, for instance).
#[derive(Default)]
struct Framing {
    buffer: Vec<u8>,
    opaque: bool,
}

impl Framing {
    /// The values that `bytes` complete; `None` when the stream cannot be read.
    fn feed<T>(&mut self, bytes: &[u8], parse: fn(&[u8]) -> Parsed<T>) -> Option<Vec<T>> {
        self.buffer.extend(bytes);
        let mut values = Vec::new();
        let mut at = 0;
        while !self.opaque {
            match parse(&self.buffer[at..]) {
                Ok(Some((value, used))) => {
                    values.push(value);
                    at += used;
                }
                Ok(None) => break,
                Err(Malformed) => self.opaque = true,
            }
        }
        if self.opaque {
            self.buffer = Vec::new();
            return None;
        }
        self.buffer.drain(..at);
        Some(values)
    }
}

/// One, but the subscribing commands are confirmed once for each channel.
fn expected_replies(command: &[String]) -> u64 {
    let name = command.first().map(|name| name.to_ascii_lowercase());
    let channels = command.len().saturating_sub(1).max(1);
    match name {
        Some(name) if name.ends_with("subscribe") => channels as u64,
        _ => 1,
    }
}

/// `None` when the socket was not ready after all.
fn ready(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
