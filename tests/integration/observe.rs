//! An application behind `proxy --report`: who it is, what it lost, and no repetition where there is none.

use std::time::Duration;

use serde_json::Value as Json;

use super::{
    harness::{Doctor, RawClient, RedisServer, RunningDoctor, Signal, Target as _, follows},
    lab,
};
use redis_doctor::internals::schema;

const PATIENCE: Duration = Duration::from_secs(20);

/// A proxy that observes, its port, and the server behind it.
fn observing(server: &RedisServer) -> (RunningDoctor, u16) {
    let doctor = Doctor::new(["proxy", "--listen", "127.0.0.1:0", "--report", "--format", "json"]).within(PATIENCE * 3);
    lab::start(doctor, &["-u", &server.url()])
}

fn client(port: u16) -> RawClient {
    let mut client = RawClient::connect(([127, 0, 0, 1], port).into()).unwrap();
    for command in ["HELLO 3", "CLIENT SETINFO LIB-NAME tester", "CLIENT SETINFO LIB-VER 1.2"] {
        client.call(command.split(' ')).unwrap();
    }
    client
}

fn order(port: u16, words: &[&str]) {
    assert_eq!(lab::said(&lab::cli(port, words)), "OK");
}

/// Ends the proxy and returns its exit code with its report.
fn report(doctor: RunningDoctor) -> (i32, Json) {
    doctor.signal(Signal::INT);
    let output = doctor.finish();
    let report = output.json();
    follows(schema::APPLICATION, &report);
    (output.exit_code().unwrap(), report)
}

fn count(report: &Json, list: &str) -> usize {
    report[list].as_array().unwrap().len()
}

/// Sends a command of which the reply is lost.
fn lose(port: u16, client: &mut RawClient, command: &str) {
    order(port, &["DOCTOR", "FAULT", "reset_peer=when=in_flight"]);
    client.call(command.split(' ')).unwrap_err();
}

#[test]
fn a_healthy_application_is_named_and_has_no_finding() {
    let server = RedisServer::start();
    let (doctor, port) = observing(&server);
    let mut worker = client(port);
    for number in 0..10 {
        worker.call(["LPUSH", "jobs", &number.to_string()]).unwrap();
    }
    let mut listener = client(port);
    listener.call(["SUBSCRIBE", "news"]).unwrap();
    let (code, report) = report(doctor);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(report["clients"][0]["library"], "tester 1.2");
    assert_eq!(report["clients"][0]["connections"], 2);
    let roles: Vec<_> = report["roles"].as_array().unwrap().iter().map(|role| role["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["commands", "subscriber"]);
    assert!(report["totals"]["commands"].as_u64().unwrap() >= 16, "{report:#}");
}

#[test]
fn a_command_that_ran_twice_is_found_and_one_that_the_server_never_ran_is_not() {
    let server = RedisServer::start();
    let (doctor, port) = observing(&server);
    let mut worker = client(port);
    for number in 0..10 {
        worker.call(["LPUSH", "jobs", &number.to_string()]).unwrap();
    }
    lose(port, &mut worker, "LPUSH jobs 10");
    let mut worker = client(port);
    worker.call(["LPUSH", "jobs", "10"]).unwrap();
    worker.call(["LPUSH", "jobs", "11"]).unwrap();
    // The application gives up on the next one and sends another.
    lose(port, &mut worker, "LPUSH jobs 12");
    let mut worker = client(port);
    worker.call(["LPUSH", "jobs", "13"]).unwrap();
    let truth = server.command(["LLEN", "jobs"]);
    let (code, report) = report(doctor);
    assert_eq!((truth.as_str(), count(&report, "ran_twice"), code), ("15", 1, 2), "{report:#}");
    let twice = &report["ran_twice"][0];
    assert_eq!(twice["command"], "LPUSH", "{twice:#}");
    assert_eq!(report["outcome_unknown"], 2);
    let outages = report["roles"][0]["outages"].as_array().unwrap();
    assert!(outages.len() == 2 && outages.iter().all(|outage| outage["lasted"].is_number()), "{report:#}");
}

#[test]
fn an_element_and_a_lock_are_lost_with_their_reply() {
    let server = RedisServer::start();
    let (doctor, port) = observing(&server);
    server.command(["RPUSH", "jobs", "a", "b"]);
    let mut worker = client(port);
    worker.call(["GET", "x"]).unwrap();
    lose(port, &mut worker, "LPOP jobs");
    let mut worker = client(port);
    lose(port, &mut worker, "LPOP nothing");
    let mut worker = client(port);
    lose(port, &mut worker, "SET lock me NX PX 100000");
    let mut worker = client(port);
    lose(port, &mut worker, "SET lock me NX PX 100000");
    let (code, report) = report(doctor);
    assert_eq!(server.command(["LLEN", "jobs"]), "1");
    assert_eq!((count(&report, "elements_lost"), count(&report, "locks_orphaned"), code), (1, 1, 2), "{report:#}");
}

#[test]
fn an_application_that_repeats_its_own_command_is_no_replay() {
    let server = RedisServer::start();
    let (doctor, port) = observing(&server);
    let mut control = RawClient::connect(([127, 0, 0, 1], port).into()).unwrap();
    for _ in 0..100 {
        let mut worker = client(port);
        worker.call(["INCR", "n"]).unwrap();
        assert_eq!(control.call(["DOCTOR", "FAULT", "reset_peer=when=in_flight"]).unwrap().text(), "OK");
        worker.call(["INCR", "n"]).unwrap_err();
    }
    assert_eq!(server.command(["GET", "n"]), "200");
    let (_, report) = report(doctor);
    assert_eq!(count(&report, "ran_twice"), 0, "{report:#}");
    assert_eq!(report["outcome_unknown"], 100);
}

#[test]
fn an_application_is_started_and_its_end_ends_the_proxy() {
    let application = "redis-cli -u {url} SET from application && redis-cli -p $REDIS_PORT GET from";
    let script = ["proxy", "--spawn", "--listen", "127.0.0.1:0", "--report", "--", "sh", "-c", application];
    let output = Doctor::new(script).within(PATIENCE).run();
    output.code(0).stdout_contains("HEALTHY").stderr_contains("application");
    let failing = ["proxy", "--spawn", "--listen", "127.0.0.1:0", "--report", "--", "sh", "-c", "exit 3"];
    Doctor::new(failing).within(PATIENCE).run().code(2).stdout_contains("exit status: 3");
    Doctor::new(["proxy", "--sandbox", "--format", "json"]).run().code(3).stderr_contains("add --report");
}
