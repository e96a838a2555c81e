//! `--cluster` and a cluster that changes during a run: nodes that join and leave, and seeds that do not belong together.

use std::time::Duration;

use serde_json::Value as Json;

use crate::harness::{Doctor, RedisServer, cluster_node, eventually, join_cluster, meet};

const SOON: Duration = Duration::from_secs(20);

/// Slots of the node that leaves.
const FEW: u16 = 8;

fn patient_node() -> Option<RedisServer> {
    let node = cluster_node()?;
    node.command(["CONFIG", "SET", "cluster-node-timeout", "2500"]);
    Some(node)
}

/// A node with a few slots, one with all the others, and one without any.
fn uneven() -> Option<[RedisServer; 3]> {
    let [few, most, none] = [patient_node()?, patient_node()?, patient_node()?];
    few.command(["CLUSTER", "ADDSLOTSRANGE", "0", &(FEW - 1).to_string()]);
    most.command(["CLUSTER", "ADDSLOTSRANGE", &FEW.to_string(), "16383"]);
    meet(&few, &most);
    meet(&few, &none);
    let whole = |node: &RedisServer| {
        let info = node.command(["CLUSTER", "INFO"]);
        info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3\r")
    };
    let nodes = [few, most, none];
    eventually("the nodes to be one cluster", SOON, || nodes.iter().all(whole));
    Some(nodes)
}

/// Moves the few slots from the first node to the last, as redis-cli does it.
fn reshard([from, other, to]: &[RedisServer; 3]) {
    let [source, destination] = [from, to].map(|node| node.command(["CLUSTER", "MYID"]));
    for slot in (0..FEW).map(|slot| slot.to_string()) {
        to.command(["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source]);
        from.command(["CLUSTER", "SETSLOT", &slot, "MIGRATING", &destination]);
        // The keys of the workload expire anyway, and no new one is written to a slot that migrates.
        from.command(["FLUSHALL"]);
        to.command(["CLUSTER", "SETSLOT", &slot, "NODE", &destination]);
        for node in [from, other] {
            // A primary that hears of the loss of its last slot makes itself a replica, and refuses: it knows already.
            let reply = node.try_command(["CLUSTER", "SETSLOT", &slot, "NODE", &destination]);
            assert!(reply.text() == "OK" || reply.text().contains("only with masters"), "{reply:?}");
        }
    }
}

fn target<'a>(report: &'a Json, node: &RedisServer) -> &'a Json {
    let label = node.address().to_string();
    report["targets"].as_array().unwrap().iter().find(|target| target["target"] == label).unwrap()
}

#[test]
fn a_node_that_gets_slots_becomes_a_target_and_one_that_loses_all_of_them_ends_without_an_outage() {
    let Some(nodes) = uneven() else { return };
    let directory = tempfile::tempdir().unwrap();
    let journal = directory.path().join("soak.ndjson");
    let doctor = Doctor::new(["soak", "--cluster", "--workload", "kv", "--rate", "50", "-d", "9s", "--format", "json"]);
    let doctor = doctor.args(["--journal", journal.to_str().unwrap()]).within(Duration::from_secs(60));
    let run = doctor.target(&nodes[1]).spawn();
    run.wait_for_cluster(2, SOON);
    eventually("a key in the few slots", SOON, || nodes[0].command(["DBSIZE"]) != "0");
    reshard(&nodes);
    run.wait_for_stderr("has become a target", SOON);
    let report = run.finish().json();
    let [left, stayed, joined] = nodes.each_ref().map(|node| target(&report, node));
    assert_eq!(left["runs"][0]["stopped"], "left", "{}", left["runs"]);
    assert_eq!((&left["outages"]["drops"], &left["outages"]["unresolved"]), (&0.into(), &0.into()));
    assert_ne!(left["verdict"], "critical", "{}", left["findings"]);
    assert_eq!(stayed["verdict"], "healthy", "{}", stayed["findings"]);
    assert!(joined["probes"]["ok"].as_u64().unwrap() > 20, "{joined}");
    assert_eq!((&joined["verdict"], &joined["runs"][0]["stopped"]), (&"healthy".into(), &"duration".into()));
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["code"] != "RD163"), "{findings:?}");
    let replayed = Doctor::new(["report", journal.to_str().unwrap(), "--format", "json"]).run().json();
    assert_eq!(replayed["targets"], report["targets"]);
    assert_eq!(replayed["cluster"], report["cluster"]);
}

#[test]
fn the_advice_on_a_slot_that_moved_is_about_the_move() {
    let Some(nodes) = uneven() else { return };
    let doctor = Doctor::new(["soak", "--cluster", "--workload", "kv", "--rate", "100", "-d", "5s"]);
    let run = doctor.target(&nodes[1]).spawn();
    run.wait_for_cluster(2, SOON);
    eventually("a key in the few slots", SOON, || nodes[0].command(["DBSIZE"]) != "0");
    reshard(&nodes);
    let report = run.finish();
    report.lacks("this is a cluster: use a cluster client");
}

#[test]
fn seeds_of_two_clusters_are_refused_with_both_names() {
    let [Some(one), Some(other)] = [patient_node(), patient_node()] else { return };
    for node in [&one, &other] {
        join_cluster(std::slice::from_ref(node));
    }
    let seeds = [&one, &other].map(|node| node.address().to_string());
    let refused = Doctor::new(["soak", "--cluster", "-d", "1s"]).args(&seeds).run();
    let named = format!("--cluster: {} and {} are nodes of different clusters", seeds[0], seeds[1]);
    refused.code(3).stderr_contains(&named);
    // A server that is no node is none of the cluster.
    let alone = RedisServer::start();
    let refused = Doctor::new(["soak", "--cluster", "-d", "1s", &seeds[0], &alone.address().to_string()]).run();
    refused.code(3).stderr_contains(&format!("--cluster: {} answers CLUSTER SLOTS with: ", alone.address()));
    // Two nodes of one cluster are one cluster.
    meet(&one, &other);
}
