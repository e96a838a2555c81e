//! A stand-in for the listener where the system does not report ended sockets.

use rustix::io::Errno;

use super::destroyed::Destroyed;

/// Cannot be opened.
#[derive(Debug)]
pub(crate) enum Listener {}

impl Listener {
    pub(crate) fn open(_: u16) -> Result<Self, Errno> {
        Err(Errno::NOSYS)
    }

    pub(crate) fn start(&self) -> Result<(), Errno> {
        match *self {}
    }

    pub(crate) fn stop(&self) -> Result<(), Errno> {
        match *self {}
    }

    pub(crate) fn dropped(&mut self) -> Option<u64> {
        match *self {}
    }

    pub(crate) fn next(&self) -> Result<Option<Destroyed>, Errno> {
        match *self {}
    }
}
