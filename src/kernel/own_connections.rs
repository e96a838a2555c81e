//! The sockets of this process, as the kernel lists them, and the memory that it takes.
//!
//! pidfd_getfd(2) (Linux 5.6) duplicates a descriptor without `unsafe` code, so a socket that a library keeps to itself can
//! be examined, and ended.

use std::{
    fs::File,
    net::SocketAddr,
    os::{fd::AsRawFd, unix::fs::FileExt},
};

use rustix::{
    fd::OwnedFd,
    net::{Shutdown, getpeername, getsockname, shutdown},
    param::page_size,
    process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open},
};

use super::{pair::Pair, sock_diag::Table};
use crate::clock::Stamp;

/// A TCP connection of this process.
#[derive(Debug)]
pub(crate) struct OwnConnection {
    pub(crate) pair: Pair,
    /// The kernel's number of the socket.
    pub(crate) inode: u32,
    /// Bytes received on it so far.
    pub(crate) received: u64,
    descriptor: i32,
}

/// The TCP connections of this process.
#[derive(Debug)]
pub(crate) struct OwnConnections {
    table: Table,
    process: OwnedFd,
}

impl OwnConnections {
    /// Opens the list; `None` if the kernel does not offer it.
    pub(crate) fn open() -> Option<Self> {
        Some(Self { table: Table::open().ok()?, process: pidfd_open(getpid(), PidfdFlags::empty()).ok()? })
    }

    /// Lists the connections to some ports. It holds one descriptor more than before at any time: there may be thousands of
    /// connections.
    pub(crate) fn list(&mut self, ports: &[u16], now: Stamp) -> Vec<OwnConnection> {
        let Self { table, process } = self;
        let connection = |(descriptor, inode)| {
            let pair = ends(&second(process, descriptor)?).filter(|pair| ports.contains(&pair.peer.port()))?;
            // Since the scan the descriptor may have been reused for another socket.
            let entry = table.look_up(pair, now).ok()?.filter(|entry| entry.inode == inode)?;
            let received = entry.figures.and_then(|figures| figures.bytes_received)?;
            Some(OwnConnection { pair, inode, received, descriptor })
        };
        // All before the first is duplicated: a duplicate would be listed, too.
        let sockets: Vec<_> = own_sockets().collect();
        sockets.into_iter().filter_map(connection).collect()
    }

    /// Ends a connection in both directions, for every holder of its socket, if it still exists.
    pub(crate) fn end(&self, connection: &OwnConnection) {
        let &OwnConnection { pair, inode, descriptor, .. } = connection;
        let is_same = |socket: &OwnedFd| link_of(socket.as_raw_fd()) == Some(inode) && ends(socket) == Some(pair);
        if let Some(socket) = second(&self.process, descriptor).filter(is_same) {
            // It fails only if the connection has ended already.
            let _ = shutdown(&socket, Shutdown::Both);
        }
    }
}

/// Duplicates a descriptor of this process.
pub(crate) fn second(process: &OwnedFd, fd: i32) -> Option<OwnedFd> {
    pidfd_getfd(process, fd, PidfdGetfdFlags::empty()).ok()
}

/// Returns the sockets of this process: descriptor and inode.
pub(crate) fn own_sockets() -> impl Iterator<Item = (i32, u32)> {
    let descriptors = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    descriptors.filter_map(|entry| {
        let fd = entry.file_name().to_str()?.parse().ok()?;
        Some((fd, link_of(fd)?))
    })
}

/// Returns the inode of the socket behind a descriptor.
pub(crate) fn link_of(fd: i32) -> Option<u32> {
    let link = std::fs::read_link(format!("/proc/self/fd/{fd}")).ok()?;
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// Returns the two ends of a TCP connection.
pub(crate) fn ends(socket: &OwnedFd) -> Option<Pair> {
    let local = SocketAddr::try_from(getsockname(socket).ok()?).ok()?;
    let peer = SocketAddr::try_from(getpeername(socket).ok()??).ok()?;
    Some(Pair { local, peer })
}

/// The memory that this process takes. A reading takes a few microseconds.
#[derive(Debug)]
pub(crate) struct OwnMemory(File);

impl OwnMemory {
    /// Opens the figure; `None` if the system has none.
    pub(crate) fn open() -> Option<Self> {
        File::open("/proc/self/statm").ok().map(Self)
    }

    /// Returns the resident memory in bytes; 0 if it cannot be read.
    pub(crate) fn resident(&self) -> u64 {
        let mut text = [0; 128];
        let length = self.0.read_at(&mut text, 0).unwrap_or_default();
        let pages =
            std::str::from_utf8(&text[..length]).ok().and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
        pages.unwrap_or_default() * page_size() as u64
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    #[test]
    fn a_connection_of_this_process_is_counted_and_can_be_ended() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut here = TcpStream::connect(address).unwrap();
        let mut there = listener.accept().unwrap().0;
        there.write_all(b"12345").unwrap();
        here.read_exact(&mut [0; 5]).unwrap();
        let mut own = OwnConnections::open().unwrap();
        let found = own.list(&[address.port()], Stamp::START);
        let [connection] = &found[..] else { panic!("{found:?}") };
        assert_eq!((connection.pair.local, connection.received), (here.local_addr().unwrap(), 5));
        own.end(connection);
        assert_eq!((here.read(&mut [0]).unwrap(), there.read(&mut [0]).unwrap()), (0, 0));
    }

    #[test]
    fn the_memory_of_this_process_grows_with_what_it_keeps() {
        let memory = OwnMemory::open().unwrap();
        let before = memory.resident();
        let kept = vec![1_u8; 64 << 20];
        assert!(memory.resident() >= before + (48 << 20), "{} bytes kept", kept.len());
    }
}
