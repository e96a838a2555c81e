//! Parsers for INFO, CONFIG GET and CLIENT LIST.

use super::{BlockedClient, OutputLimit, Persistence, Replica, ServerFacts};
use crate::{
    dial::reply::{Info, Part},
    event::ListedClient,
};

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

/// Blocked clients kept of each kind.
const BLOCKED: usize = 10;

impl ServerFacts {
    /// Reads a reply to `INFO`.
    pub(super) fn read_info(&mut self, info: &Info<'_>) {
        self.role = info.shown("role").or(self.role.take());
        self.loading = info.has("loading", "1");
        self.connected_clients = info.number("connected_clients");
        self.maxclients = info.number("maxclients");
        self.rejected_connections = info.number("rejected_connections");
        self.used_memory = info.number("used_memory");
        self.maxmemory = info.number("maxmemory");
        self.maxmemory_policy = info.shown("maxmemory_policy");
        self.primary_link_up = info.has("master_link_status", "up");
        self.primary_last_io = info.number("master_last_io_seconds_ago");
        self.primary = info.address("master_host", "master_port");
        self.primary_link_down_for = info.number("master_link_down_since_seconds");
        self.good_replicas = info.number("min_slaves_good_slaves");
        self.mode = info.shown("redis_mode").or(info.shown("server_mode"));
        self.blocked_clients = info.number("blocked_clients");
        self.uptime = info.number("uptime_in_seconds");
        self.unix_time = info.number("server_time_usec").map(|micros: u64| micros / 1_000_000);
        self.persistence.read(info);
        // `slave0`, but not `slave_read_only`.
        let replicas = info.beginning("slave").filter(|(number, _)| number.is_digits());
        self.replicas = replicas.map(|(_, line)| replica(line)).collect();
    }

    /// Reads one of the [`SETTINGS`].
    pub(super) fn read_setting(&mut self, name: &str, value: Part<'_>) {
        match name {
            "maxclients" => self.maxclients = value.parse(),
            "timeout" => self.timeout = value.parse(),
            "tcp-keepalive" => self.tcp_keepalive = value.parse(),
            "client-output-buffer-limit" => self.pubsub_limit = pubsub_limit(value),
            "maxmemory" => self.maxmemory = value.parse(),
            "maxmemory-policy" => self.maxmemory_policy = Some(value.shown()),
            "maxmemory-clients" => self.maxmemory_clients = Some(value.shown()),
            "min-replicas-to-write" => self.min_replicas_to_write = value.parse(),
            "save" => self.persistence.schedule = Some(value.shown()),
            _ => {}
        }
    }

    /// Reads a reply to `CLIENT LIST TYPE pubsub`.
    pub(super) fn read_subscribers(&mut self, list: Part<'_>) {
        let waiting = |line: Part<'_>| {
            let field = |wanted: &str| line.field(' ', wanted)?.parse::<u64>();
            // `obl` is the fixed buffer, `omem` the list behind it.
            field("omem").unwrap_or_default().saturating_add(field("obl").unwrap_or_default())
        };
        self.subscribers = Some(list.lines().count() as u64);
        self.largest_subscriber_buffer = Some(list.lines().map(waiting).max().unwrap_or_default());
    }

    /// Reads a reply to `CLIENT LIST TYPE normal`. While a client is blocked (flag `b`), the server runs nothing else of it.
    pub(super) fn read_blocked(&mut self, list: Part<'_>) {
        let blocked = |line: Part<'_>| {
            let field = |wanted: &str| line.field(' ', wanted);
            let shown = |wanted: &str| field(wanted).map(Part::shown);
            let flags = shown("flags").unwrap_or_default();
            let listed = ListedClient { flags, command: shown("cmd"), ..ListedClient::default() };
            listed.blocked_in()?;
            let is_held_back = listed.held_back().is_some();
            let client = BlockedClient {
                address: shown("addr").unwrap_or_default(),
                name: shown("name").unwrap_or_default(),
                command: listed.command.unwrap_or_default(),
                unread: field("qbuf").and_then(|unread| unread.parse()).unwrap_or_default(),
            };
            Some((is_held_back, client))
        };
        let (held_back, waiting): (Vec<_>, Vec<_>) = list.lines().filter_map(blocked).partition(|(held, _)| *held);
        let clients = |listed: Vec<(bool, BlockedClient)>| listed.into_iter().map(|(_, client)| client);
        self.held_up = clients(waiting).filter(|client| client.unread > 0).take(BLOCKED).collect();
        self.held_back = clients(held_back).take(BLOCKED).collect();
    }
}

impl Persistence {
    /// Reads the fields of `INFO persistence`.
    fn read(&mut self, info: &Info<'_>) {
        let failed = |name| info.has(name, "ok").map(|ok| !ok);
        let either =
            |one: Option<bool>, other: Option<bool>| one.into_iter().chain(other).reduce(|one, other| one || other);
        self.snapshot_failed = failed("rdb_last_bgsave_status");
        self.aof_failed = either(failed("aof_last_write_status"), failed("aof_last_bgrewrite_status"));
        self.aof_enabled = info.has("aof_enabled", "1");
        self.saving =
            ["rdb_bgsave_in_progress", "aof_rewrite_in_progress"].iter().any(|name| info.has(name, "1") == Some(true));
        self.last_save = info.number("rdb_last_save_time");
        self.changes = info.number("rdb_changes_since_last_save");
        self.delayed_fsyncs = info.number("aof_delayed_fsync");
    }
}

/// Parses `ip=10.0.0.2,port=6379,state=online,offset=14,lag=1`.
fn replica(line: Part<'_>) -> Replica {
    let field = |wanted: &str| line.field(',', wanted);
    Replica {
        address: field("ip").zip(field("port")).map_or("?".into(), |(host, port)| host.at(port)),
        state: field("state").map_or("?".into(), Part::shown),
        lag: field("lag").and_then(Part::parse),
    }
}

/// Parses `normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60`.
fn pubsub_limit(text: Part<'_>) -> Option<OutputLimit> {
    let mut words = text.split(' ').skip_while(|word| !word.is("pubsub")).skip(1);
    let mut number = || words.next()?.parse();
    Some(OutputLimit { hard: number()?, soft: number()?, soft_seconds: number()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::Fuzz;

    #[test]
    fn info_of_a_primary_lists_its_replicas() {
        let mut facts = ServerFacts::default();
        facts.read_info(
            &Part::from(
                "# Clients\r\nconnected_clients:12\r\nmaxclients:10000\r\n# Memory\r\nused_memory:1048576\r\n\
             maxmemory:0\r\nmaxmemory_policy:noeviction\r\n# Persistence\r\nloading:0\r\n# Replication\r\n\
             role:master\r\nconnected_slaves:2\r\nslave_read_only:1\r\n\
             slave0:ip=10.0.0.2,port=6379,state=online,offset=14,lag=1\r\n\
             slave1:ip=10.0.0.3,port=6379,state=wait_bgsave,offset=0,lag=0\r\n",
            )
            .info(),
        );
        assert_eq!((facts.connected_clients, facts.maxclients), (Some(12), Some(10_000)));
        assert_eq!((facts.role.as_deref(), facts.loading), (Some("master"), Some(false)));
        let states: Vec<_> = facts.replicas.iter().map(|replica| (&*replica.state, replica.lag)).collect();
        assert_eq!(states, [("online", Some(1)), ("wait_bgsave", Some(0))]);
        assert_eq!(facts.replicas[0].address, "10.0.0.2:6379");
    }

    #[test]
    fn info_of_a_replica_has_the_state_of_its_link() {
        let mut facts = ServerFacts::default();
        facts.read_info(
            &Part::from("role:slave\r\nmaster_link_status:down\r\nmaster_last_io_seconds_ago:-1\r\n").info(),
        );
        assert_eq!((facts.primary_link_up, facts.primary_last_io), (Some(false), Some(-1)));
    }

    #[test]
    fn a_client_is_held_up_if_it_has_sent_more_than_a_blocking_command_and_held_back_in_any_other() {
        let mut facts = ServerFacts::default();
        facts.read_blocked(
            "id=4 addr=10.0.0.7:5000 laddr=10.0.0.1:6379 name=worker flags=b qbuf=24 qbuf-free=0 cmd=blpop\n\
             id=5 addr=10.0.0.8:5000 laddr=10.0.0.1:6379 name= flags=b qbuf=0 cmd=blpop\n\
             id=6 addr=10.0.0.9:5000 laddr=10.0.0.1:6379 name= flags=N qbuf=26 cmd=client|list\n\
             id=7 addr=10.0.0.9:5001 laddr=10.0.0.1:6379 name= flags=b qbuf=0 cmd=set\n\
             id=8 addr=10.0.0.9:5002 laddr=10.0.0.1:6379 name= flags=b qbuf=31 cmd=ft.search\n"
                .into(),
        );
        let client = |address: &str, name: &str, command: &str, unread| BlockedClient {
            address: address.into(),
            name: name.into(),
            command: command.into(),
            unread,
        };
        let search = client("10.0.0.9:5002", "", "ft.search", 31);
        assert_eq!(facts.held_up, [client("10.0.0.7:5000", "worker", "blpop", 24), search]);
        assert_eq!(facts.held_back, [client("10.0.0.9:5001", "", "set", 0)]);
    }

    #[test]
    fn settings_are_read_and_invalid_ones_ignored() {
        let mut facts = ServerFacts::default();
        facts.read_setting("timeout", "300".into());
        facts.read_setting("tcp-keepalive", "0".into());
        facts.read_setting("maxmemory-clients", "5%".into());
        let limits = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60";
        facts.read_setting("client-output-buffer-limit", limits.into());
        assert_eq!((facts.timeout, facts.tcp_keepalive), (Some(300), Some(0)));
        assert_eq!(facts.maxmemory_clients.as_deref(), Some("5%"));
        let limit = OutputLimit { hard: 33_554_432, soft: 8_388_608, soft_seconds: 60 };
        assert_eq!(facts.pubsub_limit, Some(limit));
        assert_eq!(pubsub_limit("pubsub a b c".into()), None);
        facts.read_setting("timeout", "soon".into());
        assert_eq!(facts.timeout, None);
    }

    #[test]
    fn the_largest_output_buffer_is_found() {
        let mut facts = ServerFacts::default();
        facts.read_subscribers("id=3 obl=0 oll=2 omem=40000 events=r\nid=4 obl=100 oll=0 omem=0\n\n".into());
        assert_eq!((facts.subscribers, facts.largest_subscriber_buffer), (Some(2), Some(40_000)));
        facts.read_subscribers("".into());
        assert_eq!((facts.subscribers, facts.largest_subscriber_buffer), (Some(0), Some(0)));
    }

    #[test]
    fn fuzz_surveys() {
        Fuzz::new("info", &["slave0:ip=", "maxmemory:", "save", "pubsub 1 2 3 "]).run_on_text(|info| {
            let mut facts = ServerFacts::default();
            facts.read_info(&Part::from(info).info());
            SETTINGS.iter().for_each(|name| facts.read_setting(name, info.into()));
        });
        Fuzz::new("clients", &["obl=", "omem=", "\n"])
            .run_on_text(|list| ServerFacts::default().read_subscribers(list.into()));
    }
}
