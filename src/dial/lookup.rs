//! Lookups of the target's name apart from any connection.

use std::{net::IpAddr, time::Duration};

use super::attempt::Route;
use crate::{clock::within, plan::Address};

/// Time after which a lookup has failed: the resolver has sent its query twice (resolv.conf(5)).
const LIMIT: Duration = Duration::from_secs(10);

impl Route {
    /// Returns the target's host name; `None` for an address or a socket.
    pub(crate) fn host_name(&self) -> Option<&str> {
        match &self.target().address {
            Address::Tcp { host, .. } => Some(host.as_str()).filter(|host| host.parse::<IpAddr>().is_err()),
            Address::Unix(_) => None,
        }
    }

    /// Returns the addresses that the target's name resolves to; `None` if the lookup fails.
    pub(crate) async fn resolve(&self) -> Option<Vec<IpAddr>> {
        let found = within(LIMIT, tokio::net::lookup_host((self.host_name()?, 0))).await?.ok()?;
        let addresses: Vec<_> = found.map(|address| address.ip().to_canonical()).collect();
        (!addresses.is_empty()).then_some(addresses)
    }
}
