//! The plan of a run as data: everything that the engine needs, parsed and valid.
//!
//! A command is a plan, not a separate program: `ping` is one worker that sends PINGs with a nonce on one connection,
//! `soak` adds a verified subscription and more workers, `subscribe` has no probes. The journal holds the plan (without
//! the password), so a report can be rebuilt from the journal alone.

mod application;
mod collector;
mod conditions;
mod gate;
mod jitter;
mod lab;
mod name;
mod pace;
mod password;
mod policy;
mod range;
mod readiness;
mod scope;
mod target;
mod tls;
mod tracing;

use std::{path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, VariantArray};

pub use application::Orders;
pub(crate) use application::{Application, Launch, Subject, Trust};
pub(crate) use collector::Collector;
pub(crate) use conditions::Conditions;
pub(crate) use gate::{Comparison, Gate, Metric};
pub(crate) use jitter::{Jitter, Sender};
pub(crate) use lab::{LabCase, LabKind};
pub use name::Name;
pub(crate) use pace::Pace;
pub(crate) use password::{Password, PasswordPlace, PasswordSource, Secret};
pub(crate) use policy::{Keepalive, OnReadonly, PolicyName, ReconnectPolicy, Resubscription, Watchdog};
pub(crate) use range::Range;
pub(crate) use readiness::Readiness;
pub(crate) use scope::{Cluster, Elsewhere, RejectedLine, Scope, Sentinels, Via};
pub use target::Address;
pub(crate) use target::{Protocol, Target};
pub use tls::TlsOptions;
pub(crate) use tls::{TlsFiles, TlsIdentity};
pub(crate) use tracing::Tracing;

use crate::{
    clock::{OptionalSeconds, Seconds},
    fault::FaultSchedule,
};

/// A server that redis-doctor starts as the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LocalServer {
    /// The embedded server.
    Sandbox,
    /// A real server: the program at this path, or the first in the PATH.
    Spawned(Option<PathBuf>),
}

/// The plan of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// Command that the plan was made from.
    pub command: Command,
    /// Server under diagnosis; the first, if there are several. Of a trace, only its name has a meaning.
    pub target: Target,
    /// All servers under diagnosis; absent if the run has a single target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Set if the targets are the nodes of a cluster; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
    /// The Sentinels that name the target; absent without them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentinels: Option<Sentinels>,
    /// True if the target is the embedded server.
    pub sandbox: bool,
    /// Protocol that the user requested.
    pub protocol: Protocol,
    /// Reconnect settings of the connection under test; without a meaning if it is an application's.
    pub policy: ReconnectPolicy,
    /// Repeated command; null if the run only subscribes.
    pub probes: Option<ProbePlan>,
    /// Subscription, if any.
    pub subscription: Option<SubscriptionPlan>,
    /// Number of connections under test; 0 if they are an application's.
    pub connections: u32,
    /// Application under diagnosis; absent if redis-doctor's own client is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<Application>,
    /// Connections of running applications to examine; absent if the run has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Tracing>,
    /// Conditions that end the run.
    pub stop: StopCondition,
    /// Faults that the proxy in front of the target injects, as `--fault` takes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultSchedule>,
    /// Conditions on the figures that make the run critical, as `--fail-on` takes them.
    pub fail_on: Vec<Gate>,
    /// Conditions on the figures that make the run degraded, as `--warn-on` takes them.
    pub warn_on: Vec<Gate>,
    /// False if no evidence about outages is gathered; otherwise the server is queried on a separate connection, and the
    /// kernel about redis-doctor's sockets.
    #[serde(default = "evidence_by_default", skip_serializing_if = "Clone::clone")]
    #[schemars(extend("const" = false))]
    pub evidence: bool,
    /// Memory in bytes that one reply may take on a connection under test; absent for the default, 64 MiB.
    #[serde(default = "max_reply_by_default", skip_serializing_if = "is_default_max_reply")]
    pub max_reply: u64,
    /// Seed of all randomness of the run.
    pub seed: u64,
    /// Command line of the run, without passwords; absent in older journals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command_line: Vec<String>,
}

impl Plan {
    /// Default memory that one reply may take, in bytes.
    pub(crate) const MAX_REPLY: u64 = 64 * 1024 * 1024;

    /// Returns the plan of one connection without work, faults, gates and an end.
    pub(crate) fn new(command: Command, target: Target, policy: ReconnectPolicy, seed: u64) -> Self {
        Self {
            command,
            target,
            scope: None,
            cluster: None,
            sentinels: None,
            sandbox: false,
            protocol: Protocol::Auto,
            policy,
            probes: None,
            subscription: None,
            connections: 1,
            application: None,
            trace: None,
            stop: StopCondition::default(),
            faults: Vec::new(),
            fail_on: Vec::new(),
            warn_on: Vec::new(),
            evidence: true,
            max_reply: Self::MAX_REPLY,
            seed,
            command_line: Vec::new(),
        }
    }

    /// Returns the plan of a run that observes an application behind the fault proxy.
    pub(crate) fn of_application(
        target: Target,
        application: Application,
        faults: Vec<FaultSchedule>,
        seed: u64,
    ) -> Self {
        let policy = ReconnectPolicy::preset(PolicyName::Bare);
        let plan = Self::new(Command::Proxy, target, policy, seed);
        Self { connections: 0, application: Some(application), faults, ..plan }
    }

    /// Returns the plan of a trace. It connects to no server: its target is only a name.
    pub(crate) fn of_trace(trace: Tracing, seed: u64) -> Self {
        let (host, port) = (trace.host.clone().unwrap_or_default(), trace.ports.first().copied().unwrap_or_default());
        let target = Target::new(Address::Tcp { host, port, tls: false }, "trace");
        let target = Target { name: Some(trace.scope()), ..target };
        let policy = ReconnectPolicy::preset(PolicyName::Bare);
        let plan = Self::new(Command::Trace, target, policy, seed);
        Self { connections: 0, trace: Some(trace), evidence: false, ..plan }
    }

    /// Returns true for `ping -c 1`, which ends with its only reply and so starts nothing else.
    pub fn is_single_ping(&self) -> bool {
        self.command == Command::Ping && self.stop.count == Some(1)
    }

    /// Returns the reconnect settings; `None` for an application, whose own are unknown.
    pub(crate) fn known_policy(&self) -> Option<&ReconnectPolicy> {
        (self.application.is_none() && self.trace.is_none()).then_some(&self.policy)
    }

    /// Returns true if PING is one of the user's own commands.
    pub fn pings(&self) -> bool {
        self.probes.as_ref().is_some_and(|probes| !matches!(probes.kind, ProbeKind::Kv | ProbeKind::Ledger))
    }
}

/// The journal has this field only if evidence is off.
fn evidence_by_default() -> bool {
    true
}

fn max_reply_by_default() -> u64 {
    Plan::MAX_REPLY
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_default_max_reply(size: &u64) -> bool {
    *size == Plan::MAX_REPLY
}

/// A command that a plan is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, VariantArray, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Command {
    /// `redis-doctor ping`
    Ping,
    /// `redis-doctor subscribe`
    Subscribe,
    /// `redis-doctor soak`
    Soak,
    /// `redis-doctor watch`
    Watch,
    /// `redis-doctor proxy --report`
    Proxy,
    /// `redis-doctor trace`
    Trace,
}

/// The plan of the repeated command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbePlan {
    /// Command of the probes.
    pub kind: ProbeKind,
    /// Pace of all workers of one connection together.
    pub pace: Pace,
    /// Maximum number of probes in flight on one connection.
    #[schemars(range(min = 1))]
    pub concurrency: u32,
    /// Payload of each probe in bytes, besides its nonce.
    pub payload: usize,
    /// True if the end of each probe is shown (a line for each reply), not only the sums.
    pub report_each: bool,
    /// Time after which a probe without a reply has failed, from its real start.
    #[serde(with = "Seconds")]
    pub timeout: Duration,
}

/// The command of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProbeKind {
    /// `PING nonce`.
    Ping,
    /// `SET` with a time to live, then `GET`, on keys that start with `redis-doctor:`.
    Kv,
    /// `ping` and `kv` in turn.
    Mixed,
    /// `SET` of numbered keys with a time to live, which are read back later.
    Ledger,
}

/// The plan of a subscription, and of the check of its delivery.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionPlan {
    /// Channels to SUBSCRIBE to.
    pub channels: Vec<Name>,
    /// Patterns to PSUBSCRIBE to.
    pub patterns: Vec<Name>,
    /// Shard channels to SSUBSCRIBE to.
    pub shards: Vec<Name>,
    /// Number of private channels of each connection, at least 1 if no channel is named. Their names depend on the run;
    /// numbered messages go to the first.
    #[serde(default)]
    pub private: u32,
    /// True if the private channels are shard channels; absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sharded: bool,
    /// Silence that raises an alarm; null is no alarm.
    #[serde(with = "OptionalSeconds")]
    pub expect_every: Option<Duration>,
    /// Pace of numbered messages, sent on a second connection and all accounted for; null is none.
    pub verify: Option<Pace>,
    /// True if messages are shown as they arrive.
    pub tail: bool,
    /// Only a default: where the server has no pub/sub, the run continues without it.
    #[serde(skip)]
    pub optional: bool,
}

impl SubscriptionPlan {
    /// Returns the number of confirmations of a complete (re)subscription.
    pub fn wanted(&self) -> usize {
        self.channels.len() + self.patterns.len() + self.shards.len()
    }

    /// Returns the commands that its channels and patterns need, in the order in which one connection can send them:
    /// publishing first, because over RESP2 a subscribed connection accepts nothing else.
    pub(crate) fn commands(&self) -> Vec<&'static str> {
        let channels = self.wanted() == 0 && !self.sharded || !self.channels.is_empty();
        let needed = [
            (channels && self.verify.is_some(), "PUBLISH"),
            (channels, "SUBSCRIBE"),
            (!self.patterns.is_empty(), "PSUBSCRIBE"),
        ];
        needed.into_iter().filter_map(|(needed, command)| needed.then_some(command)).collect()
    }
}

/// The conditions that end a run; a signal ends it at any time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StopCondition {
    /// Number of probes, or of messages if the run only subscribes; null is no limit.
    pub count: Option<u64>,
    /// Duration of the run; null is no limit.
    #[serde(with = "OptionalSeconds")]
    pub duration: Option<Duration>,
    /// True if the first unrecoverable state of the connection ends the run.
    pub on_critical: bool,
}
