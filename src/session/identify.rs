//! Identification of the server and the client on the other end of a session's connection.

use std::time::Duration;

use tokio::sync::watch;

use super::{connection::Session, request::Request};
use crate::{
    dial::{
        ClientInfo,
        identity::{from_hello, from_info},
        reply::text,
    },
    event::ServerIdentity,
};

/// Time limit of each query on a connection that is up.
const LIMIT: Duration = Duration::from_millis(500);

/// Identifies the client and the server of a session's connection, and names the connection. What the user may not
/// query stays unknown.
///
/// Can begin before the connection is `up`, so that the queries go out with the first command; the time limit counts
/// from then on.
pub(super) async fn query(session: &Session, up: &watch::Receiver<bool>) -> (ClientInfo, ServerIdentity) {
    let early = !*up.borrow();
    let limit = if early { session.patience() + LIMIT } else { LIMIT };
    let answer = async |request: &Request| {
        let late = async {
            if !early {
                return std::future::pending().await;
            }
            // If the channel is closed, the connection will never come up.
            let _ = up.clone().wait_for(|up| *up).await;
            let clock = session.ctx.clock;
            clock.sleep_until(clock.now().after(LIMIT)).await;
        };
        let exchange = tokio::select! {
            biased;
            exchange = session.send(request, limit) => exchange,
            () = late => return None,
        };
        exchange.outcome.ok()
    };
    let dialect = session.ctx.dialect;
    // A proxy may close the connection under test on such a query.
    let query = async |known: bool, words: &[&str]| {
        let answer = if known { answer(&Request::words(words)).await } else { None };
        text(&answer?)
    };
    if let Some(name) = &session.ctx.plan.target.client_name {
        query(dialect.client, &["CLIENT", "SETNAME", name]).await;
    }
    let (client, server, replication) = tokio::join!(
        query(dialect.client, &["CLIENT", "INFO"]),
        query(dialect.info, &["INFO", "server"]),
        query(dialect.info, &["INFO", "replication"])
    );
    let client = client.map(|line| ClientInfo::parse(line.part())).unwrap_or_default();
    // No ACL forbids HELLO. Its product and version are those that the server claims to be compatible with.
    let hello = match (&server, &replication) {
        (None, None) if dialect.resp3 => answer(&Request::hello(true)).await,
        _ => None,
    };
    let mut server = server.map(|info| from_info(info.part())).unwrap_or_default();
    let roles = hello.as_ref().map(from_hello).or(replication.map(|info| from_info(info.part()))).unwrap_or_default();
    (server.role, server.primary) = (roles.role.or(server.role), roles.primary);
    server.primary_link = roles.primary_link;
    server.mode = server.mode.or(roles.mode);
    server.proxy = dialect.proxy.or(server.proxy);
    (client, server)
}

/// Returns the number of subscriptions that the connection has as the server counts them, if it may be asked.
pub(super) async fn subscriptions(session: &Session) -> Option<u64> {
    if !session.ctx.dialect.client {
        return None;
    }
    let exchange = session.send(&Request::words(&["CLIENT", "INFO"]), LIMIT).await;
    text(&exchange.outcome.ok()?).and_then(|line| ClientInfo::parse(line.part()).subscriptions)
}

/// Requests announcements of maintenance on this connection: Redis Cloud and Redis Software send them only to clients
/// that opt in (<https://redis.io/docs/latest/develop/clients/sch/>). Open-source Redis refuses, which does no harm;
/// Valkey is not asked. Each new connection must opt in again.
pub(super) async fn request_announcements(session: &Session, server: &ServerIdentity) {
    let ctx = &session.ctx;
    let pushes = ctx.dialect.resp3 && ctx.plan.evidence && !ctx.plan.is_single_ping();
    if pushes && server.product.as_deref() == Some("Redis") {
        let mut command = redis::cmd("CLIENT");
        command.arg("MAINT_NOTIFICATIONS").arg("ON");
        session.send(&Request::open(command), LIMIT).await;
    }
}
