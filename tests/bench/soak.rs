//! A soak for weeks: what it holds and uses.

use std::time::{Duration, Instant};

use super::Options;
use super::doctor::Doctor;
use super::machine::client_core;
use super::relay::Relay;
use super::server::Server;
use super::table::{Row, median};

const PATIENCE: Duration = Duration::from_secs(30);

/// Ten probes and ten verified messages a second, as `soak` does by default.
pub(crate) fn steady(options: &Options) -> Vec<Row> {
    let seconds = if options.long { options.soak.max(300) } else { options.soak };
    let server = Server::start();
    let span = Duration::from_secs(seconds);
    let doctor = Doctor::start(client_core(), server.port, &["soak", "-d", &format!("{seconds}s")]);
    let (_, cost) = doctor.watched(span + PATIENCE, |_| ());
    let share = cost.cpu.as_secs_f64() / span.as_secs_f64() * 100.0;
    vec![
        Row::at_most("soak at 10/s: peak memory", cost.peak as f64 / 1e6, "MB", 12.0),
        Row::at_most("soak at 10/s: share of a core", share, "%", 1.0),
    ]
}

/// Two thousand probes a second with a drop each second: the memory held must not grow.
pub(crate) fn growth(options: &Options) -> Vec<Row> {
    // Compared: around the first moment and around the second.
    let (first, second) = if options.long { (60, 600) } else { (10, 60) };
    let server = Server::start();
    let relay = Relay::start(server.address());
    let duration = format!("{}s", second + 1);
    let arguments = ["soak", "--workload", "ping", "--rate", "2000", "--concurrency", "8", "-d", &duration];
    let doctor = Doctor::start(client_core(), relay.port, &arguments);
    let (start, mut samples, mut dropped) = (Instant::now(), Vec::new(), 0);
    let (report, _) = doctor.watched(Duration::from_secs(second) + PATIENCE, |cost| {
        let now = start.elapsed().as_secs();
        if now > dropped {
            dropped = now;
            relay.reset();
        }
        if cost.resident > 0 {
            samples.push((now, cost.resident as f64));
        }
    });
    let around = |moment: u64| {
        let near = samples.iter().filter(|(at, _)| (moment.saturating_sub(5)..=moment).contains(at));
        median(&near.map(|(_, resident)| *resident).collect::<Vec<_>>())
    };
    let name = if options.long {
        "soak at 2000/s, a drop a second: growth, minute 1 to 10"
    } else {
        "soak at 2000/s, a drop a second: growth, 10 s to 60 s"
    };
    let row = Row::at_most(name, (around(second) - around(first)) / 1e6, "MB", 1.0);
    vec![Row { peer: format!("{} drops", report.count("/outages/drops")), ..row }]
}
