//! The end of a TCP socket, where the system tells nobody of it.

use std::{net::SocketAddr, time::Duration};

use rustix::io::Errno;

use crate::event::AttemptEnd;

/// A TCP socket that has ended: there is none that is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Destroyed {
    pub(super) peer: SocketAddr,
    pub(super) cookie: u64,
    pub(super) end: AttemptEnd,
    pub(super) repeats: u32,
    pub(super) age: Duration,
    pub(super) said: u32,
}

/// Hears of nothing.
#[derive(Debug)]
pub(super) enum Listener {}

impl Listener {
    pub(super) fn open() -> Result<Self, Errno> {
        Err(Errno::NOSYS)
    }

    pub(super) fn next(&self) -> Result<Option<Destroyed>, Errno> {
        match *self {}
    }
}
