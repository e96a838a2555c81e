//! The scan of this process's own sockets, which the targets of a run share: a hundred targets have a thousand descriptors,
//! and each target would look at all of them.

use std::{collections::HashMap, time::Duration};

use rustix::{
    fd::OwnedFd,
    process::{PidfdFlags, getpid, pidfd_open},
};

use crate::kernel::{Pair, ends, own_sockets, second};

/// Minimum time between two scans for the same connections, for each thousand of our descriptors: a scan takes two
/// microseconds for a descriptor, so that it takes four percent of the time.
const PAUSE: Duration = Duration::from_millis(50);

/// The sockets of this process as of the latest scan.
#[derive(Debug, Default)]
pub(crate) struct SocketScan {
    /// Our own process, for second descriptors; opened with the first scan, `None` if the system forbids it.
    pub(super) process: Option<OwnedFd>,
    /// Number of the latest scan, from 1.
    pub(super) number: u64,
    /// By inode.
    pub(super) seen: HashMap<u32, Seen>,
}

/// One of our sockets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) fd: i32,
    /// Its ends, if it is a TCP connection.
    pub(super) pair: Option<Pair>,
    /// Number of the first scan that saw it.
    pub(super) first: u64,
}

impl SocketScan {
    /// Opens what second descriptors need.
    pub(super) fn open(&mut self) {
        if self.process.is_none() && self.number == 0 {
            self.process = pidfd_open(getpid(), PidfdFlags::empty()).ok();
        }
    }

    /// Scans our descriptors.
    pub(super) fn scan(&mut self) {
        self.number += 1;
        let before = std::mem::take(&mut self.seen);
        for (fd, inode) in own_sockets() {
            let known = before.get(&inode).filter(|seen| seen.fd == fd).copied();
            let new = || Seen { fd, pair: self.second(fd).and_then(|socket| ends(&socket)), first: self.number };
            let seen = known.unwrap_or_else(new);
            self.seen.insert(inode, seen);
        }
    }

    /// Returns the minimum time from the latest scan to the next.
    pub(super) fn pause(&self) -> Duration {
        PAUSE * u32::try_from(1 + self.seen.len() / 1000).unwrap_or(u32::MAX)
    }

    /// Duplicates one of our descriptors.
    pub(super) fn second(&self, fd: i32) -> Option<OwnedFd> {
        second(self.process.as_ref()?, fd)
    }
}
