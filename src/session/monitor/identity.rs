//! The server of a new connection, and the client as that server knows it.

use std::sync::Arc;

use super::Monitor;
use crate::{event::Peer, session::identify};

impl Monitor {
    /// Identifies the client and the server of the new connection, when it is its turn.
    pub(super) async fn identify(&mut self) {
        let _turn = Arc::clone(&self.ctx.identifications).acquire_owned().await;
        // Ten thousand of these may wait for their turn: only those whose turn it is have room for the queries.
        Box::pin(self.query()).await;
    }

    async fn query(&mut self) {
        let (_, up) = tokio::sync::watch::channel(true);
        // Concurrently: if the connection is lost again, nothing extra is in flight.
        let announcements = identify::request_announcements(&self.session, &self.server);
        let queries = async { tokio::join!(identify::query(&self.session, &up), announcements).0 };
        let mut target = self.target.clone();
        // The answer of a server that is left is not waited for: it may never come.
        (self.client, self.server) = tokio::select! {
            biased;
            found = queries => found,
            Ok(()) = target.changed() => Default::default(),
        };
        self.on_identified();
        self.ctx.observer.on_identified(self.session.connection, &self.client, self.ctx.clock.now());
    }

    pub(super) fn on_identified(&mut self) {
        let server = self.peer();
        // A process without a run_id cannot be recognized.
        let known = self.primaries.iter().any(|known| known.differs_from(&server) == Some(false));
        self.was_primary = known;
        if server.is_primary() {
            self.on_primary();
        }
        self.session.reached(server);
        self.session.seen_from(self.client.addr.as_ref().and_then(|address| address.parse().ok()));
    }

    /// Returns the server that the connection is connected to.
    pub(super) fn peer(&self) -> Peer {
        Peer::new(&self.server, self.client.laddr.clone())
    }
}
