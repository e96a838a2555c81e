//! Drops and stalls: what is seen of each, how soon it is over, and that one fault is one outage.

use std::fs;
use std::time::Duration;

use serde_json::Value as Json;

use crate::harness::{RawClient, RedisServer, Signal, Story, Tap, Trial, eventually};

const SOON: Duration = Duration::from_secs(10);

/// Commands named PING that the tap has yet to see before the traffic counts as flowing again.
const FLOWING: u64 = 200;

/// Waits until probes flow again.
fn wait_for_traffic(tap: &Tap) {
    let before = tap.commands_named("PING");
    eventually("probes flow", SOON, || tap.commands_named("PING") >= before + FLOWING);
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Ids of the clients that the server lists, without the harness'.
fn client_ids(server: &RedisServer) -> Vec<u64> {
    let id = |line: &String| line.split([' ', '=']).nth(1).unwrap().parse().unwrap();
    server.clients().iter().map(id).collect()
}

fn durations(story: &Story) -> Vec<f64> {
    story.outages().iter().map(|row| row["duration"].as_f64().unwrap()).collect()
}

/// `(class, errno, origin)` of a failure, as the journal has it.
fn cause(failure: &Json) -> (&str, Option<u64>, &str) {
    (
        failure["class"].as_str().unwrap_or("none"),
        failure["errno"].as_u64(),
        failure["origin"].as_str().unwrap_or("none"),
    )
}

/// Resets a connection with eight probes in flight, many times in one run.
fn resets_in_flight(policy: &str) {
    const FAULTS: usize = 15;
    const WORKERS: u64 = 8;
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let run = format!("soak --workload ping --rate 0 --concurrency {WORKERS} {policy}");
    let trial = Trial::start(&run, &tap);
    for fault in 1..=FAULTS {
        wait_for_traffic(&tap);
        let hit = tap.reset_when_in_flight();
        assert!((1..=WORKERS).contains(&hit.unanswered), "{hit:?}");
        trial.wait_for("reconnected", fault);
    }
    wait_for_traffic(&tap);
    eventually("discarded connections are gone", SOON, || client_ids(&server).len() == 1);
    let present = client_ids(&server)[0];
    let story = trial.stop();
    story.code(1).balances();
    let faults = FAULTS as u64;
    let mut told =
        story.events.iter().filter(|event| ["reconnected", "superseded"].contains(&event["event"].as_str().unwrap()));
    assert_eq!(told.next_back().unwrap()["client_id"], present, "the connection in use is the one that is reported");
    eprintln!("{FAULTS} resets, {} connections, median recovery {:.4} s", tap.accepted(), median(durations(&story)));
    for (path, expected) in
        [("drops", faults), ("reconnects", faults), ("stalls", 0), ("unresolved", 0), ("not_by_itself", 0)]
    {
        assert_eq!(story.count(&format!("outages.{path}")), expected, "{path}");
    }
    // The kernel's word goes to the oldest command in flight, the library's to all the others.
    assert_eq!(story.errors("reset"), faults);
    assert_eq!(story.errors("connection_closed"), faults * (WORKERS - 1));
    assert_eq!(story.count("probes.failed"), faults * WORKERS);
    assert_eq!(story.count("probes.timed_out"), 0);
    assert_eq!(story.count("probes.ambiguous"), faults * WORKERS);
    assert_eq!(story.get("errors").as_array().unwrap().len(), 2);
    assert_eq!(cause(story.error_rows("reset")[0]), ("reset", Some(104), "kernel"));
    assert_eq!(cause(story.error_rows("connection_closed")[0]), ("connection_closed", None, "library"));
    for lost in story.each("disconnected", faults as usize) {
        assert_eq!(cause(&lost["failure"]), ("reset", Some(104), "kernel"), "{lost}");
        assert_eq!(lost["in_flight"], WORKERS, "{lost}");
    }
    for back in story.each("reconnected", faults as usize) {
        assert_eq!((&back["failed"], &back["ambiguous"]), (&WORKERS.into(), &WORKERS.into()), "{back}");
        assert_eq!(back["by_itself"], true);
        assert_eq!(back["same_process"], true);
        assert!(back["client_id"].as_u64() > back["old_client_id"].as_u64(), "{back}");
    }
    let median = median(durations(&story));
    assert!(median < 0.025, "half of the recoveries took longer than {median} s");
}

#[test]
fn a_reset_in_flight_costs_exactly_the_commands_in_flight_and_one_of_them_knows_why() {
    // A watchdog's PING is none of the user's, but the kernel's word could go to it.
    resets_in_flight("--policy hardened --watchdog off");
}

#[test]
fn the_librarys_defaults_lose_no_more_in_a_reset_than_the_hardened_policy() {
    resets_in_flight("--policy library");
}

#[test]
fn fifty_idle_resets_and_closes_cost_no_command_and_milliseconds_each() {
    const FAULTS: usize = 50;
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("ping -i 1m --watchdog off", &tap);
    trial.wait_for_answers();
    for fault in 1..=FAULTS {
        if fault % 2 == 0 {
            tap.reset_all()
        } else {
            tap.close_all()
        }
        trial.wait_for("reconnected", fault);
    }
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.count("outages.reconnects"), FAULTS as u64);
    assert_eq!(story.count("probes.failed"), 0);
    for lost in story.each("disconnected", FAULTS) {
        // Where nothing is in flight the library keeps the errno to itself.
        assert_eq!((&lost["failure"], &lost["in_flight"]), (&Json::Null, &0.into()), "{lost}");
    }
    let mut durations = durations(&story);
    durations.sort_by(f64::total_cmp);
    eprintln!("recovery: median {:.4} s, p95 {:.4} s", durations[FAULTS / 2], durations[FAULTS * 95 / 100]);
    assert!(durations[FAULTS / 2] < 0.025, "{durations:?}");
}

#[test]
fn an_end_in_order_never_shows_an_errno_however_much_is_in_flight() {
    const FAULTS: usize = 10;
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("soak --workload ping --rate 0 --concurrency 4 --watchdog off", &tap);
    for fault in 1..=FAULTS {
        wait_for_traffic(&tap);
        tap.close_all();
        trial.wait_for("reconnected", fault);
    }
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.count("outages.reconnects"), FAULTS as u64);
    assert_eq!(story.count("probes.failed"), story.errors("connection_closed"));
    let failed: u64 = story.outages().iter().map(|row| row["failed"].as_u64().unwrap()).sum();
    assert_eq!(failed, story.count("probes.failed"), "every failure is put down to its outage");
    for lost in story.each("disconnected", FAULTS) {
        let (class, errno, _) = cause(&lost["failure"]);
        assert!(["none", "connection_closed"].contains(&class), "{lost}");
        assert_eq!(errno, None, "{lost}");
    }
}

#[test]
fn a_killed_client_and_a_killed_server_end_an_idle_connection_without_an_errno() {
    let mut server = RedisServer::start();
    let trial = Trial::start("ping -i 1m --watchdog off", &server);
    trial.wait_for_answers();
    server.command(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    trial.wait_for("reconnected", 1);
    server.kill9();
    trial.wait_for("disconnected", 2);
    server.restart_same_port();
    trial.wait_for("reconnected", 2);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.count("probes.failed"), 0);
    for lost in story.each("disconnected", 2) {
        assert_eq!((&lost["failure"], &lost["in_flight"]), (&Json::Null, &0.into()), "{lost}");
    }
    let same: Vec<_> = story.events("reconnected").iter().map(|back| back["same_process"].clone()).collect();
    assert_eq!(same, [true, false]);
}

/// Freezes the server with four commands of the client, of this patience, in its kernel's buffers, waits for `sign`, and
/// kills it: the kernel resets a connection that is closed with bytes unread.
fn killed_with_commands_unread(patience: &str, sign: impl FnOnce(&Trial)) -> Story {
    let mut server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start(
        &format!(
            "soak --workload ping --rate 50 --concurrency 4 --watchdog off --response-timeout 30s --timeout {patience}"
        ),
        &tap,
    );
    trial.wait_for_answers();
    server.sigstop();
    let before = tap.commands_named("PING");
    eventually("four commands are unread", SOON, || tap.commands_named("PING") >= before + 4);
    sign(&trial);
    server.kill9();
    trial.wait_for("disconnected", 1);
    server.restart_same_port();
    trial.wait_for("reconnected", 1);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.outages()[0]["same_process"], false);
    assert_eq!((story.count("outages.drops"), story.count("outages.reconnects")), (1, 1));
    assert_eq!(story.count("outages.stalls"), 0, "a stall that ends in a drop is one outage with it");
    story
}

#[test]
fn a_server_killed_with_commands_unread_sends_a_reset_after_all() {
    let story = killed_with_commands_unread("30s", |_| {});
    assert_eq!(cause(&story.the("disconnected")["failure"]), ("reset", Some(104), "kernel"));
    assert_eq!(story.errors("reset"), 1);
}

#[test]
fn the_errno_is_lost_with_a_command_that_had_given_up_before() {
    let story = killed_with_commands_unread("1s", |trial| trial.wait_for("stalled", 1));
    assert_eq!(story.errors("reset"), 0);
    assert_eq!(story.the("disconnected")["failure"]["errno"], Json::Null);
}

#[test]
fn messages_lost_are_those_published_and_not_received_whatever_the_library_does_twice() {
    const FAULTS: usize = 20;
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("soak --rate 0 --concurrency 4 --verify-rate 200 --watchdog off", &tap);
    for fault in 1..=FAULTS {
        wait_for_traffic(&tap);
        tap.reset_all();
        trial.wait_for("reconnected", fault);
        trial.wait_for("resubscribed", fault);
    }
    let story = trial.stop();
    story.balances();
    let faults = FAULTS as u64;
    assert_eq!(story.count("outages.reconnects"), faults);
    assert_eq!(story.count("outages.drops"), faults);
    assert_eq!(story.count("subscriptions.resubscriptions"), faults);
    assert_eq!(story.count("subscriptions.confirmed"), 1);
    assert_eq!(story.count("delivery.lost"), story.count("delivery.lost_in_outages"), "lost only while it was down");
    let blamed: u64 = story.outages().iter().map(|row| row["messages_lost"].as_u64().unwrap()).sum();
    assert_eq!(blamed, story.count("delivery.lost"));
    for missed in story.events("messages_missed") {
        let [first, last, seen] =
            ["first_published_at", "last_published_at", "t"].map(|name| missed[name].as_f64().unwrap());
        assert!(first <= last && last < seen, "{missed}");
    }
    story.code(1);
}

#[test]
fn a_connection_the_library_makes_and_discards_is_an_event_and_no_outage_of_its_own() {
    const ENOUGH: usize = 150;
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("soak --rate 0 --concurrency 4 --verify-rate 200 --watchdog off", &tap);
    let superseded = || fs::read_to_string(trial.journal()).unwrap().contains("\"superseded\"");
    let mut faults = 0;
    // It makes two connections after almost every reset; which of them is first to be of use is chance.
    while !superseded() {
        assert!(faults < ENOUGH, "{} connections", tap.accepted());
        faults += 1;
        wait_for_traffic(&tap);
        tap.reset_all();
        trial.wait_for("reconnected", faults);
        trial.wait_for("resubscribed", faults);
    }
    // The probes' and the publisher's.
    eventually("discarded connections are gone", SOON, || client_ids(&server).len() == 2);
    let present = client_ids(&server);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.count("sessions.superseded"), story.events("superseded").len() as u64);
    assert_eq!(story.count("outages.reconnects"), faults as u64);
    assert!(tap.accepted() > 1 + 2 * (1 + faults), "more connections than losses");
    let mut told =
        story.events.iter().filter(|event| ["reconnected", "superseded"].contains(&event["event"].as_str().unwrap()));
    assert!(present.contains(&told.next_back().unwrap()["client_id"].as_u64().unwrap()));
}

#[test]
fn a_frozen_server_is_a_stall_and_not_a_disconnect() {
    let server = RedisServer::start();
    let patient = Trial::start("soak --watchdog off --timeout 500ms", &server);
    let watched = Trial::start("soak --timeout 500ms", &server);
    server.sigstop();
    patient.wait_for("stalled", 1);
    // The watchdog is part of the policy: after two unanswered PINGs it gives the connection up.
    watched.wait_for("replaced", 1);
    // The fault itself lasts this long; nothing is being waited for.
    std::thread::sleep(Duration::from_secs(2));
    server.sigcont();
    patient.wait_for("resumed", 1);
    watched.wait_for("reconnected", 1);
    watched.wait_for("resubscribed", 1);

    let story = patient.stop();
    story.code(1).balances();
    assert_eq!(story.count("outages.stalls"), 1);
    assert_eq!((story.count("outages.drops"), story.count("outages.reconnects")), (0, 0));
    let row = &story.outages()[0];
    assert_eq!((&row["kind"], &row["old_client_id"]), (&"stall".into(), &row["client_id"]));
    assert!(row["duration"].as_f64().unwrap() > 3.0, "{row}");
    assert!(story.states().is_empty(), "a frozen server answers no client: {:?}", story.states());
    assert!(story.longest_failure() < 0.65);
    assert_eq!(story.count("delivery.lost"), 0, "what was sent arrives late");

    let story = watched.stop();
    story.code(1).balances();
    assert_eq!(story.count("sessions.replaced_by_watchdog"), story.events("session_replaced").len() as u64);
    assert_eq!(story.count("sessions.replaced_terminal"), 0);
    assert_eq!((story.count("outages.drops"), story.count("outages.reconnects")), (1, 1));
    assert_eq!(story.outages()[0]["by_itself"], true);
    assert_eq!(story.outages()[0]["same_process"], true);
}

#[test]
fn a_paused_server_is_a_stall_too() {
    let server = RedisServer::start();
    let trial = Trial::start("soak --watchdog off --timeout 300ms", &server);
    server.command(["CLIENT", "PAUSE", "1500", "ALL"]);
    trial.wait_for("stalled", 1);
    trial.wait_for("resumed", 1);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!((story.count("outages.stalls"), story.count("outages.drops")), (1, 0));
    assert_eq!(story.the("connected")["client_id"], story.outages()[0]["client_id"]);
}

#[test]
fn a_black_hole_is_half_open_for_the_library_and_the_watchdog_leaves_it_in_seconds() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let library = Trial::start("soak --policy library --timeout 400ms", &tap);
    let hardened = Trial::start("soak --timeout 400ms", &tap);
    eventually("both have their first answers", SOON, || tap.commands_named("PING") > 10);
    tap.blackhole(true);
    library.wait_for("stalled", 1);
    hardened.wait_for("reconnected", 1);
    hardened.wait_for("resubscribed", 1);
    library.wait_for("state", 1);
    library.wait_for("failed", 2);

    let story = hardened.stop();
    story.code(1).balances();
    assert_eq!(story.the("session_replaced")["why"], "watchdog");
    let row = &story.outages()[0];
    assert_eq!((&row["by_itself"], &row["replaced"]), (&true.into(), &"watchdog".into()));
    let took = row["duration"].as_f64().unwrap();
    eprintln!("a black hole is left after {took:.2} s");
    // Up to one period before the first unanswered PING, and two deadlines of one second.
    assert!((1.9..3.5).contains(&took), "{took}");
    assert!(story.longest_failure() < 0.55, "{}", story.longest_failure());

    let story = library.stop();
    story.balances();
    assert_eq!(story.states(), ["half_open"]);
    assert!(story.events("disconnected").is_empty(), "neither side has closed");
    assert!(story.count("probes.timed_out") > 0);
    assert_eq!(story.count("outages.unresolved"), 1);
    assert!(story.longest_failure() < 0.55, "{}", story.longest_failure());
    story.code(2);
}

#[test]
fn an_idle_client_dropped_by_the_servers_own_timeout_shows_for_how_long_it_was_idle() {
    let server = RedisServer::builder().config("timeout", "1").start();
    let trial = Trial::start("ping -i 3 --watchdog off", &server);
    trial.wait_for("reconnected", 1);
    let story = trial.stop();
    story.code(1).balances();
    assert_eq!(story.count("probes.failed"), 0);
    let idle = story.events("disconnected")[0]["idle"].as_f64().unwrap();
    assert!((0.9..3.0).contains(&idle), "idle for {idle} s");
}

#[test]
fn a_subscriber_that_reads_too_slowly_is_dropped_and_comes_back() {
    let server = RedisServer::builder().config("client-output-buffer-limit", "pubsub 1mb 0 0").start();
    let trial = Trial::start("subscribe flood --format raw", &server);
    // The kernel's buffers take several megabytes before the server's own begins to fill.
    trial.doctor().signal(Signal::STOP);
    let payload = vec![b'x'; server.release().counted_payload()];
    let mut publisher = RawClient::connect(server.address()).unwrap();
    eventually("the server has dropped the subscriber", SOON, || {
        publisher.call([b"PUBLISH".as_slice(), b"flood", &payload]).unwrap();
        server.log().contains("overcoming of output buffer limits")
    });
    trial.doctor().signal(Signal::CONT);
    trial.wait_for("reconnected", 1);
    trial.wait_for("resubscribed", 1);
    let story = trial.stop();
    story.code(1);
    assert_eq!(story.outages()[0]["same_process"], true);
    assert!(story.count("delivery.messages") > 0);
}

#[test]
fn fifty_connections_are_fifty_outages() {
    const CONNECTIONS: u64 = 50;
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let run = format!("soak --connections {CONNECTIONS} --concurrency 4 --rate 20 --verify-rate 2");
    let trial = Trial::start(&run, &tap);
    trial.wait_for_events("subscribed", CONNECTIONS as usize, SOON);
    eventually("two messages for each", SOON, || tap.commands_named("PUBLISH") > 2 * CONNECTIONS);
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    trial.wait_for_events("reconnected", CONNECTIONS as usize, SOON);
    trial.wait_for_events("resubscribed", CONNECTIONS as usize, SOON);
    let story = trial.stop();
    story.balances();
    assert_eq!(story.count("outages.drops"), CONNECTIONS);
    assert_eq!(story.count("outages.reconnects"), CONNECTIONS);
    assert_eq!(story.count("subscriptions.wanted"), CONNECTIONS);
    assert_eq!(story.count("subscriptions.confirmed"), CONNECTIONS);
    assert_eq!(story.count("delivery.lost"), story.count("delivery.lost_in_outages"));
    let mut connections: Vec<_> = story.outages().iter().map(|row| row["connection"].as_u64().unwrap()).collect();
    connections.sort_unstable();
    assert_eq!(connections, (0..CONNECTIONS).collect::<Vec<_>>());
    story.code(1);
}
