//! Tests of journals: events are read back as written, and broken files are reported.

mod lasting;

use std::{cell::RefCell, path::PathBuf, rc::Rc};

use super::*;
use crate::{
    event::{Event, EventKind, EventSink},
    record::{Figures, Recorder, fixture::*},
    report::Report,
};

#[derive(Default)]
struct Events(Vec<Event>);

impl EventSink for Events {
    fn on_event(&mut self, event: &Event) {
        self.0.push(event.clone());
    }
}

fn record(events: &[Event]) -> Figures {
    let mut recorder = Recorder::default();
    events.iter().for_each(|event| recorder.on_event(event));
    recorder.figures()
}

fn write(path: &std::path::Path, events: &[Event]) {
    let mut journal = JournalWriter::open(path, None).unwrap();
    events.iter().for_each(|event| journal.on_event(event));
    assert!(journal.error().is_none());
}

fn read(paths: &[PathBuf]) -> Result<Vec<Event>, JournalError> {
    let mut events = Events::default();
    replay(paths, false, &mut events).map(|()| events.0)
}

fn with_run_id(mut events: Vec<Event>, id: &str) -> Vec<Event> {
    for event in &mut events {
        if let EventKind::RunStarted(started) = &mut event.kind {
            started.run_id = id.into();
        }
    }
    events
}

/// A journal file with this content.
fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.ndjson");
    std::fs::write(&path, content).unwrap();
    (dir, path)
}

fn journal_text(events: &[Event]) -> String {
    let (_dir, path) = file("");
    write(&path, events);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_report_from_a_journal_is_the_live_report() {
    let (_dir, path) = file("");
    write(&path, &rich());
    let replayed = record(&read(&[path]).unwrap());
    let mut live = record(&rich());
    // The password is the one thing that a journal does not have.
    live.runs[0].started.plan.target.password = None;
    assert_eq!(replayed, live);
    assert_eq!(
        serde_json::to_value(Report::new(&replayed)).unwrap(),
        serde_json::to_value(Report::new(&live)).unwrap()
    );
}

#[test]
fn each_second_of_a_short_run_has_its_histograms() {
    let text = journal_text(&rich());
    let intervals: Vec<_> = text.lines().filter(|line| line.contains("\"event\":\"interval\"")).collect();
    assert_eq!(intervals.len(), 12);
    assert!(intervals.iter().all(|line| line.contains("\"latency\":\"HISTE")), "{intervals:?}");
}

#[test]
fn the_end_of_a_journal_that_is_dropped_has_what_was_held() {
    let long = |second: u32| at(f64::from(second), interval(good(10), &[100, 200]));
    let events: Vec<_> = (1_001..=1_004).map(long).collect();
    let text = journal_text(&events);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("\"span\":4.0") && text.contains("\"ok\":40"), "{text}");
}

#[test]
fn the_password_is_not_in_the_journal() {
    assert!(!journal_text(&rich()).contains(PASSWORD));
}

#[test]
fn a_file_holds_several_runs_and_several_files_merge() {
    let (_dir, path) = file("");
    write(&path, &rich());
    write(&path, &with_run_id(rich(), "second"));
    let (_other, third) = file("");
    write(&third, &with_run_id(rich(), "third"));
    let figures = record(&read(&[path.clone(), third]).unwrap());
    assert_eq!((figures.runs.len(), figures.counters.ok), (3, 3 * 1116));
    assert_eq!(
        read(&[path.clone(), path.clone()]).unwrap_err().to_string(),
        format!("{}: run 7f3a was already read", path.display())
    );
}

fn strictly(path: &std::path::Path) -> Result<(), JournalError> {
    replay(&[path.to_owned()], true, &mut Events::default())
}

/// The text of the note on damaged lines, without the path.
fn damage(events: &[Event]) -> Option<&str> {
    let EventKind::Note { text } = &events.last()?.kind else { return None };
    text.find(" damaged ").and_then(|at| text[..at].rfind(": ")).map(|at| &text[at + 2..])
}

#[test]
fn a_last_line_cut_off_by_a_crash_is_noted() {
    let whole = journal_text(&rich());
    let noted = format!("1 damaged line skipped: {}", whole.lines().count());
    for cut in [1, 2, 20, 60] {
        let (_dir, path) = file(&whole[..whole.len() - cut]);
        let events = read(std::slice::from_ref(&path)).unwrap();
        // Without its line feed alone, a line is still whole.
        assert_eq!(damage(&events), (cut > 1).then_some(noted.as_str()), "{cut}");
        assert_eq!(strictly(&path).is_err(), cut > 1, "{cut}");
        write(&path, &with_run_id(rich(), "after the crash"));
        assert_eq!(record(&read(&[path]).unwrap()).runs.len(), 2, "{cut}");
    }
}

#[test]
fn a_damaged_line_costs_that_line() {
    let whole = journal_text(&rich());
    let (_dir, path) = file(&whole);
    let clean = read(&[path]).unwrap();
    let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
    lines[4] = lines[4].replacen("\"t\"", "\"T\"", 1);
    lines[8].truncate(40);
    lines.insert(3, "nonsense".into());
    let (_dir, path) = file(&(lines.join("\n") + "\n"));
    let events = read(std::slice::from_ref(&path)).unwrap();
    assert_eq!(damage(&events), Some("3 damaged lines skipped: 4, 6, 10"));
    let left: Vec<_> =
        clean.iter().enumerate().filter(|(at, _)| ![4, 8].contains(at)).map(|(_, event)| event).collect();
    assert_eq!(events[..events.len() - 1].iter().collect::<Vec<_>>(), left);
    assert!(strictly(&path).unwrap_err().to_string().contains(":4: not a journal line: expected"));
}

#[test]
fn a_file_that_is_no_journal_is_named_with_its_place() {
    for (content, line, why) in [
        ("once upon a time\n", 1, "expected value"),
        ("{\"a\":1}\n", 1, "missing field"),
        ("\n{\"event\":\"note\"}\n", 2, "its fields are not those of an event, at column 16"),
        ("\u{0}\u{1}\n", 1, "expected value"),
    ] {
        let (_dir, path) = file(content);
        let error = read(std::slice::from_ref(&path)).unwrap_err().to_string();
        let place = format!("{}:{line}: not a journal line: ", path.display());
        assert!(error.starts_with(&place) && error.contains(why), "{error}");
    }
    for content in ["", "\n", "{\"type\":\"summary\"}\n"] {
        let (_dir, path) = file(content);
        assert!(read(&[path]).unwrap_err().to_string().ends_with("there is no run in this file"));
    }
    assert!(matches!(read(&["/nonexistent".into()]), Err(JournalError::Io { .. })));
}

#[test]
fn runs_whose_lines_are_mixed_are_separated() {
    let (one, two) = (journal_text(&rich()), journal_text(&with_run_id(rich(), "other")));
    let mut mixed = String::new();
    for (one, two) in one.lines().zip(two.lines()) {
        mixed += &format!("{one}\n{two}\n");
    }
    let (_dir, path) = file(&mixed);
    let (_other, apart) = file(&(one + &two));
    assert_eq!(read(&[path]).unwrap(), read(&[apart]).unwrap());
}

/// A journal of a version that did not write the run's id.
fn without_ids(journal: &str) -> String {
    journal.lines().map(|line| format!("{{{}\n", &line[line.find(',').unwrap() + 1..])).collect()
}

#[test]
fn a_journal_without_ids_is_read_in_sequence() {
    let text = journal_text(&rich()) + &journal_text(&with_run_id(rich(), "second"));
    let (_dir, path) = file(&text);
    let (_other, older) = file(&without_ids(&text));
    assert_eq!(read(&[older]).unwrap(), read(&[path]).unwrap());
}

#[test]
fn the_second_half_of_a_truncated_journal_is_read() {
    for text in [journal_text(&rich()), without_ids(&journal_text(&rich()))] {
        let at = text.match_indices('\n').nth(9).unwrap().0 + 1;
        let (_dir, path) = file(&("\0".repeat(at) + &text[at..]));
        let events = read(&[path]).unwrap();
        assert_eq!(damage(&events), None);
        let figures = record(&events);
        let report = Report::new(&figures);
        assert!(figures.runs[0].started.continued && !report.complete);
        assert!(figures.notes.kept[0].text.contains("the beginning of this run is missing"), "{:?}", figures.notes);
        let seen = figures.runs[0].elapsed.as_secs_f64() + figures.runs[0].began.elapsed().as_secs_f64();
        assert!((seen - 60.0).abs() < 1e-9, "{seen}");
        assert!(report.findings.iter().any(|finding| finding.text.contains("has no beginning")));
    }
}

#[test]
fn a_long_line_is_damaged_and_costs_no_memory() {
    let text = journal_text(&rich());
    let (_dir, path) = file(&text);
    {
        use std::io::Write as _;
        let mut file = std::fs::File::options().append(true).open(&path).unwrap();
        file.write_all(&vec![b'x'; 17 << 20]).unwrap();
        file.write_all(b"\n").unwrap();
    }
    write(&path, &with_run_id(rich(), "second"));
    let events = read(std::slice::from_ref(&path)).unwrap();
    assert_eq!(record(&events).runs.len(), 2);
    assert_eq!(damage(&events), Some(&*format!("1 damaged line skipped: {}", text.lines().count() + 1)));
}

#[test]
fn a_newer_journal_is_refused_clearly() {
    let newer = journal_text(&rich()).replace("\"schema_version\":2", "\"schema_version\":3");
    let (_dir, path) = file(&newer);
    let error = read(std::slice::from_ref(&path)).unwrap_err().to_string();
    assert!(error.contains(":1: written by a newer redis-doctor (journal version 3;"), "{error}");
}

#[test]
fn a_path_that_cannot_be_written_is_an_error_at_once() {
    let dir = tempfile::tempdir().unwrap();
    assert!(JournalWriter::open(dir.path(), None).is_err());
    assert!(JournalWriter::open(&dir.path().join("missing/journal"), None).is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_neither_the_journal_nor_the_run() {
    let mut journal = JournalWriter::open("/dev/full".as_ref(), None).unwrap();
    rich().iter().for_each(|event| journal.on_event(event));
    assert!(matches!(journal.error(), Some(OpenError::Io(error)) if error.raw_os_error() == Some(28)));
    assert_eq!(journal.lost(), 0, "they wait for room");
}

#[test]
fn the_file_is_never_more_than_a_second_behind() {
    #[derive(Clone, Default)]
    struct Shared(Rc<RefCell<Vec<u8>>>);
    impl std::io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let out = Shared::default();
    let mut journal = JournalWriter::new(Box::new(out.clone()));
    let lines = || out.0.borrow().iter().filter(|byte| **byte == b'\n').count();
    journal.on_event(&started(plan()));
    assert_eq!(lines(), 1);
    journal.on_event(&at(0.1, connected(1)));
    assert_eq!(lines(), 2);
    journal.on_event(&at(0.5, missed(1, 1)));
    assert_eq!(lines(), 2);
    journal.on_event(&at(1.1, missed(2, 2)));
    assert_eq!(lines(), 4);
    journal.on_event(&at(1.2, interval(good(1), &[100])));
    assert_eq!(lines(), 5);
}

#[test]
fn two_weeks_of_a_healthy_run_stay_under_150_mb() {
    const HOURS: f64 = 14.0 * 24.0;
    // Latencies as on a busy machine: few of an interval are in the same bucket.
    let latency = |n: u64| 180 + (n * 2_654_435_761 % 1_000) * (n * 40_503 % 997) / 2_500;
    let second = |second: u64| {
        let micros: Vec<_> = (0..10).map(|n| latency(second * 10 + n)).collect();
        Event { connection: None, ..at(second as f64, interval(good(10), &micros)) }
    };
    let an_hour: Vec<_> = (1_001..=4_600).map(second).collect();
    let projected = journal_text(&an_hour).len() as f64 * HOURS / 1e6;
    assert!((20.0..150.0).contains(&projected), "{projected} MB");
}
