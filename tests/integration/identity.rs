//! One address is not one server: which one each connection reached is known, and like is compared with like.

use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::harness::{Doctor, Output, RedisServer, Story, Tap, Trial, eventually, skipped};

const SOON: Duration = Duration::from_secs(15);

/// A primary and a replica that has caught up.
fn pair() -> (RedisServer, RedisServer) {
    let (primary, replica) = (RedisServer::start(), RedisServer::start());
    follow(&replica, &primary);
    (primary, replica)
}

fn follow(replica: &RedisServer, primary: &RedisServer) {
    replica.command(["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    eventually("the replica has caught up", SOON, || {
        replica.command(["INFO", "replication"]).contains("master_link_status:up")
    });
}

/// Leads new connections to the servers in turn.
fn balancer<const N: usize>(servers: [&RedisServer; N]) -> Tap {
    let tap = Tap::to(servers[0].address());
    tap.lead_in_turn_to(servers.map(RedisServer::address));
    tap
}

/// Until the last query is made, the latest one must be a second old.
fn pause() {
    let since = Instant::now();
    eventually("a second has passed", SOON, || since.elapsed() > Duration::from_millis(1300));
}

/// The text of the only finding with this code, with its severity.
#[track_caller]
fn finding<'a>(report: &'a Json, code: &str) -> (&'a str, &'a str) {
    let all = report["findings"].as_array().unwrap();
    let found: Vec<_> = all.iter().filter(|finding| finding["code"] == code).collect();
    assert_eq!(found.len(), 1, "{code} in {all:#?}");
    (found[0]["severity"].as_str().unwrap(), found[0]["text"].as_str().unwrap())
}

fn has_finding(report: &Json, code: &str) -> bool {
    report["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == code)
}

fn run_id(server: &RedisServer) -> String {
    let info = server.command(["INFO", "server"]);
    info.lines().find_map(|line| line.strip_prefix("run_id:")).unwrap().trim().to_owned()
}

fn roles(story: &Story) -> Vec<&str> {
    let servers = story.get("servers.together").as_array().unwrap();
    servers.iter().map(|server| server["role"].as_str().unwrap()).collect()
}

#[test]
fn a_balancer_that_knows_no_roles_is_reported_once_and_is_no_failover() {
    let (primary, replica) = pair();
    let tap = balancer([&primary, &replica]);
    let trial = Trial::start("soak --workload ping --rate 20", &tap);
    trial.wait_for("servers", 1);
    for loss in 1..=2 {
        tap.close_all();
        trial.wait_for("reconnected", loss);
        pause();
    }
    trial.wait_within("reconnected", 2, SOON);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(roles(&story), ["master", "slave"]);
    assert_eq!(story.events("servers_found").len(), 1, "reported once, whatever is reached after that");
    let (severity, text) = finding(&story.report, "RD153");
    assert_eq!(severity, "warning");
    let list = format!("primary {}, replica {}", primary.address(), replica.address());
    assert!(text.contains("2 servers of different roles are behind this address") && text.contains(&list), "{text}");
    assert!(story.events("role_changed").is_empty() && story.states().is_empty());
    for outage in story.outages() {
        assert_ne!(outage["diagnosis"]["cause"], "failover", "{outage:#}");
    }
    for evidence in story.events("evidence") {
        let server = &evidence["lost_server"]["run_id"];
        assert!(server.is_string(), "{evidence}");
        for state in ["before", "after"] {
            let known = &evidence[state]["run_id"];
            assert!(known == server || evidence[state].is_null(), "{state} is of another server: {evidence}");
        }
    }
}

#[test]
fn evidence_is_of_the_server_that_the_lost_connection_was_connected_to() {
    let (primary, replica) = pair();
    let tap = balancer([&primary, &replica]);
    let trial = Trial::start("soak --workload ping --rate 20", &tap);
    trial.wait_for("servers", 1);
    primary.wait_until_queried();
    replica.wait_until_queried();
    pause();
    tap.close_all();
    trial.wait_for_journal("\"event\":\"evidence\"");
    let story = trial.stop();
    let evidence = story.the("evidence");
    let lost = evidence["lost_server"]["run_id"].as_str().unwrap();
    assert_eq!(
        (&evidence["before"]["run_id"], &evidence["after"]["run_id"]),
        (&lost.into(), &lost.into()),
        "{evidence}"
    );
    assert_eq!(evidence["servers"].as_array().map(Vec::len), Some(2));
    let connected = &story.the("connected")["server"];
    assert_eq!(connected["run_id"], lost);
    assert_eq!(story.the("reconnected")["server"]["run_id"], evidence["new_server"]["run_id"]);
    assert!([run_id(&primary), run_id(&replica)].contains(&lost.to_owned()));
}

#[test]
fn writes_that_a_balancer_takes_to_a_replica_are_critical_and_no_demotion() {
    let (primary, replica) = pair();
    // The preflight comes first, then the connection under test.
    let tap = balancer([&primary, &replica]);
    let trial = Trial::start("soak --workload kv --rate 20", &tap);
    trial.wait_for("servers", 1);
    let output = trial.stop();
    output.code(2);
    let (severity, text) = finding(&output.report, "RD153");
    assert_eq!(severity, "critical");
    assert!(text.contains("writes were refused by a replica, and a primary is behind the same address"), "{text}");
    assert!(output.states().is_empty(), "{:?}", output.states());
    assert!(output.errors("readonly") > 0);
    output.agrees_with_its_journal();
}

#[test]
fn a_replica_that_always_was_one_is_not_called_demoted() {
    let (_primary, replica) = pair();
    let trial = Trial::start("soak --workload kv --rate 20", &replica);
    trial.wait_for("refused", 1);
    let story = trial.stop();
    story.code(2);
    assert!(story.states().is_empty(), "{:?}", story.states());
    let (severity, text) = finding(&story.report, "RD050");
    assert_eq!((severity, text), ("critical", "writes were refused: the server is a replica"));
    assert_eq!(story.count("sessions.replaced_readonly"), 0, "there is no primary to look for");
    assert!(!has_finding(&story.report, "RD153") && !has_finding(&story.report, "RD155"));
}

#[test]
fn two_primaries_behind_one_address_each_have_their_own_data() {
    let (one, other) = (RedisServer::start(), RedisServer::start());
    let tap = balancer([&one, &other]);
    let trial = Trial::start("soak --workload kv --rate 20", &tap);
    trial.wait_for("servers", 1);
    let story = trial.stop();
    story.code(1).balances();
    let (severity, text) = finding(&story.report, "RD153");
    assert!(severity == "warning" && text.contains("2 primaries are behind this address"), "{text}");
}

#[test]
fn a_proxy_that_follows_the_primary_leaves_old_connections_with_the_former_one() {
    let (first, second) = pair();
    let tap = Tap::to(first.address());
    let trial = Trial::start("soak --workload ping --rate 20", &tap);
    trial.wait_for_answers();
    first.wait_until_queried();
    second.command(["REPLICAOF", "NO", "ONE"]);
    tap.lead_to(second.address());
    follow(&first, &second);
    pause();
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!((story.states(), story.count("outages.drops")), (vec!["pinned"], 0));
    let why = story.the("state_entered")["why"].as_str().unwrap();
    assert!(why.contains(&format!("now a replica of {}", second.address())), "{why}");
    let moved = story.the("address_moved");
    assert_eq!((&moved["from"]["run_id"], &moved["to"]["run_id"]), (&run_id(&first).into(), &run_id(&second).into()));
    assert_eq!(story.the("role_changed")["from"], "master");
    assert_eq!(finding(&story.report, "RD154").0, "warning");
    let (_, text) = finding(&story.report, "RD155");
    assert!(!text.contains("check that"), "the new primary was reached at this address: {text}");
    assert!(story.events("servers_found").is_empty());
}

#[test]
fn a_server_made_a_replica_of_a_stranger_is_asked_about() {
    let server = RedisServer::start();
    let trial = Trial::start("soak --workload kv --rate 20", &server);
    trial.wait_for_answers();
    server.command(["REPLICAOF", "127.0.0.66", "21049"]);
    trial.wait_for("state", 1);
    let story = trial.stop();
    story.code(2);
    let (_, text) = finding(&story.report, "RD155");
    assert!(text.contains("is now a replica of 127.0.0.66:21049"), "{text}");
    assert!(text.contains("check that 127.0.0.66:21049 is one of your servers"), "{text}");
    assert_eq!(story.states(), ["pinned"]);
    let again = Trial::start("soak --workload ping --rate 20", &server);
    again.wait_for_answers();
    let story = again.stop();
    story.code(1);
    let (severity, text) = finding(&story.report, "RD061");
    assert!(severity == "warning" && text.contains("127.0.0.66:21049"), "{text}");
}

/// The relation of the server that the client came back to.
#[track_caller]
fn succession(story: &Story) -> &str {
    story.the("reconnected")["succession"].as_str().unwrap()
}

#[test]
fn a_server_restarted_in_its_place_differs_from_one_at_another_address() {
    let mut server = RedisServer::start();
    let trial = Trial::start("soak --workload ping --rate 20", &server);
    trial.wait_for_answers();
    server.kill9();
    server.restart_same_port();
    trial.wait_for("reconnected", 1);
    let story = trial.stop();
    assert_eq!(succession(&story), "restarted");
    story.output.stderr_contains("another server process in its place");

    let mut old = server;
    let tap = Tap::to(old.address());
    let trial = Trial::start("soak --workload ping --rate 20", &tap);
    trial.wait_for_answers();
    old.kill9();
    let new = RedisServer::start();
    tap.lead_to(new.address());
    trial.wait_for("reconnected", 1);
    trial.wait_for_journal("\"event\":\"evidence\"");
    let story = trial.stop();
    assert_eq!(succession(&story), "replaced");
    story.output.stderr_contains(&format!("a new server process at {}", new.address()));
    let evidence = story.the("evidence");
    assert_eq!(evidence["lost_server"]["laddr"], old.address().to_string());
    assert_eq!(evidence["new_server"]["laddr"], new.address().to_string());
    assert_eq!(evidence["after"]["run_id"], run_id(&new));
    assert!(!has_finding(&story.report, "RD153") && !has_finding(&story.report, "RD154"));
}

/// A server that ran before takes over the port of another: from the client, a virtual address that moved.
#[test]
fn an_older_server_that_takes_over_the_address_is_no_restart() {
    let (mut old, new) = (RedisServer::start(), RedisServer::start());
    if !new.release().has(7, 0) {
        return skipped("a server that takes over an address", "this one cannot change its port");
    }
    eventually("both are older than an uptime is exact", SOON, || {
        let info = new.command(["INFO", "server"]);
        let uptime = info.lines().find_map(|line| line.strip_prefix("uptime_in_seconds:")).unwrap();
        uptime.trim().parse::<u64>().unwrap() >= 5
    });
    let trial = Trial::start("soak --workload ping --rate 20", &old);
    trial.wait_for_answers();
    let port = old.port().to_string();
    old.kill9();
    new.command(["CONFIG", "SET", "port", &port]);
    trial.wait_for("reconnected", 1);
    trial.wait_for_journal("\"event\":\"evidence\"");
    let story = trial.stop();
    assert_eq!(succession(&story), "took_over");
    story.output.stderr_contains("another server took over the address");
    let evidence = story.the("evidence");
    assert_eq!(evidence["lost_server"]["laddr"], evidence["new_server"]["laddr"]);
    assert_eq!(evidence["after"]["run_id"], run_id(&new));
}

#[test]
fn a_proxy_before_one_server_is_one_server() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("soak --rate 20", &tap);
    trial.wait_for_answers();
    server.wait_until_queried();
    tap.reset_all();
    trial.wait_for("reconnected", 1);
    trial.wait_for("resubscribed", 1);
    let story = trial.stop();
    assert!(story.get("servers.together").as_array().unwrap().is_empty());
    assert!(story.events("address_moved").is_empty() && story.events("role_changed").is_empty());
    assert_eq!(succession(&story), "same_process");
}

#[test]
fn a_server_that_cannot_be_queried_right_after_an_outage_is_queried_again() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("soak --workload ping --rate 20", &tap);
    trial.wait_for_answers();
    server.wait_until_queried();
    pause();
    // The harness and the connection under test: no room for a query.
    server.command(["CONFIG", "SET", "maxclients", "2"]);
    tap.close_all();
    trial.wait_for("reconnected", 1);
    let rejected = || {
        let stats = server.command(["INFO", "stats"]);
        stats
            .lines()
            .find_map(|line| line.strip_prefix("rejected_connections:"))
            .unwrap()
            .trim()
            .parse::<u64>()
            .unwrap()
    };
    let at_first = rejected();
    eventually("a query was rejected", SOON, || rejected() > at_first);
    server.command(["CONFIG", "SET", "maxclients", "100"]);
    trial.wait_for_journal("\"event\":\"evidence\"");
    let story = trial.stop();
    let evidence = story.the("evidence");
    assert_eq!(evidence["after"]["run_id"], run_id(&server), "{evidence}");
    assert_eq!(evidence["before"]["run_id"], run_id(&server), "{evidence}");
}

#[track_caller]
fn check(target: &Tap, code: i32) -> Json {
    let output = Doctor::new(["check", "--format", "json"]).target(target).run();
    output.code(code).json()
}

#[track_caller]
fn row(json: &Json) -> (&str, &str) {
    let row = json["lines"].as_array().unwrap().iter().find(|line| line["name"] == "servers").unwrap();
    (row["mark"].as_str().unwrap(), row["text"].as_str().unwrap())
}

#[test]
fn check_counts_the_servers_behind_an_address() {
    let (primary, replica) = pair();
    let json = check(&Tap::to(primary.address()), 0);
    assert_eq!(row(&json), ("ok", "1 behind this address, on 6 connections"));
    assert_eq!(json["facts"]["servers"].as_array().map(Vec::len), Some(1));

    let json = check(&balancer([&primary, &replica]), 1);
    let (mark, text) = row(&json);
    assert_eq!(mark, "warning");
    let list = format!("primary {}, replica {}", primary.address(), replica.address());
    assert!(text.ends_with(&list), "{text}");
    assert!(has_finding(&json, "RD153"));
}

fn wait_for(role: &str, target: &Tap) -> Output {
    Doctor::new(["wait", "--for", role, "--timeout", "2s", "--interval", "100ms"]).target(target).run()
}

#[test]
fn wait_is_not_satisfied_by_luck() {
    let (primary, replica) = pair();
    wait_for("primary", &Tap::to(primary.address())).code(0);
    for role in ["primary", "replica"] {
        let output = wait_for(role, &balancer([&primary, &replica]));
        output.code(2).stderr_contains("several servers are behind it");
    }
    wait_for("replica", &Tap::to(replica.address())).code(0);
}
