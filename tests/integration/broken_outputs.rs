//! Places that cannot be written: found out before the run where that is possible, never silently, and never at the
//! price of the report.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::harness::{Action, Doctor, RedisServer, ScriptedServer, Target as _, skipped};

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

/// Runs this in bash, with the exit code of each part of a pipe on stderr as `codes: …`.
fn bash(script: &str) -> Doctor {
    let script = format!("{script}; echo \"codes: ${{PIPESTATUS[*]}}\" >&2");
    Doctor::script("bash", ["-c".to_owned(), script])
}

#[test]
fn a_place_that_cannot_be_written_is_found_out_before_the_run() {
    let server = ScriptedServer::greeting(Action::Silence);
    for (flag, path, why) in [
        ("--journal", "/nonexistent/file", "No such file or directory (os error 2)"),
        ("--output", "/nonexistent/file", "No such file or directory (os error 2)"),
        ("--journal", "/", "Is a directory (os error 21)"),
        ("--output", "/", "Is a directory (os error 21)"),
    ] {
        for command in [&["ping"][..], &["soak"], &["subscribe", "news"]] {
            let run = Doctor::new(command).args([flag, path]).target(&server).run();
            run.code(3).stdout_is_empty().stderr_contains(&format!("error: {flag}: cannot write {path}: {why}"));
        }
    }
    assert_eq!(server.accepted(), 0, "the server was not bothered");
}

#[test]
fn a_journal_on_a_full_disk_warns_at_once_and_does_not_end_the_run() {
    let run = Doctor::new(["soak", "--sandbox", "-d", "500ms", "--journal", "/dev/full"]).run();
    run.code(1)
        .stdout_contains("verdict  HEALTHY")
        .stdout_contains("duration reached")
        .stdout_contains("the journal is incomplete");
    run.stderr_contains("warning: --journal: writing failed, the journal is incomplete: No space left on device");
    let text = run.stderr();
    let (told, ended) = (text.find("note  "), text.find("finished  "));
    assert!(told.is_some() && told < ended, "told when it happened, not at the end:\n{text}");
    let run = Doctor::new(["ping", "--sandbox", "-c", "2", "-i", "0", "--journal", "/dev/full", "--exit-zero"]).run();
    run.code(0).stdout_contains("2 answered").stderr_contains("warning: --journal: writing failed");
}

#[test]
fn a_disk_that_fills_up_keeps_a_journal_that_can_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let Some(_mounted) = SmallDisk::mount(directory.path()) else {
        return skipped("a disk that fills up", "no tmpfs can be mounted here (it takes root and the right to mount)");
    };
    let path = directory.path().join("journal");
    // All but a few kilobytes are taken.
    let mut ballast = File::create(directory.path().join("ballast")).unwrap();
    ballast.write_all(&vec![0; 56 << 10]).unwrap();
    let run = Doctor::new(["soak", "--sandbox", "--rate", "1000", "-d", "3s", "--connections", "20", "--journal"]);
    let run = run.arg(&path).run();
    run.code(1).stderr_contains("No space left on device").stdout_contains("verdict  HEALTHY");
    let again = Doctor::new(["report"]).arg(&path).run();
    again.stdout_contains("its journal was cut off").stdout_contains("verdict  ");
    assert!(fs::metadata(&path).unwrap().len() > 0);
}

#[test]
fn a_report_that_cannot_be_written_to_its_file_is_shown_instead() {
    let run = Doctor::new(["soak", "--sandbox", "-d", "200ms", "--output", "/dev/full"]).run();
    run.code(3).stdout_contains("verdict  HEALTHY");
    run.stderr_contains(
        "error: --output: cannot write /dev/full: No space left on device (os error 28); the report is",
    );
    let run = Doctor::new(["subscribe", "--sandbox", "news", "-d", "200ms", "--output", "/dev/full"]).run();
    run.code(3).stdout_is_empty().stderr_contains("verdict  HEALTHY").stderr_contains("error: --output");
}

#[test]
fn a_full_stdout_is_an_error_and_not_a_verdict() {
    for command in [
        &["ping", "-c", "2", "-i", "0"][..],
        &["soak", "-d", "200ms"],
        &["soak", "-d", "200ms", "--format", "json"],
        &["soak", "-d", "200ms", "--format", "ndjson"],
        &["subscribe", "a", "--verify", "-d", "200ms", "-o", "/dev/stdout"],
    ] {
        let run = Doctor::new(command).arg("--sandbox").stdout_to(full()).run();
        run.code(3).stderr_contains("No space left on device (os error 28)").lacks("panicked");
    }
    for command in [&["--help"][..], &["--version"], &["man"], &["completions", "bash"]] {
        let run = Doctor::new(command).stdout_to(full()).run();
        run.code(3).stderr_contains("error: cannot write to stdout: No space left on device").lacks("panicked");
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_run_quietly() {
    let server = RedisServer::start();
    let url = server.url();
    for command in [
        format!("ping -i 0.01 -u {url}"),
        format!("soak --format ndjson -u {url}"),
        format!("soak --format json -d 100ms -u {url}"),
    ] {
        let run = bash(&format!("redis-doctor {command} | head -1")).run();
        run.code(0).lacks("panicked").lacks("error").lacks("Broken pipe").lacks("warning");
        assert_eq!(run.stdout().lines().count(), 1, "{}", run.stdout());
        run.stderr_contains("codes: 0 0");
    }
    for command in ["--help", "man", "completions zsh", "soak --help"] {
        let run = bash(&format!("redis-doctor {command} | head -1")).run();
        run.code(0).lacks("panicked").lacks("error").stderr_contains("codes: 0 0");
    }
}

#[test]
fn a_reader_that_leaves_a_subscription_ends_it() {
    let server = RedisServer::start();
    let pipe = bash(&format!("redis-doctor subscribe news -u {} | head -1", server.url())).spawn();
    pipe.wait_for_stderr("subscribed", Duration::from_secs(10));
    server.command(["PUBLISH", "news", "first"]);
    pipe.wait_for_stdout("news  first", Duration::from_secs(10));
    // Nobody knows that the reader has gone until there is something to write.
    crate::harness::eventually("the end of the run", Duration::from_secs(10), || {
        server.command(["PUBLISH", "news", "more"]);
        pipe.has_ended()
    });
    let ended = pipe.finish();
    ended.code(0).lacks("panicked").lacks("error").lacks("news  more").stderr_contains("codes: 0 0");
    ended.stderr_contains("output closed by its reader");
}

#[test]
fn a_closed_stderr_does_no_harm() {
    let run = bash("redis-doctor ping --sandbox -c 2 -i 0 2>&-").run();
    run.code(0).stdout_contains("2 answered").stderr_contains("codes: 0");
    let run = bash("redis-doctor ping --sandbox -c 2 -i 0 2>/dev/full").run();
    run.code(0).stdout_contains("2 answered").stderr_contains("codes: 0");
}

/// 64 KiB of tmpfs.
pub(crate) struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    pub(crate) fn mount(path: &'a Path) -> Option<Self> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(path).output();
        mount.is_ok_and(|output| output.status.success()).then_some(Self(path))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(self.0).output());
    }
}
