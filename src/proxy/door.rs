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
    retry: Option<Stamp>,
}

impl Doorkeeper {
    pub(super) fn new(world: Rc<World>, address: SocketAddr, listener: TcpListener) -> Self {
        Self { world, address, listener: Some(listener), flows: JoinSet::new(), retry: None }
    }

    /// Works until nobody can ask for anything any more.
    pub(super) async fn run(mut self, mut requests: UnboundedReceiver<Request>) {
        loop {
            let due = self.world.advance();
            self.tend().await;
            let due = [due, self.retry].into_iter().flatten().min();
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
                accepted = accept(self.listener.as_ref()) => match accepted {
                    Ok((stream, _)) => self.admit(stream),
                    Err(_) => tokio::time::sleep(PAUSE).await,
                },
            }
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
