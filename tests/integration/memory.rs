//! A reply without end does not fill the memory.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::harness::{Doctor, ENDLESS, Output, flooding};

/// Memory of a run without any trouble, in bytes: code, the runtime and the figures.
const BASELINE: u64 = 24 << 20;

/// Runs the program, and returns the most memory that it took, in bytes.
fn run(doctor: Doctor) -> (u64, Output) {
    let running = doctor.spawn();
    let mut peak = 0;
    while !running.has_ended() {
        let status = fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or_default() << 10);
        thread::sleep(Duration::from_millis(2));
    }
    (peak, running.finish())
}

#[test]
fn our_own_readers_keep_a_small_part_of_a_reply_without_end() {
    for endless in ENDLESS {
        for (command, good) in
            [("check --timeout 2s", 0), ("check --timeout 2s", 3), ("wait --timeout 1s", 0), ("idle -w 1", 0)]
        {
            let target = flooding(endless, good);
            let (peak, output) = run(Doctor::new(command.split_ascii_whitespace()).target(&target));
            assert!(peak < BASELINE + (64 << 20), "{}, {command}: {peak} bytes", endless.name);
            assert!(matches!(output.exit_code(), Some(2 | 3)), "{}, {command}: {}", endless.name, output.stderr());
        }
    }
}

#[test]
fn a_connection_under_test_is_ended_when_one_reply_passes_the_limit() {
    for endless in ENDLESS {
        let target = flooding(endless, 5);
        let arguments = "ping -w 3 -i 100ms --policy library --timeout 2s --max-reply 16m -v";
        let (peak, _) = run(Doctor::new(arguments.split(' ')).target(&target).within(Duration::from_secs(60)));
        // An unbounded reply takes 600 MB in this time.
        assert!(peak < 192 << 20, "{}: {peak} bytes", endless.name);
    }
}

/// A reply without end that is decoded slowly keeps redis-doctor busy, which excuses no missing reply.
#[test]
fn a_server_does_not_hide_behind_a_reply_that_keeps_the_program_busy() {
    for endless in ENDLESS {
        let target = flooding(endless, 20);
        let arguments = "ping -w 4 -i 100ms --timeout 300ms --format json";
        let output = Doctor::new(arguments.split(' ')).target(&target).within(Duration::from_secs(60)).run();
        let report = output.json();
        let shown = format!("{}: {} {}", endless.name, report["probes"], report["findings"]);
        assert!(matches!(output.exit_code(), Some(1 | 2)), "{shown}");
        let count = |name: &str| report["probes"][name].as_u64().unwrap();
        // On an overloaded machine the run can see nothing but that it saw too little.
        assert!(count("failed") + count("timed_out") > 0 || shown.contains("observed too little"), "{shown}");
    }
}

#[test]
fn a_reply_that_is_too_large_has_a_class_a_state_and_a_cause() {
    let target = flooding(ENDLESS[0], 5);
    let arguments = "ping -w 3 -i 100ms --policy library --timeout 2s --max-reply 16m -v";
    let output = Doctor::new(arguments.split(' ')).target(&target).run();
    for part in ["reply_too_large", "RD205", "flooded", "RD206", "oversized_reply (likely)", "--max-reply"] {
        let shown = format!("{}{}", output.stdout(), output.stderr());
        assert!(shown.contains(part), "no {part} in {shown}");
    }
    // On a busy machine a loss can be seen before its reason, but no other cause may be likely.
    for absent in ["network_reset (likely)", "network_reset (certain)", "network reset, likely", "broken_pipe"] {
        assert!(!output.stdout().contains(absent), "{absent} in {}", output.stdout());
    }
}

#[test]
fn a_limit_that_is_no_size_is_refused() {
    let output = Doctor::new(["ping", "--max-reply", "7", "-c", "1"]).run();
    output.code(3).stderr_contains("--max-reply").stderr_contains("at least 1m");
}
