//! The drill: each fault against each reconnect policy, every cell a short soak of its own.
//!
//! A cell has a fault proxy to itself, in front of the same server; its client pings and receives verified messages
//! like any soak, and what became of it is read off the same figures. Cells do not know of each other, so they run side
//! by side, as many as do not disturb the measurement.

mod outcome;

use std::{collections::BTreeMap, pin::pin, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use serde::Serialize;
use tokio::sync::mpsc;

pub use outcome::{Outcome, Stuck};

use crate::{
    clock::{Clock, seconds},
    diagnose::{Cause, Confidence, Diagnosis},
    engine::{self, RunIo},
    event::{Message, MessageSink},
    fault::{Case, Load},
    plan::{
        Command, Pace, Plan, PolicyName, ProbeKind, ProbePlan, Protocol, ReconnectPolicy, StopCondition,
        SubscriptionPlan, Target,
    },
    record::Recorder,
};

/// Cells that run at once: each keeps a fiftieth of a core busy.
const SIDE_BY_SIDE: usize = 20;

/// Probes and messages a second in each cell.
const RATE: Duration = Duration::from_millis(50);

/// Channels of a client that has many: their confirmations do not come in one piece.
const CHANNELS: u32 = 2000;

/// What is drilled.
#[derive(Clone, Debug)]
pub struct Drill {
    /// The server behind the proxies.
    pub target: Target,
    /// The protocol of the clients.
    pub protocol: Protocol,
    /// The faults.
    pub cases: Vec<Case>,
    /// The policies.
    pub policies: Vec<PolicyName>,
    /// All randomness comes from this number.
    pub seed: u64,
}

/// What became of one policy under one fault.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// The fault's name.
    pub case: String,
    /// The policy.
    pub policy: PolicyName,
    /// What became of the client.
    pub outcome: Outcome,
    /// Whether the application went on without anybody's help.
    pub survived: bool,
    /// What the first outage was put down to; absent when there was none.
    pub cause: Option<Cause>,
    /// How sure that is.
    pub confidence: Option<Confidence>,
    /// The longest outage; absent when there was none or it did not end.
    #[serde(with = "seconds::option")]
    pub recovery: Option<Duration>,
    /// Commands that failed, timeouts included.
    pub failed: u64,
    /// Those of them that may have been executed.
    pub ambiguous: u64,
    /// Messages the server accepted and the client never got.
    pub lost: u64,
    /// Replies to somebody else's question.
    pub wrong: u64,
    /// The most frequent error, as the application saw it.
    pub error: Option<String>,
    /// Evidence for the outcome, or why the cell could not run.
    pub why: Option<String>,
    /// What each outage was put down to, on what evidence, and what can be done: the first twenty.
    pub diagnoses: Vec<Diagnosis>,
}

impl Drill {
    /// Runs every cell, or as many as end before `stop` does; `done` hears of each as it ends. The cells come back in
    /// the order of cases, then policies; one that was cut short says nothing about its policy, so it was not run.
    pub async fn run(&self, stop: impl Future<Output = ()>, mut done: impl FnMut(&Cell)) -> Vec<Cell> {
        let cells: Vec<_> =
            self.cases.iter().flat_map(|case| self.policies.iter().map(move |policy| (case, *policy))).collect();
        let running = cells.iter().enumerate().map(|(index, (case, policy))| async move {
            let seed = self.seed.wrapping_add(index as u64);
            (index, self.cell(case, *policy, seed).await)
        });
        let mut running = pin!(stream::iter(running).buffer_unordered(SIDE_BY_SIDE).take_until(stop));
        let mut ended = BTreeMap::new();
        while let Some((index, cell)) = running.next().await {
            done(&cell);
            ended.insert(index, cell);
        }
        let cut_short = |case, policy| Cell {
            why: Some("the drill was ended before it".to_owned()),
            ..outcome::judge(case, policy, &Recorder::default().figures())
        };
        let all = cells.iter().enumerate();
        all.map(|(index, (case, policy))| ended.remove(&index).unwrap_or_else(|| cut_short(case, *policy))).collect()
    }

    /// How long the whole drill takes at least.
    pub fn estimate(&self) -> Duration {
        let together: Duration = self.cases.iter().map(|case| case.lasts * self.policies.len() as u32).sum();
        let longest = self.cases.iter().map(|case| case.lasts).max().unwrap_or_default();
        longest.max(together / SIDE_BY_SIDE as u32)
    }

    async fn cell(&self, case: &Case, policy: PolicyName, seed: u64) -> Cell {
        let plan = self.plan(case, policy, seed);
        let mut recorder = Recorder::default();
        let (_keep, control) = mpsc::unbounded_channel();
        let surroundings = RunIo { clock: Clock::start(), sink: &mut recorder, messages: Arc::new(Nobody), control };
        engine::run(plan, surroundings).await;
        outcome::judge(case, policy, &recorder.figures())
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
        Plan {
            command: Command::Soak,
            target: self.target.clone(),
            sandbox: false,
            protocol: self.protocol,
            policy: adapt(ReconnectPolicy::preset(policy), case),
            probes: (case.load != Load::SubscribeOnly).then_some(probes),
            subscription: (!quiet).then_some(subscription),
            connections: 1,
            stop: StopCondition { duration: Some(case.lasts), ..StopCondition::default() },
            fail_on: Vec::new(),
            warn_on: Vec::new(),
            faults: case.faults.clone(),
            evidence: true,
            seed,
        }
    }
}

/// The policy as the case needs it: a watchdog's PINGs would end the silences that the sparse cases are about.
fn adapt(policy: ReconnectPolicy, case: &Case) -> ReconnectPolicy {
    match case.load {
        Load::Sparse => ReconnectPolicy { watchdog: None, ..policy },
        _ => policy,
    }
}

/// Shows no messages.
struct Nobody;

impl MessageSink for Nobody {
    fn on_message(&self, _message: &Message<'_>) -> bool {
        true
    }
}
