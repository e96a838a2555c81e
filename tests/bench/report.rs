//! Speed and memory of `report` on a large journal.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Options;
use super::doctor::{Doctor, binary};
use super::machine::{client_core, finish};
use super::server::Server;
use super::table::{Row, median};

const PATIENCE: Duration = Duration::from_secs(120);

/// Size of the journal; with `--long` it has four times as much.
const SIZE: u64 = 256 << 20;

/// A journal of a few seconds with resets, repeated until it is large.
pub(crate) fn large(options: &Options) -> Vec<Row> {
    let server = Server::start();
    let arguments = ["soak", "--connections", "4", "--rate", "100", "-d", "10s", "--fault", "reset_peer@every:4s"];
    let mut doctor = Doctor::start(client_core(), server.port, &arguments);
    doctor.watch(PATIENCE, |_| ());
    let directory = tempfile::tempdir().unwrap();
    let journal = directory.path().join("large");
    let size =
        repeat(&fs::read_to_string(doctor.journal()).unwrap(), &journal, SIZE * if options.long { 4 } else { 1 });
    let mut peak = 0;
    let rounds = options.rounds.min(5);
    let speeds = (0..rounds).map(|_| {
        let start = Instant::now();
        let report = Command::new(binary()).arg("report").arg(&journal).stdout(Stdio::null()).spawn();
        peak = peak.max(finish(&mut report.unwrap(), PATIENCE, Duration::from_millis(5), |_| ()).peak);
        size as f64 / 1e6 / start.elapsed().as_secs_f64()
    });
    let speed = median(&speeds.collect::<Vec<_>>());
    vec![
        Row::at_least("report: journal read a second", speed, "MB", 250.0),
        Row::at_most("report: peak memory", peak as f64 / 1e6, "MB", 64.0),
    ]
}

/// Writes the lines of a journal with later and later times until it has this size; returns its size.
fn repeat(journal: &str, path: &Path, size: u64) -> u64 {
    let lines: Vec<_> = journal.lines().map(Line::of).collect();
    let length = lines.iter().map(|line| line.at).fold(0.0, f64::max) + 0.001;
    let mut file = BufWriter::new(File::create(path).unwrap());
    let mut written = 0;
    for copy in 0.. {
        let later = f64::from(copy) * length;
        // The run starts once, and never ends.
        for line in lines.iter().filter(|line| line.repeats || copy == 0 && !line.ends) {
            let Line { before, time, after, .. } = line;
            let time = humantime::format_rfc3339_micros(*time + Duration::from_secs_f64(later));
            let text = format!("{before}{:.9},\"time\":\"{time}\"{after}\n", line.at + later);
            file.write_all(text.as_bytes()).unwrap();
            written += text.len() as u64;
        }
        if written >= size {
            break;
        }
    }
    file.flush().unwrap();
    written
}

/// A line of a journal around its times.
struct Line<'a> {
    before: &'a str,
    at: f64,
    time: std::time::SystemTime,
    after: &'a str,
    repeats: bool,
    ends: bool,
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let (run, rest) = line.split_once("\"t\":").unwrap();
        let (at, rest) = rest.split_once(",\"time\":\"").unwrap();
        let (time, after) = rest.split_once('"').unwrap();
        let is = |name: &str| after.contains(&format!("\"event\":\"{name}\""));
        let before = &line[..run.len() + "\"t\":".len()];
        let at = at.parse().unwrap();
        let ends = is("run_finished");
        // Times within the other lines would stay behind.
        let repeats = ["interval", "disconnected", "reconnected"].into_iter().any(is);
        Self { before, at, time: humantime::parse_rfc3339(time).unwrap(), after, repeats, ends }
    }
}
