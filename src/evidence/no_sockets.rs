//! A stand-in where the system does not report how a socket ended.

use super::socket_end::Ended;
use crate::{clock::Stamp, dial::ClientInfo, event::TcpFigures, plan::ReconnectPolicy};

/// A socket whose connection was lost.
pub(super) enum Ending {
    Seen(Ended),
}

/// The sockets of the connections under test, all unknown.
pub(super) struct Sockets;

impl Sockets {
    pub(super) fn new(_port: Option<u16>, _policy: &ReconnectPolicy) -> Self {
        Self
    }

    pub(super) fn follow(&mut self, _connection: u32, _client: &ClientInfo) {}

    pub(super) fn look(&mut self, _now: Stamp) {}

    pub(super) fn catch_up(&mut self, _now: Stamp) {}

    pub(super) fn sample(&mut self, _now: Stamp) {}

    pub(super) fn sample_one(&mut self, _connection: u32, _now: Stamp) {}

    pub(super) fn end(&mut self, _connection: u32, _now: Stamp) -> Ending {
        Ending::Seen(Ended { missing: Some("only Linux reports how a socket ended".to_owned()), ..Ended::default() })
    }

    pub(super) fn ended(&mut self, Ending::Seen(ended): Ending, _now: Stamp) -> Ended {
        ended
    }

    pub(super) fn figures(&self, _connection: u32) -> Option<TcpFigures> {
        None
    }
}
