//! Breaking the connection: how fast it comes back, what that costs, and whether a probe keeps its deadline.

use std::thread::sleep;
use std::time::Duration;

use super::Options;
use super::doctor::{Doctor, Report};
use super::machine::{client_core, until};
use super::relay::{End, Mode, Relay};
use super::server::Server;
use super::table::{Row, quantile};

const LIMIT: Duration = Duration::from_secs(20);
const FAULTS: u64 = 50;

/// From the loss to the first good reply, with five probes in flight at each loss.
pub(crate) fn recovery(_: &Options) -> Vec<Row> {
    let names = [
        ("RST, 50 ×: p95 of the recovery", "RST, 50 ×: commands failed / in flight", "RST, 50 ×: reconnects counted"),
        ("FIN, 50 ×: p95 of the recovery", "FIN, 50 ×: commands failed / in flight", "FIN, 50 ×: reconnects counted"),
    ];
    let mut rows = Vec::new();
    for (end, (time, failed, reconnects)) in [End::Reset, End::Finish].into_iter().zip(names) {
        let (report, in_flight) = broken(end);
        rows.push(Row::at_most(time, quantile(&report.outages(), 0.95), "ms", 10.0));
        rows.push(Row::exactly(failed, report.count("/probes/failed") + report.count("/probes/timed_out"), in_flight));
        rows.push(Row::exactly(reconnects, report.count("/outages/reconnects"), FAULTS));
    }
    rows
}

/// Fifty faults; the report, and how many probes were in flight at them.
fn broken(end: End) -> (Report, u64) {
    const WORKERS: i64 = 5;
    let server = Server::start();
    let relay = Relay::start(server.address());
    let arguments = ["soak", "--workload", "ping", "--rate", "0", "--concurrency", "5", "--watchdog", "off"];
    let doctor = Doctor::start(client_core(), relay.port, &arguments);
    until("probes are answered", LIMIT, || relay.answered() > 1000);
    for _ in 0..FAULTS {
        relay.set(Mode::Hold);
        until("every worker waits for a reply", LIMIT, || relay.held() == WORKERS);
        let before = relay.answered();
        relay.cut(end);
        until("probes are answered again", LIMIT, || relay.answered() > before + 1000);
    }
    doctor.interrupt();
    (doctor.finish(LIMIT).0, FAULTS * WORKERS as u64)
}

/// Probes with a deadline of 200 ms, while nothing passes, and while connections are refused.
pub(crate) fn deadline(_: &Options) -> Vec<Row> {
    const DEADLINE_MS: f64 = 200.0;
    let mut rows = Vec::new();
    for (mode, late, open) in [
        (Mode::Black, "nothing passes: overrun of a probe's deadline", "nothing passes: probes without an outcome"),
        (Mode::Refuse, "refused: overrun of a probe's deadline", "refused: probes without an outcome"),
    ] {
        let server = Server::start();
        let relay = Relay::start(server.address());
        let arguments =
            ["soak", "--workload", "ping", "--rate", "200", "--concurrency", "20", "-W", "200ms", "-d", "6s"];
        let doctor = Doctor::start(client_core(), relay.port, &arguments);
        until("probes are answered", LIMIT, || relay.answered() > 100);
        relay.set(mode);
        sleep(Duration::from_secs(3));
        relay.set(Mode::Relay);
        let (report, _) = doctor.finish(LIMIT);
        let longest = report.number("/failed_latency/max") * 1e3;
        rows.push(Row::at_most(late, (longest - DEADLINE_MS).max(0.0), "ms", 50.0));
        rows.push(Row::exactly(open, report.count("/probes/unfinished"), 0));
    }
    rows
}
