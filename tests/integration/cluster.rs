//! `--cluster`: the nodes are found from any of them, and each is a target of the run.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value as Json;

use crate::harness::{Doctor, RedisServer, closed_port, cluster_node, eventually, join_cluster, meet};

const SOON: Duration = Duration::from_secs(20);

fn nodes(count: usize) -> Option<Vec<RedisServer>> {
    let nodes = (0..count).map(|_| cluster_node()).collect::<Option<Vec<_>>>()?;
    join_cluster(&nodes);
    Some(nodes)
}

fn labels(report: &Json) -> BTreeSet<String> {
    let targets = report["targets"].as_array().unwrap();
    targets.iter().map(|target| target["target"].as_str().unwrap().to_owned()).collect()
}

fn addresses(nodes: &[RedisServer]) -> BTreeSet<String> {
    nodes.iter().map(|node| node.address().to_string()).collect()
}

#[test]
fn every_primary_is_found_from_any_node_and_writes_keys_of_its_own_slots() {
    let Some(nodes) = nodes(3) else { return };
    // The first seed is down, and the second is not the first node of the map.
    let seeds = [closed_port().to_string(), nodes[2].address().to_string()];
    let arguments = "soak --cluster --workload kv,pubsub --rate 50 -d 2s --format json";
    let run = Doctor::new(arguments.split_ascii_whitespace().chain(seeds.iter().map(String::as_str))).run();
    let report = run.code(0).json();
    assert_eq!(labels(&report), addresses(&nodes));
    for target in report["targets"].as_array().unwrap() {
        assert!(target["probes"]["ok"].as_u64().unwrap() > 20, "{target}");
        assert_eq!((&target["probes"]["failed"], &target["delivery"]["lost"]), (&0.into(), &0.into()), "{target}");
    }
    // Each node has the keys of its own session, and no other.
    let written = |node: &RedisServer| node.command(["DBSIZE"]).parse::<u64>().unwrap();
    assert!(nodes.iter().all(|node| written(node) >= 1));
}

#[test]
fn replicas_are_examined_on_request() {
    let Some(nodes) = nodes(2) else { return };
    let Some(replica) = cluster_node() else { return };
    let id = nodes[0].command(["CLUSTER", "MYID"]);
    meet(&nodes[0], &replica);
    eventually("the replica to know its primary", SOON, || replica.command(["CLUSTER", "NODES"]).contains(&id));
    replica.command(["CLUSTER", "REPLICATE", &id]);
    let known = || nodes[1].command(["CLUSTER", "SLOTS"]).contains(&replica.port().to_string());
    eventually("the other primary to announce the replica", SOON, known);
    let run = |arguments: &str| Doctor::new(arguments.split_ascii_whitespace()).target(&nodes[1]).run();
    let report = run("soak --cluster --replicas -d 1s --format json").code(0).json();
    assert!(labels(&report).contains(&replica.address().to_string()), "{:?}", labels(&report));
    assert_eq!(labels(&report).len(), 3);
    assert_eq!(labels(&run("soak --cluster -d 1s --format json").code(0).json()), addresses(&nodes));
    let refused = run("soak --cluster --replicas --workload kv -d 1s");
    refused.code(3).stderr_contains("--replicas: replicas redirect the writes of the kv workload (MOVED); omit kv");
}

#[test]
fn what_is_no_whole_cluster_is_refused_with_the_reason() {
    let alone = RedisServer::start();
    let run = |target: &str| Doctor::new(["soak", "--cluster", "-d", "1s", "--format", "json", target]).run();
    let refused = run(&alone.address().to_string());
    refused.code(3).stderr_contains(&format!("--cluster: {} answers CLUSTER SLOTS with: ", alone.address()));
    let down = run(&closed_port().to_string());
    assert_eq!(down.code(2).json()["targets"][0]["verdict"], "critical");
    let Some(node) = cluster_node() else { return };
    node.command(["CLUSTER", "ADDSLOTSRANGE", "0", "99"]);
    let refused = run(&node.address().to_string());
    refused.code(3).stderr_contains("only 100 of 16384 slots have a node; assign the others (redis-cli --cluster fix");
}

#[test]
fn a_node_that_is_announced_under_an_unreachable_address_is_critical_and_the_others_run() {
    let Some(nodes) = nodes(2) else { return };
    let elsewhere = closed_port();
    nodes[1].command(["CONFIG", "SET", "cluster-announce-port", &elsewhere.port().to_string()]);
    let announced = || nodes[0].command(["CLUSTER", "SLOTS"]).contains(&elsewhere.port().to_string());
    eventually("the address to be announced", SOON, announced);
    let run = Doctor::new(["soak", "--cluster", "-d", "1s", "--format", "json"]).target(&nodes[0]).run();
    let report = run.code(2).json();
    assert_eq!(report["verdicts"], serde_json::json!({ "healthy": 1, "degraded": 0, "critical": 1 }));
    assert_eq!(report["targets"][0]["target"], format!("127.0.0.1:{}", elsewhere.port()));
}
