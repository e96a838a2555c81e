//! The findings about the cluster whose nodes are the targets.

use super::{Finding, finding::List};
use crate::{
    record::ClusterFigures,
    units::{count, span},
    verdict::Severity,
};

/// Slots of every cluster (CLUSTER_SLOTS in cluster.h).
const SLOTS: u16 = 16_384;

/// Slots are not served.
const NOT_SERVED: &str = "RD105";

/// An announced address cannot be reached from here.
const ADDRESS: &str = "RD185";

/// A node does not admit the user of the run.
const REFUSED: &str = "RD162";

/// A primary has joined and is not examined.
const JOINED: &str = "RD163";

/// Judges the cluster.
pub(super) fn findings(cluster: &ClusterFigures) -> Vec<Finding> {
    let mut list = List(Vec::new());
    let missing = u64::from(SLOTS.saturating_sub(cluster.slots_covered));
    let lasted = span(cluster.uncovered);
    if missing > 0 && !cluster.nodes.is_empty() {
        let text = format!("{} of {SLOTS} have no working primary at the end of the run", count(missing, "slot"));
        list.push_coded(Severity::Critical, Some(NOT_SERVED), text);
    } else if !cluster.uncovered.is_zero() {
        let most = u64::from(SLOTS.saturating_sub(cluster.least_covered));
        let text = format!("for {lasted}, up to {} of {SLOTS} had no working primary", count(most, "slot"));
        list.push_coded(Severity::Warning, Some(NOT_SERVED), text);
    }
    for node in &cluster.unreachable {
        let reached = node.reached.as_ref().map(|reached| format!("; this run reaches it as {reached}"));
        let text = format!(
            "the cluster announces {}, which cannot be reached from here (according to {}){}: a client that is redirected \
             to it cannot follow",
            node.node,
            node.by,
            reached.unwrap_or_default()
        );
        list.push_coded(Severity::Critical, Some(ADDRESS), text);
    }
    for node in &cluster.refusing {
        let text = format!("{} does not admit this user, and other nodes do: {}", node.node, node.why);
        list.push_coded(Severity::Critical, Some(REFUSED), text);
    }
    if let Some(why) = &cluster.forbidden {
        list.info(format!("the cluster could not be observed, so failovers were not followed: {why}"));
    }
    for node in &cluster.unwatched {
        let text = format!("{node} serves slots and is not a target of the run: it is not examined");
        list.push_coded(Severity::Warning, Some(JOINED), text);
    }
    for moved in &cluster.slot_moves {
        list.info(format!("{} moved from {} to {}", count(moved.slots, "slot"), moved.from, moved.to));
    }
    list.0
}
