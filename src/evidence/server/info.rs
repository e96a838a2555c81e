//! INFO of a server: its state, and the time that it spent in each command.

use std::{collections::HashMap, time::Duration};

use crate::{
    dial::reply::{Info, Part},
    event::{CommandTime, ServerState},
    foreign::Foreign,
};

/// Commands kept: a server knows about 400, subcommands included.
const COMMANDS: usize = 600;

/// Commands named in the evidence.
const NAMED: usize = 5;

/// Shorter times are not worth a name.
const SHORTEST: Duration = Duration::from_millis(1);

/// Calls of each command and microseconds in them, since the server's start or CONFIG RESETSTAT.
pub(in crate::evidence) type Commands = HashMap<Foreign, (u64, u64)>;

/// Reads the lines of `INFO commandstats`: `cmdstat_client|kill:calls=1,usec=9,…`.
pub(super) fn commands(info: &Info<'_>) -> Commands {
    let command = |(name, line): (Part<'_>, Part<'_>)| {
        let field = |wanted| line.field(',', wanted)?.parse();
        Some((name.shown(), (field("calls")?, field("usec")?)))
    };
    info.beginning("cmdstat_").filter_map(command).take(COMMANDS).collect()
}

/// Returns the commands that took most of the time between two readings, the longest first; none if the counters were
/// reset in between.
pub(in crate::evidence) fn busiest(before: &Commands, after: &Commands) -> Vec<CommandTime> {
    let since = |(name, now): (&Foreign, &(u64, u64))| {
        let (calls, micros) = before.get(name).copied().unwrap_or_default();
        let time = Duration::from_micros(now.1.checked_sub(micros)?);
        Some(CommandTime { name: name.clone(), calls: now.0.checked_sub(calls)?, time })
    };
    let was_reset = before.iter().any(|(name, (calls, _))| after.get(name).is_none_or(|(now, _)| now < calls));
    if was_reset {
        return Vec::new();
    }
    let mut all: Vec<_> = after.iter().filter_map(since).filter(|command| command.time >= SHORTEST).collect();
    all.sort_by(|one, other| other.time.cmp(&one.time).then_with(|| one.name.cmp(&other.name)));
    all.truncate(NAMED);
    all
}

/// Returns the server's clock in microseconds since 1970 (Redis 6.2 and later).
pub(super) fn clock(info: &Info<'_>) -> Option<u64> {
    info.number("server_time_usec")
}

/// Reads the fields of INFO that are present.
pub(super) fn read(info: &Info<'_>, state: &mut ServerState) {
    let text = |name: &str| info.shown(name);
    let number = |name: &str| info.number::<u64>(name);
    // A command that has never been called has no line.
    let counted = info.beginning("cmdstat_").next().is_some();
    let calls =
        |names: &[&str]| counted.then(|| names.iter().map(|name| calls_of(info, name)).fold(0, u64::saturating_add));
    state.run_id = text("run_id");
    state.version = text("valkey_version").or(text("redis_version")).or(state.version.take());
    state.uptime = number("uptime_in_seconds");
    state.role = text("role").or(state.role.take());
    state.replication_offset = number("master_repl_offset");
    // Forty zeros mean none.
    let history = |name| info.get(name).filter(|id| !id.is_zeros()).map(Part::shown);
    state.replication_id = history("master_replid");
    state.former_replication_id = history("master_replid2");
    state.failover_state = text("master_failover_state").filter(|failover| *failover != "no-failover");
    state.mode = text("redis_mode").or(text("server_mode"));
    state.primary = info.address("master_host", "master_port");
    state.primary_link = info.has("master_link_status", "up");
    state.replicas = number("connected_slaves");
    state.good_replicas = number("min_slaves_good_slaves");
    state.blocked_clients = number("blocked_clients");
    state.delayed_fsyncs = number("aof_delayed_fsync");
    state.forks = number("total_forks");
    state.latest_fork = number("latest_fork_usec").map(Duration::from_micros);
    let busy = |name: &str| number(name).map(|busy| busy != 0);
    let saves = ["rdb_bgsave_in_progress", "aof_rewrite_in_progress"].into_iter().filter_map(busy);
    state.saving = saves.reduce(|one, other| one || other);
    let failed = |name: &str| info.has(name, "ok").map(|ok| !ok);
    state.snapshot_failed = failed("rdb_last_bgsave_status");
    state.aof_write_failed = failed("aof_last_write_status");
    state.commands_processed = number("total_commands_processed");
    state.loading = number("loading").map(|loading| loading != 0);
    state.connected_clients = number("connected_clients");
    state.connections_received = number("total_connections_received");
    state.rejected_connections = number("rejected_connections");
    state.evicted_clients = number("evicted_clients");
    state.output_buffer_disconnections = number("client_output_buffer_limit_disconnections");
    state.query_buffer_disconnections = number("client_query_buffer_limit_disconnections");
    // Since Redis 7.0 subcommands are counted separately; Valkey reports the Redis version that it is compatible with.
    let major = info.get("redis_version").and_then(|version| version.split('.').next()?.parse::<u32>());
    if major.is_some_and(|major| major >= 7) {
        state.client_kills = calls(&["client|kill"]);
        state.client_pauses = calls(&["client|pause"]);
        state.acl_changes = calls(&["acl|setuser", "acl|deluser", "acl|load"]);
        state.config_changes = calls(&["config|set"]);
    }
}

/// `cmdstat_client|kill:calls=1,usec=…`
fn calls_of(info: &Info<'_>, command: &str) -> u64 {
    let line = info.get(&format!("cmdstat_{command}"));
    line.and_then(|line| line.field(',', "calls")?.parse()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::Fuzz;

    #[test]
    fn info_fields_that_are_present_are_read() {
        let info = "# Server\r\nredis_version:7.2.4\r\nrun_id:abc\r\nuptime_in_seconds:77\r\n\
            connected_clients:3\r\ntotal_connections_received:9\r\nrole:master\r\nmaster_repl_offset:14\r\n\
            master_failover_state:no-failover\r\nloading:0\r\ncmdstat_ping:calls=4,usec=1\r\n\
            cmdstat_client|kill:calls=2,usec=9,usec_per_call=4.50\r\ncmdstat_acl|setuser:calls=1,usec=1\r\n\
            cmdstat_acl|load:calls=2,usec=1\r\n";
        let mut state = ServerState::default();
        read(&Part::from(info).info(), &mut state);
        assert_eq!((state.run_id.as_deref(), state.version.as_deref()), (Some("abc"), Some("7.2.4")));
        assert_eq!((state.uptime, state.connected_clients, state.connections_received), (Some(77), Some(3), Some(9)));
        assert_eq!((state.role.as_deref(), state.replication_offset), (Some("master"), Some(14)));
        assert_eq!((state.failover_state.as_deref(), state.loading), (None, Some(false)));
        assert_eq!((state.client_kills, state.acl_changes, state.config_changes), (Some(2), Some(3), Some(0)));
        assert_eq!((state.evicted_clients, state.output_buffer_disconnections), (None, None));
    }

    #[test]
    fn a_server_that_does_not_count_subcommands_counts_no_kills() {
        let mut state = ServerState::default();
        let info = "redis_version:6.0.16\r\ncmdstat_client:calls=2,usec=9\r\nmaster_failover_state:waiting-for-sync";
        read(&Part::from(info).info(), &mut state);
        assert_eq!((state.client_kills, state.acl_changes), (None, None));
        assert_eq!(state.failover_state.as_deref(), Some("waiting-for-sync"));
    }

    #[test]
    fn persistence_replication_and_clients_are_read() {
        let info = "redis_mode:cluster\r\nmaster_host:10.0.0.2\r\nmaster_port:6379\r\nmaster_link_status:down\r\n\
            connected_slaves:2\r\nmin_slaves_good_slaves:1\r\nblocked_clients:4\r\naof_delayed_fsync:7\r\n\
            total_forks:3\r\nlatest_fork_usec:1200\r\nrdb_bgsave_in_progress:0\r\naof_rewrite_in_progress:1\r\n\
            rdb_last_bgsave_status:err\r\naof_last_write_status:ok\r\ntotal_commands_processed:99\r\n\
            redis_version:7.2.4\r\ncmdstat_client|pause:calls=2,usec=9\r\n";
        let mut state = ServerState::default();
        read(&Part::from(info).info(), &mut state);
        assert_eq!((state.mode.as_deref(), state.primary.as_deref()), (Some("cluster"), Some("10.0.0.2:6379")));
        assert_eq!((state.primary_link, state.replicas, state.good_replicas), (Some(false), Some(2), Some(1)));
        assert_eq!((state.blocked_clients, state.delayed_fsyncs, state.forks), (Some(4), Some(7), Some(3)));
        assert_eq!((state.latest_fork, state.saving), (Some(Duration::from_micros(1200)), Some(true)));
        assert_eq!((state.snapshot_failed, state.aof_write_failed), (Some(true), Some(false)));
        assert_eq!((state.commands_processed, state.client_pauses), (Some(99), Some(2)));
        let mut unknown = ServerState::default();
        read(&Part::from("redis_version:7.2.4\r\n").info(), &mut unknown);
        assert_eq!((unknown.saving, unknown.primary, unknown.client_pauses), (None, None, None));
    }

    #[test]
    fn the_busiest_commands_are_those_with_most_time_in_between() {
        let stats = |lines: &[(&str, u64, u64)]| {
            let line =
                |(name, calls, usec): &(&str, u64, u64)| format!("cmdstat_{name}:calls={calls},usec={usec},x=1\r\n");
            commands(&Part::from(lines.iter().map(line).collect::<String>().as_str()).info())
        };
        let before = stats(&[("get", 100, 900_000), ("info", 3, 200)]);
        let after =
            stats(&[("get", 200, 950_000), ("info", 4, 500), ("keys", 3, 1_500_000), ("client|list", 1, 2_000)]);
        let named: Vec<_> = busiest(&before, &after).into_iter().map(|command| (command.name, command.calls)).collect();
        assert_eq!(named, [("keys".into(), 3), ("get".into(), 100), ("client|list".into(), 1)]);
        assert_eq!(busiest(&after, &before), [], "the counters were reset");
        assert_eq!(clock(&Part::from("server_time_usec:1795857513123456\r\n").info()), Some(1_795_857_513_123_456));
    }

    #[test]
    fn fuzz_info() {
        let words =
            ["redis_version:7.2.4\r\n", "cmdstat_acl|load:calls=", "cmdstat_client|kill:calls=", "usec=", "\r\n"];
        Fuzz::new("info", &words).run_on_text(|info| {
            let mut state = ServerState::default();
            let info = Part::from(info).info();
            read(&info, &mut state);
            let commands = commands(&info);
            let _ = (busiest(&Commands::new(), &commands), clock(&info));
        });
    }
}
