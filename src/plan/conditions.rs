//! The conditions of a run: the part of a plan that a diagnosis may read.

use super::{Plan, ProbePlan, SubscriptionPlan, Target};

/// A plan without its faults. A diagnosis that could read them would repeat what was injected instead of finding what
/// happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions<'a> {
    pub(crate) target: &'a Target,
    pub(crate) probes: Option<&'a ProbePlan>,
    pub(crate) subscription: Option<&'a SubscriptionPlan>,
    pub(crate) connections: u32,
    pub(crate) evidence: bool,
    /// True if the connections under test go through redis-doctor's own proxy.
    pub(crate) relayed: bool,
    /// True if Sentinels or a cluster name the server to connect to.
    pub(crate) led: bool,
}

impl Plan {
    pub(crate) fn conditions(&self) -> Conditions<'_> {
        Conditions {
            target: &self.target,
            probes: self.probes.as_ref(),
            subscription: self.subscription.as_ref(),
            connections: self.connections,
            evidence: self.evidence,
            relayed: !self.faults.is_empty() || self.application.is_some(),
            led: self.follows(),
        }
    }
}
