//! The flags that several commands share, in groups: connection, faults, reconnect policy, output and gates.

mod metrics;
mod otlp;
mod output;

use std::{path::PathBuf, time::Duration};

use clap::{Args, builder::StringValueParser};

pub(super) use self::{
    metrics::MetricsArgs,
    otlp::OtlpArgs,
    output::{FormatArgs, JournalArgs, OutputArgs, ResultArgs, TextArgs},
};
use super::{
    choice::completed,
    completions,
    tls::TlsArgs,
    value::{self, Retries, Switch},
};
use crate::{
    fault::{self, FaultSchedule, Incident},
    plan::{Gate, Keepalive, LocalServer, Metric, OnReadonly, PolicyName, Protocol, Resubscription, Secret, Watchdog},
};

/// Where the server is and how to log in.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Connection")]
pub(super) struct ConnectionArgs {
    /// Server with this name in the configuration file
    ///
    /// Its address, login and TLS settings are in the section [targets.NAME].
    #[arg(short, long, value_name = "NAME", hide_possible_values = true,
          value_parser = completed(StringValueParser::new(), || vec![completions::TARGETS]))]
    pub(super) target: Option<String>,
    /// Server URL (repeatable) [env: REDIS_URL, VALKEY_URL]
    ///
    /// For example redis://user:password@host:6379/0. The scheme is redis, rediss (TLS), valkey, valkeys (TLS), unix or
    /// redis+unix. Parameters: db, user, password and protocol (?protocol=resp2).
    #[arg(short, long, value_name = "URL", value_parser = value::secret, conflicts_with_all = ["host", "port", "socket"])]
    pub(super) uri: Vec<Secret>,
    /// Read servers from this file, - for stdin
    ///
    /// One a line: a URL, HOST or HOST:PORT (IPv6 in brackets), then an optional name=NAME; # begins a comment. The login in
    /// a URL is for that server alone; flags and variables are for the servers without one. A line that cannot be read is
    /// reported with its number and skipped; the exit code is then 3, unless a target is critical.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["spawn", "host", "port", "socket"])]
    pub(super) targets: Option<PathBuf>,
    /// Servers that are named without a flag, see [`TargetArgs`].
    #[arg(skip)]
    pub(super) servers: Vec<Secret>,
    /// Host name or IP address [default: 127.0.0.1]
    #[arg(short, long, value_name = "HOST", value_parser = value::host, allow_hyphen_values = true, conflicts_with = "spawn")]
    pub(super) host: Option<String>,
    /// Port [default: 6379]
    #[arg(short, long, value_name = "PORT", value_parser = value::port, allow_hyphen_values = true, conflicts_with = "spawn")]
    pub(super) port: Option<u16>,
    /// Unix socket instead of host and port
    #[arg(short, long, value_name = "PATH", conflicts_with_all = ["spawn", "host", "port"])]
    pub(super) socket: Option<PathBuf>,
    /// Logical database [default: 0]
    #[arg(short = 'n', long, value_name = "DB", value_parser = value::db, allow_hyphen_values = true)]
    pub(super) db: Option<i64>,
    /// Password [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    ///
    /// The environment and --askpass are safer: a flag can be seen in the process list and the shell history.
    #[arg(short = 'a', long, value_name = "PASSWORD", value_parser = value::secret, allow_hyphen_values = true, conflicts_with = "spawn")]
    pub(super) pass: Option<Secret>,
    /// ACL user [default: the server's default user]
    #[arg(long, value_name = "NAME", conflicts_with = "spawn")]
    pub(super) user: Option<String>,
    /// Run this shell command for the password of each attempt
    ///
    /// The password is the first line of its output, within 10 s. For tokens that expire, such as those of IAM. The
    /// attempt under test includes the command, as in an application.
    #[arg(long, value_name = "CMD", conflicts_with_all = ["spawn", "pass", "askpass"])]
    pub(super) pass_command: Option<String>,
    /// Read the password of each attempt from this file
    ///
    /// The password is its first line.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["spawn", "pass", "askpass", "pass_command"])]
    pub(super) pass_file: Option<PathBuf>,
    /// Prompt for the password
    ///
    /// If stdin is not a terminal, one line is read from it without a prompt.
    #[arg(long, conflicts_with = "pass")]
    pub(super) askpass: bool,
    /// Do not warn about a password on the command line
    #[arg(long)]
    pub(super) no_auth_warning: bool,
    /// Client name of the connections, as in CLIENT LIST
    #[arg(long, value_name = "NAME", value_parser = value::client_name)]
    pub(super) name: Option<String>,
    /// Protocol version [default: resp3]
    ///
    /// auto falls back to RESP2 if HELLO is refused, as by many proxies. RESP2 needs a second connection for
    /// subscriptions.
    #[arg(long, value_name = "PROTOCOL")]
    pub(super) protocol: Option<Protocol>,
    /// Use the embedded server on a free loopback port
    ///
    /// Nothing needs to be installed, and no other server is touched.
    #[arg(long, conflicts_with_all = ["uri", "targets", "host", "port", "socket", "pass", "pass_command", "pass_file", "user", "askpass", "spawn"])]
    pub(super) sandbox: bool,
    #[command(flatten)]
    pub(super) spawn: SpawnArgs,
    #[command(flatten)]
    pub(super) tls: TlsArgs,
}

/// A real server that is started for the command.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct SpawnArgs {
    /// Start a real server on a free loopback port
    ///
    /// PATH is the program; without it, redis-server or valkey-server from the PATH. It stores nothing on disk and ends
    /// with the command.
    #[arg(long, value_name = "PATH", num_args = 0..=1,
          conflicts_with_all = ["uri", "sandbox"])]
    spawn: Option<Option<PathBuf>>,
}

impl SpawnArgs {
    pub(super) fn is_given(&self) -> bool {
        self.spawn.is_some()
    }

    /// The server to start, if one of the two flags asks for one.
    pub(super) fn or_sandbox(&self, sandbox: bool) -> Option<LocalServer> {
        let spawned = self.spawn.clone().map(LocalServer::Spawned);
        spawned.or_else(|| sandbox.then_some(LocalServer::Sandbox))
    }
}

/// Servers that are named without a flag.
#[derive(Args, Debug, Default)]
pub(super) struct TargetArgs {
    /// Servers: a URL, HOST or HOST:PORT [default: see -u]
    #[arg(value_name = "TARGET", value_parser = value::secret, conflicts_with_all = ["host", "port", "socket", "sandbox", "spawn"])]
    servers: Vec<Secret>,
}

impl TargetArgs {
    /// Adds the servers to those of the flags.
    pub(super) fn add_to(self, connection: &mut ConnectionArgs) {
        connection.servers = self.servers;
    }
}

/// Faults to inject.
#[derive(Args, Debug)]
#[command(next_help_heading = "Faults")]
pub(super) struct FaultArgs {
    /// Inject a fault with a proxy before the server (repeatable)
    ///
    /// For example reset_peer@10s, blackhole@30s+20s or latency=50ms~10ms@every:60s+10s. 'redis-doctor help proxy' lists
    /// all kinds.
    #[arg(long = "fault", value_name = "KIND[=ARGS][@START][+FOR]", hide_possible_values = true,
          value_parser = completed(str::parse::<FaultSchedule>, || fault::kinds().collect()))]
    pub(super) faults: Vec<FaultSchedule>,
    /// Replay the faults of a known incident (repeatable)
    ///
    /// One of elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss, thundering-herd, auth-rotation and
    /// slow-resubscribe. 'redis-doctor help proxy' lists their faults.
    #[arg(long = "incident", value_name = "NAME", hide_possible_values = true,
          value_parser = completed(str::parse::<Incident>, || Incident::all().map(Incident::name).collect()))]
    pub(super) incidents: Vec<Incident>,
}

impl FaultArgs {
    /// Returns all faults, with incidents expanded.
    pub(super) fn schedules(self) -> Vec<FaultSchedule> {
        let incidents = self.incidents.into_iter().flat_map(Incident::schedules);
        self.faults.into_iter().chain(incidents).collect()
    }
}

/// Behavior of the connection under test.
#[derive(Args, Debug)]
#[command(next_help_heading = "Reconnect policy (defaults are those of --policy)")]
pub(super) struct PolicyArgs {
    /// Preset that the flags below override
    ///
    /// hardened is recommended, library is the redis-rs default, elasticache is the published fix for the reset incident,
    /// and bare never reconnects.
    #[arg(long, value_name = "NAME", default_value = "hardened")]
    pub(super) policy: PolicyName,
    /// Retries of a failed reconnect, or unlimited [hardened: unlimited]
    ///
    /// The first attempt of a reconnect is not counted.
    #[arg(long, value_name = "N", value_parser = value::retries, allow_hyphen_values = true)]
    pub(super) retries: Option<Retries>,
    /// First delay between attempts, before jitter [hardened: 100ms]
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) min_delay: Option<Duration>,
    /// Add up to this to the first delay, at random [default: 0s]
    ///
    /// Each connection adds a random part of this to its first delay, and later delays grow from there: a fleet does not
    /// reconnect in step.
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) spread: Option<Duration>,
    /// Largest delay between attempts, before jitter [hardened: 5s]
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) max_delay: Option<Duration>,
    /// Factor from one delay to the next, from 1 [hardened: 2]
    #[arg(long, value_name = "FACTOR", value_parser = value::backoff_base, allow_hyphen_values = true)]
    pub(super) backoff_base: Option<f32>,
    /// Timeout of a connection attempt [hardened: 5s]
    ///
    /// It covers DNS, TCP, TLS and HELLO together.
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) connect_timeout: Option<Duration>,
    /// Client-library response timeout [hardened: 2s]
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) response_timeout: Option<Duration>,
    /// Set TCP keepalive, or off [hardened: 10/5/3]
    ///
    /// TIME/INTERVAL/PROBES: idle seconds before the first probe, seconds between probes, and unanswered probes after
    /// which the connection is closed.
    #[arg(long, value_name = "T/I/P", value_parser = value::keepalive, allow_hyphen_values = true)]
    pub(super) keepalive: Option<Switch<Keepalive>>,
    /// Set TCP_USER_TIMEOUT, or off [hardened: 25s]
    ///
    /// The kernel closes the connection if sent data stays unacknowledged for this long.
    #[arg(long, value_name = "TIME", value_parser = value::user_timeout, allow_hyphen_values = true)]
    pub(super) user_timeout: Option<Switch<Duration>>,
    /// Send small writes immediately (TCP_NODELAY) [hardened: on]
    #[arg(long, value_name = "on|off", value_parser = value::on_off)]
    pub(super) nodelay: Option<bool>,
    /// Detect a dead connection with PINGs, or off [hardened: 1sx2]
    ///
    /// The watchdog sends a PING every TIME and reconnects after N unanswered ones.
    #[arg(long, value_name = "TIMExN", value_parser = value::watchdog, allow_hyphen_values = true)]
    pub(super) watchdog: Option<Switch<Watchdog>>,
    /// Do not resubscribe after a reconnect
    #[arg(long, conflicts_with = "resubscribe")]
    pub(super) no_resubscribe: bool,
    /// Way to resubscribe after a reconnect [hardened: paced]
    ///
    /// library sends all subscriptions together and waits for one confirmation: with thousands of channels, later replies
    /// go to the wrong commands. paced sends them in chunks and waits for every confirmation. RESP2 is always paced.
    #[arg(long, value_name = "HOW")]
    pub(super) resubscribe: Option<Resubscription>,
    /// Reaction to READONLY from a demoted server [hardened: rebuild]
    ///
    /// stay keeps the connection. rebuild replaces it, with the delays of a reconnect, and resolves the name again.
    #[arg(long, value_name = "REACTION")]
    pub(super) on_readonly: Option<OnReadonly>,
}

/// Conditions that fail a run.
#[derive(Args, Debug)]
#[command(next_help_heading = "Gates")]
pub(super) struct GateArgs {
    /// Exit 2 (critical) if this is true (repeatable)
    ///
    /// For example p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% or service<99.9%.
    #[arg(long, value_name = "CONDITION", hide_possible_values = true, value_parser = completed(str::parse::<Gate>, figures))]
    pub(super) fail_on: Vec<Gate>,
    /// Exit 1 (degraded) if this is true (repeatable)
    ///
    /// Same conditions as --fail-on.
    #[arg(long, value_name = "CONDITION", hide_possible_values = true, value_parser = completed(str::parse::<Gate>, figures))]
    pub(super) warn_on: Vec<Gate>,
    /// Always exit 0
    #[arg(long)]
    pub(super) exit_zero: bool,
}

/// Returns the figures that a condition may name.
fn figures() -> Vec<&'static str> {
    Metric::names().collect()
}

/// The flags that `ping`, `subscribe` and `soak` share.
#[derive(Args, Debug)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) connection: ConnectionArgs,
    #[command(flatten)]
    pub(super) faults: FaultArgs,
    #[command(flatten)]
    pub(super) policy: PolicyArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) text: TextArgs,
    #[command(flatten)]
    pub(super) journal: JournalArgs,
    #[command(flatten)]
    pub(super) gates: GateArgs,
    /// Examine all primaries of the cluster of this server
    ///
    /// The nodes are found from any of them (-u is repeatable) before the run. Each has its own connections, which follow a
    /// failover, and the keys of the kv workload are in its slots.
    #[arg(long, help_heading = "Connection", conflicts_with_all = ["targets", "socket", "sandbox"])]
    pub(super) cluster: bool,
    /// With --cluster, examine the replicas, too
    #[arg(long, help_heading = "Connection")]
    pub(super) replicas: bool,
    /// Find the server by these Sentinels (repeatable)
    ///
    /// HOST:PORT, or a URL with the login of the Sentinel; the default port is 26379. The connections follow a failover.
    #[arg(long, value_name = "HOST:PORT", help_heading = "Connection", value_delimiter = ',', value_parser = value::secret,
          requires = "master", conflicts_with_all = ["uri", "targets", "host", "port", "socket", "sandbox", "spawn",
          "cluster", "faults", "incidents"])]
    pub(super) sentinel: Vec<Secret>,
    /// With --sentinel, the name of the primary
    #[arg(long, value_name = "NAME", help_heading = "Connection", requires = "sentinel")]
    pub(super) master: Option<String>,
    /// Gather no evidence about outages
    ///
    /// Send no INFO, CONFIG GET or CLIENT LIST on separate short-lived connections, and do not read the kernel's socket
    /// table. Causes are then less certain.
    #[arg(long, help_heading = "Connection")]
    pub(super) no_evidence: bool,
    /// Largest reply of a connection under test [default: 64m]
    ///
    /// The connection is ended when one reply takes more memory than this before it is complete. Only over TCP on Linux.
    #[arg(long, value_name = "SIZE", help_heading = "Connection", value_parser = value::reply_size, allow_hyphen_values = true)]
    pub(super) max_reply: Option<u64>,
    /// Seed for all randomness [default: random; shown in the report]
    #[arg(long, value_name = "N", help_heading = "Output", value_parser = value::seed, allow_hyphen_values = true)]
    pub(super) seed: Option<u64>,
}
