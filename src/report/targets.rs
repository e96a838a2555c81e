//! The report of a run with several targets: the report of each, worst first, and what concerns all of them.

use std::cmp::{Ordering, Reverse};

use schemars::JsonSchema;
use serde::Serialize;

use super::{ClusterClient, Finding, Latency, Outages, Probes, Report, TraceReport, cluster, cluster_client};
use crate::{
    clock::Seconds,
    event::{Event, SCHEMA_VERSION},
    foreign::Foreign,
    plan::{Gate, RejectedLine},
    record::{
        AllFigures, ClusterFigures, Figures, NoteRow, ScopeFigures, SimultaneousLoss, TargetFigures, TraceFigures,
    },
    verdict::{Severity, Verdict},
};

/// Entry of `redis-doctor explain` for a simultaneous loss.
const TOGETHER: &str = "RD224";

/// Entry for a line that could not be read.
const REJECTED: &str = "RD225";

/// Targets that a sentence names.
const NAMED: usize = 5;

/// The report of a run: of a single target, or of several.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum RunReport {
    /// The report of a single target.
    Lone(Box<Report>),
    /// The report of several targets.
    Several(Box<ScopeReport>),
    /// The report of a trace.
    Traced(Box<TraceReport>),
}

impl RunReport {
    /// Judges the figures by the gates of each run's own plan.
    pub(crate) fn new(figures: &AllFigures) -> Self {
        Self::judged(figures, Report::new, |figures, trace| {
            let (fail_on, warn_on) = figures.gates();
            TraceReport::new(figures, trace, fail_on, warn_on)
        })
    }

    /// Judges the figures of journals by the given gates; without any, by those of their plans.
    pub(crate) fn replayed(figures: &AllFigures, fail_on: &[Gate], warn_on: &[Gate]) -> Self {
        let judge = |figures: &Figures| Report::replayed(figures, fail_on, warn_on);
        Self::judged(figures, judge, |figures, trace| {
            let own = figures.gates();
            let (fail_on, warn_on) = if fail_on.is_empty() && warn_on.is_empty() { own } else { (fail_on, warn_on) };
            TraceReport::new(figures, trace, fail_on, warn_on)
        })
    }

    fn judged(
        figures: &AllFigures,
        judge: impl Fn(&Figures) -> Report,
        judge_trace: impl Fn(&Figures, &TraceFigures) -> TraceReport,
    ) -> Self {
        match figures {
            AllFigures::Lone(figures) => match &figures.trace {
                Some(trace) => Self::Traced(Box::new(judge_trace(figures, trace))),
                None => Self::Lone(Box::new(judge(figures))),
            },
            AllFigures::Several(figures) => Self::Several(Box::new(ScopeReport::new(figures, judge))),
        }
    }

    /// Returns the verdict that decides the exit code; `None` if there was nothing to judge.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Lone(report) => Some(report.outcome()),
            Self::Several(report) => Some(report.verdict),
            Self::Traced(report) => report.verdict,
        }
    }

    /// Returns true if a part of the list of targets could not be read.
    pub(crate) fn is_partial(&self) -> bool {
        matches!(self, Self::Several(report) if !report.rejected.is_empty())
    }
}

/// The result of one or several runs with several targets.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ScopeReport {
    /// Version of this JSON.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: u32,
    /// Version of redis-doctor.
    pub version: String,
    /// Verdict of the worst target.
    pub verdict: Verdict,
    /// True if every run is there from its beginning to its end.
    pub complete: bool,
    /// True if the report was requested during the run.
    pub interim: bool,
    /// Duration of the runs in seconds.
    #[schemars(with = "Seconds")]
    pub duration: f64,
    /// Number of targets by verdict.
    pub verdicts: Verdicts,
    /// Counts of the repeated commands of all targets; null if the run only subscribed.
    pub probes: Option<ProbeSums>,
    /// Latency of answered probes of all targets, from the intended start.
    pub latency: Option<Latency>,
    /// Latency of answered probes of all targets, from the real start.
    pub service: Option<Latency>,
    /// Latency of numbered messages of all targets, from PUBLISH to receipt.
    pub end_to_end: Option<Latency>,
    /// Sums of the outages of all targets.
    pub outages: OutageSums,
    /// Losses of several targets at the same time: one event each, not several failures.
    pub simultaneous_losses: Vec<SimultaneousLoss>,
    /// The cluster whose nodes the targets are; null outside a cluster.
    pub cluster: Option<ClusterFigures>,
    /// The cluster client beside the direct connections; null without `--via cluster-client`.
    pub cluster_client: Option<ClusterClient>,
    /// Lines of the list of targets that could not be read.
    pub rejected: Vec<RejectedLine>,
    /// Problems and other remarks, worst first.
    pub findings: Vec<TargetFinding>,
    /// Notes that concern no target: the first and the last hundred.
    pub notes: Vec<NoteRow>,
    /// Changes that `watch` showed: the first and the last hundred; absent for other commands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Event>,
    /// Targets, worst first.
    pub targets: Vec<TargetReport>,
}

/// The number of targets by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Verdicts {
    /// Healthy targets.
    pub healthy: usize,
    /// Degraded targets.
    pub degraded: usize,
    /// Critical targets.
    pub critical: usize,
}

/// Sums of the repeated commands of all targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ProbeSums {
    /// Probes started.
    pub launched: u64,
    /// Probes with the right reply.
    pub ok: u64,
    /// Probes that failed with an error, an error reply or a wrong reply.
    pub failed: u64,
    /// Probes without a reply before their deadline.
    pub timed_out: u64,
}

/// Sums of the outages of all targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub(crate) struct OutageSums {
    /// Losses of a connection.
    pub drops: u64,
    /// Stalls that recovered on the same connection, or have not ended.
    pub stalls: u64,
    /// Outages that have not ended.
    pub unresolved: u64,
    /// Total duration of the outages of all connections, in seconds.
    #[schemars(with = "Seconds")]
    pub total: f64,
    /// Longest outage in seconds.
    #[schemars(with = "Seconds")]
    pub longest: f64,
    /// Smallest availability of a target (0 to 1); null if no target was watched.
    #[schemars(range(min = 0, max = 1))]
    pub worst_availability: Option<f64>,
}

/// The report of one of several targets.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct TargetReport {
    /// Label of the target: its name in the list, or `host:port`.
    pub target: Foreign,
    /// Its own report.
    #[serde(flatten)]
    pub report: Report,
}

/// A finding, and the target that it is about.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct TargetFinding {
    /// Label of the target; null if the finding is about several.
    pub target: Option<Foreign>,
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
}

impl ScopeReport {
    fn new(figures: &ScopeFigures, judge: impl Fn(&Figures) -> Report) -> Self {
        let report = |TargetFigures { label, figures }: &TargetFigures| TargetReport {
            target: label.clone(),
            report: judge(figures),
        };
        let mut targets: Vec<_> = figures.targets.iter().map(report).collect();
        targets.sort_by(|one, other| {
            let order = badness(&other.report).partial_cmp(&badness(&one.report)).unwrap_or(Ordering::Equal);
            order.then_with(|| one.target.cmp(&other.target))
        });
        let client = figures.client.as_ref();
        let of_client = client
            .map(|client| cluster_client::findings(client, figures.cluster.as_ref(), &targets))
            .unwrap_or_default();
        let cluster_client = client.map(|client| ClusterClient::new(client, &of_client));
        let findings = findings(figures, &targets, of_client);
        Self {
            schema_version: SCHEMA_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            verdict: Verdict::worst(findings.iter().map(|found| found.finding.severity)),
            complete: targets.iter().all(|target| target.report.complete),
            interim: figures.interim,
            duration: figures.elapsed().as_secs_f64(),
            verdicts: Verdicts::of(&targets),
            probes: targets.iter().any(|target| target.report.probes.is_some()).then(|| ProbeSums::of(&targets)),
            latency: figures.latency.map(Latency::new),
            service: figures.service.map(Latency::new),
            end_to_end: figures.end_to_end.map(Latency::new),
            outages: OutageSums::of(&targets),
            simultaneous_losses: figures.simultaneous.clone(),
            cluster: figures.cluster.clone(),
            cluster_client,
            rejected: figures.rejected.clone(),
            findings,
            notes: figures.notes.kept.clone(),
            changes: figures.changes.kept.clone(),
            targets,
        }
    }

    /// Returns the targets that are not healthy.
    pub(crate) fn unhealthy(&self) -> &[TargetReport] {
        let healthy = self.targets.partition_point(|target| target.report.verdict != Verdict::Healthy);
        &self.targets[..healthy]
    }
}

/// Returns the order of targets: by verdict, then what users have suffered, then its latency.
fn badness(report: &Report) -> (Verdict, f64, f64, f64) {
    let Outages { total, service, .. } = &report.outages;
    let unserved = service.map_or(0.0, |service| 1.0 - service);
    (report.verdict, unserved, *total, report.latency.map_or(0.0, |latency| latency.p99))
}

fn findings(figures: &ScopeFigures, targets: &[TargetReport], of_client: Vec<Finding>) -> Vec<TargetFinding> {
    let of_all =
        |severity, code, text| TargetFinding { target: None, finding: Finding { severity, code: Some(code), text } };
    let together = figures.simultaneous.iter().map(|loss| of_all(Severity::Info, TOGETHER, lost_together(loss)));
    let rejected = figures.rejected.iter().map(|RejectedLine { line, why }| {
        of_all(Severity::Info, REJECTED, format!("line {line} of the list was skipped: {why}"))
    });
    let of_cluster = figures.cluster.iter().flat_map(cluster::findings);
    let of_cluster = of_cluster.chain(of_client).map(|finding| TargetFinding { target: None, finding });
    let own = targets.iter().flat_map(|TargetReport { target, report }| {
        let of = |finding: &Finding| TargetFinding { target: Some(target.clone()), finding: finding.clone() };
        report.findings.iter().map(of)
    });
    let mut findings: Vec<_> = of_cluster.chain(together).chain(rejected).chain(own).collect();
    findings.sort_by_key(|found| Reverse(found.finding.severity));
    findings
}

/// `4 of 200 targets were lost within 0.3 s: one event in what they share …`
pub(crate) fn lost_together(loss: &SimultaneousLoss) -> String {
    let SimultaneousLoss { within, targets, of, host, .. } = loss;
    let count = targets.len();
    let within = (within.as_secs_f64() * 10.0).ceil().max(1.0) / 10.0;
    let who = if count == *of { format!("all {count} targets") } else { format!("{count} of {of} targets") };
    let what = match host {
        Some(host) => format!("all on {host}: this host, or the network to it"),
        None if count == *of => {
            "one event in this machine, its network, or something that all targets share".to_owned()
        }
        None => "one event in something that they share (a host, a network, a proxy, a maintenance)".to_owned(),
    };
    let named: Vec<_> = targets.iter().take(NAMED).map(|target| &**target).collect();
    let more = if count > NAMED { format!(" and {} more", count - NAMED) } else { String::new() };
    format!("{who} were lost within {within} s, {what}: {}{more}", named.join(", "))
}

impl Verdicts {
    fn of(targets: &[TargetReport]) -> Self {
        let count = |verdict| targets.iter().filter(|target| target.report.verdict == verdict).count();
        Self {
            healthy: count(Verdict::Healthy),
            degraded: count(Verdict::Degraded),
            critical: count(Verdict::Critical),
        }
    }
}

impl ProbeSums {
    fn of(targets: &[TargetReport]) -> Self {
        let mut sums = Self::default();
        for Probes { launched, ok, failed, timed_out, .. } in
            targets.iter().filter_map(|target| target.report.probes.as_ref())
        {
            sums.launched += launched;
            sums.ok += ok;
            sums.failed += failed;
            sums.timed_out += timed_out;
        }
        sums
    }
}

impl OutageSums {
    fn of(targets: &[TargetReport]) -> Self {
        let mut sums = Self::default();
        for outages in targets.iter().map(|target| &target.report.outages) {
            sums.drops += outages.drops;
            sums.stalls += outages.stalls;
            sums.unresolved += outages.unresolved;
            sums.total += outages.total;
            sums.longest = sums.longest.max(outages.longest);
            let worst = sums.worst_availability.into_iter().chain(outages.availability).reduce(f64::min);
            sums.worst_availability = worst;
        }
        sums
    }
}
