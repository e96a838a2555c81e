//! The program under test: the release binary, and the report that it writes.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::machine::{Cost, finish, spawn_on};

/// Builds the program as it is shipped. `cargo bench` has just put another one in its place, linked with what tests
/// want of its dependencies, which is larger.
pub(crate) fn build() {
    if chosen().is_none() {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let arguments = ["build", "--release", "--quiet", "--bin", "redis-doctor", "--manifest-path", manifest];
        assert!(Command::new(env!("CARGO")).args(arguments).status().unwrap().success());
    }
}

/// The release binary; another one where `REDIS_DOCTOR` names it.
pub(crate) fn binary() -> PathBuf {
    chosen().unwrap_or_else(|| env!("CARGO_BIN_EXE_redis-doctor").into())
}

fn chosen() -> Option<PathBuf> {
    std::env::var_os("REDIS_DOCTOR").map(PathBuf::from)
}

/// A run with a journal, from which its report is made afterwards: the run itself is what it would be without.
pub(crate) struct Doctor {
    pub(crate) process: Child,
    directory: tempfile::TempDir,
}

impl Doctor {
    /// Starts `redis-doctor ARGUMENTS` on a core against a port.
    pub(crate) fn start(core: usize, port: u16, arguments: &[&str]) -> Self {
        Self::start_with(core, port, arguments, Stdio::null())
    }

    /// The same, with its stdout sent somewhere.
    pub(crate) fn start_with(core: usize, port: u16, arguments: &[&str], stdout: Stdio) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(binary());
        command.args(arguments).args(["-p", &port.to_string(), "--journal"]).arg(directory.path().join("journal"));
        command.stdout(stdout).stderr(Stdio::null());
        Self { process: spawn_on(core, &mut command), directory }
    }

    /// Waits for its end; returns the report and the cost.
    pub(crate) fn finish(mut self, limit: Duration) -> (Report, Cost) {
        let cost = finish(&mut self.process, limit, Duration::from_millis(20), |_| ());
        (self.report(), cost)
    }

    /// Waits for its end; returns the report, the cost, and the moments of all events of this name.
    pub(crate) fn finish_with(mut self, limit: Duration, name: &str) -> (Report, Cost, Vec<SystemTime>) {
        let cost = finish(&mut self.process, limit, Duration::from_millis(20), |_| ());
        let journal = std::fs::read_to_string(self.directory.path().join("journal")).unwrap();
        let events = journal.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let moments = events.filter(|event| event["event"] == name).map(|event| {
            let time = event["time"].as_str().unwrap();
            humantime::parse_rfc3339(time).unwrap()
        });
        (self.report(), cost, moments.collect())
    }

    /// The same with a look at the cost so far, ten times a second.
    pub(crate) fn watched(mut self, limit: Duration, watch: impl FnMut(&Cost)) -> (Report, Cost) {
        let cost = self.watch(limit, watch);
        (self.report(), cost)
    }

    /// The same without a report.
    pub(crate) fn watch(&mut self, limit: Duration, watch: impl FnMut(&Cost)) -> Cost {
        finish(&mut self.process, limit, Duration::from_millis(100), watch)
    }

    /// Where it writes its journal.
    pub(crate) fn journal(&self) -> PathBuf {
        self.directory.path().join("journal")
    }

    /// Asks it to end, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        kill_process(Pid::from_child(&self.process), Signal::INT).unwrap();
    }

    fn report(&self) -> Report {
        let journal = self.directory.path().join("journal");
        let output = Command::new(binary()).args(["report", "--format", "json"]).arg(journal).output().unwrap();
        Report(serde_json::from_slice(&output.stdout).unwrap())
    }
}

/// A report as JSON.
pub(crate) struct Report(Value);

impl Report {
    /// A number of the report, by its path (`/service/p50`); 0 where it is missing.
    pub(crate) fn number(&self, path: &str) -> f64 {
        self.0.pointer(path).and_then(Value::as_f64).unwrap_or(0.0)
    }

    /// The sum of a number over all targets, by its path in each.
    pub(crate) fn sum(&self, path: &str) -> f64 {
        let targets = self.0["targets"].as_array().unwrap();
        targets.iter().filter_map(|target| target.pointer(path)?.as_f64()).sum()
    }

    /// How long each outage lasted that the report lists (milliseconds).
    pub(crate) fn outages(&self) -> Vec<f64> {
        let rows = self.0["outages"]["rows"].as_array().unwrap();
        rows.iter().map(|row| row["duration"].as_f64().unwrap() * 1e3).collect()
    }

    /// A count of the report, by its path.
    pub(crate) fn count(&self, path: &str) -> u64 {
        self.0.pointer(path).and_then(Value::as_u64).unwrap_or(0)
    }
}
