//! The flags that several commands share, in groups: where the server is, how the connection reconnects, what is
//! written, and what makes a run fail.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{
    choice::formats,
    environment::Environment,
    value::{self, Retries, Switch},
};
use crate::{
    fault::{FaultSchedule, Incident},
    output::{ColorChoice, Content, Format, OutputOptions},
    plan::{Gate, Keepalive, PolicyName, Protocol, Secret, Watchdog},
};

/// Where the server is and how to log in.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Connection")]
pub(super) struct ConnectionArgs {
    /// Server as a URL: redis, rediss, valkey, valkeys, unix or redis+unix [env: REDIS_URL, VALKEY_URL]
    #[arg(short, long, value_name = "URL", value_parser = value::secret, conflicts_with_all = ["host", "port", "socket"])]
    pub(super) uri: Option<Secret>,
    /// Host name or IP address [default: 127.0.0.1]
    #[arg(short, long, value_name = "HOST", value_parser = value::host, allow_hyphen_values = true)]
    pub(super) host: Option<String>,
    /// Port [default: 6379]
    #[arg(short, long, value_name = "PORT", value_parser = value::port, allow_hyphen_values = true)]
    pub(super) port: Option<u16>,
    /// Unix socket instead of host and port
    #[arg(short, long, value_name = "PATH", conflicts_with_all = ["host", "port"])]
    pub(super) socket: Option<PathBuf>,
    /// Logical database [default: 0]
    #[arg(short = 'n', long, value_name = "DB", value_parser = value::db, allow_hyphen_values = true)]
    pub(super) db: Option<i64>,
    /// Password; safer in the environment or with --askpass [env: REDISCLI_AUTH, VALKEYCLI_AUTH]
    #[arg(short = 'a', long, value_name = "PASSWORD", value_parser = value::secret, allow_hyphen_values = true)]
    pub(super) pass: Option<Secret>,
    /// ACL user [default: the server's default user]
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// Prompt for the password, or read one line of stdin if it is not a terminal
    #[arg(long, conflicts_with = "pass")]
    pub(super) askpass: bool,
    /// Do not warn about a password on the command line
    #[arg(long)]
    pub(super) no_auth_warning: bool,
    /// Client name of the connections under test, as in CLIENT LIST
    #[arg(long, value_name = "NAME", value_parser = value::client_name)]
    pub(super) name: Option<String>,
    /// Protocol; auto falls back to RESP2 where HELLO is refused, as by many proxies, with a second connection for
    /// subscriptions [default: resp3]
    #[arg(long, value_name = "PROTOCOL")]
    pub(super) protocol: Option<Protocol>,
    /// Use the embedded server on a free loopback port; nothing needs to be installed
    #[arg(long, conflicts_with_all = ["uri", "host", "port", "socket", "pass", "user", "askpass"])]
    pub(super) sandbox: bool,
}

/// Faults to inject.
#[derive(Args, Debug)]
#[command(next_help_heading = "Faults")]
pub(super) struct FaultArgs {
    /// Break connections with a fault proxy in front of the server, for example reset_peer@10s, blackhole@30s+20s,
    /// latency=50ms~10ms@every:60s+10s (repeatable; 'redis-doctor proxy --help' lists the kinds)
    #[arg(long = "fault", value_name = "KIND[=ARGS][@START][+FOR]")]
    pub(super) faults: Vec<FaultSchedule>,
    /// Replay the faults of an incident: elasticache-reset, nlb-idle, nat-forget, failover, maintenance, az-loss,
    /// thundering-herd, auth-rotation or slow-resubscribe (repeatable)
    #[arg(long = "incident", value_name = "NAME")]
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
    /// Preset that the flags below override: hardened is recommended, library is the redis-rs default, elasticache is
    /// the published fix for the reset incident, bare never reconnects
    #[arg(long, value_name = "NAME", default_value = "hardened")]
    pub(super) policy: PolicyName,
    /// Retries after the first attempt of a reconnect: a number, or unlimited [hardened: unlimited]
    #[arg(long, value_name = "N", value_parser = value::retries, allow_hyphen_values = true)]
    pub(super) retries: Option<Retries>,
    /// First delay between attempts, before jitter [hardened: 100ms]
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) min_delay: Option<Duration>,
    /// Add a random part of this to the first delay of each connection, so that a fleet does not reconnect in step; later
    /// delays grow from there [default: 0s]
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) spread: Option<Duration>,
    /// Largest delay between attempts, before jitter [hardened: 5s]
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) max_delay: Option<Duration>,
    /// Factor from one delay to the next, from 1 [hardened: 2]
    #[arg(long, value_name = "FACTOR", value_parser = value::backoff_base, allow_hyphen_values = true)]
    pub(super) backoff_base: Option<f32>,
    /// Timeout of one connection attempt: DNS, TCP, TLS and HELLO together [hardened: 5s]
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) connect_timeout: Option<Duration>,
    /// Client-library response timeout [hardened: 2s]
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) response_timeout: Option<Duration>,
    /// TCP keepalive: idle seconds / interval / probes, or off [hardened: 10/5/3]
    #[arg(long, value_name = "T/I/N", value_parser = value::keepalive, allow_hyphen_values = true)]
    pub(super) keepalive: Option<Switch<Keepalive>>,
    /// TCP_USER_TIMEOUT: close the connection when sent data stays unacknowledged for this long, or off [hardened: 25s]
    #[arg(long, value_name = "TIME", value_parser = value::user_timeout, allow_hyphen_values = true)]
    pub(super) user_timeout: Option<Switch<Duration>>,
    /// Send small writes immediately (TCP_NODELAY) [hardened: on]
    #[arg(long, value_name = "on|off", value_parser = value::on_off)]
    pub(super) nodelay: Option<bool>,
    /// Send a PING every TIME and reconnect after N go unanswered, or off [hardened: 1sx2]
    #[arg(long, value_name = "TIMExN", value_parser = value::watchdog, allow_hyphen_values = true)]
    pub(super) watchdog: Option<Switch<Watchdog>>,
    /// Do not resubscribe after a reconnect
    #[arg(long)]
    pub(super) no_resubscribe: bool,
}

/// Report destination and style.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Write the report to this file
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Print only the report, without event lines or progress
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Use color; auto means on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorChoice,
}

impl OutputArgs {
    /// Returns the output options that these flags decide.
    pub(super) fn options(self, environment: &Environment) -> OutputOptions {
        let color = environment.color(self.color);
        OutputOptions { output: self.output, quiet: self.quiet, color, ..OutputOptions::default() }
    }
}

/// The form of the report, for the commands whose stdout is the report.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(super) struct FormatArgs {
    /// Form of the report
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(Content::Report))]
    pub(super) format: Format,
}

/// The journal of events.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(super) struct JournalArgs {
    /// Append every event to this file as NDJSON, to replay with redis-doctor report
    #[arg(long, value_name = "FILE")]
    pub(super) journal: Option<PathBuf>,
}

/// Conditions that fail a run.
#[derive(Args, Debug)]
#[command(next_help_heading = "Gates")]
pub(super) struct GateArgs {
    /// Exit 2 (critical) if this holds: p99>5ms, outage>2s, lost>0, errors>1%, availability<99.9% … (repeatable)
    #[arg(long, value_name = "CONDITION")]
    pub(super) fail_on: Vec<Gate>,
    /// Exit 1 (degraded) if this holds (repeatable)
    #[arg(long, value_name = "CONDITION")]
    pub(super) warn_on: Vec<Gate>,
    /// Always exit 0
    #[arg(long)]
    pub(super) exit_zero: bool,
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
    pub(super) journal: JournalArgs,
    #[command(flatten)]
    pub(super) gates: GateArgs,
    /// Gather no evidence about outages: send no INFO, CONFIG GET or CLIENT LIST on separate short-lived connections, and
    /// do not read the kernel's socket table
    #[arg(long, help_heading = "Connection")]
    pub(super) no_evidence: bool,
    /// Seed for all randomness [default: random; shown in the report]
    #[arg(long, value_name = "N", help_heading = "Output", value_parser = value::seed, allow_hyphen_values = true)]
    pub(super) seed: Option<u64>,
}
