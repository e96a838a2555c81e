//! Writes that the server refuses because it was demoted: the state `pinned`, and the connections that the policy makes
//! instead.

use std::time::Duration;

use super::{DWELL, Monitor};
use crate::{
    classify::{ErrorClass, Failure},
    clock::Stamp,
    event::{ClientState, EventKind, ReplaceReason},
    plan::OnReadonly,
    session::roles,
};

/// Pause between two queries of the role of a node that redirects writes: in a cluster, any node may.
const ROLE_PAUSE: Duration = Duration::from_secs(1);

/// Primaries remembered.
const PRIMARIES: usize = 8;

/// The connections made because of refused writes, since the latest accepted one.
#[derive(Default)]
pub(super) struct Rebuilds {
    made: usize,
    /// Earliest time of the next.
    due: Option<Stamp>,
    role_queried: Option<Stamp>,
}

impl Monitor {
    /// Remembers that the server of the connection is a primary.
    pub(super) fn on_primary(&mut self) {
        if !self.was_primary {
            self.was_primary = true;
            if self.primaries.len() == PRIMARIES {
                self.primaries.pop_front();
            }
            self.primaries.push_back(self.peer());
        }
    }

    /// Enters `pinned`, or replaces the connection, when a server that was a primary refuses a write. A server that has
    /// been a replica all along was not demoted.
    pub(super) async fn watch_writes(&mut self) {
        let now = self.ctx.clock.now();
        let rebuilds = self.session.policy.on_readonly == OnReadonly::Rebuild;
        // If only some writes are refused, each change is reported at most once a second.
        if !rebuilds && self.pinned.is_some_and(|since| now.since(since) < DWELL) {
            return;
        }
        let writes = self.session.take_writes();
        if writes.accepted {
            self.on_primary();
        }
        // The connections go to the new primary as soon as the cluster names it.
        if self.ctx.plan.cluster.is_some() && self.ctx.plan.follows() {
            return;
        }
        if let Some(failure) = writes.refused
            && self.is_demoted(&failure).await
        {
            match self.session.policy.on_readonly {
                OnReadonly::Stay => self.pin(&failure, "the connection stays with it").await,
                OnReadonly::Rebuild => Box::pin(self.rebuild(failure)).await,
            }
        }
        if writes.accepted {
            self.rebuilds = Rebuilds::default();
            if self.pinned.take().is_some() {
                self.emit(now, EventKind::StateLeft { state: ClientState::Pinned });
            }
        }
    }

    /// Returns true if the server was a primary, or the one in whose place it answers.
    async fn is_demoted(&mut self, failure: &Failure) -> bool {
        let known = match self.session.policy.on_readonly {
            OnReadonly::Stay => self.was_primary,
            OnReadonly::Rebuild => !self.primaries.is_empty(),
        };
        if !known || failure.key.class == ErrorClass::ReadOnly {
            return known;
        }
        // A primary redirects writes, too, if another holds the key's slot.
        let now = self.ctx.clock.now();
        if self.rebuilds.role_queried.is_some_and(|last| now.since(last) < ROLE_PAUSE) {
            return false;
        }
        self.rebuilds.role_queried = Some(now);
        Box::pin(roles::query(&self.session)).await.is_some_and(|server| server.is_replica())
    }

    /// Enters `pinned`, once.
    async fn pin(&mut self, failure: &Failure, how: &str) {
        if self.pinned.is_some() {
            return;
        }
        self.pinned = Some(self.ctx.clock.now());
        let server = if self.session.server().is_some() { Box::pin(roles::query(&self.session)).await } else { None };
        let of = server.and_then(|server| server.primary).map(|primary| format!(" of {primary}"));
        let of = of.unwrap_or_default();
        let refused =
            if failure.key.class == ErrorClass::Moved { "redirected (MOVED)" } else { "refused with READONLY" };
        let why = format!("writes are {refused}: the server is now a replica{of}, and {how}");
        self.enter(self.ctx.clock.now(), ClientState::Pinned, why);
    }

    /// Replaces the connection: immediately, then with the delays of a reconnect as long as writes are refused.
    async fn rebuild(&mut self, failure: Failure) {
        let now = self.ctx.clock.now();
        if self.rebuilds.due.is_some_and(|due| now < due) {
            return;
        }
        if self.rebuilds.made > 0 {
            self.pin(&failure, "new connections reach no primary, either").await;
        }
        let Some(delay) = self.session.policy.delays().nth(self.rebuilds.made) else { return };
        self.rebuilds.made += 1;
        self.replace(ReplaceReason::Readonly, Some(failure)).await;
        self.rebuilds.due = Some(self.ctx.clock.now().after(delay));
    }
}
