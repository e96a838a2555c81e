//! The read-back of the ledger workload: which acknowledged writes does the primary still have?
//!
//! The keys are read at the end of the run, and in a long one before they expire, on a connection apart from those under
//! test. If the server has been demoted by then, its primary is queried.

use std::{sync::Arc, time::Duration};

use crate::{
    classify::Failure,
    clock::{Stamp, within},
    dial::{RespStream, Route, Value, identity::primary_of},
    event::{EventKind, LedgerRead},
    plan::{ProbeKind, Target},
    session::{LEDGER_DUE, RunContext, Span, ledger_key},
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
                let batch = Span { first, last, ..span };
                let Some(gone) = missing(&mut stream, &ctx.run_id, batch).await else { return read };
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
        let followed = ctx.plan.sentinels.is_some();
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

    async fn reach(&self, target: &Target) -> Result<RespStream, Failure> {
        let route = self.route.to(target.clone()).with_limit(LIMIT).with_ping(false);
        route.connect().await.map(|(_, stream)| stream)
    }
}

/// Returns the numbers whose keys the server does not have; `None` if it does not answer.
async fn missing(stream: &mut RespStream, run_id: &str, span: Span) -> Option<Vec<u64>> {
    let numbers = span.first..=span.last;
    let keys: Vec<_> = numbers.clone().map(|number| ledger_key(run_id, span.connection, span.worker, number)).collect();
    let words: Vec<_> = ["MGET"].into_iter().chain(keys.iter().map(String::as_str)).collect();
    let Value::Array(values) = within(LIMIT, stream.command(&words)).await?.ok()? else { return None };
    let found = numbers.zip(&values).filter(|(_, value)| matches!(value, Value::Nil));
    (values.len() == keys.len()).then(|| found.map(|(number, _)| number).collect())
}
