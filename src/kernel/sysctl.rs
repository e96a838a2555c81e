//! The kernel's TCP settings and the usage of its tables, from Linux' `/proc`. Elsewhere, and where a container hides
//! it, the facts are absent.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use schemars::JsonSchema;
use serde::Serialize;

use super::resolver::Resolver;

/// Kernel settings and table usage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct HostFacts {
    /// `net.ipv4.tcp_retries2`: retransmissions of unacknowledged data before the kernel gives up a connection.
    pub tcp_retries2: Option<u32>,
    /// `net.ipv4.tcp_keepalive_*`: the defaults of a socket with SO_KEEPALIVE.
    pub tcp_keepalive: Option<KeepaliveDefaults>,
    /// `net.ipv4.tcp_syn_retries`: retransmissions of an unanswered SYN.
    pub tcp_syn_retries: Option<u32>,
    /// `net.ipv4.ip_local_port_range`: the first and the last port for outgoing connections.
    pub local_ports: Option<(u16, u16)>,
    /// Ports of that range in use toward the server's address and port.
    pub local_ports_used: Option<u64>,
    /// `nf_conntrack_count` and `nf_conntrack_max`, if this machine tracks connections.
    pub conntrack: Option<(u64, u64)>,
    /// Settings of the name resolver.
    pub resolver: Option<Resolver>,
}

/// `net.ipv4.tcp_keepalive_time`, `_intvl` (seconds) and `_probes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct KeepaliveDefaults {
    /// Idle seconds before the first probe.
    pub time: u32,
    /// Seconds between probes.
    pub interval: u32,
    /// Unanswered probes that end the connection.
    pub probes: u32,
}

impl KeepaliveDefaults {
    /// Time from the last segment received to the end of the connection.
    pub(crate) fn limit(self) -> Duration {
        Duration::from_secs(u64::from(self.time) + u64::from(self.interval) * u64::from(self.probes))
    }
}

impl HostFacts {
    /// Reads the available facts; `peer` is the server's end of the connection.
    pub(crate) fn read(peer: Option<SocketAddr>) -> Self {
        Self { resolver: Resolver::read(), ..Self::read_below(Path::new("/proc"), peer) }
    }

    fn read_below(proc: &Path, peer: Option<SocketAddr>) -> Self {
        let sysctl = |name: &str| std::fs::read_to_string(proc.join("sys/net").join(name)).ok();
        let ipv4 = |name: &str| number::<u32>(&sysctl(&format!("ipv4/{name}"))?);
        let tcp_keepalive = || {
            Some(KeepaliveDefaults {
                time: ipv4("tcp_keepalive_time")?,
                interval: ipv4("tcp_keepalive_intvl")?,
                probes: ipv4("tcp_keepalive_probes")?,
            })
        };
        let conntrack = |name: &str| number::<u64>(&sysctl(&format!("netfilter/nf_conntrack_{name}"))?);
        let local_ports = sysctl("ipv4/ip_local_port_range").as_deref().and_then(port_range);
        Self {
            tcp_retries2: ipv4("tcp_retries2"),
            tcp_keepalive: tcp_keepalive(),
            tcp_syn_retries: ipv4("tcp_syn_retries"),
            local_ports,
            local_ports_used: local_ports.zip(peer).and_then(|(range, peer)| ports_used(proc, range, peer)),
            conntrack: conntrack("count").zip(conntrack("max")),
            resolver: None,
        }
    }
}

/// Returns how many connections this machine has dropped because an accept queue was full (`ListenOverflows`), on all of
/// its ports, since its start.
pub(crate) fn listen_overflows() -> Option<u64> {
    tcp_counter(&std::fs::read_to_string("/proc/net/netstat").ok()?, "ListenOverflows")
}

/// Returns a counter of `/proc/net/netstat`, in which a line of values follows a line of names.
fn tcp_counter(netstat: &str, wanted: &str) -> Option<u64> {
    let mut lines = netstat.lines().filter_map(|line| line.strip_prefix("TcpExt:")).map(str::split_ascii_whitespace);
    lines.next()?.zip(lines.next()?).find(|(name, _)| *name == wanted)?.1.parse().ok()
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.trim().parse().ok()
}

/// Parses `32768 60999`, separated by a tab.
fn port_range(text: &str) -> Option<(u16, u16)> {
    let mut ports = text.split_ascii_whitespace().map(str::parse::<u16>);
    let (first, last) = (ports.next()?.ok()?, ports.next()?.ok()?);
    (first <= last).then_some((first, last))
}

/// Counts the local ports of the range with a connection to the peer in any state: a port in TIME_WAIT is as
/// unavailable as an open one.
fn ports_used(proc: &Path, range: (u16, u16), peer: SocketAddr) -> Option<u64> {
    let peer = (peer.ip().to_canonical(), peer.port());
    let count = |table: &str| {
        let lines = BufReader::new(File::open(proc.join("net").join(table)).ok()?).lines();
        let is_ours = |line: &String| {
            let (local, remote) = endpoints(line)?;
            Some(remote == peer && (range.0..=range.1).contains(&local.1))
        };
        Some(lines.map_while(Result::ok).filter(|line| is_ours(line) == Some(true)).count() as u64)
    };
    let (ipv4, ipv6) = (count("tcp"), count("tcp6"));
    (ipv4.is_some() || ipv6.is_some()).then(|| ipv4.unwrap_or_default() + ipv6.unwrap_or_default())
}

/// Parses the local and remote end of a line of `/proc/net/tcp` or `tcp6`; `None` for the heading.
fn endpoints(line: &str) -> Option<((IpAddr, u16), (IpAddr, u16))> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    Some((endpoint(fields.next()?)?, endpoint(fields.next()?)?))
}

/// Parses `0100007F:18EB`: words of the address in the machine's byte order, and the port.
fn endpoint(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let word = |at: usize| u32::from_str_radix(address.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    let address = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?].concat();
            IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(words).ok()?))
        }
        _ => return None,
    };
    Some((address.to_canonical(), u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::fuzz::Fuzz;

    /// Formats an endpoint as the kernel does on this machine.
    fn hex(address: [u8; 4], port: u16) -> String {
        format!("{:08X}:{port:04X}", u32::from_ne_bytes(address))
    }

    #[test]
    fn endpoints_of_both_families_are_read() {
        let (local, peer) = (hex([127, 0, 0, 1], 40_000), hex([10, 0, 3, 17], 6379));
        let line = format!("   3: {local} {peer} 01 00000000:00000000 00:00000000 00000000     0        0 15201");
        let expected = ((IpAddr::from([127, 0, 0, 1]), 40_000), (IpAddr::from([10, 0, 3, 17]), 6379));
        assert_eq!(endpoints(&line), Some(expected));
        // ::ffff:10.0.3.17, as in a dual-stack socket.
        let mapped = format!("0000000000000000{:08X}{peer}", 0xffff_u32.to_be());
        assert_eq!(endpoint(&mapped), Some((IpAddr::from([10, 0, 3, 17]), 6379)));
        assert_eq!(endpoints("  sl  local_address rem_address   st tx_queue rx_queue"), None);
        assert_eq!(endpoint("12:34"), None);
    }

    #[test]
    fn a_counter_is_found_under_its_name() {
        let netstat = "TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 0 7 9\nIpExt: A\nIpExt: 1\n";
        assert_eq!(tcp_counter(netstat, "ListenOverflows"), Some(7));
        assert_eq!(tcp_counter(netstat, "A"), None);
        assert_eq!(listen_overflows().is_some(), cfg!(target_os = "linux"));
    }

    #[test]
    fn a_range_is_two_ascending_ports() {
        assert_eq!(port_range("32768\t60999\n"), Some((32_768, 60_999)));
        assert_eq!(port_range("60999 32768"), None);
        assert_eq!(port_range("1"), None);
    }

    #[test]
    fn missing_facts_are_absent() {
        let proc = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = proc.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        let peer = SocketAddr::from(([10, 0, 3, 17], 6379));
        assert_eq!(HostFacts::read_below(proc.path(), Some(peer)), HostFacts::default());
        for (name, value) in [
            ("ipv4/tcp_retries2", "15\n"),
            ("ipv4/tcp_keepalive_time", "7200\n"),
            ("ipv4/tcp_keepalive_intvl", "75\n"),
            ("ipv4/tcp_keepalive_probes", "9\n"),
            ("ipv4/tcp_syn_retries", "6\n"),
            ("ipv4/ip_local_port_range", "32768\t60999\n"),
            ("netfilter/nf_conntrack_count", "12\n"),
            ("netfilter/nf_conntrack_max", "262144\n"),
        ] {
            write(&format!("sys/net/{name}"), value);
        }
        let line = |port: u16, to: [u8; 4]| format!("0: {} {} 01\n", hex([10, 0, 9, 4], port), hex(to, 6379));
        let table = [
            line(40_000, [10, 0, 3, 17]),
            line(40_001, [10, 0, 3, 17]),
            // Below the range, and to a different server.
            line(5_000, [10, 0, 3, 17]),
            line(40_002, [10, 0, 3, 18]),
        ];
        write("net/tcp", &format!("  sl  local_address rem_address\n{}", table.concat()));
        let host = HostFacts::read_below(proc.path(), Some(peer));
        assert_eq!((host.tcp_retries2, host.tcp_syn_retries), (Some(15), Some(6)));
        assert_eq!(host.tcp_keepalive.map(KeepaliveDefaults::limit), Some(Duration::from_secs(7875)));
        assert_eq!((host.local_ports, host.local_ports_used), (Some((32_768, 60_999)), Some(2)));
        assert_eq!(host.conntrack, Some((12, 262_144)));
        assert_eq!(HostFacts::read_below(proc.path(), None).local_ports_used, None);
    }

    #[test]
    fn fuzz_proc() {
        Fuzz::new("proc", &["TcpExt:", "ListenOverflows", "0100007F:18EB", "ä"]).run_on_text(|text| {
            let _ = (tcp_counter(text, "ListenOverflows"), port_range(text));
            for line in text.lines() {
                let _ = endpoints(line);
            }
        });
    }
}
