//! Fifty probes in flight on one connection, each with a nonce that is checked and a place in the histogram.

use std::time::Duration;

use super::Options;
use super::doctor::Doctor;
use super::machine::client_core;
use super::manager::floor;
use super::peers::redis_benchmark;
use super::server::Server;
use super::table::{Limit, Row};

const LIMIT: Duration = Duration::from_secs(20);
const REQUESTS: u32 = 80_000;
const SPAN: Duration = Duration::from_millis(500);
const SOAK: &[&str] =
    &["soak", "--workload", "ping", "--rate", "0", "--concurrency", "50", "-d", "1s", "--format", "json"];

/// PINGs a second, and processor time of each; against a plain manager, too, which shows how much of it is ours.
pub(crate) fn multiplexed(options: &Options) -> Vec<Row> {
    let server = Server::start();
    let core = client_core();
    let (mut rate, mut cpu) = (Vec::new(), Vec::new());
    let (mut floor_rate, mut floor_cpu) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let (report, cost) = Doctor::start(core, server.port, SOAK).finish(LIMIT);
        let done = report.number("/probes/ok");
        let peer = redis_benchmark(&server, core, 50, REQUESTS);
        let floor = floor(&server, core, 50, SPAN);
        let (ours, each) = (report.number("/probes/rate"), cost.cpu.as_secs_f64() * 1e6 / done);
        rate.push((ours, peer.rate));
        cpu.push((each, peer.cpu));
        floor_rate.push((ours, floor.rate));
        floor_cpu.push((each, floor.cpu));
    }
    vec![
        Row::ratio("soak, 50 in flight: PING/s / redis-benchmark -c 50", &rate, "/s", Limit::Least(3.0)),
        Row::ratio("soak, 50 in flight: CPU of one / redis-benchmark -c 50", &cpu, "µs", Limit::Most(0.3)),
        Row::ratio("soak, 50 in flight: PING/s / plain manager", &floor_rate, "/s", Limit::Least(1.0)),
        Row::ratio("soak, 50 in flight: CPU of one / plain manager", &floor_cpu, "µs", Limit::Most(1.3)),
    ]
}
