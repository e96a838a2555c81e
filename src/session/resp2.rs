//! Subscriptions over RESP2, on a second connection: a subscribed RESP2 connection accepts no other commands.
//!
//! redis-rs does not reconnect that connection, so this does what an application has to do: reconnect with the policy's
//! delays and subscribe again.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use redis::aio::PubSub;

use super::connection::Session;
use crate::event::Message;

/// Receives on the session's subscriber connection, and reconnects it as the policy prescribes.
pub(super) async fn run(session: Arc<Session>) {
    let policy = session.policy.clone();
    let schedule = || std::iter::once(Duration::ZERO).chain(policy.delays());
    let mut delays = schedule();
    loop {
        if let Some(pubsub) = session.take_pubsub() {
            delays = schedule();
            // Unconstrained until the queue is empty, for the reason given in `coop_budget`.
            tokio::task::unconstrained(receive(&session, pubsub)).await;
            continue;
        }
        match delays.next().filter(|_| policy.managed && policy.resubscribe) {
            Some(delay) => {
                tokio::time::sleep(delay).await;
                if let Err(failure) = session.open_pubsub().await {
                    session.ctx.fail(Some(session.connection), &failure, session.ctx.clock.now(), false);
                }
            }
            // Retries exhausted, as in the client under test: only a new session helps.
            None => {
                session.fresh.notified().await;
                delays = schedule();
            }
        }
    }
}

/// Receives until the connection ends or the session is replaced.
async fn receive(session: &Session, pubsub: PubSub) {
    let ctx = &session.ctx;
    let mut messages = pubsub.into_on_message();
    loop {
        let message = tokio::select! {
            message = messages.next() => message,
            () = session.fresh.notified() => return,
        };
        let Some(message) = message else {
            session.on_disconnected();
            return;
        };
        let pattern: Option<Vec<u8>> = message.get_pattern().ok().filter(|_| message.from_pattern());
        let Ok(channel) = message.get_channel::<Vec<u8>>() else {
            continue;
        };
        let received = Message {
            target: None,
            at: ctx.clock.now(),
            channel: &channel,
            pattern: pattern.as_deref(),
            payload: message.get_payload_bytes(),
        };
        session.inbox.receive(&received, ctx);
    }
}
