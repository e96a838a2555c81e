//! Many targets in one run: what it holds and uses.

use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Options;
use super::doctor::binary;
use super::machine::{client_core, finish, spawn_on};
use super::server::Server;
use super::table::Row;

const TARGETS: u32 = 200;

const PATIENCE: Duration = Duration::from_secs(30);

/// Ten probes a second to each of 200 targets, with a journal. They are loopback addresses of one server, which is on the
/// other core.
pub(crate) fn many(options: &Options) -> Vec<Row> {
    let server = Server::start_at("0.0.0.0");
    let directory = tempfile::tempdir().unwrap();
    let list = directory.path().join("targets");
    let first = u32::from(Ipv4Addr::LOCALHOST);
    let lines = (0..TARGETS).map(|number| format!("{}:{}\n", Ipv4Addr::from(first + number), server.port));
    std::fs::write(&list, lines.collect::<String>()).unwrap();
    let span = Duration::from_secs(options.soak);
    let mut command = Command::new(binary());
    command.args(["soak", "--workload", "ping", "-d", &format!("{}s", options.soak), "--targets"]).arg(list);
    command.arg("--journal").arg(directory.path().join("journal")).stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = spawn_on(client_core(), &mut command);
    let cost = finish(&mut process, span + PATIENCE, Duration::from_millis(100), |_| ());
    let share = cost.cpu.as_secs_f64() / span.as_secs_f64() * 100.0;
    vec![
        Row::at_most("200 targets at 10/s: peak memory", cost.peak as f64 / 1e6, "MB", 40.0),
        Row::at_most("200 targets at 10/s: share of a core", share, "%", 20.0),
    ]
}
