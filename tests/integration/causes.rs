//! The cause of an outage: the same in the run, in the report of its journal, and in every format.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::harness::{Doctor, Output, RedisServer, Trial};

const RUN: [&str; 6] = ["soak", "--sandbox", "--fault", "reset_peer=when=in_flight@1s", "-d", "3s"];

fn diagnoses(output: &Output) -> Vec<Json> {
    let report = output.json();
    report["outages"]["rows"].as_array().unwrap().iter().map(|row| row["diagnosis"].clone()).collect()
}

#[test]
fn a_reset_is_named_by_the_run_and_by_its_journal() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    let live = Doctor::new(RUN).args(["--format", "json", "--journal"]).arg(&path).run();
    let again = Doctor::new(["report", "--format", "json"]).arg(&path).run();
    let found = diagnoses(live.code(1));
    assert_eq!(found.len(), 1, "{found:#?}");
    let [cause, confidence, code] = ["cause", "confidence", "code"].map(|name| found[0][name].as_str().unwrap());
    assert_eq!((cause, code), ("network_reset", "RD011"));
    assert!(["likely", "certain"].contains(&confidence), "{found:#?}");
    assert!(
        !found[0]["evidence_for"].as_array().unwrap().is_empty() && !found[0]["remedy"].as_str().unwrap().is_empty()
    );
    assert_eq!(diagnoses(again.code(1)), found);
}

#[test]
fn the_advice_of_a_report_leads_to_an_entry_of_the_knowledge_base() {
    let journal = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/causes-from-evidence.ndjson");
    let report = Doctor::new(["report", journal]).run();
    let text = report.code(1).stdout();
    let advised = text.lines().filter_map(|line| line.split("`redis-doctor explain ").nth(1));
    let advised: BTreeSet<&str> = advised.collect();
    assert_eq!(advised, BTreeSet::from(["RD001`", "RD011`", "RD015`"]));
    for code in advised {
        Doctor::new(["explain", code.trim_end_matches('`')]).run().code(0);
    }
}

#[test]
fn each_format_has_the_causes() {
    let journal = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/causes-from-evidence.ndjson");
    Doctor::new(["report", journal]).run().stdout_contains("network reset, certain");
    for (format, expected) in [
        ("text", "network_reset, certain"),
        ("json", "\"cause\": \"server_restarted\""),
        ("ndjson", "\"cause\":\"server_restarted\""),
        ("csv", "outages.rows.0.diagnosis.cause,network_reset\r\n"),
        ("openmetrics", "redis_doctor_outages_listed{cause=\"server_frozen\",confidence=\"possible\"} 1\n"),
    ] {
        Doctor::new(["report", journal, "-v", "--format", format]).run().code(1).stdout_contains(expected);
    }
}

/// Servers before Redis 7.4 do not count it, and say so in their log only. A subscriber says nothing, so that the close
/// cannot cross a command on its way: that would be answered by a reset.
#[test]
fn an_output_buffer_limit_that_is_not_counted_is_not_put_down_to_a_proxy() {
    let server = RedisServer::builder().config("client-output-buffer-limit", "pubsub 1kb 1kb 1").start();
    let trial = Trial::start("subscribe news --watchdog off", &server);
    server.wait_until_queried();
    server.command([b"PUBLISH".as_slice(), b"news", &[b'x'; 200_000]]);
    trial.wait_for_journal("\"event\":\"evidence\"");
    let story = trial.stop();
    assert!(server.log().contains("overcoming of output buffer limits"));
    story.code(1);
    let diagnosis = &story.outages()[0]["diagnosis"];
    // Before Redis 7.0 calls of CLIENT KILL are not counted either, and that is the more usual one.
    let cause = if server.release().has(7, 0) { "output_buffer_limit" } else { "client_killed" };
    assert_eq!(diagnosis["cause"], cause, "{diagnosis}");
    assert!(!diagnosis.to_string().contains("a proxy in between"), "{diagnosis}");
}

/// What ended the connection need not be what keeps the client out.
#[test]
fn an_outage_that_lasts_says_what_is_in_the_way() {
    let server = RedisServer::start();
    let trial = Trial::start("soak", &server);
    trial.wait_for_answers();
    server.wait_until_queried();
    server.command(["CONFIG", "SET", "maxclients", "1"]);
    server.command(["CLIENT", "KILL", "TYPE", "pubsub"]);
    trial.wait_for("path", 2);
    let story = trial.stop();
    story.code(2);
    let findings = story.get("findings").as_array().unwrap();
    let has = |severity: &str, code: Option<&str>, text: &str| {
        let fits = |finding: &&Json| {
            let is = |name: &str, value: Option<&str>| finding[name].as_str() == value;
            is("severity", Some(severity)) && is("code", code) && finding["text"].as_str().unwrap().contains(text)
        };
        assert!(findings.iter().find(fits).is_some(), "{text}: {findings:#?}");
    };
    let refused = "not over at the end; new connections failed: ERR max number of clients reached";
    has("critical", None, refused);
    has("info", Some("RD114"), "raise maxclients on the server");
}
