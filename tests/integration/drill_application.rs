//! `drill --exec` and `drill --listen`: an application is taken for a survivor only if it was seen to work after the faults,
//! and nothing of it is left behind.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use redis_doctor::internals::schema;
use serde_json::Value as Json;

use super::harness::{
    Doctor, RedisServer, Running, RunningDoctor, Signal, Target as _, eventually, follows, free_port, node_libraries,
    python_libraries, skipped,
};

/// Time for a drill of a case in which an application is not back.
const PATIENCE: Duration = Duration::from_secs(90);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The shell command of the application without a library; `None` without Python.
fn raw(words: &str) -> Option<String> {
    let python = Command::new("python3").args(["-c", "import socket"]).output();
    if !python.is_ok_and(|output| output.status.success()) {
        skipped("the drill of an application", "python3 is not installed");
        return None;
    }
    Some(format!("python3 {} {words}", root().join("tests/applications/raw.py").display()))
}

/// A drill of an application that this command starts; its clients are found where `tests/applications/install` puts them.
fn drill(server: &RedisServer, command: &str, cases: &str) -> Doctor {
    let doctor = Doctor::new(["drill", "--exec", command, "--case", cases, "--format", "json", "-u", &server.url()]);
    doctor.with_libraries().within(PATIENCE * 2)
}

/// The result of a drill with its exit code, as it follows the schema.
fn survival(running: RunningDoctor, code: i32) -> Json {
    let output = running.finish();
    let survival = output.code(code).json();
    follows(schema::SURVIVAL, &survival);
    survival
}

fn case<'a>(survival: &'a Json, name: &str) -> &'a Json {
    let found = survival["cases"].as_array().unwrap().iter().find(|case| case["case"] == name);
    found.unwrap_or_else(|| panic!("no case {name} in {survival:#}"))
}

fn role<'a>(case: &'a Json, name: &str) -> &'a Json {
    let found = case["roles"].as_array().unwrap().iter().find(|role| role["role"] == name);
    found.unwrap_or_else(|| panic!("no role {name} in {case:#}"))
}

#[test]
fn an_application_survives_if_it_is_seen_to_work_afterwards() {
    let Some(command) = raw("reconnect reconnect") else { return };
    let server = RedisServer::start();
    let drill = drill(&server, &command, "close,reset-idle").arg("--must-survive").arg("all").spawn();
    let survival = survival(drill, 0);
    assert_eq!(survival["survived"], 2, "{survival:#}");
    for name in ["close", "reset-idle"] {
        let case = case(&survival, name);
        // On a busy machine, a command can be in flight when the idle connections are reset.
        let commands = &role(case, "commands")["outcome"];
        assert!(commands == "back" || name == "reset-idle" && commands == "untouched", "{case:#}");
        assert_eq!(role(case, "subscriber")["outcome"], "back", "{case:#}");
        assert!(fs::metadata(case["log"].as_str().unwrap()).is_ok_and(|log| log.len() > 0), "{case:#}");
    }
    let rate = survival["application"]["rate"].as_f64().unwrap();
    assert!(rate > 10.0, "{survival:#}");
}

/// Applications that stop talking after a fault, each in its own way. With `REDIS_DOCTOR_LONG=1`, each under more faults.
#[test]
fn an_application_that_stops_talking_never_survives() {
    const STOPS: [&str; 17] = [
        "sleep",
        "close",
        "connect",
        "ping",
        "other",
        "handshake",
        "read",
        "block",
        "halfclose",
        "hang",
        "spin",
        "half",
        "fade",
        "done",
        "reconnect close",
        "reconnect forget",
        "reconnect partial",
    ];
    let cases = match std::env::var_os("REDIS_DOCTOR_LONG") {
        Some(_) => "close,reset-in-flight,noauth-6s,half-close,loading-6s",
        None => "close",
    };
    let Some(_) = raw("") else { return };
    let server = RedisServer::start();
    let drills: Vec<_> =
        STOPS.iter().map(|words| (words, drill(&server, &raw(words).unwrap(), cases).spawn())).collect();
    for (words, running) in drills {
        let survival = survival(running, 0);
        for case in survival["cases"].as_array().unwrap() {
            let listens = words.contains(' ');
            // The listeners do not stop where nothing resets them.
            if listens && case["case"] == "reset-in-flight" && role(case, "subscriber")["outcome"] == "untouched" {
                continue;
            }
            assert_eq!(case["survived"], false, "{words}: {case:#}");
            if case["case"] == "close" {
                let expected = match *words {
                    "done" => "died",
                    _ if listens => "subscription_lost",
                    _ => "unproven",
                };
                let down = !listens && case["outcome"] == "down";
                assert!(case["outcome"] == expected || down, "{words}: {case:#}");
            }
        }
    }
}

#[test]
fn the_end_of_an_application_and_its_restart_are_outcomes_and_so_is_a_wrong_result() {
    let Some(exit) = raw("exit") else { return };
    let (pipe, repeat) = (raw("pipe").unwrap(), raw("repeat").unwrap());
    let server = RedisServer::start();
    let supervised = format!("while :; do {exit}; done");
    let run = |command: &str, case| drill(&server, command, case).spawn();
    let ran = [run(&exit, "close"), run(&pipe, "close"), run(&supervised, "close"), run(&repeat, "reset-in-flight")];
    let [exit, pipe, supervised, repeat] = ran.map(|running| survival(running, 0)["cases"][0].clone());
    assert_eq!((&exit["outcome"], &exit["ended"]["status"]), (&"died".into(), &"exit status: 7".into()), "{exit:#}");
    assert_eq!(pipe["outcome"], "died", "{pipe:#}");
    assert!(pipe["ended"]["status"].as_str().unwrap().contains("SIGPIPE"), "{pipe:#}");
    assert_eq!(supervised["outcome"], "restarted", "{supervised:#}");
    assert_eq!((&repeat["outcome"], &repeat["ran_twice_count"]), (&"wrong".into(), &1.into()), "{repeat:#}");
}

#[test]
fn the_load_makes_an_application_work_and_ends_with_the_case() {
    let Some(command) = raw("reconnect") else { return };
    let server = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let requests = dir.path().join("requests");
    assert!(Command::new("mkfifo").arg(&requests).status().unwrap().success());
    let requests = requests.display();
    let load = format!("while :; do echo go > {requests}; sleep 0.05; done");
    let command = format!("ASKED={requests} {command}");
    let survival = survival(drill(&server, &command, "close").args(["--load", load.as_str()]).spawn(), 0);
    assert_eq!(survival["cases"][0]["outcome"], "survived", "{survival:#}");
    let left = processes(&requests.to_string());
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_health_check_has_the_last_word_and_a_case_without_effect_proves_nothing() {
    let Some(command) = raw("reconnect") else { return };
    let server = RedisServer::start();
    // It fails from its second run on.
    let dir = tempfile::tempdir().unwrap();
    let check = format!("mkdir {}", dir.path().join("once").display());
    let unhealthy = drill(&server, &command, "close").args(["--health", check.as_str()]).spawn();
    // It has no subscriber, and so no SUBSCRIBE is refused.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let doctor = Doctor::new(["drill", "--exec", &command, "--fault", "error_reply=NOPERM,on=SUBSCRIBE@1s+1s"]);
    let doctor = doctor.env("PATH", path).args(["--format", "junit", "--must-survive", "all"]).target(&server);
    let doctor = std::env::var_os("HOME").into_iter().fold(doctor, |doctor, home| doctor.env("HOME", home));
    let unstruck = doctor.within(PATIENCE).spawn();
    let unhealthy = survival(unhealthy, 0);
    assert_eq!(unhealthy["cases"][0]["outcome"], "unhealthy", "{unhealthy:#}");
    unstruck
        .finish()
        .code(2)
        .stdout_contains("<failure type=\"unproven\"")
        .stdout_contains("tests=\"1\" failures=\"1\"");
}

#[test]
fn an_application_that_is_not_healthy_is_no_result() {
    let server = RedisServer::start();
    let doctor = Doctor::new(["drill", "--exec", "exit 3", "--case", "close"]).target(&server).within(PATIENCE);
    doctor.run().code(2).stdout_contains("it ended before the faults: exit status: 3").stdout_contains("NOT RUN");
    let refused = |arguments: &[&str]| Doctor::new(["drill", "--sandbox"]).args(arguments.iter().copied()).run();
    refused(&["--exec", "x", "--case", "flood"]).code(3).stderr_contains("expected one of reset-idle");
    refused(&["--exec", "x", "--must-survive", "hardened"]).code(3).stderr_contains("is not among the cases");
    refused(&["--exec", "x", "--format", "hgrm"]).code(3).stderr_contains("--format");
    refused(&["--listen", "1", "--listen-tls"]).code(3).stderr_contains("--exec");
    refused(&["--health", "true"]).code(3).stderr_contains("--exec");
    refused(&["--listen", "0.0.0.0:1"]).code(3).stderr_contains("use 127.0.0.1:1");
    refused(&["--exec", "x", "--policy", "bare"]).code(3).stderr_contains("cannot be used with");
}

#[test]
fn an_application_that_speaks_tls_is_observed_and_the_faults_act_below_tls() {
    let (Some(survives), Some(repeats)) = (raw("reconnect reconnect"), raw("repeat")) else { return };
    let server = RedisServer::start();
    let run = |command: &str, cases| drill(&server, command, cases).arg("--listen-tls").spawn();
    let survives = run(&survives, "close,reset-idle,half-close,noauth-6s");
    let repeats = run(&repeats, "reset-in-flight");
    let plain = run("redis-cli -h $REDIS_HOST -p $REDIS_PORT PING; exit 3", "close");
    let cli = run("while :; do echo INCR n; sleep 0.05; done | redis-cli -u {url} --cacert {ca}", "close,reset-idle");
    let survives = survival(survives, 0);
    assert_eq!(survives["survived"], 4, "{survives:#}");
    for name in ["close", "reset-idle"] {
        let case = case(&survives, name);
        assert_eq!(role(case, "commands")["outcome"], "back", "{case:#}");
        assert_eq!(role(case, "subscriber")["outcome"], "back", "{case:#}");
    }
    let repeats = survival(repeats, 0)["cases"][0].clone();
    assert_eq!((&repeats["outcome"], &repeats["ran_twice_count"]), (&"wrong".into(), &1.into()), "{repeats:#}");
    let why = survival(plain, 2)["cases"][0]["why"].as_str().unwrap().to_owned();
    assert!(why.contains("exit status: 3") && why.contains("TLS handshake of a client"), "{why}");
    let help = Command::new("redis-cli").arg("--help").output();
    if help.is_ok_and(|help| String::from_utf8_lossy(&[help.stdout, help.stderr].concat()).contains("--cacert")) {
        let cli = survival(cli, 0);
        assert_eq!(cli["survived"], 2, "{cli:#}");
    } else {
        skipped("redis-cli behind a proxy with TLS", "redis-cli has no TLS");
        cli.signal(Signal::INT);
        drop(cli.finish());
    }
}

#[test]
fn redis_py_over_tls_is_back_after_a_reset() {
    let program = format!("python3 {}", root().join("tests/applications/redis_py.py").display());
    library_with(&["--listen-tls"], &program, &python_libraries().join("redis"), &[("reset-idle", "back", "back")]);
}

#[test]
fn ioredis_over_tls_is_back_after_a_reset() {
    let program = format!("node {}", root().join("tests/applications/ioredis.js").display());
    library_with(&["--listen-tls"], &program, &node_libraries().join("ioredis"), &[("reset-idle", "back", "back")]);
}

#[test]
fn node_redis_over_tls_is_back_after_a_reset() {
    let program = format!("node {}", root().join("tests/applications/node_redis.js").display());
    library_with(&["--listen-tls"], &program, &node_libraries().join("redis"), &[("reset-idle", "back", "back")]);
}

#[test]
fn an_application_that_runs_already_is_drilled_case_by_case() {
    let Some(command) = raw("reconnect reconnect") else { return };
    let server = RedisServer::start();
    let port = free_port().to_string();
    let mut application = Command::new("sh");
    application.args(["-c", &format!("exec {command}")]).env("REDIS_HOST", "127.0.0.1").env("REDIS_PORT", &port);
    let _application = Running(application.stdout(Stdio::null()).spawn().unwrap());
    let doctor = Doctor::new(["drill", "--listen", &port, "--case", "close,reset-idle", "--must-survive", "all"]);
    let output = doctor.target(&server).within(PATIENCE).run();
    output.code(0).stdout_contains("survives 2 of 2");
}

/// Processes of this machine with the text in their command line, besides the redis-doctor that has the command in its own.
fn processes(marker: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    });
    let is_ours = |line: &str| [" drill ", " proxy "].iter().any(|command| line.contains(command));
    lines.filter(|line| line.contains(marker) && !is_ours(line)).collect()
}

#[test]
fn nothing_of_an_application_is_left_behind() {
    let Some(command) = raw("orphan") else { return };
    let server = RedisServer::start();
    for (signal, marker) in [(Signal::INT, "left-int"), (Signal::TERM, "left-term"), (Signal::KILL, "left-kill")] {
        let port = free_port();
        let command = format!("{command} reconnect {marker}");
        let doctor = drill(&server, &command, "blackhole-70s").args(["--listen", &port.to_string()]).spawn();
        eventually("the application runs", PATIENCE, || processes(marker).len() >= 2);
        doctor.signal(signal);
        drop(doctor.finish());
        eventually("no process is left", Duration::from_secs(5), || processes(marker).is_empty());
        TcpListener::bind(("127.0.0.1", port)).unwrap();
    }
}

#[test]
fn nothing_of_an_application_is_left_behind_by_the_proxy() {
    let Some(command) = raw("orphan") else { return };
    let server = RedisServer::start();
    for (signal, marker) in
        [(Signal::INT, "proxied-int"), (Signal::TERM, "proxied-term"), (Signal::KILL, "proxied-kill")]
    {
        let (port, url) = (free_port(), server.url());
        let script = format!("{command} reconnect {marker}");
        let listen = port.to_string();
        let proxy = ["proxy", "--report", "--listen", &listen, "-u", &url, "--", "sh", "-c", &script];
        let doctor = Doctor::new(proxy).within(PATIENCE).spawn();
        eventually("the application runs", PATIENCE, || processes(marker).len() >= 2);
        doctor.signal(signal);
        drop(doctor.finish());
        eventually("no process is left", Duration::from_secs(5), || processes(marker).is_empty());
        TcpListener::bind(("127.0.0.1", port)).unwrap();
    }
}

/// Drills an application of a client library with these outcomes for commands and subscriber.
fn library(program: &str, installed: &Path, expected: &[(&str, &str, &str)]) {
    library_with(&[], program, installed, expected);
}

/// The same with more flags.
fn library_with(flags: &[&str], program: &str, installed: &Path, expected: &[(&str, &str, &str)]) {
    if !installed.exists() {
        return skipped(program, &format!("{} does not exist; run tests/applications/install", installed.display()));
    }
    let server = RedisServer::start();
    let cases: Vec<_> = expected.iter().map(|(case, ..)| *case).collect();
    let survival = survival(drill(&server, program, &cases.join(",")).args(flags.iter().copied()).spawn(), 0);
    for (name, commands, subscriber) in expected {
        let case = case(&survival, name);
        let found = ["commands", "subscriber"].map(|name| role(case, name)["outcome"].as_str().unwrap());
        assert_eq!(found, [*commands, *subscriber], "{program}: {case:#}");
    }
}

#[test]
fn redis_py_is_back_after_a_reset() {
    let program = format!("python3 {}", root().join("tests/applications/redis_py.py").display());
    library(
        &program,
        &python_libraries().join("redis"),
        &[("reset-idle", "back", "back"), ("noauth-6s", "back", "back")],
    );
}

#[test]
fn valkey_glide_is_back_after_a_reset() {
    let program = format!("python3 {}", root().join("tests/applications/valkey_glide.py").display());
    library(
        &program,
        &python_libraries().join("glide"),
        &[("reset-idle", "back", "back"), ("noauth-6s", "back", "back")],
    );
}

#[test]
fn ioredis_is_back_after_a_reset() {
    let program = format!("node {}", root().join("tests/applications/ioredis.js").display());
    let expected = [("reset-idle", "back", "back"), ("noauth-6s", "back", "back")];
    library(&program, &node_libraries().join("ioredis"), &expected);
}

#[test]
fn node_redis_is_back_after_a_reset() {
    let program = format!("node {}", root().join("tests/applications/node_redis.js").display());
    let expected = [("reset-idle", "back", "back"), ("noauth-6s", "back", "back")];
    library(&program, &node_libraries().join("redis"), &expected);
}

#[test]
fn redis_rs_is_back_after_a_reset() {
    let example = root().join("target/debug/examples/redis-rs-application");
    let program = example.display().to_string();
    library(&program, &example, &[("reset-idle", "back", "back")]);
}
