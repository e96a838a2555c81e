//! A TCP socket that has ended, as broadcast by the kernel.

use std::{net::SocketAddr, time::Duration};

use crate::event::AttemptEnd;

/// A TCP socket that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Destroyed {
    pub(crate) peer: SocketAddr,
    /// Its `SO_COOKIE`.
    pub(crate) cookie: u64,
    /// Its end, if it was a connection attempt.
    pub(crate) end: AttemptEnd,
    /// Retransmissions of its SYN, at least a second apart.
    pub(crate) syn_retries: u32,
    /// It had been connected for at least this long.
    pub(crate) age: Duration,
    /// Data segments sent.
    pub(crate) segments_sent: u32,
}
