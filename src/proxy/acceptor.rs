//! The proxy's main loop: accepts connections as the faults allow, begins and ends faults on time, and runs commands.

use std::{io, net::SocketAddr, rc::Rc, sync::atomic::Ordering, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::UnboundedReceiver,
    task::JoinSet,
};

use super::{Request, command, flow::Flow, state::ProxyState, stream::Stream};
use crate::{clock::Stamp, fault::Door};

/// Pause after a failed accept (out of file descriptors, for instance), and before another attempt to bind a port that
/// another process has taken.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections and runs requests, on the proxy's thread.
pub(super) struct Acceptor {
    state: Rc<ProxyState>,
    flows: JoinSet<()>,
    /// Time of the next attempt to bind a port that was taken.
    retry: Option<Stamp>,
    /// End of the pause after a failed accept.
    paused: Option<Stamp>,
}

impl Acceptor {
    pub(super) fn new(state: Rc<ProxyState>) -> Self {
        Self { state, flows: JoinSet::new(), retry: None, paused: None }
    }

    /// Runs until every sender of requests is gone.
    pub(super) async fn run(mut self, mut requests: UnboundedReceiver<Request>) {
        loop {
            let due = self.state.advance();
            self.tend().await;
            self.paused = self.paused.filter(|until| self.state.clock().now() < *until);
            let due = [due, self.retry, self.paused].into_iter().flatten().min();
            let state = Rc::clone(&self.state);
            tokio::select! {
                biased;
                request = requests.recv() => match request {
                    Some(request) => self.carry_out(request).await,
                    None => return,
                },
                () = state.changed.notified() => {}
                () = sleep_until(&state, due) => {}
                Some(_) = self.flows.join_next() => {}
                accepted = accept(self.state.listener()), if self.paused.is_none() => self.receive(accepted),
            }
        }
    }

    /// Takes a connection. After a failure, accepting pauses; requests and faults do not wait for it.
    fn receive(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>) {
        match accepted {
            Ok((stream, _)) => self.admit(stream),
            Err(_) => self.paused = Some(self.state.clock().now().after(PAUSE)),
        }
    }

    /// Opens the port again when no fault closes it. (A fault closes it when it begins.)
    async fn tend(&mut self) {
        if self.state.door() == Some(Door::Refuse) {
            self.retry = None;
        } else if self.state.listener().is_none() {
            let listener = TcpListener::bind(self.state.address()).await.ok();
            self.retry = listener.is_none().then(|| self.state.clock().now().after(PAUSE));
            self.state.open_port(listener);
        }
    }

    async fn carry_out(&mut self, request: Request) {
        match request {
            Request::Begin(done) => {
                self.state.begin();
                self.state.advance();
                self.tend().await;
                let _ = done.send(());
            }
            Request::Inject(schedule, done) => {
                // Our own schedules are few.
                let _ = self.state.schedule(vec![schedule]);
                self.tend().await;
                let _ = done.send(());
            }
            Request::Clear(done) => {
                let cleared = self.state.clear();
                self.tend().await;
                let _ = done.send(cleared);
            }
            Request::Sample(totals, done) => {
                self.state.sample(totals);
                let _ = done.send(());
            }
            Request::View(view) => {
                let _ = view.send(self.state.view());
            }
            Request::Conclude(done) => {
                self.state.conclude();
                let _ = done.send(());
            }
            Request::Order(text, done) => {
                let answer = command::carry_out(&text, &self.state);
                self.tend().await;
                let _ = done.send(answer);
            }
        }
    }

    fn admit(&mut self, stream: TcpStream) {
        self.state.shared.accepted.fetch_add(1, Ordering::Relaxed);
        let client = Stream::tcp(stream);
        match self.state.door_for_client() {
            None => {
                let flow = Flow::new(Rc::clone(&self.state), client);
                let shared = std::sync::Arc::clone(&self.state.shared);
                self.flows.spawn_local(async move {
                    shared.open.fetch_add(1, Ordering::Relaxed);
                    flow.run().await;
                    shared.open.fetch_sub(1, Ordering::Relaxed);
                });
            }
            Some(Door::Close) => {
                self.flows.spawn_local(client.close());
            }
            Some(Door::Reset | Door::Refuse) => client.reset(),
        }
    }
}

async fn accept(listener: Option<Rc<TcpListener>>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(state: &ProxyState, due: Option<Stamp>) {
    match due {
        Some(due) => state.clock().sleep_until(due).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, sync::Arc, time::Duration};

    use tokio::{io::AsyncReadExt as _, sync::mpsc::unbounded_channel, task::LocalSet};

    use super::*;
    use crate::{
        clock::Clock,
        plan::{Address, TlsOptions},
        proxy::{Config, Orders, Shared},
    };

    async fn acceptor(clock: Clock) -> Acceptor {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let listen = listener.local_addr().unwrap();
        let upstream = Address::Unix("/nowhere".into());
        let (seed, orders, report_flows) = (7, Orders::Nobody, false);
        let config = Config {
            listen,
            acceptor: None,
            upstream,
            tls: TlsOptions::default(),
            schedules: Vec::new(),
            seed,
            clock,
            orders,
            report_flows,
            observe: false,
        };
        let state = ProxyState::new(config, (listen, listener), Arc::new(Shared::default()), unbounded_channel().0);
        Acceptor::new(Rc::new(state))
    }

    /// The paused clock advances only when every task waits for a timer.
    #[tokio::test(start_paused = true)]
    async fn when_no_connection_can_be_accepted_orders_are_carried_out_at_once_and_the_next_is_accepted_later() {
        let clock = Clock::start();
        let mut acceptor = acceptor(clock).await;
        let (address, shared) = (acceptor.state.address(), Arc::clone(&acceptor.state.shared));
        acceptor.receive(Err(io::ErrorKind::OutOfMemory.into()));
        let (requests, inbox) = unbounded_channel();
        let (done, answer) = std::sync::mpsc::channel();
        requests.send(Request::Clear(done)).unwrap();
        let ordering = async {
            while answer.try_recv().is_err() {
                tokio::task::yield_now().await;
                assert_eq!(clock.now().elapsed(), Duration::ZERO, "the order waits for the pause");
            }
            // Without an await, during which time could advance.
            let client = std::net::TcpStream::connect(address).unwrap();
            assert_eq!(shared.accepted.load(Ordering::Relaxed), 0);
            client.set_nonblocking(true).unwrap();
            let mut client = TcpStream::from_std(client).unwrap();
            // The server is nowhere, so the connection ends when it has been accepted.
            let _ = client.read(&mut [0]).await;
            assert_eq!(shared.accepted.load(Ordering::Relaxed), 1);
            assert!(clock.now().elapsed() >= PAUSE);
        };
        LocalSet::new()
            .run_until(async {
                tokio::select! {
                    () = acceptor.run(inbox) => panic!("it ended"),
                    () = ordering => {}
                }
            })
            .await;
        drop(requests);
    }
}
