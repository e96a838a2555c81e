//! Connections that were lost together come back together, in one process and in several: the "jitter" of redis-rs has
//! a constant seed. The report counts them and names the setting that spreads them.

use std::ffi::OsStr;
use std::time::Duration;

use serde_json::Value as Json;

use crate::harness::{Doctor, Output, RedisServer, Story, Tap, Trial};

/// Few enough to be served within 100 ms on a busy machine.
const CONNECTIONS: u64 = 10;

/// How long a run may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// From the loss to the first good reply, of each outage (seconds).
fn outages(report: &Json) -> Vec<f64> {
    report["outages"]["rows"].as_array().unwrap().iter().map(|row| row["duration"].as_f64().unwrap()).collect()
}

/// Nobody listens for three seconds, and redis-rs tries 2.444 and 4.313 s after a loss: all wait for the second.
fn shows_the_herd(output: &Output) {
    let report = output.json();
    let schedule: Vec<f64> =
        report["runs"][0]["schedule"].as_array().unwrap().iter().map(|at| at.as_f64().unwrap()).collect();
    let lasted = outages(&report);
    assert_eq!(lasted.len() as u64, CONNECTIONS);
    for after in lasted {
        assert!((schedule[5] - 0.1..schedule[6]).contains(&after), "{after} is no return at {}", schedule[5]);
    }
    let peak = &report["reconnect_peak"];
    let together = peak["connections"].as_u64().unwrap();
    assert_eq!(peak["of"], CONNECTIONS);
    assert!((CONNECTIONS / 2..=CONNECTIONS).contains(&together), "{peak}");
    let said = format!("{together} of {CONNECTIONS} connections came back within 100 ms");
    let finding = report["findings"].as_array().unwrap().iter().find_map(|finding| {
        let text = finding["text"].as_str().unwrap();
        text.starts_with(&said).then_some(text)
    });
    let finding = finding.unwrap_or_else(|| panic!("{said}: {}", report["findings"]));
    for part in ["constant seed", "--spread", "backon"] {
        assert!(finding.contains(part), "{part}: {finding}");
    }
}

#[test]
fn connections_reset_together_come_back_together_on_the_sandbox_and_on_a_real_server() {
    let server = RedisServer::start();
    let soak = || {
        Doctor::new(["soak", "--connections", "10", "--policy", "library", "--incident", "thundering-herd"])
            .args(["-d", "11s", "--format", "json"])
            .within(PATIENCE)
    };
    let directory = tempfile::tempdir().unwrap();
    let journal = directory.path().join("soak.ndjson");
    // Half of them and more are a herd: see `shows_the_herd`.
    // One after the other: together they would take each other's time, and the herd would spread.
    let gated = soak().arg("--sandbox").args(["--fail-on", "reconnect_peak>=5"]).run();
    let kept = soak().args([OsStr::new("--journal"), journal.as_os_str()]).target(&server).run();
    [&gated, &kept].into_iter().for_each(shows_the_herd);
    let gate = &gated.code(2).json()["gates"][0];
    assert_eq!((&gate["gate"], &gate["tripped"]), (&"reconnect_peak>=5".into(), &true.into()), "{gate}");
    let peak = kept.code(1).json()["reconnect_peak"]["connections"].clone();
    let judged = |gate| Doctor::new(["report", "--fail-on", gate, "--format", "nagios"]).arg(&journal).run();
    let perfdata = format!("'reconnect_peak'={peak};;5;0;");
    judged("reconnect_peak>=5").code(2).stdout_contains("--fail-on reconnect_peak>=5").stdout_contains(&perfdata);
    judged("reconnect_peak>10").code(1);
}

/// With first delays from 100 to 400 ms the same incident is over for each at another moment.
#[test]
fn connections_with_first_delays_of_their_own_do_not_come_back_together() {
    let server = RedisServer::start();
    let soak = Doctor::new(["soak", "--connections", "10", "--policy", "library", "--incident", "thundering-herd"])
        .args(["--spread", "300ms", "-d", "16s", "--seed", "7", "--format", "json"])
        .args(["--fail-on", "reconnect_peak>=5"])
        .within(PATIENCE)
        .target(&server);
    let output = soak.run();
    let report = output.code(1).json();
    assert_eq!(outages(&report).len() as u64, CONNECTIONS);
    assert_eq!(report["outages"]["unresolved"], 0);
    let together = report["reconnect_peak"]["connections"].as_u64().unwrap();
    assert!(together < CONNECTIONS / 2, "{}", report["reconnect_peak"]);
    assert!(!output.stdout().contains("came back within 100 ms"), "{}", report["findings"]);
    output.stderr_contains("first delay up to 300 ms more");
}

/// When the only outage ended, counted from its beginning, and the attempt of the run's schedule that this was.
fn came_back(story: &Story) -> (f64, usize, f64) {
    let after = outages(&story.report)[0];
    let schedule = story.the("run_started")["schedule"].as_array().unwrap().clone();
    let schedule: Vec<_> = schedule.iter().map(|at| at.as_f64().unwrap()).collect();
    let attempt = schedule.iter().rposition(|at| *at <= after + 0.01).unwrap();
    (after, attempt, schedule[attempt])
}

/// Refused for two seconds, between the fourth and the fifth attempt of all three.
#[test]
fn processes_with_the_same_policy_come_back_at_the_same_instant_and_another_min_delay_spreads_them() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let soak = |min_delay| {
        Trial::start(&format!("soak --workload ping --rate 20 --policy library --min-delay {min_delay}"), &tap)
    };
    let trials = [soak("100ms"), soak("100ms"), soak("137ms")];
    trials.iter().for_each(Trial::wait_for_answers);
    tap.refuse();
    tap.reset_all();
    // The fault itself lasts this long; nothing is being waited for.
    std::thread::sleep(Duration::from_secs(2));
    tap.listen();
    trials.iter().for_each(|trial| trial.wait_for("reconnected", 1));
    let [one, other, spread] = trials.map(|trial| {
        let story = trial.stop();
        assert_eq!(story.code(1).balances().count("reconnect_peak.connections"), 1);
        came_back(&story)
    });
    assert_eq!([one.1, other.1, spread.1], [4; 3], "the fifth attempt: {one:?} {other:?} {spread:?}");
    assert_eq!(one.2, other.2, "the same schedule in both processes");
    assert!((spread.2 / one.2 - 1.37).abs() < 0.01, "every delay grows with the first: {} {}", one.2, spread.2);
    assert!(one.0.max(other.0) < spread.0, "{one:?} {other:?} {spread:?}");
}
