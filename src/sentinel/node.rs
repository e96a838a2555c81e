//! The role of each server of the set, on a connection that is held: a server that is promoted or demoted by a Sentinel
//! closes its clients in the same transaction, so the end of the connection dates the change.

use std::{sync::Arc, time::Duration};

use super::role;
use crate::{
    clock::Stamp,
    dial::{RespStream, Route, is_forbidden},
    event::{EventKind, SentinelEvent},
    foreign::Foreign,
    plan::Target,
    session::RunContext,
};

/// Pause between two queries of a server.
const PERIOD: Duration = Duration::from_secs(1);

/// Time limit of a connection attempt and of a query.
const LIMIT: Duration = Duration::from_secs(1);

/// A role, and the primary of a replica; `None` if the server does not answer.
type Role = Option<(Foreign, Option<Foreign>)>;

/// Watches one server until it is aborted.
pub(super) async fn watch(ctx: Arc<RunContext>, node: Foreign, target: Target) {
    let route = Route::new(target, ctx.plan.protocol, LIMIT, ctx.clock).with_ping(false);
    let mut history = History { node, latest: None };
    let mut lost = None;
    loop {
        let began = ctx.clock.now();
        let held = match route.connect().await {
            Ok((_, mut stream)) => match hold(&ctx, &mut history, &mut stream, lost).await {
                Some(held) => held,
                None => return,
            },
            Err(_) => {
                history.note(&ctx, None, ctx.clock.now());
                false
            }
        };
        lost = held.then(|| ctx.clock.now());
        // A server that closed the connection may have changed its role: it is queried again immediately.
        if !held || ctx.clock.now().since(began) < PERIOD {
            ctx.clock.sleep_until(began.after(PERIOD)).await;
        }
    }
}

/// Queries the role on one connection until it ends. Returns false if it was never answered, and `None` if an ACL forbids
/// the query.
async fn hold(ctx: &RunContext, history: &mut History, stream: &mut RespStream, lost: Option<Stamp>) -> Option<bool> {
    let (mut answered, mut changed_at) = (false, lost);
    loop {
        let found = match role(stream).await {
            Ok(found) => Some(found),
            Err(failure) if is_forbidden(&failure) => return None,
            Err(_) if answered => return Some(true),
            Err(_) => None,
        };
        let now = ctx.clock.now();
        // Later than that, the end of the connection before shows nothing.
        let at = changed_at.take().filter(|at| now.since(*at) < PERIOD).unwrap_or(now);
        answered |= found.is_some();
        history.note(ctx, found, at);
        if !answered || stream.unsolicited(PERIOD).await.is_some() {
            return Some(answered);
        }
    }
}

/// The role of a server as far as it is known.
struct History {
    node: Foreign,
    latest: Option<(Role, Stamp)>,
}

impl History {
    /// Notes the role as of `at`, and reports a change.
    fn note(&mut self, ctx: &RunContext, role: Role, at: Stamp) {
        let before = self.latest.as_ref().map(|(_, since)| *since);
        let changed = self.latest.as_ref().is_none_or(|(known, _)| *known != role);
        if changed {
            let (name, primary) = role.clone().map_or((None, None), |(name, primary)| (Some(name), primary));
            let event = SentinelEvent::Role { node: self.node.clone(), role: name, primary, before };
            ctx.emit(at, None, EventKind::Sentinel(Box::new(event)));
        }
        self.latest = Some((role, at));
    }
}
