//! `INFO` and `ROLE`.

use std::fmt::Write as _;

use super::{Call, Command, Kind, Reply, command};
use crate::sandbox::state::{Keyspace, State};

/// The Redis version that the sandbox imitates.
pub(super) const REDIS_VERSION: &str = "7.2.4";

pub(super) const COMMANDS: &[Command] = &[command("info", -1, info)];

type Section = fn(&State, &mut String) -> std::fmt::Result;

const SECTIONS: &[(&str, Section)] = &[
    ("Server", server),
    ("Clients", clients),
    ("Memory", memory),
    ("Stats", stats),
    ("Replication", replication),
    ("Cluster", |_, out| writeln!(out, "cluster_enabled:0")),
    ("Keyspace", keyspace),
    (DETAILS, command_stats),
];

/// The section that is shown only on request.
const DETAILS: &str = "Commandstats";

fn info(call: &mut Call<'_>) -> Reply {
    let args = call.args;
    let asked = |words: &[&str]| (1..args.len()).any(|at| words.iter().any(|word| args.is(at, word)));
    let everything = asked(&["all", "everything"]);
    let default = args.len() == 1 || asked(&["default"]);
    let mut text = String::new();
    for (name, section) in SECTIONS {
        if !(everything || default && *name != DETAILS || asked(&[name])) {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# {name}").and_then(|()| section(call.state, &mut text));
    }
    Reply::Text(text.replace('\n', "\r\n"))
}

pub(super) fn role(_: &mut Call<'_>) -> Reply {
    Reply::Array(vec![Reply::word("master"), Reply::Integer(0), Reply::Array(Vec::new())])
}

fn server(state: &State, out: &mut String) -> std::fmt::Result {
    let uptime = state.time.elapsed().as_secs();
    writeln!(out, "redis_version:{REDIS_VERSION}")?;
    writeln!(out, "redis_mode:standalone")?;
    writeln!(out, "redis_doctor_sandbox:1")?;
    writeln!(out, "os:{} {}", std::env::consts::OS, std::env::consts::ARCH)?;
    writeln!(out, "arch_bits:{}", usize::BITS)?;
    writeln!(out, "process_id:{}", std::process::id())?;
    writeln!(out, "run_id:{}", state.run_id)?;
    writeln!(out, "tcp_port:{}", state.addr.port())?;
    writeln!(out, "server_time_usec:{}", state.time.wall().as_micros())?;
    writeln!(out, "uptime_in_seconds:{uptime}")?;
    writeln!(out, "uptime_in_days:{}", uptime / 86_400)?;
    writeln!(out, "executable:redis-doctor sandbox")?;
    writeln!(out, "config_file:")
}

fn clients(state: &State, out: &mut String) -> std::fmt::Result {
    // The caller is not in the registry during its own command.
    writeln!(out, "connected_clients:{}", state.clients.len() + 1)?;
    writeln!(out, "cluster_connections:0")?;
    writeln!(out, "maxclients:{}", state.settings.max_clients)?;
    writeln!(out, "blocked_clients:0")?;
    writeln!(out, "tracking_clients:0")?;
    writeln!(out, "pubsub_clients:{}", state.subscriptions.clients())
}

fn memory(_: &State, out: &mut String) -> std::fmt::Result {
    writeln!(out, "maxmemory:0")?;
    writeln!(out, "maxmemory_human:0B")?;
    writeln!(out, "maxmemory_policy:noeviction")
}

fn stats(state: &State, out: &mut String) -> std::fmt::Result {
    let stats = &state.stats;
    let count = |kind| state.subscriptions.names(kind).count();
    writeln!(out, "total_connections_received:{}", stats.connections)?;
    writeln!(out, "total_commands_processed:{}", stats.commands)?;
    writeln!(out, "total_net_input_bytes:{}", stats.bytes_in)?;
    writeln!(out, "total_net_output_bytes:{}", stats.bytes_out)?;
    writeln!(out, "rejected_connections:{}", stats.rejected_connections)?;
    writeln!(out, "expired_keys:{}", stats.expired_keys)?;
    writeln!(out, "evicted_keys:0")?;
    writeln!(out, "evicted_clients:0")?;
    writeln!(out, "keyspace_hits:{}", stats.keyspace_hits)?;
    writeln!(out, "keyspace_misses:{}", stats.keyspace_misses)?;
    writeln!(out, "pubsub_channels:{}", count(Kind::Channel))?;
    writeln!(out, "pubsub_patterns:{}", count(Kind::Pattern))?;
    writeln!(out, "pubsubshard_channels:{}", count(Kind::Shard))?;
    writeln!(out, "latest_fork_usec:0")?;
    writeln!(out, "total_error_replies:{}", stats.error_replies)?;
    writeln!(out, "client_query_buffer_limit_disconnections:0")?;
    writeln!(out, "client_output_buffer_limit_disconnections:{}", stats.output_limit_disconnections)
}

fn replication(state: &State, out: &mut String) -> std::fmt::Result {
    writeln!(out, "role:master")?;
    writeln!(out, "connected_slaves:0")?;
    writeln!(out, "master_failover_state:no-failover")?;
    writeln!(out, "master_replid:{}", state.run_id)?;
    writeln!(out, "master_repl_offset:0")?;
    writeln!(out, "second_repl_offset:-1")
}

fn command_stats(state: &State, out: &mut String) -> std::fmt::Result {
    state.stats.calls.iter().try_for_each(|(name, calls)| writeln!(out, "cmdstat_{name}:calls={calls}"))
}

fn keyspace(state: &State, out: &mut String) -> std::fmt::Result {
    let now = state.time.wall();
    for db in 0..Keyspace::DATABASES {
        let (keys, expiring) = state.keyspace.size(db, now);
        if keys > 0 {
            writeln!(out, "db{db}:keys={keys},expires={expiring},avg_ttl=0")?;
        }
    }
    Ok(())
}
