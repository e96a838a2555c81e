//! The connections of an application: the server knows them by the address of the proxy's end.

use std::{collections::HashMap, net::SocketAddr};

use crate::{
    event::{EventKind, Observed},
    evidence::outage_case::LostConnection,
};

/// The open connections of an application.
#[derive(Default)]
pub(in crate::evidence) struct Flows(HashMap<u64, SocketAddr>);

impl Flows {
    pub(in crate::evidence) fn on_event(&mut self, kind: &EventKind) {
        match kind {
            EventKind::Observed(observed) => {
                if let Observed::Identified(identified) = &**observed
                    && let Some(address) = identified.outgoing.as_deref().and_then(|address| address.parse().ok())
                {
                    self.0.insert(identified.flow, address);
                }
            }
            EventKind::FlowClosed(closed) => _ = self.0.remove(&closed.flow),
            _ => {}
        }
    }

    /// Returns a connection as the server knows it.
    pub(super) fn client(&self, flow: u64) -> LostConnection {
        let addr = self.0.get(&flow).map(|address| address.to_string().into());
        LostConnection { generation: flow, client_id: None, addr }
    }
}
