//! Listens to the kernel while a connection is down, and puts down what it tells to the clients that try to come back.
//! While none is down the kernel tells nothing.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use rustix::io::Errno;

use super::{
    Collector,
    attempts::Attempts,
    cycle::{Cycle, Heard},
};
use crate::{
    clock::Stamp,
    dial::OwnSockets,
    kernel::Listener,
    plan::{Plan, ReconnectPolicy},
};

/// Losses whose attempts are listened for at the same time; beyond that the oldest is dropped.
const LOSSES: usize = 1024;

/// Between two readings. An attempt is dated so much too late at the most, on a machine that is not busy.
const PERIOD: Duration = Duration::from_millis(10);

/// Read at once: more than the kernel keeps for us, which is about 200.
const BATCH: usize = 512;

/// What is heard, for whom.
pub(super) struct AttemptListener {
    policy: ReconnectPolicy,
    seed: u64,
    /// The port that the connections under test go to; `None` where they are no TCP connections.
    port: Option<u16>,
    own: OwnSockets,
    /// Opened before the first loss where that is possible: it takes a twentieth of the time that a reconnect takes.
    listener: Option<Listener>,
    /// When it was last read; `None` while it is not listened to.
    read: Option<Stamp>,
    /// Losses that are not over: connection and moment.
    lost: VecDeque<(u32, Stamp, Attempts)>,
}

impl AttemptListener {
    pub(super) fn new(plan: &Plan, port: Option<u16>, own: OwnSockets) -> Self {
        let policy = plan.policy.clone();
        Self { policy, seed: plan.seed, port, own, listener: None, read: None, lost: VecDeque::new() }
    }

    /// Opens what will be listened to, while no client waits to come back.
    pub(super) fn prepare(&mut self) {
        if self.listener.is_none() && self.policy.managed && self.port.is_some() {
            // Where it cannot be opened, the loss will tell why.
            self.listener = Listener::open().ok();
        }
    }

    /// The loss of a connection is noticed; its client has not tried to come back yet.
    pub(super) fn begin(&mut self, connection: u32, lost: Stamp, now: Stamp) {
        let attempts = match self.listen(now) {
            Ok(()) => {
                let policy = Arc::new(self.policy.of_connection(connection, self.seed));
                Attempts::heard_by(Cycle::new(policy, lost))
            }
            Err(why) => Attempts::unheard(why),
        };
        if self.lost.len() == LOSSES {
            self.lost.pop_front();
        }
        self.lost.push_back((connection, lost, attempts));
    }

    fn listen(&mut self, now: Stamp) -> Result<(), Option<String>> {
        // A client that makes no attempts leaves none to be missed.
        if !self.policy.managed {
            return Err(None);
        }
        if self.port.is_none() {
            return Err(Some("only of TCP connections the kernel tells".to_owned()));
        }
        if self.read.is_none() {
            self.start().map_err(|errno| Some(format!("the kernel tells of no sockets: {errno}")))?;
            self.read = Some(now);
        }
        Ok(())
    }

    fn start(&mut self) -> Result<(), Errno> {
        if let Some(listener) = &self.listener {
            return listener.start();
        }
        self.listener.insert(Listener::open()?).start()
    }

    /// Nobody tries to come back any more.
    fn stop(&mut self) {
        self.read = None;
        self.listener = self.listener.take().filter(|listener| listener.stop().is_ok());
    }

    /// Takes in what the kernel has told until now.
    pub(super) fn hear(&mut self, now: Stamp) {
        let (Some(listener), Some(port), Some(since)) = (&self.listener, self.port, self.read) else {
            return;
        };
        let heard = Heard { since, now };
        self.read = Some(now);
        for _ in 0..BATCH {
            match listener.next() {
                Ok(Some(socket)) if self.own.may_be_the_clients(socket.peer, port, socket.cookie, now) => {
                    let fits = self.lost.iter_mut().filter_map(|(_, _, attempts)| {
                        let fit = attempts.fit(&socket, heard)?;
                        Some((fit, attempts))
                    });
                    if let Some((fit, attempts)) = fits.min_by_key(|(fit, _)| *fit) {
                        attempts.take(&socket, heard, fit);
                    }
                }
                Ok(_) => {}
                Err(Errno::NOBUFS) => self.lost.iter_mut().for_each(|(_, _, attempts)| attempts.overrun()),
                Err(_) => return,
            }
        }
    }

    /// The attempts after a loss, as far as they are known.
    pub(super) fn of(&mut self, connection: u32, lost: Stamp) -> Option<&mut Attempts> {
        let mut all = self.lost.iter_mut().rev();
        all.find(|(whose, when, _)| (*whose, *when) == (connection, lost)).map(|(_, _, attempts)| attempts)
    }

    /// The attempts of a connection that is down.
    pub(super) fn latest(&mut self, connection: u32) -> Option<&mut Attempts> {
        let mut all = self.lost.iter_mut().rev();
        all.find(|(whose, _, _)| *whose == connection).map(|(_, _, attempts)| attempts)
    }

    /// The outage after a loss was over at `at`, as is noticed now: what was seen.
    pub(super) fn end(&mut self, connection: u32, lost: Stamp, at: Stamp, now: Stamp) -> Option<Attempts> {
        self.hear(now);
        let found = self.lost.iter().position(|(whose, when, _)| (*whose, *when) == (connection, lost));
        let mut attempts = found.and_then(|index| self.lost.remove(index)).map(|(_, _, attempts)| attempts);
        if let Some(attempts) = &mut attempts {
            attempts.succeed(at);
        }
        if self.lost.is_empty() {
            self.stop();
        }
        attempts
    }
}

impl Collector {
    /// After each loss: examines the socket, and reads the kernel's broadcasts until every client is back. Until it is
    /// ended.
    pub(super) async fn listen(self: Arc<Self>) {
        loop {
            self.losing.notified().await;
            loop {
                // A reconnect goes first. And broadcasts are not read one by one: on a busy machine each would wake us.
                self.clock.sleep_until(self.clock.now().after(PERIOD)).await;
                let now = self.clock.now();
                let mut state = self.lock();
                state.examine(now);
                state.listener.hear(now);
                if state.listener.read.is_none() {
                    break;
                }
            }
        }
    }
}
