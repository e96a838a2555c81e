//! What gathering evidence costs: the same run with drops, with and without it.

use std::time::{Duration, Instant};

use super::Options;
use super::doctor::Doctor;
use super::machine::{client_core, until};
use super::relay::Relay;
use super::server::Server;
use super::table::{Limit, Row, median};

const LIMIT: Duration = Duration::from_secs(30);

/// A drop each 100 ms.
const PERIOD: Duration = Duration::from_millis(100);
const DROPS: u32 = 80;

/// Processor time and recovery of a soak with ten drops a second, on against off.
pub(crate) fn cost(options: &Options) -> Vec<Row> {
    // Each round is two runs of eight seconds.
    let rounds = options.rounds.clamp(1, 7);
    let (mut shares, mut recoveries, mut late) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        // Whoever comes first may find the machine in another state.
        let (on, off) = if round % 2 == 0 {
            let on = dropped(&[]);
            (on, dropped(&["--no-evidence"]))
        } else {
            let off = dropped(&["--no-evidence"]);
            (dropped(&[]), off)
        };
        shares.push(on.share - off.share);
        recoveries.push((on.recovery, off.recovery));
        late.extend([on.late, off.late]);
    }
    vec![
        Row::at_most("evidence at 10 drops/s: more of a core", median(&shares), "%", 1.0),
        Row::ratio("evidence at 10 drops/s: median recovery, on / off", &recoveries, "ms", Limit::Most(1.05)),
        Row::at_most("recovery: stamped after the accept, median", median(&late), "ms", 2.0),
    ]
}

/// A run with drops.
struct Dropped {
    /// Share of a core (percent).
    share: f64,
    /// Median recovery (milliseconds).
    recovery: f64,
    /// From the last accepted connection to the moment that is given as the recovery: median (milliseconds).
    late: f64,
}

fn dropped(arguments: &[&str]) -> Dropped {
    let server = Server::start();
    let relay = Relay::start(server.address());
    let start = Instant::now();
    let doctor = Doctor::start(client_core(), relay.port, &[&["soak", "--rate", "50"], arguments].concat());
    until("probes are answered", LIMIT, || relay.answered() > 20);
    let first = Instant::now();
    for drop in 1..=DROPS {
        relay.reset();
        std::thread::sleep((first + PERIOD * drop).saturating_duration_since(Instant::now()));
    }
    doctor.interrupt();
    let (report, cost, recovered) = doctor.finish_with(LIMIT, "reconnected");
    let accepted = relay.accepted();
    let late = recovered.iter().filter_map(|at| {
        let since = accepted.iter().filter_map(|accept| at.duration_since(*accept).ok());
        since.min().map(|late| late.as_secs_f64() * 1e3)
    });
    Dropped {
        share: cost.cpu.as_secs_f64() / start.elapsed().as_secs_f64() * 100.0,
        recovery: median(&report.outages()),
        late: median(&late.collect::<Vec<_>>()),
    }
}
