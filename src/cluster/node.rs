//! One node of the cluster, queried on a connection that is held: each second, and as often as the search for a new primary
//! needs it.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::route;
use crate::{
    classify::{ErrorClass, Failure, Stage},
    clock::{Clock, Stamp, within},
    dial::RespStream,
    foreign::Foreign,
    plan::{Plan, Target},
    topology::{self, SlotRange, nodes::View},
    units::span,
};

/// Pause between two queries.
const PERIOD: Duration = Duration::from_secs(1);

/// The same while a new primary is searched for, and while it is about to be named.
const SEARCHING: Duration = Duration::from_millis(250);
const URGENT: Duration = Duration::from_millis(50);

/// Time limit of a connection attempt and of a query.
const LIMIT: Duration = Duration::from_secs(1);

/// A report of the watch of one node: its address, and what it says of the cluster.
pub(super) type Report = (Foreign, Result<View, Failure>);

/// The search for a new primary.
#[derive(Clone, Copy, Default)]
pub(super) struct Search {
    /// Time until which it is expected at any moment.
    pub(super) urgent: Stamp,
    /// Time until which it is searched for.
    pub(super) until: Stamp,
}

/// The watch of one node.
pub(super) struct Node {
    pub(super) shown: Foreign,
    pub(super) target: Target,
    pub(super) reports: mpsc::UnboundedSender<Report>,
    pub(super) search: watch::Receiver<Search>,
    pub(super) clock: Clock,
}

impl Node {
    /// Watches the node until it is aborted.
    pub(super) async fn watch(mut self, plan: Plan) {
        let route = route(&self.target, &plan, LIMIT, self.clock);
        loop {
            let failure = match route.connect().await {
                Ok((_, mut stream)) => self.hold(&mut stream).await,
                Err(failure) => failure,
            };
            self.report(Err(failure));
            self.pause().await;
        }
    }

    /// Queries the node on one connection until it ends; returns why.
    async fn hold(&mut self, stream: &mut RespStream) -> Failure {
        let mut known = None;
        let mut ranges = Vec::new();
        loop {
            let view = match self.query(stream, &mut known, &mut ranges).await {
                Ok(view) => view,
                Err(failure) => return failure,
            };
            self.report(Ok(view));
            self.pause().await;
        }
    }

    /// Queries the nodes, and their addresses if something has changed.
    async fn query(
        &self,
        stream: &mut RespStream,
        known: &mut Option<View>,
        ranges: &mut Vec<SlotRange>,
    ) -> Result<View, Failure> {
        let host = self.target.host().unwrap_or_default();
        let reply = limited(stream.command(&["CLUSTER", "NODES"])).await?;
        let plain = View::read(&reply, &[], host);
        if known.as_ref() != Some(&plain) {
            let slots = limited(stream.command(&["CLUSTER", "SLOTS"])).await?;
            *ranges = topology::ranges(&slots, host);
            *known = Some(plain);
        }
        Ok(View::read(&reply, ranges, host))
    }

    fn report(&self, report: Result<View, Failure>) {
        // The watch has ended.
        let _ = self.reports.send((self.shown.clone(), report));
    }

    /// Waits until the next query is due.
    async fn pause(&mut self) {
        let now = self.clock.now();
        let Search { urgent, until } = *self.search.borrow_and_update();
        if now < urgent {
            return self.clock.sleep_until(now.after(URGENT)).await;
        }
        let pause = if now < until { SEARCHING } else { PERIOD };
        // A search begins with a query.
        let _ = within(pause, self.search.changed()).await;
    }
}

/// Waits for a reply. A frozen node must not keep its connection longer than a new attempt would take.
async fn limited<T>(reply: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    within(LIMIT, reply).await.unwrap_or_else(|| {
        let text = format!("no reply within {}", span(LIMIT));
        Err(Failure::doctor(ErrorClass::ResponseTimeout, Stage::Command, text))
    })
}
