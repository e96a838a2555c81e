//! Two real runs side by side: what changed, and what is only noise.

use serde_json::Value;

use super::harness::{Doctor, RedisServer, follows};

/// Runs long enough for a statement about noise.
const LENGTH: &str = "9s";

struct Runs {
    directory: tempfile::TempDir,
}

impl Runs {
    /// Runs side by side: without a fault, and with replies that are late by 20 ms.
    fn new() -> Self {
        let server = RedisServer::start();
        let directory = tempfile::tempdir().unwrap();
        let runs = Self { directory };
        let soak = |name: &str, more: &[&str]| {
            let journal = runs.path(&format!("{name}.ndjson"));
            let report = runs.path(&format!("{name}.json"));
            let arguments = ["soak", "-d", LENGTH, "--journal", &journal, "--format", "json", "-o", &report];
            Doctor::new(arguments).args(more).target(&server).spawn()
        };
        let (fast, slow) = (soak("fast", &[]), soak("slow", &["--fault", "latency=20ms"]));
        fast.finish().code(0);
        slow.finish();
        runs
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
    Doctor::new(["compare", &empty, &other, "--fail-on", "p99>20%"]).run().code(3).stderr_contains("+20% or +5ms");
}
