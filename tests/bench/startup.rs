//! A whole process for one PING.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Options;
use super::doctor::binary;
use super::machine::{client_core, finish, on_core, spawn_on};
use super::server::Server;
use super::table::{Limit, Row, median};

const LIMIT: Duration = Duration::from_secs(10);
/// Alternating starts in a round.
const STARTS: usize = 20;

/// Time from start to end, and the most memory held.
pub(crate) fn one_ping(options: &Options) -> Vec<Row> {
    let server = Server::start();
    let port = server.port.to_string();
    let (mut wall, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let (mut ours, mut peer) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            ours.push(took(doctor(&port)));
            peer.push(took(cli(&port)));
        }
        wall.push((median(&ours), median(&peer)));
        memory.push((peak(doctor(&port)), peak(cli(&port))));
    }
    vec![
        Row::ratio("ping -c 1, whole process / redis-cli ping", &wall, "ms", Limit::Most(0.6)),
        Row::ratio("ping -c 1, peak memory / redis-cli ping", &memory, "MB", Limit::Most(0.9)),
    ]
}

fn doctor(port: &str) -> Command {
    quiet(&binary(), &["ping", "-c", "1", "-p", port])
}

fn cli(port: &str) -> Command {
    quiet("redis-cli".as_ref(), &["-p", port, "ping"])
}

fn quiet(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Milliseconds from start to end.
fn took(mut command: Command) -> f64 {
    on_core(client_core(), || {
        let start = Instant::now();
        assert!(command.spawn().unwrap().wait().unwrap().success());
        start.elapsed().as_secs_f64() * 1e3
    })
}

/// The most memory it held, in MB, looked at without a pause (the kernel's own figure would be that of this process
/// where that is larger, because a child starts with it).
fn peak(mut command: Command) -> f64 {
    let mut process = spawn_on(client_core(), &mut command);
    finish(&mut process, LIMIT, Duration::ZERO, |_| ()).peak as f64 / 1e6
}
