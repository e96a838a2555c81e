//! A stand-in for the list of connections where the system does not offer it.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
};

use rustix::io::Errno;

use super::{
    pair::Pair,
    path::AcceptQueue,
    socket::{Selection, Socket},
    tcp_state::TcpState,
};
use crate::clock::Stamp;

/// Cannot be opened.
#[derive(Debug)]
pub(crate) enum SocketList {}

impl SocketList {
    pub(crate) fn open() -> Result<Self, Errno> {
        Err(Errno::NOSYS)
    }

    pub(crate) fn read(&mut self, _: &Selection) -> Result<Vec<Socket>, Errno> {
        match *self {}
    }

    pub(crate) fn find(&mut self, _: Pair) -> Option<Socket> {
        match *self {}
    }

    pub(crate) fn state(&mut self, _: Pair, _: Stamp) -> Result<Option<TcpState>, Errno> {
        match *self {}
    }

    pub(crate) fn accept_queue(&mut self, _: SocketAddr) -> Option<AcceptQueue> {
        match *self {}
    }

    pub(crate) fn cgroups(_: &HashSet<u64>) -> HashMap<u64, String> {
        HashMap::new()
    }
}
