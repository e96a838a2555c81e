//! The doorkeeper: accepts connections as the faults allow, begins and ends faults on time, and carries out orders.

use std::{io, net::SocketAddr, rc::Rc, sync::atomic::Ordering, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::UnboundedReceiver,
    task::JoinSet,
};

use super::{Request, command, conditions::Door, flow::Flow, stream::Stream, world::World};
use crate::clock::Stamp;

/// How long no connections are accepted after that failed, for want of file descriptors for instance, and how long
/// until a port that another process has taken meanwhile is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// The proxy's side of things, on its own thread.
pub(super) struct Doorkeeper {
    world: Rc<World>,
    address: SocketAddr,
    listener: Option<TcpListener>,
    flows: JoinSet<()>,
    /// When a port that was taken is tried again.
    retry: Option<Stamp>,
    /// Until when no connection is accepted, because that has failed.
    paused: Option<Stamp>,
}

impl Doorkeeper {
    pub(super) fn new(world: Rc<World>, address: SocketAddr, listener: TcpListener) -> Self {
        Self { world, address, listener: Some(listener), flows: JoinSet::new(), retry: None, paused: None }
    }

    /// Works until nobody can ask for anything any more.
    pub(super) async fn run(mut self, mut requests: UnboundedReceiver<Request>) {
        loop {
            let due = self.world.advance();
            self.tend().await;
            self.paused = self.paused.filter(|until| self.world.clock().now() < *until);
            let due = [due, self.retry, self.paused].into_iter().flatten().min();
            let world = Rc::clone(&self.world);
            tokio::select! {
                biased;
                request = requests.recv() => match request {
                    Some(request) => self.carry_out(request).await,
                    None => return,
                },
                () = world.changed.notified() => {}
                () = sleep_until(&world, due) => {}
                Some(_) = self.flows.join_next() => {}
                accepted = accept(self.listener.as_ref()), if self.paused.is_none() => self.receive(accepted),
            }
        }
    }

    /// A connection; where none can be had, the next is asked for after a pause, in which everything else goes on.
    fn receive(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>) {
        match accepted {
            Ok((stream, _)) => self.admit(stream),
            Err(_) => self.paused = Some(self.world.clock().now().after(PAUSE)),
        }
    }

    /// Opens or closes the port, as the faults have it.
    async fn tend(&mut self) {
        if self.world.door() == Door::Refuse {
            self.listener = None;
            self.retry = None;
        } else if self.listener.is_none() {
            self.listener = TcpListener::bind(self.address).await.ok();
            self.retry = self.listener.is_none().then(|| self.world.clock().now().after(PAUSE));
        }
    }

    async fn carry_out(&mut self, request: Request) {
        match request {
            Request::Begin(done) => {
                self.world.begin();
                self.world.advance();
                self.tend().await;
                let _ = done.send(());
            }
            Request::Inject(schedule, done) => {
                self.world.schedule(schedule);
                self.tend().await;
                let _ = done.send(());
            }
            Request::Clear(done) => {
                let cleared = self.world.clear();
                self.tend().await;
                let _ = done.send(cleared);
            }
            Request::Order(text, done) => {
                let answer = command::carry_out(&text, &self.world);
                self.tend().await;
                let _ = done.send(answer);
            }
        }
    }

    fn admit(&mut self, stream: TcpStream) {
        self.world.shared.accepted.fetch_add(1, Ordering::Relaxed);
        let client = Stream::tcp(stream);
        match self.world.door() {
            Door::Open => {
                let flow = Flow::new(Rc::clone(&self.world), client);
                let shared = std::sync::Arc::clone(&self.world.shared);
                self.flows.spawn_local(async move {
                    shared.open.fetch_add(1, Ordering::Relaxed);
                    flow.run().await;
                    shared.open.fetch_sub(1, Ordering::Relaxed);
                });
            }
            Door::Close => {
                self.flows.spawn_local(client.close());
            }
            Door::Reset | Door::Refuse => client.reset(),
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(world: &World, due: Option<Stamp>) {
    match due {
        Some(due) => world.clock().sleep_until(due).await,
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
        plan::Address,
        proxy::{Setting, Shared},
    };

    async fn doorkeeper(clock: Clock) -> Doorkeeper {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let listen = listener.local_addr().unwrap();
        let upstream = Address::Unix("/nowhere".into());
        let (seed, commands_on_wire, tell_flows) = (7, false, false);
        let setting = Setting { listen, upstream, schedules: Vec::new(), seed, clock, commands_on_wire, tell_flows };
        let world = World::new(setting, Arc::new(Shared::default()), unbounded_channel().0);
        Doorkeeper::new(Rc::new(world), listen, listener)
    }

    /// Time stands still but for timers that nothing else is left to wait for.
    #[tokio::test(start_paused = true)]
    async fn when_no_connection_can_be_accepted_orders_are_carried_out_at_once_and_the_next_is_accepted_later() {
        let clock = Clock::start();
        let mut doorkeeper = doorkeeper(clock).await;
        let (address, shared) = (doorkeeper.address, Arc::clone(&doorkeeper.world.shared));
        doorkeeper.receive(Err(io::ErrorKind::OutOfMemory.into()));
        let (requests, inbox) = unbounded_channel();
        let (done, answer) = std::sync::mpsc::channel();
        requests.send(Request::Clear(done)).unwrap();
        let ordering = async {
            while answer.try_recv().is_err() {
                tokio::task::yield_now().await;
                assert_eq!(clock.now().elapsed(), Duration::ZERO, "the order waits for the pause");
            }
            // Without an await, for while one waits the time may go on.
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
                    () = doorkeeper.run(inbox) => panic!("it ended"),
                    () = ordering => {}
                }
            })
            .await;
        drop(requests);
    }
}
