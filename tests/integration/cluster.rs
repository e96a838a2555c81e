//! `--cluster`: the nodes are found from any of them, and each is a target of the run.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value as Json;

use crate::harness::{
    Doctor, RedisServer, RunningDoctor, closed_port, cluster_node, eventually, join_cluster, replicate,
};

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
    replicate(&nodes[0], &replica);
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

/// Three primaries, and a replica of the first.
struct Failing {
    nodes: Vec<RedisServer>,
    replica: RedisServer,
}

impl Failing {
    fn start() -> Option<Self> {
        let nodes = nodes(3)?;
        let replica = cluster_node()?;
        replicate(&nodes[0], &replica);
        let known = |node: &RedisServer| node.command(["CLUSTER", "SLOTS"]).contains(&replica.port().to_string());
        eventually("all to know the replica", SOON, || nodes.iter().all(known));
        Some(Self { nodes, replica })
    }

    fn soak(&self, arguments: &str) -> RunningDoctor {
        let arguments = format!("soak --cluster --format json {arguments}");
        let doctor = Doctor::new(arguments.split_ascii_whitespace()).within(Duration::from_secs(60));
        let run = doctor.target(&self.nodes[1]).spawn();
        let replicas = usize::from(arguments.contains("--replicas"));
        run.wait_for_cluster(self.nodes.len() + replicas, SOON);
        run
    }

    fn places(&self) -> (Json, Json) {
        (self.nodes[0].address().to_string().into(), self.replica.address().to_string().into())
    }

    /// The report of the target that failed over, after a check that it is the only failover and has the right nodes.
    #[track_caller]
    fn of_failover<'a>(&self, report: &'a Json) -> &'a Json {
        let failovers = report["cluster"]["failovers"].as_array().unwrap();
        assert_eq!(failovers.len(), 1, "{}", report["cluster"]);
        let (old, new) = self.places();
        assert_eq!((&failovers[0]["from"], &failovers[0]["to"]), (&old, &new));
        assert!(failovers[0]["epoch"].as_u64() > Some(0), "{}", failovers[0]);
        target(report, &self.nodes[0])
    }
}

fn target<'a>(report: &'a Json, node: &RedisServer) -> &'a Json {
    let label = node.address().to_string();
    report["targets"].as_array().unwrap().iter().find(|target| target["target"] == label).unwrap()
}

fn codes(report: &Json) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().filter_map(|finding| finding["code"].as_str()).collect()
}

/// The seconds of a time since the start of its hour.
fn seconds(time: &Json) -> f64 {
    let time = time.as_str().unwrap();
    let (minutes, rest) = time[14..].split_once(':').unwrap();
    minutes.parse::<f64>().unwrap() * 60.0 + rest.trim_end_matches('Z').parse::<f64>().unwrap()
}

#[test]
fn the_connections_go_with_their_slots_to_the_replica_of_a_killed_primary() {
    let Some(mut cluster) = Failing::start() else { return };
    let run = cluster.soak("--workload ledger,pubsub --rate 50 -d 9s");
    cluster.nodes[0].kill9();
    let report = run.finish().json();
    let target = cluster.of_failover(&report);
    let outage = &target["outages"]["rows"][0];
    assert_eq!(outage["diagnosis"]["cause"], "failover", "{}", outage["diagnosis"]);
    assert_eq!((&target["outages"]["unresolved"], &target["sessions"]["replaced_failover"]), (&0.into(), &1.into()));
    assert_eq!(target["ledger"]["unread"], 0, "{}", target["ledger"]);
    let failover = &report["cluster"]["failovers"][0];
    assert!(failover["down"].is_string(), "{failover}");
    let waited = seconds(&failover["first_reply"]) - seconds(&failover["named"]);
    assert!(waited < 0.5, "{failover}");
    // While the slots had no primary, commands on them could not be served.
    assert!(report["cluster"]["uncovered"].as_f64().unwrap() > 0.0 && codes(&report).contains(&"RD105"));
    assert_eq!(report["cluster"]["slots_covered"], 16_384);
    for other in &cluster.nodes[1..] {
        assert_eq!(self::target(&report, other)["outages"]["drops"], 0);
    }
}

#[test]
fn a_primary_that_is_demoted_is_left_for_the_new_one() {
    let Some(cluster) = Failing::start() else { return };
    let run = cluster.soak("--workload kv --rate 100 -d 5s");
    assert_eq!(cluster.replica.command(["CLUSTER", "FAILOVER"]), "OK");
    let report = run.finish().code(1).json();
    let target = cluster.of_failover(&report);
    let outage = &target["outages"]["rows"][0];
    assert_eq!(outage["diagnosis"]["cause"], "failover", "{}", outage["diagnosis"]);
    assert!(outage["duration"].as_f64().unwrap() < 0.5, "{outage}");
    assert_eq!(target["states"], serde_json::json!([]), "not pinned: it goes to the new primary");
    assert!(target["probes"]["ok"].as_u64().unwrap() > 300, "{}", target["probes"]);
}

#[test]
fn a_frozen_primary_is_left_as_soon_as_another_is_named() {
    let Some(cluster) = Failing::start() else { return };
    let run = cluster.soak("--rate 50 -d 8s");
    cluster.nodes[0].sigstop();
    let report = run.finish().json();
    cluster.nodes[0].sigcont();
    let target = cluster.of_failover(&report);
    let failover = &report["cluster"]["failovers"][0];
    let waited = seconds(&failover["first_reply"]) - seconds(&failover["named"]);
    assert!(waited < 0.5, "no wait for the old server: {failover}");
    assert_eq!(target["outages"]["rows"][0]["diagnosis"]["cause"], "failover");
}

#[test]
fn moved_slots_take_the_keys_of_the_workload_along_and_are_not_a_failover() {
    let Some(nodes) = nodes(2) else { return };
    let doctor = Doctor::new(["soak", "--cluster", "--workload", "kv", "--rate", "50", "-d", "4s", "--format", "json"]);
    let run = doctor.target(&nodes[0]).spawn();
    run.wait_for_cluster(2, SOON);
    let ids = [0, 1].map(|node: usize| nodes[node].command(["CLUSTER", "MYID"]));
    let tagged = || nodes[0].command(["KEYS", "redis-doctor:*"]);
    eventually("a key to be written", SOON, || tagged().contains('{'));
    let slot = nodes[0].command(["CLUSTER", "KEYSLOT", tagged().lines().next().unwrap()]);
    nodes[0].command(["DEL", tagged().lines().next().unwrap()]);
    nodes[1].command(["CLUSTER", "SETSLOT", &slot, "IMPORTING", &ids[0]]);
    for node in [&nodes[1], &nodes[0]] {
        node.command(["CLUSTER", "SETSLOT", &slot, "NODE", &ids[1]]);
    }
    let report = run.finish().json();
    let cluster = &report["cluster"];
    assert_eq!((&cluster["failovers"], &cluster["slot_moves"][0]["slots"]), (&serde_json::json!([]), &1.into()));
    assert_eq!(cluster["slot_moves"][0]["to"], nodes[1].address().to_string());
    let probes = &target(&report, &nodes[0])["probes"];
    assert!(probes["ok"].as_u64().unwrap() > 100 && probes["failed"].as_u64().unwrap() < 60, "{probes}");
    let errors = target(&report, &nodes[0])["errors"].as_array().unwrap();
    assert!(errors.iter().all(|error| error["class"] == "moved"), "{errors:?}");
}

#[test]
fn shard_channels_are_verified_on_each_node_and_one_that_moves_away_is_a_lost_subscription() {
    let Some(nodes) = nodes(2) else { return };
    let arguments = "soak --cluster --workload shard-pubsub -d 6s --verify-rate 50 --format json";
    let run = Doctor::new(arguments.split_ascii_whitespace()).target(&nodes[0]).spawn();
    run.wait_for_cluster(2, SOON);
    let channels = || nodes[0].command(["PUBSUB", "SHARDCHANNELS", "*"]);
    eventually("the shard channel of the first node", SOON, || channels().contains("redis-doctor:"));
    let slot = nodes[0].command(["CLUSTER", "KEYSLOT", channels().lines().next().unwrap()]);
    let id = nodes[1].command(["CLUSTER", "MYID"]);
    for node in [&nodes[1], &nodes[0]] {
        node.command(["CLUSTER", "SETSLOT", &slot, "NODE", &id]);
    }
    let report = run.finish().code(2).json();
    let states = &target(&report, &nodes[0])["states"];
    assert_eq!(states[0]["state"], "subscription_lost", "{states}");
    let other = target(&report, &nodes[1]);
    assert!(other["delivery"]["received"].as_u64().unwrap() > 150, "{}", other["delivery"]);
    assert_eq!((&other["delivery"]["lost"], &other["verdict"]), (&0.into(), &"healthy".into()));
    let refused = Doctor::new(["soak", "--sandbox", "--workload", "pubsub,shard-pubsub"]).run();
    refused.code(3).stderr_contains("pubsub and shard-pubsub exclude each other; run soak twice");
}

#[test]
fn lost_slots_are_critical_for_the_cluster() {
    let Some(mut nodes) = nodes(3) else { return };
    for node in &nodes {
        node.command(["CONFIG", "SET", "cluster-require-full-coverage", "no"]);
    }
    let doctor = Doctor::new(["soak", "--cluster", "-d", "5s", "--format", "json"]);
    let run = doctor.target(&nodes[1]).spawn();
    run.wait_for_cluster(3, SOON);
    nodes[0].kill9();
    let report = run.finish().code(2).json();
    assert!(codes(&report).contains(&"RD105"), "{}", report["findings"]);
    assert!(report["cluster"]["slots_covered"].as_u64().unwrap() < 16_384, "{}", report["cluster"]);
    assert_eq!(report["cluster"]["failovers"], serde_json::json!([]));
}

#[test]
fn a_node_that_refuses_the_password_is_named_and_the_others_run() {
    let Some(nodes) = nodes(2) else { return };
    nodes[1].command(["CONFIG", "SET", "requirepass", "of-this-node"]);
    let run = Doctor::new(["soak", "--cluster", "-d", "2s", "--format", "json"]).target(&nodes[0]).run();
    let report = run.code(2).lacks("of-this-node").json();
    assert!(codes(&report).contains(&"RD162"), "{}", report["findings"]);
    assert_eq!(report["cluster"]["refusing"][0]["node"], nodes[1].address().to_string());
    assert_eq!(target(&report, &nodes[0])["verdict"], "healthy");
}

#[test]
fn a_node_is_reached_under_the_address_of_its_seed_where_the_announced_one_leads_nowhere() {
    let Some(nodes) = nodes(2) else { return };
    let elsewhere = closed_port();
    nodes[1].command(["CONFIG", "SET", "cluster-announce-port", &elsewhere.port().to_string()]);
    let announced = || nodes[0].command(["CLUSTER", "SLOTS"]).contains(&elsewhere.port().to_string());
    eventually("the address to be announced", SOON, announced);
    let seeds = [nodes[0].address().to_string(), nodes[1].address().to_string()];
    let run = Doctor::new(["soak", "--cluster", "-d", "2s", "--format", "json"]).args(&seeds).run();
    let report = run.code(2).json();
    assert_eq!(labels(&report), addresses(&nodes));
    assert_eq!(report["verdicts"]["healthy"], 2, "{}", report["findings"]);
    let unreachable = &report["cluster"]["unreachable"][0];
    let places = (format!("127.0.0.1:{}", elsewhere.port()), seeds[1].clone());
    assert_eq!((&unreachable["node"], &unreachable["reached"]), (&places.0.into(), &places.1.into()));
    assert!(codes(&report).contains(&"RD185"));
}

#[test]
fn a_healthy_cluster_has_no_failover_and_a_replica_row_stays_with_its_node() {
    let Some(cluster) = Failing::start() else { return };
    let report = cluster.soak("--replicas -d 3s").finish().code(0).json();
    assert_eq!(report["cluster"]["failovers"], serde_json::json!([]));
    assert_eq!(report["cluster"]["nodes"].as_array().unwrap().len(), 4);
    let run = cluster.soak("--replicas -d 4s");
    assert_eq!(cluster.replica.command(["CLUSTER", "FAILOVER"]), "OK");
    let report = run.finish().json();
    let target = cluster.of_failover(&report);
    assert_eq!(target["outages"]["drops"], 0, "each row is a node: {}", target["outages"]);
}
