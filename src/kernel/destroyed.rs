//! A TCP socket that has ended, as broadcast by the kernel.

use std::time::Duration;

use super::{pair::Pair, tcp_info::TcpInfo};
use crate::event::AttemptEnd;

/// A TCP socket that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Destroyed {
    pub(crate) pair: Pair,
    /// Its `SO_COOKIE`.
    pub(crate) cookie: u64,
    /// Its end, if it was a connection attempt.
    pub(crate) end: AttemptEnd,
    /// It had been connected for at least this long.
    pub(crate) age: Duration,
    /// Bytes received and not read by the process, and 1 for the end of the stream if that was not read.
    pub(crate) receive_queue: u32,
    /// Bytes not acknowledged by the other side, sent or not, and 1 for our own FIN.
    pub(crate) send_queue: u32,
    /// TCP's last figures.
    pub(crate) info: TcpInfo,
}

impl Destroyed {
    /// Returns the retransmissions of its SYN, at least a second apart, if it was never connected.
    pub(crate) fn syn_retries(&self) -> u32 {
        self.info.total_retransmits
    }

    /// Creates one of a connection to this address.
    #[cfg(test)]
    pub(crate) fn of(peer: &str, end: AttemptEnd) -> Self {
        let pair = Pair { local: ([127, 0, 0, 1], 40_000).into(), peer: peer.parse().unwrap() };
        Self { pair, cookie: 1, end, age: Duration::ZERO, receive_queue: 0, send_queue: 0, info: TcpInfo::default() }
    }
}
