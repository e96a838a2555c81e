//! The role of each server under test, queried with ROLE on a connection under test.
//!
//! Only the connection itself leads to its server for sure: a new connection to the same address may reach another one,
//! and the address that a server calls its own need not be reachable from here. The query is redis-doctor's own command,
//! one per server process and interval, and only where commands flow all the time: it must neither revive a silent
//! subscriber nor keep an idle connection from reaching an idle limit.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::future::join_all;

use super::{connection::Session, context::RunContext, request::Request};
use crate::{
    clock::within,
    dial::identity::{from_hello, from_role},
    event::Peer,
    plan::Command,
};

/// Interval between two queries of the same server.
const INTERVAL: Duration = Duration::from_secs(10);

/// The same where changes are the result of the run.
const WATCH_INTERVAL: Duration = Duration::from_millis(100);

/// Pause between the queries of two servers.
const PAUSE: Duration = Duration::from_secs(1);

/// A connection with a command at least this often is never idle.
const BUSY: Duration = Duration::from_secs(1);

/// Servers queried in an interval, and at the end of a run.
const SERVERS: usize = 10;

/// Time limit of the queries at the end of a run.
const LAST: Duration = Duration::from_millis(300);

/// Returns true if a run may query the role on its connections.
fn may_query(ctx: &RunContext) -> bool {
    let plan = &ctx.plan;
    let paced = plan.probes.as_ref().is_some_and(|probes| probes.pace.due(1).is_none_or(|pause| pause <= BUSY));
    plan.evidence && !plan.is_single_ping() && ctx.dialect.proxy.is_none() && (paced || plan.policy.watchdog.is_some())
}

/// Queries each server at every interval, until it is aborted.
pub(super) async fn watch(ctx: Arc<RunContext>, sessions: Vec<Arc<Session>>) {
    if !may_query(&ctx) {
        return;
    }
    let interval = if ctx.plan.command == Command::Watch { WATCH_INTERVAL } else { INTERVAL };
    loop {
        let due = ctx.clock.now().after(interval);
        ctx.clock.sleep_until(due).await;
        for session in one_of_each(&sessions) {
            // Seldom, and large.
            Box::pin(query(session)).await;
            ctx.clock.sleep_until(ctx.clock.now().after(PAUSE)).await;
        }
    }
}

/// Queries each server once more at the end of a run, whose last interval is incomplete.
pub(super) async fn conclude(ctx: &RunContext, sessions: &[Arc<Session>]) {
    let now = ctx.clock.now();
    let long = |session: &&Arc<Session>| session.server().is_some_and(|(since, _)| now.since(since) >= PAUSE);
    if may_query(ctx) {
        let queries = one_of_each(sessions).into_iter().filter(long).map(|session| query(session));
        let _ = within(LAST, join_all(queries)).await;
    }
}

/// Returns a connection to each server process that is up and known.
fn one_of_each(sessions: &[Arc<Session>]) -> Vec<&Arc<Session>> {
    let mut seen = HashSet::new();
    let new = |session: &&Arc<Session>| {
        let id = session.server().and_then(|(_, server)| server.run_id.or(server.laddr));
        id.is_some_and(|id| seen.insert(id))
    };
    sessions.iter().filter(new).take(SERVERS).collect()
}

/// Queries the role of a connection's server, and reports it. Returns the server with that role; `None` if the connection
/// was lost before the reply, or the server does not answer.
pub(super) async fn query(session: &Session) -> Option<Peer> {
    let ctx = &session.ctx;
    let (since, server) = session.server()?;
    let limit = ctx.plan.policy.response_timeout;
    let role = session.send(&Request::words(&["ROLE"]), limit).await.outcome.ok().and_then(|reply| from_role(&reply));
    let (role, primary) = match role {
        Some(role) => role,
        None if ctx.dialect.resp3 => {
            let hello = session.send(&Request::hello(true), limit).await.outcome.ok()?;
            (from_hello(&hello).role?, None)
        }
        None => return None,
    };
    let server = Peer { role: Some(role), primary, uptime: None, ..server };
    let same = session.server().is_some_and(|(now_since, _)| now_since == since);
    if !same {
        return None;
    }
    session.reached(server.clone());
    ctx.observer.on_role(&server, ctx.clock.now());
    Some(server)
}
