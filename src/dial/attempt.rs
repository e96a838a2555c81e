//! The path probe: an independent connection attempt, stage by stage (DNS, TCP, TLS, HELLO, PING).
//!
//! It uses a socket of its own rather than redis-rs, so it sees what the library hides: which stage failed with which
//! errno, and the server's first line ("max number of clients reached", "DENIED", an HTTP answer), which redis-rs
//! replaces by a bare "broken pipe". Before a run it is the preflight; during an outage it dates the moment from which
//! the client *could* have been back.

use std::{net::SocketAddr, time::Duration};

use tokio::net::{TcpStream, UnixStream};

use super::{own_sockets::OwnSockets, resp_stream::RespStream};
use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::{Clock, Stamp, WallTime},
    event::{PathProbed, ServerIdentity, StageTime},
    plan::{Address, Protocol, Secret, Target},
    tls,
    units::span,
};

/// A path: where to, as whom, and how long it may take.
#[derive(Clone)]
pub(crate) struct Route {
    target: Target,
    protocol: Protocol,
    limit: Duration,
    /// A user who may not PING has not arrived.
    ping: bool,
    clock: Clock,
    tls: tls::Roots,
    own: OwnSockets,
}

/// What an attempt found.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// Completed stages and the failure, if any.
    pub probed: PathProbed,
    /// All addresses that the host's name stands for, in the order they are tried.
    pub addresses: Vec<SocketAddr>,
    /// The address that answered (or refused), when one was found.
    pub peer: Option<SocketAddr>,
    /// Our own end of the connection, as we see it.
    pub local: Option<SocketAddr>,
    /// The TLS version, on an encrypted connection.
    pub tls: Option<String>,
    /// When the server's certificate expires, on an encrypted connection.
    pub certificate_expires: Option<WallTime>,
    /// The server, as HELLO or INFO describes it.
    pub server: ServerIdentity,
    /// The server's words where the ACL forbids PING to this user, who can do without.
    pub ping_refused: Option<Failure>,
    /// The protocol that the server speaks with us: 2 or 3.
    pub resp: u8,
    /// When the attempt was over.
    pub finished: Stamp,
}

impl Attempt {
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
    /// A path whose attempts take at most `limit`.
    pub fn new(target: Target, protocol: Protocol, limit: Duration, clock: Clock) -> Self {
        Self { target, protocol, limit, ping: true, clock, tls: tls::Roots::default(), own: OwnSockets::default() }
    }

    /// The same path with another limit.
    #[must_use]
    pub fn with_limit(&self, limit: Duration) -> Self {
        Self { limit, ..self.clone() }
    }

    /// The same path for somebody who needs PING, or who does not: an ACL that forbids it is then no failure.
    #[must_use]
    pub fn with_ping(&self, needed: bool) -> Self {
        Self { ping: needed, ..self.clone() }
    }

    /// The same path to the same port, with TLS where this one has none and without where it has, and without the
    /// password: to find out what a port speaks. `None` for a unix socket.
    pub(crate) fn other_encryption(&self) -> Option<Self> {
        let Address::Tcp { host, port, tls } = &self.target.address else { return None };
        let address = Address::Tcp { host: host.clone(), port: *port, tls: !tls };
        let target = Target { address, user: None, password: None, ..self.target.clone() };
        Some(Self { target, ..self.clone() })
    }

    /// A path to another target, as the same user with the same limit.
    pub(crate) fn to(&self, target: Target) -> Self {
        Self { target, ..self.clone() }
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    /// The sockets that this path and its copies have used.
    pub(crate) fn own(&self) -> OwnSockets {
        self.own.clone()
    }

    /// Makes one attempt, and hangs up.
    pub async fn attempt(&self) -> Attempt {
        self.open().await.0
    }

    /// The same, unless `stop` comes first: the attempt then fails in the stage that it had reached.
    pub(crate) async fn attempt_unless(&self, stop: impl Future<Output = ()>) -> Attempt {
        self.open_unless(stop).await.0
    }

    /// Makes one attempt that is to succeed, and stays on the line.
    ///
    /// # Errors
    /// Why there is no line.
    pub(crate) async fn connect(&self) -> Result<(Attempt, RespStream), Failure> {
        let (attempt, stream) = self.open().await;
        let no_line = || Failure::doctor(ErrorClass::Other, Stage::Connect, "there is no connection");
        match stream {
            Some(stream) => Ok((attempt, stream)),
            None => Err(attempt.probed.failure.unwrap_or_else(no_line)),
        }
    }

    /// Makes one attempt, and stays on the line when it succeeds.
    pub(crate) async fn open(&self) -> (Attempt, Option<RespStream>) {
        self.open_unless(std::future::pending()).await
    }

    /// The same, unless `stop` comes first: the attempt then fails in the stage that it had reached.
    pub(crate) async fn open_unless(&self, stop: impl Future<Output = ()>) -> (Attempt, Option<RespStream>) {
        let started = self.clock.now();
        let mut dialing = Dialing {
            path: self,
            stage: Stage::Dns,
            since: self.clock.now(),
            attempt: Attempt {
                probed: PathProbed { stages: Vec::new(), failure: None },
                addresses: Vec::new(),
                peer: None,
                local: None,
                tls: None,
                certificate_expires: None,
                server: ServerIdentity::default(),
                ping_refused: None,
                resp: 3,
                finished: Stamp::START,
            },
        };
        let outcome = tokio::select! {
            biased;
            outcome = dialing.run() => Ok(outcome),
            () = tokio::time::sleep(self.limit) => Err(("timed out", self.limit)),
            () = stop => Err(("stopped", whole_millis(self.clock.now().since(started)))),
        };
        let (line, failure) = match outcome {
            Ok(Ok(line)) => (Some(line), None),
            Ok(Err(failure)) => (None, Some(self.without_password(failure))),
            Err((how, after)) => (None, Some(dialing.gave_up(how, after))),
        };
        dialing.attempt.probed.failure = failure;
        dialing.attempt.finished = self.clock.now();
        (dialing.attempt, line)
    }
}

impl Route {
    /// A server that does not know HELLO or AUTH quotes their arguments in its error.
    fn without_password(&self, failure: Failure) -> Failure {
        match self.target.password.as_ref().map(Secret::reveal).filter(|password| !password.is_empty()) {
            Some(password) => Failure { text: failure.text.replace(password, "***"), ..failure },
            None => failure,
        }
    }
}

/// As people read a time that nobody has chosen.
fn whole_millis(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// One attempt under way.
struct Dialing<'a> {
    path: &'a Route,
    stage: Stage,
    since: Stamp,
    attempt: Attempt,
}

impl Dialing<'_> {
    async fn run(&mut self) -> Result<RespStream, Failure> {
        match self.path.target.address.clone() {
            Address::Unix(file) => {
                self.stage = Stage::Tcp;
                let stream = UnixStream::connect(file).await;
                let stream = self.note(stream)?;
                self.greet(RespStream::new(Box::new(stream))).await
            }
            Address::Tcp { host, port, tls } => {
                let stream = self.dial(&host, port).await?;
                if !tls {
                    return self.greet(RespStream::new(Box::new(stream))).await;
                }
                let stream = self.path.tls.handshake(&host, stream).await?;
                self.done(Stage::Hello);
                self.attempt.tls = tls::version(&stream);
                let chain = stream.get_ref().1.peer_certificates().map(<[_]>::to_vec).unwrap_or_default();
                let line = self.greet(RespStream::new(Box::new(stream))).await?;
                // Not before: no stage's time is to hold it.
                self.attempt.certificate_expires = self.path.tls.expiry(&host, &chain);
                Ok(line)
            }
        }
    }

    async fn dial(&mut self, host: &str, port: u16) -> Result<TcpStream, Failure> {
        let found = tokio::net::lookup_host((host, port)).await;
        let addresses: Vec<_> = found
            .map_err(|error| {
                let mut failure = Failure::io(Stage::Dns, &error);
                failure.key.class = ErrorClass::Dns;
                failure.text = format!("cannot resolve {host}: {error}");
                failure
            })?
            .collect();
        self.attempt.addresses.clone_from(&addresses);
        self.path.own.resolved(&addresses);
        self.done(Stage::Tcp);
        let mut last = None;
        for address in addresses {
            self.attempt.peer = Some(address);
            match self.path.own.connect(address).await {
                Ok(stream) => {
                    self.done(Stage::Tls);
                    // Only the sum of PING's round trip would suffer if this failed.
                    let _ = stream.set_nodelay(true);
                    self.attempt.local = stream.local_addr().ok();
                    return Ok(stream);
                }
                Err(error) => last = Some(Failure::io(Stage::Tcp, &error)),
            }
        }
        Err(last.unwrap_or_else(|| Failure::doctor(ErrorClass::Dns, Stage::Dns, format!("{host} has no address"))))
    }

    /// HELLO (or AUTH) and PING on an open stream.
    async fn greet(&mut self, mut stream: RespStream) -> Result<RespStream, Failure> {
        self.stage = Stage::Hello;
        self.attempt.resp = if self.path.protocol == Protocol::Resp2 { 2 } else { 3 };
        if self.attempt.resp == 3 {
            match stream.hello(&self.path.target).await {
                Ok(server) => self.attempt.server = server,
                Err(failure) if failure.key.class != ErrorClass::Resp3Unsupported => return Err(failure),
                Err(failure) => self.fall_back(&mut stream, failure).await?,
            }
        }
        if self.attempt.resp == 2 {
            stream.auth(&self.path.target).await?;
            self.attempt.server = stream.describe().await;
        }
        stream.select(self.path.target.db).await?;
        self.done(Stage::Command);
        match stream.ping().await {
            // An answer of a server that lives and knows the user.
            Err(failure) if !self.path.ping && is_forbidden(&failure) => {
                self.attempt.ping_refused = Some(failure);
            }
            answered => answered?,
        }
        self.done(Stage::Command);
        Ok(stream)
    }

    /// The server cannot speak RESP3: use RESP2 if the user allows it, otherwise say which server it is.
    async fn fall_back(&mut self, stream: &mut RespStream, failure: Failure) -> Result<(), Failure> {
        if self.path.protocol == Protocol::Auto {
            self.attempt.resp = 2;
            return Ok(());
        }
        stream.auth(&self.path.target).await?;
        let server = stream.describe().await;
        let product = server.product.as_deref().unwrap_or("the server");
        let version = server.version.as_deref().unwrap_or("(version unknown)");
        let text =
            format!("{product} {version} does not speak RESP3; use --protocol auto or resp2 (it says: {failure})");
        Err(Failure { text, ..failure })
    }

    /// Ends the present stage well and begins `next`.
    fn done(&mut self, next: Stage) {
        let now = self.path.clock.now();
        self.attempt.probed.stages.push(StageTime { stage: self.stage, took: now.since(self.since) });
        (self.stage, self.since) = (next, now);
    }

    fn note<T>(&mut self, result: std::io::Result<T>) -> Result<T, Failure> {
        let stage = self.stage;
        if result.is_ok() {
            self.done(Stage::Hello);
        }
        result.map_err(|error| Failure::io(stage, &error))
    }

    /// What the stage that had no end means.
    fn gave_up(&self, how: &str, after: Duration) -> Failure {
        let (class, hint) = match self.stage {
            Stage::Dns => (ErrorClass::Dns, "the name server does not answer"),
            Stage::Tls => {
                (ErrorClass::Tls, "no TLS answer; the port may speak plain text (redis:// instead of rediss://)")
            }
            Stage::Hello => (ErrorClass::ConnectTimeout, "the connection was accepted and never answered"),
            Stage::Command => (ErrorClass::ResponseTimeout, "PING was not answered"),
            _ => (ErrorClass::ConnectTimeout, "no answer to the connection attempt"),
        };
        let after = span(after);
        Failure::doctor(class, self.stage, format!("{how} after {after}: {hint}"))
    }
}
