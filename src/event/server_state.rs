//! The state of a server and of its clients, as the server reports it.

use std::{sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    clock::{OptionalSeconds, Seconds, Stamp},
    foreign::Foreign,
    resp::may_wait,
};

/// A server as INFO, CONFIG GET and CLIENT INFO describe it; null is unknown. Counters count from its start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerState {
    /// Time of the query.
    pub at: Stamp,
    /// Address that redis-doctor connected to.
    pub address: Option<Foreign>,
    /// Address of the server as it sees it (`CLIENT INFO laddr`).
    pub laddr: Option<Foreign>,
    /// True if the two ends of the connection see different addresses: something in between (NAT, a proxy, a relay) may
    /// hold the other half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translated: Option<bool>,
    /// True if the connection begins and ends at one address: the server, or a proxy, runs on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<bool>,
    /// Addresses that the name resolved to.
    #[serde(default)]
    pub addresses: Arc<[Foreign]>,
    /// `run_id` of the process; a restart changes it.
    pub run_id: Option<Foreign>,
    /// `redis_version` or `valkey_version`.
    pub version: Option<Foreign>,
    /// `uptime_in_seconds`
    pub uptime: Option<u64>,
    /// `role`, as INFO reports it: `master`, `slave` …
    pub role: Option<Foreign>,
    /// `master_repl_offset`
    pub replication_offset: Option<u64>,
    /// `master_replid`: id of the replication history that it writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_id: Option<Foreign>,
    /// `master_replid2`: id of the history that it continued when it was promoted or restarted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_replication_id: Option<Foreign>,
    /// `master_failover_state`, unless it is `no-failover`.
    pub failover_state: Option<Foreign>,
    /// `redis_mode` or `server_mode`: `standalone`, `cluster` or `sentinel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Foreign>,
    /// Address of the primary that a replica follows (`master_host:master_port`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<Foreign>,
    /// True if a replica is connected to its primary (`master_link_status`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_link: Option<bool>,
    /// `connected_slaves`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u64>,
    /// `min_slaves_good_slaves`: replicas whose lag is within `min-replicas-max-lag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_replicas: Option<u64>,
    /// `blocked_clients`: clients that wait in a blocking command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_clients: Option<u64>,
    /// `aof_delayed_fsync`: writes that waited for a slow fsync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delayed_fsyncs: Option<u64>,
    /// `total_forks`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forks: Option<u64>,
    /// `latest_fork_usec`: time for which the latest fork stopped the server.
    #[serde(default, with = "OptionalSeconds", skip_serializing_if = "Option::is_none")]
    pub latest_fork: Option<Duration>,
    /// True if a snapshot or a rewrite of the append-only file is being written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saving: Option<bool>,
    /// True if the last snapshot failed (`rdb_last_bgsave_status`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_failed: Option<bool>,
    /// True if the last write to the append-only file failed (`aof_last_write_status`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aof_write_failed: Option<bool>,
    /// `total_commands_processed`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commands_processed: Option<u64>,
    /// `loading`
    pub loading: Option<bool>,
    /// `connected_clients`
    pub connected_clients: Option<u64>,
    /// `total_connections_received`
    pub connections_received: Option<u64>,
    /// `rejected_connections`: clients beyond `maxclients`.
    pub rejected_connections: Option<u64>,
    /// `evicted_clients`: clients closed because of `maxmemory-clients`.
    pub evicted_clients: Option<u64>,
    /// `client_output_buffer_limit_disconnections` (Redis 7.4 and later).
    pub output_buffer_disconnections: Option<u64>,
    /// `client_query_buffer_limit_disconnections` (Redis 7.4 and later).
    pub query_buffer_disconnections: Option<u64>,
    /// Calls of `CLIENT KILL` (`INFO commandstats`, Redis 7.0 and later).
    pub client_kills: Option<u64>,
    /// Calls of `CLIENT PAUSE` (`INFO commandstats`, Redis 7.0 and later).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_pauses: Option<u64>,
    /// Calls of `ACL SETUSER`, `ACL DELUSER` and `ACL LOAD` in total (`INFO commandstats`).
    pub acl_changes: Option<u64>,
    /// Calls of `CONFIG SET` (`INFO commandstats`).
    pub config_changes: Option<u64>,
    /// `timeout`: seconds after which the server closes an idle client; 0 is never.
    pub timeout: Option<u64>,
    /// `tcp-keepalive`: seconds between keepalive probes; 0 is off.
    pub tcp_keepalive: Option<u64>,
    /// `maxclients`
    pub maxclients: Option<u64>,
    /// `client-output-buffer-limit`, as CONFIG GET returns it.
    pub output_buffer_limit: Option<Foreign>,
}

impl ServerState {
    /// Returns true if the counters were reset (CONFIG RESETSTAT) since an earlier state of the same process: a total that
    /// only grows is lower. An unchanged counter then says nothing.
    pub(crate) fn was_reset_since(&self, before: &Self) -> bool {
        let totals: [fn(&Self) -> Option<u64>; 2] =
            [|state| state.connections_received, |state| state.commands_processed];
        let fell = |total: fn(&Self) -> Option<u64>| total(before).zip(total(self)).is_some_and(|(was, is)| is < was);
        self.run_id.is_some() && self.run_id == before.run_id && totals.into_iter().any(fell)
    }
}

/// A server process that a connection reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Peer {
    /// `run_id` of the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<Foreign>,
    /// Address of the server as it sees it (`CLIENT INFO laddr`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub laddr: Option<Foreign>,
    /// `role`, as INFO reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Foreign>,
    /// `redis_mode` or `server_mode`: `standalone`, `cluster` or `sentinel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Foreign>,
    /// Address of the primary that a replica follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<Foreign>,
    /// `uptime_in_seconds` at the time of the query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime: Option<u64>,
}

/// A client as `CLIENT LIST` shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedClient {
    /// Time of the query.
    pub at: Stamp,
    /// `flags`: `b` waits in a blocking command, `P` is a subscriber.
    pub flags: Foreign,
    /// `cmd`: last command that the server ran for it.
    pub command: Option<Foreign>,
    /// `qbuf`: bytes that the server has received from it and not yet run.
    pub unread: Option<u64>,
    /// `omem` and `obl`: bytes that the server holds for it because it does not read them.
    pub unsent: Option<u64>,
}

impl ListedClient {
    /// Returns the command that the client waits in at the server.
    pub(crate) fn blocked_in(&self) -> Option<&str> {
        self.command.as_deref().filter(|_| self.flags.contains('b'))
    }

    /// Returns the same command if it is not one that may wait: CLIENT PAUSE holds it back.
    pub(crate) fn held_back(&self) -> Option<&str> {
        self.blocked_in().filter(|command| !may_wait(command.as_bytes()))
    }
}

/// Calls of one command and the server's time in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommandTime {
    /// Name of the command, with its subcommand: `config|set`.
    pub name: Foreign,
    /// Number of calls.
    pub calls: u64,
    /// Time that the server spent in them.
    #[serde(with = "Seconds")]
    pub time: Duration,
}

/// An entry of the server's slow log, without its arguments: they can be secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SlowCommand {
    /// Time of the entry by the server's clock, in whole seconds since 1970.
    pub unix_time: u64,
    /// Name of the command.
    pub name: Foreign,
    /// Time that the server spent in it.
    #[serde(with = "Seconds")]
    pub time: Duration,
    /// Address of the client that sent it.
    pub client: Option<Foreign>,
}

/// An event of the server's latency monitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LatencyEvent {
    /// Name of the event: `command`, `fork`, `aof-write` …
    pub name: Foreign,
    /// Time of the latest spike by the server's clock, in whole seconds since 1970.
    pub unix_time: u64,
    /// Length of that spike.
    #[serde(with = "Seconds")]
    pub time: Duration,
}
