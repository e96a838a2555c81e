//! The read-back of the ledger workload: which acknowledged writes does the primary still have?
//!
//! The keys are read at the end of the run, and in a long one before they expire, on a connection apart from those under
//! test. If the server has been demoted by then, its primary is queried.

use std::{sync::Arc, time::Duration};

use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::{Stamp, within},
    dial::{RespStream, Route, Value, identity::primary_of},
    event::{EventKind, LedgerRead},
    plan::{ProbeKind, Target},
    session::{LEDGER_DUE, RunContext, Span, ledger_key},
    topology,
};

/// Pause between two checks for keys that will expire.
const PERIOD: Duration = Duration::from_secs(30);

/// Keys of one query.
const BATCH: u64 = 500;

/// Time limit of a connection attempt and of a query.
const LIMIT: Duration = Duration::from_secs(2);

/// Time in which a demoted server has its primary, and keys are there again, after a failover.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pause between two attempts.
const RETRY: Duration = Duration::from_millis(250);

/// Reads the keys from a server, or from the one that has taken its place.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) route: Route,
    pub(super) server: Target,
}

/// Returns true if the workload is the ledger.
pub(super) fn is_kept(ctx: &RunContext) -> bool {
    ctx.plan.probes.as_ref().is_some_and(|probes| probes.kind == ProbeKind::Ledger)
}

impl Reader {
    /// Reads back the keys that will expire, until it is aborted.
    pub(super) async fn watch(self, ctx: Arc<RunContext>) {
        loop {
            let now = ctx.clock.now();
            ctx.clock.sleep_until(now.after(PERIOD)).await;
            let due = ctx.ledger.take(ctx.clock.now().before(LEDGER_DUE));
            if !due.is_empty() {
                self.report(&ctx, due).await;
            }
        }
    }

    /// Reads back all keys that are left.
    pub(super) async fn conclude(&self, ctx: &RunContext) {
        if is_kept(ctx) {
            self.report(ctx, ctx.ledger.take(Stamp::from_nanos(u64::MAX))).await;
        }
    }

    async fn report(&self, ctx: &RunContext, spans: Vec<Span>) {
        let read = self.read_back(ctx, spans).await;
        ctx.emit(ctx.clock.now(), None, EventKind::LedgerRead(Box::new(read)));
    }

    /// Reads the keys of acknowledged writes from the primary.
    async fn read_back(&self, ctx: &RunContext, spans: Vec<Span>) -> LedgerRead {
        let acknowledged = spans.iter().map(|span| span.last - span.first + 1).sum();
        let mut read =
            LedgerRead { server: None, acknowledged, gone: 0, unread: acknowledged, first_gone: None, last_gone: None };
        let give_up = ctx.clock.now().after(PATIENCE);
        let mut stream = loop {
            if let Some((server, stream)) = self.to_primary(ctx).await {
                read.server = Some(server.into());
                break stream;
            }
            if ctx.clock.now() >= give_up {
                return read;
            }
            ctx.clock.sleep_until(ctx.clock.now().after(RETRY)).await;
        };
        for span in spans {
            let mut first = span.first;
            while first <= span.last {
                let last = span.last.min(first + BATCH - 1);
                let batch = Span { first, last, ..span.clone() };
                let mut gone = missing(&mut stream, &batch).await;
                if gone.as_ref().is_err_and(|failure| failure.key.class == ErrorClass::Moved)
                    && let Some(owner) = self.owner_of(&mut stream, &batch).await
                    && let Ok(mut stream) = self.reach(&owner).await
                {
                    gone = missing(&mut stream, &batch).await;
                }
                let Ok(gone) = gone else { return read };
                read.unread -= last - first + 1;
                read.gone += gone.len() as u64;
                if let (Some(first), Some(last)) = (gone.first(), gone.last()) {
                    read.first_gone = read.first_gone.into_iter().chain([span.at(*first)]).min();
                    read.last_gone = read.last_gone.into_iter().chain([span.at(*last)]).max();
                }
                first = last + 1;
            }
        }
        read
    }

    /// Connects to the server, or to its primary if it has one.
    async fn to_primary(&self, ctx: &RunContext) -> Option<(String, RespStream)> {
        let followed = ctx.plan.follows();
        let target = if followed { ctx.current_target() } else { self.server.clone() };
        let mut stream = self.reach(&target).await.ok()?;
        let Ok(role) = stream.command(&["ROLE"]).await else {
            // An ACL may forbid it.
            return Some((target.address.to_string(), stream));
        };
        let Some((host, port)) = primary_of(&role) else { return Some((target.address.to_string(), stream)) };
        let primary = target.at(&host, port);
        let mut stream = self.reach(&primary).await.ok()?;
        // A replica of a replica is no answer.
        let role = stream.command(&["ROLE"]).await.ok();
        role.filter(|role| primary_of(role).is_none()).map(|_| (primary.address.to_string(), stream))
    }

    /// Returns the node of the cluster that serves the keys of a span now.
    async fn owner_of(&self, stream: &mut RespStream, span: &Span) -> Option<Target> {
        let reply = within(LIMIT, stream.command(&["CLUSTER", "SLOTS"])).await?.ok()?;
        let slot = topology::slot_of(&ledger_key(&span.keys, span.connection, span.worker, span.first));
        let ranges = topology::ranges(&reply, self.server.host().unwrap_or_default());
        let range = ranges.into_iter().find(|range| (range.first..=range.last).contains(&slot))?;
        let node = range.nodes.into_iter().next()?;
        Some(self.server.at(&node.host, node.port))
    }

    async fn reach(&self, target: &Target) -> Result<RespStream, Failure> {
        let route = self.route.to(target.clone()).with_limit(LIMIT).with_ping(false);
        route.connect().await.map(|(_, stream)| stream)
    }
}

/// Returns the numbers whose keys the server does not have.
///
/// # Errors
/// Returns why it cannot be known.
async fn missing(stream: &mut RespStream, span: &Span) -> Result<Vec<u64>, Failure> {
    let numbers = span.first..=span.last;
    let key = |number| ledger_key(&span.keys, span.connection, span.worker, number);
    let keys: Vec<_> = numbers.clone().map(key).collect();
    let words: Vec<_> = ["MGET"].into_iter().chain(keys.iter().map(String::as_str)).collect();
    let late = || Failure::doctor(ErrorClass::ResponseTimeout, Stage::Command, "no reply to MGET");
    let reply = within(LIMIT, stream.command(&words)).await.ok_or_else(late)??;
    match reply {
        Value::Array(values) if values.len() == keys.len() => {
            let found = numbers.zip(&values).filter(|(_, value)| matches!(value, Value::Nil));
            Ok(found.map(|(number, _)| number).collect())
        }
        _ => Err(Failure::doctor(ErrorClass::Other, Stage::Command, "MGET is not answered with as many values")),
    }
}
