//! Two real runs side by side: what changed, and what is only noise.

use serde_json::Value;

use super::harness::{Doctor, RedisServer, follows};
use super::proxy::Rig;

/// Runs long enough for a statement about noise.
const LENGTH: &str = "9s";

struct Runs {
    server: RedisServer,
    directory: tempfile::TempDir,
}

impl Runs {
    /// Runs side by side: without a fault, and with replies that are late by 20 ms.
    fn new() -> Self {
        let server = RedisServer::start();
        let directory = tempfile::tempdir().unwrap();
        let runs = Self { server, directory };
        let soak = |name: &str, more: &[&str]| {
            let journal = runs.path(&format!("{name}.ndjson"));
            let report = runs.path(&format!("{name}.json"));
            let arguments = ["soak", "-d", LENGTH, "--journal", &journal, "--format", "json", "-o", &report];
            Doctor::new(arguments).args(more).target(&runs.server).spawn()
        };
        let (fast, slow) = (soak("fast", &[]), soak("slow", &["--fault", "latency=20ms"]));
        fast.finish().code(0);
        slow.finish();
        runs
    }

    fn a_baseline_judges_a_run_at_its_end(&self, fast: &str, report: &str) {
        let path = Rig::to(self.server.address());
        let soak = |length: &str, baseline: &str, format: &str| {
            let arguments = ["soak", "-d", length, "--baseline", baseline, "--format", format];
            Doctor::new(arguments).arg(path.handle().addr().to_string()).run()
        };
        let same = soak("1s", report, "text");
        same.code(0).stdout_contains(&format!("no worse than {report}")).stdout_contains("\ncompared  ");
        path.fault("latency=20ms");
        let worse = soak(LENGTH, fast, "json").code(1).json();
        follows(redis_doctor::internals::schema::REPORT, &worse);
        let figures = worse["comparison"]["figures"].as_array().unwrap();
        let p50 = figures.iter().find(|row| row["figure"] == "p50").unwrap();
        assert_eq!((&p50["judgment"], &worse["verdict"]), (&"worse".into(), &"degraded".into()), "{worse:#}");
        let text = |finding: &Value| finding["text"].as_str().unwrap().to_owned();
        let findings: Vec<_> = worse["findings"].as_array().unwrap().iter().map(text).collect();
        assert!(
            findings.iter().any(|text| text.starts_with(&format!("p50 is worse than in {fast}: "))),
            "{findings:?}"
        );
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }
}

#[test]
fn a_change_differs_from_noise_and_different_workloads_are_refused() {
    let runs = Runs::new();
    let [fast, slow, report] = ["fast.ndjson", "slow.ndjson", "fast.json"].map(|name| runs.path(name));
    Doctor::new(["compare", &fast, &slow])
        .run()
        .code(3)
        .stderr_contains("the workloads differ (faults: none and latency=20ms@0s)")
        .stderr_contains("--force");
    Doctor::new(["compare", &fast, &slow, "--force"])
        .run()
        .code(1)
        .stdout_contains("faults: none → latency=20ms@0s")
        .stdout_contains("verdict   ")
        .stdout_contains(" worse");
    let compared = Doctor::new(["compare", &fast, &slow, "--force", "--format", "json"]).run();
    let compared: Value = serde_json::from_str(&compared.code(1).stdout()).unwrap();
    follows(redis_doctor::internals::schema::COMPARE, &compared);
    let figure = |name: &str| compared["figures"].as_array().unwrap().iter().find(|row| row["figure"] == name).unwrap();
    assert_eq!(figure("p50")["judgment"], "worse", "{compared:#}");
    assert!(figure("p50")["probability"].as_f64().unwrap() < 0.005, "{compared:#}");
    assert_eq!(figure("drops")["judgment"], "same", "{compared:#}");
    // The other way round, it is better.
    Doctor::new(["compare", &slow, &fast, "--force", "--format", "csv"]).run().stdout_contains("p50,seconds,0.0");
    Doctor::new(["compare", &fast, &slow, "--force", "--fail-on", "p50>+100%"])
        .run()
        .code(2)
        .stdout_contains("p50>+100%");
    // The same run has no difference, as a journal or as a report.
    Doctor::new(["compare", &fast, &report]).run().code(0).stdout_contains("verdict   SAME");
    Doctor::new(["compare", &report, &slow, "--force"]).run().stdout_contains("noise not known");
    runs.a_baseline_judges_a_run_at_its_end(&fast, &report);
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (empty, other) = (file("empty", ""), file("other.json", "{\n  \"name\": 1\n}\n"));
    Doctor::new(["compare", &empty, &other]).run().code(3).stderr_contains("empty");
    Doctor::new(["compare", &other, &empty]).run().code(3).stderr_contains("neither a journal nor a report");
    Doctor::new(["compare", &other, &other]).run().code(3).stderr_contains("the same file");
    Doctor::new(["compare", "/nowhere", &other]).run().code(3).stderr_contains("/nowhere");
    Doctor::new(["compare", &empty]).run().code(3);
    // Before the run, not after two weeks.
    let refused = |more: &[&str], parts: [&str; 2]| {
        let run = Doctor::new(["soak", "--sandbox", "-d", "1h", "--baseline"]).args(more).run();
        run.code(3).stdout_is_empty().stderr_contains(parts[0]).stderr_contains(parts[1]).lacks("connected");
    };
    let ping = file("ping.ndjson", include_str!("../scenarios/reset-recovered.ndjson"));
    refused(&["/nowhere.ndjson"], ["--baseline /nowhere.ndjson", "No such file"]);
    refused(&[&other], ["--baseline ", "neither a journal nor a report"]);
    refused(&[&ping, "--rate", "77"], ["its workload differs (probes: ", "change the flags"]);
    let two = ["soak", "-d", "1s", "--baseline", &ping, "127.0.0.1:1", "127.0.0.1:2"];
    Doctor::new(two).run().code(3).stderr_contains("--baseline: it is for a single target");
    Doctor::new(["compare", &empty, &other, "--fail-on", "p99>20%"]).run().code(3).stderr_contains("+20% or +5ms");
}
