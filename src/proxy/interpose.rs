//! A proxy between redis-doctor and its target, for the faults of a run.

use std::{io, net::Ipv4Addr};

use tokio::sync::mpsc::UnboundedSender;

use super::{Config, Orders, Proxy};
use crate::{
    clock::Clock,
    event::Event,
    fault::FaultSchedule,
    plan::{Address, Target},
    tls,
};

impl Proxy {
    /// Starts a proxy that injects the faults, and makes it the target. Does nothing without faults, unless redis-rs
    /// cannot make the TLS connection itself.
    ///
    /// # Errors
    /// As [`Proxy::start`].
    pub(crate) fn interpose(
        target: &mut Target,
        faults: &[FaultSchedule],
        seed: u64,
        clock: Clock,
        events: UnboundedSender<Event>,
    ) -> io::Result<Option<Self>> {
        if faults.is_empty() && tls::beyond_redis_rs(target).is_none() {
            return Ok(None);
        }
        let config = Config {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            acceptor: None,
            upstream: target.address.clone(),
            tls: std::mem::take(&mut target.tls),
            schedules: faults.to_vec(),
            seed,
            clock,
            orders: Orders::Nobody,
            report_flows: false,
            observe: false,
        };
        let proxy = Self::start(config, events)?;
        let addr = proxy.handle().addr();
        // Plain text even if the server speaks TLS: the proxy terminates it.
        target.address = Address::Tcp { host: addr.ip().to_string(), port: addr.port(), tls: false };
        Ok(Some(proxy))
    }
}
