//! Idle connections to find the limit: without keepalive and traffic, watched until they end or their silence is over;
//! then a PING, or HELLO for a user who may not PING.
//!
//! They are raw sockets of the path probe, because redis-rs would not report how a connection ended. [`Search`] chooses
//! the silences.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::JoinSet};

use super::{Ending, Progress, Refused, Search, ServerSays, Silence};
use crate::{
    classify::{ErrorClass, Failure},
    clock::Clock,
    dial::{RespStream, Route},
    plan::{Protocol, Target},
};

/// Timeout of opening one connection.
const OPENING: Duration = Duration::from_secs(5);

/// Connections opened at the same time: fast enough for a thousand in a second, without a burst that the server notices.
const DOORS: usize = 32;

/// Holds idle connections to a server.
pub struct IdleProbe {
    route: Route,
    name: Option<String>,
    /// Timeout of the PING after a silence.
    patience: Duration,
    clock: Clock,
}

type Opened = (RespStream, &'static [&'static str]);

/// The result of one connection's task.
struct Ended {
    planned: Duration,
    outcome: Result<Silence, Failure>,
}

impl IdleProbe {
    /// Creates a probe of `target`; a PING without a reply within `patience` counts as unanswered.
    pub fn new(target: Target, protocol: Protocol, patience: Duration, clock: Clock) -> Self {
        let name = target.client_name.clone();
        let route = Route::new(target, protocol, OPENING, clock).with_ping(false);
        Self { route, name, patience, clock }
    }

    /// Connects once and queries the server's settings for idle clients.
    ///
    /// # Errors
    /// Returns why the server cannot be reached.
    pub async fn survey(&self) -> Result<ServerSays, Failure> {
        let (attempt, mut line) = self.route.connect().await?;
        let asking = async {
            let mut says = ServerSays::default();
            match settings(&mut line).await {
                Ok([timeout, keepalive, most]) => {
                    says.timeout = timeout.map(Duration::from_secs);
                    says.tcp_keepalive = keepalive.map(Duration::from_secs);
                    let clients = line.info("clients", "connected_clients").await;
                    let clients = clients.and_then(|count| count.parse().ok());
                    says.free_clients =
                        most.zip(clients).map(|(most, clients): (u64, u64)| most.saturating_sub(clients));
                }
                Err(failure) => says.refused = Some(failure.to_string()),
            }
            says.run_id = line.info("server", "run_id").await;
            says
        };
        let says = tokio::time::timeout(OPENING, asking).await.unwrap_or_default();
        let ping_refused = attempt.ping_refused.map(|failure| failure.to_string());
        Ok(ServerSays { identity: attempt.server.introduction(), ping_refused, ..says })
    }

    /// Runs a search to its end. If the future is dropped, the search keeps what it has found.
    pub async fn run(
        self: &Arc<Self>,
        search: &mut Search,
        refused: &mut Option<Refused>,
        mut told: impl FnMut(Progress),
    ) {
        while let Some((number, silences)) = search.next_round() {
            let shortest = silences.iter().min().copied().unwrap_or_default();
            let longest = silences.iter().max().copied().unwrap_or_default();
            told(Progress::Round { number, connections: silences.len(), shortest, longest });
            let doors = Arc::new(Semaphore::new(DOORS));
            let mut running = JoinSet::new();
            for planned in silences {
                running.spawn(Arc::clone(self).keep(number, planned, Arc::clone(&doors)));
            }
            while let Some(ended) = running.join_next().await {
                // A join error would be a panic, which ends the process.
                let Ok(Ended { planned, outcome }) = ended else { continue };
                match outcome {
                    Ok(silence) => {
                        search.ended(planned, Some(silence));
                        told(Progress::Ended(silence));
                    }
                    Err(failure) => {
                        search.ended(planned, None);
                        told(Progress::NotOpened);
                        let count = refused.as_ref().map_or(0, |refused| refused.count) + 1;
                        *refused = Some(Refused { why: failure.to_string(), count });
                    }
                }
                if search.settled() {
                    break;
                }
            }
        }
    }

    /// Opens a connection, leaves it idle, and determines how it ended.
    async fn keep(self: Arc<Self>, round: u32, planned: Duration, doors: Arc<Semaphore>) -> Ended {
        let outcome = match self.open(&doors).await {
            Ok(opened) => Ok(self.leave_alone(opened, round, planned).await),
            Err(failure) => Err(failure),
        };
        Ended { planned, outcome }
    }

    /// Opens a connection; returns it with its heartbeat command.
    async fn open(&self, doors: &Semaphore) -> Result<Opened, Failure> {
        // The semaphore is never closed, so this always yields a permit.
        let _permit = doors.acquire().await.ok();
        let (attempt, mut line) = self.route.connect().await?;
        if let Some(name) = &self.name {
            let _ = tokio::time::timeout(OPENING, line.command(&["CLIENT", "SETNAME", name])).await;
        }
        Ok((line, attempt.heartbeat()))
    }

    async fn leave_alone(&self, (mut line, sign_of_life): Opened, round: u32, planned: Duration) -> Silence {
        let began = self.clock.now();
        let heard = tokio::select! {
            biased;
            heard = line.unsolicited() => Some(heard),
            () = self.clock.sleep_until(began.after(planned)) => None,
        };
        let lasted = self.clock.now().since(began);
        let by_itself = heard.is_some();
        let ending = match heard {
            Some(Ok(0)) => Ending::Closed,
            Some(Ok(_)) => Ending::Interrupted,
            Some(Err(error)) => ending(ErrorClass::from_io(&error)),
            None => match tokio::time::timeout(self.patience, line.command(sign_of_life)).await {
                Ok(Ok(_)) => Ending::Answered,
                Ok(Err(failure)) if failure.key.class.is_server_reply() => Ending::Answered,
                Ok(Err(failure)) => ending(failure.key.class),
                Err(_) => Ending::Unanswered,
            },
        };
        let silence = Silence { round, planned, lasted, ending, dated: false };
        Silence { dated: by_itself && silence.died(), ..silence }
    }
}

/// Returns the end that an error means.
fn ending(class: ErrorClass) -> Ending {
    match class {
        ErrorClass::ConnectionClosed | ErrorClass::Tls => Ending::Closed,
        class if class.follows_silence() => Ending::Unanswered,
        _ => Ending::Reset,
    }
}

/// Returns `timeout`, `tcp-keepalive` and `maxclients`, as far as the server has them.
async fn settings(line: &mut RespStream) -> Result<[Option<u64>; 3], Failure> {
    let mut found = [None; 3];
    for (name, place) in ["timeout", "tcp-keepalive", "maxclients"].into_iter().zip(&mut found) {
        *place = line.setting(name).await?.and_then(|value| value.parse().ok());
    }
    Ok(found)
}
