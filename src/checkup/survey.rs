//! The survey of a server for `check`: one connection by stages, a few PINGs, a message to ourselves, and the server's
//! own figures. It only gathers facts; the checkup judges them.
//!
//! A managed service forbids some of the commands. A refusal is a fact like any other, and the survey continues.

mod cluster;
mod facts;
mod latency;
mod server;

use std::{net::SocketAddr, pin::Pin, time::Duration};

pub(crate) use self::{
    cluster::{ClusterFacts, ClusterPrimary},
    facts::{
        BlockedClient, CheckFacts, DialedAddress, LargeReply, OutputLimit, Persistence, PingTimes, PubSub,
        RefusedCommand, Replica, ServerFacts, SlowFacts, SurveyCommand, SurveyEnd,
    },
};
use crate::{
    classify::{ErrorClass, Failure, Origin, Stage},
    clock::{Clock, within},
    dial::{ClientInfo, RespStream, Route, Value, identity, reply::text},
    event::ServerIdentity,
    plan::{Password, Protocol, Target},
    units::span,
};
use futures_util::{
    FutureExt,
    future::{FusedFuture, join_all},
};

/// Longest wait for our own message.
const MESSAGE_LIMIT: Duration = Duration::from_secs(2);

/// Timeout of each additional connection attempt.
const SIDE_LIMIT: Duration = Duration::from_secs(1);

/// At most this many additional addresses are dialed.
const ADDRESSES: usize = 8;

/// Further connections that show whether several servers answer at the address, and the pause between them.
const MEETINGS: u32 = 5;
const BETWEEN_MEETINGS: Duration = Duration::from_millis(150);

/// With more clients than this, the server is not asked to list them: the list would be megabytes.
const LISTED: u64 = 2_000;

/// The parameters of a survey.
#[derive(Clone, Debug)]
pub(crate) struct CheckPlan {
    /// The server.
    pub target: Target,
    /// The protocol requested.
    pub protocol: Protocol,
    /// Timeout of a connection attempt.
    pub connect_timeout: Duration,
    /// Time limit of the whole survey.
    pub deadline: Duration,
    /// A private channel for the message to ourselves.
    pub channel: String,
}

/// Gathers facts until everything has been queried, the deadline passes, or `stop` completes.
pub(crate) async fn survey(plan: &CheckPlan, clock: Clock, stop: impl Future<Output = ()>) -> CheckFacts {
    let protocol = if plan.protocol == Protocol::Resp2 { Protocol::Resp2 } else { Protocol::Auto };
    // The attempt must end before the deadline, or its result would be lost.
    let attempt = plan.connect_timeout.min(plan.deadline * 4 / 5);
    let route = Route::new(plan.target.clone(), protocol, attempt, clock).with_ping(false);
    let mut survey = Survey {
        route,
        target: &plan.target,
        channel: &plan.channel,
        deadline: plan.deadline,
        clock,
        facts: CheckFacts::default(),
    };
    let started = clock.now();
    let ended = within(plan.deadline, survey.run(std::pin::pin!(stop.fuse()))).await;
    survey.facts.took = clock.now().since(started);
    survey.facts.end = match ended {
        Some(Ok(end)) => end,
        Some(Err(failure)) => SurveyEnd::Broken(failure),
        None => {
            let limit = span(plan.deadline);
            let why = format!("the deadline of {limit} passed before the server had answered every command");
            SurveyEnd::Broken(Failure::doctor(ErrorClass::ResponseTimeout, Stage::Command, why))
        }
    };
    survey.facts
}

/// A survey in progress.
struct Survey<'a> {
    route: Route,
    target: &'a Target,
    channel: &'a str,
    deadline: Duration,
    clock: Clock,
    facts: CheckFacts,
}

impl Survey<'_> {
    async fn run(&mut self, mut stop: Pin<&mut impl FusedFuture<Output = ()>>) -> Result<SurveyEnd, Failure> {
        let (attempt, stream) = self.route.open_unless(&mut stop).await;
        self.facts.attempt = Some(attempt);
        if stop.is_terminated() {
            // The attempt's failure names the stage.
            return Ok(SurveyEnd::Complete);
        }
        let rest = async {
            match stream {
                Some(stream) => self.gather(stream).await,
                None => {
                    self.facts.speaks_other_encryption = self.try_other_encryption().await;
                    Ok(SurveyEnd::Complete)
                }
            }
        };
        tokio::select! {
            end = rest => end,
            () = stop => Ok(SurveyEnd::Stopped),
        }
    }

    async fn gather(&mut self, mut stream: RespStream) -> Result<SurveyEnd, Failure> {
        if let Some(attempt) = &self.facts.attempt {
            self.route = self.route.speaking(attempt.dialect());
        }
        self.time_replies(&mut stream).await?;
        self.reach_backend(&mut stream).await?;
        self.time_login(&mut stream).await?;
        self.query_client(&mut stream).await?;
        self.query_server(&mut stream).await?;
        self.query_cluster(&mut stream).await?;
        let result = self.test_pubsub(&mut stream).await?;
        self.facts.pubsub = Some(result);
        self.dial_other_addresses().await;
        self.meet_others().await;
        Ok(SurveyEnd::Complete)
    }

    /// Reads a key that does not exist, where a proxy may answer PING itself.
    async fn reach_backend(&mut self, stream: &mut RespStream) -> Result<(), Failure> {
        if self.is_proxied() {
            let sent = self.clock.now();
            let reached = stream.reach_backend().await;
            self.facts.backend = Some(match reached {
                Ok(()) => Ok(self.clock.now().since(sent)),
                Err(failure) if failure.key.origin == Origin::Server => Err(failure),
                Err(failure) => return Err(failure),
            });
        }
        Ok(())
    }

    /// Replaces a connection that is of no further use.
    async fn reopen(&mut self, stream: &mut RespStream) -> Result<(), Failure> {
        let (attempt, fresh) = self.route.connect().await?;
        *stream = fresh;
        if let Some(first) = &mut self.facts.attempt {
            (first.local, first.peer) = (attempt.local, attempt.peer);
        }
        Ok(())
    }

    fn is_proxied(&self) -> bool {
        self.facts.attempt.as_ref().is_some_and(|attempt| attempt.server.proxy.is_some())
    }

    /// Measures the login alone: it was part of HELLO, as in the client library, and is repeated.
    async fn time_login(&mut self, stream: &mut RespStream) -> Result<(), Failure> {
        let target = self.target;
        // A fetched one belongs to its attempt.
        let Some(Password::Given(password)) = &target.password else { return Ok(()) };
        let password = password.reveal();
        let words = match &target.user {
            Some(user) => vec!["AUTH", user, password],
            None => vec!["AUTH", password],
        };
        let sent = self.clock.now();
        match stream.command(&words).await {
            Ok(_) => self.facts.login = Some(self.clock.now().since(sent)),
            // A server without a password for this user refuses AUTH, but has let us in.
            Err(failure) if failure.key.origin == Origin::Server => {}
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    /// Queries the addresses of the connection as seen by the server, and sets the client name if one is wanted.
    async fn query_client(&mut self, stream: &mut RespStream) -> Result<(), Failure> {
        if let Some(name) = &self.target.client_name {
            // A forbidden client name is no failure, and the refusal of CLIENT is recorded below.
            match stream.command(&["CLIENT", "SETNAME", name]).await {
                Err(failure) if self.is_proxied() && failure.key.class.is_hang_up() => {
                    self.reopen(stream).await?;
                }
                Err(failure) if failure.key.origin != Origin::Server => return Err(failure),
                _ => {}
            }
        }
        if let Some(text) =
            self.query(stream, SurveyCommand::ClientInfo, &["CLIENT", "INFO"]).await?.as_ref().and_then(text)
        {
            let client = ClientInfo::parse(text.part());
            (self.facts.seen_from, self.facts.seen_at) = (client.addr, client.laddr);
        }
        Ok(())
    }

    async fn query_server(&mut self, stream: &mut RespStream) -> Result<(), Failure> {
        let info = match self.facts.loses_large() {
            true => None,
            false => self.query(stream, SurveyCommand::Info, &["INFO"]).await?,
        };
        if let Some(info) = info.as_ref().and_then(text) {
            self.facts.server.read_info(&info.part().info());
            // Valkey reports "redis" in HELLO unless configured otherwise.
            let identity = identity::from_info(info.part());
            if let Some(attempt) = self.facts.attempt.as_mut().filter(|_| identity.version.is_some()) {
                attempt.server = ServerIdentity { proxy: attempt.server.proxy.or(identity.proxy), ..identity };
            }
        }
        for setting in server::SETTINGS {
            let answer = stream.setting(setting).await;
            match self.unless_refused(stream, SurveyCommand::Config, answer).await? {
                Some(Some(value)) => self.facts.server.read_setting(setting, value.part()),
                Some(None) => {}
                None => break,
            }
        }
        if self.can_list_clients() {
            let list = self.query(stream, SurveyCommand::ClientList, &["CLIENT", "LIST", "TYPE", "pubsub"]).await?;
            if let Some(list) = list.as_ref().and_then(text) {
                self.facts.server.read_subscribers(list.part());
            }
            if self.facts.server.blocked_clients.is_some_and(|blocked| blocked > 0) {
                self.query_blocked(stream).await?;
            }
        }
        Ok(())
    }

    fn can_list_clients(&self) -> bool {
        self.facts.server.connected_clients.is_some_and(|clients| clients <= LISTED)
    }

    async fn query_blocked(&mut self, stream: &mut RespStream) -> Result<(), Failure> {
        let list = self.query(stream, SurveyCommand::ClientList, &["CLIENT", "LIST", "TYPE", "normal"]).await?;
        if let Some(list) = list.as_ref().and_then(text) {
            self.facts.server.read_blocked(list.part());
        }
        Ok(())
    }

    /// Subscribes on a second connection, publishes on the first, and waits for the message.
    async fn test_pubsub(&mut self, stream: &mut RespStream) -> Result<PubSub, Failure> {
        let (attempt, subscriber) = self.route.open().await;
        let Some(mut subscriber) = subscriber else {
            let why = attempt.probed.failure.map(|failure| failure.to_string()).unwrap_or_default();
            return Ok(PubSub::NoSecondConnection { why });
        };
        if self.query(&mut subscriber, SurveyCommand::Subscribe, &["SUBSCRIBE", self.channel]).await?.is_none() {
            return Ok(PubSub::Refused { command: SurveyCommand::Subscribe });
        }
        let published = self.clock.now();
        let text = format!("{:x}", published.as_nanos());
        let words = ["PUBLISH", self.channel, &text];
        let answer = {
            let mut publishing = std::pin::pin!(stream.command(&words));
            match within(MESSAGE_LIMIT, publishing.as_mut()).await {
                Some(answer) => answer,
                None if self.is_held_back().await => return Ok(PubSub::HeldBack),
                None => publishing.await,
            }
        };
        if self.unless_refused(stream, SurveyCommand::Publish, answer).await?.is_none() {
            return Ok(PubSub::Refused { command: SurveyCommand::Publish });
        }
        let waiting = async {
            loop {
                if is_message(&subscriber.pushed().await?, self.channel, &text) {
                    return Ok::<_, Failure>(());
                }
            }
        };
        match within(MESSAGE_LIMIT, waiting).await {
            Some(Ok(())) => Ok(PubSub::Received { after: self.clock.now().since(published) }),
            Some(Err(failure)) => Ok(PubSub::Lost { why: failure.to_string() }),
            None => Ok(PubSub::Lost { why: format!("no message within {}", span(MESSAGE_LIMIT)) }),
        }
    }

    /// Returns true if the server lists clients whose commands CLIENT PAUSE holds back; asked on a further connection, because
    /// ours waits.
    async fn is_held_back(&mut self) -> bool {
        if !self.can_list_clients() {
            return false;
        }
        let (_, stream) = self.route.open().await;
        let Some(mut stream) = stream else { return false };
        // Without an answer, nothing is known.
        self.query_blocked(&mut stream).await.is_ok() && !self.facts.server.held_back.is_empty()
    }

    /// Returns `None` and records a refusal if the server refuses the command; fails if the connection is lost.
    async fn query(
        &mut self,
        stream: &mut RespStream,
        command: SurveyCommand,
        words: &[&str],
    ) -> Result<Option<Value>, Failure> {
        let answer = stream.command(words).await;
        self.unless_refused(stream, command, answer).await
    }

    async fn unless_refused<T>(
        &mut self,
        stream: &mut RespStream,
        command: SurveyCommand,
        answer: Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        match answer {
            Ok(value) => Ok(Some(value)),
            // A proxy may close the connection on a command that it does not know.
            Err(failure) if self.is_proxied() && failure.key.class.is_hang_up() => {
                self.reopen(stream).await.map_err(|_| failure.clone())?;
                let why = format!("the proxy closed the connection on {command}");
                self.facts.refused.push(RefusedCommand { command, class: failure.key.class, why });
                Ok(None)
            }
            Err(failure) if failure.key.origin == Origin::Server => {
                self.facts.refused.push(RefusedCommand { command, class: failure.key.class, why: failure.to_string() });
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Dials the other addresses of the name: one server may be dead while another answers.
    async fn dial_other_addresses(&mut self) {
        let Some(attempt) = &self.facts.attempt else { return };
        if attempt.addresses.len() < 2 {
            return;
        }
        let peer = attempt.peer;
        let others: Vec<SocketAddr> =
            attempt.addresses.iter().copied().filter(|address| Some(*address) != peer).take(ADDRESSES).collect();
        let dial = async |address: SocketAddr| {
            let since = self.clock.now();
            let failure = self.dial_beside(address).await;
            DialedAddress { address, took: self.clock.now().since(since), failure }
        };
        self.facts.dialled = join_all(others.into_iter().map(dial)).await;
    }

    /// Opens further connections, which another server may answer. A balancer need not change any address, so they are
    /// opened even if both ends see the same ones; only a unix socket leads to one server for sure.
    async fn meet_others(&mut self) {
        let is_tcp = self.facts.attempt.as_ref().is_some_and(|attempt| attempt.peer.is_some());
        if is_tcp && !self.is_proxied() {
            self.facts.met = self.route.with_limit(SIDE_LIMIT).meet(MEETINGS, BETWEEN_MEETINGS).await;
        }
    }

    /// After a failure that TLS on one side only may cause: returns true if the port speaks the other kind.
    async fn try_other_encryption(&self) -> Option<bool> {
        let failure = self.facts.attempt.as_ref()?.probed.failure.as_ref()?;
        let suspicious = matches!(failure.key.stage, Stage::Tls | Stage::Hello) && failure.key.origin != Origin::Server;
        let other = self.route.other_encryption().filter(|_| suspicious)?;
        if failure.key.stage == Stage::Hello && failure.key.class.is_tls() {
            // A TLS alert was received.
            return Some(true);
        }
        let attempt = other.with_limit(SIDE_LIMIT).attempt().await;
        let shook_hands = attempt.probed.stages.iter().any(|stage| stage.stage == Stage::Tls);
        let spoke = attempt.probed.failure.is_none_or(|failure| failure.key.origin == Origin::Server);
        Some(shook_hands || spoke)
    }
}

/// Returns true if a value is our message: a push in RESP3, an array in RESP2.
fn is_message(value: &Value, channel: &str, wanted: &str) -> bool {
    let parts = match value {
        Value::Push { data, .. } => data.iter().filter_map(text).collect::<Vec<_>>(),
        Value::Array(items) => items.iter().skip(1).filter_map(text).collect(),
        _ => return false,
    };
    matches!(parts.as_slice(), [one, other] if one.part().is(channel) && other.part().is(wanted))
}
