//! Hostile servers and hostile clients against the program: whatever they send, it ends in time, in bounds, and cleanly.
//!
//! A case is one misbehavior of a server, or one connection of a client. `FUZZ_CASES=1000000 cargo test --test integration
//! hostile` runs that many of each, with a random seed; `FUZZ_SEED=7` chooses one. Without them there are a few hundred,
//! always the same.

mod clients;
mod server;

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher as _;
use std::path::Path;
use std::time::{Duration, Instant};

use fastrand::Rng;
use redis_doctor::internals::schema::{self, Form};

use crate::harness::*;
use server::HostileServer;

/// Time beyond its own deadline in which a run must have ended: the last messages may arrive for a second, and a busy machine
/// adds to it. It is shorter than the default limit of a connect, 5 s, so that a wait without a deadline shows.
const GRACE: Duration = Duration::from_millis(1000 + 3500);

/// Maximum memory of a run: redis-rs reads its own sockets.
const MEMORY: u64 = 192 << 20;

/// Letters of the password, in no order of any word: no text has four of them in a row by chance.
const SECRET: &str = "qxzjkvwqzxkjvqwzkxjqvzwxkqjzvkxwzqjkxvzqwkjxzvqk";

/// A command line, and what is true of its run.
struct Subject {
    arguments: &'static str,
    /// Time after which it ends by itself.
    limit: Duration,
    formats: &'static [&'static str],
    /// Schema of its JSON.
    schema: Option<Form>,
    has_journal: bool,
}

const REPORTS: &[&str] = &["json", "text", "csv", "openmetrics", "nagios", "ndjson"];

const SUBJECTS: [Subject; 9] = [
    Subject::report("ping -i 0.01 -w 1", 1000),
    Subject::report("ping -i 0 -c 20 -w 1 --protocol auto --policy library", 1000),
    Subject::report("soak -d 1500ms --rate 200 --connections 20 --timeout 200ms --min-delay 1ms --max-delay 5ms", 1500),
    Subject::report("soak -d 1500ms --protocol resp2 --connections 20 --min-delay 1ms --max-delay 5ms", 1500),
    Subject::report("soak -d 1500ms --workload ping --concurrency 8 --rate 1000 --max-delay 5ms --min-delay 1ms", 1500),
    Subject {
        formats: &["text", "ndjson"],
        schema: None,
        ..Subject::report("subscribe news -d 1 --min-delay 1ms --max-delay 5ms", 1000)
    },
    // Each of its questions may take as long as the timeout, and it asks one at a time.
    Subject {
        formats: &["json", "text", "nagios"],
        schema: Some(schema::CHECK),
        has_journal: false,
        ..Subject::report("check --timeout 300ms --connect-timeout 300ms --response-timeout 300ms", 10_000)
    },
    Subject {
        formats: &["json", "text", "nagios", "ndjson"],
        schema: Some(schema::IDLE),
        has_journal: false,
        ..Subject::report("idle --steps 50ms,100ms --resolution 50ms -W 300ms", 10_000)
    },
    Subject { formats: &[], schema: None, has_journal: false, ..Subject::report("wait --timeout 1s -i 50ms", 1000) },
];

impl Subject {
    const fn report(arguments: &'static str, millis: u64) -> Self {
        let limit = Duration::from_millis(millis);
        Self { arguments, limit, formats: REPORTS, schema: Some(schema::REPORT), has_journal: true }
    }

    /// Runs it once and checks everything that holds for any run.
    fn run(&self, server: &HostileServer, random: &mut Rng) {
        let directory = tempfile::tempdir().unwrap();
        let journal = directory.path().join("journal");
        let format = random.choice(self.formats).copied().unwrap_or_default();
        let mut doctor = Doctor::new(self.arguments.split(' '));
        if !format.is_empty() {
            doctor = doctor.args(["--format", format]);
        }
        if self.has_journal {
            doctor = doctor.arg("--journal").arg(&journal);
        }
        let url = format!("redis://me:{SECRET}@{}", server.address());
        let run = doctor.args(["-u", &url]).within(Duration::from_secs(60)).spawn();
        let memory = watch_memory(&run);
        let output = run.finish();
        let context = || format!("{} {format}: {}{}", self.arguments, output.stdout(), output.stderr());
        assert!(output.exit_code().is_some_and(|code| code <= 3), "{:?}\n{}", output.exit_code(), context());
        assert!(output.elapsed() <= self.limit + GRACE, "it took {:?}\n{}", output.elapsed(), context());
        assert!(memory <= MEMORY, "{} MB\n{}", memory >> 20, context());
        is_clean(&output.stderr(), &context);
        is_clean(&output.stdout(), &context);
        match (format, self.schema) {
            ("json", Some(form)) => follows(form, &output.json()),
            ("ndjson", _) => drop(output.ndjson()),
            _ => {}
        }
        if self.has_journal {
            check_journal(&journal, &context);
        }
    }
}

/// The journal is clean as well, and can be reported.
fn check_journal(path: &Path, context: &dyn Fn() -> String) {
    let text = String::from_utf8(fs::read(path).unwrap()).unwrap();
    is_clean(&text, context);
    let report = Doctor::new(["report", "--exit-zero", "--strict", "--format", "json"]).arg(path).run();
    report.code(0);
    follows(schema::REPORT, &report.json());
}

/// Returns the most memory that a run has used until its end.
fn watch_memory(run: &RunningDoctor) -> u64 {
    let mut most = 0;
    while !run.has_ended() {
        most = most.max(peak_memory(run.pid()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(20));
    }
    most
}

/// Returns the most resident memory that a process has had, in bytes (proc_pid_status(5)).
fn peak_memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// The text has no control character but line ends, nothing that changes the direction of text, no part of the password,
/// and no message of a panic.
#[track_caller]
fn is_clean(text: &str, context: &dyn Fn() -> String) {
    let bad = |char: &char| char.is_control() && !"\r\n".contains(*char) || ('\u{202a}'..='\u{202e}').contains(char);
    assert!(!text.contains("panicked at"), "{}", context());
    assert_eq!(text.chars().find(bad), None, "{}", context());
    let lower = text.to_ascii_lowercase();
    let leaked = SECRET.as_bytes().windows(4).find(|part| lower.as_bytes().windows(4).any(|other| other == *part));
    assert!(leaked.is_none(), "{:?} of the password\n{}", leaked.map(String::from_utf8_lossy), context());
}

/// The number of cases, and the seed.
fn extent(short: u64) -> (u64, u64) {
    let number = |name| std::env::var_os(name).map(|value| value.to_str().unwrap().parse::<u64>().unwrap());
    let cases = number("FUZZ_CASES");
    let seed = number("FUZZ_SEED").unwrap_or_else(|| cases.map_or(1, |_| RandomState::new().hash_one(0)));
    (cases.unwrap_or(short), seed)
}

#[test]
fn a_hostile_server_gets_nothing_but_a_report() {
    let (cases, seed) = extent(0);
    let began = Instant::now();
    let mut random = Rng::with_seed(seed);
    let (mut runs, mut seen) = (0, 0);
    while runs < SUBJECTS.len() || seen < cases {
        let seed = random.u64(..);
        let server = HostileServer::start(seed);
        let subject = &SUBJECTS[runs % SUBJECTS.len()];
        eprintln!("hostile server with seed {seed}: {}", subject.arguments);
        subject.run(&server, &mut random);
        runs += 1;
        seen += server.cases();
    }
    eprintln!("hostile server: {seen} cases in {runs} runs and {:?}", began.elapsed());
    assert!(seen as usize >= runs, "the server misbehaved in each run");
}
