//! Journals of several vantage points of one server, merged: what their clocks are worth, and who saw what.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value as Json;

use crate::harness::{Doctor, RedisServer, RunningDoctor, Signal, eventually};

const PATIENCE: Duration = Duration::from_secs(20);

/// The offset of a clock that is found must be this close.
const CLOSE: f64 = 0.005;

/// The number of lines of a journal with this event.
fn events(journal: &Path, event: &str) -> usize {
    fs::read_to_string(journal).map_or(0, |text| text.matches(&format!("\"event\":\"{event}\"")).count())
}

/// A journal as a machine whose clock is ahead by so many seconds would have written it.
fn ahead(journal: &Path, seconds: f64) {
    let text = fs::read_to_string(journal).unwrap();
    let shifted = text.lines().map(|line| {
        let (before, rest) = line.split_once("\"time\":\"").unwrap();
        let (time, after) = rest.split_once('"').unwrap();
        let time = humantime::parse_rfc3339(time).unwrap();
        let by = Duration::from_secs_f64(seconds.abs());
        let time = humantime::format_rfc3339_micros(if seconds < 0.0 { time - by } else { time + by });
        format!("{before}\"time\":\"{time}\"{after}\n")
    });
    fs::write(journal, shifted.collect::<String>()).unwrap();
}

fn report(journals: &[PathBuf], format: &str) -> crate::harness::Output {
    Doctor::new(["report", "--exit-zero", "--format", format]).args(journals).run()
}

/// The field of each run's clock.
fn of_clocks(report: &Json, field: &str) -> Vec<f64> {
    report["runs"].as_array().unwrap().iter().map(|run| run["clock"][field].as_f64().unwrap()).collect()
}

/// The journals of three runs on one server: all of them lose their connection, then the second one alone.
fn watched(directory: &Path) -> [PathBuf; 3] {
    let server = RedisServer::start();
    let journals = ["north", "east", "west"].map(|name| directory.join(name));
    let soak = ["soak", "-d", "60s", "--rate", "50", "--seed"];
    let runs: Vec<RunningDoctor> = (1..)
        .zip(&journals)
        .map(|(seed, journal)| {
            Doctor::new(soak).arg(seed.to_string()).arg("--journal").arg(journal).target(&server).spawn()
        })
        .collect();
    let each = |event: &str, count: usize| {
        eventually(event, PATIENCE, || journals.iter().all(|journal| events(journal, event) >= count));
    };
    each("server_clock", 1);
    assert_eq!(server.command(["CLIENT", "KILL", "TYPE", "pubsub"]), "3");
    each("reconnected", 1);
    each("evidence", 1);
    // The connection of one of them, by its own address.
    let east = fs::read_to_string(&journals[1]).unwrap();
    let back = east.lines().rev().find(|line| line.contains("\"event\":\"reconnected\"")).unwrap();
    let back: Json = serde_json::from_str(back).unwrap();
    assert_eq!(server.command(["CLIENT", "KILL", "ID", &back["client_id"].to_string()]), "1");
    eventually("the second loss", PATIENCE, || events(&journals[1], "reconnected") >= 2);
    runs.iter().for_each(|run| run.signal(Signal::INT));
    runs.into_iter().for_each(|run| _ = run.finish());
    journals
}

#[test]
fn clocks_that_differ_are_found_and_an_incident_is_seen_by_all_or_by_one() {
    let directory = tempfile::tempdir().unwrap();
    let journals = watched(directory.path());
    let true_clocks = report(&journals, "json").code(0).json();
    assert!(of_clocks(&true_clocks, "offset").iter().all(|offset| offset.abs() < CLOSE), "{:#}", true_clocks["runs"]);
    ahead(&journals[1], 2.0);
    ahead(&journals[2], -2.0);
    let found = report(&journals, "json").code(0).json();
    for (offset, expected) in of_clocks(&found, "offset").into_iter().zip([0.0, 2.0, -2.0]) {
        assert!((offset - expected).abs() < CLOSE, "{offset} instead of {expected}");
    }
    assert!(of_clocks(&found, "error").iter().all(|error| *error < CLOSE));
    let [of, alike] = [&found, &true_clocks].map(|report| &report["vantage"]);
    assert_eq!((&of["runs"], &of["servers"], &of["count"]), (&3.into(), &1.into(), &2.into()), "{of:#}");
    let rows = of["rows"].as_array().unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (row["seen_by"].as_u64(), row["extent"].as_str())).collect();
    assert_eq!(seen, [(Some(3), Some("all")), (Some(1), Some("one"))], "{of:#}");
    assert_eq!((&rows[1]["runs"], &rows[1]["of"]), (&serde_json::json!([2]), &3.into()));
    // The same moments, whatever the clocks of the journals say.
    let time = |report: &Json| humantime::parse_rfc3339(report["rows"][0]["time"].as_str().unwrap()).unwrap();
    let [one, other] = [time(of), time(alike)];
    assert!(one.max(other).duration_since(one.min(other)).unwrap().as_secs_f64() < CLOSE);

    let text = report(&journals, "text").code(0).stdout();
    let text = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "2 of 3 runs shifted to the server's clock: ",
        "/east by -2 s ± ",
        "/west by +2 s ± ",
        "seen by 3 of 3 vantage points within ",
        "the server, or what all of them share",
        "seen by 1 of 3 vantage points",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    let lines = report(&journals, "ndjson").ndjson();
    assert_eq!(lines.iter().filter(|line| line["type"] == "vantage_incident").count(), 2);
    report(&journals, "markdown").code(0).stdout_contains("seen by 1 of 3 vantage points");

    // As an older version wrote them.
    for journal in &journals {
        let text = fs::read_to_string(journal).unwrap();
        let old = text.lines().filter(|line| !line.contains("\"event\":\"server_clock\""));
        fs::write(journal, old.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    }
    let old = report(&journals, "json").code(0).json();
    assert!(old.get("vantage").is_none() && old["runs"][0].get("clock").is_none(), "{:#}", old["runs"][0]);
    report(&journals, "text").code(0).stdout_contains("offset unknown of 3 runs: run 1, run 2, run 3");
}

#[test]
fn a_server_that_does_not_permit_time_costs_the_comparison_and_nothing_else() {
    let server = RedisServer::builder().acl("default on nopass ~* &* +@all -time").start();
    let directory = tempfile::tempdir().unwrap();
    let journal = directory.path().join("journal");
    let run = Doctor::new(["soak", "-d", "1500ms", "--journal"]).arg(&journal).target(&server).run();
    run.code(0).lacks("TIME");
    assert_eq!(events(&journal, "server_clock"), 0);
}
