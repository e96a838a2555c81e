//! A trace from its first sample to its report: a sample, and if a problem is pending up to two further looks at the
//! connections in question; or with `--watch` four samples a second and the kernel's broadcast of ended sockets.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    time::Duration,
};

use rustix::io::Errno;
use thiserror::Error;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{
    attempts::Attempts,
    ending::{self, End, Ending, Witnesses},
    follow::Follower,
    losses::{EndedRow, Losses},
    news::News,
    report::{Gathered, Owner, TraceReport},
    rules::Problem,
    scope::{Side, TraceScope},
    vanished::{UNNOTICED, Vanished},
};
use crate::{
    checkup::CheckFinding,
    clock::{Clock, Stamp},
    event::{AttemptEnd, Control},
    kernel::{Destroyed, Listener},
    units::count,
    verdict::Severity,
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

/// Interval between two searches for owners, which read the descriptors of all processes.
const NAMES: Duration = Duration::from_secs(1);

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

/// Runs a trace to its end. A signal ends it with what is known so far.
///
/// # Errors
/// The kernel has no socket diagnostics, or forbids them.
pub(crate) async fn run(
    plan: &TracePlan,
    clock: Clock,
    control: UnboundedReceiver<Control>,
    on_news: &mut dyn FnMut(Stamp, News),
) -> Result<TraceReport, TraceError> {
    let mut trace = Trace::open(plan, clock)?;
    if plan.watch {
        trace.watch(plan.duration, control, on_news).await?;
    } else {
        trace.sample_as_needed(control).await?;
    }
    Ok(trace.conclude(clock.now()))
}

/// A trace that runs.
struct Trace<'a> {
    plan: &'a TracePlan,
    clock: Clock,
    follower: Follower,
    listeners: Vec<Listener>,
    attempts: Attempts,
    losses: Losses,
    vanished: Vanished,
    /// Messages of the kernel that were lost.
    dropped: u64,
    /// Problems that are there, by code and server; each with its latest finding.
    present: HashMap<(&'static str, SocketAddr), CheckFinding>,
    /// Problems that are over.
    over: BTreeMap<(&'static str, SocketAddr), CheckFinding>,
    /// Servers to which a connection was lost or an attempt failed, and no new one was made.
    down: HashMap<SocketAddr, Stamp>,
    any: bool,
    named: Option<Stamp>,
    /// The process of the scope ended, and the watch with it.
    process_ended: bool,
}

impl<'a> Trace<'a> {
    fn open(plan: &'a TracePlan, clock: Clock) -> Result<Self, TraceError> {
        Ok(Self {
            plan,
            clock,
            follower: Follower::open(plan.scope.clone(), clock)?,
            listeners: Vec::new(),
            attempts: Attempts::default(),
            losses: Losses::default(),
            vanished: Vanished::default(),
            dropped: 0,
            present: HashMap::new(),
            over: BTreeMap::new(),
            down: HashMap::new(),
            any: false,
            named: None,
            process_ended: false,
        })
    }

    fn sample(&mut self) -> Result<(), Errno> {
        let now = self.clock.now();
        let gone = self.follower.sample(now)?;
        self.vanished.add(gone.into_iter().filter(|it| it.side == Side::Client).collect(), now);
        self.any |= self.follower.listed().next().is_some();
        Ok(())
    }

    async fn sample_as_needed(&mut self, control: UnboundedReceiver<Control>) -> Result<(), TraceError> {
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
                () = &mut stopping => break,
            }
            is_settled = self.follower.look_again(idle);
        }
        if !is_settled {
            // All connections, to compare with each other.
            self.sample()?;
        }
        Ok(())
    }

    async fn watch(
        &mut self,
        duration: Option<Duration>,
        control: UnboundedReceiver<Control>,
        on_news: &mut dyn FnMut(Stamp, News),
    ) -> Result<(), TraceError> {
        let mut stopping = std::pin::pin!(stopped(control));
        let end = duration.map(|duration| self.clock.now().after(duration));
        self.sample()?;
        self.listen();
        let (connections, servers) = self.follower.size();
        on_news(self.clock.now(), News::Watching { connections, servers });
        let mut next_sample = self.clock.now();
        loop {
            let now = self.clock.now();
            self.hear(now, on_news);
            if now >= next_sample {
                self.sample_and_report(now, on_news)?;
                let took = self.clock.now().since(now);
                next_sample = now.after((took * SHARE).clamp(INTERVAL, LONGEST));
            }
            self.process_ended = self.plan.scope.process.as_ref().is_some_and(|process| !process.is_there());
            if self.process_ended || end.is_some_and(|end| now >= end) {
                return Ok(());
            }
            let wake = now.after(TICK);
            tokio::select! {
                () = self.clock.sleep_until(end.map_or(wake, |end| end.min(wake))) => {}
                () = &mut stopping => return Ok(()),
            }
        }
    }

    /// Listens to the ends of sockets that are connected to the servers' ports.
    fn listen(&mut self) {
        let mut ports = self.plan.scope.ports.clone();
        if ports.is_empty() {
            ports = self.follower.listed().filter(|it| it.side == Side::Client).map(|it| it.server().port()).collect();
            ports.sort_unstable();
            ports.dedup();
        }
        let open = |port: u16| Listener::open(port).ok().filter(|listener| listener.start().is_ok());
        self.listeners = ports.into_iter().filter_map(open).collect();
    }

    /// Reads the broadcasts so far.
    fn hear(&mut self, now: Stamp, on_news: &mut dyn FnMut(Stamp, News)) {
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
            self.on_end(&socket, now, on_news);
        }
    }

    fn on_end(&mut self, socket: &Destroyed, now: Stamp, on_news: &mut dyn FnMut(Stamp, News)) {
        let (server, gone) = (socket.pair.peer, self.vanished.heard(socket.cookie));
        let known = self.follower.get(socket.cookie).or(gone.as_ref());
        let scope = &self.plan.scope;
        // Of a process, only connections that were seen are known to be its own.
        let is_ours = scope.servers.is_empty() || scope.servers.contains(&server.ip());
        if !is_ours || scope.process.is_some() && known.is_none() {
            return;
        }
        self.any = true;
        let (seen, owner) =
            known.map_or((None, None), |it| (Some(it.socket.state), Owner::of(it, &self.follower.names)));
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
            let after = self.attempts.add(server, how, now);
            self.down.entry(server).or_insert(now);
            let news = News::AttemptFailed { peer: server.to_string(), how, syn_retries: socket.syn_retries(), after };
            on_news(now, news);
        } else if let Some(End { how, proven, in_doubt }) = end {
            let (local, peer) = (socket.pair.local.to_string(), server.to_string());
            let row = EndedRow { at: now, local, peer, owner, how, proven, in_doubt_bytes: in_doubt };
            if self.losses.add(&row) {
                self.down.entry(server).or_insert(now);
                on_news(now, News::Ended(row));
            }
        }
    }

    fn sample_and_report(&mut self, now: Stamp, on_news: &mut dyn FnMut(Stamp, News)) -> Result<(), TraceError> {
        let known: HashSet<u64> = self.follower.listed().map(|it| it.socket.cookie).collect();
        self.sample()?;
        if self.named.is_none_or(|named| now.since(named) >= NAMES) {
            self.named = Some(now);
            self.follower.name();
            for (server, text) in self.vanished.check(&mut self.follower.sampler, now) {
                let (severity, code, server) = (Severity::Warning, UNNOTICED, server.to_string());
                on_news(now, News::Found { severity, code, server, text });
            }
        }
        let clients = self.follower.listed().filter(|it| it.side == Side::Client && it.is_established());
        let new: Vec<_> = clients.filter(|it| !known.contains(&it.socket.cookie)).map(|it| it.socket.pair).collect();
        for pair in new {
            if let Some(since) = self.down.remove(&pair.peer) {
                let (local, peer) = (pair.local.to_string(), pair.peer.to_string());
                on_news(now, News::Connected { local, peer, after: Some(now.since(since)) });
            }
        }
        let problems = self.follower.judge();
        let mut present = HashMap::new();
        for Problem { code, server, finding, .. } in problems {
            if self.present.get(&(code, server)).is_none_or(|known| known.severity < finding.severity) {
                let (severity, text) = (finding.severity, finding.text.clone());
                on_news(now, News::Found { severity, code, server: server.to_string(), text });
            }
            present.insert((code, server), finding);
        }
        for ((code, server), finding) in std::mem::replace(&mut self.present, present) {
            if !self.present.contains_key(&(code, server)) {
                if finding.severity > Severity::Info {
                    self.over.insert((code, server), finding);
                }
                on_news(now, News::Cleared { code, server: server.to_string() });
            }
        }
        Ok(())
    }

    fn conclude(mut self, now: Stamp) -> TraceReport {
        self.follower.name();
        let problems = self.follower.judge();
        let there = |key: &(&'static str, SocketAddr)| problems.iter().any(|it| (it.code, it.server) == *key);
        let over = self.over.iter().chain(&self.present).filter(|(key, _)| !there(key));
        let mut findings: Vec<_> = over.map(|(_, finding)| past(finding)).collect();
        findings.extend(self.attempts.findings());
        findings.extend(self.losses.findings());
        findings.extend(self.vanished.findings());
        let mut notes = Vec::new();
        if self.plan.watch && self.listeners.is_empty() {
            notes.push(
                "the kernel's broadcast of ended sockets is not available: endings and attempts are not known"
                    .to_owned(),
            );
        }
        if self.process_ended {
            notes.push("the process ended, and the watch with it".to_owned());
        }
        if self.dropped > 0 {
            notes.push(format!("the kernel dropped {} about ended sockets", count(self.dropped, "message")));
        }
        if self.losses.closed > 0 {
            notes.push(format!(
                "{} closed by the client, with nothing in doubt",
                count(self.losses.closed, "connection")
            ));
        }
        let gathered = Gathered {
            scope: self.plan.scope.describe(),
            time: self.clock.wall(Stamp::START),
            took: now.elapsed(),
            watched: self.plan.watch,
            findings,
            ended: std::mem::take(&mut self.losses.rows),
            attempts: self.attempts.rows(),
            notes,
            any: self.any,
        };
        TraceReport::new(&self.follower, problems, gathered)
    }
}

/// Returns true for a connection that ended before it was of use: a server that is full, loading or starting ends it immediately.
fn is_brief(socket: &Destroyed) -> bool {
    let info = &socket.info;
    socket.age < Duration::from_secs(1) && info.data_segments_received <= 1 && info.data_segments_sent <= HANDSHAKE
}

/// Returns the finding of a problem that is over.
fn past(finding: &CheckFinding) -> CheckFinding {
    let text = format!("over: {}", finding.text);
    CheckFinding { severity: finding.severity.min(Severity::Warning), text, ..finding.clone() }
}

/// Completes at the first signal that ends the run.
async fn stopped(mut control: UnboundedReceiver<Control>) {
    while let Some(request) = control.recv().await {
        if matches!(request, Control::Stop(_)) {
            return;
        }
    }
    std::future::pending().await
}
