//! What a run writes: every format is well formed and says the same, gates trip with their reason, nothing is painted
//! for a reader that is no terminal.

use std::collections::BTreeMap;

use redis_doctor::internals::schema;

use crate::harness::{Doctor, Output, RedisServer, follows};

const FORMATS: [&str; 6] = ["text", "json", "ndjson", "csv", "openmetrics", "nagios"];

fn soak(server: &RedisServer, format: &str) -> Output {
    Doctor::new(["soak", "-d", "300ms", "--format", format]).target(server).run()
}

#[test]
fn json_is_one_document_that_follows_the_schema() {
    let server = RedisServer::start();
    for command in [&["soak", "-d", "300ms"][..], &["ping", "-c", "3", "-i", "0"], &["ping", "-c", "1", "-n", "99"]] {
        let run = Doctor::new(command).args(["--format", "json", "--fail-on", "max>1h"]).target(&server).run();
        follows(schema::REPORT, &run.json());
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let run = Doctor::new(["subscribe", "a", "--verify", "-d", "300ms", "--report-format", "json", "-o"]);
    run.arg(file.path()).target(&server).run().code(0).stdout_is_empty();
    follows(schema::REPORT, &serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap());
}

#[test]
fn ndjson_is_events_as_they_happen_and_then_the_report_line_by_line() {
    let server = RedisServer::start();
    let lines = soak(&server, "ndjson").code(0).ndjson();
    let end = lines.iter().position(|line| line.get("event").is_none()).unwrap();
    let (events, report) = lines.split_at(end);
    for event in events {
        follows(schema::JOURNAL, event);
    }
    lines.iter().for_each(|line| follows(schema::REPORT_LINE, line));
    assert_eq!((&events[0]["event"], &events[end - 1]["event"]), (&"run_started".into(), &"run_finished".into()));
    let kinds: Vec<_> = report.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[..2], ["summary", "run"]);
    assert!(kinds[2..].iter().all(|kind| *kind == "interval"), "{kinds:?}");
}

#[test]
fn csv_has_the_names_of_the_json_document() {
    let server = RedisServer::start();
    let run = soak(&server, "csv");
    let text = run.code(0).stdout();
    assert!(text.starts_with("name,value\r\n") && text.ends_with("\r\n"), "{text}");
    let figures: BTreeMap<_, _> = text.lines().map(|line| line.split_once(',').unwrap()).collect();
    assert_eq!((figures["verdict"], figures["outages.drops"], figures["probes.failed"]), ("healthy", "0", "0"));
    assert!(figures["latency.p99"].parse::<f64>().unwrap() > 0.0);
}

#[test]
fn openmetrics_ends_as_the_format_asks() {
    let server = RedisServer::start();
    let run = soak(&server, "openmetrics");
    let text = run.code(0).stdout();
    assert!(text.ends_with("\n# EOF\n") && text.matches("# EOF").count() == 1, "{text}");
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    for line in samples {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("redis_doctor_") && value.parse::<f64>().is_ok(), "{line}");
    }
    run.stdout_contains("redis_doctor_verdict 0\n");
}

/// Of the classes that an error can have, and of what has none.
#[test]
fn every_error_row_says_where_it_is_explained() {
    let server = RedisServer::builder().config("rename-command", "PING \"\"").start();
    let run = |format| Doctor::new(["ping", "-c", "2", "-i", "0", "--format", format]).target(&server).run();
    let report = run("json").code(2).json();
    let errors = report["errors"].as_array().unwrap();
    let rows: Vec<_> = errors.iter().map(|row| (&row["class"], &row["code"])).collect();
    assert_eq!(rows, [(&"server_error".into(), &"RD129".into())]);
    let verbose = Doctor::new(["ping", "-c", "2", "-i", "0", "-v"]).target(&server).run();
    verbose.stdout_contains("server_error  RD129  ");
    run("text").lacks("server_error  RD129  ");
    run("csv").stdout_contains("errors.0.code,RD129\r\n");
    run("ndjson").stdout_contains("\"type\":\"error\",\"class\":\"server_error\"").stdout_contains("\"RD129\"");
    run("openmetrics").stdout_contains("class=\"server_error\"").stdout_contains("code=\"RD129\"} ");
    let nowhere = Doctor::new(["ping", "-c", "1", "-p", "1", "--format", "json"]).run().code(2).json();
    assert_eq!((&nowhere["errors"][0]["code"], &nowhere["findings"][0]["code"]), (&"RD125".into(), &"RD125".into()));
}

#[test]
fn nagios_is_one_line_with_one_pipe_and_the_exit_code_of_its_word() {
    let server = RedisServer::start();
    for (gate, word, code) in [
        (&["--fail-on", "p99>1h"][..], "OK", 0),
        (&["--warn-on", "p99>0ms"], "WARNING", 1),
        (&["--fail-on", "p99>0ms"], "CRITICAL", 2),
    ] {
        let run = Doctor::new(["soak", "-d", "300ms", "--format", "nagios"]).args(gate).target(&server).run();
        let text = run.code(code).stdout();
        assert!(text.starts_with(&format!("REDIS-DOCTOR {word} - ")), "{text}");
        assert_eq!((text.lines().count(), text.matches('|').count()), (1, 1), "{text}");
        let (_, data) = text.trim_end().split_once(" | ").unwrap();
        for figure in data.split(' ') {
            let (label, values) = figure.split_once('=').unwrap();
            assert!(label.starts_with('\'') && label.ends_with('\'') && values.split(';').count() == 5, "{figure}");
        }
    }
}

#[test]
fn a_tripped_gate_names_itself_its_figure_and_decides_the_exit_code() {
    let server = RedisServer::start();
    let ping = || Doctor::new(["ping", "-c", "3", "-i", "0", "-v"]);
    let run = ping().args(["--fail-on", "p50>0ms"]).target(&server).run();
    run.code(2).stdout_contains("critical  --fail-on p50>0ms").stdout_contains("fail on  p50>0ms");
    run.stdout_contains("tripped").stdout_contains("verdict  CRITICAL");
    let run = ping().args(["--warn-on", "availability<=100%"]).target(&server).run();
    run.code(1).stdout_contains("warning   --warn-on availability<=100%").stdout_contains("verdict  DEGRADED");
    let run = ping().args(["--fail-on", "p50>1h", "--warn-on", "reconnects>0"]).target(&server).run();
    run.code(0).stdout_contains("passed").stdout_contains("verdict  HEALTHY");
    // No evidence is not health: ping has no messages that could be lost.
    let run = ping().args(["--fail-on", "lost>0"]).target(&server).run();
    run.code(2).stdout_contains("critical  --fail-on lost>0 (no data)");
    let run = ping().args(["--fail-on", "p50>0ms", "--exit-zero"]).target(&server).run();
    run.code(0).stdout_contains("verdict  CRITICAL");
    let run = Doctor::new(["ping", "-c", "1", "--exit-zero"]).target(&crate::harness::closed_port()).run();
    run.code(0).stdout_contains("verdict  CRITICAL  no connection");
}

#[test]
fn nothing_is_painted_for_a_pipe_unless_colour_is_asked_for() {
    let server = RedisServer::start();
    for format in FORMATS {
        soak(&server, format).code(0).lacks("\x1b").lacks("\r\x1b").stderr_contains("connected");
    }
    let ping = || Doctor::new(["ping", "-c", "1"]);
    ping().target(&server).env("NO_COLOR", "1").run().code(0).lacks("\x1b");
    ping().target(&server).arg("--color=never").env("CLICOLOR_FORCE", "1").run().code(0).lacks("\x1b");
    ping().target(&server).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").run().code(0).lacks("\x1b");
    let painted = ping().target(&server).arg("--color=always").run();
    painted.code(0).stderr_contains("\x1b[32m");
    painted.stdout_contains("verdict  \x1b[1;32mHEALTHY\x1b[0m");
    for command in [&["--help"][..], &["soak", "--help"], &["ping", "-i", "x"]] {
        Doctor::new(command).run().lacks("\x1b");
    }
}

#[test]
fn the_report_is_on_stdout_and_everything_else_on_stderr() {
    let server = RedisServer::start();
    for format in ["json", "csv", "openmetrics", "nagios"] {
        let run = soak(&server, format);
        assert!(!run.stdout().contains("connected  ") && !run.stdout().contains("policy hardened"), "{}", run.stdout());
        run.code(0).stderr_contains("policy hardened · retries unlimited at 0 / 0.148");
    }
    let quiet = Doctor::new(["soak", "-d", "200ms", "-q"]).target(&server).run();
    quiet.code(0).stderr_is_empty().stdout_contains("verdict  HEALTHY");
    let quiet = Doctor::new(["ping", "-c", "3", "-i", "0", "-q"]).target(&server).run();
    quiet.code(0).stderr_is_empty().stdout_contains("3 sent, 3 answered");
    assert!(!quiet.stdout().contains("seq="));
}

#[test]
fn timestamps_are_those_of_ping() {
    let server = RedisServer::start();
    let run = Doctor::new(["ping", "-c", "1", "-D"]).target(&server).run();
    let text = run.code(0).stdout();
    let stamp = text.strip_prefix('[').and_then(|rest| rest.split_once("] PONG from ")).map(|(stamp, _)| stamp);
    let seconds: f64 = stamp.unwrap_or_else(|| panic!("{text}")).parse().unwrap();
    assert!(seconds > 1.6e9, "{text}");
}

/// As much for a machine without the files of the time zones.
#[test]
fn times_are_in_utc_unless_local_ones_are_wanted() {
    let journal = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/causes-from-evidence.ndjson");
    let report = |more: &[&str]| Doctor::new(["report", journal]).args(more).env("TZ", "XXX-5:30").run();
    let times = |text: &str| -> Vec<String> {
        let lines =
            text.lines().filter(|line| line.starts_with('i') && line.contains("  20") || line.contains(" for "));
        lines.map(str::to_owned).collect()
    };
    let (utc, local) = (report(&[]).stdout(), report(&["--local-time"]).stdout());
    assert!(utc.contains(" UTC for ") && utc.matches("UTC").count() == 1, "{utc}");
    assert!(local.contains(" +05:30 for ") && !local.contains("UTC"), "{local}");
    assert_ne!(times(&utc), times(&local));
    assert_eq!(report(&["--format", "json"]).stdout(), report(&["--format", "json", "--local-time"]).stdout());
    let server = RedisServer::start();
    let soak = Doctor::new(["soak", "-d", "200ms", "--local-time"]).target(&server).env("TZ", "/nonexistent").run();
    soak.code(0).stderr_contains("warning: --local-time: no time zone found").stdout_contains(" UTC for ");
}
