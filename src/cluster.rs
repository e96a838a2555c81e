//! The cluster whose nodes are the targets of a run: found from any of its nodes before the run, and watched during it.

mod follow;
mod node;
mod watch;

use std::time::Duration;

use futures_util::future::join_all;
use thiserror::Error;

pub(crate) use self::{
    follow::{Follower, follow},
    watch::{Joined, Membership, Watch},
};
use crate::{
    classify::{ErrorClass, Failure},
    clock::Clock,
    dial::{RespStream, Route, reply::text},
    foreign::Foreign,
    plan::{Address, Elsewhere, Plan, ProbeKind, Scope, Target, Via},
    topology::{self, SLOTS, SlotRange, nodes::View, shown_place},
};

/// Time limit of the query of one node.
const LIMIT: Duration = Duration::from_secs(5);

/// Time limit of a connection attempt to an announced address.
const ATTEMPT: Duration = Duration::from_secs(1);

/// Hash tags in the slots of each target for a cluster client: slots that move away are among them soon.
const TAGS: usize = 16;

/// Seeds whose announced addresses are compared with the ones that the user named.
const SEEDS: usize = 16;

/// The reason why the nodes are not known although a node has answered.
#[derive(Debug, Error)]
pub(crate) enum ClusterError {
    #[error("--cluster: {seed} answers CLUSTER SLOTS with: {failure}; name a node of a cluster, or omit --cluster")]
    Refused { seed: String, failure: Failure },
    #[error(
        "--cluster: {one} and {other} are nodes of different clusters: neither knows the other; name nodes of one cluster, and \
         run once for each"
    )]
    Different { one: String, other: String },
    #[error(
        "--cluster: as {seed} reports, only {covered} of {SLOTS} slots have a node; assign the others (redis-cli --cluster \
         fix {seed}), or omit --cluster to examine single nodes"
    )]
    Incomplete { seed: String, covered: u16 },
}

/// Replaces the targets of a plan that is for a cluster by the nodes of the cluster. If no node answers, the targets stay,
/// and the run shows why.
///
/// # Errors
/// Returns why a node that answers does not name all nodes, or which seeds are nodes of different clusters.
pub(crate) async fn find_nodes(mut plan: Plan, clock: Clock) -> Result<Plan, ClusterError> {
    let Some(cluster) = plan.cluster else { return Ok(plan) };
    let Some(mut scope) = plan.scope.take() else { return Ok(plan) };
    for seed in &scope.targets {
        let Ok((_, mut stream)) = route(seed, &plan, LIMIT, clock).connect().await else { continue };
        let ranges = match stream.command(&["CLUSTER", "SLOTS"]).await {
            Ok(reply) => topology::ranges(&reply, seed.host().unwrap_or_default()),
            Err(failure) if failure.key.class.is_server_reply() => {
                return Err(ClusterError::Refused { seed: seed.address.to_string(), failure });
            }
            Err(_) => continue,
        };
        let covered = topology::covered(&ranges);
        if covered < SLOTS {
            return Err(ClusterError::Incomplete { seed: seed.address.to_string(), covered });
        }
        // A node without slots is in this description only.
        let nodes = stream.command(&["CLUSTER", "NODES"]).await;
        let view = nodes.ok().map(|reply| View::read(&reply, &ranges, seed.host().unwrap_or_default()));
        let known = Known { seed, view, ranges: &ranges };
        let examined = scope.targets.iter().take(SEEDS).map(|seed| known.examine(seed, &plan, clock));
        let elsewhere = join_all(examined).await.into_iter().filter_map(Result::transpose);
        let elsewhere = elsewhere.collect::<Result<Vec<_>, _>>()?;
        let members = topology::members(&ranges).into_iter().filter(|member| cluster.replicas || member.is_primary());
        let members: Vec<_> = members.collect();
        let has_tags = has_tags(&plan);
        let targets = members.iter().map(|member| reached(&elsewhere, seed, &member.host, member.port));
        scope = Scope {
            targets: targets.collect(),
            tags: members.iter().map(|member| member.tag().filter(|_| has_tags)).collect(),
            shards: match cluster.via {
                Via::Direct => Vec::new(),
                Via::ClusterClient => members.iter().map(|member| member.tags(TAGS)).collect(),
            },
            elsewhere,
            rejected: scope.rejected,
        };
        break;
    }
    plan.target.clone_from(&scope.targets[0]);
    plan.scope = Some(scope);
    Ok(plan)
}

/// Returns true if the keys or channels of a workload must be in the slots of each node.
fn has_tags(plan: &Plan) -> bool {
    let writes = plan.probes.as_ref().is_some_and(|probes| probes.kind != ProbeKind::Ping);
    writes || plan.subscription.as_ref().is_some_and(|subscription| subscription.sharded)
}

/// A cluster as the first seed that answered describes it.
struct Known<'a> {
    seed: &'a Target,
    /// `None` if the seed refused CLUSTER NODES.
    view: Option<View>,
    ranges: &'a [SlotRange],
}

impl Known<'_> {
    /// Checks that a seed is a node of the same cluster, and returns its announced address if that cannot be reached from
    /// here. One that does not answer is skipped.
    async fn examine(&self, seed: &Target, plan: &Plan, clock: Clock) -> Result<Option<Elsewhere>, ClusterError> {
        let Ok((_, mut stream)) = route(seed, plan, ATTEMPT, clock).connect().await else { return Ok(None) };
        if seed.address != self.seed.address {
            self.compare(seed, &mut stream).await?;
        }
        Ok(self.announced_elsewhere(seed, &mut stream, plan, clock).await)
    }

    /// Checks that a seed is a node of the same cluster.
    async fn compare(&self, seed: &Target, stream: &mut RespStream) -> Result<(), ClusterError> {
        let Some(view) = &self.view else { return Ok(()) };
        // The first seed knows this query, too; a login may be missing here.
        if let Err(failure) = stream.command(&["CLUSTER", "SLOTS"]).await
            && failure.key.class == ErrorClass::ServerError
        {
            return Err(ClusterError::Refused { seed: seed.address.to_string(), failure });
        }
        let Ok(reply) = stream.command(&["CLUSTER", "NODES"]).await else { return Ok(()) };
        let other = View::read(&reply, &[], seed.host().unwrap_or_default());
        let same = view.nodes.is_empty() || other.nodes.is_empty() || view.shares_a_node(&other);
        let [one, other] = [self.seed, seed].map(|seed| seed.address.to_string());
        if same { Ok(()) } else { Err(ClusterError::Different { one, other }) }
    }

    /// Returns the announced address of a seed, if that cannot be reached from here.
    async fn announced_elsewhere(
        &self,
        seed: &Target,
        stream: &mut RespStream,
        plan: &Plan,
        clock: Clock,
    ) -> Option<Elsewhere> {
        let id = stream.command(&["CLUSTER", "MYID"]).await.ok().as_ref().and_then(text)?;
        let mut nodes = self.ranges.iter().flat_map(|range| &range.nodes);
        let node = nodes.find(|node| node.id.as_ref() == Some(&id))?;
        if node.address == address(seed) {
            return None;
        }
        let failure = route(&seed.at(&node.host, node.port), plan, ATTEMPT, clock).connect().await.err()?;
        let is_unreachable = !failure.key.class.is_server_reply();
        is_unreachable.then(|| Elsewhere { announced: node.address.clone(), target: seed.clone() })
    }
}

/// Returns the address of a target in the form in which the cluster announces it.
fn address(target: &Target) -> Foreign {
    match &target.address {
        Address::Tcp { host, port, .. } => shown_place(host, *port),
        Address::Unix(_) => Foreign::default(),
    }
}

fn route(target: &Target, plan: &Plan, limit: Duration, clock: Clock) -> Route {
    let protocol = target.protocol.unwrap_or(plan.protocol);
    Route::new(target.clone(), protocol, limit, clock).with_ping(false).even_while_loading()
}

/// Returns the server at an announced address, as it is reached from here.
fn reached(elsewhere: &[Elsewhere], like: &Target, host: &str, port: u16) -> Target {
    let announced = shown_place(host, port);
    let known = elsewhere.iter().find(|node| node.announced == announced);
    known.map_or_else(|| like.at(host, port), |node| node.target.clone())
}
