//! Listens to the kernel while a connection is down, and assigns each ended socket to the client that it fits best.
//! While no connection is down, nothing is received.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use rustix::io::Errno;

use super::{
    Collector,
    attempts::Attempts,
    cycle::{Cycle, ReadWindow},
};
use crate::{
    clock::Stamp,
    dial::OwnSockets,
    kernel::Listener,
    plan::{Plan, ReconnectPolicy},
};

/// Losses tracked at the same time; beyond that the oldest is dropped.
const LOSSES: usize = 1024;

/// Interval between two readings. On an idle machine an attempt is dated at most this much too late.
const PERIOD: Duration = Duration::from_millis(10);

/// Messages read in one go: more than the kernel buffers for us.
const BATCH: usize = 32_768;

/// Reads the kernel's broadcast of ended sockets for all connections that are down.
pub(super) struct AttemptListener {
    policy: ReconnectPolicy,
    seed: u64,
    /// Port of the connections under test; `None` if they are not TCP connections.
    port: Option<u16>,
    /// True if another target has the same address: the kernel does not report whose attempt it was.
    shared: bool,
    own: OwnSockets,
    /// Opened before the first loss if possible: opening takes a twentieth of the time of a reconnect.
    listener: Option<Listener>,
    /// Time of the last reading; `None` while not listening.
    read: Option<Stamp>,
    /// Losses that are not over: connection, moment and attempts.
    lost: VecDeque<(u32, Stamp, Attempts)>,
}

impl AttemptListener {
    pub(super) fn new(plan: &Plan, port: Option<u16>, shared: bool, own: OwnSockets) -> Self {
        let policy = plan.policy.clone();
        Self { policy, seed: plan.seed, port, shared, own, listener: None, read: None, lost: VecDeque::new() }
    }

    /// Listens to attempts at another port from now on.
    pub(super) fn move_to(&mut self, port: Option<u16>) {
        if port != self.port {
            (self.port, self.listener, self.read) = (port, None, None);
        }
    }

    /// Opens the socket ahead of the first loss.
    pub(super) fn prepare(&mut self) {
        if self.listener.is_none() && self.policy.managed && !self.shared {
            // If it cannot be opened, the loss reports why.
            self.listener = self.port.and_then(|port| Listener::open(port).ok());
        }
    }

    /// Begins to track a loss, before the client's first reconnect attempt.
    pub(super) fn begin(&mut self, connection: u32, lost: Stamp, now: Stamp) {
        let attempts = match self.listen(now) {
            Ok(()) => {
                let policy = Arc::new(self.policy.of_connection(connection, self.seed));
                Attempts::tracked_by(Cycle::new(policy, lost))
            }
            Err(why) => Attempts::untracked(why),
        };
        if self.lost.len() == LOSSES {
            self.lost.pop_front();
        }
        self.lost.push_back((connection, lost, attempts));
    }

    fn listen(&mut self, now: Stamp) -> Result<(), Option<String>> {
        // A client that never reconnects makes no attempts to miss.
        if !self.policy.managed {
            return Err(None);
        }
        let Some(port) = self.port else {
            return Err(Some("the kernel reports ended sockets for TCP only".to_owned()));
        };
        if self.shared {
            return Err(Some("another target has the same address".to_owned()));
        }
        if self.read.is_none() {
            self.start(port)
                .map_err(|errno| Some(format!("the kernel's broadcast of ended sockets is unavailable: {errno}")))?;
            self.read = Some(now);
        }
        Ok(())
    }

    fn start(&mut self, port: u16) -> Result<(), Errno> {
        if let Some(listener) = &self.listener {
            return listener.start();
        }
        self.listener.insert(Listener::open(port)?).start()
    }

    /// Stops listening: no client is reconnecting any more.
    fn stop(&mut self) {
        self.read = None;
        self.listener = self.listener.take().filter(|listener| listener.stop().is_ok());
    }

    /// Reads the broadcasts received so far.
    pub(super) fn read(&mut self, now: Stamp) {
        let (Some(listener), Some(port), Some(since)) = (&mut self.listener, self.port, self.read) else {
            return;
        };
        let window = ReadWindow { since, now };
        self.read = Some(now);
        let mut overrun = false;
        for _ in 0..BATCH {
            match listener.next() {
                Ok(Some(socket)) if self.own.may_be_the_clients(socket.pair.peer, port, socket.cookie, now) => {
                    let candidates = self.lost.iter_mut().filter_map(|(_, _, attempts)| {
                        let matched = attempts.find_match(&socket, window)?;
                        Some((matched, attempts))
                    });
                    if let Some((matched, attempts)) = candidates.min_by_key(|(matched, _)| *matched) {
                        attempts.record(&socket, window, matched);
                    }
                }
                Ok(_) => {}
                Err(Errno::NOBUFS) => overrun = true,
                Err(_) => break,
            }
        }
        if overrun {
            let dropped = listener.dropped();
            self.lost.iter_mut().for_each(|(_, _, attempts)| attempts.overrun(dropped));
        }
    }

    /// Returns the attempts known after a loss.
    pub(super) fn of(&mut self, connection: u32, lost: Stamp) -> Option<&mut Attempts> {
        let mut all = self.lost.iter_mut().rev();
        all.find(|(whose, when, _)| (*whose, *when) == (connection, lost)).map(|(_, _, attempts)| attempts)
    }

    /// Returns the attempts of a connection that is down.
    pub(super) fn latest(&mut self, connection: u32) -> Option<&mut Attempts> {
        let mut all = self.lost.iter_mut().rev();
        all.find(|(whose, _, _)| *whose == connection).map(|(_, _, attempts)| attempts)
    }

    /// Ends the outage after a loss: the client was back at `at`. Returns the attempts seen.
    pub(super) fn end(&mut self, connection: u32, lost: Stamp, at: Stamp, now: Stamp) -> Option<Attempts> {
        self.read(now);
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
    /// Examines the socket after each loss, and reads the kernel's broadcasts until every client is back. Runs until it
    /// is aborted.
    pub(super) async fn listen(self: Arc<Self>) {
        loop {
            self.lost.notified().await;
            loop {
                // The reconnect has priority, and reading each broadcast as it arrives would wake us too often on a
                // busy machine.
                self.clock.sleep_until(self.clock.now().after(PERIOD)).await;
                let now = self.clock.now();
                let mut cases = self.lock();
                cases.examine(now);
                cases.listener.read(now);
                if cases.listener.read.is_none() {
                    break;
                }
            }
        }
    }
}
