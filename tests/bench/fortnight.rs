//! A fortnight of trouble in half an hour: what a soak holds must not grow with the number of faults and reconnects.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Options;
use super::doctor::Doctor;
use super::machine::client_core;
use super::server::Server;
use super::table::{Row, median};

const PATIENCE: Duration = Duration::from_secs(60);

/// Length of the run with `--long`, and its tenth of a tenth without.
const LONG: u64 = 1800;
const SHORT: u64 = 18;

/// Faults that begin a hundred times a second each, the most that a schedule permits, and resets of ten connections every
/// 150 ms: in half an hour more than a million faults, and more than a hundred thousand reconnects.
const FAULTS: [&str; 7] = [
    "reset_peer@every:150ms",
    "latency=1ms@every:10ms+3ms",
    "latency=1ms,on=PING@every:10ms+3ms",
    "latency=2ms@every:10ms+2ms",
    "slicer=5@every:10ms+3ms",
    "bandwidth=10m,direction=up@every:10ms+3ms",
    "bandwidth=10m,direction=down@every:10ms+3ms",
];

/// Size at which the journal is rotated.
const ROTATED: u64 = 64 << 20;

/// What the process held at one moment.
struct Held {
    at: u64,
    memory: f64,
    descriptors: f64,
    journal: f64,
}

/// Memory, descriptors and the journal, after a tenth, half, and all of the time.
pub(crate) fn compressed(options: &Options) -> Vec<Row> {
    let seconds = if options.long { LONG } else { SHORT };
    let server = Server::start();
    let duration = format!("{seconds}s");
    let mut arguments = vec!["soak", "--connections", "10", "--rate", "20", "-d", &duration, "--format", "json", "-q"];
    arguments.extend(["--journal-max-size", "64m"]);
    arguments.extend(FAULTS.iter().flat_map(|fault| ["--fault", fault]));
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("report");
    let mut doctor = Doctor::start_with(client_core(), server.port, &arguments, File::create(&report).unwrap().into());
    let (pid, journal) = (doctor.process.id(), doctor.journal());
    let (start, mut held) = (Instant::now(), Vec::new());
    doctor.watch(Duration::from_secs(seconds) + PATIENCE, |cost| {
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        if cost.resident > 0 && descriptors > 0 {
            held.push(Held {
                at: start.elapsed().as_secs(),
                memory: cost.resident as f64 / 1e6,
                descriptors: descriptors as f64,
                journal: fs::metadata(&journal).map_or(0, |file| file.len()) as f64 / 1e6,
            });
        }
    });
    let report: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    let count = |path: &str| report.pointer(path).and_then(Value::as_u64).unwrap_or(0);
    // Each moment stands for the tenth of the run before it.
    let around = |share: f64, figure: fn(&Held) -> f64| {
        let to = (seconds as f64 * share) as u64;
        let near = held.iter().filter(|held| (to.saturating_sub(seconds / 10 + 1)..=to).contains(&held.at));
        median(&near.map(figure).collect::<Vec<_>>())
    };
    let growth = |from: f64, figure: fn(&Held) -> f64| around(1.0, figure) - around(from, figure);
    let memory: fn(&Held) -> f64 = |held| held.memory;
    let largest = held.iter().map(|held| held.journal).fold(0.0, f64::max);
    let faults = FAULTS[1..].len() as u64 * 100 * seconds;
    let reconnects = count("/outages/reconnects");
    // The run may end during the last.
    let missing = (count("/outages/drops") - reconnects).saturating_sub(count("/outages/unresolved"));
    let [first, half, all] = [0.1, 0.5, 1.0].map(|share| around(share, memory));
    let growth_row = Row::at_most("fortnight: memory, from half of the run to its end", growth(0.5, memory), "MB", 2.0);
    vec![
        Row { peer: format!("{faults} faults"), ..Row::exactly("fortnight: drops without a reconnect", missing, 0) },
        Row::at_least("fortnight: reconnects a second", reconnects as f64 / seconds as f64, "", 55.0),
        Row::at_most("fortnight: memory, from a tenth of the run to its end", growth(0.1, memory), "MB", 8.0),
        Row { peer: format!("{first:.1} {half:.1} {all:.1}"), ..growth_row },
        Row::at_most("fortnight: descriptors, from a tenth to the end", growth(0.1, |held| held.descriptors), "", 20.0),
        Row::at_most("fortnight: largest journal", largest, "MB", ROTATED as f64 / 1e6 * 1.05),
    ]
}
