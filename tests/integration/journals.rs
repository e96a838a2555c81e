//! `redis-doctor report`: what a run has written is reported again, and what cannot be read is named with its place.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::harness::{Doctor, Signal};

/// A journal of a short run on the sandbox.
fn journal(directory: &Path, name: &str) -> PathBuf {
    let path = directory.join(name);
    Doctor::new(["soak", "--sandbox", "-d", "200ms", "-q", "--journal"]).arg(&path).run().code(0);
    path
}

/// A file with this content, and what `report` says of it.
#[track_caller]
fn refused(content: &[u8], complaint: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, content).unwrap();
    let run = Doctor::new(["report"]).arg(&path).run();
    run.code(3).stdout_is_empty().stderr_contains(&format!("error: {}{complaint}", path.display()));
}

#[test]
fn the_report_of_a_journal_has_the_figures_of_the_run() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    let live = Doctor::new(["soak", "--sandbox", "-d", "300ms", "--format", "json", "--journal"]).arg(&path).run();
    let again = Doctor::new(["report", "--format", "json"]).arg(&path).run();
    let [mut live, mut again] = [live, again].map(|output| output.code(0).json());
    // A journal keeps microseconds, so the run's beginning can differ in the last digit.
    for report in [&mut live, &mut again] {
        report["runs"][0]["time"].take();
    }
    assert_eq!(live, again);
}

#[test]
fn a_saved_ndjson_stream_is_a_journal_too() {
    let directory = tempfile::tempdir().unwrap();
    for command in [&["soak", "--sandbox", "-d", "300ms"][..], &["ping", "--sandbox", "-c", "3", "-i", "0"]] {
        let stream = Doctor::new(command).args(["--format", "ndjson"]).run();
        let saved = directory.path().join("stream");
        fs::write(&saved, stream.code(0).stdout_bytes()).unwrap();
        let summary = stream.ndjson().into_iter().find(|line| line["type"] == "summary").unwrap();
        let report = Doctor::new(["report", "--format", "json"]).arg(&saved).run().code(0).json();
        assert_eq!(report["probes"], summary["probes"]);
        assert_eq!(report["latency"], summary["latency"]);
        assert_eq!(report["complete"], true);
        // Two streams in one file, as `>>` leaves them.
        let second = Doctor::new(command).args(["--format", "ndjson"]).run();
        fs::write(&saved, [stream.stdout_bytes(), second.stdout_bytes()].concat()).unwrap();
        let both = Doctor::new(["report", "--format", "json"]).arg(&saved).run().code(0).json();
        assert_eq!(both["runs"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn several_journals_merge_into_one_report() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (journal(directory.path(), "one"), journal(directory.path(), "two"));
    let run = Doctor::new(["report", "--format", "json"]).arg(&one).arg(&two).run();
    let report = run.code(0).json();
    assert_eq!(report["runs"].as_array().unwrap().len(), 2);
    let twice = Doctor::new(["report"]).arg(&one).arg(&one).run();
    twice.code(3).stdout_is_empty().stderr_contains("was already read");
}

#[test]
fn a_run_that_was_killed_leaves_a_journal_that_can_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    let run = Doctor::new(["soak", "--sandbox", "-d", "1h", "--journal"]).arg(&path).spawn();
    run.wait_for_stderr("subscribed", Duration::from_secs(10));
    crate::harness::eventually("two intervals in the journal", Duration::from_secs(10), || {
        fs::read_to_string(&path).is_ok_and(|text| text.matches("\"event\":\"interval\"").count() >= 2)
    });
    run.signal(Signal::KILL);
    run.finish().killed_by(Signal::KILL);
    let whole = Doctor::new(["report"]).arg(&path).run();
    whole.code(1).stdout_contains("1 run has no end: its journal was cut off, or it is still running");

    let text = fs::read(&path).unwrap();
    fs::write(&path, &text[..text.len() - 20]).unwrap();
    let torn = Doctor::new(["report"]).arg(&path).run();
    torn.code(1).stdout_contains("1 damaged line skipped: ").stdout_contains("verdict  DEGRADED");
}

#[test]
fn what_is_no_journal_is_named_with_its_place() {
    let missing = Doctor::new(["report", "/nonexistent/journal"]).run();
    missing.code(3).stdout_is_empty().stderr_contains("/nonexistent/journal: No such file or directory");
    let directory = tempfile::tempdir().unwrap();
    let run = Doctor::new(["report"]).arg(directory.path()).run();
    run.code(3).stderr_contains("Is a directory");
    refused(b"", ": there is no run in this file");
    refused(b"once upon a time\n", ":1: not a journal line: expected value");
    refused(b"\x00\xff\xfe\x01\x02", ":1: not a journal line: ");
    refused(
        b"once upon a time\n",
        ":1: not a journal line: expected value at line 1 column 1; a journal is what --journal",
    );
}

#[test]
fn a_journal_comes_through_a_pipe_and_a_compressed_one_says_how() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(directory.path(), "journal");
    let file = Doctor::new(["report", "--format", "json"]).arg(&path).run().code(0).json();
    let piped = Doctor::new(["report", "--format", "json", "-"]).stdin(fs::read(&path).unwrap()).run();
    assert_eq!(piped.code(0).json(), file);
    // The same run again, from the other place.
    let both = Doctor::new(["report", "-"]).arg(&path).stdin(fs::read(&path).unwrap()).run();
    both.code(3).stderr_contains("was already read");
    Doctor::new(["report", "-"]).stdin("").run().code(3).stderr_contains("error: -: there is no run in this file");
    // The beginning of any such file.
    refused(b"\x1f\x8b\x08\x08\x0a\x0b", ": it is compressed with gzip; use: zcat ");
}

#[test]
fn a_damaged_line_is_skipped_and_counted_or_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(directory.path(), "journal");
    let text = fs::read_to_string(&path).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    let damaged = directory.path().join("damaged");
    fs::write(&damaged, format!("{first}\nnonsense\n{rest}{{\"run\"")).unwrap();
    let last = text.lines().count() + 2;
    let run = Doctor::new(["report"]).arg(&damaged).run();
    run.code(0).stdout_contains(&format!("2 damaged lines skipped: 2, {last}"));
    let run = Doctor::new(["report", "--strict"]).arg(&damaged).run();
    run.code(3).stdout_is_empty().stderr_contains(":2: not a journal line: expected");
    Doctor::new(["report", "--strict"]).arg(&path).run().code(0);
    // A report's line is no damage, wherever it is.
    fs::write(&damaged, format!("{first}\n{{\"type\":\"summary\"}}\n{rest}")).unwrap();
    Doctor::new(["report", "--strict"]).arg(&damaged).run().code(0);
}

#[test]
fn a_journal_without_its_beginning_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(directory.path(), "journal");
    let text = fs::read_to_string(&path).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    fs::write(&path, ["\0".repeat(first.len() + 1).as_str(), rest].concat()).unwrap();
    let run = Doctor::new(["report"]).arg(&path).run();
    run.stdout_contains("the beginning of this run is missing").stdout_contains("verdict  HEALTHY").code(0);
    let report = Doctor::new(["report", "--format", "json"]).arg(&path).run().json();
    assert_eq!(report["complete"], false);
}

#[test]
fn a_journal_cut_in_its_first_second_is_unknown() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(directory.path(), "journal");
    let text = fs::read_to_string(&path).unwrap();
    let cut = directory.path().join("cut");
    fs::write(&cut, text.lines().next().unwrap()).unwrap();
    let run = Doctor::new(["report"]).arg(&cut).run();
    run.code(3).stdout_is_empty().stderr_contains("before the first connection: the state of the server is unknown");
    let run = Doctor::new(["report", "--format", "nagios"]).arg(&cut).run();
    run.code(3).stdout_contains("UNKNOWN");
    // Beside another run, it is not judged.
    let other = journal(directory.path(), "other");
    let run = Doctor::new(["report"]).arg(&other).arg(&cut).run();
    run.code(1).stdout_contains("before its first connection: not judged").lacks("ever made");
}

#[test]
fn a_journal_of_a_later_version_is_refused_with_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(directory.path(), "journal");
    let newer = fs::read_to_string(path).unwrap().replace("\"schema_version\":2", "\"schema_version\":9");
    refused(newer.as_bytes(), ":1: written by a newer redis-doctor (journal version 9; this version reads up to 2)");
}

#[test]
fn gates_judge_a_journal_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(directory.path(), "journal");
    let run = Doctor::new(["report", "-v", "--fail-on", "p50>0ms"]).arg(&path).run();
    run.code(2).stdout_contains("critical  --fail-on p50>0ms").stdout_contains("tripped");
    Doctor::new(["report", "--warn-on", "p50>0ms"]).arg(&path).run().code(1).stdout_contains("verdict  DEGRADED");
    Doctor::new(["report", "--fail-on", "p50>0ms", "--exit-zero"]).arg(&path).run().code(0).stdout_contains("CRITICAL");
}

#[test]
fn a_report_can_be_written_to_a_file() {
    let directory: TempDir = tempfile::tempdir().unwrap();
    let path = journal(directory.path(), "journal");
    let out = directory.path().join("report.json");
    let run = Doctor::new(["report", "--format", "json", "-o"]).arg(&out).arg(&path).run();
    run.code(0).stdout_is_empty().stderr_is_empty();
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
    assert_eq!(report["verdict"], "healthy");
    let run = Doctor::new(["report", "-o", "/nonexistent/x"]).arg(&path).run();
    run.code(3).stderr_contains("error: --output: cannot write /nonexistent/x: No such file or directory");
}
