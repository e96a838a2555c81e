//! What a run is to do, as data: everything the engine needs, already parsed and valid.
//!
//! A command is not a program of its own but a plan: `ping` is one worker of nonced PINGs on one connection, `soak`
//! adds a verified subscription and more workers, `subscribe` has no probes at all. The plan is written into the
//! journal (without the password), so that a report can be made again from the journal alone.

mod conditions;
mod gate;
mod name;
mod pace;
mod policy;
mod range;
mod readiness;
mod target;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use conditions::Conditions;
pub use gate::{Comparison, Gate, Metric};
pub use name::Name;
pub use pace::Pace;
pub use policy::{Keepalive, PolicyName, ReconnectPolicy, Watchdog};
pub use range::Range;
pub use readiness::Readiness;
pub use target::{Address, Protocol, Secret, Target};

use crate::{clock::seconds, fault::FaultSchedule};

/// One run, complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The command it was made from, for the heading.
    pub command: Command,
    /// The server under diagnosis.
    pub target: Target,
    /// Whether the target is the embedded server.
    pub sandbox: bool,
    /// The protocol the user asked for.
    pub protocol: Protocol,
    /// How the connection under test behaves when it is lost.
    pub policy: ReconnectPolicy,
    /// The repeated command, unless the run only subscribes.
    pub probes: Option<ProbePlan>,
    /// The subscription, if any.
    pub subscription: Option<SubscriptionPlan>,
    /// Connections under test.
    pub connections: u32,
    /// When the run ends by itself.
    pub stop: StopCondition,
    /// Faults that the proxy in front of the target brings about, counted from the start of the probes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultSchedule>,
    /// Conditions on the figures that make the run fail (critical).
    pub fail_on: Vec<Gate>,
    /// Conditions on the figures that make the run a warning (degraded).
    pub warn_on: Vec<Gate>,
    /// Whether evidence about each outage is gathered: the server is asked on a connection of its own, the kernel about
    /// our sockets.
    #[serde(default = "evidence_by_default", skip_serializing_if = "Clone::clone")]
    pub evidence: bool,
    /// All randomness of the run comes from this number.
    pub seed: u64,
}

impl Plan {
    /// `ping -c 1`: over with its only answer, and so made with as little beside it as can be.
    pub fn is_single_ping(&self) -> bool {
        self.command == Command::Ping && self.stop.count == Some(1)
    }

    /// Whether PING is among the user's own commands.
    pub fn pings(&self) -> bool {
        self.probes.as_ref().is_some_and(|probes| probes.kind != ProbeKind::Kv)
    }
}

/// Only a run that was told not to says so.
fn evidence_by_default() -> bool {
    true
}

/// The command a plan was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// `redis-doctor ping`
    Ping,
    /// `redis-doctor subscribe`
    Subscribe,
    /// `redis-doctor soak`
    Soak,
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Ping => "ping",
            Self::Subscribe => "subscribe",
            Self::Soak => "soak",
        })
    }
}

/// The repeated command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbePlan {
    /// What is asked.
    pub kind: ProbeKind,
    /// How often, all workers of one connection together.
    pub pace: Pace,
    /// Probes that may be in flight at once on one connection (at least 1).
    pub concurrency: u32,
    /// Bytes that travel with each probe beside its nonce.
    pub payload: usize,
    /// Whether each probe's end is reported (a line per reply), not only the sums.
    pub report_each: bool,
    /// A probe without an answer after this long has failed (counted from its real start).
    #[serde(with = "seconds")]
    pub timeout: Duration,
}

/// What a probe asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeKind {
    /// `PING nonce`.
    Ping,
    /// `SET` with a time to live, then `GET`, on keys under `redis-doctor:`.
    Kv,
    /// Both in turn.
    Mixed,
}

/// What is subscribed, and how its delivery is checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SubscriptionPlan {
    /// SUBSCRIBE.
    pub channels: Vec<Name>,
    /// PSUBSCRIBE.
    pub patterns: Vec<Name>,
    /// SSUBSCRIBE.
    pub shards: Vec<Name>,
    /// Where none of these is named: channels of its own that each connection gets, whose names depend on the run (at
    /// least one). Verified messages go to the first of them.
    #[serde(default)]
    pub private: u32,
    /// Silence longer than this is an alarm.
    #[serde(with = "seconds::option")]
    pub expect_every: Option<Duration>,
    /// Publish numbered messages from a second connection at this pace, and account for each.
    pub verify: Option<Pace>,
    /// Whether messages are shown as they come.
    pub tail: bool,
}

impl SubscriptionPlan {
    /// How many confirmations a complete (re)subscription brings.
    pub fn wanted(&self) -> usize {
        self.channels.len() + self.patterns.len() + self.shards.len()
    }
}

/// When a run ends by itself; a signal ends it at any time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StopCondition {
    /// After this many probes (or messages, when the run only subscribes).
    pub count: Option<u64>,
    /// After this long.
    #[serde(with = "seconds::option")]
    pub duration: Option<Duration>,
    /// At the first state the connection cannot leave by itself.
    pub on_critical: bool,
}
