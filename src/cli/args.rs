//! The commands and the flags that belong to one command only. Definitions only: what they mean together is decided
//! in `resolve`.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf, time::Duration};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::{
    check::CheckArgs,
    groups::{ConnectionArgs, FaultArgs, FormatArgs, GateArgs, OutputArgs, RunArgs},
    help,
    idle::IdleArgs,
    value,
    wait::WaitArgs,
};
use crate::{
    fault::Case,
    output::{ColorChoice, DocumentFormat, DrillFormat, EventFormat, Format, MessageFormat},
    plan::{Pace, PolicyName, Secret},
};

/// Connection doctor for Redis and Valkey: shows why a connection died, whether the client came back, and what was lost
#[derive(Parser, Debug)]
#[command(name = "redis-doctor", version, disable_help_flag = true)]
#[command(subcommand_required = true, override_usage = "redis-doctor [COMMAND] [FLAGS]", max_term_width = 100)]
#[command(after_help = help::ROOT)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    // Not clap's own flag: `-h` is the host, as in redis-cli.
    /// Print help (also a lone -h at the end)
    #[arg(long, global = true, action = ArgAction::HelpShort, display_order = 1000)]
    help: Option<bool>,
}

#[derive(Subcommand, Debug)]
#[command(disable_help_flag = true)]
pub(super) enum Command {
    /// Look once at server, path and this machine, in a few seconds; also what redis-doctor does without a command
    #[command(disable_help_flag = true, after_help = help::CHECK)]
    Check(Box<CheckArgs>),
    /// Send PINGs over one connection, a line per reply, and sum up as ping(8) does
    #[command(disable_help_flag = true, after_help = help::PING)]
    Ping(Box<PingArgs>),
    /// Tail channels over one connection, with every drop and resubscription, and optionally verify delivery
    #[command(disable_help_flag = true, after_help = help::SUBSCRIBE)]
    Subscribe(Box<SubscribeArgs>),
    /// Hold connections for minutes or weeks with probes and a verified pub/sub stream, and report every outage
    #[command(disable_help_flag = true, after_help = help::SOAK)]
    Soak(Box<SoakArgs>),
    /// Listen in front of a server and break connections on purpose, for your own application in any language
    #[command(disable_help_flag = true)]
    Proxy(Box<ProxyArgs>),
    /// Put each reconnect policy through each fault, and show which client survives what
    #[command(disable_help_flag = true)]
    Drill(Box<DrillArgs>),
    /// Find out after how much silence something on the path, or the server, gives a connection up
    #[command(disable_help_flag = true, after_help = help::IDLE)]
    Idle(Box<IdleArgs>),
    /// Wait until a server is ready, or a primary, or a replica: for scripts and containers
    #[command(disable_help_flag = true, after_help = help::WAIT)]
    Wait(Box<WaitArgs>),
    /// Make a report again from journals, also from one cut off by a crash
    #[command(disable_help_flag = true, after_help = help::REPORT)]
    Report(ReportArgs),
    /// Say what an error, a cause, a state or a finding means, how to tell, and what to do (offline)
    #[command(disable_help_flag = true, after_help = help::EXPLAIN)]
    Explain(ExplainArgs),
    /// Print a completion script for a shell
    #[command(disable_help_flag = true, after_help = help::COMPLETIONS)]
    Completions {
        /// Shell
        shell: Shell,
    },
    /// Print the manual page (roff)
    #[command(disable_help_flag = true, after_help = help::MAN)]
    Man,
}

impl Command {
    /// The definition of the commands that look at a server, one at a time; `None` for the others, which are in no hurry.
    pub(super) fn alone(name: &str) -> Option<clap::Command> {
        let named = |name| clap::Command::new(name).disable_help_flag(true);
        let command = match name {
            "check" => CheckArgs::augment_args(named("check")),
            "ping" => PingArgs::augment_args(named("ping")),
            "subscribe" => SubscribeArgs::augment_args(named("subscribe")),
            "soak" => SoakArgs::augment_args(named("soak")),
            _ => return None,
        };
        let root = clap::Command::new("redis-doctor").subcommand_required(true).disable_help_subcommand(true);
        Some(root.disable_help_flag(true).subcommand(command))
    }
}

/// Flags of `ping`.
#[derive(Args, Debug)]
pub(super) struct PingArgs {
    /// Stop after this many PINGs [default: until a signal]
    #[arg(short, long, visible_short_alias = 'r', value_name = "N", value_parser = value::count, allow_hyphen_values = true)]
    pub(super) count: Option<u64>,
    /// Time between two PINGs (bare numbers are seconds); 0 is back to back
    #[arg(short, long, value_name = "TIME", default_value = "1s", value_parser = value::interval, allow_hyphen_values = true)]
    pub(super) interval: Pace,
    /// Stop after this long, whatever came back [default: until a signal]
    #[arg(short = 'w', long, alias = "duration", value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) deadline: Option<Duration>,
    /// A PING without a reply after this long has failed
    #[arg(short = 'W', long, value_name = "TIME", default_value = "2s", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) timeout: Duration,
    /// Bytes that travel with each PING beside its nonce (64k, 1m; at most 16m)
    #[arg(long, value_name = "BYTES", default_value = "0", value_parser = value::size, allow_hyphen_values = true)]
    pub(super) payload: usize,
    /// Print the time before each line, in seconds since 1970 as ping -D does
    #[arg(short = 'D', long)]
    pub(super) timestamps: bool,
    #[command(flatten)]
    pub(super) run: RunArgs,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

/// Flags of `subscribe`.
#[derive(Args, Debug)]
pub(super) struct SubscribeArgs {
    /// Channels (any bytes)
    #[arg(value_name = "CHANNEL")]
    pub(super) channels: Vec<OsString>,
    /// Pattern of channels, as PSUBSCRIBE takes it (repeatable)
    #[arg(long = "pattern", value_name = "GLOB")]
    pub(super) patterns: Vec<OsString>,
    /// Shard channel, as SSUBSCRIBE takes it (repeatable)
    #[arg(long = "shard", value_name = "CHANNEL")]
    pub(super) shards: Vec<OsString>,
    /// Stop after this many messages [default: until a signal]
    #[arg(short, long, value_name = "N", value_parser = value::count, allow_hyphen_values = true)]
    pub(super) count: Option<u64>,
    /// Stop after this long (bare numbers are seconds) [default: until a signal]
    #[arg(short, long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) duration: Option<Duration>,
    /// Alarm when no message came for this long
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) expect_every: Option<Duration>,
    /// Publish numbered messages to each CHANNEL from a second connection and account for every one; other subscribers
    /// see them, too
    #[arg(long)]
    pub(super) verify: bool,
    /// Pace of --verify: 10, 10/s, 600/m [default: 10/s]
    #[arg(long, value_name = "RATE", requires = "verify", value_parser = value::publish_rate, allow_hyphen_values = true)]
    pub(super) rate: Option<Pace>,
    /// Print the time (UTC) before each line
    #[arg(short = 'D', long)]
    pub(super) timestamps: bool,
    /// Form of the messages on stdout; raw is the bytes and a line end
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: MessageFormat,
    /// Form of the report in --output FILE; without that, a summary goes to stderr [default: text]
    #[arg(long, value_name = "FORMAT", requires = "output")]
    pub(super) report_format: Option<Format>,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

/// Flags of `soak`.
#[derive(Args, Debug)]
pub(super) struct SoakArgs {
    /// Stop after this long (bare numbers are seconds) [default: until a signal]
    #[arg(short, long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) duration: Option<Duration>,
    /// Probes per connection: 10, 10/s, 600/m; 0 is as fast as they go [default: 10/s]
    #[arg(long, value_name = "RATE", value_parser = value::rate, allow_hyphen_values = true)]
    pub(super) rate: Option<Pace>,
    /// What to do, comma-separated; mixed is all three
    #[arg(long, value_name = "WORKLOAD", value_delimiter = ',', default_value = "ping,pubsub")]
    pub(super) workload: Vec<Workload>,
    /// Connections under test, 1 to 10000
    #[arg(long, value_name = "N", default_value = "1", value_parser = value::parallelism, allow_hyphen_values = true)]
    pub(super) connections: u32,
    /// Probes in flight at once on each connection, 1 to 10000 [default: 1]
    #[arg(long, value_name = "M", value_parser = value::parallelism, allow_hyphen_values = true)]
    pub(super) concurrency: Option<u32>,
    /// Bytes that travel with each probe beside its nonce (64k, 1m; at most 16m) [default: 0]
    #[arg(long, value_name = "BYTES", value_parser = value::size, allow_hyphen_values = true)]
    pub(super) payload: Option<usize>,
    /// A probe without a reply after this long has failed [default: 2s]
    #[arg(short = 'W', long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    pub(super) timeout: Option<Duration>,
    /// Numbered messages per connection: 10, 10/s, 600/m [default: 10/s]
    #[arg(long, value_name = "RATE", value_parser = value::publish_rate, allow_hyphen_values = true)]
    pub(super) verify_rate: Option<Pace>,
    /// Channels subscribed on each connection, 1 to 10000; the numbered messages go to the first [default: 1]
    #[arg(long, value_name = "N", value_parser = value::parallelism, allow_hyphen_values = true)]
    pub(super) channels: Option<u32>,
    /// Stop at the first state the connection cannot leave by itself, instead of going on with a fresh one
    #[arg(long)]
    pub(super) stop_on_critical: bool,
    #[command(flatten)]
    pub(super) run: RunArgs,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

/// Flags of `proxy`.
#[derive(Args, Debug)]
pub(super) struct ProxyArgs {
    /// Address to listen on, or a port of 127.0.0.1; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:6380", value_parser = value::listen)]
    pub(super) listen: SocketAddr,
    /// Server behind it as a URL [env: REDIS_URL, VALKEY_URL] [default: redis://127.0.0.1:6379]
    #[arg(short, long, value_name = "URL", value_parser = value::secret)]
    pub(super) uri: Option<Secret>,
    /// Put the embedded server behind it
    #[arg(long, conflicts_with = "uri")]
    pub(super) sandbox: bool,
    /// Listen also where other machines can connect: they reach the server, and can break its connections
    #[arg(long)]
    pub(super) allow_remote: bool,
    /// Form of the events: text on stderr, or ndjson on stdout
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: EventFormat,
    /// Seed of all randomness [default: another one each time]
    #[arg(long, value_name = "N", value_parser = value::seed, allow_hyphen_values = true)]
    pub(super) seed: Option<u64>,
    #[command(flatten)]
    pub(super) faults: FaultArgs,
}

/// Flags of `drill`.
#[derive(Args, Debug)]
pub(super) struct DrillArgs {
    /// Every case there is; the default when neither --case nor --fault nor --incident is given
    #[arg(long)]
    pub(super) all: bool,
    /// Cases by name, comma-separated (the names are below)
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = Case::named, conflicts_with = "all")]
    pub(super) case: Vec<Case>,
    /// Policies to put through it, comma-separated
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "bare,library,elasticache,hardened")]
    pub(super) policy: Vec<PolicyName>,
    /// Exit 2 unless these policies survive every case, comma-separated
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) must_survive: Vec<PolicyName>,
    /// Form of the results
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: DrillFormat,
    /// Write the results to this file
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// No progress
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Seed of all randomness [default: another one each time]
    #[arg(long, value_name = "N", value_parser = value::seed, allow_hyphen_values = true)]
    pub(super) seed: Option<u64>,
    #[command(flatten)]
    pub(super) faults: FaultArgs,
    #[command(flatten)]
    pub(super) connection: ConnectionArgs,
}

/// Flags of `report`.
#[derive(Args, Debug)]
pub(super) struct ReportArgs {
    /// Journals, or the saved stdout of --format ndjson; several are merged
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) format: FormatArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) gates: GateArgs,
}

/// Flags of `explain`.
#[derive(Args, Debug)]
pub(super) struct ExplainArgs {
    /// A code (RD012), an errno (104, ECONNRESET), a name from a report, or any words, also a whole line of a log
    #[arg(value_name = "WORDS")]
    pub(super) words: Vec<OsString>,
    /// List everything there is
    #[arg(long, conflicts_with = "words")]
    pub(super) list: bool,
    /// Form of the explanation
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: DocumentFormat,
    /// Colour; auto is on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorChoice,
}

/// One part of what `soak` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Workload {
    /// PING with a nonce
    Ping,
    /// Numbered messages on channels redis-doctor:<run>:<n>, each accounted for
    Pubsub,
    /// SET and GET of keys under redis-doctor: that expire by themselves
    Kv,
    /// All three
    Mixed,
}

/// A shell with a completion script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(super) enum Shell {
    Bash,
    Elvish,
    Fish,
    Nushell,
    Powershell,
    Zsh,
}
