//! The drill: each fault against each reconnect policy, every cell a separate short soak; or against an application.
//!
//! Each cell has its own fault proxy in front of the same server. Its client pings and receives verified messages like
//! any soak, and its outcome comes from the same figures. Cells are independent, so they run in parallel, but
//! only as many as do not disturb the measurement.

mod application;
mod lab;
mod outcome;

use std::{collections::BTreeMap, fmt, pin::pin, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::mpsc;

#[cfg(test)]
pub(crate) use application::HealthyRole;
pub(crate) use application::{
    AUTHORITY, ApplicationDrill, Healthy, RoleOutcome, RoleResult, Survival, SurvivalCase, SurvivalOutcome,
};
pub(crate) use lab::LabDrill;
pub(crate) use outcome::Outcome;
#[cfg(test)]
pub(crate) use outcome::Stuck;

use crate::{
    clock::{Clock, OptionalSeconds},
    diagnose::{Cause, Confidence, Diagnosis},
    engine::{self, RunIo},
    event::{Message, MessageSink},
    fault::{Case, Load},
    plan::{
        Command, Pace, Plan, PolicyName, ProbeKind, ProbePlan, Protocol, ReconnectPolicy, StopCondition,
        SubscriptionPlan, Target,
    },
    record::{Figures, Recorder},
};

/// Cells that run at the same time: each takes about 2 % of a core.
const SIDE_BY_SIDE: usize = 20;

/// Pause between the starts of the first cells: a connection takes the most time when it is made, and one that is not up in
/// time on a busy machine cannot be examined.
const STAGGER: Duration = Duration::from_millis(50);

/// Maximum number of runs of a cell that this machine disturbs.
const ATTEMPTS: u32 = 3;

/// Interval between probes, and between messages, in each cell.
const RATE: Duration = Duration::from_millis(50);

/// Reason for a cell that was not started, or not ended.
const CUT_SHORT: &str = "the drill ended before this cell";

/// Channels of a client that has many: their confirmations do not arrive in one piece.
const CHANNELS: u32 = 2000;

/// The parameters of a drill.
#[derive(Clone, Debug)]
pub(crate) struct Drill {
    /// The server behind the proxies.
    pub target: Target,
    /// The protocol of the clients.
    pub protocol: Protocol,
    /// The faults.
    pub cases: Vec<Case>,
    /// The policies.
    pub policies: Vec<PolicyName>,
    /// The seed of all randomness.
    pub seed: u64,
}

/// The result of one policy under one fault.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Cell {
    /// Name of the case, or the fault as it was written.
    pub case: String,
    /// Policy of the client.
    pub policy: PolicyName,
    /// Outcome for the client.
    pub outcome: Outcome,
    /// True if the application continued without help.
    pub survived: bool,
    /// Cause of the first outage; null if there was none.
    pub cause: Option<Cause>,
    /// Confidence in the cause.
    pub confidence: Option<Confidence>,
    /// Longest outage; null if there was none or it did not end.
    #[serde(with = "OptionalSeconds")]
    pub recovery: Option<Duration>,
    /// Commands that failed, timeouts included.
    pub failed: u64,
    /// Failed commands whose outcome is unknown: they were sent and may have run.
    pub ambiguous: u64,
    /// Messages that the server accepted and the client never received.
    pub lost: u64,
    /// Replies to another command.
    pub wrong: u64,
    /// Most frequent error, as the application saw it; null if there was none.
    pub error: Option<String>,
    /// Evidence for the outcome, or the reason why the cell did not run.
    pub why: Option<String>,
    /// Diagnosis of each outage, at most the first twenty.
    #[schemars(length(max = outcome::DIAGNOSES))]
    pub diagnoses: Vec<Diagnosis>,
}

/// Formats as one line of progress.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} under {}: {}", self.policy, self.case, self.outcome)
    }
}

impl Drill {
    /// Runs every cell, or as many as end before `stop` does; `done` hears of each as it ends. The cells come back in
    /// the order of cases, then policies; one that was cut short says nothing about its policy, so it was not run.
    pub(crate) async fn run(&self, stop: impl Future<Output = ()>, mut done: impl FnMut(&Cell)) -> Vec<Cell> {
        let cells: Vec<_> =
            self.cases.iter().flat_map(|case| self.policies.iter().map(move |policy| (case, *policy))).collect();
        let running = cells.iter().enumerate().map(|(index, (case, policy))| async move {
            let seed = self.seed.wrapping_add(index as u64);
            if index < SIDE_BY_SIDE {
                tokio::time::sleep(STAGGER * index as u32).await;
            }
            (index, self.cell(case, *policy, seed).await)
        });
        let mut running = pin!(stream::iter(running).buffer_unordered(SIDE_BY_SIDE).take_until(stop));
        let mut ended = BTreeMap::new();
        while let Some((index, cell)) = running.next().await {
            done(&cell);
            ended.insert(index, cell);
        }
        let all = cells.iter().enumerate();
        let cut_short = |case: &Case, policy| not_run(&case.name, policy, CUT_SHORT);
        all.map(|(index, (case, policy))| ended.remove(&index).unwrap_or_else(|| cut_short(case, *policy))).collect()
    }

    /// The least time that the whole drill takes.
    pub(crate) fn estimate(&self) -> Duration {
        let together: Duration = self.cases.iter().map(|case| case.lasts * self.policies.len() as u32).sum();
        let longest = self.cases.iter().map(|case| case.lasts).max().unwrap_or_default();
        longest.max(together / SIDE_BY_SIDE as u32)
    }

    async fn cell(&self, case: &Case, policy: PolicyName, seed: u64) -> Cell {
        let plan = self.plan(case, policy, seed);
        let mut attempt = 1;
        loop {
            let figures = figures(plan.clone()).await;
            if attempt == ATTEMPTS || !is_disturbed(&figures, &plan.policy) {
                return outcome::judge(&case.name, policy, &figures);
            }
            attempt += 1;
        }
    }

    fn plan(&self, case: &Case, policy: PolicyName, seed: u64) -> Plan {
        let probes = ProbePlan {
            kind: if case.load == Load::Writing { ProbeKind::Kv } else { ProbeKind::Ping },
            pace: Pace::every(if case.load == Load::Sparse { Duration::from_secs(3) } else { RATE }),
            concurrency: 1,
            payload: 0,
            report_each: false,
            timeout: Duration::from_secs(2),
        };
        let quiet = case.load == Load::Sparse;
        let subscription = SubscriptionPlan {
            private: if case.load == Load::Channels { CHANNELS } else { 1 },
            verify: Some(Pace::every(RATE)),
            ..SubscriptionPlan::default()
        };
        let policy = adapt(ReconnectPolicy::preset(policy), case);
        let probes = (case.load != Load::SubscribeOnly).then_some(probes);
        let plan = soak(self.target.clone(), policy, (probes, (!quiet).then_some(subscription)), case.lasts, seed);
        Plan { protocol: self.protocol, faults: case.faults.clone(), ..plan }
    }
}

/// Runs the plan of a cell to its end.
async fn figures(plan: Plan) -> Figures {
    let mut recorder = Recorder::default();
    let (_keep, control) = mpsc::unbounded_channel();
    let io = RunIo { clock: Clock::start(), sink: &mut recorder, messages: Arc::new(Discard), control };
    engine::run(plan, io).await;
    recorder.figures()
}

/// Returns true if a cell shows this machine instead of the client: the client was not up before the faults, or
/// redis-doctor was paused for longer than the client waits for a reply.
fn is_disturbed(figures: &Figures, policy: &ReconnectPolicy) -> bool {
    let is_up = figures.runs.last().is_some_and(|run| run.connected.is_some());
    !is_up || figures.own_pauses.longest >= policy.response_timeout
}

/// Returns the plan of a cell.
fn soak(
    target: Target,
    policy: ReconnectPolicy,
    (probes, subscription): (Option<ProbePlan>, Option<SubscriptionPlan>),
    lasts: Duration,
    seed: u64,
) -> Plan {
    let stop = StopCondition { duration: Some(lasts), ..StopCondition::default() };
    let plan = Plan::new(Command::Soak, target, policy, seed);
    Plan { protocol: Protocol::default(), probes, subscription, stop, ..plan }
}

/// Returns a cell that did not run.
fn not_run(case: &str, policy: PolicyName, why: &str) -> Cell {
    Cell { why: Some(why.to_owned()), ..outcome::judge(case, policy, &Recorder::default().figures()) }
}

/// Adapts a policy to a case: a watchdog's PINGs would end the silences that a sparse load is for.
fn adapt(policy: ReconnectPolicy, case: &Case) -> ReconnectPolicy {
    match case.load {
        Load::Sparse => ReconnectPolicy { watchdog: None, ..policy },
        Load::Probing | Load::Writing | Load::SubscribeOnly | Load::Channels => policy,
    }
}

/// Discards messages.
struct Discard;

impl MessageSink for Discard {
    fn on_message(&self, _message: &Message<'_>) -> bool {
        true
    }
}
