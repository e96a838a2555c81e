//! Golden files: one report in every format. `UPDATE_GOLDEN=1 cargo test` rewrites them.

mod parts;

use std::{cell::RefCell, io, path::PathBuf, rc::Rc};

use super::{schema::tests::follows_exactly, *};
use crate::{
    clock::WallTime,
    event::{Counters, Event, EventKind, EventSink, FlowClosed, FlowEnd, FlowOpened, Reply, StopReason},
    journal::JournalWriter,
    plan::Command,
    record::{Recorder, Records, fixture::*},
    report::{OutageRow, Report},
};

/// The formats of a report, and the extensions of their golden files.
const FORMATS: [(Format, &str); 10] = [
    (Format::Text, "txt"),
    (Format::Json, "json"),
    (Format::Ndjson, "ndjson"),
    (Format::Csv, "csv"),
    (Format::Openmetrics, "openmetrics"),
    (Format::Prometheus, "prom"),
    (Format::Nagios, "nagios"),
    (Format::Markdown, "md"),
    (Format::Hgrm, "hgrm"),
    (Format::Hlog, "hlog"),
];

/// A sink for output that the test can read afterwards.
#[derive(Clone, Default)]
struct Output(Rc<RefCell<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

fn report_of(events: &[Event]) -> Report {
    let mut recorder = Recorder::default();
    events.iter().for_each(|event| recorder.on_event(event));
    let mut report = Report::new(&recorder.figures());
    // The golden files outlive releases.
    report.version = "0.1.0".into();
    report
}

fn rendered(of: &Report, format: Format) -> String {
    styled(of, format, Style::default())
}

/// A verbose report: one with every table.
fn laid_out(of: &Report, format: Format, columns: Option<usize>) -> String {
    styled(of, format, Style { verbose: true, ..Style::plain(columns) })
}

fn styled(of: &Report, format: Format, style: Style) -> String {
    let mut out = Vec::new();
    write(of, format, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn ping_run() -> Vec<Event> {
    let mut plan = plan();
    plan.command = Command::Ping;
    plan.subscription = None;
    vec![started(plan), at(0.0, connected(1)), at(1.0, interval(good(5), &[90, 110, 120, 130, 210])), finished(4.0)]
}

fn golden(name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == found, "{name} differs; `UPDATE_GOLDEN=1 cargo test` rewrites it. Now:\n{found}");
}

#[test]
fn every_format_is_as_its_golden_file() {
    let report = report_of(&rich());
    for (format, extension) in FORMATS {
        golden(&format!("report.{extension}"), &rendered(&report, format));
    }
    golden("ping.txt", &rendered(&report_of(&ping_run()), Format::Text));
}

#[test]
fn a_report_fits_each_terminal_and_says_the_same() {
    let report = report_of(&rich());
    for columns in [60, 80, 120, 200] {
        golden(&format!("report-{columns}.txt"), &laid_out(&report, Format::Text, Some(columns)));
    }
    for columns in 48..=240 {
        let text = laid_out(&report, Format::Text, Some(columns));
        let wide: Vec<_> = text.lines().filter(|line| line.chars().count() > columns).collect();
        assert!(wide.is_empty(), "{columns}: {wide:#?}");
        for part in ["7.25 s", "network_reset, certain", "[reset, command, kernel]", "connection_closed", "wedged"] {
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words(&text).contains(part), "{columns}: {part}\n{text}");
        }
    }
    for format in FORMATS.iter().map(|(format, _)| *format).filter(|format| *format != Format::Text) {
        assert_eq!(laid_out(&report, format, Some(60)), rendered(&report, format), "{format:?} is for programs");
    }
}

#[test]
fn events_and_header_are_as_their_golden_file() {
    let output = Output::default();
    let mut live = Live::new(Style::default(), Box::new(output.clone()));
    let mut recorder = Records::default();
    for event in rich() {
        recorder.on_event(&event);
        live.on_event(&event, &recorder);
        let outages = recorder.of(&event).outages();
        if let EventKind::Evidence(evidence) = &event.kind
            && let Some((outage, diagnosis)) = crate::diagnose::for_event(&outages, event.connection, evidence)
        {
            live.on_diagnosis(&event, &OutageRow::new(outage, diagnosis, None, event.at), None);
        }
    }
    golden("events.txt", &output.text());
}

#[test]
fn refused_commands_are_counted_between_the_lines_of_their_refusal() {
    let output = Output::default();
    let mut live = Live::new(Style::default(), Box::new(output.clone()));
    let oom = "OOM command not allowed when used memory > 'maxmemory'.";
    let failure = crate::classify::Failure::server(crate::classify::Stage::Command, oom);
    let failed = |seconds| at(seconds, command_failed(&failure, 5, seconds));
    let end = crate::event::RefusalEnd::Served;
    let events = [
        at(10.0, refused(oom, 10.0)),
        failed(10.0),
        failed(11.0),
        at(12.0, refusal_over(oom, 10.0, 12.0, end)),
        failed(13.0),
        at(20.0, own_pause(14.95, 20.0)),
    ];
    events.iter().for_each(|event| live.on_event(event, &Records::default()));
    let text = output.text();
    let lines: Vec<_> = text.lines().map(|line| &line[14..]).collect();
    assert_eq!(
        lines,
        [
            "refused       SET · OOM command not allowed when used memory > 'maxmemory'. [oom] · counted from now on",
            "refusal over  oom · after 2 s · 20 commands",
            "failed        5 × OOM command not allowed when used memory > 'maxmemory'. [oom, command, server] · 1 outcome unknown",
            "paused        redis-doctor itself was paused for 5.05 s (no CPU time, or stopped): not counted",
        ]
    );
}

#[test]
fn of_many_outages_the_text_shows_the_longest() {
    let drops = (1..=30).flat_map(|n| {
        let (start, lasting) = (f64::from(n) * 10.0, if n == 29 { 5.0 } else { 0.5 });
        [at(start, disconnected(n as u64, None)), at(start + lasting, reconnected(n as u64 + 1, lasting))]
    });
    let events: Vec<_> =
        [started(plan()), at(0.0, connected(1))].into_iter().chain(drops).chain([finished(400.0)]).collect();
    let text = laid_out(&report_of(&events), Format::Text, None);
    let rows: Vec<_> = text.lines().filter(|line| line.contains("  drop  ")).collect();
    assert!(rows.len() == 20 && rows[19].contains("5 s") && text.contains("… and 10 more"), "{text}");
}

#[test]
fn the_password_is_in_no_output() {
    let report = report_of(&rich());
    for (format, _) in FORMATS {
        assert!(!rendered(&report, format).contains(PASSWORD), "{format:?}");
    }
    let text = format!("{:?}{:?}", rich(), header::header(&first_event().1, None));
    assert!(!text.contains(PASSWORD));
}

fn first_event() -> (Event, crate::event::RunStarted) {
    let event = started(plan());
    let EventKind::RunStarted(run) = event.kind.clone() else { unreachable!() };
    (event, *run)
}

#[test]
fn the_real_outputs_follow_their_schemas() {
    for events in [rich(), ping_run(), Vec::new(), [rich(), ping_run()].concat()] {
        let report = rendered(&report_of(&events), Format::Json);
        follows_exactly(schema::REPORT, &serde_json::from_str(&report).unwrap());
        let lines = rendered(&report_of(&events), Format::Ndjson);
        lines.lines().for_each(|line| follows_exactly(schema::REPORT_LINE, &serde_json::from_str(line).unwrap()));
    }
    let output = Output::default();
    let mut journal = JournalWriter::new(Box::new(output.clone()));
    let closed = EventKind::FlowClosed(FlowClosed {
        flow: 1,
        client: "127.0.0.1:50000".into(),
        how: FlowEnd::Fault,
        after: secs(1.0),
        up: 14,
        down: 7,
    });
    let more = [
        at(50.0, EventKind::Silent { silence: secs(30.0) }),
        at(50.0, EventKind::Reordered { channel: crate::plan::Name::from("a"), number: 1 }),
        at(50.0, EventKind::Desynced { asked: "a".into(), answered: "b".into() }),
        at(50.0, EventKind::FaultInjected { fault: "blackhole".parse().unwrap() }),
        at(51.0, EventKind::FaultCleared { fault: "blackhole".parse().unwrap(), after: secs(1.0) }),
        at(52.0, EventKind::Announced { kind: "MOVING".into() }),
        at(52.0, EventKind::FlowOpened(FlowOpened { flow: 1, client: "127.0.0.1:50000".into() })),
        at(53.0, closed),
    ];
    rich().iter().chain(&more).for_each(|event| journal.on_event(event));
    drop(journal);
    let lines = output.text();
    lines.lines().for_each(|line| follows_exactly(schema::JOURNAL, &serde_json::from_str(line).unwrap()));
}

#[test]
fn nagios_gets_one_short_line_with_one_pipe() {
    let text = rendered(&report_of(&rich()), Format::Nagios);
    assert_eq!((text.lines().count(), text.matches('|').count()), (1, 1));
    let (words, _) = text.split_once(" | ").unwrap();
    assert!(words.chars().count() < 80 && words.starts_with("REDIS-DOCTOR CRITICAL - "), "{words}");
    assert!(rendered(&report_of(&ping_run()), Format::Nagios).starts_with("REDIS-DOCTOR OK - "));
}

#[test]
fn a_closed_output_is_a_broken_pipe() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for (format, _) in FORMATS {
        let error = write(&report_of(&rich()), format, Style::default(), &mut Closed).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{format:?}");
    }
    let mut ping = PingLines::new(Box::new(Closed), false);
    ping.on_reply(&reply(1, Ok(4)));
    assert_eq!(ping.error().unwrap().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn the_journal_schema_knows_every_counter() {
    let counters = Counters {
        launched: 1,
        ok: 1,
        failed: 1,
        timed_out: 1,
        paused: 1,
        untimed: 1,
        skipped: 1,
        ambiguous: 1,
        desynced: 1,
        watchdog_ok: 1,
        watchdog_missed: 1,
        published: 1,
        publish_failed: 1,
        published_to_nobody: 1,
        received: 1,
        duplicated: 1,
        reordered: 1,
        lost: 1,
        messages: 1,
        message_bytes: 1,
        messages_not_shown: 1,
        stale_pushes: 1,
    };
    let line = serde_json::to_value(at(1.0, interval(counters, &[100]))).unwrap();
    assert!(jsonschema::is_valid(&schema::JOURNAL.schema(), &line), "{line}");
}

fn reply(number: u64, outcome: Result<usize, crate::classify::Failure>) -> Reply {
    Reply {
        target: None,
        number,
        at: stamp(1.5),
        latency: Some(secs(0.000_123_4)),
        waited: if number == 3 { secs(0.25) } else { secs(0.0) },
        outcome,
    }
}

#[test]
fn ping_lines_are_those_of_ping() {
    let output = Output::default();
    for timestamps in [false, true] {
        let mut ping = PingLines::new(Box::new(output.clone()), timestamps);
        ping.on_event(&first_event().0);
        ping.on_reply(&reply(1, Ok(4)));
        ping.on_reply(&reply(2, Err(reset())));
        ping.on_reply(&reply(3, Ok(4)));
    }
    let expected = "\
PONG from 127.0.0.1:6379: seq=1 time=0.123 ms
seq=2 Connection reset by peer (os error 104) [reset, kernel]
PONG from 127.0.0.1:6379: seq=3 time=0.123 ms waited=250.000 ms
[1795356132.704512] PONG from 127.0.0.1:6379: seq=1 time=0.123 ms
[1795356132.704512] seq=2 Connection reset by peer (os error 104) [reset, kernel]
[1795356132.704512] PONG from 127.0.0.1:6379: seq=3 time=0.123 ms waited=250.000 ms
";
    assert_eq!(output.text(), expected);
}

#[test]
fn quiet_is_quiet_and_color_only_comes_when_it_is_wanted() {
    for (style, colored, silent) in [
        (Style { quiet: true, ..Style::default() }, false, true),
        (Style { color: true, ..Style::default() }, true, false),
        (Style::default(), false, false),
    ] {
        let output = Output::default();
        let mut live = Live::new(style, Box::new(output.clone()));
        let recorder = Records::default();
        rich().iter().for_each(|event| live.on_event(event, &recorder));
        assert_eq!(output.text().contains('\x1b'), colored, "{style:?}");
        assert_eq!(output.text().is_empty(), silent, "{style:?}");
    }
}

#[test]
fn csv_keeps_commas_and_quotes_apart() {
    let mut events = rich();
    events.insert(1, at(0.0, EventKind::Note { text: "a \"quoted\", divided note".into() }));
    let csv = rendered(&report_of(&events), Format::Csv);
    assert!(csv.contains("notes.0.text,\"a \"\"quoted\"\", divided note\"\r\n"), "{csv}");
}

#[test]
fn every_reason_to_stop_has_words() {
    let reason = StopReason::Signal;
    let line = event_line(&at(1.5, EventKind::RunFinished { reason })).unwrap();
    assert_eq!(line, "14:02:12.704  finished      ended by a signal · after 1.5 s");
}

#[test]
fn evidence_that_says_the_same_again_is_not_shown_again() {
    let (output, report) = (Output::default(), report_of(&rich()));
    let mut live = Live::new(Style::default(), Box::new(output.clone()));
    let event = at(30.0, EventKind::Note { text: "".into() });
    live.on_diagnosis(&event, &report.outages.rows[0], None);
    let once = output.text();
    live.on_diagnosis(&event, &report.outages.rows[0], None);
    assert_eq!((output.text(), once.lines().count()), (once.clone(), 3));
    live.on_diagnosis(&event, &report.outages.rows[1], None);
    assert!(output.text().len() > once.len());
}
