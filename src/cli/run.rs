//! The request of `ping`, `subscribe` and `soak`, which run a plan.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    deployment,
    environment::{Environment, fresh_seed},
    error::UsageError,
    groups::{JournalArgs, MetricsArgs, RunArgs},
    policy, target, targets,
};
use crate::{
    output::{self, OutputOptions},
    plan::{Cluster, Collector, Command, LocalServer, Pace, Password, Plan, ProbeKind, Scope, Target, Via},
};

/// Default rate of probes and of numbered messages.
pub(super) const DEFAULT_RATE: Pace = Pace::Every(DEFAULT_PERIOD);
const DEFAULT_PERIOD: Duration = Duration::from_millis(100);

/// Sum of the default rates of all connections, per second: with it, ten thousand connections that are lost together come
/// back within seconds on two cores, and with ten times as much they do not.
const DEFAULT_RATES: u32 = 10_000;

/// Returns the default rate of a connection among several.
pub(super) fn default_rate(connections: u32) -> Pace {
    Pace::Every(DEFAULT_PERIOD.max(Duration::from_secs(1) * connections / DEFAULT_RATES))
}

/// A plan and the output of its run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunRequest {
    pub plan: Plan,
    /// The server that redis-doctor starts as the target.
    pub server: Option<LocalServer>,
    pub output: OutputOptions,
    /// Journal or JSON report of the run with which this one is compared at its end.
    pub baseline: Option<PathBuf>,
    /// Metrics that are served, or sent, during the run.
    pub metrics: Option<MetricsRequest>,
}

impl RunRequest {
    /// Gives the servers of the metrics what became known after them, and takes over their warnings.
    fn complete_metrics(&mut self, typed: bool) {
        if let Some(metrics) = &mut self.metrics {
            metrics.share_login(&self.plan, typed);
            self.output.warnings.append(&mut metrics.warnings);
        }
    }
}

/// An HTTP server for metrics, a collector that gets them, or both.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MetricsRequest {
    /// Address to listen on; `None` without a server.
    pub listen: Option<SocketAddr>,
    /// Servers besides those of the run that a scraper may have checked.
    pub allowed: Vec<Target>,
    /// Collector of `--otlp`.
    pub collector: Option<Collector>,
    /// Warnings for stderr, one line each, without line end.
    pub warnings: Vec<String>,
}

impl MetricsRequest {
    /// Gives the allowed servers without a login the password of the run that was typed or is fetched; not one that a URL
    /// of several targets gives, which is for that target alone.
    fn share_login(&mut self, plan: &Plan, typed: bool) {
        let typed = typed && plan.scope.is_none();
        let of_run = plan.scope.as_ref().and_then(|scope| scope.targets.first()).unwrap_or(&plan.target);
        for target in &mut self.allowed {
            let fetched = matches!(target.password, Some(Password::Asked(_)));
            if fetched || (typed && target.password.is_none()) {
                target.password.clone_from(&of_run.password);
            }
        }
    }
}

/// Makes the parts that all runs share; `fill` adds probes, subscription and stop. The password prompt comes last: a user
/// should not type one for a command that is then refused.
pub(super) fn resolve(
    command: Command,
    (mut args, metrics): (RunArgs, Option<&MetricsArgs>),
    environment: &Environment,
    fill: impl FnOnce(&mut RunRequest),
) -> Result<RunRequest, UsageError> {
    deployment::expand(&mut args, environment)?;
    if args.replicas && !args.cluster {
        return Err(UsageError::new("--replicas", "only a cluster has replicas to examine", deployment::ADD_CLUSTER));
    }
    let metrics = metrics.map_or(Ok(None), |metrics| metrics.resolve(&args.connection, environment))?;
    let connection = target::resolve(&args.connection, environment)?;
    let sentinels = deployment::sentinels(&args, &connection.target)?;
    let JournalArgs { journal, journal_max_size, journal_reopen } = args.journal;
    refuse_one_file(journal.as_deref(), args.output.output.as_deref())?;
    let server = args.connection.spawn.or_sandbox(args.connection.sandbox);
    let named_by = sentinels.as_ref().map_or(connection.target.named_by, |_| "--sentinel".to_owned());
    let target = Target { named_by, ..connection.target };
    let alone = || Scope { targets: vec![target.clone()], ..Scope::default() };
    let scope = connection.scope.or_else(|| args.cluster.then(alone));
    let (policy, seed) = (policy::resolve(&args.policy)?, args.seed.unwrap_or_else(fresh_seed));
    let plan = Plan {
        scope,
        cluster: args.cluster.then_some(Cluster { replicas: args.replicas, via: Via::Direct }),
        sentinels,
        sandbox: server == Some(LocalServer::Sandbox),
        protocol: connection.protocol,
        faults: args.faults.schedules(),
        fail_on: args.gates.fail_on,
        warn_on: args.gates.warn_on,
        evidence: !args.no_evidence,
        max_reply: args.max_reply.unwrap_or(Plan::MAX_REPLY),
        ..Plan::new(command, target, policy, seed)
    };
    let mut options = args.output.options(environment);
    args.text.apply_to(&mut options);
    let output = OutputOptions {
        journal,
        journal_max_size,
        journal_reopen,
        // The messages of `subscribe` are on stdout, so its report goes there only if asked to.
        output: if command == Command::Subscribe { options.output } else { output::file(options.output) },
        exit_zero: args.gates.exit_zero,
        warnings: connection.warnings,
        ..options
    };
    let mut request = RunRequest { plan, server, output, baseline: None, metrics };
    fill(&mut request);
    refuse_writes_to_replicas(&request.plan)?;
    match &mut request.plan.scope {
        Some(scope) => targets::ask(scope, &args.connection, environment)?,
        None => target::ask(&mut request.plan.target, &args.connection, environment)?,
    }
    request.complete_metrics(args.connection.askpass);
    Ok(request)
}

/// Refuses a journal in the file of the report.
pub(super) fn refuse_one_file(journal: Option<&Path>, output: Option<&Path>) -> Result<(), UsageError> {
    if journal.is_some() && journal == output {
        return Err(UsageError::new("--journal", "it is the same file as --output", "use two files"));
    }
    Ok(())
}

/// Refuses a workload that writes, if replicas are among the targets.
fn refuse_writes_to_replicas(plan: &Plan) -> Result<(), UsageError> {
    let replicas = plan.cluster.is_some_and(|cluster| cluster.replicas);
    if replicas && plan.subscription.as_ref().is_some_and(|subscription| subscription.sharded) {
        let problem = "no message can be published on a shard channel of a replica";
        return Err(UsageError::new("--replicas", problem, "omit shard-pubsub from --workload, or omit --replicas"));
    }
    let writes = plan.probes.as_ref().is_some_and(|probes| probes.kind != ProbeKind::Ping);
    if writes && replicas {
        let problem = "replicas redirect the writes of the kv workload (MOVED)";
        return Err(UsageError::new("--replicas", problem, "omit kv from --workload, or omit --replicas"));
    }
    Ok(())
}
