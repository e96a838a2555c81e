//! Speed and memory of `report` on large journals, and its HTML page of a fortnight.

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

/// Outages of the fortnight, and its intervals of ten seconds.
const OUTAGES: usize = 500;
const INTERVALS: usize = 14 * 24 * 360;

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

/// The page of a fortnight with 500 outages, from its journal.
pub(crate) fn page(options: &Options) -> Vec<Row> {
    let server = Server::start();
    let arguments = ["soak", "-d", "6s", "--fault", "reset_peer@3s"];
    let mut doctor = Doctor::start(client_core(), server.port, &arguments);
    doctor.watch(PATIENCE, |_| ());
    let directory = tempfile::tempdir().unwrap();
    let [journal, page] = ["fortnight", "page.html"].map(|name| directory.path().join(name));
    stretch(&fs::read_to_string(doctor.journal()).unwrap(), &journal);
    let mut peak = 0;
    let times = (0..options.rounds.min(5)).map(|_| {
        let start = Instant::now();
        let report = Command::new(binary()).arg("report").arg(&journal).arg("-o").arg(&page).spawn();
        peak = peak.max(finish(&mut report.unwrap(), PATIENCE, Duration::from_millis(5), |_| ()).peak);
        start.elapsed().as_secs_f64()
    });
    let time = median(&times.collect::<Vec<_>>());
    let size = fs::metadata(&page).unwrap().len();
    vec![
        Row::at_most("HTML of a fortnight with 500 outages", time, "s", 2.0),
        Row::at_most("HTML of a fortnight: size", size as f64 / 1e6, "MB", 2.0),
        Row::at_most("HTML of a fortnight: peak memory", peak as f64 / 1e6, "MB", 150.0),
    ]
}

/// Writes a fortnight of the intervals of a journal, and its outage again and again.
fn stretch(journal: &str, path: &Path) {
    let lines: Vec<_> = journal.lines().map(Line::of).collect();
    let of = |names: &[&str]| {
        let named = |line: &&Line<'_>| names.iter().any(|name| line.is(name));
        lines.iter().filter(named).collect::<Vec<_>>()
    };
    let (outage, intervals) = (of(&["disconnected", "reconnected"]), of(&["interval"]));
    let mut file = BufWriter::new(File::create(path).unwrap());
    for line in of(&["run_started", "connected", "subscribed"]) {
        writeln!(file, "{}", line.later(0.0, line.after)).unwrap();
    }
    let mut outages = 0;
    for number in 1..=INTERVALS {
        let end = 10.0 * number as f64;
        while outages * INTERVALS < number * OUTAGES {
            for line in &outage {
                writeln!(file, "{}", line.later(end - 5.0 - outage[0].at, line.after)).unwrap();
            }
            outages += 1;
        }
        let line = intervals[number % intervals.len()];
        let (before, span) = line.after.split_once("\"span\":").unwrap();
        let rest = span.split_once(',').unwrap().1;
        writeln!(file, "{}", line.later(end - line.at, &format!("{before}\"span\":10.0,{rest}"))).unwrap();
    }
    file.flush().unwrap();
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
        for line in lines.iter().filter(|line| line.repeats() || copy == 0 && !line.is("run_finished")) {
            let text = line.later(later, line.after);
            writeln!(file, "{text}").unwrap();
            written += text.len() as u64 + 1;
        }
        if written >= size {
            break;
        }
    }
    file.flush().unwrap();
    written
}

/// A line of a journal around its times.
pub(super) struct Line<'a> {
    before: &'a str,
    pub(super) at: f64,
    time: std::time::SystemTime,
    pub(super) after: &'a str,
}

impl<'a> Line<'a> {
    pub(super) fn of(line: &'a str) -> Self {
        let (run, rest) = line.split_once("\"t\":").unwrap();
        let (at, rest) = rest.split_once(",\"time\":\"").unwrap();
        let (time, after) = rest.split_once('"').unwrap();
        let before = &line[..run.len() + "\"t\":".len()];
        Self { before, at: at.parse().unwrap(), time: humantime::parse_rfc3339(time).unwrap(), after }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.after.contains(&format!("\"event\":\"{name}\""))
    }

    /// Times within the other lines would stay behind.
    fn repeats(&self) -> bool {
        ["interval", "disconnected", "reconnected"].into_iter().any(|name| self.is(name))
    }

    /// Returns the line so many seconds later, with this after its times.
    pub(super) fn later(&self, later: f64, after: &str) -> String {
        self.later_by(later, 0.0, after)
    }

    /// The same on a clock that is ahead by so many seconds.
    pub(super) fn later_by(&self, later: f64, ahead: f64, after: &str) -> String {
        let time = self.time + Duration::from_secs_f64(later + 3.0) + Duration::from_secs_f64(ahead + 3.0);
        let time = humantime::format_rfc3339_micros(time - Duration::from_secs(6));
        format!("{}{:.9},\"time\":\"{time}\"{after}", self.before, self.at + later)
    }
}
