//! Tests of journals in several files, on failing disks, and with mixed or damaged lines.

use super::*;
use crate::fuzz::{Fuzz, assert_clean};

/// The writer has one second to notice that its file was replaced.
#[test]
fn a_new_file_begins_with_copies_and_both_files_together_are_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let (path, old) = (dir.path().join("journal"), dir.path().join("journal.1"));
    for split in [3, 8, 16, 18, 22] {
        let mut journal = JournalWriter::open(&path, None).unwrap();
        let events = rich();
        events[..split].iter().for_each(|event| journal.on_event(event));
        journal.on_event(&Event { connection: None, ..events[split - 1].with(note("flushed")) });
        std::fs::rename(&path, &old).unwrap();
        events[split..].iter().for_each(|event| journal.on_event(event));
        drop(journal);
        let apart = read(&[path.clone(), old.clone()]).unwrap();
        assert_eq!(apart.len(), events.len() + 1, "{split}");
        let together: Vec<_> = apart.iter().filter(|event| event.kind != note("flushed")).cloned().collect();
        let (_other, whole) = file(&journal_text(&events));
        assert_eq!(record(&together), record(&read(&[whole]).unwrap()), "{split}");
        let half = record(&read(std::slice::from_ref(&path)).unwrap());
        let run = &half.runs[0];
        assert!(run.started.continued && run.started.plan.policy == plan().policy, "{split}");
        assert!(run.connected.is_some() && run.stopped.is_some(), "{split}");
        let [part, all] = [half, record(&events)].map(|figures| Report::new(&figures).outages.availability.unwrap());
        assert!((part - all).abs() < 0.05, "{split}: {part} of {all}");
        std::fs::remove_file(&path).unwrap();
        std::fs::remove_file(&old).unwrap();
    }
}

#[test]
fn a_removed_folder_costs_only_what_does_not_fit_into_memory() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("logs");
    let path = folder.join("journal");
    std::fs::create_dir(&folder).unwrap();
    let mut journal = JournalWriter::open(&path, None).unwrap();
    rich()[..5].iter().for_each(|event| journal.on_event(event));
    std::fs::remove_dir_all(&folder).unwrap();
    let text = "x".repeat(1000);
    let noted = 6000_u32;
    for number in 0..noted {
        journal.on_event(&at(3.0 + f64::from(number) / 100.0, note(&text)));
    }
    assert!(journal.error().is_some() && journal.lost() > 0);
    std::fs::create_dir(&folder).unwrap();
    journal.on_event(&at(70.0, note("again")));
    assert!(journal.error().is_none());
    journal.on_event(&finished(80.0));
    let lost = journal.lost();
    drop(journal);
    let events = read(&[path]).unwrap();
    let gap = events.iter().find_map(|event| match event.kind {
        EventKind::JournalGap { events, .. } => Some(events),
        _ => None,
    });
    assert_eq!(gap, Some(lost));
    let kept = events.iter().filter(|event| event.kind == note(&text)).count() as u64;
    assert_eq!(kept + lost, u64::from(noted) + 1, "with the last note");
    let report = Report::new(&record(&events));
    assert!(report.findings.iter().any(|finding| finding.text.contains("could not be written to the journal")));
}

#[test]
fn a_full_file_is_renamed_and_both_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let mut journal = JournalWriter::open(&path, Some(64 << 10)).unwrap();
    journal.on_event(&started(plan()));
    journal.on_event(&at(0.1, connected(1)));
    let text = "x".repeat(1_000);
    (1..=300).for_each(|tenth| journal.on_event(&at(f64::from(tenth) / 10.0, note(&text))));
    journal.on_event(&finished(31.0));
    drop(journal);
    let old = dir.path().join("journal.1");
    for path in [&path, &old] {
        let size = std::fs::metadata(path).unwrap().len();
        assert!((20_000..=64 << 10).contains(&size), "{size}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    let events = read(&[old, path]).unwrap();
    let figures = record(&events);
    assert!(figures.runs.len() == 1 && figures.runs[0].stopped.is_some() && figures.runs[0].connected.is_some());
}

#[test]
fn a_run_cut_off_before_its_first_connection_is_undecided() {
    let figures = record(&[started(plan())]);
    assert!(figures.runs[0].is_undecided());
    assert!(!Report::new(&figures).findings.iter().any(|finding| finding.text.contains("ever made")));
    assert!(!record(&[started(plan()), at(0.1, connected(1))]).runs[0].is_undecided());
    assert!(!record(&[started(plan()), finished(0.1)]).runs[0].is_undecided());
}

fn note(text: &str) -> EventKind {
    EventKind::Note { text: text.into() }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// Lines of several runs, mixed and damaged in any way: every other line is read, in the order of its run.
    #[test]
    fn whatever_happens_to_lines_the_others_are_read(
        order in proptest::collection::vec(0_usize..3, 60..=100),
        damage in proptest::collection::btree_map(0_usize..100, (0_usize..4, 1_usize..200), 0..10),
        older in proptest::bool::ANY,
    ) {
        let runs: Vec<Vec<Event>> = ["one", "two", "three"].map(|id| with_run_id(rich(), id)).to_vec();
        let lines: Vec<Vec<String>> = runs.iter()
            .map(|run| journal_text(run).lines().map(str::to_owned).collect())
            .collect();
        let order: Vec<usize> = if older { vec![0; 40] } else { order };
        let mut next = [0; 3];
        let (mut content, mut expected, mut count) = (Vec::new(), vec![Vec::new(); 3], 0);
        for (place, &run) in order.iter().enumerate() {
            let number = next[run];
            let Some(line) = lines[run].get(number) else { continue };
            next[run] += 1;
            let line = if older { without_ids(&format!("{line}\n")).trim_end().to_owned() } else { line.clone() };
            // A run without its first line is another test.
            match damage.get(&place).filter(|_| number > 0) {
                None => {
                    content.extend_from_slice(line.as_bytes());
                    expected[run].push(serde_json::from_str::<Event>(&line).unwrap());
                }
                Some((kind, amount)) => {
                    count += 1;
                    let cut = (*amount).min(line.len() - 1);
                    match kind {
                        0 => content.extend_from_slice(&line.as_bytes()[..cut]),
                        1 => content.extend_from_slice(&line.as_bytes()[cut..]),
                        2 => content.extend_from_slice(b"\x01\xff garbage"),
                        _ => content.extend(line.bytes().enumerate().map(|(at, byte)| if at == cut { 0 } else { byte })),
                    }
                }
            }
            content.push(b'\n');
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        std::fs::write(&path, content).unwrap();
        let mut events = read(&[path]).unwrap();
        let noted = damage_count(&events);
        if noted > 0 {
            events.pop();
        }
        proptest::prop_assert_eq!(noted, count);
        let mut begun: Vec<usize> = Vec::new();
        order.iter().for_each(|run| if !begun.contains(run) { begun.push(*run) });
        let expected: Vec<Event> = begun.into_iter().flat_map(|run| expected[run].clone()).collect();
        proptest::prop_assert_eq!(events, expected);
    }
}

fn damage_count(events: &[Event]) -> usize {
    damage(events).map_or(0, |text| text.split(' ').next().unwrap().parse().unwrap())
}

/// Any file is refused or reported.
#[test]
fn fuzz_journals() {
    let journal = journal_text(&rich());
    let runs = [journal.clone(), journal.replace("\"run\":\"", "\"run\":\"other-"), without_ids(&journal)];
    let words = ["\n", "null", "{}", "-1", "1e308", "\"copy\":true,", "\"run_started\"", "\"t\":"];
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    Fuzz::new("journal", &words).with(runs).run(|input| {
        std::fs::write(&path, input).unwrap();
        match read(std::slice::from_ref(&path)) {
            Ok(events) => {
                let report = Report::replayed(&record(&events), &[], &[]);
                assert!(serde_json::to_value(&report).unwrap().is_object());
            }
            Err(error) => assert_clean(&error.to_string().replace('\n', " ")),
        }
    });
}
