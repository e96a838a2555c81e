//! `idle` finds the idle limit of a path, says how connections end there and what it may be the limit of.

use std::fs;
use std::time::Duration;

use redis_doctor::internals::schema;
use serde_json::Value as Json;

use crate::harness::*;

/// How long any search of these may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

fn idle(arguments: &[&str]) -> Doctor {
    Doctor::new(["idle"]).args(arguments.iter().copied()).within(PATIENCE)
}

/// A search through the lab's forgetful box, as JSON.
fn through(fault: &str, server: &RedisServer) -> RunningDoctor {
    // What a busy machine delays must not look like an answer that never comes.
    let arguments = ["--max", "3s", "--fault", fault, "--format", "json", "-W", "4s"];
    idle(&arguments).target(server).spawn()
}

fn seconds(value: &Json) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn a_box_that_forgets_is_found_and_is_silent_or_resets() {
    let server = RedisServer::start();
    let silent = through("idle_drop=1500ms", &server);
    let resets = through("idle_drop=1500ms,then=reset", &server);
    for (running, ending) in [(silent, "unanswered"), (resets, "reset")] {
        let output = running.finish();
        let report = output.code(1).json();
        follows(schema::IDLE, &report);
        let limit = &report["limit"];
        assert_eq!((limit["ending"].as_str(), limit["dated"].as_bool()), (Some(ending), Some(false)), "{limit}");
        let (at_least, at_most) = (seconds(&limit["at_least"]), seconds(&limit["at_most"]));
        // The box measures from the last byte, a moment before the client does; a late PING is a longer silence.
        assert!(at_least < 1.55 && at_most > 1.4, "{limit}");
        assert!(at_most - at_least <= 0.25, "{limit}");
        assert_eq!(report["outcome"], "limit");
        assert_eq!(report["verdict"], "degraded");
        assert_eq!(report["server"]["tcp_keepalive"], 300.0);
        assert_eq!(report["advice"]["keepalive"], Json::Null, "a second is the least");
        assert!(seconds(&report["advice"]["ping_every"]) <= 0.5, "{report}");
        assert!(report["notes"][0].as_str().unwrap().contains("too late for this limit"), "{report}");
    }
}

#[test]
fn the_servers_own_timeout_is_recognised_and_dated() {
    let server = RedisServer::builder().config("timeout", "1").start();
    let output = idle(&["--max", "6s", "--steps", "20", "--format", "json"]).target(&server).run();
    let report = output.code(1).json();
    follows(schema::IDLE, &report);
    let limit = &report["limit"];
    assert_eq!((limit["ending"].as_str(), limit["dated"].as_bool()), (Some("closed"), Some(true)), "{limit}");
    assert!(seconds(&limit["at_least"]) >= 1.0 && seconds(&limit["at_most"]) < 5.5, "{limit}");
    assert_eq!(report["is_server_timeout"], true, "{report}");
    assert_eq!(report["server"]["timeout"], 1.0);
    assert_eq!(report["rounds"], 1, "the server's own setting needs no confirmation");
    assert!(report["advice"]["no_keepalive"].as_str().unwrap().contains("counts commands"));
}

#[test]
fn the_server_says_its_limit_to_people_too() {
    let server = RedisServer::builder().config("timeout", "1").start();
    let output = idle(&["--steps", "100ms,5s,6s"]).target(&server).run();
    output
        .code(1)
        .stderr_contains("round 1   3 silences in parallel, from 100 ms to 6 s")
        .stderr_contains("died      idle connection was closed (FIN) after")
        .stdout_contains("of silence the connection is closed (FIN)")
        .stdout_contains("cause     the server's own timeout, 1 s (explain r-timeout)")
        .stdout_contains("TCP keepalive does not help")
        .stdout_contains("server    timeout 1 s · tcp-keepalive 300 s")
        .stdout_contains("verdict  DEGRADED  idle limit");
}

#[test]
fn whoever_closes_idle_connections_besides_is_confirmed_by_a_second_round() {
    // Two servers behind one name would be the same: the server denies that it has a limit.
    let server = ScriptedServer::answering(|command| match command[0].to_ascii_uppercase().as_str() {
        "HELLO" => Action::line("%1\r\n$6\r\nserver\r\n$5\r\nredis"),
        "PING" => Action::line("+PONG"),
        // It ends the connection where a limit of no length would.
        "CLIENT" => Action::ReplyThenClose(b"+OK\r\n".to_vec()),
        _ => Action::line("-NOPERM this user has no permissions to run the command"),
    });
    let output = idle(&["--steps", "200ms,5s", "--name", "doctor", "--format", "json"]).target(&server).run();
    let report = output.json();
    follows(schema::IDLE, &report);
    assert_eq!(report["limit"]["dated"], true, "{report}");
    assert_eq!(report["rounds"], 2, "{report}");
    let note = report["notes"][0].as_str().unwrap();
    assert!(note.contains("unknown (NOPERM") && note.contains("hides a longer limit"), "{note}");
}

#[test]
fn a_path_without_a_limit_is_healthy() {
    let server = RedisServer::builder().config("tcp-keepalive", "1").start();
    let output = idle(&["--steps", "100ms,2s"]).target(&server).run();
    output
        .code(0)
        .stdout_contains("silences  2 in 1 round · 2 survived")
        .stdout_contains("limit     none up to 2")
        .stdout_contains("the server's own keepalive refreshes the path every 1 s")
        .stdout_contains("verdict  HEALTHY  no idle limit up to 2");
}

#[test]
fn connections_leave_the_server_when_the_search_is_over_and_carry_the_name() {
    let server = RedisServer::start();
    let running = idle(&["--steps", "12", "--max", "20s", "--name", "silent-one"]).target(&server).spawn();
    eventually("twelve named connections", PATIENCE, || {
        server.clients().iter().filter(|client| client.contains("name=silent-one")).count() == 12
    });
    running.signal(Signal::INT);
    // What is known so far: nothing, or the first silences.
    running.finish().stdout_contains("ended early");
    eventually("they have left", PATIENCE, || server.clients().is_empty());
}

#[test]
fn a_signal_ends_the_search_with_what_is_known_and_another_shows_it() {
    let server = RedisServer::start();
    for signal in [Signal::INT, Signal::TERM] {
        let running = idle(&["--steps", "100ms,1h", "--format", "json"]).target(&server).spawn();
        running.wait_for_stderr("round 1", PATIENCE);
        eventually("the short silence has survived", PATIENCE, || {
            running.signal(Signal::USR1);
            running.wait_for_stderr("left · ", PATIENCE).contains("left · 1 survived, at most 1")
        });
        running.signal(signal);
        // A tenth of a second of an hour is no pass.
        let output = running.finish();
        let report = output.code(3).json();
        follows(schema::IDLE, &report);
        assert_eq!((report["interrupted"].as_bool(), report["outcome"].as_str()), (Some(true), Some("no_limit")));
        assert_eq!(report["verdict"], Json::Null);
    }
    let running = idle(&["--steps", "1h", "-o", "/dev/null"]).target(&server).spawn();
    running.wait_for_stderr("round 1", PATIENCE);
    running.signal(Signal::INT);
    running.finish().code(3).stdout_is_empty();
}

#[test]
fn a_search_that_was_ended_passes_only_with_what_had_to_be_known() {
    let server = RedisServer::start();
    let ended = |arguments: &[&str], known: &str| {
        let running = idle(arguments).target(&server).spawn();
        running.wait_for_stderr("round 1", PATIENCE);
        if !known.is_empty() {
            eventually(known, PATIENCE, || {
                running.signal(Signal::USR1);
                running.wait_for_stderr("left · ", PATIENCE).contains(known)
            });
        }
        running.signal(Signal::INT);
        running.finish()
    };
    let nothing = ended(&["--steps", "1h"], "");
    nothing.code(3).stdout_contains("verdict  UNKNOWN so far  ended before the first result");
    let little = ended(&["--steps", "100ms,1h"], "left · 1 survived");
    little.code(3).stdout_contains("verdict  UNKNOWN so far  ended too early: no idle limit up to 1");
    let enough = ended(&["--steps", "100ms,1h", "--must-survive", "100ms"], "left · 1 survived");
    enough.code(0).stdout_contains("verdict  HEALTHY so far  no idle limit up to 1");
    let more = ended(&["--steps", "100ms,1h", "--must-survive", "30m", "--format", "nagios"], "left · 1 survived");
    more.code(3).stdout_contains("REDIS-DOCTOR UNKNOWN - ended too early").stdout_contains(";;1800:;0; 'limit'=U;");
}

#[test]
fn ndjson_is_rounds_and_silences_as_they_happen_and_then_the_result() {
    let server = RedisServer::builder().config("timeout", "1").start();
    let running = idle(&["--steps", "100ms,6s,7s", "--format", "ndjson"]).target(&server).spawn();
    // The line is there before the search is over.
    running.wait_for_stdout("\"ending\":\"answered\"", PATIENCE);
    let output = running.finish();
    let lines = output.code(1).ndjson();
    lines.iter().for_each(|line| follows(schema::IDLE_LINE, line));
    let end = lines.iter().position(|line| line.get("event").is_none()).unwrap();
    let (events, result) = lines.split_at(end);
    let told: Vec<_> = events.iter().map(|line| (line["event"].as_str().unwrap(), line["ending"].as_str())).collect();
    assert_eq!(
        told,
        [
            ("round_started", None),
            ("silence_ended", Some("answered")),
            ("silence_ended", Some("closed")),
            ("silence_ended", Some("closed"))
        ]
    );
    assert_eq!((&events[0]["round"], &events[0]["connections"]), (&1.into(), &3.into()));
    assert!(events.iter().all(|line| line["t"].is_f64() && line["time"].is_string()), "{events:?}");
    let kinds: Vec<_> = result.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], kinds.iter().filter(|kind| **kind == "silence").count()), ("summary", 3));
    assert_eq!((&result[0]["verdict"], &result[0]["outcome"]), (&"degraded".into(), &"limit".into()));

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("idle.ndjson");
    let output = idle(&["--steps", "100ms", "--format", "ndjson"]).arg("-o").arg(&file).target(&server).run();
    output.code(0).stdout_is_empty();
    assert!(fs::read_to_string(file).unwrap().starts_with("{\"type\":\"summary\","));
    let script = "redis-doctor idle --sandbox --steps 100ms,1h --format ndjson | head -n 1; echo \" ${PIPESTATUS[0]}\"";
    // Nobody reads on: the hour is not waited for.
    let gone = Doctor::script("bash", ["-c", script]).within(PATIENCE).run();
    gone.code(0).stdout_contains("\"event\":\"round_started\"").stdout_contains("\n 3\n");
}

#[test]
fn a_monitoring_system_learns_if_the_required_silence_is_survived() {
    let server = RedisServer::start();
    let nagios = |arguments: &[&str]| {
        let run = idle(arguments).args(["--format", "nagios", "-q"]).target(&server).run();
        assert_eq!((run.stdout().lines().count(), run.stdout().matches('|').count()), (1, 1), "{}", run.stdout());
        run.stderr_is_empty();
        run
    };
    let passed = nagios(&["--steps", "100ms,1s", "--must-survive", "1s"]);
    passed.code(0).stdout_contains("REDIS-DOCTOR OK - no idle limit up to 1").stdout_contains(", 1 s must survive | ");
    passed.stdout_contains("s;;1:;0; 'limit'=U;;;0; 'silences'=2;;;0; 'died'=0;;;0;\n");
    let fault = ["--fault", "idle_drop=1500ms,then=reset", "-W", "4s"];
    let short = nagios(&[&["--must-survive", "3s", "--max", "4s", "--steps", "12"][..], &fault].concat());
    short.code(2).stdout_contains("REDIS-DOCTOR CRITICAL - idle limit 1").stdout_contains(";;3:;0; 'limit'=1");
    // A longer limit than that is in order.
    let long = nagios(&[&["--must-survive", "300ms", "--max", "4s", "--steps", "12"][..], &fault].concat());
    long.code(0).stdout_contains("REDIS-DOCTOR OK - idle limit 1").stdout_contains(", 300 ms must survive | ");
    let closed = format!("redis://{}", closed_port());
    let run = idle(&["--max", "1s", "--format", "nagios"]).target(&closed).run();
    run.code(2)
        .stdout_contains("REDIS-DOCTOR CRITICAL - tcp: Connection refused")
        .stdout_contains("| 'survived'=U;;;0;");
    let wrong = idle(&["--max", "1s", "--must-survive", "2s", "--format", "nagios"]).run();
    wrong.code(3).stdout_contains("REDIS-DOCTOR UNKNOWN - --must-survive: 2s is not tested, because --max ends");
}

#[test]
fn a_server_that_dies_meanwhile_is_not_a_limit() {
    let mut server = RedisServer::start();
    let running = idle(&["--steps", "100ms,1h,2h"]).target(&server).spawn();
    running.wait_for_stderr("round 1", PATIENCE);
    eventually("three connections", PATIENCE, || server.clients().len() >= 2);
    server.kill9();
    let output = running.finish();
    // Refused, or reset where the dying process still had the port when it was asked again.
    output.code(2).stdout_contains("could not be reached after the search: ").stdout_contains("(os error 1");
}

#[test]
fn what_cannot_be_reached_is_critical_and_named() {
    let closed = format!("redis://{}", closed_port());
    let output = idle(&["--max", "1s"]).target(&closed).run();
    output.code(2).stdout_contains("verdict  CRITICAL  tcp: Connection refused (os error 111)");
    let output = idle(&["--max", "1s", "--format", "json"]).target(&closed).run();
    follows(schema::IDLE, &output.code(2).json());
    let output = idle(&["--max", "1s", "--format", "ndjson"]).target(&closed).run();
    output.code(2).ndjson().iter().for_each(|line| follows(schema::IDLE_LINE, line));
    let locked = RedisServer::builder().requirepass("hunter2").start();
    let wrong = format!("redis://:wrong-one@{}", locked.address());
    idle(&["--max", "1s"]).target(&wrong).run().code(2).stdout_contains("hello: WRONGPASS").lacks("wrong-one");
}

#[test]
fn a_path_on_which_nothing_survives_is_critical() {
    let server = RedisServer::start();
    // Shorter than the finest silence: the second query is not answered.
    let output = idle(&["--steps", "300ms,400ms", "--fault", "idle_drop=1ms,then=reset"]).target(&server).run();
    output.code(2).stdout_contains("verdict  CRITICAL");
}

#[test]
fn the_server_keeps_half_of_its_free_clients() {
    let server = RedisServer::builder().maxclients(25).start();
    let output = idle(&["--steps", "40", "--max", "1s"]).target(&server).run();
    output.code(0).stderr_contains("half of them are left to others").stdout_contains("in 1 round");
    let silences = output.stdout();
    let opened = silences.split("silences  ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(opened.parse::<u32>().unwrap() <= 12, "{silences}");
}

/// Kibibytes of the largest resident set so far, and seconds of CPU, of a process.
fn cost(pid: u32) -> (u64, f64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    // Fields 14 and 15 of proc(5), in ticks of a hundredth of a second.
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    (peak.trim().trim_end_matches(" kB").parse().unwrap(), ticks as f64 / 100.0)
}

#[test]
fn a_thousand_connections_cost_little() {
    let server = RedisServer::start();
    // Long ones, so that none has ended before the last is opened.
    let silences: Vec<_> = (0..1000).map(|number| format!("{}s", 3600 + number)).collect();
    let running = idle(&["--steps", &silences.join(",")]).target(&server).spawn();
    eventually("a thousand connections", PATIENCE, || server.clients().len() >= 1000);
    let (memory, cpu) = cost(running.pid());
    running.signal(Signal::INT);
    running.finish().stdout_contains("ended early");
    assert!(memory < 64 * 1024, "{memory} KiB");
    assert!(cpu < 10.0, "{cpu} s of CPU to open them");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let refused = |arguments: &[&str], part: &str| _ = idle(arguments).run().code(3).stderr_contains(part);
    refused(&["--steps", "1s,2s", "--max", "5s"], "--max: it chooses silences, and --steps lists them");
    refused(&["--steps", "1s", "--profile", "aws"], "--profile: it chooses silences");
    refused(&["--steps", "0"], "--steps: '0' is out of range; expected 1 to 10000");
    refused(&["--steps", "soon"], "--steps: 'soon' is not a duration");
    refused(
        &["--steps", "1s,2s", "--must-survive", "1m"],
        "--must-survive: 1m is not tested, because --steps ends at 2s",
    );
    refused(&["--must-survive", "0"], "--must-survive: '0' is too short");
    refused(&["--format", "csv"], "--format: invalid value 'csv'; expected one of text, json, ndjson, nagios");
    refused(&["--profile", "ovh"], "--profile: invalid value 'ovh'; expected one of aws, azure, gcp");
    refused(&["--max", "0"], "--max: '0' is too short");
    refused(&["--sandbox", "-o", "/nowhere/report"], "--output: cannot write /nowhere/report");
}
