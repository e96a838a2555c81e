//! The process that owns a TCP socket of this machine, from `/proc`. Other users' processes are visible only to root.

use std::{
    fs,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

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
fn inode(local: SocketAddr, peer: SocketAddr) -> Option<u64> {
    // A socket for both protocols is in the second table.
    let tables = [("/proc/net/tcp", false), ("/proc/net/tcp6", true)];
    tables.into_iter().find_map(|(table, six)| {
        let (local, peer) = (written(local, six)?, written(peer, six)?);
        fs::read_to_string(table).ok()?.lines().find_map(|line| {
            let fields: Vec<_> = line.split_ascii_whitespace().take(10).collect();
            let [_, from, to, .., inode] = fields[..] else { return None };
            (from == local && to == peer).then(|| inode.parse().ok().filter(|inode| *inode > 0)).flatten()
        })
    })
}

/// Returns an address as the table has it: words in the order of the machine.
fn written(address: SocketAddr, six: bool) -> Option<String> {
    let octets = match (address.ip(), six) {
        (IpAddr::V4(four), false) => four.octets().to_vec(),
        (IpAddr::V4(four), true) => four.to_ipv6_mapped().octets().to_vec(),
        (IpAddr::V6(address), true) => Ipv6Addr::octets(&address).to_vec(),
        (IpAddr::V6(_), false) => return None,
    };
    let words = octets.chunks_exact(4).filter_map(|word| <[u8; 4]>::try_from(word).ok());
    let words: String = words.map(|word| format!("{:08X}", u32::from_ne_bytes(word))).collect();
    Some(format!("{words}:{:04X}", address.port()))
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
