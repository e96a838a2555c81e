//! Faults between client and server that no server makes: forgotten flows, half closes, partitions, proxies without
//! anybody behind them.

use std::time::Duration;

use serde_json::Value as Json;

use crate::harness::{RedisServer, Tap, Trial, eventually};

const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_flow_that_a_middlebox_forgot_is_reset_at_the_next_command() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("ping -i 3 --watchdog off", &tap);
    trial.wait_for_answers();
    tap.forget_flows();
    trial.wait_for("reconnected", 1);
    let story = trial.stop();
    story.code(1).balances();
    let lost = story.the("disconnected");
    assert_eq!((&lost["failure"]["errno"], &lost["in_flight"]), (&104.into(), &1.into()), "{lost}");
    assert!(lost["idle"].as_f64().unwrap() > 2.5, "{lost}");
    assert_eq!(story.count("probes.failed"), 1);
    assert_eq!(story.errors("reset"), 1);
}

#[test]
fn a_forgotten_subscriber_without_a_heartbeat_waits_for_ever_and_only_its_silence_shows() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let deaf = Trial::start("subscribe news --watchdog off --expect-every 2s", &tap);
    let watched = Trial::start("subscribe news --expect-every 5s", &tap);
    tap.forget_flows();
    deaf.wait_for("silent", 1);
    // The watchdog's first PING finds out.
    watched.wait_for("resubscribed", 1);
    watched.wait_for("reconnected", 1);
    server.command(["PUBLISH", "news", "for everyone"]);
    watched.doctor().wait_for_stdout("for everyone", SOON);
    watched.stop().code(1);
    let story = deaf.stop();
    story.code(2);
    assert_eq!(story.count("outages.drops"), 0, "the client never noticed");
    assert_eq!(story.count("delivery.messages"), 0);
}

#[test]
fn a_half_closed_connection_is_lost_like_a_closed_one() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("soak --rate 100", &tap);
    trial.wait_for_answers();
    tap.half_close_all();
    trial.wait_for("reconnected", 1);
    trial.wait_for("resubscribed", 1);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.count("outages.reconnects"), 1);
    assert_eq!(story.errors("reset"), 0);
}

#[test]
fn a_proxy_without_a_backend_is_retried_until_there_is_one() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("soak --rate 20 --timeout 500ms", &tap);
    trial.wait_for_answers();
    for (outage, ending) in [(1, Tap::accept_then_close as fn(&Tap, bool)), (2, Tap::accept_then_reset)] {
        let (before, failures) = (tap.accepted(), trial.failures());
        ending(&tap, true);
        tap.reset_all();
        eventually("three attempts fail", SOON, || tap.accepted() >= before + 3);
        // Some of these may be path probes, so the outage could still be too short for a probe to fail.
        eventually("a probe fails", SOON, || trial.failures() > failures);
        ending(&tap, false);
        trial.wait_for("reconnected", outage);
        trial.wait_for("resubscribed", outage);
    }
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.count("outages.reconnects"), 2);
    story.came_back_by_itself(2);
    assert!(story.longest_failure() < 0.65, "{}", story.longest_failure());
    assert_eq!(story.count("delivery.lost"), story.count("delivery.lost_in_outages"));
}

#[test]
fn a_partition_is_one_outage_and_no_probe_outlives_its_deadline() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let hardened = Trial::start("soak --rate 20 --timeout 500ms --connect-timeout 1s", &tap);
    // A busy machine can stop the tap for longer than a short timeout.
    let library = Trial::start("soak --workload ping --policy library --rate 20 --timeout 1s", &tap);
    hardened.wait_for_answers();
    library.wait_for_answers();
    tap.partition(true);
    hardened.wait_for("replaced", 1);
    library.wait_for("stalled", 1);
    hardened.wait_for("path", 2);
    tap.partition(false);
    hardened.wait_for("reconnected", 1);
    hardened.wait_for("resubscribed", 1);
    library.wait_for("resumed", 1);

    let story = hardened.stop();
    story.code(1).balances();
    assert_eq!((story.count("outages.drops"), story.count("outages.unresolved")), (1, 0));
    assert_eq!(story.outages()[0]["by_itself"], true);
    assert!(story.longest_failure() < 0.65, "{}", story.longest_failure());
    assert!(!story.states().contains(&"half_open"), "no other client was answered either: {:?}", story.states());

    let story = library.stop();
    story.code(1).balances();
    assert_eq!((story.count("outages.stalls"), story.count("outages.drops")), (1, 0));
    assert!(story.longest_failure() < 1.15, "{}", story.longest_failure());
}

#[test]
fn a_server_that_sleeps_for_a_debugger_is_a_stall() {
    let server = RedisServer::builder().debug_commands().start();
    let trial = Trial::start("soak --watchdog off --timeout 300ms", &server);
    trial.wait_for_answers();
    server.command(["DEBUG", "SLEEP", "1.5"]);
    trial.wait_for("resumed", 1);
    let story = trial.stop();
    story.code(1).balances();
    let row = &story.outages()[0];
    assert_eq!((&row["kind"], &row["failure"]), (&"stall".into(), &Json::Null), "{row}");
    assert!((1.0..2.5).contains(&row["duration"].as_f64().unwrap()), "{row}");
}

#[test]
fn a_loss_the_server_has_not_noticed_leaves_its_old_client_listed() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("ping -i 1m --watchdog off --name watched", &tap);
    trial.wait_for_answers();
    tap.reset_clients();
    trial.wait_for("reconnected", 1);
    let named = || server.clients().iter().filter(|line| line.contains(" name=watched ")).count();
    assert_eq!(named(), 2, "the old one is still listed, and the new one has its name again");
    tap.drop_orphans();
    eventually("the server has noticed", SOON, || named() == 1);
    trial.stop().code(1);
}
