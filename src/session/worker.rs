//! The probe loop: take the next slot, send, account. A single loop; count, pace and output are data.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use redis::Cmd;

use super::{
    connection::Session,
    context::RunContext,
    ledger,
    refusals::Asker,
    request::{Exchange, FailedRequest, PONG, Proof, Request, probe},
    samples::Sums,
};
use crate::{
    clock::Stamp,
    event::{ConnectionCounts, Reply},
    plan::{Jitter, Pace, ProbeKind, ProbePlan, Sender},
};

/// Time to live of the keys written by the kv workload.
pub(super) const KEY_TTL: Duration = Duration::from_secs(60);

/// Pause after an immediate failure, so that an unpaced worker on a dead connection does not spin.
const AFTER_INSTANT_FAILURE: Duration = Duration::from_millis(10);

/// The intended start times of one connection's probes, shared by its workers.
pub(super) struct Schedule {
    pace: Pace,
    anchor: Stamp,
    /// A slot older than this is skipped: its probe could only be late.
    patience: Duration,
    jitter: Jitter,
    next: Mutex<u64>,
}

impl Schedule {
    /// Creates the schedule of a connection. That of `ping` is exact, as its lines are read one by one.
    pub(super) fn new(plan: &ProbePlan, anchor: Stamp, seed: u64, connection: u32) -> Self {
        let jitter =
            if plan.report_each { Jitter::default() } else { Jitter::new(seed, connection, Sender::Worker, plan.pace) };
        Self { pace: plan.pace, anchor, patience: plan.timeout, jitter, next: Mutex::new(0) }
    }

    /// Returns the next intended start, and the number of slots skipped: those that are too old, and those before
    /// `resumed`, the end of the latest pause of redis-doctor itself, which would delay all that follow.
    pub(super) fn take(&self, now: Stamp, resumed: Stamp) -> (Stamp, u64) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let Pace::Every(interval) = self.pace else {
            return (now, 0);
        };
        let due = |n| self.anchor.after(self.pace.due(n).unwrap_or_default());
        let late = now.since(due(*next).after(self.patience)).max(resumed.since(due(*next)));
        let skipped = (late.as_nanos() / interval.as_nanos().max(1)) as u64;
        let slot = *next + skipped;
        *next = slot + 1;
        (due(slot).after(self.jitter.of(slot)), skipped)
    }
}

/// Permission to send a probe.
struct Slot {
    /// Intended start; `None` without a pace.
    intended: Option<Stamp>,
}

/// A worker with at most one probe in flight.
pub(super) struct Worker {
    session: Arc<Session>,
    schedule: Arc<Schedule>,
    plan: ProbePlan,
    number: u32,
    turn: u64,
    /// `run:connection:worker:`, the prefix of every nonce.
    prefix: Vec<u8>,
    /// Moved into the request while it is in flight, to reuse its memory.
    nonce: Vec<u8>,
    /// Moved in the same way.
    command: Cmd,
    /// Part of the keys of the latest command.
    keys: Arc<str>,
    /// The value last written and its time, while it is certain.
    written: Option<(Vec<u8>, Stamp)>,
    /// Time at which the latest probe that was lost with its connection ended.
    lost_probe_ended: Stamp,
}

impl Worker {
    pub(super) fn new(session: Arc<Session>, schedule: Arc<Schedule>, plan: ProbePlan, number: u32) -> Self {
        let prefix = format!("{}:{}:{number}:", session.ctx.run_id, session.connection).into_bytes();
        let (nonce, command, keys) = (Vec::new(), Cmd::new(), session.ctx.keys());
        Self {
            session,
            schedule,
            plan,
            number,
            turn: 0,
            prefix,
            nonce,
            command,
            keys,
            written: None,
            lost_probe_ended: Stamp::START,
        }
    }

    /// Sends probes until the run stops or its count is reached.
    pub(super) async fn run(mut self) {
        let ctx = Arc::clone(&self.session.ctx);
        let mut alarm = ctx.clock.alarm();
        while let Some(slot) = self.slot(&ctx).await {
            let Some(number) = ctx.stop.take_ticket() else {
                return;
            };
            let request = self.request(&ctx);
            ctx.samples.lock().counters.launched += 1;
            let exchange = self.session.send_with(&mut alarm, &request, self.plan.timeout).await;
            self.remember(&request, &exchange);
            let asker = Asker { worker: Some(self.number), command: request.name() };
            self.session.note_outcome(asker, &exchange.outcome, exchange.launched, exchange.done);
            if let Proof::Nonce(bytes) | Proof::Value(bytes, _) = request.proof
                && self.nonce.is_empty()
            {
                self.nonce = bytes;
            }
            self.command = request.command;
            self.account(&ctx, number, slot.intended.unwrap_or(exchange.launched), exchange).await;
        }
    }

    /// Waits for the next slot; `None` if the run stops first.
    ///
    /// A worker that was free when its slot came due starts when the timer fires (tokio's is up to two milliseconds
    /// late). That delay is ours, not the server's, so the start counts as the intended one. A worker that was still
    /// busy with an earlier probe is late because of the server, and the slot's own time counts.
    async fn slot(&self, ctx: &RunContext) -> Option<Slot> {
        if ctx.stop.is_stopping() {
            return None;
        }
        if self.plan.pace == Pace::Unpaced {
            return Some(Slot { intended: None });
        }
        let now = ctx.clock.now();
        let (due, skipped) = self.schedule.take(now, ctx.process.pauses.resumed(now));
        if skipped > 0 {
            ctx.samples.lock().counters.skipped += skipped;
        }
        if due <= now {
            return Some(Slot { intended: Some(due) });
        }
        tokio::select! {
            () = ctx.clock.sleep_until(due) => Some(Slot { intended: Some(ctx.clock.now()) }),
            () = ctx.stop.stopped() => None,
        }
    }

    fn request(&mut self, ctx: &RunContext) -> Request {
        self.turn += 1;
        self.renew_nonce();
        let kv = match self.plan.kind {
            ProbeKind::Ping => false,
            ProbeKind::Kv | ProbeKind::Ledger => true,
            ProbeKind::Mixed => self.turn.is_multiple_of(2) || self.written.is_some(),
        };
        if !kv {
            let mut command = std::mem::take(&mut self.command);
            command.clear();
            let (command, proof) = probe(ctx.heartbeat.nonce(), command, std::mem::take(&mut self.nonce));
            return Request { command, proof, counted: true };
        }
        let keys = ctx.keys();
        if !Arc::ptr_eq(&keys, &self.keys) {
            (self.keys, self.written) = (keys, None);
        }
        if self.plan.kind == ProbeKind::Ledger {
            let key = ledger::key(&self.keys, self.session.connection, self.number, self.turn);
            return write(key, &self.nonce, ledger::KEY_TTL);
        }
        let key = format!("redis-doctor:{}:{}:{}", self.keys, self.session.connection, self.number);
        match self.written.take() {
            Some((value, at)) => {
                let mut command = redis::cmd("GET");
                command.arg(key);
                Request { command, proof: Proof::Value(value, at), counted: true }
            }
            None => write(key, &self.nonce, KEY_TTL),
        }
    }

    /// Writes `run:connection:worker:turn`, and the payload after another colon.
    fn renew_nonce(&mut self) {
        self.nonce.clear();
        self.nonce.extend_from_slice(&self.prefix);
        self.nonce.extend_from_slice(itoa::Buffer::new().format(self.turn).as_bytes());
        if self.plan.payload > 0 {
            self.nonce.push(b':');
            let length = self.nonce.len() + self.plan.payload;
            self.nonce.resize(length, b'.');
        }
    }

    /// Keeps a value that was certainly written, to be read back.
    fn remember(&mut self, request: &Request, exchange: &Exchange) {
        let wrote = request.is_write() && exchange.outcome.is_ok();
        if wrote && self.plan.kind == ProbeKind::Ledger {
            let (connection, ctx) = (self.session.connection, &self.session.ctx);
            ctx.ledger.acknowledge(&self.keys, (connection, self.number), self.turn, exchange.done);
        } else if wrote {
            self.written = Some((self.nonce.clone(), exchange.done));
        }
    }

    async fn account(&mut self, ctx: &RunContext, number: u64, intended: Stamp, exchange: Exchange) {
        // An intended start during an outage or a stall counts from its end: an outage is not latency. For this worker,
        // it ends with the probe that was lost with the connection.
        let latency = exchange.done.since(intended.max(exchange.ready).max(self.lost_probe_ended).min(exchange.done));
        if exchange.outcome.is_err() && exchange.launched < exchange.ready {
            self.lost_probe_ended = exchange.done;
        }
        let silent = exchange.outcome.as_ref().is_err_and(|failed| failed.failure.key.class.is_timeout());
        let paused = exchange.paused || !silent && ctx.process.pauses.overlap(intended, exchange.done);
        Self::count(&mut ctx.samples.lock(), self.session.connection, &exchange, latency, paused);
        if let Err(failed) = &exchange.outcome
            && !(paused && silent)
        {
            self.on_failure(ctx, failed, &exchange).await;
        }
        if self.plan.report_each {
            let outcome = exchange
                .outcome
                .map(|_| if self.nonce.is_empty() { PONG.len() } else { self.nonce.len() })
                .map_err(|failed| failed.failure);
            // The library does not report when it sent a command that had waited, so another one is timed.
            let waited = exchange.waited;
            let latency = if waited.is_zero() { Some(latency) } else { Box::pin(self.round_trip()).await };
            ctx.notices.reply(Reply { target: None, number, at: exchange.done, latency, waited, outcome });
            if self.plan.pace == Pace::Unpaced {
                // Prints the line now: during the next probe it would add to that probe's latency.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Measures the round trip with a heartbeat; `None` if something fell into it.
    async fn round_trip(&self) -> Option<Duration> {
        let exchange = self.session.heartbeat("round-trip", self.plan.timeout).await;
        let undisturbed = exchange.outcome.is_ok() && !exchange.disturbed && !exchange.paused;
        undisturbed.then(|| exchange.done.since(exchange.launched))
    }

    fn count(sums: &mut Sums, connection: u32, exchange: &Exchange, latency: Duration, paused: bool) {
        let took = exchange.done.since(exchange.launched);
        match &exchange.outcome {
            Ok(_) => {
                sums.counters.ok += 1;
                sums.ended(connection, ConnectionCounts { ok: 1, ..ConnectionCounts::default() });
                if !exchange.waited.is_zero() && !paused {
                    sums.waited.record(exchange.waited);
                }
                if exchange.disturbed || paused {
                    sums.counters.untimed += 1;
                } else {
                    sums.latency.record(latency);
                    sums.service.record(took);
                }
            }
            Err(failed) if paused && failed.failure.key.class.is_timeout() => sums.counters.paused += 1,
            Err(failed) => {
                let timed_out = failed.failure.key.class.is_timeout();
                let counters = &mut sums.counters;
                *(if timed_out { &mut counters.timed_out } else { &mut counters.failed }) += 1;
                counters.ambiguous += u64::from(failed.ambiguous);
                let (failed, timed_out) = (u64::from(!timed_out), u64::from(timed_out));
                sums.ended(connection, ConnectionCounts { ok: 0, failed, timed_out });
                if !paused {
                    sums.failed_latency.record(took);
                }
            }
        }
    }

    async fn on_failure(&self, ctx: &RunContext, failed: &FailedRequest, exchange: &Exchange) {
        let connection = Some(self.session.connection);
        ctx.fail(connection, &failed.failure, exchange.done, failed.ambiguous);
        if self.plan.pace == Pace::Unpaced && exchange.done.since(exchange.launched) < AFTER_INSTANT_FAILURE {
            tokio::time::sleep(AFTER_INSTANT_FAILURE).await;
        }
    }
}

/// Returns the command that writes a key that expires.
pub(super) fn write(key: String, value: &[u8], ttl: Duration) -> Request {
    let mut command = redis::cmd("SET");
    command.arg(key).arg(value).arg("PX").arg(ttl.as_millis() as u64);
    Request { command, proof: Proof::Reply, counted: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(pace: Pace) -> Schedule {
        let (patience, jitter) = (Duration::from_secs(2), Jitter::default());
        Schedule { pace, anchor: Stamp::START, patience, jitter, next: Mutex::new(0) }
    }

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn slots_keep_the_pace_however_late_they_are_taken() {
        let schedule = schedule(Pace::every(Duration::from_millis(100)));
        assert_eq!(schedule.take(at(0), Stamp::START), (at(0), 0));
        assert_eq!(schedule.take(at(350), Stamp::START), (at(100), 0));
        assert_eq!(schedule.take(at(351), Stamp::START), (at(200), 0));
    }

    #[test]
    fn slots_older_than_the_timeout_are_skipped() {
        let schedule = schedule(Pace::every(Duration::from_millis(100)));
        schedule.take(at(0), Stamp::START);
        assert_eq!(schedule.take(at(10_000), Stamp::START), (at(8_000), 79));
        assert_eq!(schedule.take(at(10_000), Stamp::START), (at(8_100), 0));
    }

    #[test]
    fn slots_during_a_pause_of_our_own_are_skipped() {
        let schedule = schedule(Pace::every(Duration::from_millis(100)));
        schedule.take(at(0), Stamp::START);
        assert_eq!(schedule.take(at(1250), at(1240)), (at(1200), 11));
        assert_eq!(schedule.take(at(1260), at(1240)), (at(1300), 0));
    }

    #[test]
    fn an_unpaced_slot_is_due_now() {
        assert_eq!(schedule(Pace::Unpaced).take(at(77), Stamp::START), (at(77), 0));
    }
}
