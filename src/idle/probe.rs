//! Idle connections to find the limit: without keepalive and traffic, watched until they end or their silence is over;
//! then a PING, or HELLO for a user who may not PING.
//!
//! They are raw sockets of the path probe, because redis-rs would not report how a connection ended. [`Search`] chooses
//! the silences.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{sync::Semaphore, task::JoinSet};

use super::{Ending, Progress, RefusedConnections, Search, ServerSummary, Silence};
use crate::{
    classify::{ErrorClass, Failure},
    clock::{Clock, within},
    dial::{Dialect, RespStream, Route},
    plan::{Protocol, Target},
};

/// Connections opened at the same time: fast enough for a thousand in a second, without a burst that the server
/// notices.
const OPENINGS: usize = 32;

/// Holds idle connections to a server.
pub(crate) struct IdleProbe {
    route: Route,
    name: Option<String>,
    /// Timeout of opening one connection, and of the queries on it.
    opening: Duration,
    /// Timeout of the PING after a silence.
    patience: Duration,
    clock: Clock,
    /// The dialect of the server, since the first survey.
    dialect: OnceLock<Dialect>,
}

type Opened = (RespStream, &'static [&'static str]);

/// The result of one connection's task.
struct Ended {
    planned: Duration,
    outcome: Result<Silence, Failure>,
}

impl IdleProbe {
    /// Creates a probe of `target` with the timeouts of opening a connection and of the PING after a silence.
    pub(crate) fn new(
        target: Target,
        protocol: Protocol,
        (opening, patience): (Duration, Duration),
        clock: Clock,
    ) -> Self {
        let name = target.client_name.clone();
        let route = Route::new(target, protocol, opening, clock).with_ping(false);
        Self { route, name, opening, patience, clock, dialect: OnceLock::new() }
    }

    /// Uses the dialect that another probe has found.
    #[must_use]
    pub(crate) fn speaking_like(self, other: &Self) -> Self {
        match other.dialect.get() {
            Some(dialect) => Self { route: self.route.speaking(*dialect), ..self },
            None => self,
        }
    }

    /// Connects once and queries the server's settings for idle clients.
    ///
    /// # Errors
    /// Returns why the server cannot be reached.
    pub(crate) async fn survey(&self) -> Result<ServerSummary, Failure> {
        let (attempt, mut stream) = self.route.connect().await?;
        let dialect = *self.dialect.get_or_init(|| attempt.dialect());
        let querying = async {
            let mut summary = ServerSummary::default();
            if !dialect.info {
                summary.refused = Some("the proxy closes the connection on CONFIG and INFO".to_owned());
                return summary;
            }
            match settings(&mut stream).await {
                Ok([timeout, keepalive, maxclients]) => {
                    summary.timeout = timeout.map(Duration::from_secs);
                    summary.tcp_keepalive = keepalive.map(Duration::from_secs);
                    let clients = stream.info("clients", "connected_clients").await;
                    let clients = clients.and_then(|count| count.parse().ok());
                    summary.free_clients = maxclients
                        .zip(clients)
                        .map(|(maxclients, clients): (u64, u64)| maxclients.saturating_sub(clients));
                }
                Err(failure) => summary.refused = Some(failure.to_string()),
            }
            summary.run_id = stream.info("server", "run_id").await;
            summary
        };
        let summary = within(self.opening, querying).await.unwrap_or_default();
        let ping_refused = attempt.ping_refused.map(|failure| failure.to_string());
        Ok(ServerSummary { identity: attempt.server.introduction(), ping_refused, ..summary })
    }

    /// Runs a search to its end. If the future is dropped, the search keeps what it has found.
    pub(crate) async fn run(
        self: &Arc<Self>,
        search: &mut Search,
        refused: &mut Option<RefusedConnections>,
        mut progress: impl FnMut(Progress),
    ) {
        while let Some((number, silences)) = search.next_round() {
            let shortest = silences.iter().min().copied().unwrap_or_default();
            let longest = silences.iter().max().copied().unwrap_or_default();
            progress(Progress::Round { number, connections: silences.len(), shortest, longest });
            let permits = Arc::new(Semaphore::new(OPENINGS));
            let mut running = JoinSet::new();
            for planned in silences {
                running.spawn(Arc::clone(self).hold(number, planned, Arc::clone(&permits)));
            }
            while let Some(ended) = running.join_next().await {
                // A join error would be a panic, which ends the process.
                let Ok(Ended { planned, outcome }) = ended else { continue };
                match outcome {
                    Ok(silence) => {
                        search.ended(planned, Some(silence));
                        progress(Progress::Ended(silence));
                    }
                    Err(failure) => {
                        search.ended(planned, None);
                        progress(Progress::NotOpened);
                        let count = refused.as_ref().map_or(0, |refused| refused.count) + 1;
                        *refused = Some(RefusedConnections { why: failure.to_string(), count });
                    }
                }
                if search.settled() {
                    break;
                }
            }
        }
    }

    /// Opens a connection, leaves it idle, and determines how it ended.
    async fn hold(self: Arc<Self>, round: u32, planned: Duration, permits: Arc<Semaphore>) -> Ended {
        let outcome = match self.open(&permits).await {
            Ok(opened) => Ok(self.leave_alone(opened, round, planned).await),
            Err(failure) => Err(failure),
        };
        Ended { planned, outcome }
    }

    /// Opens a connection; returns it with its heartbeat command.
    async fn open(&self, permits: &Semaphore) -> Result<Opened, Failure> {
        // The semaphore is never closed, so this always yields a permit.
        let _permit = permits.acquire().await.ok();
        let (attempt, mut stream) = self.route.connect().await?;
        if let Some(name) = self.name.as_ref().filter(|_| attempt.server.proxy.is_none()) {
            let _ = within(self.opening, stream.command(&["CLIENT", "SETNAME", name])).await;
        }
        Ok((stream, attempt.heartbeat()))
    }

    async fn leave_alone(&self, (mut stream, heartbeat): Opened, round: u32, planned: Duration) -> Silence {
        let began = self.clock.now();
        let input = stream.unsolicited(planned).await;
        let lasted = self.clock.now().since(began);
        let early = input.is_some();
        let ending = match input {
            Some(Ok(0)) => Ending::Closed,
            Some(Ok(_)) => Ending::Interrupted,
            Some(Err(error)) => ending(ErrorClass::from_io(&error)),
            None => match within(self.patience, stream.command(heartbeat)).await {
                Some(Ok(_)) => Ending::Answered,
                Some(Err(failure)) if failure.key.class.is_server_reply() => Ending::Answered,
                Some(Err(failure)) => ending(failure.key.class),
                None => Ending::Unanswered,
            },
        };
        let silence = Silence { round, planned, lasted, ending, dated: false };
        Silence { dated: early && silence.died(), ..silence }
    }
}

/// Returns the end that an error means.
fn ending(class: ErrorClass) -> Ending {
    match class {
        ErrorClass::ConnectionClosed => Ending::Closed,
        class if class.is_tls() => Ending::Closed,
        class if class.follows_silence() => Ending::Unanswered,
        _ => Ending::Reset,
    }
}

/// Returns `timeout`, `tcp-keepalive` and `maxclients`, as far as the server has them.
async fn settings(stream: &mut RespStream) -> Result<[Option<u64>; 3], Failure> {
    let mut found = [None; 3];
    for (name, place) in ["timeout", "tcp-keepalive", "maxclients"].into_iter().zip(&mut found) {
        *place = stream.setting(name).await?.and_then(|value| value.part().parse());
    }
    Ok(found)
}
