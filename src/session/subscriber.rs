//! The subscriber: subscribes where the library does not, apart from the monitor, which must never wait for a
//! confirmation.
//!
//! Each chunk is sent after all confirmations of the one before, so redis-rs assigns every confirmation to its command.
//! Its own resubscription sends everything together and waits for one confirmation; the others become replies to other
//! commands.

use std::{sync::Arc, time::Duration};

use super::connection::Session;

/// Pause after an attempt that failed with its connection.
const RETRY: Duration = Duration::from_secs(1);

/// Subscribes whenever subscriptions are missing, until it is aborted.
pub(super) async fn run(session: Arc<Session>) {
    session.unsubscribed.notified().await;
    loop {
        // A newer request ends the attempt: the connection that it was for is gone.
        tokio::select! {
            biased;
            () = session.unsubscribed.notified() => {}
            () = Box::pin(subscribe(&session)) => session.unsubscribed.notified().await,
        }
    }
}

/// Subscribes; a failure on a connection that is up is the monitor's to judge.
async fn subscribe(session: &Session) {
    while let Err(failure) = session.subscribe().await {
        if session.link(|link| link.loss().is_none()) || failure.key.class.is_server_reply() {
            return session.fail_subscription(failure);
        }
        // Over RESP2, the receiver opens its connection again.
        if !session.ctx.dialect.resp3 {
            return;
        }
        tokio::time::sleep(RETRY).await;
    }
}
