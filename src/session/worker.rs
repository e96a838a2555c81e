//! The probe loop: take the next slot, ask, account. There is one loop; count, pace and output are data.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use redis::Cmd;

use super::{
    connection::Session,
    context::RunContext,
    question::{Asked, Failed, Question},
    samples::Sums,
};
use crate::{
    clock::Stamp,
    event::Reply,
    plan::{Pace, ProbeKind, ProbePlan},
};

/// The time to live of the keys that the kv workload writes.
const KEY_TTL: Duration = Duration::from_secs(60);

/// After a failure that came at once, so that an unpaced worker on a dead connection does not spin.
const AFTER_INSTANT_FAILURE: Duration = Duration::from_millis(10);

/// The intended starts of one connection's probes, handed out to its workers.
pub(super) struct Schedule {
    pace: Pace,
    anchor: Stamp,
    /// A slot older than this is passed over: its probe could only have been late.
    patience: Duration,
    next: Mutex<u64>,
}

impl Schedule {
    pub(super) fn new(plan: &ProbePlan, anchor: Stamp) -> Self {
        Self { pace: plan.pace, anchor, patience: plan.timeout, next: Mutex::new(0) }
    }

    /// The next intended start, and how many were passed over to get there.
    fn take(&self, now: Stamp) -> (Stamp, u64) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let Pace::Every(interval) = self.pace else {
            return (now, 0);
        };
        let due = |n| self.anchor.after(self.pace.due(n).unwrap_or_default());
        let late = now.since(due(*next).after(self.patience));
        let skipped = (late.as_nanos() / interval.as_nanos().max(1)) as u64;
        let slot = *next + skipped;
        *next = slot + 1;
        (due(slot), skipped)
    }
}

/// Leave to send a probe.
struct Slot {
    /// When it was to start; `None` without a pace: whenever it does.
    intended: Option<Stamp>,
}

/// One worker: at most one probe in flight.
pub(super) struct Worker {
    session: Arc<Session>,
    schedule: Arc<Schedule>,
    plan: ProbePlan,
    number: u32,
    turn: u64,
    /// `run:connection:worker:`, the start of every nonce.
    prefix: Vec<u8>,
    /// Lent to the question while that is out.
    nonce: Vec<u8>,
    /// The same.
    command: Cmd,
    /// The value last written, while it can be relied on.
    written: Option<Vec<u8>>,
    /// When a probe that had gone down with its connection ended at last.
    rid: Stamp,
}

impl Worker {
    pub(super) fn new(session: Arc<Session>, schedule: Arc<Schedule>, plan: ProbePlan, number: u32) -> Self {
        let prefix = format!("{}:{}:{number}:", session.ctx.run_id, session.connection).into_bytes();
        let (nonce, command) = (Vec::new(), Cmd::new());
        Self { session, schedule, plan, number, turn: 0, prefix, nonce, command, written: None, rid: Stamp::START }
    }

    /// Probes until the run stops or its count is reached.
    pub(super) async fn run(mut self) {
        let ctx = Arc::clone(&self.session.ctx);
        let mut alarm = ctx.clock.alarm();
        while let Some(slot) = self.slot(&ctx).await {
            let Some(number) = ctx.stop.take_ticket() else {
                return;
            };
            let mut question = self.question(&ctx);
            ctx.samples.lock().counters.launched += 1;
            let asked = self.session.ask_by(&mut alarm, &question, self.plan.timeout).await;
            self.remember(&question, &asked);
            if self.nonce.is_empty() {
                self.nonce = question.answer.take().unwrap_or_default();
            }
            self.command = question.command;
            self.account(&ctx, number, slot.intended.unwrap_or(asked.launched), asked).await;
        }
    }

    /// Waits for the next slot; `None` when the run stops first.
    ///
    /// A worker that was free when its slot came due starts as soon as the timer lets it (tokio's fires up to two
    /// milliseconds late): that delay is ours, not the server's, so the start is then the intended one. A worker that
    /// was still busy with an earlier probe is late because of the server, and its slot's own time counts.
    async fn slot(&self, ctx: &RunContext) -> Option<Slot> {
        if ctx.stop.is_stopping() {
            return None;
        }
        if self.plan.pace == Pace::Unpaced {
            return Some(Slot { intended: None });
        }
        let now = ctx.clock.now();
        let (due, skipped) = self.schedule.take(now);
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

    fn question(&mut self, ctx: &RunContext) -> Question {
        self.turn += 1;
        self.renew_nonce();
        let kv = match self.plan.kind {
            ProbeKind::Ping => false,
            ProbeKind::Kv => true,
            ProbeKind::Mixed => self.turn.is_multiple_of(2) || self.written.is_some(),
        };
        if !kv {
            let mut command = std::mem::take(&mut self.command);
            command.clear();
            command.arg("PING").arg(self.nonce.as_slice());
            return Question { command, answer: Some(std::mem::take(&mut self.nonce)), counted: true };
        }
        let key = format!("redis-doctor:{}:{}:{}", ctx.run_id, self.session.connection, self.number);
        match self.written.take() {
            Some(value) => {
                let mut command = redis::cmd("GET");
                command.arg(key);
                Question { command, answer: Some(value), counted: true }
            }
            None => {
                let mut command = redis::cmd("SET");
                command.arg(key).arg(self.nonce.as_slice()).arg("PX").arg(KEY_TTL.as_millis() as u64);
                Question { command, answer: None, counted: true }
            }
        }
    }

    /// `run:connection:worker:turn`, and the payload after another colon.
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

    /// A value that was certainly written must be read back.
    fn remember(&mut self, question: &Question, asked: &Asked) {
        let wrote = question.answer.is_none() && asked.outcome.is_ok();
        if wrote {
            self.written = Some(self.nonce.clone());
        }
    }

    async fn account(&mut self, ctx: &RunContext, number: u64, intended: Stamp, asked: Asked) {
        // An intended start during an outage or a stall counts from its end: an outage is not latency. For this worker
        // it ends when it is rid of the probe that went down with the connection.
        let latency = asked.done.since(intended.max(asked.ready).max(self.rid).min(asked.done));
        if asked.outcome.is_err() && asked.launched < asked.ready {
            self.rid = asked.done;
        }
        Self::count(&mut ctx.samples.lock(), &asked, latency);
        if let Err(failed) = &asked.outcome {
            self.on_failure(ctx, failed, &asked).await;
        }
        if self.plan.report_each {
            let outcome = asked.outcome.map(|_| self.nonce.len()).map_err(|failed| failed.failure);
            ctx.notices.reply(Reply { number, at: asked.done, latency, waited: asked.waited, outcome });
            if self.plan.pace == Pace::Unpaced {
                // Its line is written now and not while the next probe is out, whose time it would be counted as.
                tokio::task::yield_now().await;
            }
        }
    }

    fn count(sums: &mut Sums, asked: &Asked, latency: Duration) {
        let took = asked.done.since(asked.launched);
        match &asked.outcome {
            Ok(_) => {
                sums.counters.ok += 1;
                if !asked.waited.is_zero() {
                    sums.waited.record(asked.waited);
                }
                // The reply that ended an outage has no latency of its own: all its time was waiting.
                if asked.waited < took {
                    sums.latency.record(latency);
                    sums.service.record(took - asked.waited);
                }
            }
            Err(failed) => {
                let timed_out = failed.failure.key.class.is_timeout();
                let counters = &mut sums.counters;
                *(if timed_out { &mut counters.timed_out } else { &mut counters.failed }) += 1;
                counters.ambiguous += u64::from(failed.ambiguous);
                sums.failed_latency.record(took);
            }
        }
    }

    async fn on_failure(&self, ctx: &RunContext, failed: &Failed, asked: &Asked) {
        let connection = Some(self.session.connection);
        ctx.fail(connection, &failed.failure, asked.done, failed.ambiguous);
        if self.plan.pace == Pace::Unpaced && asked.done.since(asked.launched) < AFTER_INSTANT_FAILURE {
            tokio::time::sleep(AFTER_INSTANT_FAILURE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(pace: Pace) -> Schedule {
        Schedule { pace, anchor: Stamp::START, patience: Duration::from_secs(2), next: Mutex::new(0) }
    }

    fn at(ms: u64) -> Stamp {
        Stamp::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn slots_are_due_at_the_pace_however_late_they_are_taken() {
        let schedule = schedule(Pace::every(Duration::from_millis(100)));
        assert_eq!(schedule.take(at(0)), (at(0), 0));
        assert_eq!(schedule.take(at(350)), (at(100), 0));
        assert_eq!(schedule.take(at(351)), (at(200), 0));
    }

    #[test]
    fn slots_older_than_a_probe_may_take_are_passed_over() {
        let schedule = schedule(Pace::every(Duration::from_millis(100)));
        schedule.take(at(0));
        assert_eq!(schedule.take(at(10_000)), (at(8_000), 79));
        assert_eq!(schedule.take(at(10_000)), (at(8_100), 0));
    }

    #[test]
    fn an_unpaced_slot_is_due_now() {
        assert_eq!(schedule(Pace::Unpaced).take(at(77)), (at(77), 0));
    }
}
