//! The record of a run: incidents and their ids, the faults behind them, the parts of an outage, and the command line
//! without its passwords.

use serde_json::Value as Json;

use crate::harness::{Doctor, RedisServer, Trial};

fn seconds(of: &Json) -> f64 {
    of.as_f64().unwrap_or_else(|| panic!("{of} is no time"))
}

#[test]
fn connections_that_a_fault_ends_together_are_one_incident_with_its_name() {
    let server = RedisServer::start();
    let trial = Trial::start("soak --connections 3 --fault reset_peer@500ms -d 2s", &server);
    let story = trial.finish();
    story.code(1).agrees_with_its_journal();
    assert_eq!((story.count("incidents.count"), story.count("outages.drops")), (1, 3));
    let incident = story.get("incidents.rows.0");
    assert_eq!((&incident["id"], &incident["injected"]), (&"i1".into(), &"reset_peer".into()));
    assert_eq!((&incident["connections"], &incident["of"]), (&3.into(), &3.into()));
    assert_eq!(incident["outages"], serde_json::json!(["o1", "o2", "o3"]));
    assert!(story.outages().iter().all(|row| row["incident"] == "i1"), "{:?}", story.outages());
    for row in story.outages() {
        let parts: f64 = row["phases"].as_array().unwrap().iter().map(|part| seconds(&part["duration"])).sum();
        assert!((parts - seconds(&row["duration"])).abs() < 1e-6, "{row}");
    }
    let rows = story.get("connections").as_array().unwrap();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["outages"] == 1 && row["probes"]["ok"].as_u64().unwrap() > 0), "{rows:?}");
    let down: f64 = story.get("intervals").as_array().unwrap().iter().map(|row| seconds(&row["down"])).sum();
    let total = seconds(story.get("outages.total"));
    assert!((down - total).abs() < 1e-3, "{down} of {total}");
}

#[test]
fn the_command_line_is_recorded_without_its_passwords() {
    const SECRET: &str = "correct-horse-battery";
    let server = RedisServer::builder().requirepass(SECRET).start();
    let trial = Trial::start(&format!("soak --policy hardened -d 300ms -a {SECRET} --no-auth-warning"), &server);
    let story = trial.finish();
    story.code(0);
    let line: Vec<_> =
        story.get("runs.0.plan.command_line").as_array().unwrap().iter().filter_map(Json::as_str).collect();
    assert_eq!(line[..4], ["redis-doctor", "soak", "--policy", "hardened"]);
    assert!(line.windows(2).any(|pair| pair == ["-a", "***"]), "{line:?}");
    let journal = std::fs::read_to_string(story.journal()).unwrap();
    assert!(!journal.contains(SECRET), "{journal}");
}

#[test]
fn the_live_view_and_the_report_agree_on_how_long_an_outage_lasted() {
    let server = RedisServer::start();
    let trial = Trial::start("soak --workload ping --watchdog 300msx2 --timeout 300ms", &server);
    trial.wait_for_answers();
    server.sigstop();
    trial.wait_for("disconnected", 1);
    server.sigcont();
    trial.wait_for("reconnected", 1);
    let story = trial.stop();
    let [row] = story.outages() else { panic!("one outage: {:?}", story.outages()) };
    let lasted = seconds(&row["duration"]);
    assert!(lasted > 0.5 && seconds(&row["detected_at"]) > seconds(&row["lost_at"]), "it began with silence: {row}");
    let seen = story.output.stderr();
    let line = seen.lines().find(|line| line.contains("reconnected")).unwrap();
    let after = line.split("after ").nth(1).unwrap();
    let (number, unit) = after.split_once(' ').unwrap();
    let unit = if unit.starts_with("ms") { 1e-3 } else { 1.0 };
    let shown = number.parse::<f64>().unwrap() * unit;
    assert!((shown - lasted).abs() <= lasted * 0.01, "{line}\n{lasted}");
}

#[test]
fn a_probe_that_waited_for_a_connection_shows_a_real_round_trip() {
    let server = RedisServer::start();
    let ping = "ping -i 200ms -w 4s --fault close@1s --fault refuse@1s+1s";
    let run = Doctor::new(ping.split(' ')).args(["--format", "text"]).target(&server).run();
    let text = run.stdout();
    let waited: Vec<_> = text.lines().filter(|line| line.contains(" waited=")).collect();
    assert!(!waited.is_empty(), "{text}");
    for line in waited {
        let time = line.split("time=").nth(1).and_then(|rest| rest.split(' ').next());
        // No loopback answers a command within 15 µs.
        assert!(time.is_none_or(|time| time.parse::<f64>().unwrap() >= 0.015), "{line}");
    }
    let shortest = text.lines().find_map(|line| line.strip_prefix("rtt min/avg/max/mdev = ")).unwrap();
    assert!(shortest.split('/').next().unwrap().parse::<f64>().unwrap() >= 0.015, "{shortest}");
}
