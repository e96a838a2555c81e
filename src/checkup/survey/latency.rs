//! Round trips over a second and a half, the figures of kernel and server for the same time, and the test for large
//! replies.

use std::{pin::pin, time::Duration};

use super::{LargeReply, PingTimes, RefusedCommand, Survey, SurveyCommand};
use crate::{
    classify::{ErrorClass, Failure, Origin},
    dial::{RespStream, Value, large, reply::text, slowness},
    event::CommandTime,
    kernel::{AcceptQueue, PathFigures, listen_overflows},
};

/// PINGs on the open connection.
const PINGS: u32 = 10;

/// Time over which they are spread: a server that stalls now and then is seen stalling.
const SPREAD: Duration = Duration::from_millis(1_500);

/// Period of the timer that measures our own delay while a PING is in flight.
const TICK: Duration = Duration::from_millis(10);

/// Entries of the slow log that are read.
const SLOW_ENTRIES: &str = "32";

impl Survey<'_> {
    /// Measures round trips, and counts the server's commands in the same time.
    pub(super) async fn time_replies(&mut self, stream: &mut RespStream) -> Result<(), Failure> {
        let refused = self.facts.attempt.as_ref().and_then(|attempt| attempt.ping_refused.clone());
        let forbidden = refused.as_ref().filter(|refusal| refusal.key.class != ErrorClass::Misconf);
        if let Some(refusal) = forbidden {
            let (class, why) = (refusal.key.class, refusal.to_string());
            self.facts.refused.push(RefusedCommand { command: SurveyCommand::Ping, class, why });
        } else {
            self.time_ping(stream).await?;
        }
        self.test_large(stream).await?;
        let overflows = listen_overflows();
        let before = self.command_times(stream).await?;
        let began = self.clock.now();
        if forbidden.is_none() {
            let spread = SPREAD.min(self.deadline / 6);
            for number in 1..PINGS {
                // A server that holds up every PING leaves time for the questions that show why.
                if self.clock.now() > began.after(spread * 2) {
                    break;
                }
                let due = began.after(spread * number / (PINGS - 1));
                let clock = self.clock;
                self.watching_ourselves(clock.sleep_until(due)).await;
                self.time_ping(stream).await?;
            }
        }
        let window = self.clock.now().since(began);
        let slow = &mut self.facts.slow;
        slow.listen_overflows = overflows.zip(listen_overflows()).map(|(before, after)| after.saturating_sub(before));
        if let Some(after) = self.command_times(stream).await? {
            let slow = &mut self.facts.slow;
            slow.window = window;
            slow.commands = slowness::between(&before.unwrap_or_default(), &after);
        }
        self.query_slowness(stream).await
    }

    /// Measures one round trip. A server that cannot persist refuses PING, and is as quick about it.
    async fn time_ping(&mut self, stream: &mut RespStream) -> Result<(), Failure> {
        let sent = self.clock.now();
        match self.watching_ourselves(stream.command(&["PING"])).await {
            Err(failure) if failure.key.class != ErrorClass::Misconf => return Err(failure),
            _ => {}
        }
        self.facts.pings.times.push(self.clock.now().since(sent));
        self.read_path();
        Ok(())
    }

    fn read_path(&mut self) {
        let ends = self.facts.attempt.as_ref().and_then(|attempt| attempt.local.zip(attempt.peer));
        let Some((local, peer)) = ends else { return };
        let PathFigures { rtt, queue } = PathFigures::read(local, peer, self.clock.now());
        let PingTimes { rtt: known, queue: fullest, .. } = &mut self.facts.pings;
        *known = rtt.or(*known);
        *fullest = queue.into_iter().chain(*fullest).max_by_key(|queue: &AcceptQueue| queue.waiting);
    }

    /// Waits for `work`, and records by how much our own timers are late until then.
    async fn watching_ourselves<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            let due = self.clock.now().after(TICK);
            tokio::select! {
                biased;
                // First: after a stop of this process both are ready.
                () = self.clock.sleep_until(due) => {
                    let lag = self.clock.now().since(due);
                    self.facts.pings.own_lag = self.facts.pings.own_lag.max(lag);
                    // A busy server accepts nothing while it holds up this reply.
                    self.read_path();
                }
                done = &mut work => return done,
            }
        }
    }

    /// Sends a large command. Where it is lost, the connection is replaced, and no large reply is requested any more.
    async fn test_large(&mut self, stream: &mut RespStream) -> Result<(), Failure> {
        let Some(dialect) = self.facts.attempt.as_ref().map(crate::dial::Attempt::dialect) else { return Ok(()) };
        let sent = self.clock.now();
        let answer = large::answers(stream, dialect).await;
        let took = self.clock.now().since(sent);
        self.facts.large = match answer {
            Some(Ok(())) => Some(LargeReply::Arrived { took }),
            Some(Err(failure)) if failure.key.origin != Origin::Library && !failure.key.class.is_hang_up() => {
                (failure.key.class == ErrorClass::Misconf).then_some(LargeReply::Arrived { took })
            }
            Some(Err(failure)) if !self.is_proxied() => return Err(failure),
            Some(Err(_)) => {
                self.reopen(stream).await?;
                None
            }
            None => {
                let lost = self.route.loses_large(dialect).await;
                self.reopen(stream).await?;
                lost.map(|lost| LargeReply::Lost { what: lost.to_string() })
            }
        };
        Ok(())
    }

    /// Returns the calls and times of all commands since the server's start; `None` if the server refuses.
    async fn command_times(&mut self, stream: &mut RespStream) -> Result<Option<Vec<CommandTime>>, Failure> {
        let answer = self.quietly(stream, &["INFO", "commandstats"]).await?;
        Ok(answer.as_ref().and_then(text).map(|info| slowness::command_times(info.part())))
    }

    /// Queries the slow log and the latency monitor.
    async fn query_slowness(&mut self, stream: &mut RespStream) -> Result<(), Failure> {
        if let Some(log) = self.quietly(stream, &["SLOWLOG", "GET", SLOW_ENTRIES]).await? {
            self.facts.slow.log = slowness::slow_commands(&log);
            self.facts.slow.log_known = true;
        }
        if let Some(events) = self.quietly(stream, &["LATENCY", "LATEST"]).await? {
            self.facts.slow.events = slowness::latency_events(&events);
        }
        Ok(())
    }

    /// Asks for what a server may refuse without consequence; a proxy may close the connection on it and is not asked.
    pub(super) async fn quietly(&mut self, stream: &mut RespStream, words: &[&str]) -> Result<Option<Value>, Failure> {
        if self.is_proxied() || self.facts.loses_large() {
            return Ok(None);
        }
        match stream.command(words).await {
            Ok(reply) => Ok(Some(reply)),
            Err(failure) if failure.key.origin == Origin::Server => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}
