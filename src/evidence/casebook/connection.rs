//! A connection under test, as the event stream and the server last described it.

use crate::foreign::Foreign;
use crate::{dial::ClientInfo, event::Peer};

/// A connection under test, as last described by the event stream and the server.
#[derive(Default)]
pub(super) struct Connection {
    pub(super) generation: u64,
    /// Server of that generation.
    pub(super) server: Peer,
    /// The latest two clients: the next client can be identified before the loss of the previous one is reported.
    pub(super) clients: [ClientInfo; 2],
}

impl Connection {
    pub(super) fn addr_of(&self, client_id: Option<u64>) -> Option<Foreign> {
        let known = self.clients.iter().find(|client| client.id == client_id)?;
        known.addr.clone()
    }
}
