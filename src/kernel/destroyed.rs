//! The end of a TCP socket, as the kernel broadcasts it.

use std::{net::SocketAddr, time::Duration};

use crate::event::AttemptEnd;

/// A TCP socket that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Destroyed {
    pub(crate) peer: SocketAddr,
    /// Its number.
    pub(crate) cookie: u64,
    /// What became of it, if it was an attempt to connect.
    pub(crate) end: AttemptEnd,
    /// How often its SYN was repeated: each time after a second at least.
    pub(crate) repeats: u32,
    /// It had been a connection for at least this long.
    pub(crate) age: Duration,
    /// Segments with data that it sent.
    pub(crate) said: u32,
}
