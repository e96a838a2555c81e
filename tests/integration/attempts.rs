//! The client's attempts to come back, as the kernel reports them: each with its moment and its outcome, none of
//! anybody else's.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::harness::{Doctor, Lab, RedisServer, Signal, Story, Trial, eventually};

const LATER: Duration = Duration::from_secs(40);

/// Tolerance for a timer, for reading the kernel's broadcasts, and for a busy machine.
const TOLERANCE: f64 = 0.5;

fn wait_for_evidence(trial: &Trial) {
    trial.wait_for_journal("\"event\":\"evidence\"");
}

/// Starts of the failed attempts and the first good reply, in seconds after the loss.
#[track_caller]
fn failed_and_answered(evidence: &Json, end: &str) -> (Vec<f64>, f64) {
    let lost = evidence["lost_at"].as_f64().unwrap();
    let (last, failed) = evidence["attempts"].as_array().unwrap().split_last().unwrap();
    assert_eq!(last["failure"], Json::Null, "{evidence}");
    let started = failed.iter().enumerate().map(|(number, attempt)| {
        // A process that is killed closes its connections before the socket that it listens on: an attempt that is made
        // at once may find that still open.
        let dropped = number == 0 && attempt["end"] == "dropped";
        assert!(dropped || attempt["end"] == end, "{evidence}");
        attempt["started"].as_f64().unwrap() - lost
    });
    (started.collect(), last["at"].as_f64().unwrap() - lost)
}

/// The client was refused at every moment of its schedule until the server was there, and at no other.
#[track_caller]
fn followed_the_schedule(story: &Story) {
    let schedule: Vec<f64> =
        story.events[0]["schedule"].as_array().unwrap().iter().map(|at| at.as_f64().unwrap()).collect();
    let evidence = story.the("evidence");
    let (failed, answered) = failed_and_answered(evidence, "refused");
    let tried = ["refused", "dropped"].map(|end| evidence["tried"][end].as_u64().unwrap());
    assert_eq!(tried.iter().sum::<u64>(), failed.len() as u64, "{evidence}");
    for (failed, due) in failed.iter().zip(&schedule) {
        assert!((-0.01..TOLERANCE).contains(&(failed - due)), "at {failed}, due at {due}: {evidence}");
    }
    let late = answered - schedule[failed.len()];
    let next = schedule[failed.len() + 1] - schedule[failed.len()];
    assert!(failed.len() >= 3 && (-0.01..next).contains(&late), "answered at {answered}: {evidence}");
}

/// Kills the server and starts it again when the client has been trying for a while.
fn killed_and_restarted(arguments: &str) -> Story {
    let mut server = RedisServer::start();
    let trial = Trial::start(arguments, &server);
    trial.wait_for_answers();
    server.kill9();
    trial.wait_for_journal("\"state\":\"retrying\"");
    server.restart_same_port();
    trial.wait_for("reconnected", 1);
    wait_for_evidence(&trial);
    trial.stop()
}

/// Four path probes a second and ten messages a second that cannot be published make attempts of their own.
#[test]
fn a_server_that_is_away_refuses_each_attempt_of_the_schedule() {
    let story = killed_and_restarted("soak --rate 20");
    followed_the_schedule(&story);
    assert_eq!(story.the("evidence")["missing"], Json::Null);
}

#[test]
fn attempts_of_other_clients_are_not_taken_for_the_clients() {
    let mut server = RedisServer::start();
    let trial = Trial::start("soak --workload ping --rate 20", &server);
    trial.wait_for_answers();
    let (address, done): (SocketAddr, _) = (server.address(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Bounded, should the test fail before it is done.
            for _ in 0..5000 {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                drop(TcpStream::connect(address));
                std::thread::sleep(Duration::from_millis(7));
            }
        });
        server.kill9();
        trial.wait_for_journal("\"state\":\"retrying\"");
        server.restart_same_port();
        trial.wait_for("reconnected", 1);
        done.store(true, Ordering::Relaxed);
    });
    wait_for_evidence(&trial);
    followed_the_schedule(&trial.stop());
}

#[test]
fn one_attempt_is_enough_where_nothing_is_wrong() {
    let server = RedisServer::start();
    let trial = Trial::start("soak --rate 20", &server);
    trial.wait_for_messages();
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    trial.wait_for("reconnected", 1);
    wait_for_evidence(&trial);
    let story = trial.stop();
    let evidence = story.the("evidence");
    let (failed, _) = failed_and_answered(evidence, "refused");
    assert_eq!(
        (failed.len(), &evidence["tried"]),
        (0, &serde_json::json!({"refused": 0, "unanswered": 0, "dropped": 0}))
    );
}

#[test]
fn attempts_on_a_unix_socket_are_reported_as_unknown() {
    let mut server = RedisServer::builder().unix_socket().start();
    let trial = Trial::start("ping -i 0.05", &format!("unix://{}", server.unix_socket().display()));
    trial.wait_for_answers();
    server.kill9();
    trial.wait_for("disconnected", 1);
    server.restart_same_port();
    trial.wait_for("reconnected", 1);
    wait_for_evidence(&trial);
    let story = trial.stop();
    let evidence = story.the("evidence");
    let missing = evidence["missing"].as_array().unwrap();
    assert!(missing.iter().any(|missing| missing["what"] == "attempts"), "{evidence}");
    assert_eq!(evidence["tried"], Json::Null);
}

/// Each attempt lasts as long as the policy lets it; the report shows them.
#[test]
fn unanswered_attempts_last_until_their_limit() {
    let Some(lab) = Lab::start() else {
        return;
    };
    let files = TempDir::new().unwrap();
    let journal = files.path().join("journal.ndjson");
    let soak = "soak -v --workload ping --connect-timeout 1s --watchdog 300msx2";
    let doctor = Doctor::new(soak.split(' ')).arg("--journal").arg(&journal).target(&lab.server);
    let doctor = doctor.inside(lab.client_side()).within(LATER * 2).spawn();
    let journaled = |text: &str| fs::read_to_string(&journal).is_ok_and(|journal| journal.contains(text));
    eventually("probes are answered", LATER, || journaled("\"ok\":"));
    lab.drop_all();
    eventually("ten seconds have passed", LATER, || journaled("\"ongoing\":true"));
    lab.heal();
    doctor.wait_for_stderr("reconnected", LATER);
    eventually("all evidence is reported", LATER, || {
        fs::read_to_string(&journal).is_ok_and(|journal| journal.matches("\"event\":\"evidence\"").count() >= 2)
    });
    doctor.signal(Signal::INT);
    let output = doctor.finish();
    let journal = fs::read_to_string(&journal).unwrap();
    let mut events = journal.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let evidence = events.rfind(|event| event["event"] == "evidence").unwrap();
    let (failed, _) = failed_and_answered(&evidence, "unanswered");
    assert!(failed.len() >= 4 && evidence["tried"]["unanswered"] == failed.len(), "{evidence}");
    for attempt in &evidence["attempts"].as_array().unwrap()[..failed.len()] {
        let lasted = attempt["at"].as_f64().unwrap() - attempt["started"].as_f64().unwrap();
        // Its end is dated when it is heard of; two of them would have lasted for longer.
        assert!((0.9..2.1).contains(&lasted), "{lasted} s: {evidence}");
    }
    assert!(failed.windows(2).all(|pair| pair[1] - pair[0] > 1.1), "{failed:?}");
    output.code(1).stdout_contains("failed: no answer from +");
}
