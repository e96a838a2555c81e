//! `report` on the journals of a hundred vantage points of one server, a day each.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use super::Options;
use super::doctor::{Doctor, binary};
use super::machine::{client_core, finish};
use super::report::Line;
use super::server::Server;
use super::table::{Row, median};

const PATIENCE: Duration = Duration::from_secs(120);

const POINTS: usize = 100;

/// Intervals of a day, of ten seconds each; the first outage, and the intervals between two; the readings of the server's clock
/// are six intervals apart.
const INTERVALS: usize = 24 * 360;
const FIRST: usize = 100;
const OUTAGE_EACH: usize = 1440;
const READING_EACH: usize = 6;

/// Largest offset of a clock, in seconds: half of the clocks are ahead, half are behind.
const OFFSET: f64 = 2.0;

/// A journal of a few seconds with a reset, stretched to a day for each vantage point, which has a clock of its own.
pub(crate) fn merge(options: &Options) -> Vec<Row> {
    let server = Server::start();
    let mut doctor = Doctor::start(client_core(), server.port, &["soak", "-d", "6s", "--fault", "reset_peer@3s"]);
    doctor.watch(PATIENCE, |_| ());
    let journal = fs::read_to_string(doctor.journal()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..POINTS).map(|point| directory.path().join(format!("point-{point:02}"))).collect();
    paths.iter().enumerate().for_each(|(point, path)| stretch(&journal, path, point));
    let size: u64 = paths.iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    let (mut report, mut peak) = (Value::Null, 0);
    let times = (0..options.rounds.min(3)).map(|_| {
        let output = directory.path().join("report.json");
        let start = Instant::now();
        let merging =
            Command::new(binary()).args(["report", "-o"]).arg(&output).args(&paths).stdout(Stdio::null()).spawn();
        let cost = finish(&mut merging.unwrap(), PATIENCE, Duration::from_millis(5), |_| ());
        let took = start.elapsed().as_secs_f64();
        report = serde_json::from_slice(&fs::read(&output).unwrap()).unwrap();
        peak = peak.max(cost.peak);
        took
    });
    let time = median(&times.collect::<Vec<_>>());
    let clocks = report["runs"].as_array().unwrap().iter().map(|run| run["clock"]["offset"].as_f64().unwrap());
    let wrong = clocks.enumerate().map(|(point, found)| (found - offset(point)).abs()).fold(0.0, f64::max);
    let rows = report["vantage"]["rows"].as_array().unwrap();
    let by_all = rows.iter().filter(|row| row["extent"] == "all").count();
    vec![
        Row::at_most("fleet: journals of 100 vantage points, a day each, merged", time, "s", 10.0),
        Row::at_most("fleet: peak memory", peak as f64 / 1e6, "MB", 256.0),
        Row::at_least("fleet: size of the journals", size as f64 / 1e6, "MB", 100.0),
        Row::at_most("fleet: largest error of a clock", wrong * 1e3, "ms", 5.0),
        Row::at_least("fleet: incidents seen by all", by_all as f64, "", (INTERVALS / OUTAGE_EACH) as f64),
    ]
}

/// The offset of the clock of a vantage point, in seconds.
fn offset(point: usize) -> f64 {
    OFFSET * (2.0 * point as f64 / (POINTS - 1) as f64 - 1.0)
}

/// Writes a day of one vantage point: intervals, readings of the server's clock, and the outages that all of them see.
fn stretch(journal: &str, path: &Path, point: usize) {
    let lines: Vec<_> = journal.lines().map(Line::of).collect();
    let of = |names: &[&str]| lines.iter().filter(|line| names.iter().any(|name| line.is(name))).collect::<Vec<_>>();
    let (outage, intervals) = (of(&["disconnected", "reconnected"]), of(&["interval"]));
    let id = journal.split('"').nth(3).unwrap();
    let own = format!("{:08x}", point + 1);
    let mut file = BufWriter::new(File::create(path).unwrap());
    // The clock of the machine is wrong from the start to the end.
    let mut put = |line: &Line<'_>, later: f64, after: &str| {
        let text = line.later_by(later, offset(point), after);
        writeln!(file, "{}", text.replace(&format!("\"{id}\""), &format!("\"{own}\""))).unwrap();
    };
    for line in of(&["run_started", "connected", "subscribed"]) {
        put(line, 0.0, line.after);
    }
    let reading = of(&["server_clock"])[0];
    let fields: Value = serde_json::from_str(&format!("{{\"t\":0{}", reading.after)).unwrap();
    let read_time = |name: &str| humantime::parse_rfc3339(fields[name].as_str().unwrap()).unwrap();
    let read_at = fields["read_at"].as_f64().unwrap();
    let server_time: SystemTime = read_time("server_time");
    for number in 1..=INTERVALS {
        let end = 10.0 * number as f64;
        if number % OUTAGE_EACH == FIRST {
            outage.iter().for_each(|line| put(line, end - 5.0 - outage[0].at, line.after));
        }
        if number % READING_EACH == 0 {
            let later = end - reading.at;
            let time = humantime::format_rfc3339_micros(server_time + Duration::from_secs_f64(later));
            let (server, trip) = (&fields["run_id"], &fields["round_trip"]);
            let after = format!(
                ",\"event\":\"server_clock\",\"run_id\":{server},\"server_time\":\"{time}\",\"read_at\":{},\
                 \"round_trip\":{trip}}}",
                read_at + later
            );
            put(reading, later, &after);
        }
        let line = intervals[number % intervals.len()];
        let (before, span) = line.after.split_once("\"span\":").unwrap();
        let rest = span.split_once(',').unwrap().1;
        put(line, end - line.at, &format!("{before}\"span\":10.0,{rest}"));
    }
    file.flush().unwrap();
}
