//! Slow replies and silences are put down to what the server counted, to the path, or to nothing.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::harness::{Doctor, Lab, RedisServer, Story, Trial, eventually, skipped};

const SOON: Duration = Duration::from_secs(10);

/// Waits until the connection has a usual time to a reply, and the server has been asked for its state before anything
/// happens.
#[track_caller]
fn wait_until_usual(trial: &Trial, server: &RedisServer) {
    trial.wait_for_answers();
    server.wait_until_queried();
    // The limit follows the median of the first replies: three seconds at ten a second are enough.
    eventually("enough replies", SOON, || {
        std::fs::read_to_string(trial.journal())
            .is_ok_and(|journal| journal.matches("\"event\":\"interval\"").count() >= 3)
    });
}

/// The slow stretches of a run, and the evidence about the first.
#[track_caller]
fn slow(story: &Story) -> (Vec<Json>, Json) {
    let rows = story.get("slow")["rows"].as_array().unwrap().clone();
    assert!(!rows.is_empty(), "no slow stretch: {:#?}", story.get("latency"));
    let evidence = story.events("evidence").into_iter().find(|evidence| evidence["slow"] == true).cloned();
    (rows, evidence.unwrap_or_default())
}

#[track_caller]
fn caused_by(row: &Json, cause: &str, confidence: &str, why: &str) {
    let diagnosis = &row["diagnosis"];
    assert_eq!((&diagnosis["cause"], &diagnosis["confidence"]), (&cause.into(), &confidence.into()), "{row:#}");
    assert!(diagnosis["evidence_for"].to_string().contains(why), "{why}: {diagnosis:#}");
}

fn wait_for_the_end(trial: &Trial) {
    trial.wait_for("sped up", 1);
    trial.wait_for_journal("\"event\":\"evidence\"");
}

/// Returns a script of this many turns. No clock that a script could read runs in every server.
fn script(turns: u64) -> String {
    format!("local sum = 0 for turn = 1, {turns} do sum = sum + turn end")
}

/// Blocks the server with a script for this long at least, with twice the turns whenever it was faster; returns the turns and
/// the time of the last one.
fn block(server: &RedisServer, mut turns: u64, arguments: &[&str], at_least: Duration) -> (u64, Duration) {
    loop {
        let script = script(turns);
        let started = Instant::now();
        server.command(["EVAL", &script].iter().chain(arguments));
        let took = started.elapsed();
        if took >= at_least {
            return (turns, took);
        }
        turns *= 2;
    }
}

/// Returns the turns of a script that blocks the server for about a second, at the speed that it has now.
fn blocking_turns(server: &RedisServer) -> u64 {
    let (turns, took) = block(server, 1_000_000, &["0"], Duration::from_millis(100));
    (turns as f64 / took.as_secs_f64()) as u64
}

/// No probe times out, so nothing but the latency shows it.
#[test]
fn a_command_that_blocks_the_server_is_named_without_its_arguments() {
    let server = RedisServer::start();
    let turns = blocking_turns(&server);
    // On a busy machine the script may take twice its time, and is no outage yet.
    let trial = Trial::start("soak --watchdog off --timeout 5s --response-timeout 5s", &server);
    wait_until_usual(&trial, &server);
    // The server may have become faster since. Of this time the first probe misses up to 100 ms, and a stretch takes 300.
    block(&server, turns, &["1", "hunter2-never-shown"], Duration::from_millis(600));
    wait_for_the_end(&trial);
    let story = trial.stop();
    story.code(1);
    let (rows, evidence) = slow(&story);
    caused_by(&rows[0], "slow_command", "likely", "EVAL");
    assert_eq!((rows[0]["kind"].as_str(), story.outages().len()), (Some("slow"), 0));
    let longest = rows.iter().filter_map(|row| row["slowness"]["latency"].as_f64()).fold(0.0, f64::max);
    assert!(longest > 0.2, "{rows:?}");
    assert_eq!(story.get("outages")["availability"], 1.0);
    assert_eq!(evidence["slow_commands"][0]["name"], "eval", "{evidence}");
    assert!(evidence["commands"].as_array().unwrap().iter().any(|command| command["name"] == "eval"), "{evidence}");
    assert!(evidence["slow_commands"][0]["client"].as_str().unwrap().starts_with("127.0.0.1:"), "{evidence}");
    let told = format!("{} {:?}", story.report, story.events);
    assert!(!told.contains("hunter2") && !told.contains("local sum"), "no argument is shown");
    story.agrees_with_its_journal();
}

#[test]
fn a_stall_is_put_down_to_the_command_that_ran_meanwhile() {
    let server = RedisServer::builder().debug_commands().start();
    let trial = Trial::start("soak --watchdog off --timeout 300ms", &server);
    wait_until_usual(&trial, &server);
    server.command(["DEBUG", "SLEEP", "1.5"]);
    trial.wait_for("resumed", 1);
    trial.wait_for_journal("\"event\":\"evidence\"");
    let story = trial.stop();
    let outages = story.outages();
    caused_by(&outages[0], "slow_command", "likely", "DEBUG SLEEP ran for 1.5 s (SLOWLOG");
}

#[test]
fn a_pause_of_all_clients_is_named() {
    let server = RedisServer::start();
    if !server.release().has(7, 0) {
        return skipped("CLIENT PAUSE by its counter", "the server does not count subcommands");
    }
    let trial = Trial::start("soak", &server);
    wait_until_usual(&trial, &server);
    server.command(["CLIENT", "PAUSE", "800", "ALL"]);
    wait_for_the_end(&trial);
    let story = trial.stop();
    let (rows, _) = slow(&story);
    caused_by(&rows[0], "clients_paused", "likely", "CLIENT PAUSE was called once");
}

/// While writes are paused, the server still answers questions: it lists our client as held back.
#[test]
fn a_silent_client_is_looked_up_while_it_waits() {
    let server = RedisServer::start();
    if !server.release().has(7, 0) {
        return skipped("CLIENT PAUSE WRITE", "the server pauses differently");
    }
    let trial = Trial::start("soak --workload kv --timeout 300ms --watchdog off", &server);
    wait_until_usual(&trial, &server);
    server.command(["CLIENT", "PAUSE", "4000", "WRITE"]);
    trial.wait_for("resumed", 1);
    trial.wait_for_journal("\"event\":\"evidence\"");
    let story = trial.stop();
    let evidence = story.the("evidence");
    let listed = &evidence["listed_client"];
    assert!(listed["flags"].as_str().unwrap().contains('b'), "{evidence}");
    assert_eq!(listed["command"], "set", "{evidence}");
    let outages = story.outages();
    caused_by(&outages[0], "clients_paused", "likely", "held back SET");
}

#[test]
fn facts_that_the_server_withholds_are_listed_and_the_rest_is_used() {
    let server =
        RedisServer::builder().debug_commands().acl("watcher on >secret ~* &* +@all -slowlog -latency").start();
    let url = format!("redis://watcher:secret@{}", server.address());
    let trial = Trial::start("soak --watchdog off --timeout 300ms --workload ping", url.as_str());
    wait_until_usual(&trial, &server);
    server.command(["DEBUG", "SLEEP", "1.5"]);
    trial.wait_for("resumed", 1);
    trial.wait_for_journal("\"event\":\"evidence\"");
    let story = trial.stop();
    let evidence = story.the("evidence");
    let refused = |what: &str| {
        let missing = evidence["missing"].as_array().unwrap();
        missing.iter().any(|missing| missing["what"] == what && missing["refused"] == true)
    };
    assert!(refused("SLOWLOG") && refused("LATENCY"), "{evidence}");
    let outages = story.outages();
    caused_by(&outages[0], "slow_command", "likely", "1 call of DEBUG");
}

/// The server is fast and direct; the proxy in between is not.
#[test]
fn a_slow_proxy_is_no_slow_server() {
    let server = RedisServer::start();
    let trial = Trial::start("soak --workload ping --fault latency=300ms@4s+2s", &server);
    wait_for_the_end(&trial);
    let story = trial.stop();
    let (rows, _) = slow(&story);
    caused_by(&rows[0], "slow_network", "possible", "a NAT or proxy is in between");
}

#[test]
fn replies_that_are_slow_from_the_start_are_slow() {
    let server = RedisServer::start();
    let trial = Trial::start("soak --workload ping --fault latency=250ms@0s", &server);
    trial.wait_for("slowed", 1);
    let story = trial.stop();
    story.code(1);
    let (rows, _) = slow(&story);
    assert_eq!((&rows[0]["slowness"]["baseline"], &rows[0]["restored_at"]), (&Json::Null, &Json::Null));
    let findings = story.get("findings").to_string();
    assert!(findings.contains("RD064") && findings.contains("1 slow stretch: replies took up to"), "{findings}");
}

/// TCP's own round trip is slow, whatever the server does.
#[test]
fn a_slow_network_shows_in_its_own_round_trips() {
    let Some(lab) = Lab::start() else { return };
    if let Err(why) = lab.delay("150ms", "0%") {
        return skipped("a slow network", &format!("the kernel has no netem ({why})"));
    }
    lab.heal();
    let run = "soak --format json --workload ping --duration 12s";
    let running = Doctor::new(run.split(' ')).target(&lab.server).inside(lab.client_side()).within(4 * SOON).spawn();
    running.wait_for_stderr("connected", SOON);
    thread::sleep(Duration::from_secs(4));
    lab.delay("150ms", "0%").unwrap();
    let report = running.finish().code(1).json();
    let stretch = &report["slow"]["rows"][0];
    caused_by(stretch, "slow_network", "likely", "TCP's own round trip");
}
