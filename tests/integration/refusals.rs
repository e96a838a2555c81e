//! Refusals: a server that is reached and answers with an error is named, timed, counted and judged by one rule, whatever
//! the error is; and times in which the program itself stood still count against no server.

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::harness::{RedisServer, Signal, Story, Target, Trial, eventually, skipped};

const SOON: Duration = Duration::from_secs(10);

/// The longest gap between two lines of a refusal that is counted: none may come in this time.
const QUIET: Duration = Duration::from_millis(2500);

fn pause(length: Duration) {
    let began = Instant::now();
    eventually("time has passed", SOON, || began.elapsed() >= length);
}

/// The rows of refusals of this class.
fn rows<'a>(story: &'a Story, class: &str) -> Vec<&'a Json> {
    story.get("refusals.rows").as_array().unwrap().iter().filter(|row| row["class"] == class).collect()
}

fn findings<'a>(story: &'a Story, code: &str, severity: &str) -> Vec<&'a str> {
    let all = story.get("findings").as_array().unwrap().iter();
    all.filter(|finding| finding["code"] == code && finding["severity"] == severity)
        .filter_map(|finding| finding["text"].as_str())
        .collect()
}

/// Runs against a server that refuses for a while and then serves again, and once more to the end of the run.
#[track_caller]
fn refused_for_a_while_and_to_the_end(
    target: &(impl Target + ?Sized),
    (class, code): (&str, &str),
    refuse: impl Fn(),
    serve: impl Fn(),
) {
    refused_by("soak --workload ping,kv --rate 50", target, (class, code), refuse, serve);
}

#[track_caller]
fn refused_by(
    workload: &str,
    target: &(impl Target + ?Sized),
    (class, code): (&str, &str),
    refuse: impl Fn(),
    serve: impl Fn(),
) {
    let trial = Trial::start(workload, target);
    trial.wait_for_answers();
    refuse();
    trial.wait_for("refused", 1);
    pause(QUIET);
    serve();
    trial.wait_for("refusal over", 1);
    refuse();
    trial.wait_for("refused", 2);
    let over = trial.stop();
    over.code(2).balances();
    let rows = rows(&over, class);
    assert_eq!(rows.len(), 2, "{:#}", over.get("refusals"));
    for row in &rows {
        assert_eq!((&row["code"], row["remedy"].is_string()), (&code.into(), true), "{row:#}");
    }
    let count = |row: &Json| row["count"].as_u64().unwrap();
    assert_eq!((&rows[0]["end"], &rows[1]["end"]), (&"served".into(), &"run_ended".into()));
    assert!(rows[0]["duration"].as_f64().unwrap() >= QUIET.as_secs_f64(), "{:#}", rows[0]);
    assert!(count(rows[0]) > 10, "{:#}", rows[0]);
    assert_eq!(over.errors(class), rows.iter().map(|row| count(row)).sum::<u64>());
    let (availability, service) = (over.number("outages.availability"), over.number("outages.service"));
    assert!(availability > 0.99 && service < availability - 0.1, "{availability} {service}");
    let critical = [findings(&over, code, "critical"), findings(&over, "RD027", "critical")].concat();
    assert!(critical.iter().any(|text| text.contains("refused to the end")), "{:#}", over.get("findings"));
    assert_eq!(findings(&over, code, "info").len(), 1, "{:#}", over.get("findings"));
    let lines = over.output.stderr().lines().filter(|line| line.contains("  failed  ") && line.contains(class)).count();
    assert_eq!(lines, 0, "they are counted:\n{}", over.output.stderr());
    assert!(over.output.stderr().lines().filter(|line| line.contains(class)).count() <= 6, "{}", over.output.stderr());
}

#[test]
fn writes_refused_at_maxmemory() {
    let server = RedisServer::start();
    let limit = |bytes: &str| drop(server.command(["CONFIG", "SET", "maxmemory", bytes]));
    refused_for_a_while_and_to_the_end(&server, ("oom", "RD120"), || limit("1"), || limit("0"));
}

#[test]
fn writes_refused_without_good_replicas() {
    let server = RedisServer::start();
    let wanted = |number: &str| drop(server.command(["CONFIG", "SET", "min-replicas-to-write", number]));
    refused_for_a_while_and_to_the_end(&server, ("noreplicas", "RD141"), || wanted("1"), || wanted("0"));
}

#[test]
fn everything_refused_by_a_replica_that_lost_its_primary() {
    let server = RedisServer::builder().config("replica-serve-stale-data", "no").start();
    let follow = |host: &str, port: &str| drop(server.command(["REPLICAOF", host, port]));
    let refuse = || follow("127.0.0.1", "1");
    refuse();
    let ping = server.try_command(["PING"]);
    follow("NO", "ONE");
    if !format!("{ping:?}").contains("MASTERDOWN") {
        return skipped("a stale replica that refuses everything", "this server still answers PING then");
    }
    // PING only: a write is refused with READONLY.
    let workload = "soak --workload ping --rate 50";
    refused_by(workload, &server, ("masterdown", "RD113"), refuse, || follow("NO", "ONE"));
}

#[test]
fn writes_refused_by_a_replica_are_judged_like_all_others() {
    let server = RedisServer::start();
    let follow = |host: &str, port: &str| drop(server.command(["REPLICAOF", host, port]));
    let refuse = || follow("127.0.0.1", "1");
    // A policy that leaves a demoted server ends the refusal with the connection.
    let workload = "soak --workload ping,kv --rate 50 --on-readonly stay";
    refused_by(workload, &server, ("readonly", "RD124"), refuse, || follow("NO", "ONE"));
}

#[test]
fn a_user_who_may_no_longer_write() {
    let server = RedisServer::builder().acl("writer on >secret ~* &* +@all").start();
    let url = format!("redis://writer:secret@{}", server.address());
    let grant = |rule: &str| drop(server.command(["ACL", "SETUSER", "writer", rule]));
    refused_for_a_while_and_to_the_end(url.as_str(), ("noperm", "RD119"), || grant("-set"), || grant("+set"));
}

#[test]
fn writes_refused_because_the_last_snapshot_failed() {
    let folder = TempDir::with_prefix("redis-doctor-misconf-").unwrap();
    let gone = folder.path().join("gone");
    fs::create_dir(&gone).unwrap();
    let server = RedisServer::builder().config("dir", gone.to_str().unwrap()).start();
    // A server that cannot open its directory cannot save, whoever it runs as.
    fs::remove_dir(&gone).unwrap();
    server.command(["CONFIG", "SET", "save", "3600 1"]);
    let refuse = || {
        server.command(["CONFIG", "SET", "stop-writes-on-bgsave-error", "yes"]);
        let _ = server.try_command(["BGSAVE"]);
    };
    let serve = || drop(server.command(["CONFIG", "SET", "stop-writes-on-bgsave-error", "no"]));
    refused_for_a_while_and_to_the_end(&server, ("misconf", "RD115"), refuse, serve);
    server.command(["CONFIG", "SET", "save", ""]);
}

#[test]
fn a_cluster_without_slots_serves_no_key() {
    let server = RedisServer::builder().config("cluster-enabled", "yes").start();
    let trial = Trial::start("soak --workload ping,kv --rate 50", &server);
    trial.wait_for("refused", 1);
    pause(QUIET);
    let story = trial.stop();
    story.code(2).balances();
    assert_eq!(rows(&story, "clusterdown").len(), 1);
    assert!(story.number("outages.service") < 0.2);
    assert_eq!(findings(&story, "RD105", "critical").len(), 1, "{:#}", story.get("findings"));
}

#[test]
fn a_script_that_keeps_the_server_busy() {
    let server = RedisServer::builder().config("lua-time-limit", "100").start();
    let trial = Trial::start("soak --workload ping --rate 50", &server);
    trial.wait_for_answers();
    let mut script = server.cli().args(["EVAL", "while true do end", "0"]).spawn().unwrap();
    trial.wait_for("refused", 1);
    let kill = server.cli().args(["SCRIPT", "KILL"]).output().unwrap();
    assert!(kill.status.success());
    script.wait().unwrap();
    trial.wait_for("refusal over", 1);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(rows(&story, "busy")[0]["end"], "served");
    assert_eq!(findings(&story, "RD103", "warning").len(), 1, "{:#}", story.get("findings"));
}

#[test]
fn a_dataset_that_is_being_loaded() {
    let Some(server) = RedisServer::builder().loading_slowly() else { return };
    let server = server.start();
    let trial = Trial::start("soak --workload ping --rate 50", &server);
    trial.wait_for_answers();
    let mut loading = server.begin_loading(3000);
    trial.wait_for("refused", 1);
    loading.hurry();
    loading.finish();
    trial.wait_for("refusal over", 1);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(rows(&story, "loading")[0]["end"], "served");
    assert_eq!(story.count("refusals.unresolved"), 0);
}

#[test]
fn a_subscription_that_is_refused_after_a_reconnect_is_named_and_has_not_recovered() {
    let server = RedisServer::builder().acl("reader on >secret ~* &* +@all").start();
    let url = format!("redis://reader:secret@{}", server.address());
    let trial = Trial::start("soak --workload ping,pubsub --rate 20", url.as_str());
    trial.wait_for_messages();
    server.command(["ACL", "SETUSER", "reader", "resetchannels"]);
    server.command(["CLIENT", "KILL", "USER", "reader"]);
    trial.wait_for("reconnected", 1);
    // Not yet noticed by the client: redis-rs hides the refusal.
    pause(Duration::from_millis(1500));
    let early = trial.stop();
    early.code(2).balances();
    assert_eq!(early.count("subscriptions.confirmed"), 0);
    assert!(!findings(&early, "RD024", "critical").is_empty(), "{:#}", early.get("findings"));

    server.command(["ACL", "SETUSER", "reader", "allchannels"]);
    let trial = Trial::start("soak --workload ping,pubsub --rate 20", url.as_str());
    trial.wait_for_messages();
    server.command(["ACL", "SETUSER", "reader", "resetchannels"]);
    server.command(["CLIENT", "KILL", "USER", "reader"]);
    trial.doctor().wait_for_stderr("  refused       SUBSCRIBE · NOPERM", SOON);
    let story = trial.stop();
    story.code(2).balances();
    let refused: Vec<_> = rows(&story, "noperm").into_iter().filter(|row| row["stage"] == "subscribe").collect();
    assert_eq!((refused.len(), &refused[0]["end"]), (1, &"run_ended".into()), "{:#}", story.get("refusals"));
    let named = findings(&story, "RD119", "critical");
    assert!(named.iter().any(|text| text.starts_with("SUBSCRIBE was refused to the end")), "{named:?}");
    assert!(findings(&story, "RD119", "info").iter().any(|text| text.contains("resetchannels")));
    assert!(story.number("outages.service") < story.number("outages.availability"));
}

#[test]
fn a_program_that_stood_still_judges_no_server() {
    let gates = "p99>150ms max>500ms e2e_p99>150ms availability<100% service<100% errors>0 timeouts>0 outage>0";
    let gates: Vec<_> = gates.split(' ').map(|gate| format!("--fail-on {gate}")).collect();
    for length in [1, 4] {
        let server = RedisServer::start();
        let trial = Trial::start(&format!("soak --workload ping,kv,pubsub --rate 20 {}", gates.join(" ")), &server);
        trial.wait_for_messages();
        trial.doctor().signal(Signal::STOP);
        pause(Duration::from_secs(length));
        trial.doctor().signal(Signal::CONT);
        trial.wait_for("paused", 1);
        // A run that observed less than it missed could not call anything healthy.
        pause(Duration::from_secs(length));
        let story = trial.stop();
        story.balances();
        let longest = story.number("own_pauses.longest");
        assert!((length as f64 - 0.1..length as f64 + 2.0).contains(&longest), "{longest}");
        story.code(0);
        assert_eq!(story.get("outages.rows").as_array().unwrap().len(), 0);
        assert_eq!(findings(&story, "RD016", "info").len(), 1);
    }
}

#[test]
fn an_outage_is_no_latency_and_a_slow_reply_is_one() {
    let server = RedisServer::start();
    let trial = Trial::start("soak --workload ping --rate 50 --concurrency 4 --timeout 1s", &server);
    trial.wait_for_answers();
    server.sigstop();
    pause(Duration::from_secs(4));
    server.sigcont();
    pause(Duration::from_secs(2));
    let story = trial.stop();
    story.balances();
    assert!(!story.outages().is_empty());
    assert!(story.number("latency.max") < 1.0 && story.count("probes.untimed") > 0, "{:#}", story.get("latency"));
    assert!(story.number("service.min") > 5e-6 && story.number("latency.min") > 5e-6);
}
