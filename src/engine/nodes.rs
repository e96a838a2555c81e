//! The nodes of a cluster, found from any of its nodes before the run begins.

use std::time::Duration;

use thiserror::Error;

use crate::{
    classify::Failure,
    clock::Clock,
    dial::Route,
    plan::{Plan, ProbeKind},
    topology::{self, SLOTS},
};

/// Time limit of the query of one node.
const LIMIT: Duration = Duration::from_secs(5);

/// The reason why the nodes are not known although a node has answered.
#[derive(Debug, Error)]
pub(crate) enum ClusterError {
    #[error("--cluster: {seed} answers CLUSTER SLOTS with: {failure}; name a node of a cluster, or omit --cluster")]
    Refused { seed: String, failure: Failure },
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
/// Returns why a node that answers does not name all nodes.
pub(crate) async fn find_nodes(mut plan: Plan, clock: Clock) -> Result<Plan, ClusterError> {
    let (Some(cluster), Some(scope)) = (plan.cluster, &mut plan.scope) else { return Ok(plan) };
    for seed in &scope.targets {
        let protocol = seed.protocol.unwrap_or(plan.protocol);
        let route = Route::new(seed.clone(), protocol, LIMIT, clock).with_ping(false).even_while_loading();
        let Ok((_, mut stream)) = route.connect().await else { continue };
        let reply = match stream.command(&["CLUSTER", "SLOTS"]).await {
            Ok(reply) => reply,
            Err(failure) if failure.key.class.is_server_reply() => {
                return Err(ClusterError::Refused { seed: seed.address.to_string(), failure });
            }
            Err(_) => continue,
        };
        let ranges = topology::ranges(&reply, seed.host().unwrap_or_default());
        let covered = topology::covered(&ranges);
        if covered < SLOTS {
            return Err(ClusterError::Incomplete { seed: seed.address.to_string(), covered });
        }
        let members = topology::members(&ranges).into_iter().filter(|member| cluster.replicas || member.is_primary());
        let writes = plan.probes.as_ref().is_some_and(|probes| probes.kind != ProbeKind::Ping);
        let found = members.map(|member| {
            let tag = if writes { member.tag() } else { None };
            (seed.at(&member.host, member.port), tag)
        });
        let (targets, tags) = found.unzip();
        (scope.targets, scope.tags) = (targets, tags);
        break;
    }
    plan.target.clone_from(&scope.targets[0]);
    Ok(plan)
}
