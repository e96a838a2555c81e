//! A drill in a lab: what happens to servers that redis-doctor started for it. One case at a time, each in a separate lab
//! and with all policies side by side.

use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::sync::{mpsc, oneshot};

use super::{CUT_SHORT, Cell, Discard, Outcome, RATE, not_run, outcome, soak};
use crate::{
    clock::Clock,
    engine::{self, RunIo},
    event::{Event, EventKind, EventSink},
    lab::{Lab, MASTER},
    plan::{
        Cluster, LabCase, LabKind, Pace, Plan, PolicyName, ProbeKind, ProbePlan, ReconnectPolicy, Scope, Sentinels,
        SubscriptionPlan,
    },
    record::Records,
};

/// Time before the servers are disturbed, with every client connected, as a healthy baseline.
const QUIET: Duration = Duration::from_secs(2);

/// Duration of each run in which a server that does not answer is replaced: within five seconds.
const LASTS: Duration = Duration::from_secs(12);

/// Duration of each run in which the servers agree without waiting.
const ORDERED: Duration = Duration::from_secs(8);

/// Time from the start of the processes of a lab until they are ready, as a rule.
const STARTING: Duration = Duration::from_secs(5);

/// The parameters of a drill in labs.
#[derive(Clone, Debug)]
pub(crate) struct LabDrill {
    pub cases: Vec<LabCase>,
    pub policies: Vec<PolicyName>,
    /// The seed of all randomness.
    pub seed: u64,
}

impl LabDrill {
    /// Runs every case, or as many as end before `stop` does; `done` hears of each cell as it ends.
    pub(crate) async fn run(&self, stop: impl Future<Output = ()>, mut done: impl FnMut(&Cell)) -> Vec<Cell> {
        let mut stop = pin!(stop);
        let mut cells = Vec::new();
        for case in &self.cases {
            let ended = tokio::select! {
                ended = self.case(*case) => ended,
                () = &mut stop => break,
            };
            ended.iter().for_each(&mut done);
            cells.extend(ended);
        }
        let left = self.cases.iter().flat_map(|case| self.policies.iter().map(move |policy| (case, policy)));
        let left = left.skip(cells.len()).map(|(case, policy)| not_run(&case.to_string(), *policy, CUT_SHORT));
        cells.extend(left.collect::<Vec<_>>());
        cells
    }

    /// The least time that the whole drill takes.
    pub(crate) fn estimate(&self) -> Duration {
        self.cases.iter().map(|case| lasts(*case) + STARTING).sum()
    }

    /// Runs a case under each policy.
    async fn case(&self, case: LabCase) -> Vec<Cell> {
        let name = case.to_string();
        let none = |why: String| self.policies.iter().map(|policy| not_run(&name, *policy, &why)).collect();
        let clock = Clock::start();
        let mut lab = match Lab::start(case.lab(), clock).await {
            Ok(lab) => lab,
            Err(error) => return none(error.to_string()),
        };
        // All clients must have found the servers as they are before these are disturbed.
        let plans =
            (self.seed..).zip(&self.policies).map(|(seed, policy)| found(plan(&lab, case, *policy, seed), clock));
        let plans = join_all(plans).await;
        let (connections, runs): (Vec<_>, Vec<_>) =
            self.policies.iter().zip(plans).map(|(policy, plan)| cell(name.clone(), *policy, plan)).unzip();
        let acting = async {
            join_all(connections).await;
            clock.sleep_until(clock.now().after(QUIET)).await;
            lab.act(case).await
        };
        match tokio::join!(join_all(runs), acting) {
            (cells, Ok(())) => cells,
            (_, Err(error)) => none(error.to_string()),
        }
    }
}

fn lasts(case: LabCase) -> Duration {
    match case {
        LabCase::KillPrimary | LabCase::FreezePrimary | LabCase::KillNode | LabCase::LoseSlots => LASTS,
        LabCase::SentinelFailover | LabCase::ClusterFailover | LabCase::MoveSlot => ORDERED,
    }
}

/// Returns the plan with the servers that it is for, or why they were not found.
async fn found(plan: Plan, clock: Clock) -> Result<Plan, String> {
    let plan = engine::find_primary(plan, clock).await.map_err(|error| error.to_string())?;
    engine::find_nodes(plan, clock).await.map_err(|error| error.to_string())
}

/// Returns a future that waits until a client is connected to all of its servers, or has ended; and one that runs it under a
/// policy and judges it: by the worst of its targets, if it has several.
fn cell(
    name: String,
    policy: PolicyName,
    plan: Result<Plan, String>,
) -> (oneshot::Receiver<()>, impl Future<Output = Cell>) {
    let (connected, connection) = oneshot::channel();
    let run = async move {
        let plan = match plan {
            Ok(plan) => plan,
            Err(why) => return not_run(&name, policy, &why),
        };
        let awaited = plan.scope.as_ref().map_or(1, |scope| scope.targets.len());
        let mut client = Client { records: Records::default(), awaited, connected: Some(connected) };
        let (_keep, control) = mpsc::unbounded_channel();
        let io = RunIo { clock: Clock::start(), sink: &mut client, messages: Arc::new(Discard), control };
        engine::run(plan, io).await;
        let figures = client.records.figures();
        let cells = figures.of_all_targets().map(|figures| outcome::judge(&name, policy, figures));
        cells.reduce(together).unwrap_or_else(|| not_run(&name, policy, "no target was found"))
    };
    (connection, run)
}

/// Receives the events of a client.
struct Client {
    records: Records,
    /// Connections that are not up yet.
    awaited: usize,
    /// Notified when all of them are up.
    connected: Option<oneshot::Sender<()>>,
}

impl EventSink for Client {
    fn on_event(&mut self, event: &Event) {
        if matches!(event.kind, EventKind::Connected(_)) {
            self.awaited = self.awaited.saturating_sub(1);
            if self.awaited == 0 {
                // The case may have been ended by a signal.
                let _ = self.connected.take().map(|connected| connected.send(()));
            }
        }
        self.records.on_event(event);
    }
}

/// Adds the cell of one target to that of the others.
fn together(one: Cell, other: Cell) -> Cell {
    let badness = |cell: &Cell| match cell.outcome {
        Outcome::Unaffected => 0,
        Outcome::Errors => 1,
        Outcome::Recovered => 2,
        Outcome::NotRun => 3,
        Outcome::Down => 4,
        Outcome::Stuck(_) => 5,
    };
    let [mut worse, mut better] = if badness(&one) >= badness(&other) { [one, other] } else { [other, one] };
    worse.recovery = worse.recovery.max(better.recovery).filter(|_| worse.survived);
    worse.failed += better.failed;
    worse.ambiguous += better.ambiguous;
    worse.lost += better.lost;
    worse.wrong += better.wrong;
    worse.error = worse.error.or(better.error);
    worse.diagnoses.append(&mut better.diagnoses);
    worse.diagnoses.truncate(outcome::DIAGNOSES);
    worse
}

/// Returns the plan for a policy: it writes and reads keys, and receives verified messages.
fn plan(lab: &Lab, case: LabCase, policy: PolicyName, seed: u64) -> Plan {
    let seeds = lab.seeds();
    let probes = ProbePlan {
        kind: ProbeKind::Kv,
        pace: Pace::every(RATE),
        concurrency: 1,
        payload: 0,
        report_each: false,
        timeout: Duration::from_secs(2),
    };
    let subscription = SubscriptionPlan { private: 1, verify: Some(Pace::every(RATE)), ..SubscriptionPlan::default() };
    let work = (Some(probes), Some(subscription));
    let plan = soak(seeds[0].clone(), ReconnectPolicy::preset(policy), work, lasts(case), seed);
    match case.lab() {
        LabKind::Sentinel => {
            let sentinels = Some(Sentinels { primary: MASTER.to_owned(), sentinels: seeds, epoch: None });
            Plan { sentinels, ..plan }
        }
        LabKind::Cluster => {
            let scope = Some(Scope { targets: seeds, ..Scope::default() });
            Plan { scope, cluster: Some(Cluster::default()), ..plan }
        }
    }
}
