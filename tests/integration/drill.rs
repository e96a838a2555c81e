//! The drill names what becomes of each policy under each fault, the same on the embedded server and on a real one.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::harness::*;

/// What the drill must show: the case, and the outcome under bare, library, elasticache and hardened.
const SHOWN: &[(&str, [&str; 4])] = &[
    // The incident: one reset, and a client that never reconnects is dead for good.
    ("reset-idle", ["dead", "recovered", "recovered", "recovered"]),
    ("reset-in-flight", ["dead", "recovered", "recovered", "recovered"]),
    ("close", ["dead", "recovered", "recovered", "recovered"]),
    // The kernel behind the proxy still acknowledges: only a watchdog leaves such a connection.
    ("blackhole", ["half_open", "half_open", "half_open", "recovered"]),
    // Twelve seconds outlast the library's budget, and a client that sends nothing never wakes it.
    ("refuse-12s", ["dead", "recovered", "recovered", "recovered"]),
    ("refuse-12s-silent", ["dead", "exhausted", "recovered", "recovered"]),
    // The last attempt of a finite budget failed with something that is not an I/O error.
    ("wrongpass-11s", ["dead", "wedged", "recovered", "recovered"]),
    ("http-503-11s", ["dead", "wedged", "recovered", "recovered"]),
    ("garbage-11s", ["dead", "wedged", "recovered", "recovered"]),
    // Nobody can subscribe where it is forbidden.
    ("noperm-resubscribe", ["dead", "subscription_lost", "subscription_lost", "subscription_lost"]),
    // One confirmation completes the library's resubscription; the others answer whatever is asked meanwhile.
    ("many-channels", ["dead", "desync", "desync", "recovered"]),
    // A new connection would reach the new primary.
    ("readonly", ["pinned", "pinned", "pinned", "recovered"]),
    ("slicer", ["unaffected", "unaffected", "unaffected", "unaffected"]),
];

const POLICIES: [&str; 4] = ["bare", "library", "elasticache", "hardened"];

/// Long enough for all cells on a busy machine; a drill of these cases takes half a minute on an idle one.
const PATIENCE: Duration = Duration::from_secs(180);

fn outcomes(output: &Output) -> BTreeMap<(String, String), String> {
    let cells = output.json();
    follows(redis_doctor::internals::schema::DRILL, &cells);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    for cell in cells.as_array().unwrap() {
        let hurt = ["recovered", "dead", "down"].contains(&cell["outcome"].as_str().unwrap());
        let diagnoses = cell["diagnoses"].as_array().unwrap();
        assert!(!hurt || cell["cause"].is_string() && !diagnoses.is_empty(), "{cell}");
        for diagnosis in diagnoses {
            let [code, remedy] = ["code", "remedy"].map(|name| diagnosis[name].as_str().unwrap());
            assert!(code.starts_with("RD") && !remedy.is_empty(), "{diagnosis}");
            let known = diagnosis["cause"] != "unknown";
            assert!(!known || !diagnosis["evidence_for"].as_array().unwrap().is_empty(), "{diagnosis}");
        }
    }
    let cell = |cell: &serde_json::Value| ((text(&cell["case"]), text(&cell["policy"])), text(&cell["outcome"]));
    cells.as_array().unwrap().iter().map(cell).collect()
}

#[test]
fn each_policy_ends_as_the_incident_taught_on_the_sandbox_and_on_a_real_server() {
    let server = RedisServer::start();
    // Thousands of channels for each client take all of a busy machine.
    let (heavy, light) = SHOWN.iter().partition::<Vec<_>, _>(|(case, _)| *case == "many-channels");
    for shown in [light, heavy] {
        let cases: Vec<_> = shown.iter().map(|(case, _)| *case).collect();
        let cases = cases.join(",");
        let drill = || Doctor::new(["drill", "--format", "json", "--case", cases.as_str()]).within(PATIENCE);
        for (name, drill) in [("sandbox", drill().arg("--sandbox")), ("real server", drill().target(&server))] {
            let output = drill.run();
            let outcomes = outcomes(output.code(0));
            for (case, expected) in &shown {
                let found = POLICIES.map(|policy| outcomes[&((*case).to_owned(), policy.to_owned())].as_str());
                assert_eq!(found, *expected, "{case} on the {name}");
            }
        }
    }
}

#[test]
fn the_exit_code_is_by_the_policies_that_must_survive() {
    let drill = |policy| {
        let arguments = ["drill", "--sandbox", "--case", "close,slicer", "--policy", "bare,hardened", "--must-survive"];
        Doctor::new(arguments).arg(policy).within(PATIENCE).spawn()
    };
    let (hardened, bare) = (drill("hardened"), drill("bare"));
    hardened.finish().code(0).stdout_contains("hardened     survives 2 of 2");
    bare.finish()
        .code(2)
        .stdout_contains("bare         survives 1 of 2")
        .stdout_contains("bare         under close: this client");
}

#[test]
fn results_come_as_csv_and_markdown_too() {
    let drill = |format| {
        let arguments = ["drill", "--sandbox", "--fault", "close@1s", "--policy", "hardened", "--format", format];
        Doctor::new(arguments).within(PATIENCE).spawn()
    };
    let (csv, markdown) = (drill("csv"), drill("markdown"));
    let csv = csv.finish();
    let csv = csv.code(0).stdout();
    let lines: Vec<_> = csv.lines().collect();
    assert!(lines[0].starts_with("case,policy,outcome,survived,recovery_seconds"), "{lines:?}");
    assert!(lines[0].ends_with(",cause,confidence"), "{lines:?}");
    assert_eq!(lines[0].split(',').count(), lines[1].split(',').count(), "{lines:?}");
    assert!(lines[1].starts_with("close@1s,hardened,recovered,true,0."), "{lines:?}");
    assert_eq!(csv.matches("\r\n").count(), lines.len(), "{csv:?}");
    let markdown = markdown.finish();
    markdown.code(0).stdout_contains("| close@1s | hardened | recovered | yes |");
    markdown
        .stdout_contains("- RD160 proxy_closed: check the proxy's log")
        .stdout_contains("see `redis-doctor explain RD160`");
}

#[test]
fn a_drill_that_cannot_be_is_refused_with_a_remedy() {
    let refused = |arguments: &[&str]| Doctor::new(arguments.iter().copied()).run();
    refused(&["drill", "--sandbox", "--case", "flood"]).code(3).stderr_contains("expected one of reset-idle");
    refused(&["drill", "--sandbox", "--policy", "bare", "--must-survive", "hardened"])
        .code(3)
        .stderr_contains("--must-survive: hardened is not among the policies");
}

#[test]
fn a_server_that_is_not_there_is_no_result() {
    let closed = format!("redis://{}", closed_port());
    let drill = Doctor::new(["drill", "--case", "close", "--policy", "hardened", "-u", closed.as_str()]);
    drill.within(PATIENCE).run().code(2).stdout_contains("not_run");
}

#[test]
fn a_signal_ends_it_and_what_has_not_ended_was_not_run() {
    let drill = Doctor::new(["drill", "--sandbox", "--format", "json", "--case", "refuse-12s"]).spawn();
    drill.wait_for_stderr("· 4 cells ·", PATIENCE);
    drill.signal(Signal::INT);
    let output = drill.finish();
    let outcomes = outcomes(output.code(2).took_at_most(Duration::from_secs(12)));
    assert!(outcomes.len() == 4 && outcomes.values().all(|outcome| outcome == "not_run"), "{outcomes:?}");
    output.stdout_contains("the drill ended before this cell");
}

#[test]
fn a_result_that_cannot_be_written_is_refused_before_the_drill() {
    let output = Doctor::new(["drill", "--sandbox", "--output", "/nonexistent/result.json"]).run();
    output.code(3).stderr_contains("--output: cannot write /nonexistent/result.json").lacks(" cells ");
}

#[test]
fn a_lab_replaces_its_primaries_and_each_failover_is_named() {
    // Both at the same time: each waits most of its time.
    let runs = ["sentinel --case kill-primary", "cluster --case cluster-failover,move-slot"].map(|lab| {
        let arguments = format!("drill --lab {lab} --policy hardened,library --format json");
        Doctor::new(arguments.split_ascii_whitespace()).within(PATIENCE).spawn()
    });
    let [sentinel, cluster] = runs.map(|run| run.finish());
    sentinel.code(0);
    for ((case, policy), outcome) in outcomes(&sentinel) {
        assert_eq!((&*case, &*outcome), ("kill-primary", "recovered"), "{policy}: {}", sentinel.stdout());
    }
    for cell in sentinel.json().as_array().unwrap() {
        assert_eq!(cell["cause"], "failover", "{cell}");
    }
    cluster.code(0);
    for cell in cluster.json().as_array().unwrap() {
        let expected = if cell["case"] == "move-slot" { ("errors", None) } else { ("recovered", Some("failover")) };
        assert_eq!((cell["outcome"].as_str().unwrap(), cell["cause"].as_str()), expected, "{cell}");
    }
}

/// The processes in a directory whose path has this word.
fn processes(word: &str) -> usize {
    let places = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let place = std::fs::read_link(entry.ok()?.path().join("cwd")).ok()?;
        Some(place.to_string_lossy().into_owned())
    });
    places.filter(|place| place.contains(word)).count()
}

#[test]
fn the_servers_of_a_lab_end_with_redis_doctor_even_if_that_is_killed() {
    for signal in [Signal::INT, Signal::KILL] {
        let doctor = Doctor::new(["drill", "--lab", "cluster", "--case", "kill-node"]).spawn();
        let directory = format!("redis-doctor-lab-{}-", doctor.pid());
        eventually("the nodes to be started", PATIENCE, || processes(&directory) == 6);
        doctor.signal(signal);
        eventually("the nodes to be gone", PATIENCE, || processes(&directory) == 0);
        doctor.finish();
        let left = std::env::temp_dir().join(format!("{directory}0"));
        assert_eq!(left.exists(), signal == Signal::KILL, "{}", left.display());
        let _ = std::fs::remove_dir_all(left);
    }
}

#[test]
fn a_lab_takes_no_target_and_does_not_run_without_a_server() {
    let run = |arguments: &str| Doctor::new(arguments.split_ascii_whitespace()).run();
    run("drill --lab cluster --case kill-primary").code(3).stderr_contains("add --lab sentinel");
    run("drill --case kill-primary --sandbox").code(3).stderr_contains("add --lab sentinel");
    run("drill --lab cluster --case reset-idle").code(3).stderr_contains("expected one of cluster-failover, kill-node");
    run("drill --lab cluster -u redis://127.0.0.1").code(3).stderr_contains("--lab");
    run("drill --lab cluster 127.0.0.1").code(3).stderr_contains("--lab");
    let arguments = ["drill", "--lab", "sentinel", "--case", "kill-primary", "--policy", "bare", "--format", "json"];
    let output = Doctor::new(arguments).env("PATH", "/nowhere").env("REDIS_URL", "redis://192.0.2.1").run();
    let cells = output.code(2).json();
    assert_eq!(cells[0]["outcome"], "not_run");
    assert!(cells[0]["why"].as_str().unwrap().contains("neither redis-server nor valkey-server is in the PATH"));
}
