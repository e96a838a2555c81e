//! After a reconnect redis-rs sends one SUBSCRIBE for all its channels and waits for one confirmation. Those that come
//! later are taken for the replies to whatever was asked meanwhile; the nonce of each probe shows it.

use std::time::Duration;

use serde_json::Value as Json;

use crate::harness::{Doctor, Output, RedisServer, RunningDoctor};

/// How long a run may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The same run against the embedded server and against a real one, at the same time.
fn on_both(server: &RedisServer, arguments: &str) -> [RunningDoctor; 2] {
    let soak = || Doctor::new(arguments.split_ascii_whitespace()).args(["--format", "json"]).within(PATIENCE);
    [soak().arg("--sandbox").spawn(), soak().target(server).spawn()]
}

fn states(report: &Json) -> Vec<&str> {
    report["states"].as_array().unwrap().iter().filter_map(|row| row["state"].as_str()).collect()
}

/// The run ended in wrong replies that were confirmations of subscriptions, and its report says so.
fn shows_desync(output: &Output) -> Json {
    let report = output.code(2).json();
    assert!(states(&report).contains(&"desync"), "{:?}", states(&report));
    assert!(report["probes"]["desynced"].as_u64().unwrap() >= 1, "{}", report["probes"]);
    assert_eq!(report["outages"]["drops"], 1, "{}", report["outages"]);
    report
}

/// At 100 kB a second 5,000 confirmations need more than two seconds. The first one completes the library's resubscription,
/// so whatever is asked from then on is answered by the rest. A watchdog ends that, and chunks prevent it.
#[test]
fn thousands_of_channels_after_a_reconnect_desync_the_library() {
    let server = RedisServer::start();
    let soak = |policy: &str| {
        let faults = "--fault close@1s --fault bandwidth=100k,direction=down@1s+4s";
        on_both(&server, &format!("soak --channels 5000 -d 9s --response-timeout 5s {faults} {policy}"))
    };
    let (library, watched) = (soak("--policy library"), soak("--policy hardened --resubscribe library"));
    let paced = soak("--policy hardened");
    for running in library {
        let report = shows_desync(&running.finish());
        let wrong = report["errors"].as_array().unwrap().iter().find(|row| row["class"] == "desync").unwrap();
        assert_eq!(wrong["example"], "a reply to another command: push subscribe");
        assert_eq!(report["sessions"]["replaced_desync"], 0);
        assert!(report["probes"]["desynced"].as_u64().unwrap() >= 5, "it goes on as long as they come");
    }
    for running in paced {
        let report = running.finish().code(1).json();
        assert_eq!(report["probes"]["desynced"], 0, "{}", report["probes"]);
        assert_eq!(report["sessions"]["replaced_desync"], 0, "{}", report["sessions"]);
        assert_eq!(report["subscriptions"]["confirmed"], 5000);
        assert_eq!((&report["outages"]["drops"], &report["outages"]["unresolved"]), (&1.into(), &0.into()));
    }
    for running in watched {
        let report = shows_desync(&running.finish());
        assert_eq!(report["sessions"]["replaced_desync"], 1, "{}", report["sessions"]);
        assert_eq!(report["subscriptions"]["confirmed"], 5000);
        assert_eq!(report["outages"]["unresolved"], 0);
    }
}

/// The library gives the resubscription up after its response timeout and uses the connection all the same. When the
/// confirmations come at last, one goes where it belongs, the others to commands, and every reply after them one or two
/// places too far.
#[test]
fn slow_confirmations_after_a_reconnect_desync_the_library() {
    let server = RedisServer::start();
    let faults = "--fault close@1s --fault latency=2s,on=SUBSCRIBE@1s";
    let load = "--rate 50 --concurrency 4";
    for running in on_both(&server, &format!("soak --channels 3 --policy library -d 6s {load} {faults}")) {
        shows_desync(&running.finish());
    }
}

#[test]
fn one_channel_whose_only_confirmation_comes_in_time_desyncs_nothing() {
    let server = RedisServer::start();
    for running in on_both(&server, "soak --policy library -d 4s --fault close@1s") {
        let report = running.finish().code(1).json();
        assert_eq!((&report["probes"]["desynced"], &report["subscriptions"]["confirmed"]), (&0.into(), &1.into()));
        assert!(!states(&report).contains(&"desync"));
    }
}
