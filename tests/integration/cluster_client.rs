//! `soak --cluster --via cluster-client`: the cluster client of redis-rs beside the direct connections.

use std::time::Duration;

use serde_json::Value as Json;

use crate::harness::{
    Doctor, RedisServer, RunningDoctor, closed_port, cluster_node, eventually, join_cluster, replicate,
};

const SOON: Duration = Duration::from_secs(20);

fn nodes(count: usize) -> Option<Vec<RedisServer>> {
    let nodes = (0..count).map(|_| patient_node()).collect::<Option<Vec<_>>>()?;
    join_cluster(&nodes);
    Some(nodes)
}

/// A node that does not fail over on its own on a busy machine.
fn patient_node() -> Option<RedisServer> {
    let node = cluster_node()?;
    node.command(["CONFIG", "SET", "cluster-node-timeout", "2500"]);
    Some(node)
}

/// Three primaries, and a replica of the first.
fn with_replica() -> Option<(Vec<RedisServer>, RedisServer)> {
    let (nodes, replica) = (nodes(3)?, patient_node()?);
    replicate(&nodes[0], &replica);
    let known = |node: &RedisServer| node.command(["CLUSTER", "SLOTS"]).contains(&replica.port().to_string());
    eventually("all to know the replica", SOON, || nodes.iter().all(known));
    Some((nodes, replica))
}

fn soak(node: &RedisServer, arguments: &str) -> RunningDoctor {
    let arguments = format!("soak --cluster --via cluster-client --format json {arguments}");
    let doctor = Doctor::new(arguments.split_ascii_whitespace()).within(Duration::from_secs(60));
    let run = doctor.target(node).spawn();
    run.wait_for_cluster(3, SOON);
    run.wait_for_stderr("cluster client is connected", SOON);
    run
}

fn codes(report: &Json) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().filter_map(|finding| finding["code"].as_str()).collect()
}

#[test]
fn a_healthy_client_has_no_error_and_the_journal_yields_the_same_report() {
    let Some(nodes) = nodes(3) else { return };
    let directory = tempfile::tempdir().unwrap();
    let journal = directory.path().join("soak.ndjson");
    let arguments = format!("--workload kv,pubsub --rate 50 -d 4s --journal {}", journal.display());
    let report = soak(&nodes[0], &arguments).finish().code(0).json();
    let client = &report["cluster_client"];
    assert_eq!((&report["verdict"], &client["verdict"]), (&"healthy".into(), &"healthy".into()), "{client}");
    let probes = &client["probes"];
    assert_eq!((&probes["failed"], &probes["timed_out"], &client["outages"]), (&0.into(), &0.into(), &0.into()));
    // Three times fifty a second.
    assert!(probes["ok"].as_u64().unwrap() > 300, "{client}");
    assert_eq!(client["errors"], serde_json::json!([]));
    assert!(client["longest_gap"]["duration"].as_f64().unwrap() < 2.0, "{client}");
    assert!(client["library"].as_str().unwrap().starts_with("redis-rs "), "{client}");
    let replayed = |format: &str| Doctor::new(["report", journal.to_str().unwrap(), "--format", format]).run();
    assert_eq!(replayed("json").code(0).json()["cluster_client"], *client);
    let text = replayed("text");
    text.stdout_contains("client    redis-rs ").stdout_contains(" cluster client · healthy · ");
    replayed("html")
        .code(0)
        .stdout_contains("16384 of 16384 slots served")
        .stdout_contains(" cluster client · healthy · ");
    let metrics = replayed("openmetrics");
    let ok = format!("redis_doctor_cluster_client_probes_total{{outcome=\"ok\"}} {}\n", probes["ok"]);
    metrics.code(0).stdout_contains(&ok).stdout_contains("redis_doctor_cluster_slots_served 16384\n");
    // PING has no slot: a GET takes its place, and nothing is written.
    let before = nodes[0].command(["DBSIZE"]);
    let report = soak(&nodes[0], "--workload ping -d 2s").finish().code(0).json();
    assert!(report["cluster_client"]["probes"]["ok"].as_u64().unwrap() > 20, "{}", report["cluster_client"]);
    assert!(nodes[0].command(["DBSIZE"]).parse::<u64>().unwrap() <= before.parse::<u64>().unwrap());
}

#[test]
fn a_client_follows_a_failover_that_is_ordered() {
    let Some((nodes, replica)) = with_replica() else { return };
    let run = soak(&nodes[1], "--workload kv --rate 100 -d 6s");
    assert_eq!(replica.command(["CLUSTER", "FAILOVER"]), "OK");
    let report = run.finish().json();
    let client = &report["cluster_client"];
    assert_eq!(report["cluster"]["failovers"].as_array().unwrap().len(), 1, "{}", report["cluster"]);
    assert_eq!(client["unresolved"], 0, "{client}");
    assert!(client["probes"]["ok"].as_u64().unwrap() > 600, "{client}");
    assert!(!codes(&report).contains(&"RD164"), "{}", report["findings"]);
}

#[test]
fn a_killed_primary_is_an_outage_of_the_client_on_its_slots_alone() {
    let Some((mut nodes, _replica)) = with_replica() else { return };
    let run = soak(&nodes[1], "--workload kv --rate 50 -d 16s");
    nodes[0].kill9();
    let report = run.finish().json();
    let (client, killed) = (&report["cluster_client"], Json::from(nodes[0].address().to_string()));
    assert_eq!(report["cluster"]["slots_covered"], 16_384, "a replica took its place");
    assert!(client["longest_gap"]["duration"].as_f64().unwrap() > 1.0, "{client}");
    assert_eq!(client["longest_gap"]["shard"], killed, "{client}");
    let rows = client["rows"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["shard"] == killed), "{client}");
    assert!(client["connections_lost"].as_u64().unwrap() >= 1, "{client}");
    // It is critical exactly if it stays broken.
    let broken = client["unresolved"] != 0;
    assert_eq!(client["verdict"] == "critical", broken, "{}", report["findings"]);
}

#[test]
fn a_client_that_cannot_reach_a_node_is_critical_beside_direct_connections_that_can() {
    let Some(nodes) = nodes(2) else { return };
    let elsewhere = closed_port();
    nodes[1].command(["CONFIG", "SET", "cluster-announce-port", &elsewhere.port().to_string()]);
    let announced = || nodes[0].command(["CLUSTER", "SLOTS"]).contains(&elsewhere.port().to_string());
    eventually("the address to be announced", SOON, announced);
    let arguments = "soak --cluster --via cluster-client --rate 20 -d 8s --format json";
    let seeds = [nodes[0].address().to_string(), nodes[1].address().to_string()];
    let report = Doctor::new(arguments.split_ascii_whitespace()).args(&seeds).run().code(2).json();
    assert_eq!(report["verdicts"]["healthy"], 2, "{}", report["findings"]);
    let client = &report["cluster_client"];
    assert!(codes(&report).contains(&"RD164"), "{}", report["findings"]);
    assert_eq!((&client["verdict"], &client["unresolved"]), (&"critical".into(), &1.into()), "{client}");
    assert_eq!(client["rows"][0]["shard"], seeds[1], "{client}");
}

#[test]
fn a_cluster_client_without_a_cluster_or_a_workload_is_refused() {
    let refused = |arguments: &str, why: &str| {
        let run = Doctor::new(arguments.split_ascii_whitespace()).run();
        run.code(3).stderr_contains(&format!("--via: {why}"));
    };
    refused("soak --sandbox --via cluster-client", "a cluster client needs a cluster; add --cluster");
    refused("soak --cluster --via cluster-client --workload pubsub", "the cluster client sends probes");
    refused("soak --cluster --via cluster-client --fault reset_peer@1s", "a cluster client connects to the nodes");
}
