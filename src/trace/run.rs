//! A trace from its first sample to its report: a sample, and if a problem is pending up to two further looks at the
//! connections in question; or with `--watch` four samples a second and the kernel's broadcast of ended sockets.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    time::Duration,
};

use rustix::io::Errno;
use thiserror::Error;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{
    ending::{self, End, Witnesses},
    follow::Follower,
    output::Output,
    rows,
    rules::Problem,
    scope::TraceScope,
    vanished::Vanished,
};
use crate::{
    clock::{Clock, Stamp},
    event::{
        AttemptEnd, AttemptFailed, Control, Ending, EventKind, Found, Returned, SocketSide, StopReason, TraceSample,
        TraceSize, Traced, TracedEnd,
    },
    kernel::{Destroyed, Listener},
    verdict::CheckFinding,
};

/// Further looks without `--watch`, while a problem is pending: enough to see two retransmissions, and a client that reads.
/// Each has the time for which a client must have read nothing.
const SAMPLES: [(Duration, Duration); 2] = [
    (Duration::from_millis(500), Duration::from_millis(250)),
    (Duration::from_millis(1700), Duration::from_millis(450)),
];

/// Interval between two readings of the broadcast. An attempt is dated at most this much too late.
const TICK: Duration = Duration::from_millis(25);

/// Interval between samples with `--watch`.
const INTERVAL: Duration = Duration::from_millis(250);

/// A sample may take this part of the time, unless the interval would be too long for a half-open connection.
const SHARE: u32 = 20;
const LONGEST: Duration = Duration::from_millis(500);

/// Interval between two events with the size of the sample, and between two searches for owners, which read the descriptors of all processes.
const SECOND: Duration = Duration::from_secs(1);

/// Data segments of a handshake, at most.
const HANDSHAKE: u32 = 4;

/// Messages read in one go.
const BATCH: usize = 4096;

/// The plan of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TracePlan {
    pub(crate) scope: TraceScope,
    /// Watch until the duration has passed, or a signal.
    pub(crate) watch: bool,
    pub(crate) duration: Option<Duration>,
}

/// A reason why there is no trace.
#[derive(Debug, Error)]
pub(crate) enum TraceError {
    #[error("the kernel's socket table is not available ({0}); trace needs Linux and, in a sandbox, netlink sockets")]
    Table(#[from] Errno),
}

/// Runs a trace to its end, and returns why it ended. A signal ends it with what is known so far.
///
/// # Errors
/// The kernel has no socket diagnostics, or forbids them.
pub(crate) async fn run(
    plan: &TracePlan,
    clock: Clock,
    control: UnboundedReceiver<Control>,
    output: &mut Output<'_>,
) -> Result<StopReason, TraceError> {
    let mut trace = Examination::open(plan, clock)?;
    let reason = if plan.watch {
        trace.watch(plan.duration, control, output).await?
    } else {
        trace.sample_as_needed(control).await?
    };
    trace.conclude(clock.now(), output);
    Ok(reason)
}

/// A trace that runs.
struct Examination<'a> {
    plan: &'a TracePlan,
    clock: Clock,
    follower: Follower,
    listeners: Vec<Listener>,
    vanished: Vanished,
    /// Latest failed attempt to connect to each server.
    attempts: HashMap<SocketAddr, Stamp>,
    /// Connections that the client closed, with nothing in doubt.
    closed: u64,
    /// Messages of the kernel that were lost.
    dropped: u64,
    /// Problems that are there, by code and server; each with its latest finding.
    present: HashMap<(&'static str, SocketAddr), CheckFinding>,
    /// Servers to which a connection was lost or an attempt failed, and no new one was made.
    down: HashMap<SocketAddr, Stamp>,
    any: bool,
    /// Time of the latest search for owners.
    named: Option<Stamp>,
}

impl<'a> Examination<'a> {
    fn open(plan: &'a TracePlan, clock: Clock) -> Result<Self, TraceError> {
        Ok(Self {
            plan,
            clock,
            follower: Follower::open(plan.scope.clone(), clock)?,
            listeners: Vec::new(),
            vanished: Vanished::default(),
            attempts: HashMap::new(),
            closed: 0,
            dropped: 0,
            present: HashMap::new(),
            down: HashMap::new(),
            any: false,
            named: None,
        })
    }

    fn sample(&mut self) -> Result<(), Errno> {
        let now = self.clock.now();
        let gone = self.follower.sample(now)?;
        self.vanished.add(gone.into_iter().filter(|it| it.side == SocketSide::Client).collect(), now);
        self.any |= self.follower.listed().next().is_some();
        Ok(())
    }

    async fn sample_as_needed(&mut self, control: UnboundedReceiver<Control>) -> Result<StopReason, TraceError> {
        let mut stopping = std::pin::pin!(stopped(control));
        let start = self.clock.now();
        self.sample()?;
        let mut is_settled = true;
        for (after, idle) in SAMPLES {
            if !self.follower.is_pending(idle) {
                break;
            }
            tokio::select! {
                () = self.clock.sleep_until(start.after(after)) => {}
                reason = &mut stopping => return Ok(reason),
            }
            is_settled = self.follower.look_again(idle);
        }
        if !is_settled {
            // All connections, to compare with each other.
            self.sample()?;
        }
        Ok(StopReason::Count)
    }

    async fn watch(
        &mut self,
        duration: Option<Duration>,
        mut control: UnboundedReceiver<Control>,
        output: &mut Output<'_>,
    ) -> Result<StopReason, TraceError> {
        let end = duration.map(|duration| self.clock.now().after(duration));
        self.sample()?;
        self.listen();
        if self.listeners.is_empty() {
            let text = "the kernel's broadcast of ended sockets is not available: endings and attempts are not known";
            output.send(self.clock.now(), EventKind::Note { text: text.into() });
        }
        output.send(self.clock.now(), traced(Traced::Watching(self.size())));
        let mut next_sample = self.clock.now();
        loop {
            let now = self.clock.now();
            self.hear(now, output);
            if now >= next_sample {
                self.sample_and_report(now, output)?;
                let took = self.clock.now().since(now);
                next_sample = now.after((took * SHARE).clamp(INTERVAL, LONGEST));
            }
            if self.plan.scope.process.as_ref().is_some_and(|process| !process.is_there()) {
                let text = "the process ended, and the watch with it";
                output.send(now, EventKind::Note { text: text.into() });
                return Ok(StopReason::ApplicationEnded);
            }
            if end.is_some_and(|end| now >= end) {
                return Ok(StopReason::Duration);
            }
            let wake = now.after(TICK);
            tokio::select! {
                () = self.clock.sleep_until(end.map_or(wake, |end| end.min(wake))) => {}
                Some(request) = control.recv() => match request {
                    Control::Stop(reason) => return Ok(reason),
                    Control::Interim => output.show_interim(self.clock.now()),
                },
            }
        }
    }

    /// Listens to the ends of sockets that are connected to the servers' ports.
    fn listen(&mut self) {
        let mut ports = self.plan.scope.ports.clone();
        if ports.is_empty() {
            ports = self
                .follower
                .listed()
                .filter(|it| it.side == SocketSide::Client)
                .map(|it| it.server().port())
                .collect();
            ports.sort_unstable();
            ports.dedup();
        }
        let open = |port: u16| Listener::open(port).ok().filter(|listener| listener.start().is_ok());
        self.listeners = ports.into_iter().filter_map(open).collect();
    }

    /// Reads the broadcasts so far.
    fn hear(&mut self, now: Stamp, output: &mut Output<'_>) {
        let mut heard = Vec::new();
        for listener in &mut self.listeners {
            let mut overrun = false;
            for _ in 0..BATCH {
                match listener.next() {
                    Ok(socket) => heard.extend(socket),
                    Err(Errno::NOBUFS) => overrun = true,
                    Err(_) => break,
                }
            }
            if overrun {
                self.dropped += listener.dropped().unwrap_or(1);
            }
        }
        for mut socket in heard {
            socket.pair = socket.pair.canonical();
            self.on_end(&socket, now, output);
        }
    }

    fn on_end(&mut self, socket: &Destroyed, now: Stamp, output: &mut Output<'_>) {
        let (server, (gone, was_unnoticed)) = (socket.pair.peer, self.vanished.heard(socket.cookie));
        let known = self.follower.get(socket.cookie).or(gone.as_ref());
        let scope = &self.plan.scope;
        // Of a process, only connections that were seen are known to be its own.
        let is_ours = scope.servers.is_empty() || scope.servers.contains(&server.ip());
        if !is_ours || scope.process.is_some() && known.is_none() {
            return;
        }
        self.any = true;
        let (seen, owner) =
            known.map_or((None, None), |it| (Some(it.socket.state), rows::owner(it, &self.follower.names)));
        let witnesses = Witnesses {
            seen,
            left_here: self.follower.sampler.state(socket.pair, now),
            left_there: self.follower.sampler.state(socket.pair.reversed(), now),
            is_local: socket.pair.is_local(),
        };
        let end = ending::end(socket, witnesses);
        let failed = match end {
            None => Some(socket.end),
            Some(end) if end.how != Ending::ClosedByClient && is_brief(socket) => Some(AttemptEnd::Dropped),
            Some(_) => None,
        };
        if let Some(how) = failed {
            let after = self.attempts.insert(server, now).map(|before| now.since(before));
            self.down.entry(server).or_insert(now);
            let failed = AttemptFailed { peer: server, how, syn_retries: socket.syn_retries(), after };
            output.send(now, traced(Traced::AttemptFailed(failed)));
        } else if let Some(End { how, proven, in_doubt }) = end {
            let end =
                TracedEnd { local: socket.pair.local, peer: server, owner, how, proven, in_doubt_bytes: in_doubt };
            if end.is_telling() {
                self.down.entry(server).or_insert(now);
            } else {
                self.closed += 1;
            }
            if end.is_telling() || was_unnoticed {
                output.send(now, traced(Traced::Ended(end)));
            }
        }
    }

    fn sample_and_report(&mut self, now: Stamp, output: &mut Output<'_>) -> Result<(), TraceError> {
        let known: HashSet<u64> = self.follower.listed().map(|it| it.socket.cookie).collect();
        self.sample()?;
        if self.named.is_none_or(|named| now.since(named) >= SECOND) {
            self.named = Some(now);
            self.follower.name();
            for unnoticed in self.vanished.check(&mut self.follower.sampler, now) {
                output.send(now, traced(Traced::Unnoticed(unnoticed)));
            }
            output.send(now, self.sampled());
        }
        let clients = self.follower.listed().filter(|it| it.side == SocketSide::Client && it.is_established());
        let new: Vec<_> = clients.filter(|it| !known.contains(&it.socket.cookie)).map(|it| it.socket.pair).collect();
        for pair in new {
            if let Some(since) = self.down.remove(&pair.peer) {
                let returned = Returned { local: pair.local, peer: pair.peer, after: now.since(since) };
                output.send(now, traced(Traced::Connected(returned)));
            }
        }
        let mut present = HashMap::new();
        for Problem { code, server, finding, .. } in self.follower.judge() {
            if self.present.get(&(code, server)).is_none_or(|known| known.severity < finding.severity) {
                output.send(now, traced(Traced::Found(Found { server, finding: finding.clone() })));
            }
            present.insert((code, server), finding);
        }
        let before = std::mem::replace(&mut self.present, present);
        let over = before.into_iter().filter(|(key, _)| !self.present.contains_key(key));
        over.for_each(|((_, server), finding)| output.send(now, traced(Traced::Cleared(Found { server, finding }))));
        Ok(())
    }

    fn size(&self) -> TraceSize {
        let (connections, servers) = self.follower.size();
        TraceSize { connections, servers }
    }

    fn sampled(&self) -> EventKind {
        let Self { follower, any, closed, dropped, .. } = self;
        let (size, any, closed, dropped) = (self.size(), *any, *closed, *dropped);
        traced(Traced::Sampled(TraceSample { size, samples: follower.samples, any, closed, dropped }))
    }

    /// Reports the ends since the last reading of the broadcast, and what the last sample shows.
    fn conclude(mut self, now: Stamp, output: &mut Output<'_>) {
        self.hear(now, output);
        self.follower.name();
        let problems = self.follower.judge();
        let there = |key: &(&'static str, SocketAddr)| problems.iter().any(|it| (it.code, it.server) == *key);
        for ((_, server), finding) in self.present.iter().filter(|(key, _)| !there(key)) {
            output.send(now, traced(Traced::Cleared(Found { server: *server, finding: finding.clone() })));
        }
        let rows = rows::all(&self.follower, &problems);
        for Problem { server, finding, .. } in problems {
            output.send(now, traced(Traced::Standing(Found { server, finding })));
        }
        rows.into_iter().for_each(|row| output.send(now, traced(Traced::Connection(Box::new(row)))));
        output.send(now, self.sampled());
    }
}

fn traced(traced: Traced) -> EventKind {
    EventKind::Traced(Box::new(traced))
}

/// Returns true for a connection that ended before it was of use: a server that is full, loading or starting ends it immediately.
fn is_brief(socket: &Destroyed) -> bool {
    let info = &socket.info;
    socket.age < Duration::from_secs(1) && info.data_segments_received <= 1 && info.data_segments_sent <= HANDSHAKE
}

/// Completes at the first request that ends the run: it is over in seconds, without interim figures.
async fn stopped(mut control: UnboundedReceiver<Control>) -> StopReason {
    while let Some(request) = control.recv().await {
        if let Control::Stop(reason) = request {
            return reason;
        }
    }
    std::future::pending().await
}
