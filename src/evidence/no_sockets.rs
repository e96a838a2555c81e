//! A stand-in where the system does not report how a socket ended.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
};

use super::ended_socket::EndedSocket;
use crate::{clock::Stamp, dial::ClientInfo, event::TcpFigures, plan::ReconnectPolicy};

/// A socket whose connection was lost.
pub(super) enum LostSocket {
    Examined(EndedSocket),
}

/// The scan of this process's own sockets, which finds none.
#[derive(Debug, Default)]
pub(crate) struct SocketScan;

/// The sockets of the connections under test, all unknown.
pub(super) struct Sockets;

impl Sockets {
    pub(super) fn new(_port: Option<u16>, _policy: &ReconnectPolicy, _scan: Arc<Mutex<SocketScan>>) -> Self {
        Self
    }

    pub(super) fn follow(&mut self, _connection: u32, _client: &ClientInfo) {}

    pub(super) fn scan_if_due(&mut self, _now: Stamp) {}

    pub(super) fn sample(&mut self, _now: Stamp) {}

    pub(super) fn sample_one(&mut self, _connection: u32, _now: Stamp) {}

    pub(super) fn end(&mut self, _connection: u32, _now: Stamp) -> LostSocket {
        LostSocket::Examined(EndedSocket {
            missing: Some("only Linux reports how a socket ended".to_owned()),
            ..EndedSocket::default()
        })
    }

    pub(super) fn ended(&mut self, LostSocket::Examined(ended): LostSocket, _now: Stamp) -> EndedSocket {
        ended
    }

    pub(super) fn peer(&self, _connection: u32) -> Option<IpAddr> {
        None
    }

    pub(super) fn figures(&self, _connection: u32) -> Option<TcpFigures> {
        None
    }
}
