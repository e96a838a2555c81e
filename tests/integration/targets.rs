//! Several targets in one run: one report, worst first, and nothing of one target in the figures of another.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use redis_doctor::internals::schema;
use serde_json::Value as Json;

use crate::harness::{Doctor, RedisServer, closed_port, follows};

const PATIENCE: Duration = Duration::from_secs(20);

/// The targets of a report by their labels, in its order.
fn targets(report: &Json) -> Vec<(&str, &Json)> {
    let targets = report["targets"].as_array().unwrap();
    targets.iter().map(|target| (target["target"].as_str().unwrap(), target)).collect()
}

fn labels(report: &Json) -> Vec<&str> {
    targets(report).into_iter().map(|(label, _)| label).collect()
}

fn list(lines: &[String]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines.join("\n")).unwrap();
    file
}

fn url(server: &RedisServer) -> String {
    format!("redis://{}", server.address())
}

#[test]
fn one_report_has_each_target_worst_first() {
    let (good, bad) = (RedisServer::start(), closed_port());
    let file = list(&[format!("{} name=good", url(&good)), format!("{bad} name=bad  # nothing listens there")]);
    let run =
        |format: &str| Doctor::new(["soak", "-d", "1500ms", "--format", format, "--targets"]).arg(file.path()).run();
    let output = run("json");
    let report = output.code(2).json();
    assert_eq!(labels(&report), ["bad", "good"]);
    assert_eq!(report["verdict"], "critical");
    assert_eq!(report["verdicts"], serde_json::json!({ "healthy": 1, "degraded": 0, "critical": 1 }));
    let good = &report["targets"][1];
    assert_eq!((&good["verdict"], &good["outages"]["drops"]), (&"healthy".into(), &0.into()), "{good}");
    assert_eq!(report["probes"]["ok"], good["probes"]["ok"]);
    assert_eq!(report["targets"][0]["probes"]["launched"], 0);
    follows(schema::TARGETS, &report);
    run("text").code(2).stdout_contains("1 critical · 1 healthy").stdout_contains("1 of 2 targets critical: bad");
    let plugin = run("nagios");
    plugin
        .code(2)
        .stdout_contains("REDIS-DOCTOR CRITICAL - 1 of 2 targets critical: bad")
        .stdout_contains("'targets'=2");
    let metrics = run("openmetrics");
    metrics.code(2).stdout_contains("redis_doctor_verdict{target=\"bad\"} 2");
    metrics.stdout_contains("redis_doctor_verdict{target=\"good\"} 0");
    run("csv").code(2).stdout_contains("target,name,value\r\n").stdout_contains("good,verdict,healthy");
}

/// The guard on the replies of each target examines the sockets of the whole process while the memory grows.
#[test]
fn targets_need_no_more_descriptors_than_a_refusal_demands() {
    let server = RedisServer::start();
    let lines: Vec<_> = (0..40).map(|number| format!("{} name=t{number}", url(&server))).collect();
    let file = list(&lines);
    let with_limit = |limit: u32| {
        let script = format!("ulimit -n {limit}; exec \"$0\" soak -d 5s --format json --targets \"$1\"");
        let program = env!("CARGO_BIN_EXE_redis-doctor");
        Doctor::script("/bin/sh", ["-c", &script, program]).arg(file.path()).within(PATIENCE).run()
    };
    let refusal = with_limit(100).code(3).stderr();
    let demanded = refusal.split("need about ").nth(1).and_then(|rest| rest.split(' ').next());
    let output = with_limit(demanded.unwrap().parse().unwrap());
    output.lacks("Too many open files");
    let report = output.json();
    let silent = targets(&report).into_iter().filter(|(_, target)| target["probes"]["ok"] == 0);
    assert_eq!(silent.map(|(label, _)| label).collect::<Vec<_>>(), Vec::<&str>::new());
    assert_eq!(labels(&report).len(), 40);
}

#[test]
fn a_bad_line_is_named_by_its_number_and_costs_only_itself() {
    let server = RedisServer::start();
    let file = list(&[
        "# two of these cannot be read".into(),
        format!("{} name=one", url(&server)),
        "redis://user:hunter2@:6379x/".into(),
        String::new(),
        format!("{}/1 name=one", url(&server)),
        format!("{}/2", server.address()),
    ]);
    let output = Doctor::new(["soak", "-d", "1s", "--format", "json", "--targets"]).arg(file.path()).run();
    let report = output.code(3).json();
    assert_eq!(labels(&report).len(), 2);
    let lines: Vec<_> = report["rejected"].as_array().unwrap().iter().map(|line| &line["line"]).collect();
    assert_eq!(lines, [3, 5]);
    output
        .stderr_contains("--targets: line 3: ")
        .stderr_contains("--targets: line 5: 'one' is also the name of line 2");
    for text in [output.stdout(), output.stderr()] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    Doctor::new(["soak", "-d", "1s", "--exit-zero", "--targets"]).arg(file.path()).run().code(0);
}

#[test]
fn targets_lost_at_once_are_one_event_in_the_run_and_in_its_journal() {
    let servers = [RedisServer::start(), RedisServer::start(), RedisServer::start(), RedisServer::start()];
    let (lost, safe) = servers.split_at(3);
    let directory = tempfile::tempdir().unwrap();
    let journal = directory.path().join("soak.ndjson");
    let run = Doctor::new(["soak", "--workload", "ping", "-d", "6s", "--format", "json", "--journal"])
        .arg(&journal)
        .args(servers.iter().flat_map(|server| ["-u".to_owned(), url(server)]))
        .spawn();
    run.wait_until("all targets are connected", PATIENCE, |_, stderr| {
        servers.iter().all(|server| stderr.contains(&format!("connected     {} ", server.address())))
    });
    for server in lost {
        server.try_command(["CLIENT", "KILL", "TYPE", "normal"]);
    }
    let output = run.finish();
    let report = output.code(1).json();
    let killed: BTreeSet<_> = lost.iter().map(|server| server.address().to_string()).collect();
    let expect = |report: &Json| {
        let losses = report["simultaneous_losses"].as_array().unwrap();
        assert_eq!(losses.len(), 1, "{losses:?}");
        let lost = losses[0]["targets"].as_array().unwrap().iter().map(|label| label.as_str().unwrap().to_owned());
        assert_eq!((lost.collect::<BTreeSet<_>>(), &losses[0]["of"]), (killed.clone(), &4.into()));
        assert!(report["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == "RD224"));
        for (label, target) in targets(report) {
            assert_eq!(target["outages"]["drops"], u64::from(label != safe[0].address().to_string()), "{label}");
        }
    };
    expect(&report);
    // The journal has the target of each event, and the same report.
    let events: Vec<Json> =
        std::fs::read_to_string(&journal).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |event: &Json| event["target"].as_str().map(str::to_owned);
    let disconnected = events.iter().filter(|event| event["event"] == "disconnected").filter_map(of);
    assert_eq!(disconnected.collect::<BTreeSet<_>>(), killed);
    let replayed = Doctor::new(["report", "--format", "json"]).arg(&journal).run().code(1).json();
    expect(&replayed);
    assert_eq!(replayed["targets"], report["targets"]);
    let document = directory.path().join("report.json");
    std::fs::write(&document, output.stdout()).unwrap();
    for (before, after) in [(&journal, &document), (&document, &journal)] {
        Doctor::new(["compare"]).arg(before).arg(after).run().code(3).stderr_contains("its run has several targets");
    }
}

#[test]
fn a_positional_target_takes_every_form_and_several() {
    let server = RedisServer::start();
    let port = server.port();
    let ping = |targets: &[String]| Doctor::new(["ping", "-c", "2", "-i", "50ms"]).args(targets.to_vec()).run();
    for target in [format!("127.0.0.1:{port}"), url(&server), format!("localhost:{port}")] {
        ping(&[target]).code(0).stdout_contains("seq=2 time=");
    }
    let both = ping(&[format!("127.0.0.1:{port}"), format!("localhost:{port}")]);
    both.code(0).stdout_contains(&format!("PONG from 127.0.0.1:{port}: seq=2"));
    both.stdout_contains(&format!("PONG from localhost:{port}: seq=2"));
    Doctor::new([format!("127.0.0.1:{port}")]).run().code(0).stdout_contains("verdict  HEALTHY");
}

#[test]
fn check_and_wait_take_several_targets() {
    let (server, closed) = (RedisServer::start(), closed_port());
    let both = [server.address().to_string(), closed.to_string()];
    let checked = Doctor::new(["check", "--format", "json"]).args(both.clone()).run();
    let report = checked.code(2).json();
    let labels: Vec<_> = report["targets"].as_array().unwrap().iter().map(|target| target["label"].clone()).collect();
    assert_eq!(labels, [closed.to_string(), server.address().to_string()]);
    follows(schema::CHECK_TARGETS, &report);
    Doctor::new(["check"]).args(both.clone()).run().code(2).stdout_contains("1 of 2 targets critical");
    let waited = Doctor::new(["wait", "-W", "700ms", "-i", "100ms"]).args(both).run();
    waited.code(2).stderr_contains("is ready after").stderr_contains("is not ready after");
}

#[test]
fn messages_of_several_targets_name_theirs() {
    let (one, two) = (RedisServer::start(), RedisServer::start());
    let run = Doctor::new(["subscribe", "news", "-d", "3s", "--format", "ndjson"])
        .args(["-u", &url(&one), "-u", &url(&two)])
        .spawn();
    for server in [&one, &two] {
        run.wait_for_stderr(&format!("subscribed    {} ", server.address()), PATIENCE);
        server.command(["PUBLISH", "news", &server.port().to_string()]);
    }
    let output = run.finish();
    let received: BTreeSet<_> = output
        .ndjson()
        .into_iter()
        .map(|message| {
            (message["target"].as_str().unwrap().to_owned(), message["payload"].as_str().unwrap().to_owned())
        })
        .collect();
    let expected = [&one, &two].map(|server| (server.address().to_string(), server.port().to_string()));
    assert_eq!(received, BTreeSet::from(expected));
}

#[test]
fn two_names_of_one_server_are_not_confused() {
    let server = RedisServer::start();
    let other = format!("localhost:{}", server.port());
    let output = Doctor::new(["soak", "-d", "2s", "--format", "json"]).arg(url(&server)).arg(&other).run();
    let report = output.code(0).json();
    for (label, target) in targets(&report) {
        let delivery = &target["delivery"];
        assert_eq!((&delivery["duplicated"], &delivery["lost"]), (&0.into(), &0.into()), "{label}: {delivery}");
        assert!(delivery["received"].as_u64().unwrap() > 5, "{label}: {delivery}");
    }
}

#[test]
fn more_targets_than_descriptors_are_refused_before_the_run() {
    let lines: Vec<_> = (0..10_000).map(|n| Ipv4Addr::from(0x7f00_0001 + n).to_string()).collect();
    let file = list(&lines);
    let program = env!("CARGO_BIN_EXE_redis-doctor");
    let limited = |command: &str| {
        let script = format!("ulimit -n 1024; exec '{program}' {command} --targets '{}'", file.path().display());
        Doctor::script("/bin/sh", ["-c", &script]).run()
    };
    for command in ["soak -d 1s", "ping -c 1", "subscribe news", "wait"] {
        let output = limited(command);
        output.code(3).stderr_contains("--targets: 10000 targets need about").stderr_contains("the limit is 1024");
        output.stderr_contains("ulimit -n");
    }
}

#[test]
fn a_list_that_holds_nothing_or_cannot_be_read_is_refused() {
    let empty = list(&["# nothing".into(), String::new()]);
    let bad = list(&["redis://secret@@host:x".into()]);
    let refused = |file: &std::path::Path| Doctor::new(["soak", "-d", "1s", "--targets"]).arg(file).run();
    refused(empty.path()).code(3).stderr_contains("--targets: the list has no targets; write one URL");
    let output = refused(bad.path());
    output.code(3).stderr_contains("--targets: no line of the list can be read; line 1: ");
    output.lacks("secret");
    refused("/nonexistent".as_ref()).code(3).stderr_contains("--targets: cannot read /nonexistent");
    refused("/tmp".as_ref()).code(3).stderr_contains("--targets: cannot read /tmp");
    let from_stdin = Doctor::new(["wait", "-W", "200ms", "-q", "--targets", "-"]).stdin(closed_port().to_string());
    from_stdin.run().code(2).stderr_contains("is not ready after");
    for command in ["drill", "idle"] {
        let output = Doctor::new([command, "-u", "redis://a", "-u", "redis://b"]).run();
        output.code(3).stderr_contains(&format!("{command} examines a single server"));
    }
}

#[test]
fn the_password_of_a_target_is_its_own() {
    let (one, two) = (
        RedisServer::builder().requirepass("first-secret").start(),
        RedisServer::builder().requirepass("second-secret").start(),
    );
    let file =
        list(&[format!("redis://:first-secret@{} name=one", one.address()), format!("{} name=two", two.address())]);
    let soak = Doctor::new(["soak", "-d", "1s", "--format", "json", "--targets"]).arg(file.path());
    let output = soak.env("REDISCLI_AUTH", "second-secret").run();
    let report = output.code(0).json();
    assert_eq!(report["verdicts"]["healthy"], 2, "{report}");
    for text in [output.stdout(), output.stderr()] {
        assert!(!text.contains("secret"), "{text}");
    }
}
