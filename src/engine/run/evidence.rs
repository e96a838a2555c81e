//! The evidence of a run: its gathering begins and ends with the run.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::Run;
use crate::{
    dial::Route,
    evidence::Collector,
    plan::Plan,
    session::{NoticeSender, Observer, Unobserved},
};

impl Run<'_> {
    /// Starts to gather evidence, if the plan wants it. It comes from the server itself, on the `direct` route: faults
    /// must neither hit these queries nor trigger on them.
    pub(super) fn observe(
        &mut self,
        plan: &Arc<Plan>,
        direct: Route,
        proxied: bool,
        notices: &Arc<NoticeSender>,
    ) -> (Arc<dyn Observer>, JoinSet<()>) {
        let mut gathering = JoinSet::new();
        if !plan.evidence {
            return (Arc::new(Unobserved), gathering);
        }
        let collector = Collector::new(
            Arc::clone(plan),
            direct,
            (proxied, self.shares_address && !proxied),
            Arc::clone(notices),
            (self.clock, Arc::clone(&self.scan)),
        );
        let collector = self.collector.insert(Arc::new(collector));
        collector.start(&mut gathering);
        (Arc::clone(collector) as _, gathering)
    }

    /// Ends it, and takes what the last queries have found.
    pub(super) async fn conclude_evidence(&mut self, mut gathering: JoinSet<()>) {
        gathering.shutdown().await;
        if let Some(collector) = self.collector.take() {
            collector.conclude().await;
            self.drain();
        }
    }
}
