//! An application behind `proxy --report`: who it is, what it lost, and no repetition where there is none.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value as Json;

use super::{
    harness::{
        Doctor, Lab, Namespace, RawClient, RedisServer, Running, RunningDoctor, Signal, Target as _, eventually,
        follows, free_port, node_libraries, python_libraries, skipped,
    },
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
    follows(schema::REPORT, &report);
    (output.exit_code().unwrap(), report)
}

fn count(report: &Json, list: &str) -> usize {
    report["application"][list].as_array().unwrap().len()
}

/// With `REDIS_DOCTOR_LONG=1`, resets are ten times as many.
fn is_long() -> bool {
    std::env::var_os("REDIS_DOCTOR_LONG").is_some()
}

/// The outages of a role.
fn outages<'a>(report: &'a Json, role: &str) -> Vec<&'a Json> {
    let roles = report["application"]["roles"].as_array().unwrap();
    let number = &roles.iter().find(|row| row["role"] == role).unwrap()["number"];
    report["outages"]["rows"].as_array().unwrap().iter().filter(|row| row["connection"] == *number).collect()
}

/// Sends a command of which the reply is lost.
fn lose(port: u16, client: &mut RawClient, command: &str) {
    order(port, &["DOCTOR", "FAULT", "reset_peer=when=in_flight"]);
    client.call(command.split(' ')).unwrap_err();
}

/// Connects a client that has sent enough different commands to show that it repeats none on purpose.
fn worker(port: u16) -> RawClient {
    let mut worker = client(port);
    for number in 0..10 {
        worker.call(["LPUSH", "jobs", &number.to_string()]).unwrap();
    }
    worker
}

#[test]
fn a_healthy_application_is_named_and_has_no_finding() {
    let server = RedisServer::start();
    let (doctor, port) = observing(&server);
    let _worker = worker(port);
    let mut listener = client(port);
    listener.call(["SUBSCRIBE", "news"]).unwrap();
    let (code, report) = report(doctor);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(report["application"]["clients"][0]["library"], "tester 1.2");
    assert_eq!(report["application"]["clients"][0]["connections"], 2);
    let roles: Vec<_> =
        report["application"]["roles"].as_array().unwrap().iter().map(|role| role["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["commands", "subscriber"]);
    assert!(report["application"]["totals"]["commands"].as_u64().unwrap() >= 16, "{report:#}");
}

#[test]
fn a_command_that_ran_twice_is_found_and_one_that_the_server_never_ran_is_not() {
    let server = RedisServer::start();
    let (doctor, port) = observing(&server);
    let mut worker = worker(port);
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
    let twice = &report["application"]["ran_twice"][0];
    assert_eq!(twice["command"], "LPUSH", "{twice:#}");
    assert_eq!(report["application"]["outcome_unknown"], 2);
}

#[test]
fn a_command_that_reaches_the_server_after_its_client_has_sent_it_again_ran_twice() {
    let server = RedisServer::start();
    let (doctor, port) = observing(&server);
    let mut gives_up = worker(port);
    order(port, &["DOCTOR", "FAULT", "blackhole"]);
    gives_up.send(["LPUSH", "jobs", "10"]).unwrap();
    doctor.wait_for_stderr("stalled       commands", PATIENCE);
    drop(gives_up);
    // Before the proxy looks at the silent connection again.
    let mut again = client(port);
    again.call(["LPUSH", "jobs", "10"]).unwrap();
    again.call(["LPUSH", "jobs", "11"]).unwrap();
    assert_eq!(server.command(["LLEN", "jobs"]), "12");
    lab::cli(port, &["DOCTOR", "CLEAR"]);
    eventually("the held command runs", PATIENCE, || server.command(["LLEN", "jobs"]) == "13");
    let (code, report) = report(doctor);
    assert_eq!((count(&report, "ran_twice"), code), (1, 2), "{report:#}");
    assert_eq!(report["application"]["ran_twice"][0]["command"], "LPUSH");
}

/// The commonest way to run a command twice: the client's timeout is shorter than the server is slow. The retry is on a new
/// connection, or on one of a pool.
#[test]
fn a_command_that_a_slow_server_runs_after_its_client_has_sent_it_again_ran_twice() {
    let server = RedisServer::builder().debug_commands().start();
    server.command(["RPUSH", "queue", "a", "b"]);
    let (doctor, port) = observing(&server);
    let (mut gives_up, mut taker, mut pooled) = (worker(port), client(port), client(port));
    for read in [&mut taker, &mut pooled] {
        read.call(["GET", "x"]).unwrap();
    }
    let mut sleeper = server.begin(["DEBUG", "SLEEP", "1.5"]);
    gives_up.send(["LPUSH", "jobs", "10"]).unwrap();
    gives_up.send(["LPUSH", "jobs", "11"]).unwrap();
    taker.send(["LPOP", "queue"]).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    drop((gives_up, taker));
    let mut again = RawClient::connect(([127, 0, 0, 1], port).into()).unwrap();
    again.send(["LPUSH", "jobs", "10"]).unwrap();
    pooled.send(["LPUSH", "jobs", "11"]).unwrap();
    assert_eq!(sleeper.read().unwrap().text(), "OK");
    for sent in [&mut again, &mut pooled] {
        sent.read().unwrap();
    }
    assert_eq!((server.command(["LLEN", "jobs"]), server.command(["LLEN", "queue"])), ("14".into(), "1".into()));
    let (code, report) = report(doctor);
    assert_eq!((count(&report, "ran_twice"), count(&report, "elements_lost"), code), (2, 1, 2), "{report:#}");
}

/// A client on another machine refuses the late answer a round trip later.
#[test]
fn a_command_that_a_frozen_server_runs_twice_for_a_client_across_a_network_is_found() {
    let Some(lab) = Lab::start() else { return };
    let python = Command::new("python3").arg("--version").output();
    if !python.is_ok_and(|output| output.status.success()) {
        return skipped("an application across a network", "python3 is not installed");
    }
    let (host, port) = (lab.server.address().ip().to_string(), free_port().to_string());
    let listen = format!("{host}:{port}");
    let proxy =
        ["proxy", "--listen", &listen, "--allow-remote", "--report", "--format", "json", "-u", &lab.server.url()];
    let doctor = Doctor::new(proxy).inside(lab.server_side()).within(PATIENCE * 3).spawn();
    doctor.wait_for_stderr("listening on", PATIENCE);
    let mut application = Namespace::command(lab.client_side().name(), "python3");
    // It waits for an answer for three seconds, and sends the command once more on a new connection.
    application
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/applications/raw.py"))
        .arg("repeat")
        .stdout(Stdio::null());
    let application = application.env("REDIS_HOST", host).env("REDIS_PORT", port).spawn();
    let _application = Running(application.unwrap());
    let number = || lab.server.command(["LLEN", "jobs:LPUSH"]).parse::<u32>().unwrap();
    eventually("it has sent different commands", PATIENCE, || number() >= 10);
    let opened = doctor.wait_for_stderr("opened", PATIENCE);
    assert!(opened.contains("flow 1 "), "{opened}");
    lab.server.sigstop();
    doctor.wait_for_stderr("flow 2 from", PATIENCE);
    lab.server.sigcont();
    let before = number();
    eventually("it continues", PATIENCE, || number() > before + 2);
    let (code, report) = report(doctor);
    assert_eq!((count(&report, "ran_twice"), code), (1, 2), "{report:#}");
}

/// The end of a client's stream alone is no loss.
#[test]
fn a_client_that_reads_on_or_does_not_want_the_answer_has_lost_nothing() {
    let server = RedisServer::builder().debug_commands().start();
    let (doctor, port) = observing(&server);
    let (mut reads_on, mut leaves) = (worker(port), client(port));
    let mut sleeper = server.begin(["DEBUG", "SLEEP", "0.5"]);
    reads_on.send(["LPUSH", "jobs", "10"]).unwrap();
    leaves.send(["LPUSH", "jobs", "11"]).unwrap();
    drop(leaves);
    std::thread::sleep(Duration::from_millis(100));
    reads_on.finish();
    assert!(reads_on.read().is_ok() && sleeper.read().is_ok());
    let mut again = client(port);
    again.call(["LPUSH", "jobs", "10"]).unwrap();
    let (code, report) = report(doctor);
    let application = &report["application"];
    assert_eq!((count(&report, "ran_twice"), &application["outcome_unknown"], code), (0, &0.into(), 0), "{report:#}");
}

#[test]
fn a_command_that_is_repeated_out_of_its_rhythm_probably_ran_twice() {
    const RHYTHM: Duration = Duration::from_millis(400);
    let server = RedisServer::start();
    let (doctor, port) = observing(&server);
    let mut worker = client(port);
    for _ in 0..12 {
        worker.call(["INCR", "n"]).unwrap();
        std::thread::sleep(RHYTHM);
    }
    // Again immediately, and again in its rhythm.
    for pause in [Duration::ZERO, RHYTHM] {
        order(port, &["DOCTOR", "FAULT", "reset_peer=when=in_flight"]);
        std::thread::sleep(RHYTHM);
        worker.call(["INCR", "n"]).unwrap_err();
        worker = client(port);
        std::thread::sleep(pause);
        worker.call(["INCR", "n"]).unwrap();
    }
    let (_, report) = report(doctor);
    assert_eq!(server.command(["GET", "n"]), "16");
    assert_eq!((count(&report, "ran_twice"), count(&report, "ran_twice_probably")), (0, 1), "{report:#}");
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
    let resets = if is_long() { 1000 } else { 100 };
    for _ in 0..resets {
        let mut worker = client(port);
        worker.call(["INCR", "n"]).unwrap();
        assert_eq!(control.call(["DOCTOR", "FAULT", "reset_peer=when=in_flight"]).unwrap().text(), "OK");
        worker.call(["INCR", "n"]).unwrap_err();
    }
    assert_eq!(server.command(["GET", "n"]), (2 * resets).to_string());
    let (_, report) = report(doctor);
    assert_eq!(count(&report, "ran_twice"), 0, "{report:#}");
    assert_eq!(report["application"]["outcome_unknown"], resets);
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

#[test]
fn a_journal_gives_the_same_report_and_gates_decide_the_exit_code() {
    let server = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (journal, saved) = (file("app.ndjson"), file("report.json"));
    let doctor = Doctor::new(["proxy", "--listen", "127.0.0.1:0", "--report", "--journal", &journal, "-o", &saved]);
    let doctor = doctor.args(["--fail-on", "reconnects>0", "--warn-on", "ran_twice>0"]).within(PATIENCE * 3);
    let (doctor, port) = lab::start(doctor, &["-u", &server.url()]);
    let mut worker = client(port);
    worker.call(["GET", "a"]).unwrap();
    lose(port, &mut worker, "GET a");
    client(port).call(["GET", "a"]).unwrap();
    doctor.signal(Signal::INT);
    doctor.finish().code(2).stdout_is_empty();
    let saved: Json = serde_json::from_str(&std::fs::read_to_string(saved).unwrap()).unwrap();
    follows(schema::REPORT, &saved);
    for line in std::fs::read_to_string(&journal).unwrap().lines() {
        follows(schema::JOURNAL, &serde_json::from_str(line).unwrap());
    }
    let again = Doctor::new(["report", &journal, "--format", "json"]).run().code(2).json();
    assert_eq!(again, saved);
    assert_eq!(saved["incidents"]["count"], 1);
    let tripped: Vec<_> = saved["gates"].as_array().unwrap().iter().map(|gate| &gate["tripped"]).collect();
    assert_eq!(tripped, [true, false]);
    for format in ["markdown", "csv", "html", "nagios", "openmetrics", "ndjson"] {
        let output = Doctor::new(["report", &journal, "--format", format]).run();
        output.code(2);
        if ["markdown", "csv", "html"].contains(&format) {
            output.stdout_contains("tester 1.2");
        }
    }
    Doctor::new(["report", &journal]).run().code(2).stdout_contains("role       commands · 2 connections · 1 outage");
}

#[test]
fn a_subscriber_is_back_when_all_its_channels_are() {
    let server = RedisServer::start();
    let (doctor, port) = observing(&server);
    let mut listener = client(port);
    listener.call(["SUBSCRIBE", "news", "jobs"]).unwrap();
    listener.read().unwrap();
    order(port, &["DOCTOR", "FAULT", "reset_peer"]);
    listener.read().unwrap_err();
    let mut listener = client(port);
    listener.call(["SUBSCRIBE", "jobs"]).unwrap();
    let (code, report) = report(doctor);
    let missing = &report["application"]["channels_missing"];
    assert_eq!((code, &missing["channels"][0], &missing["of"]), (2, &"news".into(), &2.into()), "{report:#}");
    assert_eq!(report["states"][0]["state"], "subscription_lost");
    assert!(outages(&report, "subscriber")[0]["restored_at"].is_null());
}

#[test]
fn a_silent_path_is_a_stall_also_for_a_subscriber_and_a_client_that_gives_up() {
    let server = RedisServer::start();
    let (doctor, port) = observing(&server);
    let mut listener = client(port);
    listener.call(["SUBSCRIBE", "news"]).unwrap();
    let mut worker = client(port);
    worker.call(["GET", "a"]).unwrap();
    order(port, &["DOCTOR", "FAULT", "blackhole"]);
    server.command(["PUBLISH", "news", "1"]);
    // The worker waits, gives up and is back on another connection; the subscriber notices nothing.
    worker.send(["GET", "a"]).unwrap();
    doctor.wait_for_stderr("stalled       subscriber", PATIENCE);
    doctor.wait_for_stderr("stalled       commands", PATIENCE);
    drop(worker);
    doctor.wait_for_stderr("disconnected  commands", PATIENCE);
    client(port).call(["GET", "a"]).unwrap();
    doctor.wait_for_stderr("reconnected   commands", PATIENCE);
    lab::cli(port, &["DOCTOR", "CLEAR"]);
    listener.read().unwrap();
    doctor.wait_for_stderr("resumed       subscriber", PATIENCE);
    let (code, report) = report(doctor);
    assert_eq!(code, 1, "{report:#}");
    for (role, kind) in [("commands", "drop"), ("subscriber", "stall")] {
        let outages = outages(&report, role);
        assert_eq!((outages.len(), &outages[0]["kind"]), (1, &kind.into()), "{report:#}");
        assert!(outages[0]["duration"].as_f64().unwrap() >= 2.0, "{report:#}");
    }
}

#[test]
fn the_server_shows_what_a_silent_connection_waits_for() {
    let server = RedisServer::start();
    let (doctor, port) = observing(&server);
    let mut worker = worker(port);
    server.command(["CLIENT", "PAUSE", "60000", "WRITE"]);
    worker.send(["SET", "a", "1"]).unwrap();
    doctor.wait_for_stderr("stalled       commands", PATIENCE);
    let is_asked = || server.command(["INFO", "commandstats"]).contains("cmdstat_client|list");
    eventually("the look at the client", PATIENCE, is_asked);
    let is_answered = || server.clients().len() == 1;
    eventually("the end of the look's connection", PATIENCE, is_answered);
    server.command(["CLIENT", "UNPAUSE"]);
    worker.read().unwrap();
    doctor.wait_for_stderr("resumed       commands", PATIENCE);
    let (_, report) = report(doctor);
    let outage = outages(&report, "commands")[0];
    let found = [&outage["kind"], &outage["diagnosis"]["cause"]];
    assert_eq!(found, ["stall", "clients_paused"], "{outage:#}");
    let held = "the server held back SET of this client (CLIENT LIST: flags=b)";
    assert!(outage.to_string().contains(held), "{outage:#}");
}

#[test]
fn the_idle_connections_of_a_pool_that_are_found_dead_one_by_one_are_one_outage() {
    let server = RedisServer::start();
    let (doctor, port) = observing(&server);
    let mut pool: Vec<_> = (0..3).map(|_| client(port)).collect();
    pool.iter_mut().for_each(|member| _ = member.call(["GET", "a"]).unwrap());
    order(port, &["DOCTOR", "FAULT", "idle_drop=300ms"]);
    doctor.wait_for_stderr("fault         idle_drop", PATIENCE);
    // Longer than the network remembers them.
    std::thread::sleep(Duration::from_millis(500));
    let mut pool = pool.into_iter();
    let mut first = pool.next().unwrap();
    first.send(["GET", "a"]).unwrap();
    doctor.wait_for_stderr("stalled       commands", PATIENCE);
    drop(first);
    let _back = client(port).call(["GET", "a"]).unwrap();
    doctor.wait_for_stderr("resumed       commands", PATIENCE);
    for mut member in pool {
        member.send(["GET", "a"]).unwrap();
        // The time that a client waits before it gives a connection up.
        std::thread::sleep(Duration::from_millis(400));
        drop(member);
        doctor.wait_for_stderr("was dead when it was used", PATIENCE);
    }
    let (code, report) = report(doctor);
    assert_eq!((code, outages(&report, "commands").len()), (1, 1), "{report:#}");
    assert_eq!(count(&report, "stale_connections"), 2, "{report:#}");
}

#[test]
fn a_transaction_ran_twice_if_its_exec_was_answered_and_not_before() {
    let server = RedisServer::start();
    let (doctor, port) = observing(&server);
    let transaction = |worker: &mut RawClient, number: u32| -> std::io::Result<()> {
        worker.call(["MULTI"])?;
        worker.call(["LPUSH", "jobs", &number.to_string()])?;
        worker.call(["EXEC"]).map(drop)
    };
    let mut worker = client(port);
    for number in 0..10 {
        transaction(&mut worker, number).unwrap();
    }
    // The reply to a queued command is lost: the transaction did not run.
    worker.call(["MULTI"]).unwrap();
    lose(port, &mut worker, "LPUSH jobs 10");
    let mut worker = client(port);
    transaction(&mut worker, 10).unwrap();
    // That of EXEC is: it did.
    worker.call(["MULTI"]).unwrap();
    worker.call(["LPUSH", "jobs", "11"]).unwrap();
    lose(port, &mut worker, "EXEC");
    let mut worker = client(port);
    transaction(&mut worker, 11).unwrap();
    assert_eq!(server.command(["LLEN", "jobs"]), "13");
    let (_, report) = report(doctor);
    assert_eq!(count(&report, "ran_twice"), 1, "{report:#}");
    assert_eq!(report["application"]["ran_twice"][0]["command"], "EXEC");
}

#[test]
fn two_thousand_clients_take_little_memory() {
    const CLIENTS: usize = 2000;
    let server = RedisServer::start();
    let (doctor, port) = observing(&server);
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| client(port)).collect();
    for round in 0..2 {
        for (number, client) in clients.iter_mut().enumerate() {
            client.send(["LPUSH", "jobs", &format!("{round} {number}")]).unwrap();
        }
        clients.iter_mut().for_each(|client| _ = client.read().unwrap());
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", doctor.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    assert!(peak <= 60 << 10, "{peak} kB");
    let (_, report) = report(doctor);
    assert_eq!(report["application"]["connections"], CLIENTS);
}

/// Elements in the queue from which the scripts take.
const QUEUE: u64 = 5000;

/// Runs a script of a client library with 100 resets, and compares what was lost
/// with what the server has.
fn against_the_truth(library: &str, installed: &Path, program: [&str; 3]) {
    if !installed.exists() {
        return skipped(&format!("{library} against the truth"), "it is not installed; run tests/applications/install");
    }
    let rounds = if is_long() { "20000" } else { "2000" };
    let server = RedisServer::start();
    let doctor = Doctor::new(["proxy", "--listen", "127.0.0.1:0", "--report", "--format", "json", "--no-evidence"]);
    let doctor = doctor.with_libraries().env("DIRECT", server.url()).env("ROUNDS", rounds).target(&server);
    let report = doctor.arg("--").args(program).within(PATIENCE * 30).run().json();
    let application = &report["application"];
    assert_eq!(application["ended"]["failed"], false, "{report:#}");
    let mut counts = std::collections::BTreeMap::new();
    let pushed = server.command(["LRANGE", "pushed", "0", "-1"]);
    pushed.lines().for_each(|number| *counts.entry(number).or_insert(0_u64) += 1);
    let twice: u64 = counts.values().map(|count| count - 1).sum();
    let [queued, kept] =
        [["LLEN", "queue"], ["SCARD", "kept"]].map(|call| server.command(call).parse::<u64>().unwrap());
    let found = ["ran_twice_count", "elements_lost_count"].map(|name| application[name].as_u64().unwrap());
    assert_eq!(found, [twice, QUEUE - queued - kept], "{library}: {application:#}");
    assert!(found[0] > 0 && found[1] > 0, "{application:#}");
    assert!(
        application["clients"][0]["library"].as_str().is_some_and(|name| name.contains(library)),
        "{application:#}"
    );
}

const PYTHON: &str = "
import os, socket, redis
from redis.backoff import NoBackoff
from redis.retry import Retry
through = redis.Redis.from_url(os.environ['REDIS_URL'], retry=Retry(NoBackoff(), 3))
direct = redis.Redis.from_url(os.environ['DIRECT'])
control = socket.create_connection((os.environ['REDIS_HOST'], int(os.environ['REDIS_PORT'])))
direct.rpush('queue', *range(5000))
def reset():
    control.sendall(b'DOCTOR FAULT reset_peer=when=in_flight\\r\\n')
    control.recv(100)
for n in range(int(os.environ['ROUNDS'])):
    try:
        if n % 40 == 20: reset()
        through.lpush('pushed', n)
        if n % 40 == 39: reset()
        taken = through.lpop('queue') if n % 40 > 35 else None
        if taken is not None: direct.sadd('kept', taken)
    except redis.ConnectionError: pass
";

const NODE: &str = "
const Redis = require('ioredis'), net = require('net');
(async () => {
  const through = new Redis(process.env.REDIS_URL), direct = new Redis(process.env.DIRECT);
  const control = net.connect(process.env.REDIS_PORT, process.env.REDIS_HOST);
  const reset = () => new Promise((done) => {
    control.once('data', done); control.write('DOCTOR FAULT reset_peer=when=in_flight\\r\\n');
  });
  await direct.rpush('queue', ...Array.from({ length: 5000 }, (_, n) => n));
  for (let n = 0; n < Number(process.env.ROUNDS); n++) {
    try {
      if (n % 40 === 20) await reset();
      await through.lpush('pushed', n);
      if (n % 40 === 39) await reset();
      const taken = n % 40 > 35 ? await through.lpop('queue') : null;
      if (taken !== null) await direct.sadd('kept', taken);
    } catch (error) { }
  }
  process.exit(0);
})();
";

#[test]
fn redis_py_loses_and_repeats_as_the_server_counts() {
    against_the_truth("redis-py", &python_libraries().join("redis"), ["python3", "-c", PYTHON]);
}

#[test]
fn ioredis_loses_and_repeats_as_the_server_counts() {
    against_the_truth("ioredis", &node_libraries().join("ioredis"), ["node", "-e", NODE]);
}
