//! The process that owns a TCP socket of this machine. Other users' processes are visible only to root.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    net::SocketAddr,
};

use rustix::fs::readlinkat;

#[cfg(target_os = "linux")]
use super::{pair::Pair, sock_diag::Table};
#[cfg(target_os = "linux")]
use crate::clock::Stamp;

/// Sockets in a row that belong to no connection in question, after which a process is read last.
const STRANGE: usize = 64;

/// A process and the name of its program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SocketOwner {
    pub(crate) pid: u32,
    pub(crate) program: String,
}

impl SocketOwner {
    /// Finds the owner of the socket with these two addresses; `None` if it is not visible.
    pub(crate) fn of(local: SocketAddr, peer: SocketAddr) -> Option<Self> {
        let inode = inode(local, peer)?;
        Self::of_each(&[inode].into()).remove(&inode)
    }

    /// Finds the owners of sockets, by their inodes; those that are not visible are absent. Of several owners, such as a
    /// process and its child, it returns one.
    pub(crate) fn of_each(wanted: &HashSet<u32>) -> HashMap<u32, Self> {
        let mut found = HashMap::new();
        let names = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.file_name());
        let pids = names.filter_map(|name| name.to_str()?.parse::<u32>().ok());
        // A server has a descriptor for each of its clients: it is read to its end only if an owner is still missing.
        let strangers: Vec<u32> = pids.filter(|pid| !Self::search(*pid, STRANGE, wanted, &mut found)).collect();
        for pid in strangers {
            Self::search(pid, usize::MAX, wanted, &mut found);
        }
        found
    }

    /// Searches the sockets of a process. Returns false if it gave up, after `patience` of them in a row that are not wanted.
    fn search(pid: u32, patience: usize, wanted: &HashSet<u32>, found: &mut HashMap<u32, Self>) -> bool {
        if found.len() == wanted.len() {
            return true;
        }
        let (mut owner, mut strange) = (None, 0);
        for inode in sockets_of(pid) {
            if !wanted.contains(&inode) {
                strange += 1;
                if strange >= patience {
                    return false;
                }
                continue;
            }
            strange = 0;
            let owner = owner.get_or_insert_with(|| Self { pid, program: program(pid) });
            found.entry(inode).or_insert_with(|| owner.clone());
        }
        true
    }
}

/// Returns the name of a process's program; empty if it is gone.
pub(super) fn program(pid: u32) -> String {
    let program = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    String::from_utf8_lossy(&program).trim_end().to_owned()
}

/// Returns the inodes of a process's sockets; none if they are not visible.
pub(super) fn sockets_of(pid: u32) -> impl Iterator<Item = u32> {
    let folder = format!("/proc/{pid}/fd");
    let open = File::open(&folder).ok();
    let entries = open.is_some().then(|| fs::read_dir(folder).ok()).flatten();
    let mut text = Vec::new();
    entries.into_iter().flatten().flatten().filter_map(move |entry| {
        // Relative to the folder: with thousands of descriptors, each path would be resolved from the root.
        let link = readlinkat(open.as_ref()?, entry.file_name(), std::mem::take(&mut text)).ok()?;
        let inode = link.to_str().ok().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
        text = link.into_bytes();
        inode
    })
}

/// Returns the number of the socket with these two addresses.
#[cfg(target_os = "linux")]
fn inode(local: SocketAddr, peer: SocketAddr) -> Option<u32> {
    let entry = Table::open().ok()?.look_up(Pair { local, peer }, Stamp::START).ok()??;
    // One that has been closed has no owner any more.
    Some(entry.inode).filter(|inode| *inode > 0)
}

#[cfg(not(target_os = "linux"))]
fn inode(_local: SocketAddr, _peer: SocketAddr) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_owner_of_a_socket_behind_many_others_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let open = || TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let _others: Vec<_> = (0..STRANGE * 2).map(|_| open()).collect();
        let client = open();
        let owner = SocketOwner::of(client.local_addr().unwrap(), client.peer_addr().unwrap());
        assert_eq!(owner.map(|owner| owner.pid), Some(std::process::id()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_owner_of_a_socket_is_found() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let owner = SocketOwner::of(client.local_addr().unwrap(), client.peer_addr().unwrap()).unwrap();
            assert_eq!(owner.pid, std::process::id());
            assert!(!owner.program.is_empty());
        }
        assert_eq!(SocketOwner::of(([127, 0, 0, 1], 1).into(), ([127, 0, 0, 1], 2).into()), None);
    }
}
