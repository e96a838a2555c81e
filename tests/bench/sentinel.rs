//! Failovers of Sentinels: how fast the connections follow, whether each is named, and what the report says that it cost.

use std::sync::mpsc;
use std::time::SystemTime;

use super::Options;
use super::harness::{RawClient, SentinelSet, eventually};
use super::steps::{
    HEALTHY, Kind, SOON, failovers, has_server, logged, milliseconds, named, report, run, step, wait_for_followed,
};
use super::table::{Limit, Row, quantile};
use super::writer::{Retry, Writer, has_redis_py};

/// Acknowledged writes that are to be gone.
const GONE: usize = 100;

/// One failover.
struct Trial {
    /// Milliseconds from the first Sentinel's word of the new primary until our first good write to it.
    ours: f64,
    /// The same of redis-py, with its own retries and with eager ones.
    peers: Option<[f64; 2]>,
    named: u64,
    /// Milliseconds between the window with two primaries and the logs'.
    apart: Option<f64>,
}

/// Twenty failovers of a kind (two, unless the long run is asked for).
pub(crate) fn failover(options: &Options, kind: Kind) -> Vec<Row> {
    if !has_server() {
        return Vec::new();
    }
    let (count, with_peers, kind_of) = (failovers(options.long), has_redis_py(), kind.name());
    let trials: Vec<_> = (0..count).map(|_| trial(kind, with_peers)).collect();
    let ours: Vec<_> = trials.iter().map(|trial| trial.ours).collect();
    let time = format!("Sentinel, {kind_of}: named to first write, p95");
    let mut rows = vec![Row::at_most(time, quantile(&ours, 0.95), "ms", 250.0)];
    for (peer, name, limit) in [(0, "redis-py", Limit::Most(1.0)), (1, "redis-py, eager", Limit::None)] {
        let pairs: Vec<_> = trials.iter().filter_map(|trial| Some((trial.ours, trial.peers?[peer]))).collect();
        if !pairs.is_empty() {
            rows.push(Row::ratio(format!("Sentinel, {kind_of}: first write / {name}"), &pairs, "ms", limit));
        }
    }
    let right = format!("Sentinel, {kind_of}: failovers with the right nodes");
    rows.push(Row::exactly(right, trials.iter().map(|trial| trial.named).sum(), count as u64));
    let apart: Vec<_> = trials.iter().filter_map(|trial| trial.apart).collect();
    if !apart.is_empty() {
        let worst = quantile(&apart, 1.0);
        rows.push(Row::at_most("Sentinel, ordered: two primaries, off the logs by, worst", worst, "ms", 100.0));
    }
    rows
}

/// Runs on servers that nobody disturbs.
pub(crate) fn healthy(options: &Options) -> Vec<Row> {
    if !has_server() {
        return Vec::new();
    }
    let set = SentinelSet::start(1, 3);
    let listed = (0..failovers(options.long)).map(|_| {
        let run = run("--workload ledger --rate 100").args(set.flags()).spawn();
        run.wait_for_stderr("connected", SOON);
        std::thread::sleep(HEALTHY);
        report(run)["sentinels"]["failovers"].as_array().unwrap().len() as u64
    });
    vec![Row::exactly("Sentinel, healthy: failovers named", listed.sum(), 0)]
}

/// Writes to a primary beside the new one: their number as reported and as both servers show it.
pub(crate) fn gone(options: &Options) -> Vec<Row> {
    if !has_server() {
        return Vec::new();
    }
    let trials: Vec<_> = (0..failovers(options.long)).map(|_| written_to_the_old()).collect();
    let exact = trials.iter().filter(|(reported, read)| reported == read).count() as u64;
    let row = Row::exactly("Sentinel, ordered: acknowledged and gone as both hold it", exact, trials.len() as u64);
    let all = trials.iter().map(|(_, read)| *read).sum::<u64>();
    vec![Row { peer: format!("{all} gone"), ..row }]
}

fn trial(kind: Kind, with_peers: bool) -> Trial {
    let mut set = SentinelSet::start(1, 3);
    let (old, new) = (set.primary.address(), set.replicas[0].address());
    let run = run("--workload ledger --rate 100").args(set.flags()).spawn();
    run.wait_for_stderr("connected", SOON);
    let peers = with_peers.then(|| [Retry::Default, Retry::Eager].map(|retry| Writer::start(&set, retry)));
    let promotion = promotion(&set);
    match kind {
        Kind::Killed => set.primary.kill9(),
        Kind::Frozen => set.primary.sigstop(),
        Kind::Ordered => order(&set),
    }
    let promoted = promotion.recv_timeout(SOON).unwrap();
    wait_for_followed(&run, 1);
    if kind == Kind::Ordered {
        // About ten seconds later.
        run.wait_for_stderr(&format!("{old} is a replica of {new}"), SOON);
    }
    let first = |peer: &Writer| {
        let mut first = None;
        eventually("redis-py to write to the new primary", SOON, || {
            first = peer.first_to(new.port());
            first.is_some()
        });
        milliseconds(promoted, first.unwrap())
    };
    let peers = peers.as_ref().map(|peers| peers.each_ref().map(first));
    let report = report(run);
    let failovers = &report["sentinels"]["failovers"];
    let failover = &failovers[0];
    let window = || {
        let begun = logged(&set.replicas[0], "MASTER MODE enabled (user request")?;
        let ended = logged(&set.primary, "REPLICAOF ")?;
        Some((failover["two_primaries"].as_f64()? * 1e3 - milliseconds(begun, ended)).abs())
    };
    Trial {
        ours: step(failover, "first_reply").map_or(f64::INFINITY, |first| milliseconds(promoted, first)),
        peers,
        named: named(failovers, &[(old.to_string(), new.to_string())]),
        apart: (kind == Kind::Ordered).then(|| window().unwrap_or(f64::INFINITY)),
    }
}

/// Tells a Sentinel to replace the primary. It refuses until it has asked the replica.
fn order(set: &SentinelSet) {
    let begun = || set.sentinels[0].try_command(["SENTINEL", "FAILOVER", "mymaster"]).text() == "OK";
    eventually("the failover to begin", SOON, begun);
}

/// Receives the time at which the first Sentinel names the new primary: it does so as soon as that has been promoted.
fn promotion(set: &SentinelSet) -> mpsc::Receiver<SystemTime> {
    let (sender, promotion) = mpsc::channel();
    for sentinel in &set.sentinels {
        let mut events = RawClient::connect(sentinel.address()).unwrap();
        events.call(["SUBSCRIBE", "+promoted-slave"]).unwrap();
        events.patience(SOON);
        let sender = sender.clone();
        std::thread::spawn(move || {
            // Only the Sentinel that conducts the failover publishes it; the others end with the set.
            if events.read().is_ok() {
                let _ = sender.send(SystemTime::now());
            }
        });
    }
    promotion
}

/// Lets a client with a fixed address write to a primary beside the new one. Returns how many acknowledged writes are gone
/// as its report says, and how many keys the old primary holds that the new one does not.
fn written_to_the_old() -> (u64, u64) {
    let set = SentinelSet::start(1, 1);
    let (old, new) = (&set.primary, &set.replicas[0]);
    let run = run("--workload ledger --rate 200").target(old).spawn();
    run.wait_for_stderr("connected", SOON);
    order(&set);
    let keys = |server: &super::harness::RedisServer| {
        let keys = server.command(["KEYS", "redis-doctor:*:ledger:*"]);
        keys.lines().map(str::to_owned).collect::<std::collections::HashSet<_>>()
    };
    eventually("writes that only the old primary has", SOON, || {
        let promoted = new.command(["ROLE"]).starts_with("master");
        promoted && keys(old).difference(&keys(new)).count() > GONE
    });
    // From here on it executes no write, so each that it has executed has been answered.
    old.command(["CLIENT", "PAUSE", "60000", "WRITE"]);
    let read = keys(old).difference(&keys(new)).count() as u64;
    old.command(["REPLICAOF", "127.0.0.1", &new.port().to_string()]);
    old.command(["CLIENT", "UNPAUSE"]);
    run.wait_for_stderr("READONLY", SOON);
    let report = report(run);
    assert_eq!(report["ledger"]["unread"], 0, "{}", report["ledger"]);
    (report["ledger"]["gone"].as_u64().unwrap(), read)
}
