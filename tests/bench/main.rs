//! The bars: what redis-doctor promises about its own speed, size and recovery, measured side by side with the best
//! peers in one run.
//!
//! ```sh
//! cargo bench                            # every row, about nine minutes
//! cargo bench -- latency flood           # the rows whose name contains one of these
//! cargo bench -- --rounds 25 --gate      # exits with 1 when a row misses its bar
//! cargo bench -- --long                  # the rows of soak, fortnight and failovers at full length (80 minutes)
//! ```
//!
//! `REDIS_DOCTOR=/path/to/redis-doctor` measures another binary, such as the one before a change.
//!
//! Each comparison is interleaved: a round runs both sides one after the other, and the figure is the median of the
//! rounds' ratios, so that a machine that is busy for a while slows both. Processes are pinned: where two share a core
//! a round trip costs two context switches, where they do not it costs two wake-ups of a sleeping core, and a mixture
//! of the two means nothing. Run it on a machine that does nothing else. Where that cannot be had, a real-time priority
//! for both sides alike keeps the rest out of the rows with two programs on two cores (as root, on Linux). The rows with
//! redis-benchmark are not for it: where that shares a core with a proxy, it does not yield, and never ends.
//!
//! ```sh
//! chrt --fifo 10 cargo bench -- latency
//! ```
#![allow(clippy::unwrap_used, reason = "a measurement that fails is to stop, and its backtrace says where")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the program is measured from outside, in real time"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::exit, reason = "a program of its own that prints a table")]

mod cluster;
mod doctor;
mod evidence;
mod faults;
mod fleet;
mod flood;
mod fortnight;
mod latency;
mod machine;
mod manager;
mod peers;
mod proxies;
mod relay;
mod report;
mod scrape;
mod sentinel;
mod server;
mod size;
mod soak;
mod startup;
mod steps;
mod table;
mod targets;
mod throughput;
mod writer;

/// The servers and the program, as the tests start them.
#[path = "../integration"]
mod integration {
    pub(crate) mod harness;
}

use integration::harness;
use steps::Kind;
use table::Row;

/// What the command line asks for.
pub(crate) struct Options {
    /// Interleaved rounds of each comparison.
    pub(crate) rounds: usize,
    /// Run what takes ten minutes.
    pub(crate) long: bool,
    /// Length of the short soak, in seconds.
    pub(crate) soak: u64,
    gate: bool,
    wanted: Vec<String>,
}

/// A group of rows that one measurement fills.
struct Group {
    /// What a filter argument is compared with.
    names: &'static str,
    measure: fn(&Options) -> Vec<Row>,
}

const GROUPS: &[Group] = &[
    Group { names: "size binary", measure: size::binary },
    Group { names: "startup", measure: startup::one_ping },
    Group { names: "latency same-core", measure: latency::same_core },
    Group { names: "latency cross-core", measure: latency::cross_core },
    Group { names: "throughput", measure: throughput::multiplexed },
    Group { names: "flood subscribe cpu", measure: flood::cpu },
    Group { names: "flood subscribe memory", measure: flood::memory },
    Group { names: "recovery", measure: faults::recovery },
    Group { names: "deadline", measure: faults::deadline },
    Group { names: "proxy latency", measure: proxies::latency },
    Group { names: "proxy throughput", measure: proxies::throughput },
    Group { names: "proxy observation", measure: proxies::observation },
    Group { names: "evidence", measure: evidence::cost },
    Group { names: "soak cpu memory", measure: soak::steady },
    Group { names: "soak growth", measure: soak::growth },
    Group { names: "targets cpu memory", measure: targets::many },
    Group { names: "scrape time size", measure: scrape::many },
    Group { names: "scrape cost", measure: scrape::cost },
    Group { names: "fortnight", measure: fortnight::compressed },
    Group { names: "report", measure: report::large },
    Group { names: "report html", measure: report::page },
    Group { names: "report fleet", measure: fleet::merge },
    Group { names: "cluster throughput", measure: cluster::throughput },
    Group { names: "cluster failover killed", measure: |options| cluster::failover(options, Kind::Killed) },
    Group { names: "cluster failover frozen", measure: |options| cluster::failover(options, Kind::Frozen) },
    Group { names: "cluster failover ordered", measure: |options| cluster::failover(options, Kind::Ordered) },
    Group { names: "cluster healthy", measure: cluster::healthy },
    Group { names: "sentinel failover killed", measure: |options| sentinel::failover(options, Kind::Killed) },
    Group { names: "sentinel failover frozen", measure: |options| sentinel::failover(options, Kind::Frozen) },
    Group { names: "sentinel failover ordered", measure: |options| sentinel::failover(options, Kind::Ordered) },
    Group { names: "sentinel gone", measure: sentinel::gone },
    Group { names: "sentinel healthy", measure: sentinel::healthy },
];

fn main() {
    let options = options();
    doctor::build();
    table::head();
    let mut missed = 0;
    for group in GROUPS {
        let wanted = options.wanted.is_empty() || options.wanted.iter().any(|word| group.names.contains(word.as_str()));
        if !wanted {
            continue;
        }
        for row in (group.measure)(&options) {
            missed += usize::from(!row.print());
        }
    }
    if missed > 0 {
        println!("\n{missed} missed");
    }
    std::process::exit(i32::from(options.gate && missed > 0));
}

fn options() -> Options {
    let mut options = Options { rounds: 15, long: false, soak: 30, gate: false, wanted: Vec::new() };
    let mut arguments = std::env::args().skip(1);
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => options.rounds = number(arguments.next()).unwrap_or_else(|| usage()) as usize,
            "--soak" => options.soak = number(arguments.next()).unwrap_or_else(|| usage()),
            "--long" => options.long = true,
            "--gate" => options.gate = true,
            // cargo's own.
            "--bench" => {}
            word if !word.starts_with('-') => options.wanted.push(word.to_owned()),
            _ => usage(),
        }
    }
    options.rounds = options.rounds.max(1);
    options
}

fn usage() -> ! {
    eprintln!("usage: cargo bench -- [--gate] [--rounds N] [--soak SECONDS] [--long] [WORD…]");
    for group in GROUPS {
        eprintln!("  {}", group.names);
    }
    std::process::exit(3)
}
