//! A cluster: commands on all of its nodes at once, and its failovers.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::Value as Json;

use super::Options;
use super::doctor::Doctor;
use super::harness::{
    NODE_TIMEOUT, RedisServer, RunningDoctor, cluster_node, eventually, installed, join_cluster, replicate, skipped,
};
use super::machine::{SERVER_CORE, client_core, finish, on_core, spawn_on};
use super::steps::{
    HEALTHY, Kind, SOON, failovers, has_server, logged, milliseconds, named, report, run, step, wait_for_followed,
};
use super::table::{Limit, Row, quantile};

const LIMIT: Duration = Duration::from_secs(60);
const NODES: usize = 6;
/// In flight on each node.
const DEPTH: usize = 50;
/// Requests of redis-benchmark: about a second.
const REQUESTS: u32 = 150_000;

/// PINGs a second to six nodes, and processor time of each.
pub(crate) fn throughput(options: &Options) -> Vec<Row> {
    if installed("redis-benchmark").is_none() {
        skipped("the throughput of a cluster", "there is no redis-benchmark");
        return Vec::new();
    }
    let Some(nodes) = on_core(SERVER_CORE, || nodes(NODES)) else { return Vec::new() };
    let port = nodes[0].port();
    let (mut rate, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let depth = DEPTH.to_string();
        let soak = ["soak", "--cluster", "--workload", "ping", "--rate", "0", "--concurrency", &depth, "-d", "1s"];
        let (report, cost) = Doctor::start(client_core(), port, &soak).finish(LIMIT);
        let (ours, done) = (report.sum("/probes/rate"), report.sum("/probes/ok"));
        let (peers, each) = redis_benchmark(port);
        rate.push((ours, peers));
        cpu.push((cost.cpu.as_secs_f64() * 1e6 / done, each));
    }
    vec![
        Row::ratio("cluster of 6, 50 each: PING/s / redis-benchmark --cluster", &rate, "/s", Limit::Least(2.0)),
        Row::ratio("cluster of 6, 50 each: CPU of one / redis-benchmark", &cpu, "µs", Limit::Most(0.4)),
    ]
}

/// Runs redis-benchmark with as much in flight. Returns requests a second, and the processor time of one in microseconds.
fn redis_benchmark(port: u16) -> (f64, f64) {
    let mut command = Command::new("redis-benchmark");
    command.args(["--cluster", "-p", &port.to_string(), "-t", "ping_mbulk", "--csv"]);
    command.args(["-c", &(NODES * DEPTH).to_string(), "-n", &REQUESTS.to_string()]);
    let mut process = spawn_on(client_core(), command.stdout(Stdio::piped()).stderr(Stdio::null()));
    let mut output = process.stdout.take().unwrap();
    let cost = finish(&mut process, LIMIT, Duration::from_millis(5), |_| ());
    let mut text = String::new();
    output.read_to_string(&mut text).unwrap();
    // "test","rps",…
    let rate = text.lines().last().unwrap().split(',').nth(1).unwrap().trim_matches('"').parse().unwrap();
    (rate, cost.cpu.as_secs_f64() * 1e6 / f64::from(REQUESTS))
}

/// Twenty failovers of a kind in one run (two, unless the long run is asked for). The two nodes take turns.
pub(crate) fn failover(options: &Options, kind: Kind) -> Vec<Row> {
    let (count, kind_of) = (failovers(options.long), kind.name());
    let Some(seen) = series(kind, count) else { return Vec::new() };
    let time = format!("cluster, {kind_of}: promoted to first write, p95");
    let mut rows = vec![Row::at_most(time, quantile(&seen.promoted, 0.95), "ms", 100.0)];
    if kind == Kind::Ordered {
        rows.push(Row::at_most("cluster, ordered: outage, p95", quantile(&seen.outages, 0.95), "ms", 100.0));
    }
    rows.push(Row::exactly(format!("cluster, {kind_of}: failovers with the right nodes"), seen.named, count as u64));
    rows
}

/// Runs on a cluster that nobody disturbs.
pub(crate) fn healthy(options: &Options) -> Vec<Row> {
    let Some(nodes) = nodes(3) else { return Vec::new() };
    let listed = (0..failovers(options.long)).map(|_| {
        let run = start(&nodes);
        std::thread::sleep(HEALTHY);
        report(run)["cluster"]["failovers"].as_array().unwrap().len() as u64
    });
    vec![Row::exactly("cluster, healthy: failovers named", listed.sum(), 0)]
}

/// What was seen of a series of failovers.
struct Series {
    /// Milliseconds from each promotion, as the log of the new primary dates it, until our first good write to it.
    promoted: Vec<f64>,
    /// Length of each outage in milliseconds.
    outages: Vec<f64>,
    named: u64,
}

fn series(kind: Kind, count: usize) -> Option<Series> {
    let nodes = nodes(3)?;
    let replica = cluster_node()?;
    replicate(&nodes[0], &replica);
    let known = |node: &RedisServer| node.command(["CLUSTER", "SLOTS"]).contains(&replica.port().to_string());
    eventually("all to know the replica", SOON, || nodes.iter().all(known));
    let run = start(&nodes);
    let mut nodes = nodes.into_iter();
    let (mut primary, mut other) = (nodes.next()?, replica);
    let others: Vec<_> = nodes.collect();
    let label = primary.address().to_string();
    let (mut expected, mut times) = (Vec::new(), Vec::<SystemTime>::new());
    for number in 1..=count {
        wait_until_votes_expire(&other);
        match kind {
            Kind::Killed => primary.kill9(),
            Kind::Frozen => primary.sigstop(),
            Kind::Ordered => order(&other),
        }
        wait_for_followed(&run, number);
        expected.push((primary.address().to_string(), other.address().to_string()));
        times.push(logged(&other, "election won").unwrap());
        match kind {
            Kind::Killed => primary.restart_same_port(),
            Kind::Frozen => primary.sigcont(),
            Kind::Ordered => {}
        }
        std::mem::swap(&mut primary, &mut other);
        wait_for_copy(&primary, &other, &others);
    }
    let report = report(run);
    let listed = &report["cluster"]["failovers"];
    let first = |(number, promoted): (usize, &SystemTime)| {
        step(&listed[number], "first_reply").map_or(f64::INFINITY, |first| milliseconds(*promoted, first))
    };
    let targets = report["targets"].as_array().unwrap();
    let target = targets.iter().find(|target| target["target"] == *label).unwrap();
    Some(Series {
        promoted: times.iter().enumerate().map(first).collect(),
        outages: outages(target),
        named: named(listed, &expected),
    })
}

/// Waits until a node that has been elected once asks for votes again. Before, it counts the votes of that election for the
/// next one, and becomes a primary without an election (redis `src/cluster.c`, clusterHandleSlaveFailover: `auth_retry_time`).
fn wait_until_votes_expire(node: &RedisServer) {
    let Some(elected) = logged(node, "election won") else { return };
    let expired = || elected.elapsed().is_ok_and(|age| age > 4 * NODE_TIMEOUT + Duration::from_secs(1));
    eventually("the votes of the last election to expire", SOON, expired);
}

/// Tells a replica to take the place of its primary; again where the nodes, on a busy machine, were too late to agree.
fn order(replica: &RedisServer) {
    let gave_up = || replica.log().matches("Manual failover timed out").count();
    let mut next = gave_up();
    eventually("the replica to be a primary", SOON, || {
        if gave_up() == next {
            next += 1;
            assert_eq!(replica.command(["CLUSTER", "FAILOVER"]), "OK");
        }
        replica.command(["ROLE"]).starts_with("master")
    });
}

/// Waits until a node that was a primary is a replica that may take the place of its successor.
fn wait_for_copy(primary: &RedisServer, replica: &RedisServer, others: &[RedisServer]) {
    let copies = || {
        let info = replica.command(["INFO", "replication"]);
        info.contains("role:slave") && info.contains("master_link_status:up")
    };
    eventually("the old primary to copy the new one", SOON, copies);
    let (id, address) = (primary.command(["CLUSTER", "MYID"]), replica.address().to_string());
    let knows = |node: &RedisServer| {
        let nodes = node.command(["CLUSTER", "NODES"]);
        let line = nodes.lines().find(|line| line.contains(&address));
        line.is_some_and(|line| line.contains("slave") && line.contains(&id))
    };
    // A primary that does not know its replica ignores its wish to take over, and the others refuse it their votes.
    let is_known = || {
        let online = primary.command(["INFO", "replication"]).contains("state=online");
        online && std::iter::once(primary).chain(others).all(knows)
    };
    eventually("all to know the replica", SOON, is_known);
}

fn outages(target: &Json) -> Vec<f64> {
    let rows = target["outages"]["rows"].as_array().unwrap();
    rows.iter().map(|row| row["duration"].as_f64().unwrap() * 1e3).collect()
}

/// Starts a run that writes to each primary, and waits until it is connected to all of them.
fn start(nodes: &[RedisServer]) -> RunningDoctor {
    let run = run("--cluster --workload ledger --rate 100").target(&nodes[1]).spawn();
    run.wait_for_cluster(nodes.len(), SOON);
    run
}

fn nodes(count: usize) -> Option<Vec<RedisServer>> {
    if !has_server() {
        return None;
    }
    let nodes = (0..count).map(|_| cluster_node()).collect::<Option<Vec<_>>>()?;
    join_cluster(&nodes);
    Some(nodes)
}
