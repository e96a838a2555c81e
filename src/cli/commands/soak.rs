//! `redis-doctor soak`: its flags and its request.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use crate::{
    cli::{
        deployment::ADD_CLUSTER,
        environment::Environment,
        error::UsageError,
        groups::{FormatArgs, MetricsArgs, RunArgs, TargetArgs},
        run::{self, RunRequest, default_rate},
        subcommand::Subcommand,
        value,
    },
    plan::{Cluster, Command, Pace, Plan, ProbeKind, ProbePlan, StopCondition, SubscriptionPlan, Via},
    tls,
};

/// Most keys that the ledger writes a second: a million are kept at a time.
const LEDGER_RATE: u32 = 2000;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2);

/// Flags of `soak`.
#[derive(Args, Debug)]
pub(in crate::cli) struct SoakArgs {
    /// Stop after this long [default: until a signal]
    #[arg(short, long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    duration: Option<Duration>,
    /// Probe rate per connection; 0 = unlimited [default: 10/s]
    ///
    /// For example 10, 10/s or 600/m. More than 1000 connections share 10000/s by default.
    #[arg(long, value_name = "RATE", value_parser = value::rate, allow_hyphen_values = true)]
    rate: Option<Pace>,
    /// Workload, comma-separated [default: ping,pubsub]
    #[arg(long, value_name = "WORKLOAD", value_delimiter = ',')]
    workload: Vec<Workload>,
    /// Number of connections under test, 1 to 10000
    #[arg(long, value_name = "N", default_value = "1", value_parser = value::parallelism, allow_hyphen_values = true)]
    connections: u32,
    /// Probes in flight per connection, 1 to 10000 [default: 1]
    #[arg(long, value_name = "M", value_parser = value::parallelism, allow_hyphen_values = true)]
    concurrency: Option<u32>,
    /// Extra bytes in each probe, at most 16m [default: 0]
    ///
    /// For example 512, 64k or 1m.
    #[arg(long, value_name = "BYTES", value_parser = value::size, allow_hyphen_values = true)]
    payload: Option<usize>,
    /// Timeout of a probe [default: 2s]
    ///
    /// A probe without a reply counts as failed after this long.
    #[arg(short = 'W', long, value_name = "TIME", value_parser = value::positive_duration, allow_hyphen_values = true)]
    timeout: Option<Duration>,
    /// Numbered messages per connection [default: 10/s]
    ///
    /// For example 10, 10/s or 600/m. More than 1000 connections share 10000/s by default.
    #[arg(long, value_name = "RATE", value_parser = value::publish_rate, allow_hyphen_values = true)]
    verify_rate: Option<Pace>,
    /// Channels per connection, 1 to 10000 [default: 1]
    ///
    /// Each connection subscribes to this many; its numbered messages go to the first.
    #[arg(long, value_name = "N", value_parser = value::parallelism, allow_hyphen_values = true)]
    channels: Option<u32>,
    /// Compare with this earlier run at the end
    ///
    /// A journal of --journal or a report of --format json, of the same workload. The report has the figures of both, and a
    /// problem for each that is worse. The exit code is 0 if nothing is worse and no problem is new, see 'redis-doctor help
    /// compare'.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Stop when a connection cannot recover on its own
    ///
    /// Without this flag, the run continues with a new session.
    #[arg(long)]
    stop_on_critical: bool,
    /// With --cluster, the client of the commands [default: direct]
    ///
    /// direct has connections to each node. cluster-client drives the cluster client of redis-rs beside them, with the same
    /// probes on keys in the slots of each node, and reports how it fares. It needs GET (and SET) on redis-doctor:*.
    #[arg(long, value_name = "CLIENT", help_heading = "Connection")]
    via: Option<Via>,
    #[command(flatten)]
    servers: TargetArgs,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    metrics: MetricsArgs,
}

/// A part of the workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Workload {
    /// PING with a nonce
    Ping,
    /// Numbered messages on channels redis-doctor:RUN:N, each accounted for
    Pubsub,
    /// The same on shard channels (SSUBSCRIBE), in a cluster of each node's slots
    ShardPubsub,
    /// SET and GET of expiring keys under redis-doctor:
    Kv,
    /// PING, messages, and SET and GET
    Mixed,
    /// SET of numbered keys, read back at the end
    Ledger,
}

impl Subcommand for SoakArgs {
    const NAME: &'static str = "soak";
    const ABOUT: &'static str = "Hold connections for minutes or weeks and report every outage";
    const HELP: &'static str = "\
Examples:
  redis-doctor soak --sandbox -d 15s               # a demonstration
  redis-doctor soak -u rediss://cache.example:6379 -d 14d --journal soak.ndjson
  redis-doctor soak --policy library --workload mixed --connections 4 -d 1h
  redis-doctor soak --workload ping --rate 0 --concurrency 50 -d 10s
  redis-doctor soak -d 1h --fail-on 'outage>2s' -o report.json
  redis-doctor soak -d 10m --baseline monday.ndjson
  redis-doctor soak --listen-metrics 9122          # for Prometheus: /metrics
  redis-doctor soak --cluster -u redis://10.0.0.5 --via cluster-client -d 1h
  redis-doctor soak --sandbox --connections 50 --incident thundering-herd -d 15s
  redis-doctor soak --connections 50 --spread 1s --fail-on 'reconnect_peak>20'

Workloads:
  ping     PING with a nonce
  kv       SET and GET of expiring keys under redis-doctor:
  pubsub   numbered messages on channels redis-doctor:RUN:N
  shard-pubsub
           the same on shard channels (Redis 7 or Valkey): with --cluster, on
           a channel in the slots of each node
  mixed    all three
  ledger   SET of numbered keys; those acknowledged are read back from the
           primary at the end: it counts the writes that a failover lost
Where a proxy has no pub/sub, the default workload continues without it.
--rate, --concurrency, --payload and --timeout apply to probes (ping, kv),
--verify-rate and --channels to pubsub. SIGINT, SIGTERM and SIGHUP end the run
and print its report; SIGUSR1 prints interim figures.
Exit status: 0 healthy, 1 degraded, 2 critical, 3 wrong usage.";
    type Request = RunRequest;

    fn resolve(self, environment: &Environment) -> Result<RunRequest, UsageError> {
        self.resolve_as(Command::Soak, environment)
    }
}

impl SoakArgs {
    /// Makes the request of a command that holds connections.
    pub(super) fn resolve_as(mut self, command: Command, environment: &Environment) -> Result<RunRequest, UsageError> {
        let by_default = self.workload.is_empty();
        let workload = if by_default { &[Workload::Ping, Workload::Pubsub] } else { self.workload.as_slice() };
        let wants = |part| workload.contains(&part) || workload.contains(&Workload::Mixed);
        let ledger = workload.contains(&Workload::Ledger);
        let kind = match (wants(Workload::Ping), wants(Workload::Kv)) {
            _ if ledger => Some(ProbeKind::Ledger),
            (true, true) => Some(ProbeKind::Mixed),
            (true, false) => Some(ProbeKind::Ping),
            (false, true) => Some(ProbeKind::Kv),
            (false, false) => None,
        };
        if ledger {
            self.check_ledger(wants(Workload::Ping) || wants(Workload::Kv))?;
        }
        let sharded = workload.contains(&Workload::ShardPubsub);
        if sharded && wants(Workload::Pubsub) {
            let problem = "pubsub and shard-pubsub exclude each other";
            return Err(UsageError::new("--workload", problem, "run soak twice"));
        }
        self.refuse_idle_flags(kind.is_some(), wants(Workload::Pubsub) || sharded)?;
        let probes = kind.map(|kind| ProbePlan {
            kind,
            pace: self.rate.unwrap_or(default_rate(self.connections)),
            concurrency: self.concurrency.unwrap_or(1),
            payload: self.payload.unwrap_or(0),
            report_each: false,
            timeout: self.timeout.unwrap_or(DEFAULT_TIMEOUT),
        });
        // No channels: each connection gets a private one, named after the run.
        let subscription = (wants(Workload::Pubsub) || sharded).then(|| SubscriptionPlan {
            sharded,
            private: self.channels.unwrap_or(1),
            verify: Some(self.verify_rate.unwrap_or(default_rate(self.connections))),
            optional: by_default && self.verify_rate.is_none() && self.channels.is_none(),
            ..SubscriptionPlan::default()
        });
        let via = self.via.unwrap_or_default();
        let (format, rows) = self.format.resolve(self.run.output.output.as_deref())?;
        self.servers.add_to(&mut self.run.connection);
        let args = (self.run, Some(&self.metrics));
        let request = run::resolve(command, args, environment, |RunRequest { plan, output, baseline, .. }| {
            (output.format, output.rows) = (format, rows);
            *baseline = self.baseline;
            plan.probes = probes;
            plan.subscription = subscription;
            plan.connections = self.connections;
            plan.cluster = plan.cluster.map(|cluster| Cluster { via, ..cluster });
            plan.stop = StopCondition { count: None, duration: self.duration, on_critical: self.stop_on_critical };
        })?;
        if via == Via::ClusterClient {
            check_cluster_client(&request.plan)?;
        }
        if request.baseline.is_some() && request.plan.scope.is_some() {
            return Err(UsageError::new("--baseline", "it is for a single target", "name one server"));
        }
        Ok(request)
    }
}

/// Refuses a cluster client where there is no cluster, or nothing to send, and where redis-rs cannot reach the nodes itself.
fn check_cluster_client(plan: &Plan) -> Result<(), UsageError> {
    let beyond = tls::beyond_redis_rs(&plan.target);
    let relayed = beyond.map(|why| format!("{why}, and the relay that does it is for one node"));
    let (problem, remedy) = if plan.cluster.is_none() {
        ("a cluster client needs a cluster".to_owned(), ADD_CLUSTER)
    } else if plan.probes.is_none() {
        let problem = "the cluster client sends probes, and the workload has none";
        (problem.to_owned(), "add ping or kv to --workload")
    } else if !plan.faults.is_empty() {
        let problem = "a cluster client connects to the nodes, not to the fault proxy";
        (problem.to_owned(), "omit --fault and --incident")
    } else if let Some(problem) = relayed {
        (problem, "change the TLS flags")
    } else {
        return Ok(());
    };
    Err(UsageError::new("--via", problem, remedy))
}

impl SoakArgs {
    /// Refuses other probes beside the ledger, and more keys than a server should be burdened with.
    fn check_ledger(&self, other: bool) -> Result<(), UsageError> {
        if other {
            let remedy = "use --workload ledger, or ledger,pubsub";
            return Err(UsageError::new("--workload", "ledger excludes ping, kv and mixed", remedy));
        }
        let pace = self.rate.unwrap_or(default_rate(self.connections));
        let each = pace.due(1).unwrap_or_default();
        if each * LEDGER_RATE < Duration::from_secs(1) * self.connections {
            let problem =
                format!("the keys of the ledger stay for ten minutes, so at most {LEDGER_RATE}/s are written");
            return Err(UsageError::new("--rate", problem, "lower --rate, or --connections"));
        }
        Ok(())
    }

    /// Refuses flags for a part that the workload does not have.
    fn refuse_idle_flags(&self, probes: bool, pubsub: bool) -> Result<(), UsageError> {
        let for_probes = [
            ("--rate", self.rate.is_some()),
            ("--concurrency", self.concurrency.is_some()),
            ("--payload", self.payload.is_some()),
            ("--timeout", self.timeout.is_some()),
        ];
        if let Some((flag, _)) = for_probes.into_iter().find(|(_, given)| *given && !probes) {
            let remedy = match flag {
                "--rate" => "add ping to the workload or use --verify-rate",
                _ => "add ping to the workload",
            };
            return Err(UsageError::new(flag, "it is for probes, and --workload pubsub sends none", remedy));
        }
        let for_pubsub = [("--verify-rate", self.verify_rate.is_some()), ("--channels", self.channels.is_some())];
        if let Some((flag, _)) = for_pubsub.into_iter().find(|(_, given)| *given && !pubsub) {
            return Err(UsageError::new(flag, "the workload has no messages to verify", "add pubsub to --workload"));
        }
        Ok(())
    }
}
