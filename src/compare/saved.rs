//! The part of a report that is compared, from a report just made or from a file of `--format json`.

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::{
    clock::WallTime,
    event::{Connected, RunStarted, SCHEMA_VERSION},
    plan::{Plan, ReconnectPolicy},
    report::{Report, Setting},
    verdict::{Severity, Verdict},
};

/// The reason why a file cannot be compared.
#[derive(Debug, Error)]
pub(crate) enum Unreadable {
    #[error("it is neither a journal nor a report of --format json: {0}")]
    Json(#[from] serde_json::Error),
    #[error("its JSON has version {found}, and this redis-doctor reads version {SCHEMA_VERSION}; compare the journals")]
    Version { found: u32 },
    #[error("there is no run in it; expected a journal of --journal or a report of --format json")]
    Empty,
    #[error("its run has several targets; compare runs of one target")]
    SeveralTargets,
    #[error("it is a trace, which has no figures to compare; compare runs of ping, subscribe or soak")]
    Trace,
}

/// The part of a report that is compared.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Saved {
    schema_version: u32,
    pub(super) verdict: Verdict,
    pub(super) duration: f64,
    runs: Vec<Run>,
    pub(super) probes: Option<Probes>,
    pub(super) latency: Option<Latency>,
    pub(super) end_to_end: Option<Latency>,
    pub(super) outages: Outages,
    pub(super) incidents: Incidents,
    pub(super) delivery: Option<Delivery>,
    findings: Vec<Finding>,
}

#[derive(Clone, Debug, Deserialize)]
struct Run {
    #[serde(flatten)]
    started: RunStarted,
    time: WallTime,
    connected: Option<Connected>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Probes {
    pub(super) error_share: Option<f64>,
    pub(super) rate: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Latency {
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) p999: f64,
    pub(super) max: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Outages {
    pub(super) availability: Option<f64>,
    pub(super) drops: u64,
    pub(super) stalls: u64,
    pub(super) longest: f64,
    pub(super) rows: Vec<OutageRow>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Incidents {
    pub(super) count: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct OutageRow {
    pub(super) duration: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Delivery {
    pub(super) lost: u64,
    pub(super) duplicated: u64,
    pub(super) reordered: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Finding {
    severity: Severity,
    pub(super) code: Option<String>,
    pub(super) text: String,
}

impl Saved {
    /// Takes it from a report.
    pub(super) fn of(report: &Report) -> Result<Self, Unreadable> {
        Self::from_json(serde_json::to_value(report)?)
    }

    /// Reads it from the text of a report.
    pub(super) fn read(report: &str) -> Result<Self, Unreadable> {
        Self::from_json(serde_json::from_str(report)?)
    }

    fn from_json(report: Value) -> Result<Self, Unreadable> {
        if report.get("targets").is_some_and(Value::is_array) {
            return Err(Unreadable::SeveralTargets);
        }
        let saved: Self = serde_json::from_value(report)?;
        match () {
            () if saved.schema_version != SCHEMA_VERSION => Err(Unreadable::Version { found: saved.schema_version }),
            () if saved.runs.is_empty() => Err(Unreadable::Empty),
            () => Ok(saved),
        }
    }

    /// Start of the first run.
    pub(super) fn time(&self) -> String {
        self.runs[0].time.to_the_second()
    }

    fn plan(&self) -> &Plan {
        &self.runs[0].started.plan
    }

    /// True if faults were injected.
    pub(super) fn has_faults(&self) -> bool {
        !self.plan().faults.is_empty()
    }

    /// The findings that degrade the verdict.
    pub(super) fn problems(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity > Severity::Info)
    }

    /// Settings that may explain a difference of the figures.
    pub(super) fn changes(&self, after: &Self) -> Vec<Setting> {
        let mut changes = different(&self.settings(), &after.settings());
        changes.extend(policy_changes(&self.plan().policy, &after.plan().policy));
        changes
    }

    /// Settings whose figures do not compare: another workload, or other faults.
    pub(super) fn workload_changes(&self, after: &Self) -> Vec<Setting> {
        self.workload_changes_to(after.plan())
    }

    /// The same for a run that has only a plan.
    pub(super) fn workload_changes_to(&self, plan: &Plan) -> Vec<Setting> {
        different(&workload(self.plan()), &workload(plan))
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let run = &self.runs[0];
        let server = run
            .connected
            .as_ref()
            .map_or("never connected".to_owned(), |connected| connected.server.introduction().unwrap_or_default());
        vec![
            ("redis-doctor", run.started.version.to_string()),
            ("redis-rs", run.started.client_version.to_string()),
            ("target", run.started.plan.target.address.to_string()),
            ("server", server),
            ("protocol", run.started.plan.protocol.to_string()),
        ]
    }
}

fn workload(plan: &Plan) -> Vec<(&'static str, String)> {
    let probes = plan.probes.as_ref().map_or("none".to_owned(), |probes| {
        let pace = probes.pace;
        format!("{:?} at {pace}, {} in flight, {} bytes", probes.kind, probes.concurrency, probes.payload)
    });
    let subscription = plan.subscription.as_ref().map_or("none".to_owned(), |subscription| {
        let channels = subscription.wanted() + subscription.private as usize;
        let numbered = subscription.verify.map(|pace| format!(", numbered messages at {pace}"));
        format!("{channels} channels{}", numbered.unwrap_or_default())
    });
    let faults: Vec<_> = plan.faults.iter().map(ToString::to_string).collect();
    vec![
        ("command", plan.command.to_string()),
        ("probes", probes),
        ("subscription", subscription),
        ("connections", plan.connections.to_string()),
        ("faults", if faults.is_empty() { "none".to_owned() } else { faults.join(", ") }),
    ]
}

fn different(before: &[(&'static str, String)], after: &[(&'static str, String)]) -> Vec<Setting> {
    let pairs = before.iter().zip(after).filter(|((_, before), (_, after))| before != after);
    pairs
        .map(|((name, before), (_, after))| Setting {
            name: (*name).to_owned(),
            before: before.clone(),
            after: after.clone(),
        })
        .collect()
}

/// Returns each setting of the policy that differs, by its name in the JSON of a plan.
fn policy_changes(before: &ReconnectPolicy, after: &ReconnectPolicy) -> Vec<Setting> {
    let fields = |policy| match serde_json::to_value(policy) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => serde_json::Map::new(),
    };
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    let (before, after) = (fields(before), fields(after));
    let changed = before.iter().filter(|(name, value)| after.get(*name) != Some(*value));
    changed
        .map(|(name, value)| Setting {
            name: format!("policy.{name}"),
            before: text(Some(value)),
            after: text(after.get(name)),
        })
        .collect()
}
