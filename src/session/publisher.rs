//! The publisher: a second connection that publishes numbered messages, so that deliveries on the first can be counted.
//!
//! It is not under test and must survive every fault: a plain connection, discarded at the first sign of trouble and
//! reopened for the next message.

use std::{sync::Arc, time::Duration};

use redis::{Cmd, PushInfo, Value, aio::MultiplexedConnection};
use tokio::sync::Mutex;

use super::{
    connection::Session, context::RunContext, delivery::Publish, refusals::Asker, request::FailedRequest,
    subject::Dialer,
};
use crate::{
    classify::{ErrorClass, Failure, Stage, client},
    clock::{Stamp, within},
    credentials,
    dial::{
        ClientInfo, Dialect,
        identity::from_info,
        reply::{Text, text},
    },
    event::Peer,
    plan::{Pace, Password, Plan, PolicyName, ReconnectPolicy},
};

/// A message not accepted within this time counts as not published.
const LIMIT: Duration = Duration::from_secs(1);

/// The publisher, as a sender of commands.
const PUBLISHING: Asker = Asker { worker: None, command: "PUBLISH" };

/// The publishing connection, shared by all connections under test.
pub(super) struct Publisher {
    dialer: Dialer,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl Publisher {
    pub(super) fn new(plan: &Plan, dialect: Dialect) -> Result<Self, Failure> {
        let mut policy = ReconnectPolicy::preset(PolicyName::Hardened);
        // Its own limit applies, which knows the pauses of redis-doctor itself.
        (policy.connect_timeout, policy.response_timeout) = (LIMIT, LIMIT * 10);
        if matches!(plan.target.password, Some(Password::Asked(_))) {
            policy.connect_timeout += credentials::LIMIT;
        }
        let dialer = Dialer::new(plan, policy, Dialect { resp3: false, ..dialect })
            .map_err(|error| client::failure(Stage::Publish, &error))?;
        Ok(Self { dialer, connection: Mutex::new(None) })
    }

    /// Publishes a message and returns the number of receivers. A message that was never sent fails unambiguously.
    async fn publish(
        &self,
        ctx: &RunContext,
        sharded: bool,
        channel: &[u8],
        payload: &[u8],
    ) -> Result<i64, FailedRequest> {
        let connection = self.connection(ctx).await.map_err(|failure| FailedRequest { failure, ambiguous: false })?;
        let mut command = redis::cmd(if sharded { "SPUBLISH" } else { "PUBLISH" });
        command.arg(channel).arg(payload);
        let sent = self.send(ctx, connection, &command).await;
        sent.map_err(|failure| FailedRequest { ambiguous: !failure.key.class.is_server_reply(), failure })
    }

    async fn send(
        &self,
        ctx: &RunContext,
        mut connection: MultiplexedConnection,
        command: &Cmd,
    ) -> Result<i64, Failure> {
        let outcome = match ctx.within(LIMIT, connection.send_packed_command(command)).await {
            Some(reply) => {
                reply.and_then(Value::extract_error).map_err(|error| client::failure(Stage::Publish, &error))
            }
            None => Err(Failure::doctor(ErrorClass::ResponseTimeout, Stage::Publish, "no reply to PUBLISH within 1 s")),
        };
        if outcome.as_ref().is_err_and(|failure| !failure.key.class.is_server_reply()) {
            *self.connection.lock().await = None;
        }
        outcome.map(|reply| if let Value::Int(receivers) = reply { receivers } else { 0 })
    }

    async fn connection(&self, ctx: &RunContext) -> Result<MultiplexedConnection, Failure> {
        let mut slot = self.connection.lock().await;
        if let Some(connection) = &*slot {
            return Ok(connection.clone());
        }
        let made = Box::pin(self.dialer.plain(None::<fn(PushInfo) -> Result<(), String>>)).await;
        ctx.observer.on_dialed(made.is_ok(), ctx.clock.now());
        let mut connection = made.map_err(|error| client::failure(Stage::Publish, &error))?;
        if ctx.plan.evidence {
            Box::pin(identify(&mut connection, ctx)).await;
        }
        *slot = Some(connection.clone());
        Ok(connection)
    }
}

/// Reports the server that a new connection reached, as far as it identifies itself in time.
async fn identify(connection: &mut MultiplexedConnection, ctx: &RunContext) {
    if !ctx.dialect.client || !ctx.dialect.info {
        return;
    }
    let mut queries = redis::pipe();
    queries.cmd("CLIENT").arg("INFO").cmd("INFO").arg("server").cmd("INFO").arg("replication");
    let answers = within(LIMIT, connection.send_packed_commands(&queries, 0, 3)).await;
    if let Some(Ok(answers)) = answers {
        let [client, server, replication] =
            [0, 1, 2].map(|index| answers.get(index).and_then(text).unwrap_or_default());
        let info: Text = [server, replication].into_iter().collect();
        let server = Peer::new(&from_info(info.part()), ClientInfo::parse(client.part()).laddr);
        ctx.observer.on_reached(&server, ctx.clock.now());
    }
}

/// Publishes to the verified channels of one session in turn, until the run stops.
pub(super) async fn run(session: Arc<Session>, publisher: Arc<Publisher>, pace: Pace) {
    let ctx = Arc::clone(&session.ctx);
    let channels: Vec<_> = session.inbox.verified().map(|(name, sharded)| (name.clone(), sharded)).collect();
    let start = ctx.clock.now();
    let mut slot = 0;
    for (index, (channel, sharded)) in channels.iter().enumerate().cycle() {
        if !wait(&ctx, start, pace, &mut slot).await {
            return;
        }
        let (number, payload) = session.inbox.compose(index, ctx.clock.now(), &ctx);
        let launched = ctx.clock.now();
        let published = publisher.publish(&ctx, *sharded, channel.as_bytes(), &payload).await;
        session.note_outcome(PUBLISHING, &published, launched, ctx.clock.now());
        let outcome = match published {
            Ok(receivers) => {
                ctx.samples.lock().counters.published_to_nobody += u64::from(receivers == 0);
                Publish::Accepted
            }
            Err(FailedRequest { failure, ambiguous }) => {
                ctx.fail(Some(session.connection), &failure, ctx.clock.now(), ambiguous);
                Publish::Failed
            }
        };
        session.inbox.published(index, number, outcome, &ctx);
    }
}

/// Waits for the next slot and skips those missed because of a slow server. Returns false when the run stops.
async fn wait(ctx: &RunContext, start: Stamp, pace: Pace, slot: &mut u64) -> bool {
    if ctx.stop.is_stopping() {
        return false;
    }
    let Some(mut due) = pace.due(*slot).map(|due| start.after(due)) else {
        tokio::task::yield_now().await;
        return true;
    };
    let now = ctx.clock.now();
    while now.since(due) > LIMIT {
        *slot += 1;
        due = start.after(pace.due(*slot).unwrap_or_default());
    }
    *slot += 1;
    tokio::select! {
        () = ctx.clock.sleep_until(due) => true,
        () = ctx.stop.stopped() => false,
    }
}
