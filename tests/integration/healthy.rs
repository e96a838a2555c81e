//! A healthy server on a busy machine is blamed for nothing: twenty seconds, or an hour with `REDIS_DOCTOR_LONG=1`.

use std::env;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;

use crate::harness::{Doctor, RedisServer};

const SHORT: Duration = Duration::from_secs(20);
const LONG: Duration = Duration::from_secs(60 * 60);

/// Processor-bound threads beside the runs: more than many a machine has cores.
const BUSY_LOOPS: usize = 4;

/// Runs side by side: everything at a calm pace on several connections, a subscriber that is silent most of the time, and
/// as many PINGs as go through.
const RUNS: [&str; 3] = [
    "soak --workload ping,kv,pubsub --rate 20 --connections 4",
    "soak --workload ping --rate 20/m",
    "soak --workload ping --rate 0 --concurrency 8",
];

#[test]
fn a_healthy_server_on_a_busy_machine_is_blamed_for_nothing() {
    let length = if env::var_os("REDIS_DOCTOR_LONG").is_some() { LONG } else { SHORT };
    let server = RedisServer::start();
    let over = AtomicBool::new(false);
    let outputs = thread::scope(|scope| {
        for _ in 0..BUSY_LOOPS {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    spin_loop();
                }
            });
        }
        let seconds = length.as_secs().to_string();
        let start = |run: &str| {
            Doctor::new(run.split(' '))
                .args(["--format", "json", "--duration", &seconds])
                .target(&server)
                .within(length + Duration::from_secs(60))
                .spawn()
        };
        let doctors = RUNS.map(start);
        // A run that fails must not leave the loops, for which the scope waits, running.
        let outputs = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| doctors.map(|doctor| doctor.finish())));
        over.store(true, Ordering::Relaxed);
        outputs
    });
    for (run, output) in RUNS.iter().zip(outputs.unwrap()) {
        let report = output.json();
        let blamed: Vec<&Json> = rows(&report["outages"]["rows"]).filter(|outage| is_sure(outage)).collect();
        assert!(blamed.is_empty(), "{run}: {blamed:#?}");
        assert!(rows(&report["refusals"]["rows"]).next().is_none(), "{run}: {:#}", report["refusals"]);
        let critical: Vec<&Json> =
            rows(&report["findings"]).filter(|finding| finding["severity"] == "critical").collect();
        assert!(critical.is_empty() && report["verdict"] != "critical", "{run}: {critical:#?}");
        assert!(output.exit_code().is_some_and(|code| code < 2), "{run}: {:?}", output.exit_code());
        assert!(report["probes"]["ok"].as_u64() > Some(0), "{run}: {:#}", report["probes"]);
    }
}

/// The elements of a list; none where there is no list.
fn rows(list: &Json) -> impl Iterator<Item = &Json> {
    list.as_array().into_iter().flatten()
}

fn is_sure(outage: &Json) -> bool {
    ["likely", "certain"].iter().any(|confidence| outage["diagnosis"]["confidence"] == *confidence)
}
