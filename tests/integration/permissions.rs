//! Users who may do little: a consumer that may SUBSCRIBE and not PING is watched like any other, and learns once what
//! is refused.

use std::time::Duration;

use redis_doctor::internals::schema;

use crate::harness::{Doctor, RedisServer, Story, Tap, Target, Trial, follows, skipped};

const SOON: Duration = Duration::from_secs(10);
const SECRET: &str = "s3cr3t-Zk9";

/// A user `consumer` of this permission alone.
fn rule(permission: &str) -> String {
    format!("consumer on >{SECRET} resetchannels &news -@all {permission}")
}

fn server(permission: &str) -> RedisServer {
    RedisServer::builder().acl(&rule(permission)).start()
}

fn consumer(address: &(impl Target + ?Sized)) -> String {
    let url = address.url();
    format!("redis://consumer:{SECRET}@{}", url.trim_start_matches("redis://"))
}

/// The one note about PING.
#[track_caller]
fn told_once(story: &Story) {
    let notes = story.events("note");
    let told = notes.iter().filter(|note| note["text"].as_str().unwrap().contains("explain NOPERM")).count();
    assert_eq!(told, 1, "{notes:#?}");
    assert!(!story.output.stderr().contains(SECRET) && !story.output.stdout().contains(SECRET));
}

/// How often the server has refused this command.
fn refusals(server: &RedisServer, command: &str) -> u32 {
    let stats = server.command(["INFO", "commandstats"]);
    let line = stats.lines().find(|line| line.starts_with(&format!("cmdstat_{command}:"))).unwrap_or_default();
    line.split("rejected_calls=").nth(1).and_then(|rest| rest.split(',').next()?.parse().ok()).unwrap_or_default()
}

#[test]
fn a_consumer_without_ping_is_watched_through_resets_and_notified_once() {
    let server = server("+subscribe");
    let tap = Tap::to(server.address());
    let trial = Trial::start("subscribe news", &consumer(&tap.address()));
    trial.doctor().wait_for_stderr("  subscribed  ", SOON);
    server.command(["PUBLISH", "news", "before"]);
    trial.doctor().wait_for_stdout("before", SOON);
    tap.reset_all();
    trial.wait_for("reconnected", 1);
    trial.wait_for("resubscribed", 1);
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    trial.wait_for("reconnected", 2);
    trial.wait_for("resubscribed", 2);
    server.command(["PUBLISH", "news", "after"]);
    trial.doctor().wait_for_stdout("after", SOON);
    let story = trial.stop();
    story.code(1).agrees_with_its_journal();
    told_once(&story);
    assert_eq!(story.get("verdict"), "degraded");
    assert_eq!(story.count("outages.reconnects"), 2);
    story.came_back_by_itself(2);
    assert_eq!(story.errors("noperm"), 0, "our own refusals are not the user's failures");
    assert!(refusals(&server, "ping") >= 2, "the preflight and the session have tried");
}

#[test]
fn without_ping_the_watchdog_still_finds_a_frozen_server() {
    let server = server("+subscribe");
    let trial = Trial::start("subscribe news --watchdog 300ms", &consumer(&server.address()));
    trial.doctor().wait_for_stderr("  subscribed  ", SOON);
    server.sigstop();
    trial.wait_for("replaced", 1);
    server.sigcont();
    trial.wait_for("reconnected", 1);
    trial.wait_for("resubscribed", 1);
    let story = trial.stop();
    story.code(1).agrees_with_its_journal();
    told_once(&story);
    assert_eq!(story.the("session_replaced")["why"], "watchdog");
}

#[test]
fn a_permission_that_is_taken_away_in_a_run_does_not_hide_the_recovery() {
    let server = server("+subscribe +ping");
    let trial = Trial::start("subscribe news", &consumer(&server.address()));
    trial.doctor().wait_for_stderr("  subscribed  ", SOON);
    server.command(["ACL", "SETUSER", "consumer", "-ping"]);
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    trial.wait_for("reconnected", 1);
    trial.wait_for("resubscribed", 1);
    let story = trial.stop();
    story.code(1);
    told_once(&story);
}

#[test]
fn over_resp2_and_with_verified_messages_ping_is_not_needed_either() {
    let server = server("+subscribe +publish");
    let url = consumer(&server.address());
    for arguments in ["subscribe news --protocol resp2 -d 500ms", "subscribe news --verify -d 500ms"] {
        let story = Trial::start(arguments, &url).finish();
        story.code(0);
        told_once(&story);
    }
    server.command(["ACL", "SETUSER", "consumer", "allchannels"]);
    let story = Trial::start("soak --workload pubsub -d 500ms", &url).finish();
    story.code(0);
    told_once(&story);
    assert!(story.count("delivery.received") > 0);
}

#[test]
fn a_workload_of_pings_is_refused_whatever_else_the_user_may() {
    let server = server("+subscribe +publish");
    for arguments in [&["ping", "-c", "2"][..], &["soak", "--workload", "ping", "-d", "1s"], &["soak", "-d", "1s"]] {
        let run = Doctor::new(arguments).args(["--format", "json"]).target(&consumer(&server.address())).run();
        let report = run.code(2).lacks(SECRET).json();
        assert_eq!(report["errors"][0]["class"], "noperm", "{report:#}");
        assert_eq!(report.get("latency"), Some(&serde_json::Value::Null), "a refusal is no latency sample");
    }
}

#[test]
fn wait_and_check_do_without_ping_and_say_so() {
    let server = server("+subscribe +publish");
    let url = consumer(&server.address());
    let wait = || Doctor::new(["wait", "-W", "10s"]).target(&url);
    wait().run().code(0).stderr_contains("this user may not PING: NOPERM").lacks(SECRET);
    wait().args(["--for", "primary"]).run().code(0);
    let check = |gate: &[&str]| {
        Doctor::new(["check", "--format", "json"]).args(gate.iter().copied()).target(&url).within(SOON).run()
    };
    let json = check(&[]).code(1).lacks(SECRET).json();
    follows(schema::CHECK, &json);
    let refused = json["facts"]["refused"].as_array().unwrap();
    assert!(refused.iter().any(|refused| refused["question"] == "PING" && refused["class"] == "noperm"), "{refused:?}");
    let line = json["lines"].as_array().unwrap().iter().find(|line| line["name"] == "ping").unwrap();
    assert_eq!(line["mark"], "not_available");
    check(&["--critical", "1000"]).code(2);
}

#[test]
fn idle_asks_hello_of_a_user_without_ping_and_says_so() {
    let server = server("+subscribe");
    let idle = |protocol: &str| {
        let arguments = ["idle", "--steps", "100ms,300ms", "--format", "json", "--protocol", protocol];
        Doctor::new(arguments).target(&consumer(&server.address())).run()
    };
    for protocol in ["resp3", "resp2"] {
        let refused = refusals(&server, "ping");
        let report = idle(protocol).code(0).lacks(SECRET).json();
        follows(schema::IDLE, &report);
        let endings: Vec<_> = report["silences"].as_array().unwrap().iter().map(|silence| &silence["ending"]).collect();
        assert_eq!(endings, ["answered", "answered"], "{report:#}");
        let note = report["notes"][0].as_str().unwrap();
        assert!(
            note.starts_with("this user may not PING (NOPERM")
                && note.contains("HELLO is sent after each silence instead"),
            "{note}"
        );
        assert_eq!(refusals(&server, "ping") - refused, 3, "the survey and each connection try it once, at the start");
    }
}

/// The ACL is looked at before the data set is: PING is refused either way, and DBSIZE shows which.
#[test]
fn a_user_without_ping_waits_for_a_server_that_loads_its_data() {
    let Some(builder) = RedisServer::builder().acl(&rule("+dbsize")).loading_slowly() else {
        return skipped("a real server that loads its data", "this one is deaf while it loads so few keys");
    };
    let server = builder.start();
    let mut loading = server.begin_loading(20_000);
    let waiting = Doctor::new(["wait", "-W", "60s"]).target(&consumer(&server.address())).spawn();
    waiting.wait_for_stderr("LOADING", SOON);
    loading.hurry();
    waiting.finish().code(0).stderr_contains("may not PING");
}
