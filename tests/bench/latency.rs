//! One PING after the other: what the tool adds to a round trip.

use std::time::Duration;

use super::Options;
use super::doctor::{Doctor, Report};
use super::machine::{SERVER_CORE, client_core};
use super::manager::floor;
use super::peers::{raw_ping, redis_benchmark};
use super::server::Server;
use super::table::{Limit, Row};

const SPAN: Duration = Duration::from_millis(600);
const LIMIT: Duration = Duration::from_secs(20);
const REQUESTS: u32 = 20_000;

/// Client and server share a core, so that a round trip costs two context switches and no sleeping core is woken.
pub(crate) fn same_core(options: &Options) -> Vec<Row> {
    let server = Server::start();
    let (mut raw, mut benchmark, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let ours = ping(&server, SERVER_CORE);
        let p50 = micros(&ours, "/service/p50");
        raw.push((p50, raw_ping(&server, SERVER_CORE, SPAN)));
        plain.push((p50, floor(&server, SERVER_CORE, 1, SPAN).p50));
        let peer = redis_benchmark(&server, SERVER_CORE, 1, REQUESTS);
        // Its percentiles step by 8 µs; its mean does not.
        benchmark.push((micros(&ours, "/service/mean"), peer.mean));
    }
    vec![
        Row::ratio("ping -i 0, same core: p50 / raw socket loop", &raw, "µs", Limit::Most(1.30)),
        // redis-rs itself is slower than redis-benchmark; the bar is the plain manager.
        Row::ratio("ping -i 0, same core: mean / redis-benchmark -c 1", &benchmark, "µs", Limit::None),
        Row::ratio("ping -i 0, same core: p50 / plain manager", &plain, "µs", Limit::Most(1.1)),
    ]
}

/// Client and server have a core each.
pub(crate) fn cross_core(options: &Options) -> Vec<Row> {
    let server = Server::start();
    let core = client_core();
    let round = |_| (micros(&ping(&server, core), "/service/p50"), raw_ping(&server, core, SPAN));
    let pairs: Vec<_> = (0..options.rounds).map(round).collect();
    vec![Row::ratio("ping -i 0, two cores: p50 / raw socket loop", &pairs, "µs", Limit::Most(1.30))]
}

fn ping(server: &Server, core: usize) -> Report {
    Doctor::start(core, server.port, &["ping", "-i", "0", "-w", "600ms"]).finish(LIMIT).0
}

fn micros(report: &Report, path: &str) -> f64 {
    report.number(path) * 1e6
}
