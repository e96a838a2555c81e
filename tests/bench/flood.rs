//! A flood of a million messages a second, as near as this machine gets to it.

use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use super::Options;
use super::doctor::Doctor;
use super::machine::{SERVER_CORE, client_core, on_core, until};
use super::peers::{publish, redis_cli_subscribe};
use super::server::Server;
use super::table::{Limit, Row};

const LIMIT: Duration = Duration::from_secs(60);
const CHANNEL: &str = "flood";
const PACE: f64 = 1e6;

/// Processor time of a message, both with their output thrown away.
pub(crate) fn cpu(options: &Options) -> Vec<Row> {
    const MESSAGES: u64 = 1_000_000;
    let server = Server::start();
    let core = client_core();
    let flood = || on_core(SERVER_CORE, || publish(&server, CHANNEL, MESSAGES, PACE).0);
    let round = |_| {
        let count = MESSAGES.to_string();
        until("nobody is subscribed", LIMIT, || server.subscribers(CHANNEL) == 0);
        let doctor = Doctor::start(core, server.port, &["subscribe", CHANNEL, "--count", &count]);
        until("redis-doctor subscribes", LIMIT, || server.subscribers(CHANNEL) == 1);
        let published = flood();
        let (report, cost) = doctor.finish(LIMIT);
        assert_eq!(report.count("/delivery/messages"), published);
        (cost.cpu.as_secs_f64() * 1e6 / published as f64, redis_cli_subscribe(&server, core, CHANNEL, flood))
    };
    let pairs: Vec<_> = (0..options.rounds).map(round).collect();
    vec![Row::ratio("subscribe, flood: CPU of a message / redis-cli", &pairs, "µs", Limit::Most(1.1))]
}

/// Ten seconds of it: the most memory held, and whether every message is accounted for.
pub(crate) fn memory(_: &Options) -> Vec<Row> {
    const MESSAGES: u64 = 10_000_000;
    let server = Server::start();
    let count = MESSAGES.to_string();
    let arguments = ["subscribe", CHANNEL, "--count", &count];
    let mut doctor = Doctor::start_with(client_core(), server.port, &arguments, Stdio::piped());
    let mut lines = doctor.process.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let (mut buffer, mut count) = (vec![0; 1 << 16], 0);
        loop {
            match lines.read(&mut buffer).unwrap() {
                0 => return count,
                read => count += buffer[..read].iter().filter(|byte| **byte == b'\n').count() as u64,
            }
        }
    });
    until("redis-doctor subscribes", LIMIT, || server.subscribers(CHANNEL) == 1);
    let (published, rate) = on_core(SERVER_CORE, || publish(&server, CHANNEL, MESSAGES, PACE));
    let (report, cost) = doctor.finish(LIMIT);
    let shown = reader.join().unwrap();
    let not_shown = report.count("/delivery/messages_not_shown");
    let peak = Row::at_most("subscribe, flood: peak memory", cost.peak as f64 / 1e6, "MB", 64.0);
    vec![
        Row { peer: format!("{:.2} M/s", rate / 1e6), ..peak },
        Row::exactly("subscribe, flood: messages shown + counted as not shown", shown + not_shown, published),
    ]
}
