//! The formats of HdrHistogram: other readers read them, and find the figures of the report.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde_json::Value;

use base64::Engine as _;

use super::harness::{Doctor, RedisServer, python_libraries, skipped};

/// The report of a run in three formats.
struct Run {
    directory: tempfile::TempDir,
    json: Value,
}

impl Run {
    fn new() -> Self {
        let (server, directory) = (RedisServer::start(), tempfile::tempdir().unwrap());
        let journal = directory.path().join("journal");
        Doctor::new(["soak", "-d", "3s", "-q", "--journal"]).arg(&journal).target(&server).run().code(0);
        let report = || {
            let mut doctor = Doctor::new(["report"]);
            doctor = doctor.arg(&journal);
            doctor
        };
        for name in ["run.hgrm", "run.hlog"] {
            report().arg("-o").arg(directory.path().join(name)).run().code(0).stdout_is_empty();
        }
        let json = report().args(["--format", "json"]).run().code(0).json();
        Self { directory, json }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A figure of a latency in the report, in milliseconds.
    fn millis(&self, figure: &str) -> f64 {
        self.json["latency"][figure].as_f64().unwrap() * 1e3
    }
}

/// The numbers of each line that has four columns, or three at the end.
fn levels(hgrm: &str) -> Vec<Vec<f64>> {
    let lines = hgrm.lines().filter(|line| !line.starts_with('#'));
    let numbers = |line: &str| line.split_whitespace().map(|word| word.parse().ok()).collect::<Option<Vec<f64>>>();
    lines.filter_map(numbers).filter(|numbers| !numbers.is_empty()).collect()
}

/// The sum of the histograms with a tag.
fn sum(hlog: &str, tag: Option<&str>) -> Histogram<u64> {
    let mut sum = Histogram::<u64>::new(3).unwrap();
    for entry in IntervalLogIterator::new(hlog.as_bytes()) {
        if let LogEntry::Interval(interval) = entry.unwrap()
            && interval.tag().map(|tag| tag.as_str()) == tag
        {
            let bytes = base64::engine::general_purpose::STANDARD.decode(interval.encoded_histogram()).unwrap();
            let one: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
            assert!((one.max() as f64 / 1e6 - interval.max()).abs() < 0.001, "{}", interval.max());
            sum.add(one).unwrap();
        }
    }
    sum
}

#[test]
fn other_readers_find_the_figures_of_the_report() {
    let run = Run::new();
    let (hgrm, hlog) = (run.text("run.hgrm"), run.text("run.hlog"));
    let levels = levels(&hgrm);
    assert!(levels.len() > 10 && levels.is_sorted_by(|one, other| one[0] <= other[0] && one[1] <= other[1]), "{hgrm}");
    let [.., last] = levels.as_slice() else { panic!("{hgrm}") };
    let count = run.json["latency"]["count"].as_f64().unwrap();
    assert_eq!((last[1], last[2]), (1.0, count), "{hgrm}");
    assert!(hgrm.contains(&format!("#[Max     = {:12.3}, Total count    = {count:12}]", run.millis("max"))), "{hgrm}");
    // A level holds its own share and the next value.
    let median = levels.iter().find(|level| level[1] >= 0.5).unwrap();
    assert!((median[0] - run.millis("p50")).abs() < 0.002 + run.millis("p50") * 0.001, "{median:?} {hgrm}");
    for (tag, section) in [(None, "latency"), (Some("end_to_end"), "end_to_end")] {
        let (sum, figures) = (sum(&hlog, tag), &run.json[section]);
        assert_eq!(sum.len(), figures["count"].as_u64().unwrap(), "{section}");
        for (quantile, name) in [(0.5, "p50"), (0.99, "p99"), (1.0, "max")] {
            let (read, reported) = (sum.value_at_quantile(quantile) as f64 / 1e9, figures[name].as_f64().unwrap());
            assert!((read - reported).abs() <= reported * 0.002, "{section} {name}: {read} {reported}");
        }
    }
    the_python_port_finds_the_same_distribution(&run.path("run.hlog"), &hgrm);
}

/// Adds the histograms of a log, and writes each value with the number of durations up to it.
const SUM: &str = "
import sys
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
total = HdrHistogram(128, 3600 * 10**9, 3)
reader = HistogramLogReader(sys.argv[1], total)
while (one := reader.get_next_interval_histogram()) is not None:
    if not one.get_tag():
        total.add(one)
for level in total.get_recorded_iterator():
    print(f'{level.value_iterated_to / 1e6:.3f} {level.total_count_to_this_value}')
";

fn the_python_port_finds_the_same_distribution(hlog: &Path, hgrm: &str) {
    let Ok(python) = Command::new("python3").args(["-c", SUM]).arg(hlog).env("PYTHONPATH", python_libraries()).output()
    else {
        return skipped("the Python port of HdrHistogram", "there is no python3");
    };
    let error = String::from_utf8_lossy(&python.stderr);
    if error.contains("ModuleNotFoundError") {
        return skipped("the Python port of HdrHistogram", "it is not installed; run tests/applications/install");
    }
    assert!(python.status.success(), "{error}");
    let theirs = levels(&String::from_utf8(python.stdout).unwrap());
    for level in levels(hgrm) {
        assert!(theirs.contains(&vec![level[0], level[2]]), "{level:?} is not among {theirs:?}");
    }
}
