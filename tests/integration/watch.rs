//! `watch`: a line for each change, on stdout when it happens.

use std::time::Duration;

use serde_json::Value as Json;

use crate::harness::{Doctor, RedisServer};

const SOON: Duration = Duration::from_secs(20);

/// The lines of the changes: they begin with the day.
fn changes(stdout: &str) -> Vec<&str> {
    stdout.lines().filter(|line| line.starts_with("20")).collect()
}

#[test]
fn a_demotion_and_the_readonly_window_are_lines_on_stdout() {
    let [primary, server] = [RedisServer::start(), RedisServer::start()];
    let doctor = Doctor::new(["watch", "--workload", "kv", "-d", "7s", "--on-readonly", "stay"]);
    let run = doctor.target(&server).spawn();
    let connected = |stdout: &str, _: &str| stdout.contains("  connected     primary ");
    run.wait_until("the first line", SOON, connected);
    server.command(["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    let demoted = |stdout: &str, _: &str| stdout.contains("and is now a replica") && stdout.contains("  refused  ");
    run.wait_until("the demotion and the first refused write", SOON, demoted);
    server.command(["REPLICAOF", "NO", "ONE"]);
    let run = run.finish();
    let stdout = run.stdout();
    let lines = changes(&stdout);
    let has = |label: &str, words: &str| lines.iter().any(|line| line.contains(label) && line.contains(words));
    assert!(has("  connected ", "run_id "), "{lines:?}");
    assert!(has("  refused ", "READONLY"), "{lines:?}");
    assert!(has("  refusal over ", ""), "{lines:?}");
    assert!(has("  role ", "was a replica and is now a primary"), "{lines:?}");
    // Then comes the report of soak, with its exit code.
    run.code(1).stdout_contains("DEGRADED");
}

#[test]
fn a_stream_has_the_changes_alone_and_a_report_has_them_too() {
    let server = RedisServer::start();
    let kill = |arguments: &str| {
        let run = Doctor::new(arguments.split_ascii_whitespace()).target(&server).spawn();
        run.wait_until("the connection", SOON, |stdout, stderr| {
            [stdout, stderr].iter().any(|text| text.contains("connected"))
        });
        server.command(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        run.finish()
    };
    let streamed = kill("watch --workload ping --format ndjson -d 3s");
    let events: Vec<Json> = streamed.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // The lines of the report follow, as those of soak do.
    let kinds: Vec<_> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"run_started"), Some(&"run_finished")));
    assert!(kinds.contains(&"disconnected") && kinds.contains(&"reconnected"), "{kinds:?}");
    assert!(!kinds.contains(&"interval") && !kinds.contains(&"evidence"), "{kinds:?}");
    let report = kill("watch --workload ping --format json -d 3s").code(1).json();
    let kept = report["changes"].as_array().unwrap();
    assert!(kept.iter().any(|event| event["event"] == "reconnected"), "{kept:?}");
    let soaked = kill("soak --workload ping --format json -d 3s").code(1).json();
    assert_eq!(soaked["changes"], Json::Null);
}
