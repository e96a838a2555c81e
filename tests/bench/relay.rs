//! A relay between the program and the server that breaks connections on purpose, on a thread of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::SystemTime;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    /// RST.
    Reset,
    /// FIN.
    Finish,
}

/// What is done with the bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    /// They go both ways.
    Relay,
    /// Replies are kept back.
    Hold,
    /// Nothing goes either way, though connections are accepted.
    Black,
    /// Connections are refused.
    Refuse,
}

#[derive(Clone, Copy)]
struct Orders {
    mode: Mode,
    /// Goes up by one when all connections are to end.
    cut: u64,
    end: End,
}

#[derive(Default)]
struct Counts {
    /// When each connection was accepted.
    accepted: Mutex<Vec<SystemTime>>,
    /// Start of every nonce of the run, once seen.
    run: Mutex<Option<Vec<u8>>>,
    held: AtomicI64,
    answered: AtomicU64,
}

/// A running relay; its thread ends with the benchmark.
pub(crate) struct Relay {
    /// Where it listens.
    pub(crate) port: u16,
    orders: watch::Sender<Orders>,
    counts: Arc<Counts>,
}

impl Relay {
    /// Listens on a free loopback port and relays to `target`.
    pub(crate) fn start(target: SocketAddr) -> Self {
        let (orders, receiver) = watch::channel(Orders { mode: Mode::Relay, cut: 0, end: End::Reset });
        let counts = Arc::new(Counts::default());
        let theirs = Arc::clone(&counts);
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
            runtime.block_on(listen(target, receiver, theirs, tell));
        });
        Self { port: told.recv().unwrap(), orders, counts }
    }

    /// Changes what is done with the bytes from now on.
    pub(crate) fn set(&self, mode: Mode) {
        self.orders.send_modify(|orders| orders.mode = mode);
    }

    /// Ends all connections; new ones are relayed.
    pub(crate) fn cut(&self, end: End) {
        self.orders.send_modify(|orders| *orders = Orders { mode: Mode::Relay, cut: orders.cut + 1, end });
    }

    /// Ends all connections with RST.
    pub(crate) fn reset(&self) {
        self.cut(End::Reset);
    }

    /// When each connection was accepted so far.
    pub(crate) fn accepted(&self) -> Vec<SystemTime> {
        self.counts.accepted.lock().unwrap().clone()
    }

    /// Probes whose replies are kept back for certain.
    pub(crate) fn held(&self) -> i64 {
        self.counts.held.load(Ordering::SeqCst)
    }

    /// Probes answered so far.
    pub(crate) fn answered(&self) -> u64 {
        self.counts.answered.load(Ordering::SeqCst)
    }
}

async fn listen(target: SocketAddr, mut orders: watch::Receiver<Orders>, counts: Arc<Counts>, tell: mpsc::Sender<u16>) {
    let mut port = 0;
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        port = listener.local_addr().unwrap().port();
        // Listened to the first time only.
        let _ = tell.send(port);
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    counts.accepted.lock().unwrap().push(SystemTime::now());
                    let flow = Flow { orders: orders.clone(), counts: Arc::clone(&counts), in_flight: 0, held: 0 };
                    tokio::spawn(flow.run(accepted.unwrap().0, target));
                }
                gone = orders.changed() => {
                    if gone.is_err() {
                        return;
                    }
                    if orders.borrow_and_update().mode == Mode::Refuse {
                        break;
                    }
                }
            }
        }
        drop(listener);
        if orders.wait_for(|orders| orders.mode != Mode::Refuse).await.is_err() {
            return;
        }
    }
}

/// One connection.
struct Flow {
    orders: watch::Receiver<Orders>,
    counts: Arc<Counts>,
    in_flight: i64,
    /// What is counted of them as held.
    held: i64,
}

impl Flow {
    async fn run(mut self, mut client: TcpStream, target: SocketAddr) {
        let Ok(mut server) = TcpStream::connect(target).await else {
            return;
        };
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let first = self.orders.borrow().cut;
        let (mut asked, mut answered) = (Finder::default(), Finder::default());
        let (mut from_client, mut from_server) = (vec![0; 1 << 16], vec![0; 1 << 16]);
        let end = loop {
            let Orders { mode, cut, end } = *self.orders.borrow_and_update();
            if cut != first || mode == Mode::Refuse {
                break end;
            }
            self.hold(if mode == Mode::Hold { self.in_flight } else { 0 });
            tokio::select! {
                _ = self.orders.changed() => {}
                read = client.read(&mut from_client), if mode != Mode::Black => {
                    let Some(bytes) = read.ok().filter(|read| *read > 0).map(|read| &from_client[..read]) else {
                        break End::Finish;
                    };
                    let run = self.learn(bytes);
                    self.in_flight += asked.count(bytes, run.as_deref());
                    if server.write_all(bytes).await.is_err() {
                        break End::Finish;
                    }
                }
                read = server.read(&mut from_server), if mode == Mode::Relay => {
                    let Some(bytes) = read.ok().filter(|read| *read > 0).map(|read| &from_server[..read]) else {
                        break End::Finish;
                    };
                    let run = self.counts.run.lock().unwrap().clone();
                    let replies = answered.count(bytes, run.as_deref());
                    self.in_flight -= replies;
                    self.counts.answered.fetch_add(replies as u64, Ordering::SeqCst);
                    if client.write_all(bytes).await.is_err() {
                        break End::Finish;
                    }
                }
            }
        };
        self.hold(0);
        if end == End::Reset {
            client.set_zero_linger().unwrap();
        }
    }

    fn hold(&mut self, now: i64) {
        self.counts.held.fetch_add(now - self.held, Ordering::SeqCst);
        self.held = now;
    }

    /// The start of the run's nonces: the eight digits after `PING\r\n$n\r\n` of a probe (our own commands' nonces
    /// begin with a word).
    fn learn(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        const PING: &[u8] = b"PING\r\n$";
        let mut run = self.counts.run.lock().unwrap();
        if run.is_none() {
            let at = bytes.windows(PING.len()).position(|window| window == PING);
            let argument = at.and_then(|at| bytes[at + PING.len()..].splitn(2, |byte| *byte == b'\n').nth(1));
            let nonce = argument.and_then(|argument| argument.get(..9));
            *run = nonce.filter(|nonce| nonce[8] == b':').map(<[u8]>::to_vec);
        }
        run.clone()
    }
}

/// Counts occurrences in a stream that comes in pieces.
#[derive(Default)]
struct Finder {
    rest: Vec<u8>,
}

impl Finder {
    fn count(&mut self, bytes: &[u8], what: Option<&[u8]>) -> i64 {
        let Some(what) = what else {
            return 0;
        };
        self.rest.extend_from_slice(bytes);
        let found = self.rest.windows(what.len()).filter(|window| *window == what).count();
        let kept = self.rest.len().saturating_sub(what.len() - 1);
        self.rest.drain(..kept);
        i64::try_from(found).unwrap()
    }
}
