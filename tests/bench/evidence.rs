//! What gathering evidence costs: two runs with drops at the same time, with and without it. Drops of the one and of the
//! other take turns, so that each meets the same machine.

use std::time::{Duration, Instant};

use super::Options;
use super::doctor::Doctor;
use super::machine::{client_core, until};
use super::relay::Relay;
use super::server::Server;
use super::table::{Limit, Row, median};

const LIMIT: Duration = Duration::from_secs(30);

/// Gathers nothing.
const WITHOUT: &[&str] = &["--no-evidence"];

/// A drop each 100 ms.
const PERIOD: Duration = Duration::from_millis(100);
const DROPS: u32 = 80;

/// Processor time and recovery of a soak with ten drops a second, on against off.
pub(crate) fn cost(options: &Options) -> Vec<Row> {
    // Each round takes eight seconds.
    let rounds = options.rounds.clamp(1, 9);
    let (mut shares, mut recoveries, mut late) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        // Whoever comes first may have it better, or worse.
        let (on, off) = if round % 2 == 0 {
            let [on, off] = dropped([&[], WITHOUT]);
            (on, off)
        } else {
            let [off, on] = dropped([WITHOUT, &[]]);
            (on, off)
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

/// What a run with drops came to.
struct Dropped {
    /// Share of a core (percent).
    share: f64,
    /// Median recovery (milliseconds).
    recovery: f64,
    /// From the last accepted connection to the moment that is given as the recovery: median (milliseconds).
    late: f64,
}

/// A run whose connections are broken.
struct Run {
    relay: Relay,
    doctor: Doctor,
    start: Instant,
}

/// Two runs at once, with arguments of their own.
fn dropped(arguments: [&[&str]; 2]) -> [Dropped; 2] {
    let server = Server::start();
    let runs = arguments.map(|arguments| Run::start(&server, arguments));
    let first = Instant::now();
    for turn in 0..2 * DROPS {
        runs[turn as usize % 2].relay.reset();
        std::thread::sleep((first + PERIOD / 2 * (turn + 1)).saturating_duration_since(Instant::now()));
    }
    for run in &runs {
        run.doctor.interrupt();
    }
    runs.map(Run::finish)
}

impl Run {
    fn start(server: &Server, arguments: &[&str]) -> Self {
        let relay = Relay::start(server.address());
        let start = Instant::now();
        let doctor = Doctor::start(client_core(), relay.port, &[&["soak", "--rate", "50"], arguments].concat());
        until("probes are answered", LIMIT, || relay.answered() > 20);
        Self { relay, doctor, start }
    }

    fn finish(self) -> Dropped {
        let (report, cost, recovered) = self.doctor.finish_with(LIMIT, "reconnected");
        let accepted = self.relay.accepted();
        let late = recovered.iter().filter_map(|at| {
            let since = accepted.iter().filter_map(|accept| at.duration_since(*accept).ok());
            since.min().map(|late| late.as_secs_f64() * 1e3)
        });
        Dropped {
            share: cost.cpu.as_secs_f64() / self.start.elapsed().as_secs_f64() * 100.0,
            recovery: median(&report.outages()),
            late: median(&late.collect::<Vec<_>>()),
        }
    }
}
