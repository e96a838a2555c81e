//! Changes that close no connection and are reported nevertheless: a connected client does not notice them.

use std::time::Duration;

use crate::harness::{Doctor, RedisServer, Signal, Trial, closed_port, eventually};

const SOON: Duration = Duration::from_secs(10);

/// A soak that has asked the server for the first time.
fn soak(server: &RedisServer) -> Trial {
    let trial = Trial::start("soak --rate 20", server);
    trial.wait_for_answers();
    server.wait_until_queried();
    trial
}

/// Until the last look is taken, the first one must be a second old.
fn stop_later(trial: Trial) -> crate::harness::Story {
    let asked = std::time::Instant::now();
    eventually("a second has passed", SOON, || asked.elapsed() > Duration::from_millis(1200));
    trial.stop()
}

#[test]
fn a_demoted_server_is_reported_although_every_ping_is_answered() {
    let server = RedisServer::start();
    let trial = soak(&server);
    let closed = closed_port();
    server.command(["REPLICAOF", &closed.ip().to_string(), &closed.port().to_string()]);
    let story = stop_later(trial);
    story.code(1).balances();
    assert_eq!(story.states(), ["pinned"]);
    assert_eq!((story.count("outages.drops"), story.count("probes.failed")), (0, 0));
    story.agrees_with_its_journal();
}

#[test]
fn a_password_set_meanwhile_is_reported_before_the_next_reconnect_fails() {
    let server = RedisServer::start();
    let trial = soak(&server);
    server.command(["CONFIG", "SET", "requirepass", "secret"]);
    let story = stop_later(trial);
    story.code(0).balances();
    let notes = story.get("notes").to_string();
    assert!(notes.contains("new connections fail: NOAUTH"), "{notes}");
    assert!(notes.contains("could not reconnect"), "{notes}");
}

#[test]
fn a_server_that_stays_as_it_was_gets_no_remark() {
    let server = RedisServer::start();
    let story = stop_later(soak(&server));
    story.code(0).balances();
    assert_eq!(story.get("notes").as_array().map(Vec::len), Some(0));
}

#[test]
fn latencies_of_a_program_that_stood_still_are_not_left_to_the_server() {
    let server = RedisServer::start();
    let run = Doctor::new(["ping", "-i", "0.05"]).target(&server).spawn();
    run.wait_for_stdout("seq=5", SOON);
    run.signal(Signal::STOP);
    let stopped = std::time::Instant::now();
    eventually("two seconds have passed", SOON, || stopped.elapsed() > Duration::from_secs(2));
    run.signal(Signal::CONT);
    run.wait_for_stderr("paused        redis-doctor itself was paused for ", SOON);
    run.signal(Signal::INT);
    run.finish().stdout_contains("left out of latency, availability, service and gates");
}
