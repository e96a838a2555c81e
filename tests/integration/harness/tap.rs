//! A relay in front of a real server, for what a real server cannot do on cue: reset a connection, lose a reply that
//! was on its way, fall silent, refuse, answer with something that is not Redis.
//!
//! The relay works on the level of bytes and sockets: while it is silent the kernel still acknowledges what the client
//! sends, as a load balancer's would. Bytes pass unchanged, and an end of stream passes on one direction at a time.
//! A control returns when it has taken effect.

mod flow;

use std::collections::BTreeMap;
use std::net::{Shutdown, SocketAddr};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::flow::{Flow, FlowOrder};
use super::{Target, eventually, free_listener};

/// How long a control may take to be carried out.
const CONTROL_LIMIT: Duration = Duration::from_secs(10);

/// A relay on a loopback port of its own. Dropping it ends all its connections.
pub(crate) struct Tap {
    address: SocketAddr,
    orders: UnboundedSender<Order>,
    mode: watch::Sender<Mode>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What a reset in flight cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InFlight {
    /// The connection that was reset, counted from 0 in the order of acceptance.
    pub(crate) connection: u64,
    /// Commands the server had been sent on it and whose replies the client never got. The client may have written
    /// more that the relay had not read yet.
    pub(crate) unanswered: u64,
}

impl Tap {
    /// Relays to `server`; already listening when this returns.
    #[track_caller]
    pub(crate) fn to(server: SocketAddr) -> Self {
        let listener = free_listener();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let (orders, inbox) = unbounded_channel();
        let mode = watch::Sender::new(Mode::default());
        let shared = Arc::new(Shared::default());
        let relay = Relay {
            address,
            server,
            mode: mode.subscribe(),
            shared: Arc::clone(&shared),
            flows: Vec::new(),
            tasks: JoinSet::new(),
        };
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(relay.run(listener, inbox));
        });
        Self { address, orders, mode, shared, thread: Some(thread) }
    }

    /// Where clients connect.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resets every connection (RST) on both sides.
    pub(crate) fn reset_all(&self) {
        self.order_flows(FlowOrder::Reset);
    }

    /// Resets every connection on the client's side only; the server goes on believing in its end, as after a
    /// middlebox has forgotten the flow, until [`Self::drop_orphans`].
    pub(crate) fn reset_clients(&self) {
        self.order_flows(FlowOrder::ResetClient);
    }

    /// Closes what [`Self::reset_clients`] and [`Self::forget_flows`] left open towards the server.
    pub(crate) fn drop_orphans(&self) {
        self.shared.orphans.lock().unwrap().clear();
    }

    /// Ends every connection in order (FIN) on both sides.
    pub(crate) fn close_all(&self) {
        self.order_flows(FlowOrder::Close);
    }

    /// Sends the end of the stream (FIN) to every client and goes on reading from it, as a server does that has shut
    /// down its writing half.
    pub(crate) fn half_close_all(&self) {
        self.order_flows(FlowOrder::HalfClose);
    }

    /// Makes every existing connection unknown: silence in both directions, and the next byte from the client is
    /// answered with RST, as a NAT or firewall does after its idle timeout.
    pub(crate) fn forget_flows(&self) {
        self.order_flows(FlowOrder::Forget);
    }

    /// Sends bytes that the server never sent to every client: an extra reply shifts all that follow by one.
    pub(crate) fn inject(&self, bytes: &[u8]) {
        self.order_flows(FlowOrder::Inject(bytes.to_vec()));
    }

    /// Sends bytes that the client never sent to the server, on every connection.
    pub(crate) fn inject_to_server(&self, bytes: &[u8]) {
        self.order_flows(FlowOrder::InjectToServer(bytes.to_vec()));
    }

    /// Waits until the server has answered a command and that answer has not been passed on, then resets that
    /// connection on both sides instead: the command ran, and its reply is lost. The first connection of a workload on
    /// which it happens is the one; fails the test when no command comes.
    #[track_caller]
    pub(crate) fn reset_when_in_flight(&self) -> InFlight {
        let hit = self.arm_reset();
        hit.recv_timeout(CONTROL_LIMIT).expect("no command passed through the tap")
    }

    /// The same without waiting: what it hit arrives on the channel.
    pub(crate) fn arm_reset(&self) -> mpsc::Receiver<InFlight> {
        let (report, hit) = mpsc::channel();
        *self.shared.armed.lock().unwrap() = Some(report);
        self.mode.send_modify(|_| {}); // Wakes the flows that hold a reply already.
        hit
    }

    /// Silences the connections that exist now, in both directions; new ones work. `false` lets them go on, with
    /// all that was sent meanwhile.
    pub(crate) fn blackhole(&self, on: bool) {
        let silent_below = if on { self.accepted() as u64 } else { 0 };
        self.mode.send_modify(|mode| mode.silent_below = silent_below);
    }

    /// Silences all connections, new ones too: they are accepted, and nothing follows.
    pub(crate) fn partition(&self, on: bool) {
        self.mode.send_modify(|mode| mode.partition = on);
    }

    /// Keeps all replies back until switched off.
    pub(crate) fn hold_replies(&self, on: bool) {
        self.mode.send_modify(|mode| mode.hold_replies = on);
    }

    /// Delays all that comes from the server by this much from its arrival.
    pub(crate) fn delay(&self, by: Duration) {
        self.mode.send_modify(|mode| mode.delay = by);
    }

    /// Puts these bytes in place of the server's first reply on each new connection.
    pub(crate) fn replace_first_reply(&self, by: Option<&[u8]>) {
        let by = by.map(<[u8]>::to_vec);
        self.mode.send_modify(|mode| mode.first_reply = by);
    }

    /// New connections lead to another server; existing ones stay where they are.
    pub(crate) fn lead_to(&self, server: SocketAddr) {
        self.lead_in_turn_to([server]);
    }

    /// New connections lead to these servers in turn, beginning with the first, as through a balancer that knows no roles;
    /// existing ones stay where they are.
    pub(crate) fn lead_in_turn_to(&self, servers: impl IntoIterator<Item = SocketAddr>) {
        let (servers, from) = (servers.into_iter().collect(), self.accepted());
        self.mode.send_modify(|mode| (mode.servers, mode.turns_from) = (servers, from as u64));
    }

    /// Accepts new connections and ends them at once (FIN).
    pub(crate) fn accept_then_close(&self, on: bool) {
        let admission = if on { Admission::Close } else { Admission::Relay };
        self.mode.send_modify(|mode| mode.admission = admission);
    }

    /// Accepts new connections and resets them at once (RST).
    pub(crate) fn accept_then_reset(&self, on: bool) {
        let admission = if on { Admission::Reset } else { Admission::Relay };
        self.mode.send_modify(|mode| mode.admission = admission);
    }

    /// Closes the listening port: new connections are refused, existing ones go on.
    pub(crate) fn refuse(&self) {
        self.order(Order::Refuse);
    }

    /// Opens the same port again.
    pub(crate) fn listen(&self) {
        self.order(Order::Listen);
    }

    /// Connections accepted so far.
    pub(crate) fn accepted(&self) -> usize {
        self.shared.counters.lock().unwrap().accepted.len()
    }

    /// When each connection was accepted.
    pub(crate) fn accept_times(&self) -> Vec<Instant> {
        self.shared.counters.lock().unwrap().accepted.clone()
    }

    /// Bytes passed on (to the server, to the clients).
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let counters = self.shared.counters.lock().unwrap();
        (counters.bytes_to_server, counters.bytes_to_clients)
    }

    /// Commands read from clients; they cannot be separated on a connection with TLS.
    pub(crate) fn commands(&self) -> u64 {
        self.shared.counters.lock().unwrap().commands.values().sum()
    }

    /// Commands of this name (in capitals) read from clients.
    pub(crate) fn commands_named(&self, name: &str) -> u64 {
        let counters = self.shared.counters.lock().unwrap();
        counters.commands.get(name).copied().unwrap_or_default()
    }

    /// Waits until so many connections have been accepted.
    #[track_caller]
    pub(crate) fn wait_for_accepted(&self, count: usize, within: Duration) {
        let what = format!("{count} connections accepted by the tap");
        eventually(&what, within, || self.accepted() >= count);
    }

    fn order_flows(&self, order: FlowOrder) {
        self.order(|done| Order::Flows(order, done));
    }

    /// Sends an order and waits until everyone concerned has let go of its end.
    fn order(&self, order: impl FnOnce(Done) -> Order) {
        let (done, finished) = mpsc::channel();
        self.orders.send(order(Done { _held: done })).unwrap();
        let outcome = finished.recv_timeout(CONTROL_LIMIT);
        assert_eq!(outcome, Err(mpsc::RecvTimeoutError::Disconnected), "the tap does not carry out an order");
    }
}

impl Target for Tap {
    fn url(&self) -> String {
        self.address.url()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        drop(self.orders.send(Order::Stop));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Held by each thread that still has to act on an order.
#[derive(Clone)]
struct Done {
    _held: mpsc::Sender<()>,
}

enum Order {
    Flows(FlowOrder, Done),
    Listen(Done),
    Refuse(Done),
    Stop,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Admission {
    Close,
    #[default]
    Relay,
    Reset,
}

/// What holds for all connections until it is changed.
#[derive(Clone, Default)]
struct Mode {
    admission: Admission,
    delay: Duration,
    first_reply: Option<Vec<u8>>,
    hold_replies: bool,
    partition: bool,
    /// Where new connections lead in turn instead of to the first server, from the connection with this number on.
    servers: Vec<SocketAddr>,
    turns_from: u64,
    /// Connections with a lower number are silent.
    silent_below: u64,
}

impl Mode {
    fn leads_to(&self, connection: u64) -> Option<SocketAddr> {
        let turn = connection.saturating_sub(self.turns_from) as usize;
        self.servers.get(turn % self.servers.len().max(1)).copied()
    }
}

#[derive(Default)]
struct Shared {
    armed: Mutex<Option<mpsc::Sender<InFlight>>>,
    counters: Mutex<Counters>,
    /// Sockets towards the server whose client side is gone.
    orphans: Mutex<Vec<TcpStream>>,
}

#[derive(Default)]
struct Counters {
    accepted: Vec<Instant>,
    bytes_to_clients: u64,
    bytes_to_server: u64,
    commands: BTreeMap<String, u64>,
}

/// Closes a listener for every process: a child that another test is starting holds a copy of the descriptor until its
/// exec, and would keep the port open.
fn stop_listening(listener: Option<TcpListener>) {
    if let Some(listener) = listener {
        SockRef::from(&listener).shutdown(Shutdown::Both).unwrap();
    }
}

/// The side that runs on the tap's own thread.
struct Relay {
    address: SocketAddr,
    server: SocketAddr,
    mode: watch::Receiver<Mode>,
    shared: Arc<Shared>,
    flows: Vec<UnboundedSender<(FlowOrder, Done)>>,
    tasks: JoinSet<()>,
}

impl Relay {
    async fn run(mut self, listener: std::net::TcpListener, mut inbox: UnboundedReceiver<Order>) {
        let mut listener = Some(TcpListener::from_std(listener).unwrap());
        loop {
            tokio::select! {
                biased;
                order = inbox.recv() => match order {
                    Some(Order::Flows(order, done)) => self.pass_on(&order, &done),
                    Some(Order::Listen(_done)) if listener.is_none() => {
                        // The standard library and tokio both set SO_REUSEADDR.
                        listener = Some(TcpListener::bind(self.address).await.unwrap());
                    }
                    Some(Order::Listen(_done)) => {}
                    Some(Order::Refuse(_done)) => stop_listening(listener.take()),
                    Some(Order::Stop) | None => break,
                },
                Some((client, _)) = accept(listener.as_ref()) => self.admit(client),
                Some(_) = self.tasks.join_next() => {}
            }
        }
        self.shared.orphans.lock().unwrap().clear();
    }

    fn pass_on(&mut self, order: &FlowOrder, done: &Done) {
        // A flow that has ended no longer receives; its sender goes.
        self.flows.retain(|flow| flow.send((order.clone(), done.clone())).is_ok());
    }

    fn admit(&mut self, client: TcpStream) {
        let id = {
            let mut counters = self.shared.counters.lock().unwrap();
            counters.accepted.push(Instant::now());
            counters.accepted.len() as u64 - 1
        };
        let admission = self.mode.borrow().admission;
        match admission {
            Admission::Close => {
                self.tasks.spawn(close_in_order(client));
            }
            Admission::Relay => {
                let (orders, inbox) = unbounded_channel();
                self.flows.push(orders);
                let flow = Flow::new(id, self.mode.clone(), Arc::clone(&self.shared), inbox);
                let server = self.mode.borrow().leads_to(id).unwrap_or(self.server);
                self.tasks.spawn(flow.run(client, server));
            }
            Admission::Reset => reset(client),
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> Option<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await.ok(),
        None => std::future::pending().await,
    }
}

/// Closes so that the other side gets RST.
fn reset(stream: TcpStream) {
    drop(stream.set_zero_linger());
    drop(stream);
}

/// Sends FIN now; closes when the other side has closed, too. (Closing with bytes unread would send RST.)
async fn close_in_order(stream: TcpStream) {
    shut_down_writing(&stream);
    let mut ignored = [0; 4096];
    while stream.readable().await.is_ok() {
        match stream.try_read(&mut ignored) {
            Ok(0) => break,
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => break,
            _ => {}
        }
    }
}

fn shut_down_writing(stream: &TcpStream) {
    // Fails only when the connection is gone, which is as good.
    drop(SockRef::from(stream).shutdown(std::net::Shutdown::Write));
}
