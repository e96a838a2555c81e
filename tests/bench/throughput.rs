//! Fifty probes in flight on one connection, each with a nonce that is checked and a place in the histogram.

use std::time::Duration;

use super::Options;
use super::doctor::Doctor;
use super::machine::client_core;
use super::peers::redis_benchmark;
use super::server::Server;
use super::table::{Limit, Row};

const LIMIT: Duration = Duration::from_secs(20);
const REQUESTS: u32 = 80_000;
const SOAK: &[&str] =
    &["soak", "--workload", "ping", "--rate", "0", "--concurrency", "50", "-d", "1s", "--format", "json"];

/// PINGs a second, and processor time of each.
pub(crate) fn multiplexed(options: &Options) -> Vec<Row> {
    let server = Server::start();
    let core = client_core();
    let (mut rate, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let (report, cost) = Doctor::start(core, server.port, SOAK).finish(LIMIT);
        let done = report.number("/probes/ok");
        let peer = redis_benchmark(&server, core, 50, REQUESTS);
        rate.push((report.number("/probes/rate"), peer.rate));
        cpu.push((cost.cpu.as_secs_f64() * 1e6 / done, peer.cpu));
    }
    vec![
        Row::ratio("soak, 50 in flight: PING/s / redis-benchmark -c 50", &rate, "/s", Limit::Least(3.0)),
        Row::ratio("soak, 50 in flight: CPU of one / redis-benchmark -c 50", &cpu, "µs", Limit::Most(0.3)),
    ]
}
