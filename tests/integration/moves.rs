//! Names that move, servers that are demoted, and connections that hang: a client that holds on to the old connection is
//! told, and one with the recommended policy leaves it.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::harness::{Action, Doctor, Hosts, RedisServer, ScriptedServer, Trial, eventually};

const OLD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const NEW: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

const SOON: Duration = Duration::from_secs(15);

/// A primary and its replica on one port of two addresses.
fn pair() -> (RedisServer, RedisServer) {
    let primary = RedisServer::builder().at(OLD).start();
    let replica = RedisServer::builder().at(NEW).on_the_port_of(&primary).start();
    follow(&replica, &primary);
    (primary, replica)
}

fn follow(replica: &RedisServer, primary: &RedisServer) {
    replica.command(["REPLICAOF", &primary.address().ip().to_string(), &primary.port().to_string()]);
    eventually("the replica has caught up", SOON, || {
        replica.command(["INFO", "replication"]).contains("master_link_status:up")
    });
}

#[test]
fn a_name_that_moves_away_from_a_connection_is_reported_at_once() {
    let Some(hosts) = Hosts::naming(OLD) else { return };
    let (old, new) = pair();
    let trial = Trial::reading(&hosts, "soak --workload ping --rate 20", old.port());
    trial.wait_for_answers();
    // Three lookups find the address in use; nothing shows them.
    std::thread::sleep(Duration::from_secs(7));
    assert_eq!(trial.count_in_journal("address_moved"), 0);
    new.command(["REPLICAOF", "NO", "ONE"]);
    hosts.point_to(NEW);
    let moved = Instant::now();
    trial.wait_within("moved", 1, SOON);
    assert!(moved.elapsed() < Duration::from_secs(8), "it took {:?}", moved.elapsed());
    let story = trial.stop();
    story.code(1).balances();
    let event = story.the("address_moved");
    assert_eq!(event["name"]["from"], OLD.to_string(), "{event}");
    assert_eq!(event["name"]["to"], serde_json::json!([NEW.to_string()]), "{event}");
    assert_eq!(event["to"]["laddr"], new.address().to_string(), "{event}");
    assert_eq!(story.count("outages.drops"), 0);
    let findings = story.get("findings").to_string();
    assert!(findings.contains("RD154") && findings.contains("resolves to 127.0.0.3 now, no longer to 127.0.0.2"));
    story.agrees_with_its_journal();
}

#[test]
fn a_client_that_leaves_a_demoted_server_finds_the_new_primary_under_the_moved_name() {
    let Some(hosts) = Hosts::naming(OLD) else { return };
    let (old, new) = pair();
    let start = |policy: &str| {
        let trial = Trial::reading(&hosts, &format!("soak --workload kv --rate 50 --policy {policy}"), old.port());
        trial.wait_for_answers();
        trial
    };
    let (hardened, library) = (start("hardened"), start("library"));
    new.command(["REPLICAOF", "NO", "ONE"]);
    hosts.point_to(NEW);
    follow(&old, &new);
    hardened.wait_for("reconnected", 1);
    library.wait_for("state", 1);

    let story = hardened.stop();
    story.code(1).balances();
    assert_eq!(story.states(), [""; 0], "it did not stay");
    assert_eq!(story.the("session_replaced")["why"], "readonly");
    assert_eq!(story.the("disconnected")["failure"]["class"], "readonly");
    assert_eq!(story.the("reconnected")["peer"], new.address().to_string());
    let outage = &story.outages()[0];
    assert_eq!((&outage["by_itself"], &outage["replaced"]), (&true.into(), &"readonly".into()), "{outage:#}");
    assert_eq!(outage["diagnosis"]["cause"], "failover", "{outage:#}");
    assert!(outage["duration"].as_f64().unwrap() < 1.0, "{outage}");

    let story = library.stop();
    story.code(2);
    assert_eq!(story.states(), ["pinned"]);
    assert_eq!(story.count("outages.drops"), 0);
}

#[test]
fn a_client_whose_demoted_server_is_promoted_again_leaves_the_state() {
    let server = RedisServer::start();
    let trial = Trial::start("soak --workload kv --rate 50", &server);
    trial.wait_for_answers();
    server.command(["REPLICAOF", "127.0.0.1", "1"]);
    trial.wait_for("state", 1);
    server.command(["REPLICAOF", "NO", "ONE"]);
    trial.wait_for("state over", 1);
    let story = trial.stop();
    story.code(1).balances();
    let why = story.the("state_entered")["why"].as_str().unwrap();
    assert!(why.contains("new connections reach no primary, either"), "{why}");
    story.agrees_with_its_journal();
}

/// A node of a cluster, which redirects every write once it is `demoted`.
fn node(demoted: &Arc<AtomicBool>) -> ScriptedServer {
    let (demoted, written) = (Arc::clone(demoted), Mutex::new(String::new()));
    let bulk = |text: &str| Action::line(&format!("${}\r\n{text}", text.len()));
    ScriptedServer::answering(move |command| {
        let demoted = demoted.load(Ordering::SeqCst);
        let role = if demoted { "slave" } else { "master" };
        match (command[0].to_ascii_uppercase().as_str(), command.get(1), command.get(2)) {
            ("PING", Some(nonce), _) => bulk(nonce),
            ("PING", None, _) => Action::line("+PONG"),
            ("HELLO", ..) => Action::line("-NOPROTO unsupported protocol version"),
            ("INFO", ..) => {
                bulk(&format!("redis_version:7.0.15\r\nrun_id:abc\r\nredis_mode:cluster\r\nrole:{role}\r\n"))
            }
            ("ROLE", ..) => Action::line(&format!("*3\r\n${}\r\n{role}\r\n$9\r\n127.0.0.1\r\n:7001", role.len())),
            ("SET", ..) if demoted => Action::line("-MOVED 866 127.0.0.1:7001"),
            ("SET", _, Some(value)) => {
                written.lock().unwrap().clone_from(value);
                Action::line("+OK")
            }
            ("GET", ..) => bulk(&written.lock().unwrap()),
            _ => Action::line("+OK"),
        }
    })
}

#[test]
fn a_demoted_node_of_a_cluster_is_left_although_it_says_moved() {
    for (reaction, left) in [("stay", false), ("rebuild", true)] {
        let demoted = Arc::new(AtomicBool::new(false));
        let node = node(&demoted);
        let arguments = format!("soak --workload kv --rate 20 --protocol resp2 --on-readonly {reaction}");
        let trial = Trial::start(&arguments, &node);
        trial.wait_for_answers();
        demoted.store(true, Ordering::SeqCst);
        trial.wait_for("state", 1);
        let story = trial.stop();
        story.code(2);
        assert_eq!(story.states(), ["pinned"], "{reaction}");
        let why = story.the("state_entered")["why"].as_str().unwrap();
        assert!(why.contains("redirected (MOVED): the server is now a replica of 127.0.0.1:7001"), "{why}");
        assert_eq!(story.count("sessions.replaced_readonly") > 0, left, "{reaction}");
    }
}

/// The confirmations of subscriptions are lost for three seconds, and nothing behind them is answered on that connection.
#[test]
fn a_session_that_hangs_while_it_resubscribes_is_replaced() {
    let server = RedisServer::start();
    let faults = "--fault close@1s --fault latency=1h,on=SUBSCRIBE@1s+3s";
    for policy in ["", "--resubscribe library"] {
        let arguments = format!("soak -d 12s --rate 20 {faults} {policy} --format json");
        let report = Doctor::new(arguments.split_ascii_whitespace()).target(&server).run().json();
        assert_eq!(report["subscriptions"]["confirmed"], 1, "{report:#}");
        assert_eq!(report["outages"]["unresolved"], 0, "{}", report["outages"]);
        assert!(report["sessions"]["replaced_by_watchdog"].as_u64().unwrap() >= 1, "{}", report["sessions"]);
        // The fault, the watchdog's limit of two seconds, and the pace of its PINGs.
        let rows = report["outages"]["rows"].as_array().unwrap();
        let end = |row: &serde_json::Value| row["restored_at"].as_f64().unwrap();
        let began = rows[0]["lost_at"].as_f64().unwrap();
        let ended = rows.iter().map(end).fold(0.0, f64::max);
        assert!(ended - began < 7.0, "{policy}: from {began} to {ended}");
    }
}

#[test]
fn five_thousand_channels_survive_a_reset() {
    let server = RedisServer::start();
    let arguments = "soak --channels 5000 -d 6s --rate 200 --concurrency 4 --fault reset_peer@1s --format json";
    let report = Doctor::new(arguments.split_ascii_whitespace()).target(&server).run().code(1).json();
    assert_eq!(report["subscriptions"]["confirmed"], 5000, "{}", report["subscriptions"]);
    assert_eq!(report["probes"]["desynced"], 0, "{}", report["probes"]);
    assert_eq!((&report["outages"]["drops"], &report["outages"]["unresolved"]), (&1.into(), &0.into()));
}
