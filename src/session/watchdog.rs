//! Heartbeats on the connection under test: to detect the reconnect of a lost connection, and as the policy's watchdog.

use std::{sync::Arc, time::Duration};

use super::connection::Session;
use crate::{
    classify::{ErrorClass, Failure, Stage},
    plan::Watchdog,
};

/// Sends heartbeats on a lost connection until one is answered, so that the reconnect is dated even between two probes.
/// Not if the client under test would send nothing: a command can revive a connection that is dead for a plain
/// subscriber.
pub(super) async fn heartbeat_while_down(session: Arc<Session>) {
    const LIMIT: Duration = Duration::from_secs(1);
    const PAUSE: Duration = Duration::from_millis(100);
    let ctx = Arc::clone(&session.ctx);
    loop {
        session.down.notified().await;
        while ctx.heartbeat.may_send() && ctx.plan.policy.managed && session.link(|link| link.loss().is_some()) {
            if Box::pin(session.heartbeat("back", LIMIT)).await.outcome.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Unanswered heartbeats in a row that are tolerated while messages arrive.
const SPARED: u32 = 10;

/// The policy's watchdog: sends a heartbeat each period, and condemns the connection after a number of heartbeats in a
/// row that were followed by neither a reply nor a push. While the library connects, it is left alone; a new connection
/// on which nothing is answered is not.
pub(super) async fn run(session: Arc<Session>, watchdog: Watchdog) {
    let ctx = Arc::clone(&session.ctx);
    let (mut missed, mut spared) = (0, 0);
    loop {
        // After a miss the next heartbeat is sent immediately: its deadline is the period.
        if missed == 0 {
            tokio::time::sleep(watchdog.period).await;
        }
        if session.link(|link| link.loss().is_some()) && !Box::pin(session.connected_within(watchdog.period)).await {
            missed = 0;
            continue;
        }
        let exchange = Box::pin(session.heartbeat("watchdog", watchdog.period)).await;
        let unanswered = exchange.outcome.as_ref().is_err_and(|failed| failed.failure.key.class.is_timeout());
        // A reply can be queued behind megabytes of messages or thousands of confirmations: the connection lives while
        // they arrive. But not forever: a path can be dead in one direction only.
        let alive = session.inbox.last_push() > exchange.launched;
        spared = if unanswered && alive { spared + 1 } else { 0 };
        let silent = unanswered && (!alive || spared > SPARED) && !exchange.paused;
        let counters = &mut ctx.samples.lock().counters;
        counters.watchdog_ok += u64::from(exchange.outcome.is_ok());
        counters.watchdog_missed += u64::from(silent);
        missed = if silent { missed + 1 } else { 0 };
        if missed >= watchdog.misses {
            missed = 0;
            let why = format!("no reply to {}", ctx.heartbeat.command());
            session.condemn(exchange.epoch, Failure::doctor(ErrorClass::ResponseTimeout, Stage::Command, why));
        }
    }
}
