//! Linux' TCP counters of this network namespace, from `/proc/net/netstat`.

use std::fs::read_to_string;

/// Returns the number of connections that were dropped because the accept queue of their listening socket was full
/// (`ListenOverflows`), since the start of the machine; `None` where it cannot be read.
pub(crate) fn listen_overflows() -> Option<u64> {
    counter(&read_to_string("/proc/net/netstat").ok()?, "TcpExt:", "ListenOverflows")
}

/// Returns a counter of a section, which has a line of names and a line of values.
fn counter(netstat: &str, section: &str, name: &str) -> Option<u64> {
    let mut lines = netstat.lines().filter_map(|line| line.strip_prefix(section));
    let (names, values) = (lines.next()?, lines.next()?);
    let column = names.split_ascii_whitespace().position(|known| known == name)?;
    values.split_ascii_whitespace().nth(column)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_found_below_its_name() {
        let netstat =
            "TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 1 524 525\nIpExt: InNoRoutes\nIpExt: 9\n";
        assert_eq!(counter(netstat, "TcpExt:", "ListenOverflows"), Some(524));
        assert_eq!(counter(netstat, "IpExt:", "InNoRoutes"), Some(9));
        assert_eq!(counter(netstat, "TcpExt:", "Unknown"), None);
        assert_eq!(counter("TcpExt: ListenOverflows\n", "TcpExt:", "ListenOverflows"), None);
    }
}
