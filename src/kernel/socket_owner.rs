//! The process that owns a TCP socket of this machine. Other users' processes are visible only to root.

use std::{fs, net::SocketAddr};

#[cfg(target_os = "linux")]
use super::sock_diag::{Pair, Table};
#[cfg(target_os = "linux")]
use crate::clock::Stamp;

/// A process and the name of its program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SocketOwner {
    pub(crate) pid: u32,
    pub(crate) program: String,
}

impl SocketOwner {
    /// Finds the owner of the socket with these two addresses; `None` if it is not visible.
    pub(crate) fn of(local: SocketAddr, peer: SocketAddr) -> Option<Self> {
        let socket = format!("socket:[{}]", inode(local, peer)?);
        let holds = |pid: u32| {
            let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
            descriptors
                .into_iter()
                .any(|it| fs::read_link(it.path()).is_ok_and(|link| link.as_os_str() == socket.as_str()))
        };
        let names = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.file_name());
        let pid = names.filter_map(|name| name.to_str()?.parse().ok()).find(|pid| holds(*pid))?;
        let program = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        Some(Self { pid, program: program.trim_end().to_owned() })
    }
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
