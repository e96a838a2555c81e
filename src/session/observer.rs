//! Events of a session that the event stream does not carry, or carries too late.

use std::time::Duration;

use crate::{classify::Failure, clock::Stamp, dial::ClientInfo, event::Peer, plan::Target};

/// An observer of the connections under test, beside the event stream.
///
/// Every method is called in a task that a reconnect may depend on: it does bounded work and never waits.
pub(crate) trait Observer: Send + Sync {
    /// A connection came up or was replaced by the library; `client` is its entry at the server.
    fn on_identified(&self, connection: u32, client: &ClientInfo, now: Stamp);

    /// A new connection that is not under test reached a server.
    fn on_reached(&self, server: &Peer, now: Stamp);

    /// The server of a connection under test reported its role.
    fn on_role(&self, server: &Peer, now: Stamp);

    /// A connection was lost at `lost`; its descriptor is about to be closed.
    fn on_lost(&self, connection: u32, lost: Stamp, now: Stamp);

    /// A command that waited for a reconnect received the failure of an attempt.
    fn on_attempt_failed(&self, connection: u32, failure: &Failure, at: Stamp);

    /// The client of a connection that is down was replaced by a new one.
    fn on_replaced(&self, connection: u32, now: Stamp);

    /// All connections under test go to another server from now on.
    fn on_moved(&self, target: &Target);

    /// redis-rs finished dialing a connection that is not under test.
    fn on_dialed(&self, succeeded: bool, now: Stamp);

    /// Returns how long redis-doctor itself was paused between two moments, as far as known.
    fn standstill(&self, from: Stamp, to: Stamp) -> Duration;

    /// Returns the shortest round trip of a connection that its TCP has measured, if known.
    fn round_trip(&self, connection: u32) -> Option<Duration>;
}

/// The observer of a run without evidence.
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    fn on_identified(&self, _connection: u32, _client: &ClientInfo, _now: Stamp) {}
    fn on_reached(&self, _server: &Peer, _now: Stamp) {}
    fn on_role(&self, _server: &Peer, _now: Stamp) {}
    fn on_lost(&self, _connection: u32, _lost: Stamp, _now: Stamp) {}
    fn on_attempt_failed(&self, _connection: u32, _failure: &Failure, _at: Stamp) {}
    fn on_replaced(&self, _connection: u32, _now: Stamp) {}
    fn on_moved(&self, _target: &Target) {}
    fn on_dialed(&self, _succeeded: bool, _now: Stamp) {}

    fn standstill(&self, _from: Stamp, _to: Stamp) -> Duration {
        Duration::ZERO
    }

    fn round_trip(&self, _connection: u32) -> Option<Duration> {
        None
    }
}
