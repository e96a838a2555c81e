//! Judgment of a cluster: whether it serves its slots, and whether a client can follow it to its nodes.

use super::{
    Mark, Sheet,
    finding::{self, CheckFinding},
    survey::{ClusterFacts, ClusterPrimary},
};
use crate::{plan::Address, units::count, verdict::Severity};

/// Slots of every cluster (CLUSTER_SLOTS in cluster.h).
const SLOTS: u64 = 16_384;

/// Addresses shown in a finding.
const SHOWN: usize = 4;

pub(super) fn judge(sheet: &mut Sheet<'_>) {
    let Some(cluster) = &sheet.facts.cluster else { return };
    let covered =
        cluster.slots_assigned.map(|assigned| assigned - cluster.slots_failed.unwrap_or_default().min(assigned));
    let mut mark = Mark::Ok;
    if cluster.state.as_deref() == Some("fail") {
        let remedy = "bring the missing primaries back, or assign their slots (redis-cli --cluster fix HOST:PORT); until \
                      then every command with a key is refused with CLUSTERDOWN";
        let finding =
            CheckFinding::new(Severity::Critical, finding::CLUSTER_DOWN, "the cluster is down (cluster_state:fail)");
        let slots = covered.map(|covered| format!("{covered} of {SLOTS} slots have a working node"));
        mark = mark.max(sheet.finding(finding.evidence(slots.unwrap_or_default()).remedy(remedy)));
    } else if let Some(missing) = covered.map(|covered| SLOTS.saturating_sub(covered)).filter(|missing| *missing > 0) {
        let text = format!("{} of {SLOTS} slots have no working node, and the cluster serves the others", missing);
        let remedy = "bring the missing primaries back, or assign their slots (redis-cli --cluster fix HOST:PORT); until \
                      then commands on their keys are refused with CLUSTERDOWN (cluster-require-full-coverage no)";
        let finding = CheckFinding::new(Severity::Critical, finding::CLUSTER_DOWN, text);
        mark = mark.max(sheet.finding(finding.evidence("cluster_state:ok").remedy(remedy)));
    }
    mark = mark.max(addresses(sheet, cluster));
    mark = mark.max(redirections(sheet, cluster));
    let state = cluster.state.as_deref().unwrap_or("state unknown");
    let share = covered.map(|covered| format!(" · {covered} of {SLOTS} slots covered")).unwrap_or_default();
    let own = format!(" · {} here", cluster.own_slots);
    let nodes = cluster.known_nodes.map(|nodes| format!(" · {}", count(nodes, "node"))).unwrap_or_default();
    sheet.line("cluster", mark, format!("{state}{share}{own}{nodes}"));
}

/// Adds the findings about the addresses that the cluster sends its clients to.
fn addresses(sheet: &mut Sheet<'_>, cluster: &ClusterFacts) -> Mark {
    let connected = sheet.subject.target.address.to_string();
    let own = cluster.announced.as_ref().filter(|announced| !is_ours(sheet, announced));
    let own = own.map(|announced| format!("this node is {connected} here and announces itself as {announced}"));
    let dead: Vec<&ClusterPrimary> = cluster.primaries.iter().filter(|primary| primary.failure.is_some()).collect();
    if let Some(first) = dead.first() {
        let text = format!(
            "the cluster sends clients to addresses that cannot be reached from here: {} of {} primaries, {}",
            dead.len(),
            cluster.primaries.len(),
            first.address
        );
        let failures = dead.iter().take(SHOWN);
        let failures =
            failures.map(|dead| format!("{}: {}", dead.address, dead.failure.as_deref().unwrap_or_default()));
        let evidence: Vec<String> = failures.chain(own).collect();
        let remedy = "announce addresses that clients can reach: set cluster-announce-ip (or cluster-announce-hostname) and \
                      cluster-announce-port on each node; a port that is published or forwarded under another number \
                      needs both";
        let finding = CheckFinding::new(Severity::Critical, finding::CLUSTER_ADDRESS, text);
        return sheet.finding(finding.evidence(evidence.join("; ")).remedy(remedy));
    }
    let Some(own) = own else { return Mark::Ok };
    let text = "the cluster announces this node under another address than the one used here";
    let remedy =
        "a cluster client connects to the announced address after its first command: both must lead to this node";
    let finding = CheckFinding::new(Severity::Info, finding::CLUSTER_ADDRESS, text);
    sheet.finding(finding.evidence(own).remedy(remedy))
}

/// Returns true if an announced address is the one that we are connected to.
fn is_ours(sheet: &Sheet<'_>, announced: &str) -> bool {
    let peer = sheet.facts.attempt.as_ref().and_then(|attempt| attempt.peer);
    announced == sheet.subject.target.address.to_string()
        || peer.is_some_and(|peer| announced.parse() == Ok(peer))
        || matches!(&sheet.subject.target.address, Address::Unix(_))
}

/// Adds the findings about a client without support for clusters.
fn redirections(sheet: &mut Sheet<'_>, cluster: &ClusterFacts) -> Mark {
    let replica = sheet.facts.server.role.as_deref() == Some("slave");
    if cluster.own_slots >= SLOTS || cluster.primaries.is_empty() {
        return Mark::Ok;
    }
    let remedy =
        "use a cluster client, which follows MOVED; a plain connection is good only for keys whose slots are here";
    let (severity, text) = if cluster.own_slots == 0 && !replica {
        (Severity::Warning, "this node owns no slots: every command with a key is answered with MOVED".to_owned())
    } else {
        let text = format!(
            "a node of a cluster: a client that does not know clusters gets MOVED for {} of {SLOTS} slots",
            SLOTS - cluster.own_slots
        );
        (Severity::Info, text)
    };
    let evidence = "CLUSTER SLOTS and CLUSTER MYID";
    let mark = sheet.finding(CheckFinding::new(severity, finding::MOVED, text).evidence(evidence).remedy(remedy));
    if severity == Severity::Info { Mark::Ok } else { mark }
}
