//! Parsers for INFO, CONFIG GET and CLIENT LIST.

use super::{HeldUp, OutputLimit, Persistence, Replica, ServerFacts};
use crate::dial::reply::{info_fields, line_field};

/// The settings, queried one at a time: before Redis 7 CONFIG GET takes a single name, and a pattern would also return
/// passwords.
pub(super) const SETTINGS: [&str; 9] = [
    "maxclients",
    "timeout",
    "tcp-keepalive",
    "client-output-buffer-limit",
    "maxmemory",
    "maxmemory-policy",
    "maxmemory-clients",
    "min-replicas-to-write",
    "save",
];

/// Clients kept that wait behind their own blocking command.
const HELD_UP: usize = 10;

impl ServerFacts {
    /// Reads a reply to `INFO`.
    pub(super) fn read_info(&mut self, info: &str) {
        for (name, value) in info_fields(info) {
            match name {
                "role" => self.role = Some(value.to_owned()),
                "loading" => self.loading = Some(value == "1"),
                "connected_clients" => self.connected_clients = value.parse().ok(),
                "maxclients" => self.maxclients = value.parse().ok(),
                "rejected_connections" => self.rejected_connections = value.parse().ok(),
                "used_memory" => self.used_memory = value.parse().ok(),
                "maxmemory" => self.maxmemory = value.parse().ok(),
                "maxmemory_policy" => self.maxmemory_policy = Some(value.to_owned()),
                "master_link_status" => self.primary_link_up = Some(value == "up"),
                "master_last_io_seconds_ago" => self.primary_last_io = value.parse().ok(),
                "master_host" => self.primary = Some(value.to_owned()),
                // It follows `master_host`.
                "master_port" => self.primary = self.primary.take().map(|host| at(&host, value)),
                "master_link_down_since_seconds" => self.primary_link_down_for = value.parse().ok(),
                "min_slaves_good_slaves" => self.good_replicas = value.parse().ok(),
                "redis_mode" | "server_mode" => self.mode = Some(value.to_owned()),
                "blocked_clients" => self.blocked_clients = value.parse().ok(),
                "uptime_in_seconds" => self.uptime = value.parse().ok(),
                "server_time_usec" => self.unix_time = value.parse().ok().map(|micros: u64| micros / 1_000_000),
                _ if self.persistence.read(name, value) => {}
                _ if is_replica(name) => self.replicas.push(replica(value)),
                _ => {}
            }
        }
    }

    /// Reads one of the [`SETTINGS`].
    pub(super) fn read_setting(&mut self, name: &str, value: &str) {
        match name {
            "maxclients" => self.maxclients = value.parse().ok(),
            "timeout" => self.timeout = value.parse().ok(),
            "tcp-keepalive" => self.tcp_keepalive = value.parse().ok(),
            "client-output-buffer-limit" => self.pubsub_limit = pubsub_limit(value),
            "maxmemory" => self.maxmemory = value.parse().ok(),
            "maxmemory-policy" => self.maxmemory_policy = Some(value.to_owned()),
            "maxmemory-clients" => self.maxmemory_clients = Some(value.to_owned()),
            "min-replicas-to-write" => self.min_replicas_to_write = value.parse().ok(),
            "save" => self.persistence.schedule = Some(value.to_owned()),
            _ => {}
        }
    }

    /// Reads a reply to `CLIENT LIST TYPE pubsub`.
    pub(super) fn read_subscribers(&mut self, list: &str) {
        let waiting = |line: &str| {
            let field = |wanted: &str| line_field(line, ' ', wanted).and_then(|value| value.parse::<u64>().ok());
            // `obl` is the fixed buffer, `omem` the list behind it.
            field("omem").unwrap_or_default() + field("obl").unwrap_or_default()
        };
        let lines = list.lines().filter(|line| !line.trim().is_empty());
        self.subscribers = Some(lines.clone().count() as u64);
        self.largest_subscriber_buffer = Some(lines.map(waiting).max().unwrap_or_default());
    }

    /// Reads a reply to `CLIENT LIST TYPE normal`. While a client waits in a blocking command (flag `b`), the server runs
    /// nothing else of it.
    pub(super) fn read_blocked(&mut self, list: &str) {
        let held_up = |line: &str| {
            let field = |wanted: &str| line_field(line, ' ', wanted).unwrap_or_default();
            let unread = field("qbuf").parse().ok().filter(|unread| *unread > 0 && field("flags").contains('b'))?;
            let [address, name, command] = ["addr", "name", "cmd"].map(|wanted| field(wanted).to_owned());
            Some(HeldUp { address, name, command, unread })
        };
        self.held_up = list.lines().filter_map(held_up).take(HELD_UP).collect();
    }
}

impl Persistence {
    /// Reads a field of `INFO persistence`; returns false for any other field.
    fn read(&mut self, name: &str, value: &str) -> bool {
        let failed = value != "ok";
        match name {
            "rdb_last_bgsave_status" => self.snapshot_failed = Some(failed),
            "aof_last_write_status" | "aof_last_bgrewrite_status" => {
                self.aof_failed = Some(failed || self.aof_failed.unwrap_or_default());
            }
            "aof_enabled" => self.aof_enabled = Some(value == "1"),
            "rdb_bgsave_in_progress" | "aof_rewrite_in_progress" => self.saving |= value == "1",
            "rdb_last_save_time" => self.last_save = value.parse().ok(),
            "rdb_changes_since_last_save" => self.changes = value.parse().ok(),
            "aof_delayed_fsync" => self.delayed_fsyncs = value.parse().ok(),
            _ => return false,
        }
        true
    }
}

/// Formats an address; an IPv6 address gets brackets.
fn at(host: &str, port: &str) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Returns true for `slave0`, but not for `slave_read_only`.
fn is_replica(name: &str) -> bool {
    let number = name.strip_prefix("slave");
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Parses `ip=10.0.0.2,port=6379,state=online,offset=14,lag=1`.
fn replica(text: &str) -> Replica {
    let field = |wanted: &str| line_field(text, ',', wanted);
    Replica {
        address: format!("{}:{}", field("ip").unwrap_or("?"), field("port").unwrap_or("?")),
        state: field("state").unwrap_or("?").to_owned(),
        lag: field("lag").and_then(|lag| lag.parse().ok()),
    }
}

/// Parses `normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60`.
fn pubsub_limit(text: &str) -> Option<OutputLimit> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let class = words.chunks_exact(4).find(|class| class[0] == "pubsub")?;
    let number = |at: usize| class[at].parse().ok();
    Some(OutputLimit { hard: number(1)?, soft: number(2)?, soft_seconds: number(3)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_of_a_primary_lists_its_replicas() {
        let mut facts = ServerFacts::default();
        facts.read_info(
            "# Clients\r\nconnected_clients:12\r\nmaxclients:10000\r\n# Memory\r\nused_memory:1048576\r\n\
             maxmemory:0\r\nmaxmemory_policy:noeviction\r\n# Persistence\r\nloading:0\r\n# Replication\r\n\
             role:master\r\nconnected_slaves:2\r\nslave_read_only:1\r\n\
             slave0:ip=10.0.0.2,port=6379,state=online,offset=14,lag=1\r\n\
             slave1:ip=10.0.0.3,port=6379,state=wait_bgsave,offset=0,lag=0\r\n",
        );
        assert_eq!((facts.connected_clients, facts.maxclients), (Some(12), Some(10_000)));
        assert_eq!((facts.role.as_deref(), facts.loading), (Some("master"), Some(false)));
        let states: Vec<_> = facts.replicas.iter().map(|replica| (replica.state.as_str(), replica.lag)).collect();
        assert_eq!(states, [("online", Some(1)), ("wait_bgsave", Some(0))]);
        assert_eq!(facts.replicas[0].address, "10.0.0.2:6379");
    }

    #[test]
    fn info_of_a_replica_has_the_state_of_its_link() {
        let mut facts = ServerFacts::default();
        facts.read_info("role:slave\r\nmaster_link_status:down\r\nmaster_last_io_seconds_ago:-1\r\n");
        assert_eq!((facts.primary_link_up, facts.primary_last_io), (Some(false), Some(-1)));
    }

    #[test]
    fn a_client_is_held_up_if_it_is_blocked_and_has_sent_more() {
        let mut facts = ServerFacts::default();
        facts.read_blocked(
            "id=4 addr=10.0.0.7:5000 laddr=10.0.0.1:6379 name=worker flags=b qbuf=24 qbuf-free=0 cmd=blpop\n\
             id=5 addr=10.0.0.8:5000 laddr=10.0.0.1:6379 name= flags=b qbuf=0 cmd=blpop\n\
             id=6 addr=10.0.0.9:5000 laddr=10.0.0.1:6379 name= flags=N qbuf=26 cmd=client|list\n",
        );
        let worker =
            HeldUp { address: "10.0.0.7:5000".into(), name: "worker".into(), command: "blpop".into(), unread: 24 };
        assert_eq!(facts.held_up, [worker]);
    }

    #[test]
    fn settings_are_read_and_invalid_ones_ignored() {
        let mut facts = ServerFacts::default();
        facts.read_setting("timeout", "300");
        facts.read_setting("tcp-keepalive", "0");
        facts.read_setting("maxmemory-clients", "5%");
        let limits = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60";
        facts.read_setting("client-output-buffer-limit", limits);
        assert_eq!((facts.timeout, facts.tcp_keepalive), (Some(300), Some(0)));
        assert_eq!(facts.maxmemory_clients.as_deref(), Some("5%"));
        let limit = OutputLimit { hard: 33_554_432, soft: 8_388_608, soft_seconds: 60 };
        assert_eq!(facts.pubsub_limit, Some(limit));
        assert_eq!(pubsub_limit("pubsub a b c"), None);
        facts.read_setting("timeout", "soon");
        assert_eq!(facts.timeout, None);
    }

    #[test]
    fn the_largest_output_buffer_is_found() {
        let mut facts = ServerFacts::default();
        facts.read_subscribers("id=3 obl=0 oll=2 omem=40000 events=r\nid=4 obl=100 oll=0 omem=0\n\n");
        assert_eq!((facts.subscribers, facts.largest_subscriber_buffer), (Some(2), Some(40_000)));
        facts.read_subscribers("");
        assert_eq!((facts.subscribers, facts.largest_subscriber_buffer), (Some(0), Some(0)));
    }
}
