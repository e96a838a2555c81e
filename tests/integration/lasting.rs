//! Journals and results that last: two runs on one file, kills, full disks, rotation, limits, pipes and signals.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::broken_outputs::SmallDisk;
use crate::harness::{Doctor, RedisServer, RunningDoctor, Signal, Tap, Trial, eventually, skipped};

const SOON: Duration = Duration::from_secs(10);

/// Time in which SIGTERM must end the program, and what a busy machine adds.
const TERMINATED: Duration = Duration::from_millis(1500);

fn folder() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    (directory, path)
}

/// A run on the embedded server until it is ended.
fn soak(journal: &Path, flags: &[&str]) -> RunningDoctor {
    let run = Doctor::new(["soak", "--sandbox", "-d", "1h", "--journal"]).arg(journal).args(flags).spawn();
    run.wait_for_stderr("subscribed", SOON);
    run
}

fn intervals(path: &Path) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.matches("\"event\":\"interval\"").count())
}

fn wait_for_intervals(path: &Path, count: usize) {
    eventually("intervals in the journal", SOON, || intervals(path) >= count);
}

fn report<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Json {
    Doctor::new(["report", "--exit-zero", "--format", "json"]).args(paths).run().code(0).json()
}

#[test]
fn a_second_run_on_a_journal_is_refused_with_the_process_of_the_first() {
    let (_directory, path) = folder();
    let first = soak(&path, &[]);
    let second = Doctor::new(["ping", "--sandbox", "-c", "1", "--journal"]).arg(&path).run();
    let process = if cfg!(target_os = "linux") { format!("process {}", first.pid()) } else { "process".into() };
    second.code(3).stdout_is_empty().stderr_contains(&format!("error: --journal: cannot write {}: ", path.display()));
    second.stderr_contains(&format!("{process} writes to it; use another file"));
    first.signal(Signal::INT);
    first.finish().code(0);
    // The lock is gone with its run.
    Doctor::new(["ping", "--sandbox", "-c", "1", "-q", "--journal"]).arg(&path).run().code(0);
    assert_eq!(report([&path])["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn runs_that_share_an_output_are_separated() {
    let (directory, mixed) = folder();
    let streams = [1, 2].map(|_| {
        let run = Doctor::new(["soak", "--sandbox", "-d", "300ms", "--format", "ndjson"]).run();
        run.code(0).stdout().lines().map(|line| format!("{line}\n")).collect::<Vec<_>>()
    });
    let paths = ["one", "two"].map(|name| directory.path().join(name));
    paths.iter().zip(&streams).for_each(|(path, lines)| fs::write(path, lines.concat()).unwrap());
    let longest = streams[0].len().max(streams[1].len());
    let lines = (0..longest).flat_map(|at| streams.iter().filter_map(move |lines| lines.get(at)));
    fs::write(&mixed, lines.map(String::as_str).collect::<String>()).unwrap();
    assert_eq!(report([&mixed]), report(&paths));
    let piped = Doctor::new(["report", "--format", "json", "-"]).stdin(fs::read(&mixed).unwrap()).run();
    assert_eq!(piped.code(0).json(), report(&paths));
}

#[test]
fn a_killed_run_loses_at_most_a_second_and_leaves_nothing_unreadable() {
    let (_directory, path) = folder();
    let kills: u64 = std::env::var_os("KILLS").map_or(20, |kills| kills.to_str().unwrap().parse().unwrap());
    let mut most = Duration::ZERO;
    for kill in 0..kills {
        let run = soak(&path, &["--rate", "500"]);
        // Anywhere within two seconds of the run.
        std::thread::sleep(Duration::from_millis(kill * 397 % 2000));
        run.signal(Signal::KILL);
        let killed = SystemTime::now();
        run.finish().killed_by(Signal::KILL);
        let text = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&text);
        let last: Json = text.lines().rev().find_map(|line| serde_json::from_str(line).ok()).unwrap();
        let last = humantime::parse_rfc3339(last["time"].as_str().unwrap()).unwrap();
        let lost = killed.duration_since(last).unwrap_or_default();
        assert!(lost <= Duration::from_secs(1), "{kill}: {lost:?}");
        most = most.max(lost);
    }
    eprintln!("{kills} kills: at most {most:?} lost");
    let report = report([&path]);
    assert_eq!(report["runs"].as_array().unwrap().len() as u64, kills);
    assert!(report["runs"].as_array().unwrap().iter().all(|run| !run["connected"].is_null()));
}

#[test]
fn a_full_disk_delays_the_journal_and_loses_nothing() {
    let (directory, path) = folder();
    let Some(_mounted) = SmallDisk::mount(directory.path()) else {
        return skipped("a disk that is full for a time", "no tmpfs can be mounted here");
    };
    let ballast = directory.path().join("ballast");
    let run = soak(&path, &["--format", "json"]);
    wait_for_intervals(&path, 1);
    let mut file = File::create(&ballast).unwrap();
    while file.write_all(&[0; 512]).is_ok() {}
    drop(file);
    run.wait_for_stderr("the journal is incomplete until it works again: No space left", SOON);
    fs::remove_file(&ballast).unwrap();
    run.wait_for_stderr("writing works again; nothing is missing", SOON);
    run.signal(Signal::INT);
    let live = run.finish();
    let live = live.code(0).lacks("warning: --journal").json();
    let again = report([&path]);
    assert_eq!((&again["probes"], &again["complete"]), (&live["probes"], &true.into()));
}

#[test]
fn a_renamed_or_removed_journal_is_begun_again() {
    for (removed, flags) in [(false, &["--format", "json"][..]), (true, &["--format", "json", "--journal-reopen"])] {
        let (directory, path) = folder();
        let old = directory.path().join("journal.old");
        let run = soak(&path, flags);
        wait_for_intervals(&path, 2);
        fs::rename(&path, &old).unwrap();
        if removed {
            fs::remove_file(&old).unwrap();
            run.signal(Signal::HUP);
        }
        wait_for_intervals(&path, 2);
        run.signal(Signal::INT);
        let live = run.finish().code(0).json();
        let text = Doctor::new(["report"]).arg(&path).run();
        text.code(0).stdout_contains("the beginning of this run is missing").stdout_contains("RESP3");
        let half = report([&path]);
        assert_eq!((&half["complete"], &half["outages"]["availability"]), (&false.into(), &1.0.into()));
        assert!(half["duration"].as_f64() < live["duration"].as_f64());
        if !removed {
            let both = report([&path, &old]);
            assert_eq!((&both["probes"], &both["latency"]), (&live["probes"], &live["latency"]));
            assert_eq!(both["complete"], true);
        }
    }
}

#[test]
fn a_journal_truncated_in_place_can_be_read_from_there() {
    let (directory, path) = folder();
    let copy = directory.path().join("copy");
    let run = soak(&path, &[]);
    wait_for_intervals(&path, 2);
    fs::copy(&path, &copy).unwrap();
    File::options().write(true).truncate(true).open(&path).unwrap();
    wait_for_intervals(&path, 3);
    run.signal(Signal::INT);
    run.finish().code(0);
    assert!(!fs::read(&path).unwrap().contains(&0));
    let half = Doctor::new(["report"]).arg(&path).run();
    half.code(0).stdout_contains("the beginning of this run is missing").lacks("damaged").lacks("unknown:0");
    Doctor::new(["report"]).arg(&copy).arg(&path).run().code(0).lacks("is missing").lacks("damaged");
}

#[test]
fn a_journal_of_limited_size_keeps_one_older_file() {
    let (directory, path) = folder();
    let old = directory.path().join("journal.1");
    let flags = ["--journal-max-size", "64k", "--connections", "200", "--rate", "1", "--verify-rate", "1"];
    let run = soak(&path, &flags);
    eventually("a rotation", SOON, || old.exists());
    run.signal(Signal::INT);
    run.finish();
    for part in [&path, &old] {
        let size = fs::metadata(part).map_or(0, |file| file.len());
        assert!(size <= 80 << 10, "{}: {size}", part.display());
    }
    let whole = Doctor::new(["report"]).arg(&path).run();
    assert_ne!(whole.lacks("damaged").exit_code(), Some(3));
    for (flag, why) in [("1k", "at least 64k"), ("huge", "expected for example 500k")] {
        let run = Doctor::new(["soak", "--sandbox", "--journal", "j", "--journal-max-size", flag]).run();
        run.code(3).stderr_contains(why);
    }
}

#[test]
fn a_file_limit_is_an_error_and_not_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let at = |script: &str| {
        let script = format!("cd {}; {script}", directory.path().display());
        Doctor::script("bash", ["-c".to_owned(), script]).run()
    };
    let run = at("ulimit -f 4; exec redis-doctor soak --sandbox -d 1s --connections 10 --journal journal");
    run.code(1).stdout_contains("verdict  HEALTHY").stderr_contains("File too large (os error 27)");
    Doctor::new(["report"]).arg(directory.path().join("journal")).run().code(1);
    for command in ["ping --sandbox -c 1 -i 0", "check --sandbox", "report journal"] {
        let run = at(&format!("ulimit -f 0; exec redis-doctor {command} --format json -o result"));
        run.code(3).stderr_contains("error: --output: cannot write result: File too large");
        assert!(run.json()["verdict"].is_string(), "the result is on stdout");
        assert!(!directory.path().join("result").exists());
    }
}

#[test]
fn no_command_loses_its_result() {
    let (_directory, journal) = folder();
    Doctor::new(["soak", "--sandbox", "-d", "200ms", "-q", "--journal"]).arg(&journal).run().code(0);
    let journal = journal.to_str().unwrap();
    for command in [
        &["check", "--sandbox"][..],
        &["ping", "--sandbox", "-c", "1", "-i", "0"],
        &["soak", "--sandbox", "-d", "200ms"],
        &["idle", "--sandbox", "--steps", "100ms,200ms"],
        &["drill", "--sandbox", "--case", "reset-idle", "--policy", "hardened"],
        &["report", journal],
    ] {
        let run = Doctor::new(command).args(["--format", "json", "--output", "/dev/full"]).run();
        run.code(3).stderr_contains("error: --output: cannot write /dev/full: No space left on device");
        run.stderr_contains("the report is shown instead");
        run.json();
        if command[0] == "drill" {
            continue;
        }
        // And without an error: to stdout by name, and to a file in one piece.
        for name in ["-", "/dev/stdout"] {
            let run = Doctor::new(command).args(["--format", "json", "-o", name]).run();
            run.json();
            assert_ne!(run.exit_code(), Some(3));
        }
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("result");
        Doctor::new(command).args(["--format", "json", "-o"]).arg(&file).run().stdout_is_empty();
        let _: Json = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_folder_that_goes_while_the_run_goes_on_costs_no_result() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("results");
    fs::create_dir(&folder).unwrap();
    let run = Doctor::new(["soak", "--sandbox", "-d", "1h", "-o"]).arg(folder.join("report")).spawn();
    run.wait_for_stderr("subscribed", SOON);
    fs::remove_dir_all(&folder).unwrap();
    run.signal(Signal::INT);
    let run = run.finish();
    run.code(3).stdout_contains("verdict  HEALTHY").stderr_contains("No such file or directory");
}

fn pipe(directory: &Path) -> PathBuf {
    let path = directory.join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

#[test]
fn a_result_goes_through_a_named_pipe() {
    let directory = tempfile::tempdir().unwrap();
    let path = pipe(directory.path());
    let run = Doctor::new(["ping", "--sandbox", "-c", "1", "--format", "json", "-o"]).arg(&path).spawn();
    let mut text = String::new();
    File::open(&path).unwrap().read_to_string(&mut text).unwrap();
    run.finish().code(0);
    assert_eq!(serde_json::from_str::<Json>(&text).unwrap()["verdict"], "healthy");
}

/// Ends the program with SIGTERM and checks the time that it takes.
#[track_caller]
fn terminate(run: RunningDoctor) -> crate::harness::Output {
    let asked = Instant::now();
    run.signal(Signal::TERM);
    let run = run.finish();
    let took = asked.elapsed();
    assert!(took < TERMINATED, "{took:?}");
    run
}

#[test]
fn sigterm_ends_a_run_whose_pipe_has_no_reader() {
    let directory = tempfile::tempdir().unwrap();
    let path = pipe(directory.path());
    let run = Doctor::new(["soak", "--sandbox", "-d", "200ms", "-o"]).arg(&path).spawn();
    run.wait_for_stderr("finished", SOON);
    terminate(run).code(130);
}

#[test]
fn sigterm_ends_a_run_whose_output_is_stuck() {
    let (reader, mut writer) = io::pipe().unwrap();
    let full = writer.try_clone().unwrap();
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    while writer.write(&[b'x'; 4096]).is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).unwrap();
    drop(writer);
    let run = Doctor::new(["ping", "--sandbox", "-i", "0.01", "--journal", "/dev/stderr"]).stdout_to(full).spawn();
    run.wait_for_stderr("\"event\":\"interval\"", SOON);
    terminate(run).code(130);
    drop(reader);
}

#[test]
fn sigterm_ends_a_run_that_waits_for_replies_with_its_report() {
    let server = RedisServer::start();
    let tap = Tap::to(server.address());
    let trial = Trial::start("soak --workload ping --timeout 30s --response-timeout 30s --watchdog off", &tap);
    trial.wait_for_answers();
    tap.hold_replies(true);
    let before = tap.commands_named("PING");
    eventually("a probe is out", SOON, || tap.commands_named("PING") > before);
    let asked = Instant::now();
    trial.doctor().signal(Signal::TERM);
    let story = trial.finish();
    let took = asked.elapsed();
    // The report of the journal is made, too, in this time.
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!((story.get("complete"), &story.the("run_finished")["reason"]), (&true.into(), &"signal".into()));
}
