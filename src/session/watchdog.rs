//! The commands that redis-doctor sends on its own account: to find out when a lost connection is back, and as the
//! policy's watchdog.

use std::{sync::Arc, time::Duration};

use super::connection::Session;
use crate::{
    classify::{ErrorClass, Failure, Stage},
    plan::Watchdog,
};

/// Asks a lost connection until it answers, so that the moment of its return is known even between two probes. Not
/// where the client under test would send nothing itself: a command can wake what is dead for a mere subscriber.
pub(super) async fn ask_while_down(session: Arc<Session>) {
    const LIMIT: Duration = Duration::from_secs(1);
    const PAUSE: Duration = Duration::from_millis(100);
    let ctx = Arc::clone(&session.ctx);
    loop {
        session.down.notified().await;
        while ctx.heartbeat.may_send() && ctx.plan.policy.managed && session.link(|link| link.loss().is_some()) {
            if session.beat("back", LIMIT).await.outcome.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// So many unanswered PINGs in a row are forgiven while messages come.
const SPARED: u32 = 10;

/// The policy's watchdog: a nonced PING each period; after so many in a row that neither a reply nor a message followed,
/// the connection is condemned. A connection that the library is reconnecting anyway is left to it.
pub(super) async fn run(session: Arc<Session>, watchdog: Watchdog) {
    let ctx = Arc::clone(&session.ctx);
    let (mut missed, mut spared) = (0, 0);
    loop {
        // After a miss the next PING goes out at once: its deadline is the period.
        if missed == 0 {
            tokio::time::sleep(watchdog.period).await;
        }
        if session.link(|link| link.loss().is_some()) {
            missed = 0;
            tokio::time::sleep(watchdog.period).await;
            continue;
        }
        let asked = session.beat("watchdog", watchdog.period).await;
        let unanswered = asked.outcome.as_ref().is_err_and(|failed| failed.failure.key.class.is_timeout());
        // A reply can be behind megabytes of messages: while they come, the connection lives, but not for ever, for a
        // path can be dead in one direction only.
        let alive = session.inbox.last_message() > asked.launched;
        spared = if unanswered && alive { spared + 1 } else { 0 };
        let silent = unanswered && (!alive || spared > SPARED);
        let counters = &mut ctx.samples.lock().counters;
        counters.watchdog_ok += u64::from(asked.outcome.is_ok());
        counters.watchdog_missed += u64::from(silent);
        missed = if silent { missed + 1 } else { 0 };
        if missed >= watchdog.misses {
            missed = 0;
            let why = format!("{}s went unanswered", ctx.heartbeat.command());
            session.condemn(asked.epoch, Failure::doctor(ErrorClass::ResponseTimeout, Stage::Command, why));
        }
    }
}
