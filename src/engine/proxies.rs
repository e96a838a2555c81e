//! The proxies between a run and its target.

use std::io;

use tokio::sync::mpsc;

use crate::{
    clock::Clock,
    event::Event,
    plan::{Plan, Target},
    proxy::Proxy,
    tls,
};

/// The proxies of a run.
pub(super) struct Proxies {
    /// Between redis-doctor and its target, for the faults or as a relay.
    pub(super) faults: Option<Proxy>,
    /// The target around the faults, for the publisher.
    pub(super) direct: Target,
    /// In front of it, if redis-rs cannot make the TLS connection itself.
    pub(super) _relay: Option<Proxy>,
}

impl Proxies {
    /// Starts the proxies that the plan needs, and makes the first the plan's target.
    ///
    /// # Errors
    /// A proxy could not listen.
    pub(super) fn start(plan: &mut Plan, clock: Clock, events: mpsc::UnboundedSender<Event>) -> io::Result<Self> {
        let mut direct = plan.target.clone();
        let relay = Proxy::interpose(&mut direct, &[], plan.seed, clock, events.clone())?;
        let faults = Proxy::interpose(&mut plan.target, &plan.faults, plan.seed, clock, events)?;
        Ok(Self { faults, direct, _relay: relay })
    }
}

/// Returns the remark on a relay, if the plan needs one without faults.
pub(super) fn relayed(plan: &Plan) -> Option<String> {
    let why = tls::beyond_redis_rs(&plan.target).filter(|_| plan.faults.is_empty())?;
    Some(format!("{why}: a relay in redis-doctor makes the TLS connection, and redis-rs connects to the relay"))
}
