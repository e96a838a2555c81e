//! `redis-doctor trace`: its flags and its request.

use std::time::Duration;

use clap::{Args, ValueHint};

use crate::{
    cli::{
        choice::{completed, formats},
        environment::{Environment, fresh_seed},
        error::UsageError,
        groups::{ConnectionArgs, GateArgs, JournalArgs, MetricsArgs, ResultArgs},
        run::{self, RunRequest},
        subcommand::Subcommand,
        uri, value,
    },
    output::{self, Content, Format, OutputOptions},
    plan::{Address, Gate, Metric, Plan, StopCondition, Tracing},
};

/// The port of Redis and Valkey.
const PORT: u16 = 6379;

/// Long help of `--fail-on`.
const CONDITIONS: &str = "Exit 2 (critical) if this is true (repeatable)

For example connections_lost>0, attempts_failed>10 or bytes_in_doubt>0.";

/// Flags of `trace`.
#[derive(Args, Debug)]
#[command(
    mut_arg("fail_on", |gate| gate.long_help(CONDITIONS).value_parser(completed(str::parse::<Gate>, figures))),
    mut_arg("warn_on", |gate| gate.value_parser(completed(str::parse::<Gate>, figures)))
)]
pub(in crate::cli) struct TraceArgs {
    /// Examine connections to this server only (HOST:PORT or a URL)
    ///
    /// All addresses of the name count. Nothing is sent to the server.
    #[arg(value_name = "HOST:PORT", value_hint = ValueHint::Hostname)]
    server: Option<String>,
    /// Examine connections to these ports [default: 6379]
    ///
    /// With --pid, the default is any port.
    #[arg(short, long, value_name = "PORT,…", value_delimiter = ',', value_parser = value::port, conflicts_with = "server",
          allow_hyphen_values = true)]
    port: Vec<u16>,
    /// Examine connections of this process only
    #[arg(long, value_name = "PID", value_parser = value::pid)]
    pid: Option<u32>,
    /// Watch, and show events as they happen
    ///
    /// Shows how each connection ends, failed attempts to connect, and findings as they come and go. Without it, the
    /// connections are examined a single time.
    #[arg(long)]
    watch: bool,
    /// Watch for this long [default: until Ctrl-C]
    ///
    /// Implies --watch.
    #[arg(short, long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    duration: Option<Duration>,
    /// Result format [default: that of the name of --output, or text]
    #[arg(long, value_name = "FORMAT", help_heading = "Output", value_parser = formats(Content::Trace))]
    format: Option<Format>,
    #[command(flatten)]
    result: ResultArgs,
    #[command(flatten)]
    journal: JournalArgs,
    #[command(flatten)]
    gates: GateArgs,
    #[command(flatten)]
    metrics: MetricsArgs,
}

impl Subcommand for TraceArgs {
    const NAME: &'static str = "trace";
    const ABOUT: &'static str = "Examine the connections of running applications (Linux)";
    const HELP: &'static str = "\
Examples:
  redis-doctor trace                         # all connections to port 6379
  redis-doctor trace --pid 4711              # those of one process, to any port
  redis-doctor trace cache.example:6380 --watch
  redis-doctor trace -d 1m --fail-on 'connections_lost>0' -o trace.json
  redis-doctor trace --watch --journal trace.ndjson --listen-metrics 9122
  redis-doctor report trace.ndjson
  redis-doctor trace --format csv | column -ts,

Reads the kernel's socket table as an ordinary user, and sends nothing. Finds
half-open connections, a server that does not read, clients that do not read or
do not close, subscribers without keepalive, and connection attempts without an
answer. --watch adds how each connection ends, what was in doubt, and the real
reconnect schedule. Processes of other users appear with their user and control
group. Connections in other network namespaces (containers) are not visible:
as root, nsenter -t PID -n redis-doctor trace.
Conditions of --fail-on name connections_lost, attempts_failed or
bytes_in_doubt.
Exit status: 0 healthy, 1 degraded, 2 critical, 3 no connection or wrong usage.";
    type Request = RunRequest;

    fn resolve(self, environment: &Environment) -> Result<RunRequest, UsageError> {
        let watch = self.watch || self.duration.is_some();
        if let Some(flag) = self.metrics.given().filter(|_| !watch) {
            return Err(UsageError::new(flag, "a single look has no metrics over time", "add --watch"));
        }
        let GateArgs { fail_on, warn_on, exit_zero } = self.gates;
        refuse_other_figures("--fail-on", &fail_on)?;
        refuse_other_figures("--warn-on", &warn_on)?;
        let server = self.server.as_deref().map(server).transpose()?;
        let mut ports = match (&server, self.pid) {
            (Some((_, port)), _) => vec![*port],
            (None, None) if self.port.is_empty() => vec![PORT],
            (None, _) => self.port,
        };
        ports.sort_unstable();
        ports.dedup();
        let metrics = self.metrics.resolve(&ConnectionArgs::default(), environment)?;
        let JournalArgs { journal, journal_max_size, journal_reopen } = self.journal;
        run::refuse_one_file(journal.as_deref(), self.result.output.as_deref())?;
        let tracing = Tracing { host: server.map(|(host, _)| host), ports, pid: self.pid, program: None, watch };
        let plan = Plan {
            stop: StopCondition { duration: self.duration, ..StopCondition::default() },
            fail_on,
            warn_on,
            ..Plan::of_trace(tracing, fresh_seed())
        };
        let output = OutputOptions {
            format: Format::chosen(self.format, self.result.output.as_deref(), Content::Trace),
            output: output::file(self.result.output),
            journal,
            journal_max_size,
            journal_reopen,
            quiet: self.result.quiet,
            color: environment.color(self.result.color),
            exit_zero,
            ..OutputOptions::default()
        };
        Ok(RunRequest { plan, server: None, output, baseline: None, metrics })
    }
}

/// Returns the figures that a condition may name.
fn figures() -> Vec<&'static str> {
    Metric::of_trace().collect()
}

/// Refuses conditions on figures that a trace does not have.
fn refuse_other_figures(flag: &'static str, gates: &[Gate]) -> Result<(), UsageError> {
    let Some(gate) = gates.iter().find(|gate| !gate.metric.is_of_trace()) else { return Ok(()) };
    let problem = format!("'{gate}': a trace has no such figure");
    Err(UsageError::new(flag, problem, format!("use one of {}", figures().join(", "))))
}

/// Reads a server.
fn server(text: &str) -> Result<(String, u16), UsageError> {
    let url = uri::parse_server(text).map_err(|source| UsageError::Url { argument: "HOST:PORT", source })?;
    match url.address {
        Address::Tcp { host, port, .. } => Ok((host, port)),
        Address::Unix(_) => Err(UsageError::new(
            "HOST:PORT",
            "a unix socket has no TCP connections",
            "use --pid for those of a process",
        )),
    }
}
