//! The path probe: an independent connection attempt, stage by stage (DNS, TCP, TLS, HELLO, PING).
//!
//! It uses a separate socket rather than redis-rs, so it sees what the library hides: the failed stage, its errno, and
//! the server's first line ("max number of clients reached", "DENIED", an HTTP response), which redis-rs replaces by a
//! bare "broken pipe". Before a run it is the preflight; during an outage it dates the moment from which the client
//! *could* have been back.

mod greet;
mod unix;

use std::{io, net::SocketAddr, time::Duration};

use tokio::net::{TcpStream, UnixStream};

use super::{
    dialect::Dialect,
    own_sockets::OwnSockets,
    resp_stream::{RespStream, Stream},
};
use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::{Clock, Stamp, within},
    credentials,
    event::{PathProbed, ServerIdentity, StageTime},
    plan::{Address, Protocol, Secret, Target},
    tls::{Connector, TlsSession},
    units::span,
};

/// Time by which the limit of each wait exceeds that of the attempt.
const MARGIN: Duration = Duration::from_secs(1);

/// A route to a server: target, user and time limit.
#[derive(Clone)]
pub(crate) struct Route {
    target: Target,
    protocol: Protocol,
    /// The dialect of the peer, once it is known: it replaces `protocol`, and no other is tried.
    dialect: Option<Dialect>,
    limit: Duration,
    /// A user who may not PING counts as a failure.
    ping: bool,
    /// A server that loads its dataset does not count as a failure.
    loading: bool,
    clock: Clock,
    tls: Connector,
    own: OwnSockets,
}

/// The result of an attempt.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// Completed stages and the failure, if any.
    pub probed: PathProbed,
    /// Addresses that the host name resolved to, in the order of the attempts.
    pub addresses: Vec<SocketAddr>,
    /// The address that answered (or refused).
    pub peer: Option<SocketAddr>,
    /// Our end of the connection, as seen by us.
    pub local: Option<SocketAddr>,
    /// The encryption, if there is any.
    pub tls: Option<TlsSession>,
    /// The server's identity from HELLO or INFO.
    pub server: ServerIdentity,
    /// The error reply to PING where the connection works all the same: the ACL forbids PING or the server is still
    /// loading, and it is not needed; or the server refuses it because it cannot persist (MISCONF).
    pub ping_refused: Option<Failure>,
    /// The failure of HELLO, where it was tried and the peer speaks RESP2.
    pub hello_refused: Option<Failure>,
    /// The failure of INFO over RESP2, unless an ACL forbids it.
    pub info_refused: Option<Failure>,
    /// The protocol in use: 2 or 3.
    pub resp: u8,
    /// End of the attempt.
    pub finished: Stamp,
}

impl Attempt {
    /// Returns the server that answered, if any part of it is known.
    fn answered_by(&self) -> Option<Box<ServerIdentity>> {
        (self.server != ServerIdentity::default()).then(|| Box::new(self.server.clone()))
    }

    /// The heartbeat command that this user may send on the connection: PING, or HELLO where the ACL forbids PING.
    pub(crate) fn heartbeat(&self) -> &'static [&'static str] {
        match (&self.ping_refused, self.resp) {
            (None, _) => &["PING"],
            (Some(_), 3) => &["HELLO", "3"],
            (Some(_), _) => &["HELLO", "2"],
        }
    }
}

/// True if the server answered, but its ACL forbids the command to this user.
pub(crate) fn is_forbidden(failure: &Failure) -> bool {
    failure.key.class == ErrorClass::NoPerm
}

impl Route {
    /// Creates a route whose attempts take at most `limit`.
    pub(crate) fn new(target: Target, protocol: Protocol, limit: Duration, clock: Clock) -> Self {
        Self {
            tls: Connector::new(target.tls.clone()),
            target,
            protocol,
            dialect: None,
            limit,
            ping: true,
            loading: false,
            clock,
            own: OwnSockets::default(),
        }
    }

    /// Returns the same route with another limit.
    #[must_use]
    pub(crate) fn with_limit(&self, limit: Duration) -> Self {
        Self { limit, ..self.clone() }
    }

    /// Returns the same route with PING needed or not; if not, an ACL that forbids it does not count as a failure.
    #[must_use]
    pub(crate) fn with_ping(&self, needed: bool) -> Self {
        Self { ping: needed, ..self.clone() }
    }

    /// Returns the same route that also connects to a server that refuses PING because it is loading its dataset.
    #[must_use]
    pub(crate) fn even_while_loading(&self) -> Self {
        Self { loading: true, ..self.clone() }
    }

    /// Returns the same route for a peer of known dialect.
    #[must_use]
    pub(crate) fn speaking(&self, dialect: Dialect) -> Self {
        Self { dialect: Some(dialect), ..self.clone() }
    }

    /// Returns false if INFO, CONFIG and CLIENT end a connection.
    pub(crate) fn may_query(&self) -> bool {
        self.dialect.is_none_or(|dialect| dialect.info)
    }

    /// Returns a route to the same port with TLS switched on or off and without credentials, to find out what the port
    /// speaks. `None` for a unix socket.
    pub(crate) fn other_encryption(&self) -> Option<Self> {
        let Address::Tcp { host, port, tls } = &self.target.address else { return None };
        let address = Address::Tcp { host: host.clone(), port: *port, tls: !tls };
        let target = Target { address, user: None, password: None, ..self.target.clone() };
        Some(Self { target, ..self.clone() })
    }

    /// Returns a route to another target, with the same user and limit.
    pub(crate) fn to(&self, target: Target) -> Self {
        Self { tls: self.tls.with(&target.tls), target, ..self.clone() }
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    /// Returns the sockets used by this route and its copies.
    pub(crate) fn own(&self) -> OwnSockets {
        self.own.clone()
    }

    /// Makes one attempt, and closes the connection.
    pub(crate) async fn attempt(&self) -> Attempt {
        self.open().await.0
    }

    /// Makes one attempt that must succeed, and keeps the connection open.
    ///
    /// # Errors
    /// Returns the failure of the attempt.
    pub(crate) async fn connect(&self) -> Result<(Attempt, RespStream), Failure> {
        let (attempt, stream) = self.open().await;
        let not_connected = || Failure::doctor(ErrorClass::Other, Stage::Connect, "not connected");
        match stream {
            Some(stream) => Ok((attempt, stream)),
            None => Err(attempt.probed.failure.unwrap_or_else(not_connected)),
        }
    }

    /// Makes one attempt, and keeps the connection open if it succeeds.
    pub(crate) async fn open(&self) -> (Attempt, Option<RespStream>) {
        self.open_unless(std::future::pending()).await
    }

    /// Does the same unless `stop` completes first: the attempt then fails in the stage that it had reached.
    pub(crate) async fn open_unless(&self, stop: impl Future<Output = ()>) -> (Attempt, Option<RespStream>) {
        let started = self.clock.now();
        let mut dialing = Dialing::new(self);
        let outcome = tokio::select! {
            biased;
            outcome = dialing.run() => outcome.ok_or(("timed out", self.limit)),
            () = stop => Err(("stopped", whole_millis(self.clock.now().since(started)))),
        };
        let (stream, failure) = match outcome {
            Ok(Ok(stream)) => (Some(stream), None),
            Ok(Err(failure)) => (None, Some(failure)),
            Err((how, after)) => (None, Some(dialing.gave_up(how, after))),
        };
        dialing.attempt.probed.failure = failure;
        dialing.attempt.probed.server = dialing.attempt.answered_by();
        dialing.attempt.finished = self.clock.now();
        (dialing.attempt, stream)
    }
}

/// Rounds a measured time, for an error text.
fn whole_millis(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// One attempt in progress.
struct Dialing<'a> {
    path: &'a Route,
    stage: Stage,
    since: Stamp,
    /// The password of this attempt.
    password: Option<Secret>,
    attempt: Attempt,
}

impl<'a> Dialing<'a> {
    fn new(path: &'a Route) -> Self {
        let attempt = Attempt {
            probed: PathProbed { stages: Vec::new(), failure: None, server: None },
            addresses: Vec::new(),
            peer: None,
            local: None,
            tls: None,
            server: ServerIdentity::default(),
            ping_refused: None,
            hello_refused: None,
            info_refused: None,
            resp: 3,
            finished: Stamp::START,
        };
        Self { path, stage: Stage::Dns, since: path.clock.now(), password: None, attempt }
    }

    /// Makes the attempt; `None` if it takes longer than the limit, in which the wait for a password does not count.
    async fn run(&mut self) -> Option<Result<RespStream, Failure>> {
        let Route { clock, limit, .. } = *self.path;
        let started = clock.now();
        let stream = match within(limit, self.reach()).await? {
            Ok(stream) => stream,
            Err(failure) => return Some(Err(failure)),
        };
        let left = limit.saturating_sub(clock.now().since(started));
        if let Some(password) = &self.path.target.password {
            match credentials::obtain(password).await {
                Ok(password) => self.password = Some(password),
                Err(failure) => return Some(Err(failure)),
            }
            self.since = clock.now();
        }
        let greeted = within(left, self.greet(stream)).await?;
        Some(greeted.map_err(|failure| self.in_handshake(failure)))
    }

    /// Assigns an alert to the handshake: over TLS 1.3 the server judges the client's certificate only after it, and the
    /// alert arrives in place of the first reply.
    fn in_handshake(&mut self, mut failure: Failure) -> Failure {
        if self.path.target.speaks_tls() && failure.key.class.is_tls() {
            self.attempt.probed.stages.retain(|done| done.stage < Stage::Tls);
            failure.key.stage = Stage::Tls;
        }
        failure
    }

    /// Opens a stream, with TLS if the target has it.
    async fn reach(&mut self) -> Result<RespStream, Failure> {
        match self.path.target.address.clone() {
            Address::Unix(file) => {
                self.stage = Stage::Unix;
                let made = self.within(UnixStream::connect(&file)).await;
                let stream = made.map_err(|error| unix::failure(&file, &error))?;
                self.done(Stage::Hello);
                Ok(self.speak(stream))
            }
            Address::Tcp { host, port, tls } => {
                let stream = self.dial(&host, port).await?;
                if !tls {
                    return Ok(self.speak(stream));
                }
                let stream = self.path.tls.handshake(&host, stream, self.limit()).await?;
                self.done(Stage::Hello);
                self.attempt.tls = Some(self.path.tls.describe(&stream));
                // The description counts toward no stage.
                self.since = self.path.clock.now();
                Ok(self.speak(stream))
            }
        }
    }

    /// Returns the limit of each wait: more than that of the whole attempt, which ends first and names the stage.
    fn limit(&self) -> Duration {
        self.path.limit.saturating_add(MARGIN)
    }

    async fn within<T>(&self, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        within(self.limit(), work).await.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
    }

    fn speak(&self, stream: impl Stream + 'static) -> RespStream {
        RespStream::new(Box::new(stream), self.limit())
    }

    async fn dial(&mut self, host: &str, port: u16) -> Result<TcpStream, Failure> {
        let found = self.within(tokio::net::lookup_host((host, port))).await;
        let addresses: Vec<_> = found
            .map_err(|error| {
                let mut failure = Failure::io(Stage::Dns, &error);
                failure.key.class = ErrorClass::Dns;
                failure.text = format!("cannot resolve {host}: {error}").into();
                failure
            })?
            .collect();
        self.attempt.addresses.clone_from(&addresses);
        self.path.own.resolved(&addresses);
        self.done(Stage::Tcp);
        let mut last = None;
        for address in addresses {
            self.attempt.peer = Some(address);
            match self.path.own.dial(address, self.limit()).await {
                Ok(stream) => {
                    self.done(Stage::Tls);
                    // A failure would only slow down PING.
                    let _ = stream.set_nodelay(true);
                    self.attempt.local = stream.local_addr().ok();
                    return Ok(stream);
                }
                Err(error) => last = Some(Failure::io(Stage::Tcp, &error)),
            }
        }
        Err(last.unwrap_or_else(|| Failure::doctor(ErrorClass::Dns, Stage::Dns, format!("{host} has no address"))))
    }

    /// Completes the current stage and begins `next`.
    fn done(&mut self, next: Stage) {
        let now = self.path.clock.now();
        self.attempt.probed.stages.push(StageTime { stage: self.stage, took: now.since(self.since) });
        (self.stage, self.since) = (next, now);
    }

    /// Returns the failure of the stage that did not complete.
    fn gave_up(&self, how: &str, after: Duration) -> Failure {
        let (class, hint) = match self.stage {
            Stage::Dns => (ErrorClass::Dns, "no answer from the name servers"),
            Stage::Tls => (
                ErrorClass::Tls,
                "no TLS response; the port may be plaintext (redis:// instead of rediss://), or the \
                                   path loses large packets",
            ),
            Stage::Hello => (ErrorClass::ConnectTimeout, "the connection was accepted, but HELLO was never answered"),
            Stage::Command => (ErrorClass::ResponseTimeout, "no reply to PING"),
            _ => (ErrorClass::ConnectTimeout, "no answer to the connection attempt"),
        };
        let after = span(after);
        Failure::doctor(class, self.stage, format!("{how} after {after}: {hint}"))
    }
}
