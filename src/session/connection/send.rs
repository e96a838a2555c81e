//! The only way to send a command on the connection under test: measures it, checks the reply, classifies a failure
//! once, and updates the link.

use std::{io, pin::pin, time::Duration};

use redis::{RedisError, Value};

use super::{Desync, KEPT_FAILURES, Session, Writes};
use crate::{
    classify::{ErrorClass, Failure, Origin, Stage, client},
    clock::{Alarm, Stamp},
    dial::is_forbidden,
    event::EventKind,
    plan::{Name, OnReadonly},
    session::{
        link::FailedCommand,
        request::{Exchange, FailedRequest, PONG, Proof, Request, WaitingFailure, is_earlier, summary},
    },
    units::span,
};

/// Minimum time between two reports of misdirected replies.
const DESYNC_PAUSE: Duration = Duration::from_secs(1);

impl Session {
    /// Sends a heartbeat that the user is permitted to send, for at most `limit` per attempt. If the plan's own
    /// commands are PINGs, a refusal is a failure.
    pub(in crate::session) async fn heartbeat(&self, who: &str, limit: Duration) -> Exchange {
        let ctx = &self.ctx;
        if !ctx.heartbeat.is_hello() {
            let request = Request::heartbeat(ctx.heartbeat.nonce(), who, ctx.clock.now());
            let exchange = self.send(&request, limit).await;
            match &exchange.outcome {
                Err(failed) if is_forbidden(&failed.failure) && !ctx.plan.pings() => self.switch_to_hello(&exchange),
                _ => return exchange,
            }
        }
        self.send(&Request::hello(ctx.dialect.resp3), limit).await
    }

    fn switch_to_hello(&self, exchange: &Exchange) {
        let first = self.ctx.heartbeat.switch_to_hello();
        if let (Err(failed), true) = (&exchange.outcome, first) {
            let text = format!(
                "redis-doctor's own PING is refused ({}; see `redis-doctor explain NOPERM`): it sends HELLO instead, \
                 which no ACL forbids",
                failed.failure
            );
            self.ctx.emit(exchange.done, None, EventKind::Note { text: text.into() });
        }
    }

    /// Sends a command, waits at most `limit`, and updates the link with the outcome.
    pub(in crate::session) async fn send(&self, request: &Request, limit: Duration) -> Exchange {
        self.send_with(&mut self.ctx.clock.alarm(), request, limit).await
    }

    /// Sends a command with a timer that the caller reuses.
    pub(in crate::session) async fn send_with(
        &self,
        alarm: &mut Alarm,
        request: &Request,
        limit: Duration,
    ) -> Exchange {
        let launched = self.ctx.clock.now();
        let (mut subject, epoch, was_up, left) = {
            let mut state = self.lock();
            state.in_flight += u64::from(request.counted);
            state.link.on_launch(launched);
            // What waits for a lost connection is not to wait after the session has left for another server.
            let left = (self.ctx.plan.follows() && !state.link.is_up()).then(|| self.moved.notified());
            (state.subject.clone(), state.epoch, state.link.loss().is_none(), left)
        };
        // Pinned here: the future is large and would be moved by the call.
        let mut reply = pin!(subject.send(&request.command));
        let mut result = match left {
            None => alarm.within(launched, limit, reply.as_mut()).await,
            Some(left) => tokio::select! {
                result = alarm.within(launched, limit, reply.as_mut()) => result,
                () = left => Some(Err(io::Error::from(io::ErrorKind::NotConnected).into())),
            },
        };
        let mut done = self.ctx.clock.now();
        if result.is_none() && self.ctx.process.pauses.overlap(launched, done) {
            // The reply may have arrived while nothing here could read it.
            result = alarm.within(done, limit, reply).await;
            done = self.ctx.clock.now();
        }
        let outcome = match result {
            Some(Ok(value)) => self.judge(request, epoch, value),
            Some(Err(error)) => Err(self.library_error(&error, was_up, launched, done)),
            None => Err(Self::deadline_passed(was_up, limit)),
        };
        let silent = outcome.as_ref().is_err_and(|failed| failed.failure.key.class.is_timeout());
        let pauses = &self.ctx.process.pauses;
        let exchange = Exchange {
            epoch,
            launched,
            done,
            waited: Duration::ZERO,
            ready: launched,
            disturbed: false,
            paused: if silent { pauses.excuse(launched, done) } else { pauses.overlap(launched, done) },
            outcome,
        };
        self.conclude(request, exchange)
    }

    fn judge(&self, request: &Request, epoch: u64, value: Value) -> Result<Value, FailedRequest> {
        let right = match (&request.proof, &value) {
            (Proof::Reply, _) => true,
            (Proof::Value(wanted, _), Value::BulkString(got)) => wanted == got,
            (Proof::Nonce(wanted), Value::BulkString(got)) => {
                let right = wanted == got;
                if right {
                    self.ctx.heartbeat.on_nonce();
                }
                right
            }
            (Proof::Pong, Value::SimpleString(text)) => text == PONG,
            (Proof::Nonce(_), Value::SimpleString(text)) if text == PONG => self.on_pong(),
            (Proof::Value(..) | Proof::Nonce(_) | Proof::Pong, _) => false,
        };
        if right {
            return Ok(value);
        }
        let (class, text) = match (&request.proof, value) {
            // Not misdirected: only a GET is answered with nil.
            (_, Value::Nil) => (ErrorClass::Other, "the value written before is gone from the server".to_owned()),
            // A replica that was promoted may not have the latest write to the old primary.
            (Proof::Value(wanted, at), Value::BulkString(got))
                if is_earlier(&got, wanted) && self.is_newer_than(*at) =>
            {
                (
                    ErrorClass::Other,
                    "the value written before is gone from the server, which has an earlier one".to_owned(),
                )
            }
            (_, value) => (ErrorClass::Desync, format!("a reply to another command: {}", summary(&value))),
        };
        let failure = Failure::doctor(class, Stage::Command, text);
        if class == ErrorClass::Desync {
            self.on_desync(request, epoch, &failure);
        }
        Err(FailedRequest { failure, ambiguous: class == ErrorClass::Desync })
    }

    /// Returns true if the connection in use was made after a moment.
    fn is_newer_than(&self, moment: Stamp) -> bool {
        self.link(|link| link.loss().is_some() || link.up_since() > moment)
    }

    /// Handles `PONG` in reply to a PING with a nonce; returns true if it is the reply of a proxy.
    fn on_pong(&self) -> bool {
        let (is_proxy, remark) = self.ctx.heartbeat.on_pong();
        if let Some(text) = remark {
            self.ctx.emit(self.ctx.clock.now(), None, EventKind::Note { text: text.into() });
        }
        is_proxy
    }

    /// Handles a misdirected reply. Every later reply may be wrong, too: all are counted, and one a second is reported.
    /// A policy with a watchdog replaces the connection.
    fn on_desync(&self, request: &Request, epoch: u64, failure: &Failure) {
        let now = self.ctx.clock.now();
        let mut state = self.lock();
        let present = state.epoch == epoch;
        let report = present && state.desync.as_ref().is_none_or(|desync| now.since(desync.reported) >= DESYNC_PAUSE);
        if report {
            let new = state.desync.as_ref().is_none_or(|desync| desync.new);
            state.desync = Some(Desync { reported: now, new });
        }
        if present && self.ctx.plan.policy.watchdog.is_some() {
            state.condemned.get_or_insert_with(|| failure.clone());
        }
        drop(state);
        self.ctx.samples.lock().counters.desynced += 1;
        if report {
            let wanted = request.proof.bytes().unwrap_or(PONG.as_bytes());
            let asked = Name::from(&wanted[..wanted.len().min(60)]).to_string();
            let answered = failure.text.clone();
            self.ctx.emit(now, Some(self.connection), EventKind::Desynced { asked: asked.into(), answered });
            self.wake.notify_one();
        }
    }

    fn library_error(&self, error: &RedisError, was_up: bool, launched: Stamp, at: Stamp) -> FailedRequest {
        let waiting = !was_up && self.ctx.plan.policy.managed;
        let stage = if waiting { Stage::WaitingForReconnect } else { Stage::Command };
        let failure = self.cut_off_since(launched).unwrap_or_else(|| client::failure(stage, error));
        if waiting {
            let mut state = self.lock();
            if state.waiting.len() == KEPT_FAILURES {
                state.waiting.pop_front();
            }
            let wedges = client::wedges_the_manager(error);
            state.waiting.push_back(WaitingFailure { launched, at, failure: failure.clone(), wedges });
        }
        FailedRequest { ambiguous: was_up && !failure.key.class.is_server_reply(), failure }
    }

    fn deadline_passed(was_up: bool, limit: Duration) -> FailedRequest {
        let (class, stage, what) = if was_up {
            (ErrorClass::ResponseTimeout, Stage::Command, "no reply")
        } else {
            (ErrorClass::WaitingTimeout, Stage::WaitingForReconnect, "no connection")
        };
        let limit = span(limit);
        FailedRequest { failure: Failure::doctor(class, stage, format!("{what} within {limit}")), ambiguous: was_up }
    }

    /// Updates the link, and separates the wait for a connection from the round trip.
    fn conclude(&self, request: &Request, mut exchange: Exchange) -> Exchange {
        let counted = request.counted;
        let (launched, done) = (exchange.launched, exchange.done);
        let mut state = self.lock();
        let in_flight = state.in_flight;
        state.in_flight -= u64::from(counted);
        exchange.disturbed = !state.link.is_up();
        if exchange.outcome.as_ref().is_err_and(|failed| failed.failure.key.class.is_misplaced()) {
            self.ctx.doubts.notify_one();
        }
        let changed = match &exchange.outcome {
            Ok(_) => {
                state.writes.accepted |= request.is_write();
                state.link.on_reply(launched, done)
            }
            Err(failed) => match failed.failure.key.class {
                ErrorClass::Desync => false,
                // The server answered, though not with the value.
                ErrorClass::Other if failed.failure.key.origin == Origin::Doctor => {
                    state.link.on_error_reply(done, counted)
                }
                // A demoted node of a cluster names the new one.
                class if class.is_by_demoted() && counted => {
                    let news = state.writes.refused.is_none();
                    state.writes = Writes { refused: Some(failed.failure.clone()), accepted: false };
                    if news && self.policy.on_readonly == OnReadonly::Rebuild {
                        self.wake.notify_one();
                    }
                    state.link.on_error_reply(done, counted)
                }
                // The silence was redis-doctor's own.
                class if class.is_timeout() && exchange.paused => false,
                class if class.is_timeout() => state.link.on_timeout(launched, done, counted, failed.ambiguous),
                class if class.is_server_reply() => state.link.on_error_reply(done, counted),
                _ => {
                    let command =
                        FailedCommand { failure: &failed.failure, counted, ambiguous: failed.ambiguous, in_flight };
                    state.link.on_failure(launched, done, command)
                }
            },
        };
        exchange.ready = state.link.up_since();
        exchange.disturbed |= launched < exchange.ready;
        if exchange.outcome.is_ok() {
            exchange.waited = exchange.ready.since(launched).min(done.since(launched));
            if counted || self.may_judge_tempo(launched) {
                state.tempo.on_reply(launched.after(exchange.waited), done);
            }
        }
        if changed {
            self.announce(&mut state);
        }
        drop(state);
        exchange
    }

    /// Returns true if a heartbeat sent at `launched` shows the tempo of replies: only where nothing else does, and
    /// not if its reply may have been queued behind messages.
    fn may_judge_tempo(&self, launched: Stamp) -> bool {
        self.ctx.plan.probes.is_none() && self.inbox.last_message() <= launched
    }
}
